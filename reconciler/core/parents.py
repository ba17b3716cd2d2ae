"""Parents that are named by the ref of another declaration: the number that its customer has, or will be given. Pure.

`{ref: head-office}` names a ref; so does a plain text that is no number here, as in `same_as`. Where the parent is
live, its number takes the ref's place before anything is compared. Where it is still to be created, the plan shows
`NumberOf` the ref, and the number goes in once the ERP has given it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from reconciler.core.desired import Desired
from reconciler.core.diagnostics import Diagnostic, Severity, Source
from reconciler.core.doubts import HELD_BACK, held_back
from reconciler.core.live import Live
from reconciler.core.normalise import number_key
from reconciler.core.plan import Action, Result
from reconciler.resources.customer import CUSTOMER
from reconciler.resources.values import NumberOf, Values

Pair: TypeAlias = "tuple[Desired, Live | None]"


# ---- what is declared ----


def parent_problems(declarations: Iterable[Desired]) -> Iterator[Diagnostic]:
    """Refs that no declaration has, and customers that stand under themselves, as far as that is known offline."""
    declared = tuple(declarations)
    if all(declaration.values.get(CUSTOMER.parent) is None for declaration in declared):
        return
    by_ref = _by_ref(declared)
    by_number = {number_key(declaration.number): declaration for declaration in declared if declaration.number}
    above: dict[str, str] = {}
    for declaration in declared:
        parent = declaration.values.get(CUSTOMER.parent)
        if isinstance(parent, NumberOf) and parent.ref not in by_ref:
            yield _unknown(declaration, parent.ref)
        elif (named := _named(parent, by_ref, by_number)) is not None:
            above[declaration.label] = named.label
    circles = in_circles(above)
    for declaration in declared:
        if declaration.label in circles:
            yield circled(declaration.label, above[declaration.label], declaration.locate((CUSTOMER.parent,)))


def _by_ref(declarations: Iterable[Desired]) -> dict[str, Desired]:
    return {declaration.ref: declaration for declaration in declarations if declaration.ref is not None}


def _named(parent: object, by_ref: Mapping[str, Desired], by_number: Mapping[str, Desired]) -> Desired | None:
    """The declaration of the parent, where there is one; a number is the stronger claim."""
    if isinstance(parent, NumberOf):
        return by_ref.get(parent.ref)
    if isinstance(parent, str):
        return by_number.get(number_key(parent)) or by_ref.get(parent)
    return None


def _unknown(child: Desired, ref: str) -> Diagnostic:
    return Diagnostic(
        Severity.ERROR,
        "I417",
        f"{child.label}: its parent is ref {ref}, which no declaration has",
        remedy="Name the ref of a declaration, or the number of a customer.",
        source=child.locate((CUSTOMER.parent,)),
    )


def circled(label: str, parent: str, source: Source) -> Diagnostic:
    """One member of a circle of parents."""
    summary = (
        f"{label} is its own parent"
        if label == parent
        else f"{label} has the parent {parent}, which stands under {label} itself"
    )
    return Diagnostic(Severity.ERROR, "P502", summary, remedy=f"Break the circle of {CUSTOMER.parent}.", source=source)


def in_circles(above: Mapping[str, str]) -> set[str]:
    """The names that come back to themselves. above: each name's parent.

    >>> sorted(in_circles({"a": "b", "b": "a", "c": "a", "d": "e"}))
    ['a', 'b']
    """
    seen: set[str] = set()
    members: set[str] = set()
    for name in above:
        chain: dict[str, int] = {}
        at: str | None = name
        while at is not None and at not in seen and at not in chain:
            chain[at] = len(chain)
            at = above.get(at)
        if at is not None and at in chain:
            members.update(list(chain)[chain[at] :])
        seen |= chain.keys()
    return members


# ---- beside the live customers ----


def with_parents(
    pairs: Sequence[Pair],
    declarations: Iterable[Desired],
    holders: Mapping[str, Sequence[Live]],
    stuck: Mapping[str, str] | None = None,
) -> tuple[list[Pair], list[Diagnostic]]:
    """The pairs, each ref of a parent replaced by what it stands for, and what is to be said of parents.

    That is the number of a live customer, or `NumberOf` one that is still to be created. Where the parent itself could
    not be paired, a new child is left out with it, and a live one keeps the parent that it has. holders: live customers
    by `number_key`. stuck: numbers of parents that could not be paired either, with the reason.
    """
    declared = tuple(declarations)
    by_ref = _by_ref(declared)
    if not stuck and not any(_ref_of(declaration, by_ref) for declaration, _ in pairs):
        return list(pairs), []  # as in nearly every project
    by_number = {number_key(declaration.number): declaration for declaration in declared if declaration.number}
    left_out = _orphaned(pairs, by_ref, stuck or {})
    kept = [(declaration, live) for declaration, live in pairs if id(declaration) not in left_out]
    live_of = {declaration.ref: live for declaration, live in kept if declaration.ref is not None}
    problems = [
        held_back(declaration, left_out[id(declaration)], _FIRST)
        for declaration, _ in pairs
        if id(declaration) in left_out
    ]

    def with_parent(declaration: Desired, live: Live | None) -> Desired:
        parent = declaration.values.get(CUSTOMER.parent)
        ref = _ref_of(declaration, by_ref)
        if ref is None:
            why = _stuck(parent, stuck or {}) if live is not None else ""
            if not why or (live is not None and _has_parent(live, parent)):
                return declaration
            problems.append(_kept(declaration, why))
            return replace(declaration, values=_without_parent(declaration))
        if isinstance(parent, str) and _has_other_meaning(parent, by_ref[ref], live_of.get(ref), by_number, holders):
            problems.append(_ambiguous(declaration, by_ref[ref]))
        if ref not in live_of:
            problems.append(_kept(declaration, f"the declared one, ref {ref}, could not be found for certain"))
            return replace(declaration, values=_without_parent(declaration))
        parent_live = live_of[ref]
        number = NumberOf(ref) if parent_live is None else parent_live.number
        return replace(declaration, values={**declaration.values, CUSTOMER.parent: number})

    return [(with_parent(declaration, live), live) for declaration, live in kept], problems


_FIRST = "See what is said of its parent, and settle that first."


def _without_parent(declaration: Desired) -> Values:
    return {name: value for name, value in declaration.values.items() if name != CUSTOMER.parent}


def _has_parent(live: Live, parent: object) -> bool:
    """Whether the live customer stands below that number already."""
    now = live.values.get(CUSTOMER.parent)
    return isinstance(now, str) and isinstance(parent, str) and number_key(now) == number_key(parent)


def _stuck(parent: object, stuck: Mapping[str, str]) -> str:
    """Why nobody is put below the number for now, or nothing."""
    reason = stuck.get(number_key(parent)) if isinstance(parent, str) else None
    return f"its parent {parent} is not settled ({reason})" if reason is not None else ""


def _orphaned(pairs: Sequence[Pair], by_ref: Mapping[str, Desired], stuck: Mapping[str, str]) -> dict[int, str]:
    """The new customers whose parent could not be paired, or is one of these itself: why, by the declaration's `id`."""
    paired = {declaration.ref for declaration, _ in pairs}
    stuck = dict(stuck)
    orphaned: dict[int, str] = {}
    new = [declaration for declaration, live in pairs if live is None]

    def lost(declaration: Desired) -> str:
        ref = _ref_of(declaration, by_ref)
        if ref is None:
            return _stuck(declaration.values.get(CUSTOMER.parent), stuck)
        return "" if ref in paired else f"its parent, ref {ref}, could not be found for certain"

    while reasons := {id(one): why for one in new if id(one) not in orphaned and (why := lost(one))}:
        orphaned |= reasons
        held = [one for one in new if id(one) in reasons]
        paired -= {one.ref for one in held}
        stuck |= {number_key(one.number): "it is held back itself" for one in held if one.number}
    return orphaned


