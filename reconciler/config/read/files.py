"""Which files hold declarations, and their bytes."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Callable, Sequence
from pathlib import Path

from reconciler.config.read.globs import Listed, Matches, matches
from reconciler.config.read.messages import quoted
from reconciler.core.diagnostics import Diagnostic, Severity, Source
from reconciler.file_flags import BINARY, NO_WAIT

_CHUNK = 2**18
_BACKSLASH = "\\"
_SEVERAL = r"\\+"


def display(file: Path, root: Path) -> str:
    """The name of a file in messages: relative to the root where it is below it, with forward slashes."""
    return displayed_below(root)(file)


def displayed_below(root: Path) -> Callable[[Path], str]:
    """`display` for one root and many files."""
    base = os.path.abspath(root)  # noqa: PTH100 (keeps symlinks)
    inside = base if base.endswith(os.sep) else base + os.sep
    start = len(inside)

    def displayed(file: Path) -> str:
        text = str(file)
        if not text.startswith(inside) or _is_winding(text):
            text = os.path.abspath(os.path.join(base, text))  # noqa: PTH100, PTH118 (Path is ten times as slow here)
        return _shown(text[start:] if text.startswith(inside) else text)

    return displayed


def _is_winding(path: str) -> bool:
    """Whether a path may hold `.`, `..` or an empty part."""
    return f"{os.sep}." in path or os.sep * 2 in path


def _shown(name: str) -> str:
    name = name.replace(os.sep, "/") if os.sep != "/" else name
    return name if name.isascii() else name.encode("utf-8", "backslashreplace").decode()  # a name need not be text


def find_files(globs: Sequence[str], root: Path) -> tuple[tuple[Path, ...], tuple[Diagnostic, ...]]:
    """The files that the globs match (`globs.matches`), each once, sorted by their path below the root; and problems.

    A glob that matches nothing is an error: it would silently declare nothing.
    """
    files: dict[str, Path] = {}  # by what a symlink in the end is
    problems: dict[Diagnostic, None] = {}  # each once, in order
    listed: Listed = {}
    for glob in globs:
        problem = _glob_problem(glob)
        matched = Matches() if problem else matches(glob, root, listed)
        problems |= dict.fromkeys(matched.problems)
        if not matched.files and not matched.problems:
            summary = problem or f"the glob {quoted(glob)} matches no file"
            code, remedy = "S119", "Write a glob such as customers/**/*.yaml, relative to the settings file."
            if _BACKSLASH in glob:
                code, remedy = (
                    "S126",
                    f"Write it with slashes, on Windows too: {quoted(re.sub(_SEVERAL, '/', glob))}.",
                )
            problems[Diagnostic(Severity.ERROR, code, summary, remedy=remedy)] = None
        for real, path in matched.files.items():
            files.setdefault(real, path)
    twins = [_other_ending(path, root) for real, path in _with_other_ending(globs, root, listed) if real not in files]
    problems |= dict.fromkeys(twins)
    return tuple(sorted(files.values(), key=displayed_below(root))), tuple(problems)


def _with_other_ending(globs: Sequence[str], root: Path, listed: Listed) -> list[tuple[str, Path]]:
    """Files that only the spelling of the ending keeps from being read: .yml beside .yaml, or the other way round."""
    other = {".yaml": ".yml", ".yml": ".yaml"}
    twins = [glob.removesuffix(end) + other[end] for glob in globs for end in other if glob.endswith(end)]
    matched: dict[str, Path] = {}
    for glob in twins:
        matched |= {} if _glob_problem(glob) else matches(glob, root, listed).files
    return sorted(matched.items())


def _other_ending(path: Path, root: Path) -> Diagnostic:
    name = display(path, root)
    return Diagnostic(
        Severity.WARNING,
        "S121",
        f"{quoted(name)} is not read: no glob in customers matches it",
        remedy="Rename it, or add a glob for its ending.",
    )


def _glob_problem(glob: str) -> str:
    parts = glob.replace("\\", "/").split("/")
    if not glob or "\0" in glob:
        return f"{quoted(glob)} is no glob"
    if _BACKSLASH in glob:
        return f"the glob {quoted(glob)} has backslashes, which part no folders"
    if Path(glob).is_absolute() or ".." in parts:
        return f"the glob {quoted(glob)} leaves the folder of the settings"
    if any("**" in part and part != "**" for part in parts):
        return f"in the glob {quoted(glob)}, ** does not stand alone between slashes"
    return ""


def read_bytes(file: Path, name: str, limit: int) -> tuple[bytes, Diagnostic | None]:
    """A file's bytes, at most one more than `limit`; or why it cannot be read."""
    try:
        handle = os.open(file, os.O_RDONLY | BINARY | NO_WAIT)
        try:
            return _read(handle, limit + 1), None
        finally:
            os.close(handle)
    except OSError as error:
        why = error.strerror or type(error).__name__
        return b"", Diagnostic(
            Severity.ERROR,
            "Y215",
            f"{name} cannot be read: {why}",
            remedy="Correct the path or the file's permissions.",
            source=Source(name, 1, 1),
        )


def _read(handle: int, limit: int) -> bytes:
    """At most `limit` bytes of an open file, with as few calls as can be: there may be 100,000 files."""
    status = os.fstat(handle)
    if not stat.S_ISREG(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, "it is no file")
    data = os.read(handle, min(status.st_size + 1, limit))
    if len(data) == status.st_size:
        return data
    while len(data) < limit and (
        chunk := os.read(handle, min(_CHUNK, limit - len(data)))
    ):  # it grows, or knows no size
        data += chunk
    return data
