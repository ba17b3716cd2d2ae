"""`reconciler fmt`: canonical key order and quoting, comments kept."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from reconciler.cli.shell.rewriting import show_diffs
from reconciler.cli.shell.session import Session
from reconciler.exit_codes import Exit
from reconciler.operations.fmt import Formatted, fmt_paths
from reconciler.reports.safe_text import visible
from reconciler.reports.wording import counted


def fmt(
    context: typer.Context,
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[PATH]...", help="Only these files and folders [all that the settings name]."),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; name the files that would change, and exit 1.")
    ] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Write nothing; show the changes as a unified diff.")] = False,
) -> None:
    """Put declarations into canonical form. What they declare and their comments never change.

    Nothing is written when any of the files has errors.
    """
    session: Session = context.obj
    write = not (check or diff)
    done = fmt_paths(paths, Path.cwd(), write=write) if paths else session.project.fmt(write=write)
    _tell(session, done, write=write, diff=diff)
    raise typer.Exit(Exit.ERROR if check and done.changes else Exit.DONE)


def _tell(session: Session, done: Formatted, *, write: bool, diff: bool) -> None:
    if diff:
        show_diffs(session, done.changes)
    else:
        session.print(Text(visible(change.name)) for change in done.changes)
    count = len(done.changes)
    did = "formatted" if write else "would be formatted"
    session.say(f"{counted(count, 'file')} {did}, {done.files - count:,} left as they are.")
