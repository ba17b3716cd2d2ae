"""The use case `drift`: what changed in the ERP behind the declarations' back. Writes no customer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from reconciler.core.drift import Drift
from reconciler.core.drift_detection import compute_drift, looked_at, sightings
from reconciler.core.ports import View
from reconciler.core.rules import Memory
from reconciler.operations.declarations import load, select
from reconciler.operations.last_applied import last_applied_and_erp
from reconciler.operations.mutes import sound_mutes
from reconciler.operations.pipeline import comparison_of, heading_of, made_offline, refresh_and_compute, refreshing
from reconciler.operations.workspace import Workspace


def drift(
    workspace: Workspace,
    *,
    targets: Sequence[str] = (),
    refresh: str = "incremental",
    applied: str | None = None,
) -> Drift:
    """Read and compare. targets, refresh, applied: as for `plan`.

    Raises InvalidInput, WrongUsage, ErpError, StateError.
    """
    loaded = load(workspace)
    selection = select(loaded, targets)
    mutes = sound_mutes(workspace, loaded)
    last, erp = last_applied_and_erp(workspace, applied, offline=refresh == "none")
    place = workspace.place
    history = workspace.store.sightings(place).load()
    if erp is not None:
        workspace.listener.say(f"Reading the customers of {place.environment} ...")
    memory = last.memory

    def drifted(view: View) -> Drift:
        comparison = last.of_drift(comparison_of(workspace.settings, loaded, view, memory, selection))
        report = compute_drift(
            comparison,
            heading=heading_of(place, workspace.now()),
            history=history,
            mutes=mutes.mutes,
            applied_at=last.applied_at,
        )
        problems = (*loaded.diagnostics, *mutes.diagnostics, *last.diagnostics(), *report.diagnostics)
        return replace(report, diagnostics=comparison.about_targets((*problems, *made_offline(view))))

    return refresh_and_compute(refreshing(workspace, loaded, memory), erp, refresh, drifted, drifted_numbers)[0]


def record_drift(workspace: Workspace, report: Drift) -> None:
    """Note in the state that this was reported: what it has is not new in the next report. Raises StateError."""
    place, keys = workspace.place, frozenset(report.targets)
    memory = workspace.store.known(place).load(whole=False).memory() if keys else Memory()
    workspace.store.sightings(place).record(report.created_at, sightings(report), within=looked_at(keys, memory))


def drifted_numbers(report: Drift) -> Iterator[str]:
    """The numbers of the customers of which some field is told."""
    return (customer.number for customer in report.customers if customer.fields and customer.number)
