"""The session of the command that runs, for the one place that tells of errors (`app.run`)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import typer

    from reconciler.cli.shell.session import Session
    from reconciler.reports.redact import Redactor

_CURRENT: list[Session] = []


def use(context: typer.Context, session: Session) -> None:
    """The command goes on with this session."""
    context.obj = session
    _CURRENT[:] = [session]


def forget() -> None:
    """No command runs yet."""
    _CURRENT.clear()


def current() -> Session:
    """The session in use, or one without any option when the arguments were not even understood."""
    from reconciler.cli.shell.session import Session  # noqa: PLC0415 - help stays light

    return _CURRENT[0] if _CURRENT else Session(None, None, None, False, os.environ)


def is_unwritten() -> bool:
    """Whether a report of the command could not be written. Without a session none was asked for: help stays light."""
    return bool(_CURRENT and _CURRENT[0].unwritten)


def redactor() -> Redactor | None:
    """What replaces personal data in messages of errors; None also when the very key is the error."""
    from reconciler.core.errors import ReconcilerError  # noqa: PLC0415 - help stays light

    try:
        return current().redactor
    except ReconcilerError:
        return None
