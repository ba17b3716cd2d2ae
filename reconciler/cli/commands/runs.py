"""`reconciler runs`: earlier applies, going on with one, and taking one back."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reconciler.cli.shell.exit_codes import Exit
from reconciler.cli.shell.options import (
    AutoApprove,
    Format,
    MaxChars,
    NoWait,
    Parallelism,
    Plain,
    Redact,
    Reports,
    Reserve,
    WriteNumbers,
)
from reconciler.cli.shell.output import PLAIN, check_formats

if TYPE_CHECKING:
    from rich.text import Text

    from reconciler.cli.shell.session import Session
    from reconciler.core.desired import Desired
    from reconciler.core.plan import Plan
    from reconciler.core.ports import Erp, View
    from reconciler.core.rules import Memory, Target
    from reconciler.operations.resuming import Begun
    from reconciler.state.sqlite.journal import RunInfo
    from reconciler.state.sqlite.store import Store

app = typer.Typer(
    help="Earlier applies: list them, show one, go on with one, take one back.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
RunId = Annotated[str, typer.Argument(metavar="RUN", help="A run's id, as `runs list` shows it.")]


# ---- list and show ----


@app.command("list")
def list_runs(context: typer.Context, form: Plain = "text") -> None:
    """List the runs, the newest first."""
    import json

    from reconciler.core.safe_json import inert_json

    session: Session = context.obj
    check_formats(form, [], PLAIN)
    with session.store() as store:
        rows = [_facts(each, store) for each in store.runs.all()]
    if form == "json":
        document = {"format": "reconciler/runs", "format_version": "1.0", "runs": rows}
        session.write(inert_json(json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode())
    elif rows:
        session.print(_lines(rows))
    else:
        session.say("There are no runs yet.")
    raise typer.Exit(Exit.DONE)


def _facts(info: RunInfo, store: Store) -> dict[str, Any]:
    return {
        "id": info.id,
        "status": _status(info, store),
        "environment": info.environment,
        "tenant_id": info.tenant_id,
        "base_url": info.base_url,
        "started_at": info.started_at,
        "finished_at": info.finished_at,
        "plan_digest": info.digest,
        "actions": info.actions,
        "open": info.open,
        "outcomes": {outcome.value: count for outcome, count in info.outcomes.items()},
    }


def _status(info: RunInfo, store: Store) -> str:
    """A run that was never closed is going on, or was killed: the lock tells."""
    from reconciler.state.sqlite.journal import RunStatus
    from reconciler.state.sqlite.lock import Life

    if info.status is not RunStatus.RUNNING:
        return info.status.value
    holder = store.holder()
    return "killed" if holder is None or holder.life is Life.ENDED else "running"


def _lines(rows: list[dict[str, Any]]) -> list[Text]:
    from rich.text import Text

    from reconciler.reports.safe_text import visible

    cells = [("RUN", "STARTED", "STATUS", "ENVIRONMENT", "ACTIONS")]
    cells += [(row["id"], row["started_at"], row["status"], visible(row["environment"]), _counts(row)) for row in rows]
    widths = [max(len(row[at]) for row in cells) for at in range(4)]
    lines = ["  ".join([*(f"{row[at]:<{widths[at]}}" for at in range(4)), row[4]]) for row in cells]
    return [Text(line, style="bold" if at == 0 else "") for at, line in enumerate(lines)]


def _counts(row: dict[str, Any]) -> str:
    """`3 done, 1 unclear, 1 not sent`: every action of the run."""
    from reconciler.core.plan import Outcome
    from reconciler.reports.view import OUTCOMES

    counts = {OUTCOMES[Outcome(name)]: count for name, count in row["outcomes"].items()}
    unclear, unsent = OUTCOMES[Outcome.UNKNOWN], OUTCOMES[Outcome.SKIPPED]
    untouched = row["actions"] - row["open"] - sum(counts.values())
    counts[unclear] = counts.get(unclear, 0) + row["open"]
    counts[unsent] = counts.get(unsent, 0) + untouched
    told = [f"{counts[word]:,} {word}" for word in OUTCOMES.values() if counts.get(word)]
    return ", ".join(told)


@app.command("show")
def show(
    context: typer.Context,
    run: RunId,
    form: Format = "text",
    report: Reports = None,
    max_chars: MaxChars = None,
    redact: Redact = False,
) -> None:
    """Show how each action of a run ended. Needs neither the declarations nor the ERP."""
    from reconciler.reports.report_kind import Kind

    show_run(context.obj, run, form, check_formats(form, report or [], Kind.RUN, context.obj))
    raise typer.Exit(Exit.DONE)


def show_run(session: Session, run_id: str, form: str, reports: list[tuple[str, Path]]) -> None:
    """The run's results as `apply` showed them, for `show` too."""
    from rich.text import Text

    from reconciler.operations import execute, resuming
    from reconciler.reports.formats.text import result_lines

    with session.store() as store:
        record = store.runs.get(run_id)
        status = _status(record.info, store)
    run = resuming.past(record, record.plan())
    shown = session.redactor.run(run) if session.redactor else run
    if form == "text":
        until = f" until {record.info.finished_at}" if record.info.finished_at else ""
        session.print([Text(f"Run {run_id} ({status}), {record.info.started_at}{until}", style="bold")])
        for result in shown.results:
            session.print(result_lines(result))
    execute.report(session, run, form, reports)


