"""A worker: one task in, one result out. Runs in a process of its own, here or on another machine.

Whatever happens to a company is its result: nothing is raised, and nothing of it reaches the next task.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from reconciler.config.settings import FILE_NAME, load_settings
from reconciler.core.diagnostics import Diagnostic, Severity, has_errors
from reconciler.core.drift import Drift
from reconciler.core.errors import ErpError, InvalidInput, Locked, NotSent, ReconcilerError, Refused
from reconciler.core.fleet import EXIT_CODES, CompanyOutcome, CompanyReport, CompanyState, Work
from reconciler.core.plan import Action, Outcome, Plan, Result, Run, Verb
from reconciler.core.shared_state import SharedState
from reconciler.core.some_names import some_names
from reconciler.fleet.tasks import Task, TaskResult
from reconciler.operations.apply import apply
from reconciler.operations.drift import drift, record_drift
from reconciler.operations.listener import Listener
from reconciler.operations.past_runs import past_run, run_status, runs
from reconciler.operations.plan import plan
from reconciler.operations.signing import plan_key
from reconciler.operations.validate import validate
from reconciler.operations.workspace import Workspace
from reconciler.operations.writing import WriteOptions
from reconciler.reports import json_documents
from reconciler.reports.fleet.redaction import redacted
from reconciler.reports.redact import Redactor
from reconciler.reports.view.run import NOT_TAKEN
from reconciler.reports.wording import OUTCOMES
from reconciler.state import plan_file
from reconciler.state.journal import RunStatus

_MOST_LINES, _MOST_PROBLEMS, _MOST_FIELDS = 50, 20, 4
_TWIN_ENDS_WITHIN = 600.0
"""Seconds that a task waits for another worker which has the same task and still writes."""
_SYMBOLS = {Verb.CREATE: "+", Verb.UPDATE: "~", Verb.RENUMBER: "»"}
_UNFINISHED = (RunStatus.PARTIAL.value, RunStatus.INTERRUPTED.value, RunStatus.FAILED.value, "killed")

Shown = TypeVar("Shown")


@dataclass(frozen=True, slots=True)
class WorkPlace:
    """Where a worker is. environ: the credentials, keys and variables of this process. home: the fleet's folder, where
    state files are; None on a machine that does not have it. stopping: whether the fleet was asked to stop.
    working: entered while a task is done. after: called when its result is known."""

    environ: Mapping[str, str]
    home: Path | None = None
    stopping: Callable[[], bool] = lambda: False
    working: AbstractContextManager[object] = field(default_factory=nullcontext)
    after: Callable[[], object] = lambda: None


_here: list[WorkPlace] = []


def work_at(place: WorkPlace) -> None:
    """Say where this process is, once, before its first task."""
    _here[:] = [place]


def perform(task: Task) -> TaskResult:
    """Do it. Never raises for what is wrong with the company."""
    place = _here[0] if _here else WorkPlace(os.environ)
    began = time.monotonic()
    result = TaskResult(_report(task, CompanyOutcome.STOPPED, "Not begun: the fleet was stopped before it."))
    with place.working:
        if not place.stopping():
            result = _performed(task, place)
    place.after()
    report = redacted(result.report, Redactor.of(place.environ)) if task.options.redact else result.report
    report = replace(report, seconds=round(time.monotonic() - began, 3))
    return TaskResult(report, result.document if task.options.wants_document else None)


def _performed(task: Task, place: WorkPlace) -> TaskResult:
    if has_errors(task.problems):
        return _invalid(task, task.problems)
    try:
        with tempfile.TemporaryDirectory(prefix="reconciler-", ignore_cleanup_errors=True) as folder:
            return _Performing(task, place, Path(folder)).result()
    except InvalidInput as error:
        return _invalid(task, (*task.problems, *error.diagnostics), str(error))
    except ReconcilerError as error:
        return TaskResult(_report(task, _outcome(error), _message(error), error.remedy))
    except Exception as error:  # noqa: BLE001 - the boundary: one company's failure is its result
        reason = f"Internal error: {type(error).__name__}: {error}"
        return TaskResult(_report(task, CompanyOutcome.FAILED, reason, "This is a defect. Please report it."))


def _outcome(error: ReconcilerError) -> CompanyOutcome:
    if isinstance(error, Locked):
        return CompanyOutcome.LOCKED
    return CompanyOutcome.REFUSED if isinstance(error, Refused) else CompanyOutcome.FAILED


def _message(error: ReconcilerError) -> str:
    reference = error.reference if isinstance(error, ErpError) else None
    return f"{error} (ERP reference {reference})" if reference else str(error)


# ---- reports ----


def _report(task: Task, outcome: CompanyOutcome, reason: str = "", remedy: str = "", **facts: Any) -> CompanyReport:
    return CompanyReport(
        name=task.name,
        folder=task.folder,
        outcome=outcome,
        exit_code=EXIT_CODES[outcome],
        environment=facts.pop("environment", task.environment or ""),
        labels=task.labels,
        reason=reason,
        remedy=remedy,
        **facts,
    )


def _first(lines: Iterable[str]) -> dict[str, Any]:
    kept = list(lines)
    return {"lines": tuple(kept[:_MOST_LINES]), "lines_left_out": max(0, len(kept) - _MOST_LINES)}


def _worst(diagnostics: Iterable[Diagnostic]) -> dict[str, Any]:
    """The first problems, errors before warnings; notes are in the documents."""
    problems = [problem for problem in dict.fromkeys(diagnostics) if problem.severity is not Severity.NOTE]
    problems.sort(key=lambda problem: problem.severity is not Severity.ERROR)
    return {
        "diagnostics": tuple(problems[:_MOST_PROBLEMS]),
        "diagnostics_left_out": max(0, len(problems) - _MOST_PROBLEMS),
    }


def _invalid(task: Task, diagnostics: tuple[Diagnostic, ...], reason: str = "") -> TaskResult:
    """The first error is the reason, unless there is a better one."""
    errors = [problem for problem in diagnostics if problem.severity is Severity.ERROR]
    first = errors[0] if errors else None
    remedy = first.remedy if first else ""
    if first is not None:
        where = f"{first.source}: " if first.source else ""
        reason = f"{where}{first.code} {first.summary}"
    return TaskResult(
        _report(task, CompanyOutcome.INVALID, reason, remedy, summary={"errors": len(errors)}, **_worst(diagnostics))
    )


def _action_line(action: Action) -> str:
    """`~ 10000 NewCustomer: mainAddress.addressLine1, creditLimit`"""
    paths = [change.path for change in action.changes]
    fields = f": {some_names(paths, _MOST_FIELDS)}" if action.action is Verb.UPDATE else ""
    return f"{_SYMBOLS[action.action]} {action.label} {action.name}".rstrip() + fields


class _FleetListener(Listener):
    """Agrees to nothing, and stops when the fleet does."""

    def __init__(self, stopping: Callable[[], bool]) -> None:
        self._stopping = stopping

    def sleep(self, seconds: float) -> None:
        """In short steps, so that a stop need not wait for the rate window."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if self._stopping():
                raise NotSent("Stopped while it waited", remedy="Run the command again.")
            time.sleep(min(left, 0.2))

    def stop_requested(self) -> int | None:
        return EXIT_CODES[CompanyOutcome.STOPPED] if self._stopping() else None


