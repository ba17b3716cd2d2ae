"""What a declaration and its live customer differ in, as what to accept: one edit for each value or line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from reconciler.core.actions import compared
from reconciler.core.desired import Desired
from reconciler.core.live import Live
from reconciler.core.normalise import attribute_key
from reconciler.core.plan import Cause
from reconciler.core.rules import Memory, Rules
from reconciler.resources.customer import CUSTOMER, FIELDS
from reconciler.resources.grammar import Form, Group, Row
from reconciler.resources.values import Path, Scalar, Values, get, parse_path


@dataclass(frozen=True, slots=True)
class ProposedEdit:
    """A live value that a declaration shall state.

    path: of a leaf, or of a whole line where only one side has it. before: what is declared. after: what is live;
    None is no value. A line is a dictionary of its members. cause: who moved, as plans tell it; of a line whose members
    moved for several causes, both.
    """

    desired: Desired
    live: Live
    path: Path
    before: Scalar | Values
    after: Scalar | Values
    cause: Cause


@dataclass(frozen=True, slots=True)
class Granted:
    """An edit that is in the new text; `note` says what had to be done beside replacing a value in its place."""

    edit: ProposedEdit
    note: str = ""


@dataclass(frozen=True, slots=True)
class Denied:
    """An edit that is not made, and why."""

    edit: ProposedEdit
    why: str


def proposed_edits(desired: Desired, live: Live, rules: Rules, memory: Memory) -> tuple[ProposedEdit, ...]:
    """Every difference that a plan would see between a declaration and its live customer, as what to accept."""
    found = compared(desired, live, rules, memory)
    difference = found.different
    causes: dict[Path, set[Cause]] = {}
    for change in found.changes:
        path = parse_path(change.path)
        for end in range(len(path) + 1):
            causes.setdefault(path[:end], set()).add(change.cause)
    edits: dict[Path, ProposedEdit] = {}
    for leaf in difference.leaves:
        if _is_line(leaf.path) and get(live.values, leaf.path[:2]) is None:
            path, line = leaf.path[:2], get(desired.values, leaf.path[:2])
            edits.setdefault(path, ProposedEdit(desired, live, path, line, None, _cause(path, causes)))  # type: ignore[arg-type]  # leaves of Values are Scalars
        else:
            cause = _cause(leaf.path, causes)
            edits[leaf.path] = ProposedEdit(desired, live, leaf.path, leaf.desired, leaf.live, cause)
    for path in difference.removed:
        edits[path] = ProposedEdit(desired, live, path, None, get(live.values, path), _cause(path, causes))  # type: ignore[arg-type]  # leaves of Values are Scalars
    return tuple(edits[path] for path in sorted(edits, key=CUSTOMER.order))


def stated(desired: Desired, live: Live, values: Values, *, only_new: bool = False) -> tuple[ProposedEdit, ...]:
    """What it takes until the declaration states these values: leaves, and whole lines. Others stay.

    values: of `live`; a None among them says nothing. only_new: only what the declaration says nothing of.
    """
    edits = (edit for name, value in values.items() for edit in _stated(FIELDS[name], (name,), value, desired, live))
    return tuple(edit for edit in edits if not (only_new and _is_there(desired.values, edit.path)))


def _stated(row: Row | None, path: Path, value: object, desired: Desired, live: Live) -> Iterator[ProposedEdit]:
    held = get(desired.values, path)
    if isinstance(row, Group) and isinstance(value, dict):
        if len(path) > 1 and _is_line(path) and held is None:
            yield ProposedEdit(desired, live, path, None, value, Cause.UNKNOWN)
            return
        for key, below in value.items():
            inside = attribute_key(key) if row.form is Form.MAP else key
            yield from _stated(row.member(key), (*path, inside), below, desired, live)
    elif value is not None and value != held and not isinstance(value, dict):
        yield ProposedEdit(desired, live, path, held, value, Cause.UNKNOWN)  # type: ignore[arg-type]  # leaves


def _is_there(values: Values, path: Path) -> bool:
    held = get(values, path[:-1]) if len(path) > 1 else values
    return isinstance(held, dict) and path[-1] in held


def _cause(path: Path, causes: Mapping[Path, set[Cause]]) -> Cause:
    below = causes.get(path, set())
    return next(iter(below)) if len(below) == 1 else Cause.BOTH if below else Cause.UNKNOWN


def _is_line(path: Path) -> bool:
    row = FIELDS[path[0]]
    return isinstance(row, Group) and row.form is Form.LINES
