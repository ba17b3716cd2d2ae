"""What a customer class gives to a customer, as far as the API tells, and what a plan should say of it. Pure.

The class read names the VAT zone, the payment method, the separate invoicing and the attributes' defaults (fact sheet
4.2). A class holds more than that (terms, currency, printing, accounts: 12.4), which the API does not show.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import lru_cache

from reconciler.core.desired import Desired
from reconciler.core.diagnostics import Diagnostic, Severity, Source
from reconciler.core.patterns import Pattern, covers, patterns
from reconciler.core.plan import Action, Change, Verb
from reconciler.core.some_names import some_names
from reconciler.core.timestamps import read_moment
from reconciler.resources.customer import ATTRIBUTES, CUSTOMER
from reconciler.resources.values import Path, Scalar, Values, leaves, parse_path, render_path

_LISTED = 20


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


def class_notes(
    actions: Iterable[Action], classes: Mapping[str, CustomerClass], desired: Iterable[Desired] = ()
) -> Iterator[Diagnostic]:
    """What the class of a new customer brings along, that a class change in an update changes the class alone, and what
    the class does not know of the attributes that are written.

    desired: the declarations, which may say of attributes that they are meant.
    """
    meant = {one.label: patterns(one.lifecycle.as_typed) for one in desired if one.lifecycle.as_typed}
    for action in actions:
        after = {change.path: change.after for change in action.changes}
        chosen = after.get(CUSTOMER.category)
        if not isinstance(chosen, str):
            continue
        customer_class = classes.get(chosen)
        if customer_class is None and "" not in classes:
            yield _unknown_class(action, chosen, classes)
            continue
        if customer_class is None or customer_class.problem:
            problem = classes[""].problem if customer_class is None else customer_class.problem
            yield _note("P532", f"{action.label}: what class {chosen} gives is not known: {problem}", action)
            continue
        if action.action is Verb.UPDATE:
            yield _class_alone(action, customer_class)
        else:
            yield from _created_in(action, customer_class, after)
        yield from _attribute_problems(action, customer_class, meant.get(action.label, ()))


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
            f"{action.label}: class {customer_class.id} requires {some_names(missing)},"
            " which the declaration does not give",
            "Declare it under attributes; the ERP may refuse the customer otherwise.",
            action,
        )


def _attribute_problems(
    action: Action, customer_class: CustomerClass, meant: Iterable[Pattern]
) -> Iterator[Diagnostic]:
    """Attributes that the class does not have, and values that their attributes do not take."""
    known = {attribute.id: attribute for attribute in customer_class.attributes}
    for change in action.changes:
        path = parse_path(change.path)
        if path[0] != ATTRIBUTES or not isinstance(change.after, str) or any(covers(one, path) for one in meant):
            continue
        attribute = known.get(path[1])
        if attribute is None:
            summary = f"class {customer_class.id} has no attribute {path[1]}"
            remedy = _near(path[1], known) or f"Its attributes are {some_names(sorted(known), _LISTED)}."
            yield _about_attribute("P518", action, change, summary, remedy)
        elif instead := _instead(attribute, change.after):
            summary = f'{change.path} "{change.after[:80]}" is no value of a {attribute.kind} attribute'
            yield _about_attribute("P519", action, change, summary, instead)


def _about_attribute(code: str, action: Action, change: Change, summary: str, remedy: str) -> Diagnostic:
    way_out = f" If it is meant so, add '{change.path}' to lifecycle.as_typed."
    return Diagnostic(
        Severity.WARNING, code, f"{action.label}: {summary}", remedy=remedy + way_out, source=change.source
    )


_TRUE, _FALSE = frozenset(("true", "yes", "on", "ja", "x")), frozenset(("false", "no", "off", "nei", "nej"))


def _instead(attribute: ClassAttribute, text: str) -> str:
    """What to write instead of a value that the attribute does not take (fact sheet 4.2); nothing where it takes it."""
    match attribute.kind.casefold():
        case "checkbox" if text not in ("0", "1"):
            folded = text.strip().casefold()
            return "Write 1." if folded in _TRUE else "Write 0." if folded in _FALSE else "Write 1 or 0."
        case "datetime":
            return "" if read_moment(text) is not None else _day_remedy(text)
        case "combo" if attribute.values and text not in attribute.values:
            return _near(text, attribute.values) or _choices(attribute)
        case "multiselectcombo" if attribute.values:
            wrong = [part for part in map(str.strip, text.split(",")) if part not in attribute.values]
            return (_near(wrong[0], attribute.values) or _choices(attribute)) if wrong else ""
    return ""


_DAY_FIRST = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})", re.ASCII)


def _day_remedy(text: str) -> str:
    """14.01.2025 is 2025-01-14 to the ERP."""
    parts = _DAY_FIRST.fullmatch(text.strip())
    day = f"{parts[3]}-{int(parts[2]):02}-{int(parts[1]):02}" if parts else ""
    return f"Write {day}." if day and read_moment(day) is not None else "Write a date such as 2026-01-31."


def _choices(attribute: ClassAttribute) -> str:
    return f"Its values are {some_names(attribute.values, _LISTED)}."


def _near(text: str, known: Iterable[str]) -> str:
    return _nearest(text[:100], tuple(known))


@lru_cache(maxsize=4096)
def _nearest(text: str, known: tuple[str, ...]) -> str:
    """Kept, because the same mistake is made in many declarations."""
    by_folded = {word.casefold(): word for word in known}
    near = get_close_matches(text.casefold(), by_folded, n=1)
    return f"Did you mean {by_folded[near[0]]}?" if near else ""


def _class_alone(action: Action, customer_class: CustomerClass) -> Diagnostic:
    given = _listed(customer_class, set()) or "nothing that the API shows"
    return _note(
        "P510",
        f"{action.label}: only the class changes; the values of class {customer_class.id} ({given}) are not taken over",
        action,
    )


def _listed(customer_class: CustomerClass, declared: set[Path]) -> str:
    given = [(path, value) for path, value in leaves(class_values(customer_class)) if path not in declared]
    return some_names([f"{render_path(path)} {_shown(value)}" for path, value in given])


def _shown(value: Scalar) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value).lower()


def _unknown_class(action: Action, chosen: str, classes: Mapping[str, CustomerClass]) -> Diagnostic:
    return _warning(
        "P508",
        f"{action.label}: the ERP has no customer class {chosen!r}",
        f"Its classes are {some_names(sorted(classes), _LISTED)}.",
        action,
    )


def _note(code: str, summary: str, action: Action) -> Diagnostic:
    return Diagnostic(Severity.NOTE, code, summary, source=_place(action))


def _warning(code: str, summary: str, remedy: str, action: Action) -> Diagnostic:
    return Diagnostic(Severity.WARNING, code, summary, remedy=remedy, source=_place(action))


def _place(action: Action) -> Source | None:
    return next((change.source for change in action.changes if change.path in _CLASS_PATHS), action.source)
