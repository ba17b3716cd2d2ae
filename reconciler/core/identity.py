"""Which live customer a declaration means."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from reconciler.core.desired import Desired
from reconciler.core.diagnostics import Diagnostic, Severity
from reconciler.core.doubts import SURE, Doubts, held_back, ids_of
from reconciler.core.live import Live
from reconciler.core.normalise import match_key, number_key
from reconciler.core.parents import with_parents
from reconciler.resources.customer import CUSTOMER
from reconciler.resources.grammar import Resource
from reconciler.resources.values import get


@dataclass(frozen=True, slots=True)
class Pairing:
    """Each declaration with its live customer, or None for one to create, in the order of the declarations.

    Declarations that could not be paired are left out, and `diagnostics` says why.
    """

    pairs: tuple[tuple[Desired, Live | None], ...]
    unmanaged: int
    diagnostics: tuple[Diagnostic, ...]


@dataclass(slots=True)
class _Index:
    resource: Resource
    by_number: dict[str, list[Live]] = field(default_factory=lambda: defaultdict(list))
    by_match: dict[tuple[str, str], list[Live]] = field(default_factory=lambda: defaultdict(list))
    by_identity: dict[int, Live] = field(default_factory=dict)


def pair(
    desired: Iterable[Desired],
    live: Iterable[Live],
    recorded: Mapping[str, str] | None = None,
    identities: Mapping[str, int] | None = None,
    doubts: Doubts = SURE,
    resource: Resource = CUSTOMER,
    stuck: Mapping[str, str] | None = None,
) -> Pairing:
    """Find the live customer of each declaration.

    By `number`; without one by the number recorded for its `ref`; else by the `match` fields. A recorded number that
    the ERP no longer has is no match, since the record may be gone (docs/declarations.md). More than one match is an
    error, and so is a number that the ERP has given to no customer while the one that had it goes by another now:
    creating it again would double it. A parent that is named by ref is resolved (`core.parents`).

    recorded: ref to number. identities: `number_key` to the internal id it had.
    doubts: a declaration that may mean what cannot be read is held back, and paired with nothing. resource: in whose
    forms the match fields compare. stuck: `number_key`s of parents below which nobody is put for now, with the reason.
    """
    wanted = list(desired)
    index = _index(live, {name for each in wanted if each.number is None for name in each.match}, resource)
    taken: dict[int, Desired] = {}
    pairs: list[tuple[Desired, Live | None]] = []
    problems: list[Diagnostic] = []
    is_sure = doubts.is_sure
    for each in sorted(wanted, key=lambda one: one.number is None):  # a number is the stronger claim
        number = each.number or (recorded or {}).get(each.ref or "")
        ids = {} if is_sure else ids_of(each.values)
        if not is_sure and (row := doubts.about(number, ids)) is not None:
            problems.append(held_back(each, f"its row cannot be read ({row.place})"))
            continue
        found = _find(each, index, recorded or {}, identities or {}, taken)
        if isinstance(found, Diagnostic):
            problems.append(found)
        elif found is not None and (other := taken.get(found.internal_id)) is not None:
            problems.append(_claimed_twice(each, other, found))
        else:
            moved = None if found is not None else _renumbered(each, index, recorded or {}, identities or {})
            if moved is not None:
                problems.append(was_renumbered(each, moved))
                continue
            if found is None and (doubt := doubts.about_new(number, ids, each.lifecycle.same_as)):
                problems.append(held_back(each, doubt))
                continue
            if found is not None:
                taken[found.internal_id] = each
            pairs.append((each, found))
    place = {id(each): at for at, each in enumerate(wanted)}
    pairs.sort(key=lambda both: place[id(both[0])])
    pairs, ambiguous = with_parents(pairs, wanted, index.by_number, stuck or {})
    return Pairing(tuple(pairs), len(index.by_identity) - len(taken), (*problems, *ambiguous))


def _index(live: Iterable[Live], match_fields: set[str], resource: Resource) -> _Index:
    index = _Index(resource)
    for customer in live:
        index.by_number[number_key(customer.number)].append(customer)
        index.by_identity[customer.internal_id] = customer
        values = customer.values if match_fields else {}  # of a packed one, unpacked once
        for name in match_fields:
            if key := match_key(name, values.get(name), index.resource):
                index.by_match[name, key].append(customer)
    return index


def _find(
    desired: Desired,
    index: _Index,
    recorded: Mapping[str, str],
    identities: Mapping[str, int],
    taken: Mapping[int, Desired],
) -> Live | Diagnostic | None:
    number = desired.number or recorded.get(desired.ref or "")
    if number is not None:
        key = number_key(number)
        same = index.by_number.get(key, [])
        exact = [live for live in same if live.number == number] or same
        identity = identities.get(key) if desired.number is None else None
        if identity is not None and any(live.internal_id != identity for live in exact):
            return None  # the recorded number is another customer's now
        if len(exact) > 1:
            return _ambiguous_number(desired, exact)
        if exact and (moved := _moved_away(key, exact[0], index, identities)) is not None:
            return was_replaced(desired, exact[0], moved)
        if exact or desired.number is not None:
            return exact[0] if exact else None
    found: dict[int, Live] = {}
    for name in desired.match:
        value = get(desired.values, (name,))
        if key := match_key(name, value, index.resource):
            found |= {customer.internal_id: customer for customer in index.by_match.get((name, key), ())}
    found = {identity: customer for identity, customer in found.items() if not _is_another(desired, customer, taken)}
    if len(found) > 1:
        return _ambiguous(desired, sorted(customer.number for customer in found.values()))
    return next(iter(found.values()), None)


def _is_another(desired: Desired, live: Live, taken: Mapping[int, Desired]) -> bool:
    """Whether `same_as` says that the live customer is one more of the same organisation, and not this one."""
    holder = taken.get(live.internal_id)
    names = {live.number, *((holder.ref,) if holder is not None and holder.ref else ())}
    return any(name in names or number_key(name) == number_key(live.number) for name in desired.lifecycle.same_as)


def _renumbered(
    desired: Desired, index: _Index, recorded: Mapping[str, str], identities: Mapping[str, int]
) -> Live | None:
    """The customer that had the declaration's number when it was last applied, if the ERP still has it."""
    number = desired.number or recorded.get(desired.ref or "")
    identity = identities.get(number_key(number)) if number else None
    return index.by_identity.get(identity) if identity is not None else None


