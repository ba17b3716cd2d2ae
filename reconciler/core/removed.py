"""Customers that were managed and lost their declaration (contract 2, `on_removed`). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reconciler.core.customer import Desired, Live
from reconciler.core.diagnostics import Diagnostic, Severity, Source
from reconciler.core.identity import Pairing
from reconciler.core.normalise import number_key
from reconciler.core.ordering import natural
from reconciler.core.plan import (
    Action,
    Cause,
    Change,
    Verb,
)
from reconciler.core.ports import View, Wire
from reconciler.core.rules import Memory, Rules


def removed(desired: Iterable[Desired], paired: Pairing, view: View, memory: Memory) -> tuple[Live, ...]:
    """Live customers that an earlier run managed, and that no declaration means any more."""
    if not memory.applied:
        return ()
    meant = {number_key(live.number) for _, live in paired.pairs if live is not None}
    meant |= {number_key(each.number) for each in desired if each.number is not None}
    meant |= {number_key(memory.numbers[each.ref]) for each in desired if each.ref and each.ref in memory.numbers}
    found = [live for live in view.customers if (key := number_key(live.number)) in memory.applied and key not in meant]
    return tuple(sorted(found, key=lambda live: natural(live.number)))


_SETTINGS = Source("reconciler.yaml", 1, 1)


def deactivations(removed: Iterable[Live], wire: Wire) -> Iterator[Action]:
    """`on_removed: deactivate`: there is no deletion in the ERP, Inactive stands for it (fact sheet 12.6)."""
    for live in removed:
        before = live.values.get("status")
        if before == "Inactive":
            continue
        change = Change("status", before, "Inactive", Cause.CONFIG, _SETTINGS)
        request = wire.update(live, {"status": "Inactive"}, ())
        yield Action(Verb.UPDATE, live.number, None, live.name, _SETTINGS, (change,), request)


def left_alone(removed: tuple[Live, ...], rules: Rules) -> Iterator[Diagnostic]:
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
