"""One declaration and its live customer, to the action that brings them together. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy

from reconciler.core.checks import nameless
from reconciler.core.compare import Differences, agree, comparable, differences, new_values, order
from reconciler.core.customer import Desired, Live
from reconciler.core.diagnostics import Diagnostic, Severity
from reconciler.core.normalise import number_key, same
from reconciler.core.patterns import patterns
from reconciler.core.plan import (
    Action,
    Cause,
    Change,
    Verb,
)
from reconciler.core.ports import Wire
from reconciler.core.rules import Memory, Rules
from reconciler.resources.customer import FIELDS, MIRRORS, Field, Form, Group, Read
from reconciler.resources.customer import leaf as leaf_row
from reconciler.resources.values import Path, Scalar, Values, get, leaves, parse_path, put, render_path, without

_WHOLE = {
    name
    for name, row in FIELDS.items()
    if isinstance(row, Group) and (name.endswith(("Address", "Contact")) or name == "eInvoiceContract")
}


def create_action(desired: Desired, wire: Wire, problems: list[Diagnostic]) -> Action | None:
    identity: Values = {"number": desired.number} if desired.number else {}
    values = identity | new_values(desired.values)
    name = values.get("name")
    if not isinstance(name, str):
        problems.append(nameless(desired))
        return None
    changes = tuple(
        Change(render_path(path), None, value, Cause.CONFIG, desired.locate(path))
        for path, value in sorted(leaves(values), key=lambda both: order(both[0]))
    )
    request = wire.create(values, desired.spelled)
    match = desired.match if desired.number is None else ()
    return Action(Verb.CREATE, desired.number, desired.ref, name, desired.source, changes, request, match=match)


def update_action(
    desired: Desired, live: Live, wire: Wire, rules: Rules, memory: Memory, problems: list[Diagnostic]
) -> Action | None:
    values = live.values  # a packed customer unpacks them each time
    if agree(desired.values, values, desired.complete):
        return None
    wanted = compared(desired, live, rules, memory)
    found = differences(wanted, values, desired.complete)
    if not found:
        return None
    changes = _changes(found, desired, live, memory)
    changed = _body_values(found, live, rules)
    changes += _carried(found, desired, changed)
    changes += _companions(desired, changed, rules)
    changes += _held(wanted, desired, live, changed)
    problems.extend(_followers(wanted, desired, live, changed))
    return Action(
        Verb.UPDATE,
        live.number,
        desired.ref,
        _display_name(desired, live),
        desired.source,
        tuple(changes),
        wire.update(live, changed, found.removed, desired.spelled),
    )


def changes_of(desired: Desired, live: Live, rules: Rules, memory: Memory) -> list[Change]:
    """What differs and why: the changes of the update, without what only goes along with them."""
    found = differences(compared(desired, live, rules, memory), live.values, desired.complete)
    return _changes(found, desired, live, memory)


def _changes(found: Differences, desired: Desired, live: Live, memory: Memory) -> list[Change]:
    applied = memory.applied.get(number_key(live.number))
    changes = [
        Change(
            render_path(each.path),
            each.live,
            each.desired,
            _cause(each.path, each.live, each.desired, applied),
            desired.locate(each.path),
        )
        for each in found.leaves
    ]
    return changes + [_removal(path, live, desired) for path in found.removed]


def _ignored(desired: Desired, rules: Rules) -> tuple[str, ...]:
    return rules.ignore + desired.lifecycle.ignore_changes + desired.lifecycle.create_only


def compared(desired: Desired, live: Live, rules: Rules, memory: Memory) -> Values:
    """The declared values that count when a declaration is compared with its live customer."""
    ignored = _ignored(desired, rules)
    wanted = comparable(desired.values, ignored)
    return _as_stored(wanted, live, memory.normalised.get(number_key(live.number), {}))


def _as_stored(wanted: Values, live: Live, pairs: Mapping[str, tuple[object, object]]) -> Values:
    """The declared values, where the ERP is known to store one in another form: in that form, and only that pair."""
    known = [
        (path, stored)
        for text, (sent, stored) in pairs.items()
        if _recorded(wanted, path := parse_path(text))
        and get(wanted, path) == sent
        and get(live.values, path) == stored
        and stored != sent
    ]
    if not known:
        return wanted
    changed = deepcopy(wanted)
    for path, stored in known:
        put(changed, path, stored)  # type: ignore[arg-type]  # recorded from a leaf
    return changed


def _display_name(desired: Desired, live: Live) -> str:
    declared = desired.values.get("name")
    return live.name or (declared if isinstance(declared, str) else "")


def _cause(path: Path, live: Scalar, wanted: Scalar, applied: Values | None) -> Cause:
    if applied is None:
        return Cause.UNKNOWN
    row = leaf_row(path)
    last = get(applied, path)
    if row is None or isinstance(last, dict):
        return Cause.UNKNOWN
    if last is None and not _recorded(applied, path):
        return Cause.CONFIG  # the field was not declared when it was last applied
    moved_here = not same(row, last, wanted)  # type: ignore[arg-type]  # a leaf
    moved_there = not same(row, last, live)  # type: ignore[arg-type]  # a leaf
    if moved_here and moved_there:
        return Cause.BOTH
    return Cause.CONFIG if moved_here else Cause.DRIFT


def _recorded(applied: Values, path: Path) -> bool:
    parent = get(applied, path[:-1]) if len(path) > 1 else applied
    return isinstance(parent, dict) and path[-1] in parent


def _removal(path: Path, live: Live, desired: Desired) -> Change:
    return Change(render_path(path), get(live.values, path), None, Cause.UNKNOWN, desired.locate(path[:1]))


def _body_values(found: Differences, live: Live, rules: Rules) -> Values:
    """The values that the PUT carries: the changed leaves; with `whole`, the rest of a touched address or contact."""
    changed: Values = {}
    for each in found.leaves:
        put(changed, each.path, each.desired)
    if rules.nested_updates == "whole":
        for name in _WHOLE & changed.keys():
            before, after = live.values.get(name), changed[name]
            assert isinstance(after, dict)
            kept = before if isinstance(before, dict) else {}
            known: Values = {key: value for key, value in kept.items() if value is not None}
            changed[name] = known | after
    for path in found.removed:
        changed.setdefault(path[0], {})
    return changed


def _carried(found: Differences, desired: Desired, changed: Values) -> list[Change]:
    """What `whole` sends along unchanged: shown, since nothing is sent that the plan does not show."""
    moved = {each.path for each in found.leaves}
    return [
        Change(render_path(path), value, value, Cause.CONFIG, desired.locate(path))
        for path, value in leaves(changed)
        if path not in moved
    ]


def _companions(desired: Desired, changed: Values, rules: Rules) -> list[Change]:
    """Write-only members go along when their group changes (fact sheet 11.1, row 38); adds them to `changed`."""
    found = []
    touched = without(desired.values, patterns(_ignored(desired, rules)))
    for name in changed:
        row, below, wanted = FIELDS[name], changed[name], touched.get(name)
        if not isinstance(row, Group) or row.form is not Form.OBJECT:
            continue
        assert isinstance(below, dict)
        for member in row.members:
            if isinstance(member, Field) and member.where is Read.NEVER and isinstance(wanted, dict):
                value = wanted.get(member.name)
                if value is not None:
                    below[member.name] = value
                    path = (name, member.name)
                    found.append(Change(render_path(path), None, value, Cause.CONFIG, desired.locate(path)))
    return found


def _mirrors(live: Live, changed: Values) -> Iterator[tuple[str, str]]:
    """(main group, group that mirrors it) for each touched main group whose follower is now equal to it.

    The API does not say whether the link still holds (fact sheet 12.5, inferred): equal counts as linked.
    """
    for main, followers in MIRRORS.items():
        held = live.values.get(main)
        for name in followers:
            if main in changed and isinstance(held, dict) and any(held.values()) and live.values.get(name) == held:
                yield main, name


def _held(wanted: Values, desired: Desired, live: Live, changed: Values) -> list[Change]:
    """Declared members that would follow the main address away from their declared value: sent too, so that they stay.

    Adds them to `changed`. Without this, the next plan would find them moved.
    """
    found = []
    for main, name in _mirrors(live, changed):
        declared, moved = wanted.get(name), changed[main]
        assert isinstance(moved, dict)
        for member, value in declared.items() if isinstance(declared, dict) else ():
            if member not in moved or get(changed, (name, member)) is not None:
                continue
            if moved[member] != value and get(live.values, (name, member)) == value:
                assert not isinstance(value, dict)
                put(changed, (name, member), value)
                path = (name, member)
                found.append(Change(render_path(path), value, value, Cause.CONFIG, desired.locate(path)))
    return found


def _followers(wanted: Values, desired: Desired, live: Live, changed: Values) -> Iterator[Diagnostic]:
    """A note for the addresses or contacts that are not declared and may follow the main one."""
    linked: dict[str, list[str]] = {}
    for main, name in _mirrors(live, changed):
        if name not in wanted and name not in changed:
            linked.setdefault(main, []).append(name)
    for main, names in linked.items():
        yield Diagnostic(
            Severity.NOTE,
            "P504",
            f"{live.number}: {' and '.join(names)} may follow this change, being equal to {main} now",
            remedy=f"Declare {' and '.join(names)} to hold what is there.",
            source=desired.locate((main,)),
        )