def _kept(child: Desired, why: str) -> Diagnostic:
    return Diagnostic(
        Severity.WARNING,
        HELD_BACK,
        f"{child.label} keeps the parent that it has: {why}",
        remedy=_FIRST,
        source=child.source,
    )


def _ref_of(declaration: Desired, by_ref: Mapping[str, Desired]) -> str | None:
    """The ref that names the declaration's parent."""
    parent = declaration.values.get(CUSTOMER.parent)
    if isinstance(parent, NumberOf):
        return parent.ref
    return parent if isinstance(parent, str) and parent in by_ref else None


def _has_other_meaning(
    text: str,
    named: Desired,
    live: Live | None,
    by_number: Mapping[str, Desired],
    holders: Mapping[str, Sequence[Live]],
) -> bool:
    """Whether the text is also the number of a customer that the named declaration does not mean."""
    key = number_key(text)
    others = [holder for holder in holders.get(key, ()) if live is None or holder.internal_id != live.internal_id]
    return bool(others) or by_number.get(key, named) is not named


def _ambiguous(child: Desired, named: Desired) -> Diagnostic:
    return Diagnostic(
        Severity.ERROR,
        "I416",
        f"{child.label}: its parent {named.ref} is the number of one customer and the ref of another",
        detail=f"The ref is declared at {named.source}.",
        remedy=f"Write {{ref: {named.ref}}} if the ref is meant; otherwise give that declaration another ref.",
        source=child.locate((CUSTOMER.parent,)),
    )


# ---- in a plan ----


def parent_of(action: Action) -> Any:
    """What the action sets its parent to: a number, `NumberOf` a ref, or None."""
    return next((change.after for change in action.changes if change.path == action.table.parent), None)


def completed(action: Action, number_of: Callable[[str], str | None]) -> Action:
    """The action with the number in the place of the ref that its plan shows, where `number_of` the ref is known."""
    parent = parent_of(action)
    number = number_of(parent.ref) if isinstance(parent, NumberOf) else None
    if number is None:
        return action
    changes = tuple(replace(change, after=number) if change.after == parent else change for change in action.changes)
    body = _filled(action.request.body, {"ref": parent.ref}, number)
    return replace(action, changes=changes, request=replace(action.request, body=body))


def completed_results(results: Iterable[Result]) -> list[Result]:
    """The results of one run, each action `completed` by the numbers that the run was given."""
    ended = list(results)
    numbers = {result.action.ref: result.number for result in ended if result.action.ref and result.number}
    return [replace(result, action=completed(result.action, numbers.get)) for result in ended]


def _filled(value: Any, reference: Mapping[str, str], number: str) -> Any:
    if value == reference:
        return number
    if isinstance(value, dict):
        return {name: _filled(member, reference, number) for name, member in value.items()}
    return value
