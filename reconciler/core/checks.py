"""What can be wrong with a plan as a whole, told with the place and the remedy. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches

from reconciler.core.desired import Desired
from reconciler.core.diagnostics import Diagnostic, Severity
from reconciler.core.identity import Pairing
from reconciler.core.live import Live
from reconciler.core.normalise import match_key, number_key
from reconciler.core.patterns import covers, patterns
from reconciler.core.plan import Action, Change, Guard, Refusal
from reconciler.core.ports import View
from reconciler.core.rules import Rules
from reconciler.resources.customer import CUSTOMER
from reconciler.resources.grammar import Resource
from reconciler.resources.values import Path, parse_path, render_path

_NAMED = 10


def rivals(paired: Pairing, resource: Resource = CUSTOMER) -> Iterator[Diagnostic]:
    """New customers without number whose match fields another new customer has too: the next run could not tell."""
    new = [each for each, live in paired.pairs if live is None]
    holders: dict[tuple[str, object], Desired] = {}
    for each in sorted(new, key=lambda one: one.number is None):  # a number is the stronger claim
        keys = [(name, key) for name in each.match if (key := match_key(name, each.values.get(name), resource))]
        other = next((holders[key] for key in keys if key in holders), None)
        if other is not None and each.number is None:
            yield Diagnostic(
                Severity.ERROR,
                "I414",
                f"{each.label} and {other.label} ({other.source}) are both new and have the same"
                f" {' or '.join(each.match)}",
                remedy="Keep one of the two declarations, or give both a number.",
                source=each.source,
            )
        for mark in keys:
            holders.setdefault(mark, each)


def layout_note(layouts: Mapping[str, Sequence[Path]]) -> Iterator[Diagnostic]:
    """What the ERP has in another layout than declared, which is no change. layouts: fields by customer number."""
    if not layouts:
        return
    fields = Counter(render_path(path) for paths in layouts.values() for path in paths)
    of_whom = next(iter(layouts)) if len(layouts) == 1 else f"{len(layouts):,} customers"
    named = ", ".join(f"{path} ({count:,})" if len(layouts) > 1 else path for path, count in sorted(fields.items()))
    yield Diagnostic(
        Severity.NOTE, "P539", f"{of_whom}: the ERP has the same value in another layout, which is no change: {named}"
    )


def orphans(
    actions: Iterable[Action], paired: Pairing, view: View, resource: Resource = CUSTOMER
) -> Iterator[Diagnostic]:
    """Parents that are neither live nor declared. A warning: the ERP may take another kind of account for a parent."""
    parents = [
        (action, change, change.after)
        for action in actions
        for change in action.changes
        if change.path == resource.parent and isinstance(change.after, str)
    ]
    if not parents:
        return
    known = {number_key(live.number) for live in view.customers}
    known |= {number_key(each.number) for each, _ in paired.pairs if each.number is not None}
    known |= {number_key(row.number) for row in view.doubts.unreadable if row.number is not None}
    near_ref = _Near(sorted(declaration.ref for declaration, _ in paired.pairs if declaration.ref is not None))
    for action, change, parent in parents:
        if number_key(parent) not in known:
            likely = near_ref(parent)
            yield Diagnostic(
                Severity.WARNING,
                "P514",
                f"{action.label}: its parent {parent} is neither a customer of the ERP nor declared",
                remedy=(f"Is ref {likely[0]} meant? " if likely else "")
                + f"Correct {resource.parent}; the ERP will refuse the customer otherwise.",
                source=change.source,
            )


class _Near:
    """The nearest of the known texts. A search looks at all of them, so that only so many are made."""

    def __init__(self, known: list[str]) -> None:
        self._known = known
        self._found: dict[str, list[str]] = {}
        self._left = _MOST_LOOKS

    def __call__(self, text: str) -> list[str]:
        if text not in self._found and self._left >= len(self._known):
            self._left -= len(self._known)
            self._found[text] = get_close_matches(text[:_LONGEST], self._known, 1)
        return self._found.get(text, [])


_MOST_LOOKS, _LONGEST = 100_000, 100
"""About a second's work."""


def nameless(desired: Desired) -> Diagnostic:
    return Diagnostic(
        Severity.ERROR,
        "P501",
        f"{desired.label} does not exist in the ERP, and cannot be created without a name",
        remedy="Declare its name, or correct the number.",
        source=desired.source,
    )


