"""`reconciler drift`: what changed in the ERP since the last apply."""

from __future__ import annotations

from typing import Annotated

import typer

from reconciler.cli.shell.notifying import notify as tell
from reconciler.cli.shell.options import (
    Applied,
    DetailedExitcode,
    Excludes,
    Format,
    MaxChars,
    Notify,
    Redact,
    Refresh,
    RefreshMode,
    Reports,
    Targets,
    selected,
)
from reconciler.cli.shell.output import check_formats, drift_document, emit, tell_invalid
from reconciler.cli.shell.session import Session
from reconciler.config.read.files import display
from reconciler.core.diagnostics import has_errors
from reconciler.core.drift import Drift
from reconciler.core.drift_detection import new_only
from reconciler.core.errors import InvalidInput, StateError, WrongUsage
from reconciler.exit_codes import Exit
from reconciler.reports.report_kind import ReportKind
from reconciler.reports.safe_text import visible


def drift(
    context: typer.Context,
    target: Targets = None,
    exclude: Excludes = None,
    refresh: Refresh = RefreshMode.INCREMENTAL,
    applied: Applied = None,
    only_new: Annotated[
        bool, typer.Option("--only-new", help="Show and count only what the last report did not have.")
    ] = False,
    no_record: Annotated[
        bool, typer.Option("--no-record", help="Only look; the next report does not compare with this one.")
    ] = False,
    detailed_exitcode: DetailedExitcode = False,
    mute: Annotated[
        tuple[str, str] | None,
        typer.Option(
            "--mute", metavar="NUMBER PATH", help="Accept drift of this field for a time; needs --until and --reason."
        ),
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="DATE", help="With --mute: its last day, such as 2026-12-31.")
    ] = None,
    reason: Annotated[str | None, typer.Option("--reason", metavar="R", help="With --mute: why.")] = None,
    form: Format = "text",
    report: Reports = None,
    max_chars: MaxChars = None,
    redact: Redact = False,
    notify: Notify = None,
) -> None:
    """Show what changed since the last apply: in the ERP, in the declarations, or in both. Writes no customer.

    With --mute the ERP is not read: the mute goes into the file of mutes, to be reviewed and committed.
    """
    session: Session = context.obj
    if mute is not None:
        _mute(session, *mute, until, reason)
        raise typer.Exit(Exit.DONE)
    if until is not None or reason is not None:
        raise WrongUsage("--until and --reason go with --mute NUMBER PATH")
    reports = check_formats(form, report or [], ReportKind.DRIFT, session)
    with session.project as project:
        try:
            whole = project.drift(targets=selected(target, exclude), refresh=refresh.value, applied=applied)
        except InvalidInput as error:
            tell_invalid(session, error, form, reports)
            raise
        shown = new_only(whole) if only_new else whole
        document = drift_document(session, shown)
        emit(session, form, reports, document)
        tell(session, notify, document)
        if not no_record:
            _record(session, whole)
    if has_errors(shown.diagnostics):
        raise typer.Exit(Exit.INVALID)
    raise typer.Exit(Exit.CHANGES if detailed_exitcode and shown.alerts else Exit.DONE)


def _record(session: Session, drift: Drift) -> None:
    """Record the report once all of it was delivered: what nobody could read is still new. A state that cannot be
    written hides no report."""
    if session.unwritten or not session.is_delivered:
        session.warn("This report is not recorded, because not all of it was written: its news stays new.")
        return
    try:
        session.project.record_drift(drift)
    except StateError as error:
        session.warn(f"This report is not recorded, so the next one cannot tell what is new: {error}")


def _mute(session: Session, number: str, path: str, until: str | None, reason: str | None) -> None:
    """Put a mute into the file of mutes."""
    with session.project as project:
        project.mute(number, path, until=until, reason=reason)
    name = display(session.settings.mutes, session.settings.root)
    session.say(visible(f"Muted {number} {path} until {until} in {name}. Review it and commit it."))
