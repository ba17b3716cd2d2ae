"""`reconciler plan`: what would change."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.shell.notifying import notify as tell
from reconciler.cli.shell.options import (
    Applied,
    DetailedExitcode,
    Excludes,
    Format,
    IncludeMuted,
    MaxChars,
    Notify,
    Redact,
    Refresh,
    RefreshMode,
    Reports,
    Targets,
    selected,
)
from reconciler.cli.shell.output import check_formats, emit, plan_document, tell_invalid
from reconciler.cli.shell.planned import plan_exit, say_saved
from reconciler.cli.shell.session import Session
from reconciler.core.errors import InvalidInput
from reconciler.reports.report_kind import ReportKind
from reconciler.state import plan_file


def plan(
    context: typer.Context,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Save the plan, to apply it later.")
    ] = None,
    target: Targets = None,
    exclude: Excludes = None,
    include_muted: IncludeMuted = False,
    refresh: Refresh = RefreshMode.INCREMENTAL,
    base: Annotated[
        str | None,
        typer.Option(
            "--base",
            metavar="REF",
            help="Separate this branch's changes from what REF already asks for, and from drift.",
        ),
    ] = None,
    applied: Applied = None,
    fail_outside: Annotated[
        bool,
        typer.Option("--fail-outside", help="With --base: refuse a plan with changes that are not this branch's."),
    ] = False,
    detailed_exitcode: DetailedExitcode = False,
    form: Format = "text",
    report: Reports = None,
    max_chars: MaxChars = None,
    redact: Redact = False,
    notify: Notify = None,
) -> None:
    """Show what would change in the ERP. Writes nothing to it."""
    session: Session = context.obj
    reports = check_formats(form, report or [], ReportKind.PLAN, session, out)
    with session.project as project:
        try:
            plan = project.plan(
                targets=selected(target, exclude),
                refresh=refresh.value,
                base=base,
                applied=applied,
                fail_outside=fail_outside,
                include_muted=include_muted,
            )
        except InvalidInput as error:
            tell_invalid(session, error, form, reports)
            raise
    if out is not None:
        plan_file.write(plan, out)
    forms = (form, *(name for name, _ in reports))
    document = plan_document(session, plan, project, forms)
    emit(session, form, reports, document)
    tell(session, notify, document)
    if out is not None:
        say_saved(session, plan, out)
    raise typer.Exit(plan_exit(plan, detailed=detailed_exitcode))
