"""After a whole apply without a shared state: the branch that tells other machines which commit was applied last."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.config.settings import SANDBOX, Settings
from reconciler.core.errors import ReconcilerError, WrongUsage
from reconciler.operations import declarations
from reconciler.operations.last_applied import applied_branch
from reconciler.operations.revision import Revisions

_NEWER = ("non-fast-forward", "fetch first", "stale info")
_CREDENTIALS = re.compile(r"//[^/@\s]+@")


@dataclass(frozen=True, slots=True)
class Mark:
    """A branch, and the commit that it is to stand at."""

    branch: str
    commit: str


def mark_of(settings: Settings, environ: Mapping[str, str]) -> Mark:
    """The mark for what is checked out. Raises WrongUsage where no commit declares just that."""
    if settings.environment == SANDBOX:
        raise WrongUsage("The built-in ERP is on this machine alone, and so is its state")
    revisions = Revisions(settings, environ, "The mark of what was applied")
    commit = revisions.known_commit("HEAD")
    committed = revisions.read("HEAD", commit).loaded
    if committed is None or committed.digest != declarations.read(settings, environ=environ).digest:
        raise WrongUsage("The declarations here are not those of the commit that is checked out")
    return Mark(applied_branch(settings.environment), commit)


def push_mark(settings: Settings, environ: Mapping[str, str]) -> Mark:
    """Move the branch at the remote `origin`, forward alone: never by force. Raises ReconcilerError."""
    mark = mark_of(settings, environ)
    git = Revisions(settings, environ, "").git
    try:
        pushed = git.run("push", "--porcelain", "origin", f"{mark.commit}:refs/heads/{mark.branch}")
    except (OSError, subprocess.SubprocessError) as error:
        raise ReconcilerError(f"git cannot be run: {error}") from error
    if pushed.returncode:
        raise ReconcilerError(
            _why(f"{pushed.stdout.decode('utf-8', 'replace')}\n{pushed.stderr.decode('utf-8', 'replace')}")
        )
    return mark


def _why(said: str) -> str:
    if any(word in said for word in _NEWER):
        return "it stands at a commit that is not before this one: a newer apply moved it, or this clone is shallow"
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    telling = [line for line in lines if line.startswith(("!", "fatal:", "remote:", "error:"))]
    return _CREDENTIALS.sub("//", (telling or lines or ["git push failed"])[0])