def _moved_away(key: str, holder: Live, index: _Index, identities: Mapping[str, int]) -> Live | None:
    """The customer that had the number of this `number_key` when it was last applied, and has another one now."""
    identity = identities.get(key)
    if identity is None or identity == holder.internal_id:
        return None
    return index.by_identity.get(identity)


def was_replaced(desired: Desired, holder: Live, moved: Live) -> Diagnostic:
    return Diagnostic(
        Severity.ERROR,
        "I413",
        f"{desired.label} was renumbered in the ERP: its customer is {moved.number} now, and another has its number",
        detail=f"Its internal id is {moved.internal_id}; {holder.number} is {holder.internal_id} now.",
        remedy=f'Declare number: "{moved.number}". If the customer that has {holder.number} now is meant, run'
        " `reconciler state clear` first.",
        source=desired.source,
    )


def was_renumbered(desired: Desired, live: Live) -> Diagnostic:
    return Diagnostic(
        Severity.ERROR,
        "I413",
        f"{desired.label} was renumbered in the ERP: its customer is {live.number} now",
        detail=f"The internal id {live.internal_id} is the same. Creating {desired.label} again would double it.",
        remedy=f'Declare number: "{live.number}".',
        source=desired.source,
    )


def _ambiguous_number(desired: Desired, live: list[Live]) -> Diagnostic:
    """An ERP that tells numbers apart by case or blanks, which ours does not (fact sheet 14, Q22)."""
    return Diagnostic(
        Severity.ERROR,
        "I411",
        f"{desired.label} is the number of {len(live)} live customers that differ in case or blanks at most",
        remedy="Declare the number exactly as the ERP has it.",
        source=desired.source,
    )


def _ambiguous(desired: Desired, numbers: list[str]) -> Diagnostic:
    return Diagnostic(
        Severity.ERROR,
        "I411",
        f"{desired.label} matches {len(numbers)} live customers: {', '.join(numbers[:5])}"
        + (" and more" if len(numbers) > 5 else ""),
        detail=f"The fields {', '.join(desired.match)} are the same in each of them.",
        remedy="Give the declaration the number of the one you mean.",
        source=desired.source,
    )


def _claimed_twice(desired: Desired, other: Desired, live: Live) -> Diagnostic:
    return Diagnostic(
        Severity.ERROR,
        "I412",
        f"{desired.label} and {other.label} ({other.source}) are the same live customer, {live.number}",
        remedy="Keep one of the two declarations.",
        source=desired.source,
    )
