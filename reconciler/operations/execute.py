"""Executing a plan, for `apply`, `runs resume` and `runs undo`: under the lock, journaled, read back, remembered."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from reconciler.cli.shell.exit_codes import Exit
from reconciler.cli.shell.stopping import Stopping, stop_signals

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.apply.readback import Checked
    from reconciler.cli.commands.plan import Compared
    from reconciler.cli.shell.session import Session
    from reconciler.core.diagnostics import Diagnostic
    from reconciler.core.live import Live
    from reconciler.core.plan import Plan, Result, Run
    from reconciler.core.ports import Erp
    from reconciler.core.rules import Target
    from reconciler.state.sqlite.journal import Journal, RunStatus, Stored
    from reconciler.state.sqlite.store import Store


@dataclass(frozen=True)
class Job:
    """A plan to execute. `compared` is what it was made from, when that is at hand.

    already, open_labels: what an earlier try of the same run did, and what it may have done.
    """

    made: Plan
    place: Target
    journal: Journal | None
    parallelism: int
    compared: Compared | None = None
    already: Mapping[str, Result] = field(default_factory=dict)
    open_labels: Collection[str] = ()


def execute(session: Session, store: Store, erp: Erp, job: Job, stopping: Stopping, *, live: bool) -> Run:
    """Execute, showing each result as it comes, in the plan's order; then read back, and remember what was applied."""
    from reconciler.cli.shell.session import now
    from reconciler.core.plan import Run
    from reconciler.operations import pipeline
    from reconciler.reports.formats.text import stored_lines

    started = now()
    results: list[Result] = []
    doubt = partial(store.snapshot(job.place).doubt, [each.number for each in job.made.actions if each.number])
    doubt()  # before the first write, since the run may be killed; and after the last, since others may plan meanwhile
    with stop_signals(session, stopping):
        found = pipeline.apply_plan(
            job.made,
            erp,
            job.journal,
            parallelism=job.parallelism,
            recheck_nested=session.settings.api.recheck_nested,
            already=job.already,
            open_labels=job.open_labels,
            stop=stopping.is_set,
            abandon=stopping.is_at_once,
        )
        for result in _in_plan_order(job.made, found):
            results.append(result)
            if live:
                live = _told(session, result)
    checked = _read_back(results, erp, job, stopping)
    if live:
        shown = [session.redactor.result(each) for each in checked.results] if session.redactor else checked.results
        session.print(line for result in shown for line in stored_lines(result))
    run = Run(job.made, checked.results, started, now(), interrupted=stopping.exit_code)
    if checked.unread:
        run = replace(run, diagnostics=(_unread(checked.unread),))
    _remember(session, store, job, run, checked.live)
    if job.journal is not None:
        job.journal.read_back(_stored(checked))
        job.journal.close(_status(run))
        if run.interrupted is not None:
            session.say(f"Stopped. Go on with: reconciler runs resume {job.journal.run_id}")
    _keep(session, doubt)  # last: what is written is accounted for, whatever becomes of a cache
    return run


def _keep(session: Session, doubt: Callable[[], None]) -> None:
    from reconciler.cli.commands.plan import not_kept
    from reconciler.core.errors import StateError

    try:
        doubt()
    except StateError as error:
        not_kept(session, error)


def _read_back(results: list[Result], erp: Erp, job: Job, stopping: Stopping) -> Checked:
    """Compare what was written, unless the run is stopped: that must not wait for more, nor lose what is done."""
    from reconciler.apply.readback import Checked, read_back

    if not stopping.is_at_once():
        try:
            return read_back(results, erp, list_requests=job.made.refresh.list_requests, earlier=job.already)
        except KeyboardInterrupt:
            stopping.ask(Exit.INTERRUPTED)
        except SystemExit:  # what SIGTERM raises where nothing is in flight
            stopping.ask(Exit.TERMINATED)
    return Checked(tuple(results), {}, "the run was stopped")


def _told(session: Session, result: Result) -> bool:
    """Show a result; whether there is still somebody who reads. Output that fails must not end the accounting."""
    from reconciler.reports.formats.text import result_lines

    try:
        session.print(result_lines(session.redactor.result(result) if session.redactor else result))
    except (OSError, ValueError):
        return False
    return True


def _stored(checked: Checked) -> dict[str, list[Stored]]:
    """By label, what the ERP stored otherwise than sent, of the customers that were read back."""
    from reconciler.core.normalise import number_key
    from reconciler.state.sqlite.journal import Stored

    return {
        each.action.label: [
            Stored(change.path, change.before, change.after, taken)
            for changes, taken in ((each.normalised, True), (each.not_taken, False))
            for change in changes
        ]
        for each in checked.results
        if number_key(each.number or "") in checked.live
    }


def _unread(why: str) -> Diagnostic:
    from reconciler.core.diagnostics import Diagnostic, Severity
    from reconciler.core.plan import UNREAD

    return Diagnostic(
        Severity.WARNING,
        UNREAD,
        f"The written customers could not be read back: {why}",
        remedy="Go on with it: reconciler runs resume. Or plan again to compare.",
    )


def _remember(session: Session, store: Store, job: Job, run: Run, live: Mapping[str, Live]) -> None:
    from reconciler.operations import pipeline, remember

    known = store.known(job.place)
    previous = known.load()
    known.record(
        remember.records(
            run,
            live,
            previous,
            paired=job.compared.paired if job.compared else None,
            rules=pipeline.rules_of(session.settings),
            run_id=job.journal.run_id if job.journal else None,
        )
    )
    known.forget(remember.forgotten(run, previous))


def _in_plan_order(made: Plan, results: Iterable[Result]) -> Iterator[Result]:
    """The results in the plan's order, each as soon as all before it are there: output never depends on timing."""
    arrived: dict[str, Result] = {}
    waiting = iter(made.actions)
    due = next(waiting, None)
    for result in results:
        arrived[result.action.label] = result
        while due is not None and due.label in arrived:
            yield arrived.pop(due.label)
            due = next(waiting, None)


def report(session: Session, run: Run, form: str, reports: list[tuple[str, Path]]) -> None:
    """What stands below the results, and the report files."""
    from reconciler.cli.shell.output import emit, run_document, write_reports
    from reconciler.reports.formats import text

    document = run_document(session, run)
    if form == "text":
        session.print(text.run_end(session.redactor.run(run) if session.redactor else run))
        write_reports(session, reports, document)
    else:
        emit(session, form, reports, document)


def run_exit(run: Run) -> Exit:
    """0 when all is done, 1 when nothing came of it, 5 when it was done in part; a signal's code when stopped.

    What could not be read back counts as done in part: nobody knows whether the ERP took the values.
    """
    from reconciler.core.plan import Outcome

    if run.interrupted is not None:
        return Exit(run.interrupted)
    if run.is_good:
        return Exit.DONE
    partial = (Outcome.DONE, Outcome.CONFLICT, Outcome.UNKNOWN)
    return Exit.PARTIAL if any(result.outcome in partial for result in run.results) else Exit.ERROR


def _status(run: Run) -> RunStatus:
    from reconciler.state.sqlite.journal import RunStatus

    return {
        Exit.DONE: RunStatus.DONE,
        Exit.PARTIAL: RunStatus.PARTIAL,
        Exit.ERROR: RunStatus.FAILED,
    }.get(run_exit(run), RunStatus.INTERRUPTED)
