"""What an import wrote, or would write."""

from __future__ import annotations

from reconciler.cli.shell.rewriting import show_diffs
from reconciler.cli.shell.session import Session
from reconciler.config.read.files import display
from reconciler.operations.import_sheet import Imported
from reconciler.reports.formats.text import diagnostics_lines
from reconciler.reports.safe_text import visible
from reconciler.reports.wording import counted

_NAMED = 10


def show_import(session: Session, done: Imported, *, dry_run: bool) -> None:
    """The diff of a dry run, what is to be said of cells, and what was written."""
    if dry_run:
        show_diffs(session, (*done.created, *done.updated))
    for line in diagnostics_lines(done.diagnostics):
        session.err.print(line, soft_wrap=True)
    if done.passed_over:
        rest = f" and {len(done.passed_over) - _NAMED} more" if len(done.passed_over) > _NAMED else ""
        session.say(visible(f"Passed over the columns {', '.join(done.passed_over[:_NAMED])}{rest}."))
    folder = visible(display(done.folder, session.settings.root))
    verb = "Would write" if dry_run else "Wrote"
    said = [f"{counted(done.new, 'new declaration')} to {folder}"] if done.new or not done.updated else []
    said += [f"changes to {counted(len(done.updated), 'file')}"] if done.updated else []
    session.say(f"{verb} {', and '.join(said)} ({counted(done.rows, 'row')}; {done.unchanged:,} unchanged).")
    if not done.is_read:
        session.say(f"The settings do not read {folder}: add it to customers, or import to another folder with -o.")
    elif not dry_run and (done.new or done.updated):
        session.say("Next: reconciler plan")
