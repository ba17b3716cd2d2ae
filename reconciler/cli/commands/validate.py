"""`reconciler validate`: check settings and declarations, offline."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.shell.options import Format, MaxChars, Redact, Reports
from reconciler.cli.shell.output import check_formats, emit, validation_document
from reconciler.cli.shell.session import Session
from reconciler.core.diagnostics import has_errors
from reconciler.exit_codes import Exit
from reconciler.operations.project import settings_file
from reconciler.operations.validate import validate as check
from reconciler.reports.report_kind import ReportKind


def validate(
    context: typer.Context,
    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="[PATH]...", help="Only these files and folders.")
    ] = None,
    form: Format = "text",
    report: Reports = None,
    max_chars: MaxChars = None,
    redact: Redact = False,
) -> None:
    """Check settings, declarations and mutes, offline: every problem, with its place and its remedy."""
    session: Session = context.obj
    reports = check_formats(form, report or [], ReportKind.VALIDATION, session)
    file = settings_file(session.config or Path.cwd())
    checked = check(file, paths or [], environment=session.environment, environ=session.environ)
    emit(session, form, reports, validation_document(session, checked.diagnostics, checked.declarations))
    raise typer.Exit(Exit.INVALID if has_errors(checked.diagnostics) else Exit.DONE)
