"""The use case `drift`: what changed in the ERP behind the declarations' back. Writes no customer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from reconciler._version import __version__
from reconciler.config.read.declarations import Loaded
from reconciler.config.read.mutes import Mutes
from reconciler.config.settings import Settings
from reconciler.core.diagnostics import has_errors
from reconciler.core.drift import Drift, History
from reconciler.core.drift_detection import compute_drift, looked_at, sightings
from reconciler.core.errors import InvalidInput
from reconciler.core.ports import View
from reconciler.core.rules import Memory, Target
from reconciler.operations.declarations import load, target_keys
from reconciler.operations.mutes import sound_mutes
from reconciler.operations.pipeline import made_offline, refresh_and_compute, refreshing, rules_of
from reconciler.operations.workspace import Workspace


def drift(workspace: Workspace, *, targets: Sequence[str] = (), refresh: str = "incremental") -> Drift:
    """Read and compare. targets, refresh: as for `plan`. Raises InvalidInput, WrongUsage, ErpError, StateError."""
    loaded = load(workspace, targets)
    mutes = sound_mutes(workspace, loaded)
    erp = None if refresh == "none" else workspace.erp()
    place = workspace.place
    if erp is not None:
        workspace.listener.say(f"Reading the customers of {place.environment} ...")
    known, history = workspace.store.known(place).load(), workspace.store.sightings(place).load()
    memory = known.memory()

    def drifted(view: View) -> Drift:
        return make_drift(
            workspace.settings,
            loaded,
            view,
            mutes=mutes,
            target=place,
            created_at=workspace.now(),
            targets=target_keys(targets),
            memory=memory,
            history=history,
            applied_at=lambda key: known[key].applied_at if key in known else None,
        )

    return refresh_and_compute(refreshing(workspace, loaded, memory), erp, refresh, drifted, drifted_numbers)[0]


def record_drift(workspace: Workspace, report: Drift, targets: Sequence[str] = ()) -> None:
    """Note in the state that this was reported: what it has is not new in the next report. Raises StateError.

    targets: those of the report.
    """
    place, keys = workspace.place, target_keys(targets)
    memory = workspace.store.known(place).load().memory() if keys else Memory()
    workspace.store.sightings(place).record(report.created_at, sightings(report), within=looked_at(keys, memory))


def make_drift(
    settings: Settings,
    loaded: Loaded,
    view: View,
    *,
    mutes: Mutes,
    target: Target,
    created_at: str,
    targets: frozenset[str] = frozenset(),
    memory: Memory | None = None,
    history: History | None = None,
    applied_at: Callable[[str], str | None] = lambda _key: None,
) -> Drift:
    """Compare, and tell apart who moved. Raises InvalidInput when declarations or mutes have errors.

    history: what the last report saw. applied_at: when a customer (`number_key`) was last applied.
    """
    problems = (*loaded.diagnostics, *mutes.diagnostics)
    if has_errors(problems):
        raise InvalidInput(problems)
    report = compute_drift(
        loaded.desired,
        view,
        rules=rules_of(settings),
        target=target,
        memory=memory or Memory(),
        history=history or History(),
        mutes=mutes.mutes,
        applied_at=applied_at,
        version=__version__,
        created_at=created_at,
        targets=targets,
    )
    return replace(report, diagnostics=(*problems, *report.diagnostics, *made_offline(view)))


def drifted_numbers(report: Drift) -> Iterator[str]:
    """The numbers of the customers of which some field is told."""
    return (customer.number for customer in report.customers if customer.fields and customer.number)
