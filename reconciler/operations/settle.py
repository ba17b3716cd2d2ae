"""Before anything is read: what earlier runs left open is closed, and what the ERP may still be doing is waited for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

from reconciler.core.errors import NotSent
from reconciler.core.normalise import number_key
from reconciler.core.plan import Outcome, Verb
from reconciler.core.ports import Erp
from reconciler.core.rules import Target
from reconciler.operations.connection import Pace
from reconciler.operations.past_runs import is_of, is_unclear
from reconciler.operations.workspace import Workspace
from reconciler.reports.wording import duration
from reconciler.state.journal import RunInfo, RunRecord
from reconciler.state.store import Store


def begun(workspace: Workspace, *, reserve: int = 0, no_wait: bool = False) -> tuple[Erp, tuple[RunInfo, ...]]:
    """Under the lock: the ERP, and the runs of the state, the newest first, as they stay until another one begins.

    The runs of dead processes are closed then, and what the ERP may still be at work on was waited for. The state is
    read first: one that cannot be read, perhaps for want of its key, is told before anything else that is missing.
    reserve: calls of the rate window that are left to others. Raises InvalidInput without credentials, StateError,
    NotSent with no_wait.
    """
    runs = workspace.store.runs.all()
    erp = workspace.erp(Pace(reserve, 0.0 if no_wait else None))
    return erp, _settled(workspace, runs, no_wait=no_wait)


def _settled(workspace: Workspace, runs: tuple[RunInfo, ...], *, no_wait: bool) -> tuple[RunInfo, ...]:
    """The runs once none is open of which the ERP may still be doing something.

    Such a customer cannot be seen yet: planned or looked up too early it would be created twice, or get back a number
    that it was to lose. One whose number the ERP keeps would be refused, and an update has its version. Raises NotSent
    with no_wait, or when stopped: whatever comes next waits for what is left.
    """
    store, listener = workspace.store, workspace.listener
    for run in (dead := store.runs.close_dead(runs)):
        listener.warn(f"Run {run.id} of {run.started_at} was cut short; see: reconciler runs show {run.id}")
    if dead:
        runs = store.runs.all()
    longest = workspace.settings.api.longest_answer
    waits = list(_waits(store, runs, workspace.place, longest))
    if not waits:
        return runs
    seconds, work, run_id = max(waits)
    why = f"the ERP may still be {work} of run {run_id}, which can take {duration(longest)}"
    if no_wait:
        raise NotSent(f"Not begun: {why}", remedy=f"Try again in {duration(seconds)}, or without --no-wait.")
    listener.waiting(seconds, why)
    listener.sleep(seconds)
    return runs


def _waits(store: Store, runs: Iterable[RunInfo], place: Target, longest: float) -> Iterator[tuple[float, str, str]]:
    """(seconds, what it does, run) for each write that the ERP may still be doing: sent less than `longest` seconds
    ago, its end unknown."""
    now = datetime.now(UTC)
    for info in runs:
        if info.finished_at is not None and _age(info.finished_at, now) > longest:
            continue  # whatever it sent, it sent before that
        if not is_of(info, place) or not is_unclear(info):
            continue
        record = store.runs.get(info.id)
        doubling = _doubling(record)
        renumbered = {action.label for action in record.plan().actions if action.action is Verb.RENUMBER}
        for entry in record.entries:
            if entry.intent_at and entry.outcome in doubling.get(entry.label, ()):
                left = longest - _age(entry.intent_at, now)
                verb = "renumbering" if entry.label in renumbered else "creating"
                if left > 0:
                    yield min(left, longest), f"{verb} {entry.label}", info.id


def _doubling(record: RunRecord) -> Mapping[str, tuple[Outcome | None, ...]]:
    """What of the run the ERP may still be at work on, by label, with the ends after which that is so.

    Creates that it numbers. It may also number a customer whose number is declared (fact sheet 12.3), unless it was
    seen to keep such a number: that counts where the answer failed to come, not where only this process was killed.
    And renumberings, which it may do later: one would undo what the next plan does.
    """
    actions = record.plan().actions
    creates = {action.label: action for action in actions if action.action is Verb.CREATE}
    kept = any(
        number_key(entry.number or "") == number_key(creates[entry.label].number or "")
        for entry in record.entries
        if entry.label in creates and entry.outcome is Outcome.DONE
    )
    numbered = () if kept else (Outcome.UNKNOWN,)
    ends = {label: (None, Outcome.UNKNOWN) if action.number is None else numbered for label, action in creates.items()}
    renumbered = (action.label for action in actions if action.action is Verb.RENUMBER)
    return ends | dict.fromkeys(renumbered, (None, Outcome.UNKNOWN))


def _age(moment: str, now: datetime) -> float:
    return (now - datetime.fromisoformat(moment)).total_seconds()
