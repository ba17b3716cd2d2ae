"""What a declaration and its live customer differ in, as what to accept: one wish for each value or line."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.core.actions import changes_of, compared
from reconciler.core.compare import differences
from reconciler.core.desired import Desired
from reconciler.core.live import Live
from reconciler.core.plan import Cause
from reconciler.core.rules import Memory, Rules
from reconciler.resources.customer import CUSTOMER, FIELDS
from reconciler.resources.grammar import Form, Group
from reconciler.resources.values import Path, Scalar, Values, get, parse_path


@dataclass(frozen=True, slots=True)
class Wish:
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
    """A wish that the new text fulfils; `note` says what had to be done beside replacing a value in its place."""

    wish: Wish
    note: str = ""


@dataclass(frozen=True, slots=True)
class Denied:
    """A wish that is not fulfilled, and why."""

    wish: Wish
    why: str


def wishes(desired: Desired, live: Live, rules: Rules, memory: Memory) -> tuple[Wish, ...]:
    """Every difference that a plan would see between a declaration and its live customer, as what to accept."""
    found = differences(compared(desired, live, rules, memory), live.values, desired.complete)
    causes = {parse_path(each.path): each.cause for each in changes_of(desired, live, rules, memory)}
    made: dict[Path, Wish] = {}
    for each in found.leaves:
        if _is_line(each.path) and get(live.values, each.path[:2]) is None:
            path, line = each.path[:2], get(desired.values, each.path[:2])
            made.setdefault(path, Wish(desired, live, path, line, None, _cause(path, causes)))  # type: ignore[arg-type]  # leaves of Values are Scalars
        else:
            made[each.path] = Wish(desired, live, each.path, each.desired, each.live, _cause(each.path, causes))
    for path in found.removed:
        made[path] = Wish(desired, live, path, None, get(live.values, path), _cause(path, causes))  # type: ignore[arg-type]  # leaves of Values are Scalars
    return tuple(made[path] for path in sorted(made, key=CUSTOMER.order))


def _cause(path: Path, causes: dict[Path, Cause]) -> Cause:
    found = {cause for each, cause in causes.items() if each[: len(path)] == path}
    return found.pop() if len(found) == 1 else Cause.BOTH if found else Cause.UNKNOWN


def _is_line(path: Path) -> bool:
    row = FIELDS[path[0]]
    return isinstance(row, Group) and row.form is Form.LINES