@dataclass
class _Performing:
    """One task in its folder, which is deleted afterwards."""

    task: Task
    place: WorkPlace
    folder: Path
    _facts: dict[str, Any] = field(default_factory=dict)

    def result(self) -> TaskResult:
        """Do what the task says. Raises ReconcilerError."""
        for folder in {os.path.dirname(name) for name in self.task.files}:  # noqa: PTH120 (Path is slow for so many)
            (self.folder / folder).mkdir(parents=True, exist_ok=True)
        for name, data in self.task.files.items():
            with open(f"{self.folder}/{name}", "wb") as file:  # noqa: PTH123 (as above)
                file.write(data)
        if self.task.work is Work.VALIDATE:
            return self._validated()
        workspace = self._workspace()
        self._facts["environment"] = workspace.settings.environment
        try:
            match self.task.work:
                case Work.PLAN:
                    return self._planned(workspace)
                case Work.APPLY:
                    return self._applied(workspace)
                case Work.DRIFT:
                    return self._drifted(workspace)
                case _:
                    return self._status(workspace)
        finally:
            with suppress(ReconcilerError):
                workspace.close()

    def _workspace(self) -> Workspace:
        task = self.task
        workspace = Workspace(
            self.folder / FILE_NAME,
            environment=task.environment,
            environ=self.place.environ,
            listener=_FleetListener(self.place.stopping),
            shared=task.shared,
            home=self.place.home / task.folder if self.place.home else None,
        )
        workspace.lock_timeout = task.options.lock_timeout
        workspace.sharers = task.options.sharers
        return workspace

    def _validated(self) -> TaskResult:
        task, file = self.task, self.folder / FILE_NAME
        checked = validate(file, environment=task.environment, environ=self.place.environ, shared=task.shared)
        diagnostics = (*task.problems, *checked.diagnostics)
        if has_errors(diagnostics):
            return _invalid(task, diagnostics)
        settings = load_settings(file, environment=task.environment, environ=self.place.environ, shared=task.shared)
        report = _report(
            task,
            CompanyOutcome.CLEAN,
            summary={"declarations": checked.declarations},
            environment=settings.environment,
            **_worst(diagnostics),
        )
        return TaskResult(report)

    def _planned(self, workspace: Workspace) -> TaskResult:
        new_plan = plan(workspace, refresh=self.task.options.refresh)
        outcome, reason, remedy = _plan_outcome(new_plan)
        report = _report(
            self.task,
            outcome,
            reason,
            remedy,
            summary=_plan_counts(new_plan),
            changes_digest="" if new_plan.is_empty else new_plan.changes_digest,
            requests=new_plan.refresh.requests,
            limit=new_plan.budget.limit,
            remaining=new_plan.budget.remaining,
            **_first(map(_action_line, self._shown(new_plan, Redactor.plan).actions)),
            **_worst((*self.task.problems, *new_plan.diagnostics)),
            **self._facts,
        )
        return TaskResult(report, plan_file.dumps(new_plan))

    def _applied(self, workspace: Workspace) -> TaskResult:
        if not isinstance(workspace.settings.state, SharedState) and self.place.home is None:
            raise Refused(
                "Applying on another machine needs a shared state, so that a worker that dies is followed by one that"
                " knows what it did",
                remedy="Set `state: postgresql://HOST/DATABASE` in the settings, or RECONCILER_STATE on the workers.",
            )
        reviewed = self.folder / "plan.json"
        reviewed.write_bytes(self.task.plan or b"")
        run = self._shown(self._run(workspace, reviewed), Redactor.run)
        outcome, reason, remedy = _run_outcome(run)
        report = _report(
            self.task,
            outcome,
            reason,
            remedy,
            summary={OUTCOMES[outcome]: count for outcome in Outcome if (count := run.count(outcome))},
            requests=run.plan.budget.requests,
            **_first(_result_lines(run)),
            **_worst(run.diagnostics),
            **self._facts,
        )
        return TaskResult(report, json_documents.run(run))

    def _shown(self, result: Shown, redact: Callable[[Redactor, Shown], Shown]) -> Shown:
        """The plan, run or drift as it is reported."""
        return redact(Redactor.of(self.place.environ), result) if self.task.options.redact else result

    def _run(self, workspace: Workspace, reviewed: Path) -> Run:
        """Apply the plan. A task that two workers have, since one of them was taken for lost, is one run: the second
        waits for the first, and goes on with what that left."""
        options = self.task.options
        consent = WriteOptions(self.task.digest, options.force, options.parallelism, options.reserve, options.no_wait)
        for patience in (0.0, _TWIN_ENDS_WITHIN):
            workspace.lock_timeout = max(options.lock_timeout, patience)
            if run := self._applied_before(workspace, reviewed):
                return run
            try:
                return apply(workspace, reviewed, consent)
            except Locked:
                if patience or not self._is_locked_by_twin(workspace):
                    raise
            except Refused:
                if run := self._applied_before(workspace, reviewed):
                    return run
                raise
        raise AssertionError("the second time either ends or raises")

    def _is_locked_by_twin(self, workspace: Workspace) -> bool:
        """Whether an apply has the lock that began after this command did: most likely the same task's."""
        holder = workspace.store.holder()
        if holder is None:  # it has just ended
            return True
        owner = holder.owner
        return owner is not None and owner.command == "apply" and owner.since >= self.task.options.since

    def _applied_before(self, workspace: Workspace, reviewed: Path) -> Run | None:
        """The run, where this command applied all of the plan, and the worker died before it could say so."""
        digest = plan_file.read(reviewed, plan_key(workspace.environ)).digest
        for info in workspace.store.runs.all():
            is_own = info.digest == digest and info.started_at >= self.task.options.since
            if is_own and info.status is RunStatus.DONE:
                return past_run(workspace, info.id)[1]
        return None

    def _drifted(self, workspace: Workspace) -> TaskResult:
        drift_report = drift(workspace, refresh=self.task.options.refresh)
        if has_errors(drift_report.diagnostics):
            return _invalid(self.task, drift_report.diagnostics)
        if self.task.options.record:
            record_drift(workspace, drift_report)
        drift_report = self._shown(drift_report, Redactor.drift)
        report = _report(
            self.task,
            CompanyOutcome.DRIFT if drift_report.alerts else CompanyOutcome.CLEAN,
            summary=_drift_counts(drift_report),
            drift_since=_since(drift_report),
            requests=drift_report.refresh.requests,
            **_first(_drift_lines(drift_report)),
            **_worst((*self.task.problems, *drift_report.diagnostics)),
            **self._facts,
        )
        return TaskResult(report, json_documents.drift(drift_report))

    def _status(self, workspace: Workspace) -> TaskResult:
        past, store, target = runs(workspace), workspace.store, workspace.place
        history = store.sightings(target).load()
        alerts = [sighting.first_seen for sighting in history.sightings.values() if not sighting.muted]
        description, holder = store.describe(), store.holder()
        newest = past[0] if past else None
        state = CompanyState(
            run=newest.info.id if newest else None,
            run_status=newest.status if newest else None,
            run_started_at=newest.info.started_at if newest else None,
            read_at=description.snapshot_as_of,
            reported_at=history.since,
            drifted=len(alerts),
            holder=str(holder.owner or "somebody unknown") if holder else None,
            open_runs=(newest.info.id,) if newest and newest.status in _UNFINISHED else (),
        )
        outcome, reason, remedy = _state_outcome(state)
        report = _report(
            self.task, outcome, reason, remedy, state=state, drift_since=min(alerts, default=None), **self._facts
        )
        return TaskResult(report)


