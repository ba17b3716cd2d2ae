"""Customers that were managed and lost their declaration (docs/settings.md, `on_removed`). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reconciler.core.desired import Desired
from reconciler.core.diagnostics import Diagnostic, Severity, Source
from reconciler.core.identity import Pairing
from reconciler.core.live import Live
from reconciler.core.normalise import number_key
from reconciler.core.ordering import natural
from reconciler.core.plan import Action, Cause, Change, LeftAlone, LeftField, Verb
from reconciler.core.ports import View, Wire
from reconciler.core.rules import Memory, Rules


def removed(
    desired: Iterable[Desired],
    paired: Pairing,
    view: View,
    memory: Memory,
    spoken_for: frozenset[str] = frozenset(),
) -> tuple[Live, ...]:
    """Live customers that an earlier run managed, and that no declaration means any more.

    spoken_for: `number_key`s that count as declared beside those.
    """
    if not memory.applied:
        return ()
    meant = {number_key(live.number) for _, live in paired.pairs if live is not None} | spoken_for
    declarations = tuple(desired)
    meant |= {number_key(one.number) for one in declarations if one.number is not None}
    meant |= {number_key(memory.numbers[one.ref]) for one in declarations if one.ref and one.ref in memory.numbers}
    undeclared = (
        live for live in view.customers if (key := number_key(live.number)) in memory.applied and key not in meant
    )
    return tuple(sorted(undeclared, key=lambda live: natural(live.number)))


_SETTINGS = Source("reconciler.yaml", 1, 1)


def deactivations(removed: Iterable[Live], wire: Wire, rules: Rules) -> Iterator[Action | LeftAlone]:
    """`on_removed: deactivate`: there is no deletion in the ERP, Inactive stands for it (fact sheet 12.6).

    A customer whose status is muted is left alone.
    """
    resource = rules.resource
    for live in removed:
        before = live.values.get(resource.status)
        if before == resource.retired:
            continue
        mute = None if rules.include_muted else rules.mutes.find((number_key(live.number),), resource.status)
        if mute is not None:
            field = LeftField(resource.status, before, resource.retired, Cause.CONFIG, _SETTINGS, mute=mute)
            yield LeftAlone(live.number, None, live.name, _SETTINGS, (field,))
            continue
        change = Change(resource.status, before, resource.retired, Cause.CONFIG, _SETTINGS)
        request = wire.update(live, {resource.status: resource.retired}, ())
        yield Action(Verb.UPDATE, live.number, None, live.name, _SETTINGS, (change,), request, resource=resource.name)


def nothing_known(rules: Rules, memory: Memory) -> Iterator[Diagnostic]:
    """A warning where `on_removed: deactivate` can do nothing: only earlier runs tell what was managed."""
    if rules.deactivate_removed and not memory.applied:
        yield Diagnostic(
            Severity.WARNING,
            "P535",
            "on_removed: deactivate does nothing here: no earlier run is recorded, so which customers lost their"
            " declaration is not known",
            remedy="Keep the state from run to run (the setting state), and apply with it once. In CI, keep its file"
            " between jobs.",
            source=_SETTINGS,
        )


def removal_notes(removed: tuple[Live, ...], rules: Rules) -> Iterator[Diagnostic]:
    if not removed:
        return
    names = ", ".join(live.number for live in removed[:10]) + (" and more" if len(removed) > 10 else "")
    yield Diagnostic(
        Severity.WARNING,
        "P512",
        f"{len(removed)} customer{'s' * (len(removed) > 1)} lost the declaration: {names}",
        detail="goes to Inactive" if rules.deactivate_removed else "left as it is in the ERP",
        remedy="Put the declaration back, or set on_removed to "
        f"{'ignore' if rules.deactivate_removed else 'ignore or deactivate'}.",
    )
