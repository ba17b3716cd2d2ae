"""Runs that are over or were cut short: how they ended, and what is known to be done of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from reconciler.apply.presence import exists_remedy
from reconciler.core.parents import completed_results
from reconciler.core.plan import STATE_LOST, Action, Cause, Change, Outcome, Plan, Result, Run
from reconciler.core.rules import Target
from reconciler.operations.workspace import Workspace
from reconciler.state.journal import Entry, RunInfo, RunRecord, RunStatus
from reconciler.state.lock_holder import Life
from reconciler.state.store import Store


@dataclass(frozen=True, slots=True)
class PastRun:
    """A run as the journal has it. status: `RunStatus`, or `killed` for one that nobody goes on with."""

    info: RunInfo
    status: str


def runs(workspace: Workspace) -> tuple[PastRun, ...]:
    """The runs that the state keeps, the newest first. Raises StateError."""
    store = workspace.store
    return tuple(PastRun(info, _status(info, store)) for info in store.runs.all())


def past_run(workspace: Workspace, run_id: str) -> tuple[PastRun, Run]:
    """One run, as `apply` would report it. Raises WrongUsage when there is none, StateError, Refused."""
    store = workspace.store
    record = store.runs.get(run_id)
    return PastRun(record.info, _status(record.info, store)), ended(record, record.plan())


def _status(info: RunInfo, store: Store) -> str:
    """A run that was never closed is going on, or was killed: the lock tells."""
    if info.status is not RunStatus.RUNNING:
        return info.status.value
    holder = store.holder()
    return "killed" if holder is None or holder.life is Life.ENDED else "running"


# ---- how a run ended ----


def ended(record: RunRecord, plan: Plan) -> Run:
    """The run as `apply` would report it. What was cut short says so."""
    info = record.info
    last = max((entry.finished_at or entry.intent_at or "" for entry in record.entries), default="")
    return Run(
        plan,
        tuple(completed_results(_results(record, plan))),
        info.started_at,
        info.finished_at or last or info.started_at,
    )


def _results(record: RunRecord, plan: Plan) -> Iterator[Result]:
    entries = {entry.label: entry for entry in record.entries}
    remedy = f"reconciler runs resume {record.info.id}"
    for action in plan.actions:
        entry = entries.get(action.label)
        if entry is None:
            yield Result(action, Outcome.SKIPPED, action.number, "The run ended before it.", remedy)
        elif entry.outcome is None:
            message = "The run ended while it was written: it may or may not be done."
            yield Result(action, Outcome.UNKNOWN, action.number, message, remedy)
        else:
            result = Result(action, entry.outcome, entry.number or action.number, entry.message, version=entry.version)
            if result.outcome is Outcome.EXISTS:
                result = replace(result, remedy=exists_remedy(action, result.number or action.label, result.message))
            yield replace(
                result, normalised=_stored(entry, action, taken=True), not_taken=_stored(entry, action, taken=False)
            )


def _stored(entry: Entry, action: Action, *, taken: bool) -> tuple[Change, ...]:
    """What the ERP stored otherwise than sent, as the reading back found it: in another form, or not taken at all."""
    places = {change.path: change.source for change in action.changes}
    return tuple(
        Change(stored.path, stored.sent, stored.stored, Cause.UNKNOWN, places.get(stored.path))
        for stored in entry.read_back or ()
        if stored.taken is taken
    )


def run_status(run: Run) -> RunStatus:
    """How the run ended: what could not be read back counts as done in part, since nobody knows whether the ERP took
    the values; so does what could not be recorded, since whoever reads the state does not know of it."""
    if run.interrupted is not None:
        return RunStatus.INTERRUPTED
    if run.is_good:
        return RunStatus.DONE
    partial = (Outcome.DONE, Outcome.EXISTS, Outcome.CONFLICT, Outcome.UNKNOWN)
    is_recorded = all(diagnostic.code != STATE_LOST for diagnostic in run.diagnostics)
    if not run.results or not is_recorded or any(result.outcome in partial for result in run.results):
        return RunStatus.PARTIAL
    return RunStatus.FAILED


def unsure(record: RunRecord) -> frozenset[str]:
    """Labels of what was going to be sent and is not done, as far as is known: it is looked up before it is sent.

    Whatever the journal says of it: a try that failed may have been followed by one that was not sent, and only the
    intent tells that there was one.
    """
    return frozenset(
        entry.label for entry in record.entries if entry.intent_at is not None and entry.outcome is not Outcome.DONE
    )


# ---- which runs count ----


def is_of(info: RunInfo, place: Target | Plan | RunInfo) -> bool:
    """Whether the run wrote, or would have written, to the same company of the same ERP."""
    here = (place.environment, place.tenant_id, place.base_url)
    return (info.environment, info.tenant_id, info.base_url) == here


def is_unclear(info: RunInfo) -> bool:
    """Whether it is not known of some action whether it is done."""
    return bool(info.open) or Outcome.UNKNOWN in info.outcomes
