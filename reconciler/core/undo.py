"""Taking a run back: what its writes are to be set back to, and what cannot be, and why. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from reconciler.core.desired import Desired
from reconciler.core.diagnostics import Diagnostic, Severity
from reconciler.core.doubts import SURE, Doubts
from reconciler.core.live import Live
from reconciler.core.normalise import normalise, number_key, same
from reconciler.core.plan import Action, Change, Outcome, Result, Verb
from reconciler.core.renumbering import internal_id_of
from reconciler.resources.grammar import Field, Group, Read
from reconciler.resources.values import Path, Scalar, Values, get, parse_path, put, render_path

_NAMED = 10
_NO_PAIRS: Mapping[str, tuple[object, object]] = {}


@dataclass(frozen=True, slots=True)
class Undo:
    """What the customers of a run should be again, and what is left as it is, each with the reason."""

    desired: tuple[Desired, ...]
    diagnostics: tuple[Diagnostic, ...]


def concerned(results: Iterable[Result]) -> tuple[Desired, ...]:
    """The customers that a run wrote or may have written, with the fields that must be read to take it back."""
    customers = []
    for result in results:
        number = result.number or result.action.number
        if number is None or result.outcome not in _WRITTEN:
            continue
        names = sorted(result.action.fields) if result.action.action is Verb.UPDATE else ()
        fields: Values = dict.fromkeys(names, None)
        customers.append(_desired(result.action, number, fields))
    return tuple(customers)


_WRITTEN = (Outcome.DONE, Outcome.UNKNOWN)


def undo(
    results: Iterable[Result],
    live: Iterable[Live],
    *,
    normalised: Mapping[str, Mapping[str, tuple[object, object]]],
    deactivate_creates: bool,
    send_null: bool,
    doubts: Doubts = SURE,
) -> Undo:
    """What takes the results of a run back.

    live: the customers now, with the fields of `concerned`. normalised: by `number_key` and rendered path what was sent
    and what the ERP stored of it: such a value is still the run's own. Only a field that has the value which the run
    gave it is set back; for an update whose end is not known that also tells whether it was done. doubts: why not all
    of the customers are there.
    """
    customers = {number_key(customer.number): customer.unpacked() for customer in live}
    desired: list[Desired] = []
    problems: list[Diagnostic] = []
    created: list[Result] = []
    renumbered: list[Action] = []
    for result in results:
        if result.outcome not in _WRITTEN:
            continue
        action, number = result.action, result.number or result.action.number
        if action.action is Verb.RENUMBER:
            renumbered.append(action)
            continue
        customer = customers.get(number_key(number)) if number else None
        if action.action is Verb.CREATE and result.outcome is Outcome.DONE and not deactivate_creates:
            created.append(result)
        elif action.action is Verb.CREATE and result.outcome is Outcome.UNKNOWN:
            problems.append(_left(action, "P524", f"{action.label}: whether it was created is not known", _RESUME))
        elif customer is None:
            row = doubts.about(number, {})
            gone = "the ERP does not have it any more"
            reason = f"its row cannot be read ({row.place})" if row else gone
            problems.append(_left(action, "P524", f"{number}: {reason}"))
        elif action.action is Verb.CREATE:
            desired.append(_desired(action, customer.number, {action.table.status: action.table.retired}))
        else:
            back = _Back(action, customer, normalised.get(number_key(customer.number), _NO_PAIRS), send_null)
            desired += back.desired()
            problems += back.problems
    for action in renumbered:
        _renumber_back(action, customers, desired, problems)
    problems += _standing(created)
    return Undo(tuple(desired), tuple(problems))


def _renumber_back(
    action: Action, customers: Mapping[str, Live], desired: list[Desired], problems: list[Diagnostic]
) -> None:
    """The customer's former number, beside the values that it gets back; nothing where the number is still that one."""
    identity, key = internal_id_of(action), number_key(action.number or "")
    now = next((live for live in customers.values() if live.internal_id == identity), None)
    if now is None or number_key(now.number) not in (key, number_key(action.former or "")):
        problems.append(_left(action, "P524", f"{action.number}: its customer goes by another number, or is gone"))
    elif number_key(now.number) == key:
        back = next((one for one in desired if number_key(one.number or "") == key), None)
        if back is None:
            back = _desired(action, now.number, {})
        else:
            desired.remove(back)
        lifecycle = replace(back.lifecycle, renumbered_from=now.number)
        desired.append(replace(back, number=action.former, lifecycle=lifecycle))


_RESUME = "Resume the run first: it looks the customer up."


def _standing(created: list[Result]) -> list[Diagnostic]:
    if not created:
        return []
    count = len(created)
    named = ", ".join(result.number or result.action.label for result in created[:_NAMED])
    summary = f"{count} customer{'s were' if count > 1 else ' was'} created, which cannot be undone"
    remedy = "--deactivate-creates gives them the status Inactive."
    detail = named + (" and more" if count > _NAMED else "")
    return [Diagnostic(Severity.WARNING, "P523", summary, detail, remedy)]


def _left(action: Action, code: str, summary: str, remedy: str = "", change: Change | None = None) -> Diagnostic:
    source = change.source if change is not None and change.source is not None else action.source
    return Diagnostic(Severity.WARNING, code, f"{summary}, so it is left as it is", remedy=remedy, source=source)


def _desired(action: Action, number: str, values: Values, complete: frozenset[str] = frozenset()) -> Desired:
    places = {change.path: change.source or action.source for change in action.changes}
    return Desired(
        number,
        action.ref,
        values,
        action.source,
        lambda path: places.get(render_path(path), action.source),
        complete=complete,
    )


