"""What a glob matches below a folder; and what it matches that must not or cannot be read, which is never silent."""

from __future__ import annotations

import os
import re
import stat
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import translate
from pathlib import Path, PurePath
from typing import TypeAlias

from reconciler.config.read.messages import quoted
from reconciler.core.diagnostics import Diagnostic, Severity, Source


@dataclass(slots=True)
class Matches:
    """The files, by what a symlink in the end is; and the problems on the way."""

    files: dict[str, Path] = field(default_factory=dict)
    problems: dict[Diagnostic, None] = field(default_factory=dict)  # each once, in order


Listed: TypeAlias = "dict[str, list[os.DirEntry[str]]]"
"""What is in folders, by their names below the root, as far as they were listed already."""


def matches(glob: str, root: Path, listed: Listed | None = None) -> Matches:
    """The files that a relative glob without `..` matches. `**` stands for any folders.

    Hidden files and folders are passed over. A file that is linked twice is found once, by its own name where it has
    one. A link that leads out of the root is an error: a change to the declarations must not make other files of the
    machine be read. So are a folder that cannot be listed, and a name that is no file.
    listed: shared by the globs of one run, so that no folder is listed twice.
    """
    return _Walk(root, {} if listed is None else listed).run([_Part(part) for part in PurePath(glob).parts])


def is_read(glob: str, parts: Sequence[str]) -> bool:
    """Whether the glob matches a file with this path, by its parts below the root, if it is there.

    >>> is_read("customers/**/*.yaml", ("customers", "1.yaml")), is_read("customers/*.yaml", ("out", "1.yaml"))
    (True, False)
    """
    return _fits([_Part(part) for part in PurePath(glob).parts], parts)


def _fits(wanted: Sequence[_Part], parts: Sequence[str]) -> bool:
    if not wanted:
        return not parts
    if wanted[0].is_any_depth and _fits(wanted[1:], parts):
        return True
    fits_first = bool(parts) and not parts[0].startswith(".") and wanted[0].fits(parts[0]) is not None
    return fits_first and _fits(wanted if wanted[0].is_any_depth else wanted[1:], parts[1:])


class _Part:
    """One part of a glob."""

    def __init__(self, text: str) -> None:
        self.is_any_depth = text == "**"
        self.fits = re.compile(translate(text)).fullmatch


_Place = tuple[str, str, int]
"""A folder below the root, with its slash; its real path; the glob's part that is tried on what is in it."""


class _Walk:
    def __init__(self, root: Path, listed: Listed) -> None:
        self._root = os.path.join(root, "")
        self._inside = os.path.join(os.path.realpath(root), "")
        self._matches = Matches()
        self._links: dict[str, str] = {}
        self._entries = listed

    def run(self, parts: list[_Part]) -> Matches:
        folders: deque[_Place] = deque([("", self._inside, 0)])
        linked: deque[_Place] = deque()  # what has a name of its own comes first
        seen: set[tuple[str, int]] = set()
        while (folders or linked) and parts:
            folder, real, at = (folders or linked).popleft()
            if (real, at) in seen:
                continue
            seen.add((real, at))
            is_last = at == len(parts) - 1
            if parts[at].is_any_depth and not is_last:
                folders.append((folder, real, at + 1))
            for entry in self._in(folder):
                if not parts[at].fits(entry.name):
                    continue
                if parts[at].is_any_depth or not is_last:
                    below = self._below(folder, real, entry)
                    if below is not None:
                        (linked if entry.is_symlink() else folders).append((*below, at + (not parts[at].is_any_depth)))
                else:
                    self._file(folder, real, entry)
        for real, name in self._links.items():
            self._matches.files.setdefault(real, Path(self._root + name))
        return self._matches

    def _in(self, folder: str) -> Iterator[os.DirEntry[str]]:
        if folder not in self._entries:
            try:
                with os.scandir(self._root + folder) as entries:
                    self._entries[folder] = [entry for entry in entries if not entry.name.startswith(".")]
            except OSError as error:
                self._unreadable(folder.rstrip("/") or ".", error.strerror or type(error).__name__)
                return
        yield from self._entries[folder]

    def _below(self, folder: str, real: str, entry: os.DirEntry[str]) -> tuple[str, str] | None:
        """The folder that an entry is, or nothing."""
        if not entry.is_symlink():
            return (f"{folder}{entry.name}/", f"{real}{entry.name}/") if entry.is_dir() else None
        target = os.path.join(os.path.realpath(entry.path), "")
        if not os.path.isdir(target):
            return None
        return (f"{folder}{entry.name}/", target) if self._is_inside(folder + entry.name, target) else None

    def _file(self, folder: str, real: str, entry: os.DirEntry[str]) -> None:
        name = folder + entry.name
        if not entry.is_symlink() and entry.is_file():
            self._matches.files.setdefault(real + entry.name, Path(self._root + name))
            return
        target = os.path.realpath(entry.path)
        if os.path.isdir(target) or not self._is_inside(name, target):
            return
        if os.path.isfile(target):
            self._links.setdefault(target, name)
        else:
            self._unreadable(name, _what(entry))

    def _is_inside(self, name: str, target: str) -> bool:
        if target.startswith(self._inside):
            return True
        link, outside = _shown(name), _shown(target.rstrip("/"))
        self._problem(
            "S123",
            link,
            f"{quoted(link)} leads out of the folder of the settings, to {quoted(outside)}",
            "Put the files themselves there, or let the globs in customers not match the link.",
        )
        return False

    def _unreadable(self, name: str, why: str) -> None:
        remedy = "Correct its permissions or what it is, or let the globs in customers not match it."
        self._problem("Y215", _shown(name), f"{quoted(_shown(name))} cannot be read: {why}", remedy)

    def _problem(self, code: str, name: str, summary: str, remedy: str) -> None:
        problem = Diagnostic(Severity.ERROR, code, summary, remedy=remedy, source=Source(name, 1, 1))
        self._matches.problems[problem] = None


def _shown(name: str) -> str:
    return name.encode("utf-8", "backslashreplace").decode()  # a name need not be text


_KINDS = (
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def _what(entry: os.DirEntry[str]) -> str:
    try:
        mode = os.stat(entry.path).st_mode
    except OSError as error:
        what = error.strerror or type(error).__name__
        return f"it is a link to nothing ({what})" if entry.is_symlink() else what
    kind = next((words for is_kind, words in _KINDS if is_kind(mode)), "something else")
    return f"it is {kind}, and no file"
