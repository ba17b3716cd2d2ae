"""`reconciler show`: render a saved plan or a past run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.shell.options import Format, MaxChars, Redact, Reports
from reconciler.cli.shell.output import check_formats, emit, plan_document
from reconciler.cli.shell.session import Session
from reconciler.cli.shell.written import show_run
from reconciler.core.errors import ReconcilerError
from reconciler.exit_codes import Exit
from reconciler.operations.signing import plan_key
from reconciler.reports.report_kind import ReportKind
from reconciler.state import plan_file

if TYPE_CHECKING:
    from reconciler.core.plan import Plan
    from reconciler.operations.project import Project

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
    """Show a saved plan or a past run. Needs neither the declarations nor the ERP.

    In the project's git repository, Markdown, HTML, CSV and workbooks also say who wrote each line of a plan.
    """
    session: Session = context.obj
    if _RUN.fullmatch(str(what)) and not what.exists():
        show_run(session, str(what), form, check_formats(form, report or [], ReportKind.RUN, session))
    else:
        reports = check_formats(form, report or [], ReportKind.PLAN, session)
        plan = plan_file.read(what, plan_key(session.environ))
        forms = (form, *(name for name, _ in reports))
        emit(session, form, reports, plan_document(session, plan, _project(session, plan), forms))
    raise typer.Exit(Exit.DONE)


def _project(session: Session, plan: Plan) -> Project | None:
    """The project here, if there is one and the plan was made of a commit: of other lines nobody knows any more which
    file they stood in."""
    if (plan.config.git_commit or "-dirty").endswith("-dirty"):
        return None
    try:
        _ = session.settings
    except ReconcilerError:
        return None
    return session.project
