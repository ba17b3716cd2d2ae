"""Where reports and plans are to go, checked before anything is read or written: a run's account must not get lost."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, NoReturn

from reconciler.core.errors import ReconcilerError, WrongUsage
from reconciler.state.plan_file import check_place

if TYPE_CHECKING:
    from reconciler.cli.shell.session import Session
    from reconciler.config.settings import Settings


def check_places(session: Session, reports: Iterable[Path], out: Path | None = None) -> None:
    """Raise WrongUsage for a place that cannot be written, is named twice, or holds what the project lives from.

    out: where the plan itself goes.
    """
    settings = _settings(session)
    taken: dict[Path, str] = {}
    for word, path in (*([("-o", out)] if out is not None else []), *(("--report", each) for each in reports)):
        if _check_writable(word, path):
            continue  # a device or a pipe takes any number of reports
        place = _real(path.parent) / path.name
        if place in taken:
            _refuse(word, path, f"{taken[place]} writes there too", "Give each its own file.")
        if settings is not None and (what := _held(settings, place)):
            _refuse(word, path, f"that is {what}", "Name another file.")
        taken[place] = word


def _settings(session: Session) -> Settings | None:
    """The settings, if they can be had: whoever needs them tells what is wrong with them."""
    try:
        return session.settings
    except ReconcilerError:
        return None


def _check_writable(word: str, path: Path) -> bool:
    """Whether it is a device or a pipe. Raises ReportError for a link, see `check_place`."""
    check_place(path)
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        mode = 0
    except NotADirectoryError:
        _refuse(word, path, f"{_file_above(path)} is a file, and nothing can be in it", "Name a file in a folder.")
    except OSError as error:
        _refuse(word, path, error.strerror or type(error).__name__, "Correct the path.")
    if stat.S_ISDIR(mode):
        _refuse(word, path, "it is a folder", "Name a file in it.")
    if mode and not stat.S_ISREG(mode):
        if not os.access(path, os.W_OK):
            _refuse(word, path, "it is not writable", "Name another file.")
        return True
    if not path.parent.is_dir():
        _refuse(word, path, f"there is no folder {path.parent}", "Make the folder first.")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        remedy = "Make it writable for the user that runs reconciler, or name a file elsewhere."
        _refuse(word, path, f"the folder {path.parent} is not writable", remedy)
    return False


def _file_above(path: Path) -> Path:
    return next((above for above in path.parents if above.is_file()), path.parent)


def _held(settings: Settings, place: Path) -> str | None:
    """What the project has there: a report must not take its place."""
    root = _real(settings.root)
    own = {settings.file: "the settings file", settings.mutes: "the file of mutes"}
    for file, what in own.items():
        if place == _real(file):
            return what
    state = _real(settings.state_folder) / (settings.state.name if isinstance(settings.state, Path) else "state.db")
    if place.parent == state.parent and place.name.startswith((state.name, "redact.key", "sandbox.db")):
        return "the state"
    parts = place.relative_to(root).parts if place.is_relative_to(root) else ()
    if any(_fits(parts, PurePath(glob).parts) for glob in settings.customers):
        return "a declaration by its name"
    return None


def _real(path: Path) -> Path:
    """As `Path.resolve`, which has no answer to a link that leads to itself."""
    return Path(os.path.realpath(path))


def _fits(parts: tuple[str, ...], glob: tuple[str, ...]) -> bool:
    """Whether a path, taken apart, is one that the glob matches; `**` stands for any folders."""
    if not parts or not glob:
        return not parts and not glob
    if glob[0] == "**":
        return _fits(parts, glob[1:]) or _fits(parts[1:], glob)
    return fnmatchcase(parts[0], glob[0]) and _fits(parts[1:], glob[1:])


def _refuse(word: str, path: Path, why: str, remedy: str) -> NoReturn:
    raise WrongUsage(f"{word} cannot write {path}: {why}", remedy=remedy)
