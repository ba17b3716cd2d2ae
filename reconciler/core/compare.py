"""What differs between what is declared and what is live, leaf by leaf."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from reconciler.core.normalise import satisfied
from reconciler.core.patterns import patterns
from reconciler.resources.customer import CUSTOMER
from reconciler.resources.grammar import Comparison, Field, Group, Resource, Row
from reconciler.resources.values import Path, Scalar, Values, get, leaves, without


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


def comparable(desired: Values, ignored: tuple[str, ...] = (), resource: Resource = CUSTOMER) -> Values:
    """The declared values that an update may touch: neither create-only nor write-only nor ignored.

    The declaration is reshaped before the comparison, so that the diff needs no exceptions.
    """
    return without(desired, patterns(ignored, resource) + resource.never_compared)


def differences(
    desired: Values, live: Values, complete: frozenset[str] = frozenset(), resource: Resource = CUSTOMER
) -> Differences:
    """Compare declared values with live ones.

    desired: from `comparable`. live: may hold more than is declared, which is not looked at, except the lines of the
    groups in `complete`, which are then to be removed.
    """
    if agree(desired, live, complete):  # for callers that did not ask before, or only before they reshaped
        return Differences()
    seen = _project(desired, live, resource.fields.get, complete, resource)
    if seen == desired:  # deepdiff costs hundreds of times as much as this
        return Differences()
    return _differing(seen, desired, resource)


def other_layouts(desired: Values, live: Values, resource: Resource = CUSTOMER) -> tuple[Path, ...]:
    """Where a text is the same value in another layout, such as a phone number with other blanks. desired, live: as for
    `differences`."""
    return tuple(
        path
        for path, want in leaves(desired)
        if isinstance(want, str)
        and isinstance(have := get(live, path), str)
        and want != have
        and (row := resource.leaf(path)) is not None
        and row.comparison is not Comparison.EXACT
        and satisfied(row, want, have)
    )


def agree(desired: Values, live: Values, complete: frozenset[str] = frozenset()) -> bool:
    """Whether the live customer holds all that is declared to the letter, so that there are no differences, whatever is
    not compared. Nearly every pair agrees, and this is the quickest way to know."""
    return complete.isdisjoint(desired) and _agrees(desired, live)


def _differing(seen: Values, desired: Values, resource: Resource) -> Differences:
    """What deepdiff says; it is imported when two sides differ, since a plan without changes never needs it."""
    from deepdiff import DeepDiff  # noqa: PLC0415 (80 ms, when something differs)
    from deepdiff.helper import notpresent  # noqa: PLC0415 (80 ms, when something differs)

    changed: list[Difference] = []
    removed: list[Path] = []
    # threshold 0: without it a mostly different address would come out as one change
    # keys that start with __ are customers' attribute ids here, nothing private
    diff = DeepDiff(
        seen, desired, view="tree", threshold_to_diff_deeper=0, verbose_level=2, ignore_private_variables=False
    )
    for nodes in diff.values():
        for node in nodes:
            path = tuple(node.path(output_format="list"))
            if node.t2 is notpresent:
                removed.append(path)
            else:
                changed.append(Difference(path, node.t1, node.t2))
    changed.sort(key=lambda difference: resource.order(difference.path))
    return Differences(tuple(changed), tuple(sorted(removed, key=resource.order)))


def new_values(desired: Values, resource: Resource = CUSTOMER) -> Values:
    """The declared values as they are sent for a new record: what is None in a new line has nothing to clear."""
    values = dict(desired)
    for row in resource.groups:
        if row.is_lines and isinstance(lines := values.get(row.name), dict):
            values[row.name] = {
                key: {name: value for name, value in line.items() if value is not None}
                for key, line in lines.items()
                if isinstance(line, dict)
            }
    return values


def _agrees(desired: Values, live: Mapping[str, object]) -> bool:
    """Whether each declared leaf is the live one, type and all: enough for any field, and more than some ask."""
    for key, want in desired.items():
        have = live.get(key)
        if want is have:
            continue
        kind = type(want)
        if kind is not type(have) or (not _agrees(want, have) if kind is dict else want != have):  # type: ignore[arg-type]  # both are dicts
            return False
    return True


def _project(
    desired: Values,
    live: Mapping[str, object],
    member: Callable[[str], Row | None],
    complete: frozenset[str],
    resource: Resource,
    above: Path = (),
) -> Values:
    """The live values in the shape of the declared ones; where two compare the same, in the declared spelling."""
    seen: Values = {}
    for key, want in desired.items():
        row, have = member(key), live.get(key)
        if isinstance(row, Field):
            kept = (resource.leaf((*above, key)) or row) if resource.forms else row
            seen[key] = want if satisfied(kept, want, have) else have  # type: ignore[arg-type, assignment]  # both are Scalars
        elif isinstance(row, Group) and isinstance(want, dict):
            held = have if isinstance(have, dict) else {}
            below = seen[key] = _project(want, held, row.member, complete, resource, (*above, key))
            if row.is_lines and row.name in complete:
                below |= {line: members for line, members in held.items() if line not in want}
    return seen