def same_label(action: Action) -> Diagnostic:
    """Two actions that results could not be told apart by."""
    return Diagnostic(
        Severity.ERROR,
        "I415",
        f"{action.label!r} has the same name as another action of the plan",
        remedy="Choose another ref.",
        source=action.source,
    )


def prevented(desired: Desired, live: Live) -> Refusal:
    return Refusal(
        Guard.LIFECYCLE,
        f"{desired.label} has lifecycle.prevent_update, and differs from the ERP",
        "Take prevent_update away, or bring the declaration in line with the ERP.",
        live.number,
        desired.source,
    )


def second_defaults(
    desired: Desired, live: Live, changes: Iterable[Change], resource: Resource = CUSTOMER
) -> Iterator[Diagnostic]:
    """Lines that are to be the default one while another line, which may not be declared, stays it."""
    changed = {parse_path(change.path): change for change in changes}
    meant = patterns(desired.lifecycle.as_typed)
    for group, flag in resource.sole_flags:
        if flag.sole_within:
            continue  # what the ERP makes of a second one is not known
        lines = live.values.get(group)
        defaults = [
            key
            for key, line in (lines.items() if isinstance(lines, dict) else ())
            if isinstance(line, dict) and line.get(flag.name) is True
            if (group, key, flag.name) not in changed and (group, key) not in changed
        ]
        for path, change in changed.items():
            is_chosen = len(path) == 3 and (path[0], path[2]) == (group, flag.name) and change.after is True
            if not is_chosen or not defaults or any(covers(pattern, path) for pattern in meant):
                continue
            there = render_path((group, defaults[0], flag.name))
            yield Diagnostic(
                Severity.WARNING,
                "P538",
                f"{desired.label}: {change.path} is to be true beside {there}, which is true in the ERP and stays so",
                remedy=f"Declare {there} as false: the ERP takes one."
                f" If both are meant, add '{change.path}' to lifecycle.as_typed.",
                source=change.source,
            )


def mute_notes(action: Action, names: tuple[str | None, ...], rules: Rules) -> Iterator[Diagnostic]:
    """What mutes have to do with the changes of an action: those that ended, and those that were set aside."""
    for change in action.changes:
        if change.before == change.after:
            continue
        if mute := rules.mutes.find(names, change.path):
            yield Diagnostic(
                Severity.WARNING,
                "P534",
                f"{action.label}: {change.path} is muted until {mute.until}, and sent all the same (--include-muted)",
                detail=f"Its reason: {mute.reason!r}.",
                source=mute.source,
            )
        elif mute := rules.mutes.ended(names, change.path):
            yield Diagnostic(
                Severity.NOTE,
                "P533",
                f"{action.label}: the mute of {change.path} ended with {mute.until}: it is written again",
                remedy="Remove the mute, or give it a new day.",
                source=mute.source,
            )


def null_problems(actions: list[Action], rules: Rules) -> Iterator[Diagnostic]:
    """Nullable types can only be cleared by `{"value": null}`, whose effect is unknown (fact sheet 14, Q15)."""
    cleared = [
        (action, change)
        for action in actions
        for change in action.changes
        if change.after is None and (row := rules.resource.leaf(parse_path(change.path))) is not None and row.nullable
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


def targeted_note(targets: frozenset[str], excluded: frozenset[str] = frozenset()) -> Diagnostic:
    left_out = f"leaves out {_names(excluded)}" if excluded else ""
    summary = f"covers only {_names(targets)}; other declarations may differ too"
    return Diagnostic(
        Severity.WARNING,
        "P503",
        f"This plan {f'{left_out}; they may differ too' if excluded else summary}",
        remedy=f"Plan without {'--exclude' if excluded else '--target'} to see all.",
    )


def excluded_parent(action: Action, parent: Action) -> Diagnostic:
    return Diagnostic(
        Severity.WARNING,
        "P503",
        f"{action.label} is left out: it needs {parent.label}, which is excluded and does not exist yet",
        remedy=f"Leave {parent.label} out of --exclude.",
        source=action.source,
    )


def _names(targets: frozenset[str]) -> str:
    """The first targets, each once: numbers may stand among them as given and as compared."""
    names = sorted({number_key(target) for target in targets})
    rest = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + rest
