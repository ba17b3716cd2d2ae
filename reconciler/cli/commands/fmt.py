"""`reconciler fmt`: canonical key order and quoting, comments kept."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.shell.exit_codes import Exit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.cli.shell.session import Session
    from reconciler.config.edit.write_files import Replacement
    from reconciler.config.read.file_limits import Bounds
    from reconciler.core.diagnostics import Diagnostic

_SUFFIXES = (".yaml", ".yml")


def fmt(
    context: typer.Context,
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[PATH]...", help="Only these files and folders; else what the settings name."),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; name the files that would change, and exit 1.")
    ] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Write nothing; show the changes as a unified diff.")] = False,
) -> None:
    """Put declarations into canonical form; what they declare, and their comments, never change.

    Nothing is written when any of the files has errors.
    """
    from reconciler.config.edit.write_files import replace_files
    from reconciler.config.read.file_limits import BOUNDS
    from reconciler.core.diagnostics import in_order
    from reconciler.core.errors import InvalidInput

    session: Session = context.obj
    changes: list[Replacement] = []
    problems: list[Diagnostic] = []
    files = list(_files(session, paths or []))
    bounds = BOUNDS if paths else session.settings.limits.files  # named files need no settings
    for path, name in files:
        change, found = _formatted(path, name, bounds)
        problems += found
        changes += change
    if problems:
        raise InvalidInput(in_order(problems))
    if not (check or diff):
        replace_files(changes)
    _tell(session, changes, len(files), check=check, diff=diff)
    raise typer.Exit(Exit.ERROR if check and changes else Exit.DONE)


def _files(session: Session, paths: list[Path]) -> Iterator[tuple[Path, str]]:
    """The files with their names for messages: of the settings, or what is named. Raises InvalidInput, WrongUsage."""
    from reconciler.config.read.files import display, find_files
    from reconciler.core.errors import InvalidInput

    if paths:
        here = Path.cwd()
        yield from {display(path, here): (path, display(path, here)) for path in _named(paths)}.values()
        return
    settings = session.settings
    found, problems = find_files(settings.customers, settings.root)
    if problems:
        raise InvalidInput(problems)
    yield from ((path, display(path, settings.root)) for path in found)


def _named(paths: list[Path]) -> Iterator[Path]:
    """The files, and below a folder all that are YAML by their names, but hidden ones."""
    from reconciler.core.errors import WrongUsage

    for path in paths:
        if path.is_dir():
            below = sorted(each for suffix in _SUFFIXES for each in path.rglob(f"*{suffix}"))
            yield from (
                each
                for each in below
                if each.is_file() and not any(part.startswith(".") for part in each.relative_to(path).parts)
            )
        elif path.is_file():
            yield path
        else:
            raise WrongUsage(f"There is no file or folder {path}")


def _formatted(path: Path, name: str, bounds: Bounds) -> tuple[list[Replacement], tuple[Diagnostic, ...]]:
    from reconciler.cli.shell.rewriting import read_declarations
    from reconciler.config.edit.canonical import canonical
    from reconciler.config.edit.write_files import Replacement
    from reconciler.core.errors import InvalidInput

    try:
        data = read_declarations(path, name, bounds.file_size)
    except InvalidInput as error:
        return [], error.diagnostics
    found = canonical(data, name, bounds)
    changed = [] if found.diagnostics or found.data == data else [Replacement(path, name, data, found.data)]
    return changed, found.diagnostics


def _tell(session: Session, changes: list[Replacement], count: int, *, check: bool, diff: bool) -> None:
    from rich.text import Text

    from reconciler.cli.shell.rewriting import show_diffs
    from reconciler.reports.safe_text import visible
    from reconciler.reports.wording import counted

    if diff:
        show_diffs(session, changes)
    else:
        session.print(Text(visible(change.name)) for change in changes)
    did = "would be formatted" if check or diff else "formatted"
    session.say(f"{counted(len(changes), 'file')} {did}, {count - len(changes):,} left as they are.")
