"""Desired and live in, plan out. Pure: time, versions and identities of the target are passed in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from graphlib import TopologicalSorter
from typing import Literal

from reconciler.core.customer import Desired, Live
from reconciler.core.diagnostics import Diagnostic, Severity
from reconciler.core.diff import Differences, comparable, differences, new_values, order
from reconciler.core.fields import FIELDS, MIRRORS, Field, Form, Group, Read
from reconciler.core.fields import leaf as leaf_row
from reconciler.core.identity import pair
from reconciler.core.normalise import number_key, same
from reconciler.core.plan import (
    Action,
    Budget,
    Cause,
    Change,
    ConfigSummary,
    Guard,
    Plan,
    Refresh,
    Refusal,
    Summary,
    Verb,
)
from reconciler.core.ports import Need, View, Wire
from reconciler.core.values import Path, Scalar, Values, get, leaves, parse_path, put, render_path


@dataclass(frozen=True, slots=True)
class Rules:
    """How to compare: the settings' `ignore` paths, `nested_updates`, and whether null may be sent to clear (Q15)."""

    ignore: tuple[str, ...] = ()
    nested_updates: Literal["leaf", "whole"] = "leaf"
    send_null: bool = True


@dataclass(frozen=True, slots=True)
class Target:
    """What the plan is for, as it will be checked before applying."""

    environment: str
    company: str
    tenant_id: str
    base_url: str


@dataclass(frozen=True, slots=True)
class Memory:
    """What earlier runs recorded: the number of each ref, and the values last applied by `number_key`."""

    numbers: Mapping[str, str] = field(default_factory=dict)
    applied: Mapping[str, Values] = field(default_factory=dict)


def need_of(desired: Iterable[Desired]) -> Need:
    """What must be read to plan the declarations: their fields, and what identifies the ones without number."""
    fields: set[str] = {"number", "name"}
    own: dict[str, set[str]] = {}
    for each in desired:
        fields.update(each.values)
        fields.update(*(MIRRORS[name] for name in MIRRORS.keys() & each.values.keys()))
        if each.number is None:
            fields.update(each.match)
        else:
            for name in _OWN & each.values.keys():
                own.setdefault(name, set()).add(number_key(each.number))
    return Need(frozenset(fields), {name: frozenset(numbers) for name, numbers in own.items()})


def compute_plan(
    desired: tuple[Desired, ...],
    view: View,
    wire: Wire,
    *,
    rules: Rules,
    target: Target,
    config: ConfigSummary,
    memory: Memory,
    version: str,
    created_at: str,
    targets: frozenset[str] = frozenset(),
    mode: str = "full",
) -> Plan:
    """Compare and decide.

    targets: `number_key`s or refs to plan for; empty means all. The parents that they need come along.
    The result is in a fixed order for the same input, whatever the order of the declarations or of the rows.
    """
    paired = pair(desired, view.customers, memory.numbers)
    problems = list(paired.diagnostics)
    refusals: list[Refusal] = []
    actions: list[Action] = []
    unchanged = 0
    for each, live in paired.pairs:
        action = _create(each, wire, problems) if live is None else _update(each, live, wire, rules, memory, problems)
        if action is None:
            unchanged += live is not None
            continue
        actions.append(action)
        if live is not None and each.lifecycle.prevent_update:
            refusals.append(_prevented(each))
    problems.extend(_null_problems(actions, rules))
    ordered = _in_order(_linked(actions, problems))
    if targets:
        ordered = _targeted(ordered, targets)
        refusals = [each for each in refusals if each.number in {action.number for action in ordered}]
        problems.append(_targeted_note(targets))
    return Plan(
        reconciler_version=version,
        created_at=created_at,
        environment=target.environment,
        company=target.company,
        tenant_id=target.tenant_id,
        base_url=target.base_url,
        config=config,
        refresh=Refresh(mode, view.as_of, len(view.customers), view.requests),
        summary=Summary(
            create=sum(action.action is Verb.CREATE for action in ordered),
            update=sum(action.action is Verb.UPDATE for action in ordered),
            unchanged=unchanged,
            unmanaged=paired.unmanaged,
        ),
        actions=tuple(ordered),
        diagnostics=tuple(problems),
        budget=Budget(len(ordered), view.limit, view.remaining, view.reset_seconds),
        refusals=tuple(refusals),
    )


