"""One declaration and its live customer, to the action that brings them together. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace

from reconciler.core.checks import nameless
from reconciler.core.compare import (
    Difference,
    Differences,
    agree,
    comparable,
    differences,
    new_values,
    other_layouts,
)
from reconciler.core.desired import Desired
from reconciler.core.diagnostics import Diagnostic, Severity
from reconciler.core.live import Live
from reconciler.core.mutes import NO_MUTES, Mute, names_of
from reconciler.core.normalise import number_key, same
from reconciler.core.patterns import covers, patterns
from reconciler.core.plan import Action, Cause, Change, LeftAlone, LeftField, Verb
from reconciler.core.ports import Wire
from reconciler.core.rules import Memory, Rules
from reconciler.resources.grammar import Resource
from reconciler.resources.values import Path, Values, get, leaves, parse_path, put, render_path, without


def create_action(desired: Desired, wire: Wire, rules: Rules, problems: list[Diagnostic]) -> Action | None:
    resource = rules.resource
    identity: Values = {resource.key: desired.number} if desired.number else {}
    values = identity | new_values(desired.values, resource)
    name = values.get(resource.label)
    if not isinstance(name, str):
        problems.append(nameless(desired))
        return None
    changes = tuple(
        Change(render_path(path), None, value, Cause.CONFIG, desired.locate(path))
        for path, value in sorted(leaves(values), key=lambda leaf: resource.order(leaf[0]))
    )
    request = wire.create(values, desired.spelled)
    match = desired.match if desired.number is None else ()
    return Action(
        Verb.CREATE,
        desired.number,
        desired.ref,
        name,
        desired.source,
        changes,
        request,
        match=match,
        resource=resource.name,
        currency=currency_of(changes, values, resource),
        stores=rules.resource.stores,
    )


@dataclass(frozen=True, slots=True)
class Compared:
    """How a declaration and its live customer differ.

    wanted: the declared values that an update may touch. different, changes: what is to be written, and why. muted,
    ignored: what differs too, and is left alone. other_layouts: what the ERP has in another layout, where nothing
    differs.
    """

    wanted: Values
    different: Differences
    changes: tuple[Change, ...] = ()
    muted: tuple[LeftField, ...] = ()
    ignored: tuple[LeftField, ...] = ()
    other_layouts: tuple[Path, ...] = ()

    @property
    def is_as_declared(self) -> bool:
        """Whether the ERP has all that is declared and can be compared."""
        return not (self.different or self.muted or self.ignored)


def compared(desired: Desired, live: Live, rules: Rules, memory: Memory) -> Compared:
    """Compare, and sort out what the rules leave alone: what is ignored, and what is muted."""
    if agree(desired.values, live.values, desired.complete):
        return AGREED
    live = live.unpacked()
    key = number_key(live.number)
    wanted = comparable(desired.values, (), rules.resource)
    wanted = _as_stored(wanted, live, memory.normalised.get(key, {}))
    different = differences(wanted, live.values, desired.complete, rules.resource)
    if not different:
        layouts = other_layouts(comparable(desired.values, (), rules.resource), live.values, rules.resource)
        return replace(AGREED, other_layouts=layouts) if layouts else AGREED
    names, applied = names_of(desired, live), memory.last.get(key)
    mutes = NO_MUTES if rules.include_muted else rules.mutes
    changes: list[Change] = []
    muted: list[LeftField] = []
    ignored: list[LeftField] = []
    for path, change in _changes(different, desired, live, applied, rules.resource):
        if rule := _ignored_by(path, desired, rules):
            ignored.append(_left(change, rule))
        elif mute := mutes.find(names, change.path):
            muted.append(_left(change, "mute", mute))
        else:
            changes.append(change)
    if not (muted or ignored):
        return Compared(wanted, different, tuple(changes))
    paths = {change.path for change in changes}
    return Compared(
        without(wanted, [*patterns(_ignored(desired, rules), rules.resource), *mutes.patterns(names)]),
        Differences(
            tuple(leaf for leaf in different.leaves if render_path(leaf.path) in paths),
            tuple(path for path in different.removed if render_path(path) in paths),
        ),
        tuple(changes),
        tuple(muted),
        tuple(ignored),
    )


AGREED = Compared({}, Differences())
"""The ERP has what is declared."""


def _left(change: Change, rule: str, mute: Mute | None = None) -> LeftField:
    return LeftField(change.path, change.before, change.after, change.cause, change.source, rule, mute)


def left_alone(desired: Desired, live: Live, fields: tuple[LeftField, ...]) -> LeftAlone:
    """The fields of a customer that are left alone."""
    return LeftAlone(live.number, desired.ref, live.name or desired.name, desired.source, fields)


def update_action(
    desired: Desired, live: Live, found: Compared, wire: Wire, rules: Rules, problems: list[Diagnostic]
) -> Action | None:
    different = found.different
    if not different:
        return None
    live = live.unpacked()
    changes = list(found.changes)
    changed = _body_values(different, live, rules)
    changes += _carried(different, desired, changed)
    changes += _companions(desired, live, changed, rules)
    changes += _held(found.wanted, desired, live, changed, rules)
    problems.extend(_followers(found.wanted, desired, live, changed, rules))
    return Action(
        Verb.UPDATE,
        live.number,
        desired.ref,
        live.name or desired.name,
        desired.source,
        tuple(changes),
        wire.update(live, changed, different.removed, desired.spelled),
        resource=rules.resource.name,
        stores=rules.resource.stores,
        currency=currency_of(changes, live.values, rules.resource),
        modified_at=live.modified,
    )


def currency_of(changes: Iterable[Change], values: Values, resource: Resource) -> str | None:
    """The currency of the amounts that change, or None where none does or the values do not tell."""
    rows = (resource.leaf(parse_path(change.path)) for change in changes)
    member = next((row.currency for row in rows if row is not None and row.currency), "")
    currency = values.get(member)
    return currency if isinstance(currency, str) else None


def _changes(
    different: Differences, desired: Desired, live: Live, applied: Values | None, resource: Resource
) -> Iterator[tuple[Path, Change]]:
    for leaf in different.leaves:
        cause = _cause(leaf, applied, resource)
        source = desired.locate(leaf.path)
        yield leaf.path, Change(render_path(leaf.path), leaf.live, leaf.desired, cause, source)
    for path in different.removed:
        yield path, _removal(path, live, desired)


def _exceptions(desired: Desired, rules: Rules) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What may say that a field is ignored, in its own words, and the paths that it names."""
    yield "ignore", rules.ignore
    yield "lifecycle.ignore_changes", desired.lifecycle.ignore_changes
    yield "lifecycle.create_only", desired.lifecycle.create_only


