"""`reconciler mark-applied`: what the pipelines call after an apply that ended with exit code 0. See docs/ci.md.

Hidden: it is for jobs that keep no state. It fails no job, since what was applied is applied.
"""

from __future__ import annotations

import typer

from reconciler.cli.shell.session import Session
from reconciler.core.errors import ReconcilerError
from reconciler.exit_codes import Exit
from reconciler.operations.mark_applied import push_mark
from reconciler.reports.safe_text import visible


def mark_applied(context: typer.Context) -> None:
    """Move the branch reconciler/applied/ENVIRONMENT to the commit that is checked out."""
    session: Session = context.obj
    try:
        mark = push_mark(session.settings, session.environ)
    except ReconcilerError as error:
        session.warn(
            f"which commit was applied last could not be noted in git: {error}. Until it is, drift may be told as"
            " changed on both sides."
        )
    else:
        session.say(visible(f"{mark.branch} stands at {mark.commit[:12]}."))
    raise typer.Exit(Exit.DONE)
