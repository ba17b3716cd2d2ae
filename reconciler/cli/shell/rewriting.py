"""Unified diffs, for the commands that rewrite declaration files."""

from __future__ import annotations

import os
import re
import stat
import sys
from collections.abc import Iterable

from rich.text import Text

from reconciler.ci.platforms import is_ci
from reconciler.cli.shell.line_diff import hunks
from reconciler.cli.shell.session import Session
from reconciler.config.edit.write_files import Replacement
from reconciler.reports.safe_text import escaped


def unified_diff(change: Replacement) -> bytes:
    """The change as `git apply` and `patch -p1` take it."""
    old, new = (_lines(data) for data in (change.old, change.new))
    lines = [line if line.endswith(b"\n") else line + b"\n\\ No newline at end of file\n" for line in hunks(old, new)]
    name = change.name.encode()
    return b"".join([b"--- a/" + name + b"\n", b"+++ b/" + name + b"\n", *lines] if lines else [])


def _lines(data: bytes) -> list[bytes]:
    """Lines as git and patch count them: a carriage return alone ends none."""
    return re.findall(rb"[^\n]*+\n|[^\n]++", data)


def show_diffs(session: Session, changes: Iterable[Replacement]) -> None:
    """The diffs to standard output: byte for byte into a file or pipe, made harmless on a terminal and in a CI log."""
    is_read = session.out.is_terminal or _is_ci_log(session)
    for change in changes:
        diff = unified_diff(change)
        if not is_read:
            session.write(diff)
            continue
        for line in diff.decode("utf-8", "replace").removesuffix("\n").split("\n"):
            style = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "")
            session.print([Text(escaped(line), style if not line.startswith(("+++", "---")) else "bold")])


def _is_ci_log(session: Session) -> bool:
    """Whether a CI server reads standard output, and obeys commands in it. A patch for `git apply` goes into a file."""
    if not is_ci(session.environ):
        return False
    try:
        return not stat.S_ISREG(os.fstat(sys.stdout.fileno()).st_mode)
    except (OSError, ValueError):  # no file at all: nothing that a patch could be kept in
        return True