def may_ignore(desired: Desired, rules: Rules) -> bool:
    """Whether anything says of a declaration that some of it is ignored."""
    return any(paths for _, paths in _exceptions(desired, rules))


def _ignored(desired: Desired, rules: Rules) -> tuple[str, ...]:
    return tuple(path for _, paths in _exceptions(desired, rules) for path in paths)


def _ignored_by(path: Path, desired: Desired, rules: Rules) -> str:
    """What says that the field is ignored, or nothing."""
    return next(
        (
            rule
            for rule, paths in _exceptions(desired, rules)
            if any(covers(pattern, path) for pattern in patterns(paths, rules.resource))
        ),
        "",
    )


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


def _cause(leaf: Difference, applied: Values | None, resource: Resource) -> Cause:
    if applied is None:
        return Cause.UNKNOWN
    row = resource.leaf(leaf.path)
    last = get(applied, leaf.path)
    if row is None or isinstance(last, dict):
        return Cause.UNKNOWN
    if last is None and not _recorded(applied, leaf.path):
        return Cause.CONFIG  # the field was not declared when it was last applied
    moved_here = not same(row, last, leaf.desired)  # type: ignore[arg-type]  # a leaf
    moved_there = not same(row, last, leaf.live)  # type: ignore[arg-type]  # a leaf
    if moved_here and moved_there:
        return Cause.BOTH
    return Cause.CONFIG if moved_here else Cause.DRIFT


def _recorded(applied: Values, path: Path) -> bool:
    parent = get(applied, path[:-1]) if len(path) > 1 else applied
    return isinstance(parent, dict) and path[-1] in parent


