"""Unified diffs, for the commands that rewrite declaration files."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from rich.text import Text

from reconciler.cli.shell.session import Session
from reconciler.config.edit.write_files import Replacement
from reconciler.reports.safe_text import visible


def unified_diff(change: Replacement) -> bytes:
    """The change as `git apply` and `patch -p1` take it."""
    lines: list[bytes] = []
    old, new = (data.splitlines(keepends=True) for data in (change.old, change.new))
    name = change.name.encode()
    for line in difflib.diff_bytes(difflib.unified_diff, old, new, b"a/" + name, b"b/" + name, lineterm=b"\n"):
        lines.append(line if line.endswith(b"\n") else line + b"\n\\ No newline at end of file\n")
    return b"".join(lines)


def show_diffs(session: Session, changes: Iterable[Replacement]) -> None:
    """The diffs to standard output: byte for byte into a file or pipe, made harmless on a terminal."""
    for change in changes:
        found = unified_diff(change)
        if not session.out.is_terminal:
            session.write(found)
            continue
        for line in found.decode("utf-8", "replace").removesuffix("\n").split("\n"):
            style = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "")
            session.print([Text(visible(line), style if not line.startswith(("+++", "---")) else "bold")])