@dataclass(slots=True)
class _Back:
    """One update on its way back.

    pairs: the values that the ERP stored in another form, by rendered path. deleted: lines that are to go;
    complete: the groups that they are in.
    """

    action: Action
    live: Live
    pairs: Mapping[str, tuple[object, object]]
    send_null: bool
    problems: list[Diagnostic] = field(default_factory=list)
    values: Values = field(default_factory=dict)
    complete: set[str] = field(default_factory=set)
    deleted: set[Path] = field(default_factory=set)

    def desired(self) -> list[Desired]:
        """The customer as it should be again, or nothing."""
        lines: dict[Path, list[Change]] = {}
        for change in self.action.changes:
            path = parse_path(change.path)
            row = self.action.table.fields[path[0]]
            if isinstance(row, Group) and row.is_lines:
                lines.setdefault(path[:2], []).append(change)
            else:
                self._member(change, path)
        for path, changes in lines.items():
            self._line(path, changes)
        for name in self.complete:
            self._keep_others(name)
        if not self.values:
            return []
        return [_desired(self.action, self.live.number, self.values, frozenset(self.complete))]

    def _member(self, change: Change, path: Path) -> None:
        row = self.action.table.leaf(path)
        assert row is not None, "only a line has no row of its own"
        if not row.is_compared:
            if change.before != change.after:
                self._leave("P522", f"{change.path} cannot be read back, and its former value is not known", change)
            return
        now, before = self._now(row, path), normalise(row, change.before)
        if same(row, before, now):
            if change.before == change.after:
                put(self.values, path, before)  # it was sent so that it stays: what it would follow may go back now
            return
        if not self._is_ours(row, change, now):
            self._leave("P521", f"{change.path} was changed since the run wrote it", change)
        elif before is None and not (row.clearable and (self.send_null or not row.nullable)):
            self._leave("P522", f"{change.path} had no value before the run, and cannot be cleared", change)
        else:
            put(self.values, path, before)

    def _line(self, path: Path, changes: list[Change]) -> None:
        """A line that the run deleted comes back, one that it inserted goes; a changed one is as any member."""
        line = get(self.live.values, path)
        deleted = next((change for change in changes if parse_path(change.path) == path), None)
        if deleted is not None:
            self._bring_back(path, deleted, line)
        elif not isinstance(line, dict):
            if not self._was_inserted(path, changes):
                self._leave("P521", f"{render_path(path)} was deleted since the run wrote it", changes[0])
        elif not self._was_inserted(path, changes):
            for change in changes:
                self._member(change, parse_path(change.path))
        elif all(self._has_written(change) for change in changes):
            self.values.setdefault(path[0], {})
            self.complete.add(path[0])
            self.deleted.add(path)
        else:
            self._leave("P521", f"{render_path(path)} was changed since the run inserted it", changes[0])

    def _bring_back(self, path: Path, deleted: Change, line: object) -> None:
        before = deleted.before if isinstance(deleted.before, dict) else {}
        if not isinstance(line, dict):
            put(self.values, path, self._normalised_line(path, before))
        elif self._normalised_line(path, line) != self._normalised_line(path, before):
            self._leave("P521", f"{deleted.path} was inserted anew since the run deleted it", deleted)

    def _normalised_line(self, path: Path, line: Mapping[str, object]) -> Values:
        """The line's members that have a value, as they are compared."""
        members: Values = {}
        for name, value in line.items():
            row = self.action.table.leaf((*path, name))
            if row is not None and row.where is not Read.NEVER:
                plain = normalise(row, value)  # type: ignore[arg-type]  # members of a line are leaves
                if plain is not None:
                    members[name] = plain
        return members

    def _was_inserted(self, path: Path, changes: list[Change]) -> bool:
        """A line's key never changes: where it is among the changes, the line is the run's own."""
        row = self.action.table.fields[path[0]]
        assert isinstance(row, Group)
        keys = {(*path, name) for name in row.key}
        return any(change.before is None and parse_path(change.path) in keys for change in changes)

    def _has_written(self, change: Change) -> bool:
        path = parse_path(change.path)
        row = self.action.table.leaf(path)
        return row is None or self._is_ours(row, change, self._now(row, path))

    def _keep_others(self, name: str) -> None:
        """In a complete group every line that is not named is deleted: the ones that stay are named, without values."""
        wanted, now = self.values[name], get(self.live.values, (name,))
        assert isinstance(wanted, dict)
        for key in now if isinstance(now, dict) else ():
            if (name, key) not in self.deleted:
                wanted.setdefault(key, {})

    def _now(self, row: Field, path: Path) -> Scalar:
        now = get(self.live.values, path)
        return None if isinstance(now, dict) else normalise(row, now)  # type: ignore[arg-type]  # a leaf

    def _is_ours(self, row: Field, change: Change, now: Scalar) -> bool:
        """Whether the live value is the one that the run wrote, or what the ERP is known to have made of it."""
        after = normalise(row, change.after)
        sent, stored = self.pairs.get(change.path, (after, after))
        if same(row, normalise(row, sent), after) and same(row, normalise(row, stored), now):  # type: ignore[arg-type]  # leaves all
            return True
        return same(row, after, now)

    def _leave(self, code: str, why: str, change: Change) -> None:
        self.problems.append(_left(self.action, code, f"{self.live.number}: {why}", change=change))