# ---- resume ----


@app.command("resume")
def resume(
    context: typer.Context,
    run: Annotated[
        str | None, typer.Argument(metavar="[RUN]", help="A run's id; the newest one if it was not finished.")
    ] = None,
    parallelism: Parallelism = None,
    reserve: Reserve = 0,
    no_wait: NoWait = False,
    write_numbers: WriteNumbers = False,
    form: Format = "text",
    report: Reports = None,
    max_chars: MaxChars = None,
    redact: Redact = False,
) -> None:
    """Go on with a run that was cut short: what is done stays, what may be done is looked up, the rest is sent.

    The run's plan was agreed to when it began: it is not asked for again.
    """
    from reconciler.cli.shell.stopping import Stopping
    from reconciler.operations import execute, numbers, pipeline, resuming
    from reconciler.reports.report_kind import Kind
    from reconciler.state.sqlite.journal import RunStatus

    session: Session = context.obj
    reports = check_formats(form, report or [], Kind.RUN, session)
    stopping = Stopping()
    with (
        session.store() as store,
        store.lock("runs resume"),
        session.erp(sleep=stopping.sleep, reserve=reserve, longest_wait=0.0 if no_wait else None) as (erp, place),
    ):
        info = store.runs.get(run).info if run is not None else resuming.resumable(store, place)
        if info is None or info.status is RunStatus.DONE:
            session.say("There is no run to go on with." if info is None else f"Run {info.id} is done.")
            raise typer.Exit(Exit.DONE)
        made = store.runs.get(info.id).plan()
        pipeline.check_applicable(made, place, force=True)  # a volume guard was passed when the run began
        resuming.settle(session, store, place, stopping.sleep, no_wait=no_wait)
        begun = resuming.go_on(store, info, made)
        _show_rest(session, info, made, begun, form)
        workers = parallelism or session.settings.api.parallelism
        job = execute.Job(made, place, begun.journal, workers, None, begun.already, begun.open_labels)
        ended = execute.execute(session, store, erp, job, stopping, live=form == "text")
    execute.report(session, ended, form, reports)
    if write_numbers:
        numbers.write_numbers(session, ended)
    raise typer.Exit(execute.run_exit(ended))


def _show_rest(session: Session, info: RunInfo, made: Plan, begun: Begun, form: str) -> None:
    """What is going to be done, before it is."""
    from reconciler.cli.commands.apply import show_first
    from reconciler.core.plan import Verb
    from reconciler.reports.view import counted

    session.say(
        f"Going on with run {info.id} of {info.started_at}: {len(begun.already):,} of"
        f" {counted(len(made.actions), 'action')} done, {len(begun.open_labels):,} to be looked up first."
    )
    rest = tuple(action for action in made.actions if action.label not in begun.already)
    creates = sum(action.action is Verb.CREATE for action in rest)
    summary = replace(made.summary, create=creates, update=len(rest) - creates)
    budget = replace(made.budget, requests=len(rest), limit=None, remaining=None)
    show_first(session, replace(made, actions=rest, summary=summary, budget=budget), form)


# ---- undo ----


