"""`reconciler show`: render a saved plan or a past run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.shell.options import Format, MaxChars, Redact, Reports
from reconciler.cli.shell.output import check_formats, emit, plan_document
from reconciler.cli.shell.session import Session
from reconciler.cli.shell.written import show_run
from reconciler.exit_codes import Exit
from reconciler.operations.signing import plan_key
from reconciler.reports.report_kind import ReportKind
from reconciler.state import plan_file

_RUN = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{4,}")


def show(
    context: typer.Context,
    what: Annotated[
        Path,
        typer.Argument(metavar="PLANFILE|RUN", help="A plan saved by `plan -o`, or a run's id from `runs list`."),
    ],
    form: Format = "text",
    report: Reports = None,
    max_chars: MaxChars = None,
    redact: Redact = False,
) -> None:
    """Show a saved plan or a past run. Needs neither the declarations nor the ERP."""
    session: Session = context.obj
    if _RUN.fullmatch(str(what)) and not what.exists():
        show_run(session, str(what), form, check_formats(form, report or [], ReportKind.RUN, session))
    else:
        reports = check_formats(form, report or [], ReportKind.PLAN, session)
        emit(session, form, reports, plan_document(session, plan_file.read(what, plan_key(session.environ))))
    raise typer.Exit(Exit.DONE)
