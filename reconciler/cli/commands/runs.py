"""`reconciler runs`: earlier applies: list, show, resume and undo them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.shell.options import (
    AutoApprove,
    Format,
    LockTimeout,
    MaxChars,
    NoWait,
    Parallelism,
    Plain,
    Redact,
    Reports,
    Reserve,
    WriteNumbers,
)
from reconciler.cli.shell.output import PLAIN, check_formats, emit, plan_document
from reconciler.cli.shell.planned import plan_exit, say_saved
from reconciler.cli.shell.run_table import run_facts, run_table
from reconciler.cli.shell.session import Session
from reconciler.cli.shell.written import end, show_run, writing
from reconciler.core.errors import WrongUsage
from reconciler.core.safe_json import inert_json
from reconciler.exit_codes import Exit
from reconciler.reports.report_kind import ReportKind
from reconciler.state import plan_file

app = typer.Typer(
    help="Earlier applies: list, show, resume or undo them.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
_REMINDER = "The declarations still ask for the undone values: revert them too, or the next apply writes them again."
RunId = Annotated[str, typer.Argument(metavar="RUN", help="A run's id, as `runs list` shows it.")]


# ---- list and show ----


@app.command("list")
def list_runs(context: typer.Context, form: Plain = "text") -> None:
    """List the runs, the newest first."""
    session: Session = context.obj
    check_formats(form, [], PLAIN)
    with session.project as project:
        rows = [run_facts(past) for past in project.runs()]
    if form == "json":
        document = {"format": "reconciler/runs", "format_version": "1.0", "runs": rows}
        session.write(inert_json(json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode())
    elif rows:
        session.print(run_table(rows))
    else:
        session.say("There are no runs yet.")
    raise typer.Exit(Exit.DONE)


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
    show_run(context.obj, run, form, check_formats(form, report or [], ReportKind.RUN, context.obj))
    raise typer.Exit(Exit.DONE)


# ---- resume and undo ----


@app.command("resume")
def resume(
    context: typer.Context,
    run: Annotated[
        str | None, typer.Argument(metavar="[RUN]", help="A run's id [the newest run, if it is not finished].")
    ] = None,
    digest: Annotated[
        str | None,
        typer.Option("--digest", metavar="SHA256", help="Go on only if the run's changes are these reviewed ones."),
    ] = None,
    parallelism: Parallelism = None,
    reserve: Reserve = 0,
    no_wait: NoWait = False,
    lock_timeout: LockTimeout = 0.0,
    write_numbers: WriteNumbers = False,
    form: Format = "text",
    report: Reports = None,
    max_chars: MaxChars = None,
    redact: Redact = False,
) -> None:
    """Go on with an unfinished run: what is done stays, what may be done is looked up, the rest is sent.

    The run's plan was agreed to when it began, so nobody is asked again.
    """
    session: Session = context.obj
    reports = check_formats(form, report or [], ReportKind.RUN, session)
    with writing(session, form) as project:
        project.lock_timeout = lock_timeout
        done = project.resume(run, reviewed=digest, parallelism=parallelism, reserve=reserve, no_wait=no_wait)
    if done is None:
        raise typer.Exit(Exit.DONE)
    end(session, done, form, reports, numbers=write_numbers)


@app.command("undo")
def undo(
    context: typer.Context,
    run: RunId,
    deactivate_creates: Annotated[
        bool, typer.Option("--deactivate-creates", help="Set customers that the run created to status Inactive.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Save the plan instead of applying it.")
    ] = None,
    auto_approve: AutoApprove = False,
    parallelism: Parallelism = None,
    reserve: Reserve = 0,
    no_wait: NoWait = False,
    lock_timeout: LockTimeout = 0.0,
    form: Format = "text",
    report: Reports = None,
    max_chars: MaxChars = None,
    redact: Redact = False,
) -> None:
    """Restore what a run changed, unless somebody has changed it since; a plan like any other."""
    session: Session = context.obj
    reports = check_formats(form, report or [], ReportKind.RUN if out is None else ReportKind.PLAN, session, out)
    if out is not None:
        with session.project as project:
            project.lock_timeout = lock_timeout
            plan = project.undo_plan(run, deactivate_creates=deactivate_creates, reserve=reserve, no_wait=no_wait)
        plan_file.write(plan, out)
        emit(session, form, reports, plan_document(session, plan))
        say_saved(session, plan, out)
        if not plan.is_empty:
            session.warn(_REMINDER)
        raise typer.Exit(plan_exit(plan, detailed=False))
    if not auto_approve and not session.is_interactive:
        raise WrongUsage(
            "Nobody can be asked here",
            remedy="Save the plan with -o FILE and apply that, or add --auto-approve.",
        )
    with writing(session, form) as project:
        project.lock_timeout = lock_timeout
        done = project.undo(
            run,
            consent=auto_approve,
            deactivate_creates=deactivate_creates,
            parallelism=parallelism,
            reserve=reserve,
            no_wait=no_wait,
        )
    end(session, done, form, reports, reminder=_REMINDER)
