"""`reconciler validate`: check settings and declarations, offline."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.shell.exit_codes import Exit
from reconciler.cli.shell.options import Format, MaxChars, Redact, Reports
from reconciler.cli.shell.output import check_formats, emit, validation_document

if TYPE_CHECKING:
    from reconciler.config.read.globs import Matches
    from reconciler.core.diagnostics import Diagnostic


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
    from reconciler.cli.shell.session import Session, now
    from reconciler.core.diagnostics import has_errors
    from reconciler.core.errors import InvalidInput
    from reconciler.operations import pipeline
    from reconciler.reports.report_kind import ReportKind

    session: Session = context.obj
    reports = check_formats(form, report or [], ReportKind.VALIDATION, session)
    settings, problems = session.check_settings()
    if settings is None:
        raise InvalidInput(problems)
    files, unread = _existing(paths or [], settings.root)
    cache = None if problems else session.cache(settings, writes=False)
    found = pipeline.load(settings, environ=session.environ, paths=files, cache=cache)
    muted = () if paths else pipeline.read_mutes(settings, found, day=now()[:10]).diagnostics
    told = (*problems, *unread, *found.diagnostics, *muted)
    emit(session, form, reports, validation_document(session, told, len(found.desired)))
    raise typer.Exit(Exit.INVALID if has_errors(told) else Exit.DONE)


def _existing(paths: list[Path], root: Path) -> tuple[list[Path], list[Diagnostic]]:
    """The files that are meant, and what cannot be read in the folders. Raises InvalidInput when only that is left."""
    from reconciler.core.errors import InvalidInput, WrongUsage

    found: list[Path] = []
    problems: list[Diagnostic] = []
    for path in paths:
        if path.is_dir():
            matched = _in_folder(path.absolute(), root)
            found += sorted(matched.files.values())
            problems += matched.problems
        elif path.is_file():
            found.append(path.absolute())
        else:
            raise WrongUsage(f"There is no file or folder {path}")
    if paths and not found:
        raise InvalidInput(tuple(problems)) if problems else WrongUsage("These folders hold no .yaml file")
    return found, problems


def _in_folder(folder: Path, root: Path) -> Matches:
    """Its .yaml files. In the project, links may lead elsewhere in the project."""
    from glob import escape

    from reconciler.config.read.globs import matches

    inside = folder.relative_to(root).parts if folder.is_relative_to(root) else (".",)
    if any(part.startswith(".") for part in inside):
        return matches("**/*.yaml", folder)
    return matches("/".join([*map(escape, inside), "**/*.yaml"]), root)