_OWN = {name for name, row in FIELDS.items() if row.where is Read.OWN}
_APART = {name for name, row in FIELDS.items() if row.where in (Read.OWN, Read.EXPANDED)}
_WHOLE = {name for name, row in FIELDS.items() if isinstance(row, Group) and name.endswith(("Address", "Contact"))}


# ---- one action ----


def _create(desired: Desired, wire: Wire, problems: list[Diagnostic]) -> Action | None:
    identity: Values = {"number": desired.number} if desired.number else {}
    values = identity | new_values(desired.values)
    name = values.get("name")
    if not isinstance(name, str):
        problems.append(_nameless(desired))
        return None
    changes = tuple(
        Change(render_path(path), None, value, Cause.CONFIG, desired.locate(path))
        for path, value in sorted(leaves(values), key=lambda both: order(both[0]))
    )
    return Action(Verb.CREATE, desired.number, desired.ref, name, desired.source, changes, wire.create(values))


def _update(
    desired: Desired, live: Live, wire: Wire, rules: Rules, memory: Memory, problems: list[Diagnostic]
) -> Action | None:
    ignored = rules.ignore + desired.lifecycle.ignore_changes + desired.lifecycle.create_only
    wanted = comparable(desired.values, ignored)
    found = differences(wanted, live.values, desired.complete)
    if not found:
        return None
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
    changes += [_removal(path, live, desired) for path in found.removed]
    changed = _body_values(found, live, rules)
    changes += _companions(desired, changed)
    changes += _held(wanted, desired, live, changed)
    problems.extend(_followers(wanted, desired, live, changed))
    return Action(
        Verb.UPDATE,
        live.number,
        desired.ref,
        _display_name(desired, live),
        desired.source,
        tuple(changes),
        wire.update(live, changed, found.removed),
    )


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


def _companions(desired: Desired, changed: Values) -> list[Change]:
    """Write-only members go along when their group changes (fact sheet 11.1, row 38); adds them to `changed`."""
    found = []
    for name in changed:
        row, below, wanted = FIELDS[name], changed[name], desired.values.get(name)
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


# ---- all actions ----


def _linked(actions: list[Action], problems: list[Diagnostic]) -> list[Action]:
    """The actions with `depends_on`: a customer's parent must be created before it (contract 6)."""
    created = {
        number_key(action.number): action
        for action in actions
        if action.action is Verb.CREATE and action.number is not None
    }
    linked = []
    for action in actions:
        parent = next((each.after for each in action.changes if each.path == "parentRecordNumber"), None)
        needed = created.get(number_key(parent)) if isinstance(parent, str) else None
        linked.append(action if needed is None else replace(action, depends_on=(needed.label,)))
    loops = _loops(linked)
    problems.extend(_looped(action) for action in linked if action.label in loops)
    return [action for action in linked if action.label not in loops]


def _loops(actions: list[Action]) -> set[str]:
    """Labels of actions that need each other, and of what hangs on them."""
    needs = {action.label: action.depends_on for action in actions}
    stuck = set()
    for label, direct in needs.items():
        seen, above = {label}, direct
        while above and above[0] in needs:
            if above[0] in seen:
                stuck.add(label)
                break
            seen.add(above[0])
            above = needs[above[0]]
    return stuck


def _in_order(actions: list[Action]) -> list[Action]:
    """Parents before children, otherwise by number as a person sorts them, new customers without number last."""
    needs = {action.label: action.depends_on for action in actions}
    sorter = TopologicalSorter(needs)
    sorter.prepare()
    level: dict[str, int] = {}
    depth = 0
    while sorter.is_active():
        ready = sorter.get_ready()
        level |= dict.fromkeys(ready, depth)
        sorter.done(*ready)
        depth += 1
    return sorted(actions, key=lambda action: (level[action.label], natural(action.number), action.ref or ""))


