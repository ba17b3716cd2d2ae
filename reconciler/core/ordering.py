"""The order of a plan's actions: parents first, then by number. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from graphlib import TopologicalSorter

from reconciler.core.checks import excluded_parent, same_label
from reconciler.core.diagnostics import Diagnostic
from reconciler.core.normalise import number_key
from reconciler.core.parents import circled, in_circles, parent_of
from reconciler.core.plan import Action, Verb
from reconciler.resources.values import NumberOf


def linked(actions: list[Action], problems: list[Diagnostic]) -> list[Action]:
    """The actions with `depends_on`: a customer's parent must be created before it (docs/apply.md), whether it is named
    by number or by ref."""
    seen: set[str] = set()
    for action in actions:
        if action.label in seen:
            problems.append(same_label(action))
        seen.add(action.label)
    creates = [action for action in actions if action.action is Verb.CREATE]
    created: dict[object, Action] = {number_key(action.number): action for action in creates if action.number}
    created |= {NumberOf(action.ref): action for action in creates if action.ref}
    linked = []
    for action in actions:
        parent = parent_of(action)
        needed = created.get(number_key(parent) if isinstance(parent, str) else parent)
        linked.append(action if needed is None else replace(action, depends_on=(needed.label,)))
    circles = in_circles({action.label: action.depends_on[0] for action in linked if action.depends_on})
    problems.extend(
        circled(action.label, action.depends_on[0], action.source) for action in linked if action.label in circles
    )
    return [action for action in linked if action.label not in circles]


def in_order(actions: list[Action]) -> list[Action]:
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


def is_target(number: str | None, ref: str | None, targets: frozenset[str]) -> bool:
    """Whether the number or the ref is one of the targets (`number_key`s and refs)."""
    return (number is not None and number_key(number) in targets) or ref in targets


def targeted(
    actions: list[Action], targets: frozenset[str], excluded: frozenset[str], problems: list[Diagnostic]
) -> list[Action]:
    """The actions of the targets, with those that they depend on. What depends on an excluded one is left out, too."""
    by_label = {action.label: action for action in actions}
    wanted: set[str] = set()
    for action in actions:
        if not is_target(action.number, action.ref, targets):
            continue
        needed = _with_needed(action, by_label)
        barrier = next((one for one in needed if is_target(one.number, one.ref, excluded)), None)
        if barrier is None:
            wanted.update(one.label for one in needed)
        else:
            problems.append(excluded_parent(action, barrier))
    return [action for action in actions if action.label in wanted]


def _with_needed(action: Action, by_label: Mapping[str, Action]) -> list[Action]:
    """The action and all that it depends on; there are no circles."""
    reached = {action.label: action}
    for one in (waiting := [action]):
        new = [by_label[label] for label in one.depends_on if label in by_label and label not in reached]
        reached |= {other.label: other for other in new}
        waiting += new
    return list(reached.values())
