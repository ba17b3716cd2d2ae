"""Where the report of a fleet goes: one format on standard output, any number of files, and an exit code."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import typer

from reconciler.ci.platforms import running_on
from reconciler.cli.shell.output import check_formats
from reconciler.cli.shell.session import Session
from reconciler.core.errors import ReportError
from reconciler.core.fleet import FleetReport, Work
from reconciler.reports.fitting import COMMENT_LIMITS
from reconciler.reports.fleet.formats import FORMATS, render_fleet
from reconciler.reports.fleet.text import fleet_lines
from reconciler.reports.fleet.words import headline
from reconciler.state.plan_file import write_private


def fleet_formats(session: Session, form: str, reports: list[str] | None) -> list[tuple[str, Path]]:
    """The `--report F=PATH` words taken apart. Raises WrongUsage before anything is read or written."""
    return check_formats(form, reports or [], FORMATS, session)


def end(
    session: Session, report: FleetReport, form: str, reports: list[tuple[str, Path]], *, detailed: bool = False
) -> NoReturn:
    """Render to standard output and to each file; then the exit code, that of the company that ended worst."""
    room = COMMENT_LIMITS[running_on(session.environ) or "github"] if session.max_chars is None else session.max_chars
    if form == "text":
        session.print(fleet_lines(report))
    else:
        session.write(render_fleet(report, form, max_chars=room))
    if not session.is_delivered:
        session.tell_undelivered(headline(report), is_written=report.work is Work.APPLY)
    for name, path in reports:
        try:
            write_private(path, render_fleet(report, name, max_chars=room))
        except ReportError as error:
            session.miss(error)
    raise typer.Exit(report.exit_code(detailed=detailed))