def natural(number: str | None) -> tuple[int, list[tuple[int, int, str]]]:
    """A sort key under which 900 stands before 10000 and no number stands last.

    >>> sorted(["10000", "900", "A-2", "A-10"], key=natural)
    ['900', '10000', 'A-2', 'A-10']
    """
    if number is None:
        return 1, []
    parts = re.findall(r"[0-9]+|[^0-9]+", number)
    return 0, [(0, len(part.lstrip("0")), part.lstrip("0")) if part.isdecimal() else (1, 0, part) for part in parts]


def _targeted(actions: list[Action], targets: frozenset[str]) -> list[Action]:
    by_label = {action.label: action for action in actions}
    wanted: set[str] = set()
    for action in actions:
        if (action.number and number_key(action.number) in targets) or action.ref in targets:
            at: Action | None = action
            while at is not None and at.label not in wanted:
                wanted.add(at.label)
                at = by_label.get(at.depends_on[0]) if at.depends_on else None
    return [action for action in actions if action.label in wanted]


# ---- what can go wrong ----


def _nameless(desired: Desired) -> Diagnostic:
    return Diagnostic(
        Severity.ERROR,
        "P501",
        f"{desired.label} does not exist in the ERP, and cannot be created without a name",
        remedy="Declare its name, or correct the number.",
        source=desired.source,
    )


def _looped(action: Action) -> Diagnostic:
    return Diagnostic(
        Severity.ERROR,
        "P502",
        f"{action.label} is to be created under {action.depends_on[0]}, which waits for {action.label} itself",
        remedy="Break the circle of parentRecordNumber.",
        source=action.source,
    )


def _prevented(desired: Desired) -> Refusal:
    return Refusal(
        Guard.LIFECYCLE,
        f"{desired.label} has lifecycle.prevent_update, and differs from the ERP",
        "Take prevent_update away, or bring the declaration in line with the ERP.",
        desired.number,
        desired.source,
    )


def _null_problems(actions: list[Action], rules: Rules) -> Iterator[Diagnostic]:
    """Nullable types can only be cleared by `{"value": null}`, whose effect is unknown (fact sheet 14, Q15)."""
    cleared = [
        (action, change)
        for action in actions
        for change in action.changes
        if change.after is None and (row := leaf_row(parse_path(change.path))) is not None and row.nullable
    ]
    if cleared and rules.send_null:
        summary = f"{len(cleared)} field{'s are' if len(cleared) > 1 else ' is'} cleared with null"
        yield Diagnostic(
            Severity.WARNING,
            "P506",
            f"{summary}: the ERP does not document what it makes of that",
            detail=", ".join(f"{action.label} {change.path}" for action, change in cleared[:5]),
            remedy="Plan again after applying to see whether it took. api.clear_nullable: refuse forbids it.",
            source=cleared[0][1].source,
        )
        return
    for action, change in cleared:
        yield Diagnostic(
            Severity.ERROR,
            "P505",
            f"{action.label}: {change.path} can only be cleared by sending null, which api.clear_nullable refuses",
            remedy="Declare a value, remove the line, or set api.clear_nullable: send-null.",
            source=change.source,
        )


def _targeted_note(targets: frozenset[str]) -> Diagnostic:
    return Diagnostic(
        Severity.WARNING,
        "P503",
        f"This plan covers only {', '.join(sorted(targets))}; other declarations may differ too",
        remedy="Plan without --target to see all.",
    )


def incomplete(
    desired: Iterable[Desired], live: Iterable[Live], memory: Memory, need: Need
) -> tuple[tuple[str, Need], ...]:
    """(number, what to read) of each managed customer that lacks a member which its declaration compares.

    A row may leave out what it was asked to expand, and absent then means unknown, never empty (fact sheet 13.7, Q19);
    and the customer of a ref is only known now, so that its note or sales persons could not be asked for before.
    """
    wanted = [each for each in desired if not _APART.isdisjoint(each.values)]
    if not wanted:
        return ()
    found = []
    for each, customer in pair(wanted, live, memory.numbers).pairs:
        if customer is None:
            continue
        lacking = {name for name in _APART & each.values.keys() if name not in customer.values}
        if lacking:
            own = {name: frozenset({number_key(customer.number)}) for name in lacking & _OWN}
            found.append((customer.number, Need(need.fields, own)))
    return tuple(found)
