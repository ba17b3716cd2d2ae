"""What the commands that write a plan share: the project that they write with, and the end that they come to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import typer
from rich.text import Text

from reconciler.cli.shell.notifying import notify as tell
from reconciler.cli.shell.output import emit, run_document, tell_undelivered, write_reports
from reconciler.cli.shell.session import Session
from reconciler.core.errors import InvalidInput, ReconcilerError
from reconciler.core.plan import Run
from reconciler.exit_codes import Exit
from reconciler.operations.past_runs import run_status
from reconciler.operations.project import Project
from reconciler.reports.formats.text import diagnostics_lines, result_lines, run_end
from reconciler.reports.safe_text import visible
from reconciler.reports.wording import counted
from reconciler.state.journal import RunStatus


@contextmanager
def writing(session: Session, form: str) -> Iterator[Project]:
    """The project, reporting results in this format. Errors of a plan that was shown are not repeated."""
    session.listener.form = form
    with session.project as project:
        try:
            yield project
        except InvalidInput:
            if session.listener.has_shown:
                raise typer.Exit(Exit.INVALID) from None
            raise


def end(
    session: Session,
    run: Run,
    form: str,
    reports: list[tuple[str, Path]],
    *,
    numbers: bool = False,
    reminder: str = "",
    notify: str | None = None,
) -> NoReturn:
    """What stands below the results, the report files, the numbers if they are wanted, and the exit code."""
    _report(session, run, form, reports, is_written=True)
    tell(session, notify, run_document(session, run))
    if numbers:
        _write_numbers(session, run)
    if reminder and not run.plan.is_empty:
        session.warn(reminder)
    raise typer.Exit(run_exit(run))


def show_run(session: Session, run_id: str, form: str, reports: list[tuple[str, Path]]) -> None:
    """The results of a past run, as `apply` showed them."""
    with session.project as project:
        past, run = project.run(run_id)
    if form == "text":
        until = f" until {past.info.finished_at}" if past.info.finished_at else ""
        session.print([Text(f"Run {run_id} ({past.status}), {past.info.started_at}{until}", style="bold")])
        shown = session.redactor.run(run) if session.redactor else run
        for result in shown.results:
            session.print(result_lines(result))
    _report(session, run, form, reports)


def _report(
    session: Session, run: Run, form: str, reports: list[tuple[str, Path]], *, is_written: bool = False
) -> None:
    """What stands below the results, and the report files. is_written: this command wrote to the ERP."""
    document = run_document(session, run)
    if form == "text":
        session.print(run_end(document.report()))
        tell_undelivered(session, document, is_written=is_written)
        write_reports(session, reports, document)
    else:
        emit(session, form, reports, document, is_written=is_written)


def run_exit(run: Run) -> Exit:
    """0 when all is done, 1 when nothing came of it, 5 when it was done in part; a signal's code when stopped."""
    if run.interrupted is not None:
        return Exit(run.interrupted)
    return {RunStatus.DONE: Exit.DONE, RunStatus.FAILED: Exit.ERROR}.get(run_status(run), Exit.PARTIAL)


def _write_numbers(session: Session, run: Run) -> None:
    """Whatever stands in the way is a warning: what the run did is done."""
    try:
        written = session.project.write_numbers(run)
    except ReconcilerError as error:
        session.err.print("Warning: the new numbers were not written into the declarations: ", end="")
        session.err.print(visible(str(error)), soft_wrap=True)
        return
    if written.files:
        names = ", ".join(map(visible, written.files))
        session.say(f"Wrote {counted(written.count, 'number')} into {names}.")
    for line in diagnostics_lines(written.diagnostics):
        session.err.print(line, soft_wrap=True)
