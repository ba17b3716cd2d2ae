"""The use case `validate`: settings, declarations and mutes, offline. Every problem in one run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from glob import escape
from pathlib import Path

from reconciler.config.read.globs import Matches, matches
from reconciler.config.settings import SharedSettings, check_settings
from reconciler.core.diagnostics import Diagnostic
from reconciler.core.errors import InvalidInput, WrongUsage
from reconciler.operations import clock
from reconciler.operations.declarations import read
from reconciler.operations.mutes import read_mutes


@dataclass(frozen=True, slots=True)
class Validation:
    """What was found, and how many declarations were checked."""

    diagnostics: tuple[Diagnostic, ...]
    declarations: int


def validate(
    file: Path,
    paths: Sequence[Path] = (),
    *,
    environment: str | None = None,
    environ: Mapping[str, str],
    shared: SharedSettings | None = None,
) -> Validation:
    """Check the settings file, and what it names, or only these files and folders. shared: what lies under it.

    Raises InvalidInput when not even the settings can be read, WrongUsage for paths that hold nothing.
    """
    settings, problems = check_settings(file, environment=environment, environ=environ, shared=shared)
    if settings is None:
        raise InvalidInput(problems)
    files, unread = _existing(paths, settings.root)
    loaded = read(settings, environ=environ, paths=files)
    muted = () if paths else read_mutes(settings, loaded, day=clock.now()[:10]).diagnostics
    return Validation((*problems, *unread, *loaded.diagnostics, *muted), len(loaded.desired))


def _existing(paths: Sequence[Path], root: Path) -> tuple[list[Path], list[Diagnostic]]:
    """The files that are meant, and what cannot be read in the folders. Raises InvalidInput when only that is left."""
    files: list[Path] = []
    problems: list[Diagnostic] = []
    for path in paths:
        if path.is_dir():
            matched = _in_folder(path.absolute(), root)
            files += sorted(matched.files.values())
            problems += matched.problems
        elif path.is_file():
            files.append(path.absolute())
        else:
            raise WrongUsage(f"There is no file or folder {path}")
    if paths and not files:
        raise InvalidInput(tuple(problems)) if problems else WrongUsage("These folders hold no .yaml file")
    return files, problems


def _in_folder(folder: Path, root: Path) -> Matches:
    """Its .yaml files. In the project, links may lead elsewhere in the project."""
    inside = folder.relative_to(root).parts if folder.is_relative_to(root) else (".",)
    if any(part.startswith(".") for part in inside):
        return matches("**/*.yaml", folder)
    return matches("/".join([*map(escape, inside), "**/*.yaml"]), root)
