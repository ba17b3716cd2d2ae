"""Where results go: one format on standard output, any number of reports in files, from one refresh."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.ci.platforms import running_on
from reconciler.cli.shell.output_paths import check_places
from reconciler.core.diagnostics import Diagnostic
from reconciler.core.drift import Drift
from reconciler.core.errors import InvalidInput, ReportError, WrongUsage
from reconciler.core.plan import Plan, Run
from reconciler.operations.clock import now
from reconciler.reports import json_documents
from reconciler.reports.fitting import COMMENT_LIMITS
from reconciler.reports.formats import formats_of, render
from reconciler.reports.formats.text import diagnostics_lines, lines
from reconciler.reports.report_kind import ReportKind
from reconciler.reports.view.drift import of_drift
from reconciler.reports.view.plan import NOBODY, of_plan
from reconciler.reports.view.report import Report
from reconciler.reports.view.run import of_run
from reconciler.reports.view.validation import of_validation
from reconciler.reports.workbook import check_workbooks
from reconciler.state import plan_file

if TYPE_CHECKING:
    from rich.text import Text

    from reconciler.cli.shell.session import Session
    from reconciler.operations.project import Project

WORKBOOK = "xlsx"
PLAIN = ("text", "json")
"""The formats of what is no report."""


@dataclass(frozen=True, slots=True)
class Document:
    """Something to render: its JSON, and the report for all other formats."""

    json: Callable[[], bytes]
    report: Callable[[], Report]

    def lines(self, width: int | None) -> Iterable[Text]:
        """The text for a width in cells; None never breaks a line."""
        return lines(self.report(), width)

    def render(self, form: str, max_chars: int | None) -> bytes:
        """The bytes of a format."""
        return self.json() if form == "json" else render(self.report(), form, max_chars=max_chars)


def check_formats(
    form: str,
    reports: Iterable[str],
    known: ReportKind | Iterable[str],
    session: Session | None = None,
    out: Path | None = None,
) -> list[tuple[str, Path]]:
    """The `--report F=PATH` words taken apart. Raises WrongUsage before anything is read or written.

    known: the formats that there are, or the kind of report that they must make sense for.
    session: where files are to be written, whose places are checked then; out: that of the plan.
    """
    allowed = formats_of(known) if isinstance(known, ReportKind) else tuple(known)
    parts = []
    for word in reports:
        name, equals, path = word.partition("=")
        if not equals or not path:
            raise WrongUsage(f"--report wants F=PATH, not {word!r}", remedy=f"F is one of {', '.join(allowed)}.")
        parts.append((name, Path(path)))
    for name in [form, *(name for name, _ in parts)]:
        if name not in allowed:
            raise WrongUsage(f"There is no format {name!r} here", remedy=f"Take one of {', '.join(allowed)}.")
    if WORKBOOK in (form, *(name for name, _ in parts)):
        check_workbook(form)
    if session is not None:
        check_places(session, [path for _, path in parts], out)
    return parts


def check_workbook(form: str) -> None:
    """Raise WrongUsage where a workbook cannot be written, or would go to a terminal."""
    check_workbooks()
    if form == WORKBOOK and sys.stdout.isatty():
        raise WrongUsage("A workbook is no text for a terminal", remedy="Write it to a file: add > FILE.xlsx.")


def emit(
    session: Session, form: str, reports: Iterable[tuple[str, Path]], document: Document, *, is_written: bool = False
) -> None:
    """Render to standard output, and to each report file. is_written: the command wrote to the ERP."""
    if form == "text":
        session.print(document.lines(session.width))
    else:
        session.write(document.render(form, _room(session)))
    tell_undelivered(session, document, is_written=is_written)
    write_reports(session, reports, document)


def tell_undelivered(session: Session, document: Document, *, is_written: bool = False) -> None:
    """The outcome on standard error, if standard output did not take it. is_written: the command wrote to the ERP.

    What such a run has to say beyond its outcome, and how to go on with it, follows.
    """
    if session.is_delivered:
        return
    report = document.report()
    session.tell_undelivered(report.headline, is_written=is_written)
    for line in diagnostics_lines(report.diagnostics if is_written else ()):
        session.err.print(line, soft_wrap=True)


def tell_invalid(session: Session, error: InvalidInput, form: str, reports: list[tuple[str, Path]]) -> None:
    """What is wrong, in every format but the terminal's, which gets the error itself."""
    found = validation_document(session, error.diagnostics, 0)
    known = formats_of(ReportKind.VALIDATION)
    if form != "text" and form in known:
        emit(session, form, (), found)
    write_reports(session, [each for each in reports if each[0] in known], found)


def write_reports(session: Session, reports: Iterable[tuple[str, Path]], document: Document) -> None:
    """Render to each report file (0600).

    One that fails is told, and the command ends with 1 if nothing else is wrong. It stops neither the others nor what
    comes after them: a run is done by then, and its numbers must still come into the YAML.
    """
    for name, path in reports:
        try:
            plan_file.write_private(path, document.render(name, _room(session)))
        except ReportError as error:
            session.miss(error)


def _room(session: Session) -> int:
    """How many characters a comment may take: as the options say, or what it takes where this runs."""
    here = running_on(session.environ) or "github"
    return COMMENT_LIMITS[here] if session.max_chars is None else session.max_chars


# ---- what there is to render; redacted when the session is ----


_AUTHORED = ("markdown", "html", "csv", "xlsx")
"""The formats that say who wrote a line."""


def plan_document(session: Session, plan: Plan, project: Project | None = None, forms: Iterable[str] = ()) -> Document:
    """A plan; its JSON is the plan file. project: what it was made of, which knows who wrote its lines, for the formats
    that say so."""
    authors = project.line_authors(plan) if project is not None and set(forms) & set(_AUTHORED) else NOBODY
    shown = plan
    if session.redactor:
        shown = plan_file.seal(session.redactor.plan(plan))
        authors = {place: session.redactor.author(author) for place, author in authors.items()}
    return Document(lambda: plan_file.dumps(shown), lambda: of_plan(shown, authors))


def run_document(session: Session, run: Run) -> Document:
    """A run, from its first result to the counts."""
    shown = session.redactor.run(run) if session.redactor else run
    return Document(lambda: json_documents.run(shown), lambda: of_run(shown))


def drift_document(session: Session, drift: Drift) -> Document:
    """What the ERP has otherwise than declared."""
    shown = session.redactor.drift(drift) if session.redactor else drift
    return Document(lambda: json_documents.drift(shown), lambda: of_drift(shown))


def validation_document(session: Session, diagnostics: Iterable[Diagnostic], declarations: int) -> Document:
    """What `validate` found."""
    found = session.redactor.diagnostics(diagnostics) if session.redactor else tuple(diagnostics)
    return Document(
        lambda: json_documents.validation(found, declarations),
        lambda: replace(of_validation(found, declarations), created_at=now()),
    )