# ---- what came of it ----


def _plan_outcome(new_plan: Plan) -> tuple[CompanyOutcome, str, str]:
    if has_errors(new_plan.diagnostics):
        first = next(problem for problem in new_plan.diagnostics if problem.severity is Severity.ERROR)
        return CompanyOutcome.INVALID, first.summary, first.remedy
    if new_plan.refusals:
        reason = "; ".join(refusal.summary for refusal in new_plan.refusals[:3])
        return CompanyOutcome.REFUSED, reason, new_plan.refusals[0].remedy
    if new_plan.is_empty and not new_plan.summary.held_back:
        return CompanyOutcome.CLEAN, "", ""
    return CompanyOutcome.CHANGES, "", ""


def _plan_counts(new_plan: Plan) -> dict[str, int]:
    summary = new_plan.summary
    counts = {
        "creates": summary.create,
        "updates": summary.update,
        "renumbers": summary.renumber,
        "held back": summary.held_back,
        "removed": summary.removed,
        "muted": summary.muted,
        "unchanged": summary.unchanged,
        "unmanaged": summary.unmanaged,
    }
    return {word: count for word, count in counts.items() if count}


def _run_outcome(run: Run) -> tuple[CompanyOutcome, str, str]:
    status = run_status(run)
    if status is RunStatus.DONE:
        return (CompanyOutcome.CLEAN if run.plan.is_empty else CompanyOutcome.APPLIED), "", ""
    first = next((result for result in run.results if not result.is_good), None)
    problem = next((problem for problem in run.diagnostics if problem.severity is not Severity.NOTE), None)
    if status is RunStatus.INTERRUPTED:
        return CompanyOutcome.STOPPED, "The run was stopped.", "Go on with it: apply the same plan again."
    outcome = CompanyOutcome.FAILED if status is RunStatus.FAILED else CompanyOutcome.PARTIAL
    if first is not None:
        return outcome, f"{first.action.label}: {_ending(first)}", first.remedy
    return (outcome, problem.summary, problem.remedy) if problem else (outcome, "Not all is as planned.", "")