def _removal(path: Path, live: Live, desired: Desired) -> Change:
    return Change(render_path(path), get(live.values, path), None, Cause.UNKNOWN, desired.locate(path[:1]))


def _body_values(different: Differences, live: Live, rules: Rules) -> Values:
    """The values that the PUT carries: the changed leaves; with `whole`, the rest of a touched address or contact."""
    changed: Values = {}
    for leaf in different.leaves:
        put(changed, leaf.path, leaf.desired)
    if rules.nested_updates == "whole":
        for row in rules.resource.groups:
            before, after = live.values.get(row.name), changed.get(row.name)
            if row.whole and isinstance(after, dict):
                kept = before if isinstance(before, dict) else {}
                known: Values = {key: value for key, value in kept.items() if value is not None}
                changed[row.name] = known | after
    for path in different.removed:
        changed.setdefault(path[0], {})
    return changed


def _carried(different: Differences, desired: Desired, changed: Values) -> list[Change]:
    """What `whole` sends along unchanged: shown, since nothing is sent that the plan does not show."""
    moved = {leaf.path for leaf in different.leaves}
    return [
        Change(render_path(path), value, value, Cause.CONFIG, desired.locate(path))
        for path, value in leaves(changed)
        if path not in moved
    ]


def _companions(desired: Desired, live: Live, changed: Values, rules: Rules) -> list[Change]:
    """Write-only members go along when their group changes (fact sheet 11.1, row 38); adds them to `changed`."""
    companions = []
    mutes = NO_MUTES if rules.include_muted else rules.mutes
    left = [*patterns(_ignored(desired, rules), rules.resource), *mutes.patterns(names_of(desired, live))]
    touched = without(desired.values, left)
    for path in rules.resource.never_compared:
        value = get(touched, path)
        if len(path) > 1 and path[0] in changed and value is not None and not rules.resource.is_create_only(path):
            put(changed, path, value)  # type: ignore[arg-type]  # a leaf
            companions.append(Change(render_path(path), None, value, Cause.CONFIG, desired.locate(path)))
    return companions


def _mirrors(live: Live, changed: Values, rules: Rules) -> Iterator[tuple[str, str]]:
    """(main group, group that mirrors it) for each touched main group whose follower is now equal to it.

    The API does not say whether the link still holds (fact sheet 12.5, inferred): equal counts as linked.
    """
    for main, followers in rules.resource.mirrors.items():
        held = live.values.get(main)
        for name in followers:
            if main in changed and isinstance(held, dict) and any(held.values()) and live.values.get(name) == held:
                yield main, name


def _held(wanted: Values, desired: Desired, live: Live, changed: Values, rules: Rules) -> list[Change]:
    """Declared members that would follow the main address away from their declared value: sent too, so that they stay.

    Adds them to `changed`. Without this, the next plan would find them moved.
    """
    held = []
    for main, name in _mirrors(live, changed, rules):
        declared, moved = wanted.get(name), changed[main]
        assert isinstance(moved, dict)
        for member, value in declared.items() if isinstance(declared, dict) else ():
            if member not in moved or get(changed, (name, member)) is not None:
                continue
            if moved[member] != value and get(live.values, (name, member)) == value:
                assert not isinstance(value, dict)
                put(changed, (name, member), value)
                path = (name, member)
                held.append(Change(render_path(path), value, value, Cause.CONFIG, desired.locate(path)))
    return held


def _followers(wanted: Values, desired: Desired, live: Live, changed: Values, rules: Rules) -> Iterator[Diagnostic]:
    """A note for the addresses or contacts that are not declared and may follow the main one."""
    linked: dict[str, list[str]] = {}
    for main, name in _mirrors(live, changed, rules):
        if name not in wanted and name not in changed:
            linked.setdefault(main, []).append(name)
    for main, names in linked.items():
        yield Diagnostic(
            Severity.NOTE,
            "P504",
            f"{live.number}: {' and '.join(names)} may change too, because they equal {main} now",
            remedy=f"Declare {' and '.join(names)} to hold what is there.",
            source=desired.locate((main,)),
        )
