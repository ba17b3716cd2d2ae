"""What differs between what is declared and what is live, leaf by leaf."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.core.normalise import satisfied
from reconciler.core.patterns import Pattern, patterns
from reconciler.resources.customer import FIELDS, Field, Form, Group, Row
from reconciler.resources.values import Path, Scalar, Values, leaves, without


@dataclass(frozen=True, slots=True)
class Difference:
    """One leaf: what is live and what is wanted; None means no value."""

    path: Path
    live: Scalar
    desired: Scalar


@dataclass(frozen=True, slots=True)
class Differences:
    """All leaves that differ, in the field table's order, and the lines that only the live side has."""

    leaves: tuple[Difference, ...] = ()
    removed: tuple[Path, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.leaves or self.removed)


def comparable(desired: Values, ignored: tuple[str, ...]) -> Values:
    """The declared values that an update may touch: neither create-only nor write-only nor ignored.

    The declaration is reshaped before the comparison, so that the diff needs no exceptions.
    """
    return without(desired, patterns(ignored) + _NEVER_COMPARED)


def differences(desired: Values, live: Values, complete: frozenset[str] = frozenset()) -> Differences:
    """Compare declared values with live ones.

    desired: from `comparable`. live: may hold more than is declared, which is not looked at, except the lines of the
    groups in `complete`, which are then to be removed.
    """
    if agree(desired, live, complete):  # for callers that did not ask before, or only before they reshaped
        return Differences()
    seen = _project(desired, live, FIELDS, complete)
    if seen == desired:  # deepdiff costs hundreds of times as much as this
        return Differences()
    return _differing(seen, desired)


def agree(desired: Values, live: Values, complete: frozenset[str] = frozenset()) -> bool:
    """Whether the live customer holds all that is declared to the letter, so that there are no differences, whatever is
    not compared. Nearly every pair agrees, and this is the quickest way to know."""
    return complete.isdisjoint(desired) and _agrees(desired, live)


def _differing(seen: Values, desired: Values) -> Differences:
    """What deepdiff says; it is imported when two sides differ, since a plan without changes never needs it."""
    from deepdiff import DeepDiff  # noqa: PLC0415 (80 ms, when something differs)
    from deepdiff.helper import notpresent  # noqa: PLC0415 (80 ms, when something differs)

    changed: list[Difference] = []
    removed: list[Path] = []
    # threshold 0: without it a mostly different address would come out as one change
    # keys that start with __ are customers' attribute ids here, nothing private
    found = DeepDiff(
        seen, desired, view="tree", threshold_to_diff_deeper=0, verbose_level=2, ignore_private_variables=False
    )
    for nodes in found.values():
        for node in nodes:
            path = tuple(node.path(output_format="list"))
            if node.t2 is not notpresent:
                changed.extend(_leaves(path, None if node.t1 is notpresent else node.t1, node.t2))
            else:
                removed.append(path)
    return Differences(tuple(sorted(changed, key=lambda each: order(each.path))), tuple(sorted(removed, key=order)))


def new_values(desired: Values) -> Values:
    """The declared values as they are sent for a new customer: what is None in a new line has nothing to clear."""
    values: Values = {}
    for name, value in desired.items():
        row = FIELDS[name]
        lined = isinstance(row, Group) and row.form is Form.LINES and isinstance(value, dict)
        values[name] = {key: _filled(line) for key, line in value.items()} if lined else value  # type: ignore[union-attr]  # lined says that it is a dict
    return values


def _filled(line: object) -> Values:
    assert isinstance(line, dict)
    return {member: value for member, value in line.items() if value is not None}


def order(path: Path) -> tuple[tuple[int, str], ...]:
    """Sorts paths by the field table, and free keys by their text."""
    keys: list[tuple[int, str]] = []
    rows: Mapping[str, Row] = FIELDS
    for segment in path:
        keys.append((_POSITIONS.get(segment, len(_POSITIONS)) if segment in rows else 0, segment))
        row = rows.get(segment)
        if isinstance(row, Group):
            rows = row.by_name
    return tuple(keys)


def _positions() -> dict[str, int]:
    found: dict[str, int] = {}

    def number(rows: Mapping[str, Row]) -> None:
        for name, row in rows.items():
            found.setdefault(name, len(found))
            if isinstance(row, Group):
                number(row.by_name)

    number(FIELDS)
    return found


_POSITIONS = _positions()

_NEVER_COMPARED: tuple[Pattern, ...] = tuple(
    (name,) for name, row in FIELDS.items() if isinstance(row, Field) and not row.is_compared
) + tuple(
    (name, member.name)
    for name, row in FIELDS.items()
    if isinstance(row, Group) and row.form is Form.OBJECT
    for member in row.members
    if isinstance(member, Field) and not member.is_compared
)


def _leaves(path: Path, live: object, desired: object) -> list[Difference]:
    if isinstance(desired, dict):
        return [Difference(below, None, value) for below, value in leaves(_filled(desired), path)]
    return [Difference(path, live, desired)]  # type: ignore[arg-type]  # leaves of Values are Scalars


def _agrees(desired: Values, live: Mapping[str, object]) -> bool:
    """Whether each declared leaf is the live one, type and all: enough for any field, and more than some ask."""
    for key, want in desired.items():
        have = live.get(key)
        if isinstance(want, dict):
            if not isinstance(have, dict) or not _agrees(want, have):
                return False
        elif want is not have and (type(want) is not type(have) or want != have):
            return False
    return True


def _project(desired: Values, live: Mapping[str, object], rows: Mapping[str, Row], complete: frozenset[str]) -> Values:
    """The live values in the shape of the declared ones; where two compare the same, in the declared spelling."""
    seen: Values = {}
    for key, want in desired.items():
        row = rows[key]
        have = live.get(key)
        if isinstance(row, Field):
            seen[key] = _spelled(row, want, have)
        elif isinstance(want, dict):
            below = have if isinstance(have, dict) else {}
            seen[key] = _project_group(row, want, below, complete)
    return seen


def _project_group(row: Group, want: Values, have: Values, complete: frozenset[str]) -> Values:
    if row.form is Form.OBJECT:
        return _project(want, have, row.by_name, complete)
    if row.form is Form.LINES:
        members = row.by_name
        seen: Values = {
            key: _project(line, found, members, complete)
            for key, line in want.items()
            if isinstance(line, dict) and isinstance(found := have.get(key), dict)
        }
        if row.name in complete:
            seen |= {key: line for key, line in have.items() if key not in want}
        return seen
    value = row.members[-1]
    assert isinstance(value, Field)
    return {key: _spelled(value, wanted, have.get(key)) for key, wanted in want.items()}


def _spelled(row: Field, want: object, have: object) -> Scalar:
    return want if satisfied(row, want, have) else have  # type: ignore[arg-type, return-value]  # both are Scalars
