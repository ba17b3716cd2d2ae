"""What a customer class gives to a customer, as far as the API tells, and what a plan should say of it. Pure.

The class read names the VAT zone, the payment method, the separate invoicing and the attributes' defaults (fact sheet
4.2). A class holds more than that (terms, currency, printing, accounts: 12.4), which the API does not show.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from reconciler.core.diagnostics import Diagnostic, Severity, Source
from reconciler.core.plan import Action, Verb
from reconciler.resources.customer import ATTRIBUTES, CUSTOMER
from reconciler.resources.values import Path, Scalar, Values, leaves, parse_path, render_path


@dataclass(frozen=True, slots=True)
class ClassAttribute:
    """An attribute of the class's customers; `kind` is Text, Combo, Checkbox..., `values` a combo's ids."""

    id: str
    description: str
    required: bool
    kind: str
    default: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CustomerClass:
    """A customer class. `requires_vat_zone` says that its customers must have one.

    `gives`: the values of members that it gives to new customers, as far as the ERP tells, in the shape of a
    declaration; the attributes' defaults stand at the attributes. problem: why nothing is known of it but its id.
    """

    id: str
    description: str
    requires_vat_zone: bool = False
    attributes: tuple[ClassAttribute, ...] = ()
    gives: Values = field(default_factory=dict)
    problem: str = ""


def class_values(customer_class: CustomerClass) -> Values:
    """What the class gives, in the shape of a declaration."""
    defaults: Values = {attribute.id: attribute.default for attribute in customer_class.attributes if attribute.default}
    return customer_class.gives | ({ATTRIBUTES: defaults} if defaults else {})


def touches_classes(actions: Iterable[Action]) -> bool:
    """Whether the classes must be read to explain the plan."""
    return any(change.path in _CLASS_PATHS for action in actions for change in action.changes)


_CLASS_PATHS = (CUSTOMER.category, CUSTOMER.takes_category)


def class_notes(actions: Iterable[Action], classes: Mapping[str, CustomerClass]) -> Iterator[Diagnostic]:
    """What the class of a new customer brings along, and that a class change in an update changes the class alone."""
    for action in actions:
        after = {change.path: change.after for change in action.changes}
        chosen = after.get(CUSTOMER.category)
        if not isinstance(chosen, str):
            continue
        customer_class = classes.get(chosen)
        if customer_class is None and "" not in classes:
            yield _unknown_class(action, chosen, classes)
        elif customer_class is None or customer_class.problem:
            problem = classes[""].problem if customer_class is None else customer_class.problem
            yield _note("P532", f"{action.label}: what class {chosen} gives is not known: {problem}", action)
        elif action.action is Verb.UPDATE:
            yield _class_alone(action, customer_class)
        else:
            yield from _created_in(action, customer_class, after)


def _created_in(action: Action, customer_class: CustomerClass, after: Mapping[str, object]) -> Iterator[Diagnostic]:
    if after.get(CUSTOMER.takes_category) is True:
        brought = _listed(customer_class, {parse_path(path) for path in after})
        if brought:
            yield _note(
                "P507",
                f"{action.label}: class {customer_class.id} also sets {brought}, and more that the API does not show",
                action,
            )
    required = [attribute.id for attribute in customer_class.attributes if attribute.required and not attribute.default]
    missing = [attribute for attribute in required if after.get(render_path((ATTRIBUTES, attribute))) is None]
    if missing:
        yield _warning(
            "P509",
            f"{action.label}: class {customer_class.id} requires {', '.join(missing)},"
            " which the declaration does not give",
            "Declare it under attributes; the ERP may refuse the customer otherwise.",
            action,
        )


def _class_alone(action: Action, customer_class: CustomerClass) -> Diagnostic:
    given = _listed(customer_class, set()) or "nothing that the API shows"
    return _note(
        "P510",
        f"{action.label}: only the class changes; the values of class {customer_class.id} ({given}) are not taken over",
        action,
    )


def _listed(customer_class: CustomerClass, declared: set[Path]) -> str:
    given = [(path, value) for path, value in leaves(class_values(customer_class)) if path not in declared]
    return ", ".join(f"{render_path(path)} {_shown(value)}" for path, value in given)


def _shown(value: Scalar) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value).lower()


def _unknown_class(action: Action, chosen: str, classes: Mapping[str, CustomerClass]) -> Diagnostic:
    return _warning(
        "P508",
        f"{action.label}: the ERP has no customer class {chosen!r}",
        f"Its classes are {', '.join(sorted(classes)[:20])}.",
        action,
    )


def _note(code: str, summary: str, action: Action) -> Diagnostic:
    return Diagnostic(Severity.NOTE, code, summary, source=_place(action))


def _warning(code: str, summary: str, remedy: str, action: Action) -> Diagnostic:
    return Diagnostic(Severity.WARNING, code, summary, remedy=remedy, source=_place(action))


def _place(action: Action) -> Source | None:
    return next((change.source for change in action.changes if change.path in _CLASS_PATHS), action.source)
