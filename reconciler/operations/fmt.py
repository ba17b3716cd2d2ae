"""The use case `fmt`: canonical key order and quoting, comments kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from reconciler.config.edit.canonical import canonical
from reconciler.config.edit.write_files import Replacement, replace_files
from reconciler.config.read.file_limits import BOUNDS, Bounds
from reconciler.config.read.files import display, find_files
from reconciler.config.settings import Settings
from reconciler.core.diagnostics import Diagnostic, in_order
from reconciler.core.errors import InvalidInput, WrongUsage
from reconciler.operations.files import read_declarations

_SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class Formatted:
    """The files that were put into canonical form, or would be, of how many."""

    changes: tuple[Replacement, ...]
    files: int


def fmt(settings: Settings, *, write: bool) -> Formatted:
    """Format what the settings name. Nothing is written when any file has errors. Raises InvalidInput."""
    paths, problems = find_files(settings.customers, settings.root)
    if problems:
        raise InvalidInput(problems)
    return _format([(path, display(path, settings.root)) for path in paths], settings.limits.files, write=write)


def fmt_paths(paths: Sequence[Path], here: Path, *, write: bool) -> Formatted:
    """Format these files and folders; no settings are needed. here: what names in messages are relative to.

    Nothing is written when any file has errors. Raises InvalidInput, WrongUsage.
    """
    named = {display(path, here): (path, display(path, here)) for path in _named(paths)}
    return _format(list(named.values()), BOUNDS, write=write)


def _format(files: list[tuple[Path, str]], bounds: Bounds, *, write: bool) -> Formatted:
    changes: list[Replacement] = []
    problems: list[Diagnostic] = []
    for path, name in files:
        try:
            data = read_declarations(path, name, bounds.file_size)
        except InvalidInput as error:
            problems += error.diagnostics
            continue
        form = canonical(data, name, bounds)
        problems += form.diagnostics
        if not form.diagnostics and form.data != data:
            changes.append(Replacement(path, name, data, form.data))
    if problems:
        raise InvalidInput(in_order(problems))
    if write:
        replace_files(changes)
    return Formatted(tuple(changes), len(files))


def _named(paths: Sequence[Path]) -> Iterator[Path]:
    """The files, and below a folder all that are YAML by their names, but hidden ones."""
    for path in paths:
        if path.is_dir():
            below = sorted(file for suffix in _SUFFIXES for file in path.rglob(f"*{suffix}"))
            yield from (
                file
                for file in below
                if file.is_file() and not any(part.startswith(".") for part in file.relative_to(path).parts)
            )
        elif path.is_file():
            yield path
        else:
            raise WrongUsage(f"There is no file or folder {path}")
