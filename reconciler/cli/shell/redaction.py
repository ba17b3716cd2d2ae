"""`--redact`: whose key it is, and where it is kept."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.core.errors import ReconcilerError, WrongUsage
from reconciler.reports.redact import KEY_VARIABLE, SHORTEST_KEY

if TYPE_CHECKING:
    from reconciler.cli.shell.session import Session

_BYTES = 32


def redaction_key(session: Session) -> bytes:
    """The key from the process environment; else the project's own, made when it is first needed, mode 0600.

    Where neither can be had (`show` outside a project, settings with errors, a folder that cannot be written), a key of
    this process alone: nothing is shown in clear, but the words fit no other report. Raises WrongUsage for a key that
    could be guessed.
    """
    given = session.environ.get(KEY_VARIABLE, "")
    if given:
        if len(given) < SHORTEST_KEY:
            raise WrongUsage(
                f"{KEY_VARIABLE} is too short to keep values from being guessed",
                remedy="Give it 16 random characters or more, such as `openssl rand -hex 32` prints.",
            )
        return given.encode("utf-8", "surrogatepass")
    try:
        return _kept(session.settings.state_folder / "redact.key")
    except (OSError, ReconcilerError):
        session.say(f"No redaction key can be kept here: set {KEY_VARIABLE} to compare this report with others.")
        return secrets.token_hex(_BYTES).encode()


def _kept(path: Path) -> bytes:
    """The key in the file; two that make it at once end with the same."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(_BYTES))
        with suppress(FileExistsError):
            os.link(beside, path)
    finally:
        beside.unlink(missing_ok=True)
    found = path.read_bytes().strip()
    if len(found) < SHORTEST_KEY:
        raise OSError(f"{path} holds no key")
    return found
