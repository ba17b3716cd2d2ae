"""`reconciler validate`: check settings and declarations, offline."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.exits import Exit
from reconciler.cli.options import Format, MaxChars, Redact, Reports
from reconciler.cli.output import check_formats, emit, validation_document


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
    from reconciler import pipeline
    from reconciler.cli.session import Session, now
    from reconciler.core.diagnostics import has_errors
    from reconciler.reports.report import Kind

    session: Session = context.obj
    reports = check_formats(form, report or [], Kind.VALIDATION)
    found = pipeline.load(session.settings, environ=session.environ, paths=_existing(paths or []))
    muted = () if paths else pipeline.read_mutes(session.settings, found, day=now()[:10]).diagnostics
    problems = (*found.diagnostics, *muted)
    emit(session, form, reports, validation_document(session, problems, len(found.desired)))
    raise typer.Exit(Exit.INVALID if has_errors(problems) else Exit.DONE)


def _existing(paths: list[Path]) -> list[Path]:
    from reconciler.core.errors import WrongUsage

    found = []
    for path in paths:
        if path.is_dir():
            found += sorted(each.absolute() for each in path.rglob("*.yaml") if each.is_file())
        elif path.is_file():
            found.append(path.absolute())
        else:
            raise WrongUsage(f"There is no file or folder {path}")
    if paths and not found:
        raise WrongUsage("These folders hold no .yaml file")
    return found