@app.command("undo")
def undo(
    context: typer.Context,
    run: RunId,
    deactivate_creates: Annotated[
        bool, typer.Option("--deactivate-creates", help="Give the customers that the run created status Inactive.")
    ] = False,
    out: Annotated[Path | None, typer.Option("--out", "-o", metavar="FILE", help="Only save the plan.")] = None,
    auto_approve: AutoApprove = False,
    parallelism: Parallelism = None,
    reserve: Reserve = 0,
    no_wait: NoWait = False,
    form: Format = "text",
    report: Reports = None,
    max_chars: MaxChars = None,
    redact: Redact = False,
) -> None:
    """Set what a run changed back to what it was, where nobody changed it since: a plan like any other."""
    from reconciler.cli.commands.apply import agreed, show_first
    from reconciler.cli.commands.plan import plan_exit, say_saved
    from reconciler.cli.shell.output import emit, plan_document
    from reconciler.cli.shell.signing import signed
    from reconciler.cli.shell.stopping import Stopping
    from reconciler.core.errors import WrongUsage
    from reconciler.operations import execute, pipeline, resuming
    from reconciler.reports.report_kind import Kind
    from reconciler.state import plan_file

    session: Session = context.obj
    reports = check_formats(form, report or [], Kind.RUN if out is None else Kind.PLAN, session, out)
    if out is None and not auto_approve and not session.is_interactive:
        raise WrongUsage(
            "There is nobody to ask here",
            remedy="Save the plan with -o FILE and apply that, or add --auto-approve.",
        )
    stopping = Stopping()
    with (
        session.store() as store,
        store.lock("runs undo"),
        session.erp(sleep=stopping.sleep, reserve=reserve, longest_wait=0.0 if no_wait else None) as (erp, place),
    ):
        resuming.settle(session, store, place, stopping.sleep, no_wait=no_wait)
        made = _undo_plan(session, store, erp, place, run, deactivate_creates=deactivate_creates)
        if out is not None:
            made = signed(session, made)
            plan_file.write(made, out)
            emit(session, form, reports, plan_document(session, made))
            say_saved(session, made, out)
            _remind(session, made)
            raise typer.Exit(plan_exit(made, detailed=False))
        show_first(session, made, form)
        pipeline.check_applicable(made, place)
        if not (made.is_empty or auto_approve or agreed(made)):
            session.say("Nothing was written.")
            raise typer.Exit(Exit.ERROR)
        journal = None if made.is_empty else store.runs.begin(made, keep=session.settings.keep_runs)
        job = execute.Job(made, place, journal, parallelism or session.settings.api.parallelism)
        ended = execute.execute(session, store, erp, job, stopping, live=form == "text")
    execute.report(session, ended, form, reports)
    _remind(session, ended.plan)
    raise typer.Exit(execute.run_exit(ended))


def _undo_plan(
    session: Session, store: Store, erp: Erp, place: Target, run_id: str, *, deactivate_creates: bool
) -> Plan:
    """The plan that takes the run back, from the customers as they are now. Raises Refused for another target's run."""
    from reconciler.cli.shell.session import now
    from reconciler.config.read.declarations import Loaded
    from reconciler.core import undo as undoing
    from reconciler.operations import pipeline, resuming

    record = store.runs.get(run_id)
    first = record.plan()
    pipeline.check_applicable(first, place, force=True)
    results = resuming.past(record, first).results
    session.say(f"Reading the customers of {place.environment} ...")
    view = pipeline.refresh(Loaded(undoing.concerned(results), (), ""), erp)
    settings = session.settings
    found = undoing.undo(
        results,
        view.customers,
        normalised=store.known(place).load().memory().normalised,
        deactivate_creates=deactivate_creates,
        send_null=settings.api.clear_nullable == "send-null",
    )
    # What the run was allowed to write it may take back: only policies stand against that.
    free = replace(settings.guards, updates=Fraction(1), creates=0)
    made = pipeline.make_plan(
        replace(settings, ignore=(), on_removed="ignore", guards=free),
        Loaded(_protected(session, found.desired), found.diagnostics, first.config.digest),
        view,
        target=place,
        created_at=now(),
    )
    return pipeline.explain(_among_all(made, view, store.known(place).load().memory(), len(found.desired)), erp)


def _protected(session: Session, desired: tuple[Desired, ...]) -> tuple[Desired, ...]:
    """What is to be restored, under the `prevent_update` of the declarations as they stand now."""
    from reconciler.core.normalise import number_key
    from reconciler.operations import pipeline

    declared = pipeline.load(session.settings, environ=session.environ).desired
    guarded = [each for each in declared if each.lifecycle.prevent_update]
    numbers = {number_key(each.number) for each in guarded if each.number}
    refs = {each.ref for each in guarded if each.ref}
    return tuple(
        replace(each, lifecycle=replace(each.lifecycle, prevent_update=True))
        if (each.number and number_key(each.number) in numbers) or each.ref in refs
        else each
        for each in desired
    )


def _among_all(made: Plan, view: View, memory: Memory, concerned: int) -> Plan:
    """The plan with the true count of unmanaged customers: it has declarations for those of the run only. What may
    follow an address goes back to where it was, and needs no note."""
    from reconciler.core.normalise import number_key
    from reconciler.state import plan_file

    managed = sum(number_key(each.number) in memory.applied for each in view.customers)
    unmanaged = len(view.customers) - max(managed, concerned)
    notes = tuple(each for each in made.diagnostics if each.code != "P504")
    return plan_file.seal(replace(made, summary=replace(made.summary, unmanaged=unmanaged), diagnostics=notes))


def _remind(session: Session, made: Plan) -> None:
    if not made.is_empty:
        session.say(
            "The declarations still ask for the undone values: revert them too, or the next apply sets these again."
        )
