"""`reconciler apply`: execute a saved plan, or plan and execute."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.exits import Exit
from reconciler.cli.options import AutoApprove, Format, Reports, Targets
from reconciler.cli.output import check_formats, emit

if TYPE_CHECKING:
    from reconciler.cli.session import Session
    from reconciler.core.plan import Plan, Result, Run
    from reconciler.core.ports import Erp


def apply(
    context: typer.Context,
    planfile: Annotated[
        Path | None, typer.Argument(metavar="[PLANFILE]", help="A plan saved by `plan -o`; else plan first.")
    ] = None,
    auto_approve: AutoApprove = False,
    parallelism: Annotated[
        int | None,
        typer.Option("--parallelism", metavar="N", min=1, max=64, help="Requests in flight at most."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Pass the volume guards, never a policy.")] = False,
    target: Targets = None,
    form: Format = "text",
    report: Reports = None,
) -> None:
    """Change the ERP as a plan shows: a saved one as it stands, or a fresh one after asking."""
    from reconciler import pipeline
    from reconciler.cli import plan as planning
    from reconciler.state import plan_file

    session: Session = context.obj
    reports = check_formats(form, report or [], ["text", "json"])
    _check_consent(session, planfile, auto_approve=auto_approve, targets=target or [])
    saved = None if planfile is None else plan_file.read(planfile)
    loaded = planning.load(session, target or []) if saved is None else None
    with session.erp() as (erp, place):
        made = planning.make(session, loaded, erp, place, target or []) if loaded is not None else saved
        assert made is not None
        if saved is None:
            _show(session, made, form)
        pipeline.check_applicable(made, place, force=force)
        if not (made.is_empty or saved or auto_approve or _agreed(made)):
            session.say("Nothing was written.")
            raise typer.Exit(Exit.ERROR)
        run = _run(session, made, erp, parallelism or session.settings.api.parallelism, live=form == "text")
    _report(session, run, form, reports)
    raise typer.Exit(run_exit(run))


def _check_consent(session: Session, planfile: Path | None, *, auto_approve: bool, targets: list[str]) -> None:
    """Consent must be possible before anything is read: a saved plan is consent, a person can be asked."""
    from reconciler.core.errors import WrongUsage

    if planfile is not None and targets:
        raise WrongUsage("--target does not go with a saved plan", remedy="Give --target when planning.")
    if planfile is None and not auto_approve and not session.is_interactive:
        raise WrongUsage(
            "There is nobody to ask here, and no saved plan was given",
            remedy="Apply a saved plan (`plan -o FILE`, then `apply FILE`), or add --auto-approve.",
        )


def _show(session: Session, made: Plan, form: str) -> None:
    """The plan, before anybody agrees to it; on standard error when standard output is for a machine."""
    from reconciler.reports.text import plan_lines

    stream = session.out if form == "text" else session.err
    for line in plan_lines(made, session.width):
        stream.print(line, soft_wrap=True)


def _agreed(made: Plan) -> bool:
    """Ask on the terminal; only `yes` counts, as in Terraform."""
    typer.echo(
        f"\nWrite these {len(made.actions):,} changes to {made.environment}? Only 'yes' is accepted.",
        err=True,
    )
    return bool(typer.prompt("Answer", default="", show_default=False, err=True).strip() == "yes")


def _run(session: Session, made: Plan, erp: Erp, parallelism: int, *, live: bool) -> Run:
    """Apply, showing each result as it comes, and put the results into the plan's order."""
    from reconciler import pipeline
    from reconciler.cli.session import now
    from reconciler.cli.stopping import stop_signals
    from reconciler.core.plan import Run
    from reconciler.reports.text import result_lines

    started = now()
    results: list[Result] = []
    with stop_signals(session) as stopping:
        found = pipeline.apply_plan(made, erp, parallelism=parallelism, stop=stopping.is_set)
        for result in _in_plan_order(made, found):
            results.append(result)
            if live:
                session.print(result_lines(result))
    return Run(made, tuple(results), started, now(), interrupted=stopping.exit_code)


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


def _report(session: Session, run: Run, form: str, reports: list[tuple[str, Path]]) -> None:
    from reconciler.reports import json, text

    if form == "text":
        session.print(text.run_end(run))
        form = "none"
    emit(
        session,
        form,
        reports,
        lambda _width: text.run_lines(run),
        {"json": lambda: json.run(run), "none": bytes},
    )


def run_exit(run: Run) -> Exit:
    """0 when all is done, 1 when nothing came of it, 5 when it was done in part; a signal's code when stopped."""
    from reconciler.core.plan import Outcome

    if run.interrupted is not None:
        return Exit(run.interrupted)
    if all(result.outcome is Outcome.DONE for result in run.results):
        return Exit.DONE
    partial = (Outcome.DONE, Outcome.CONFLICT, Outcome.UNKNOWN)
    return Exit.PARTIAL if any(result.outcome in partial for result in run.results) else Exit.ERROR