def _result_lines(run: Run) -> Iterable[str]:
    for result in sorted(run.results, key=lambda result: result.is_good):
        yield f"{_action_line(result.action)} — {_ending(result)}"


def _ending(result: Result) -> str:
    """`done`, `failed. The ERP ...`, or `done, but for creditLimit: not taken as sent`"""
    words = OUTCOMES[result.outcome]
    if result.not_taken:
        paths = some_names([change.path for change in result.not_taken], _MOST_FIELDS)
        words += f", but for {paths}: {NOT_TAKEN}"
    return f"{words}. {result.message}" if result.message else words


def _drift_counts(drift_report: Drift) -> dict[str, int]:
    summary = drift_report.summary
    counts = {
        "drift": summary.drift,
        "both": summary.both,
        "unknown": summary.unknown,
        "missing": summary.missing,
        "held back": summary.held_back,
        "new": summary.new,
        "config": summary.config,
        "muted": summary.muted,
        "managed": summary.managed,
        "unmanaged": summary.unmanaged,
    }
    return {word: count for word, count in counts.items() if count}


def _since(drift_report: Drift) -> str | None:
    seen = [each.first_seen for customer in drift_report.customers for each in customer.fields if each.alerts]
    seen += [customer.first_seen for customer in drift_report.customers if customer.alerts and not customer.fields]
    return min((moment for moment in seen if moment), default=None)


def _drift_lines(drift_report: Drift) -> Iterable[str]:
    for customer in drift_report.customers:
        if customer.alerts:
            causes = Counter(each.cause.value for each in customer.fields if each.alerts)
            paths = [each.path for each in customer.fields if each.alerts]
            fields = f": {some_names(paths, _MOST_FIELDS)} ({', '.join(causes)})" if paths else ""
            yield f"! {customer.label} {customer.name}".rstrip() + (fields or f": {customer.standing.value}")


def _state_outcome(state: CompanyState) -> tuple[CompanyOutcome, str, str]:
    if state.open_runs:
        remedy = f"Go on with it: reconciler runs resume {state.run}"
        return CompanyOutcome.PARTIAL, f"Run {state.run} is {state.run_status}.", remedy
    if state.holder:
        return CompanyOutcome.LOCKED, f"A run is in progress: {state.holder}.", ""
    if state.drifted:
        return CompanyOutcome.DRIFT, "", ""
    return CompanyOutcome.CLEAN, "", ""
