"""`reconciler github`: what action.yml runs. A command, and what GitHub is told of it.

Hidden: it is no more than the other commands with files, comments and issues around them. See docs/ci.md.
"""

from __future__ import annotations

import re
import shlex
import sys
import tempfile
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from reconciler.ci.github import STEPS, Work
from reconciler.ci.github_job import Job
from reconciler.cli.shell.application import run
from reconciler.cli.shell.session import Session
from reconciler.core.errors import ReconcilerError
from reconciler.core.shared_state import SharedState
from reconciler.exit_codes import Exit
from reconciler.operations.mark_applied import Mark, mark_of


class Command(StrEnum):
    """What the job is for."""

    VALIDATE = "validate"
    PLAN = "plan"
    APPLY = "apply"
    DRIFT = "drift"


def github(
    context: typer.Context,
    command: Annotated[Command, typer.Argument(metavar="validate|plan|apply|drift")],
    comment: Annotated[str, typer.Option("--post", metavar="true|false", help="Whether to comment.")] = "true",
    base: Annotated[str, typer.Option("--since", metavar="REF", help="For `plan --base`.")] = "",
    digest: Annotated[str, typer.Option("--reviewed", metavar="SHA256", help="Else the pull request's.")] = "",
    words: Annotated[str, typer.Option("--args", metavar="TEXT", help="Further words, as in a shell.")] = "",
) -> None:
    """Run a command in a GitHub workflow, and tell GitHub of it."""
    session: Session = context.obj
    folder = Path(tempfile.mkdtemp(prefix="reconciler-", dir=session.environ.get("RUNNER_TEMP") or None))
    options = ["--env", session.environment] if session.environment else []
    options += ["--config", str(session.config)] if session.config else []
    work = Work(
        Job(session.environ),
        run,
        _echo,
        _environment(session),
        folder,
        shlex.split(words),
        comment.lower() == "true",
        base,
        digest,
        options,
        None if _is_state_shared(session) else partial(_mark, session),
    )
    code = STEPS[command.value](work)
    work.job.put(exit_code=int(code))
    raise typer.Exit(Exit.DONE if code is Exit.CHANGES else code)


def _is_state_shared(session: Session) -> bool:
    try:
        return isinstance(session.settings.state, SharedState)
    except ReconcilerError:
        return False


def _mark(session: Session) -> Mark:
    return mark_of(session.settings, session.environ)


def _echo(line: str) -> None:
    """After what the command printed."""
    sys.stdout.flush()
    typer.echo(line)


def _environment(session: Session) -> str:
    """As it may stand in a comment's marker; empty when not even the settings can be read."""
    try:
        return re.sub(r"[^\w.-]", "_", session.settings.environment)
    except ReconcilerError:
        return ""
