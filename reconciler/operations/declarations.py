"""The declarations: read once for an operation, free of errors before any request is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path

from reconciler.config.read.declarations import Loaded, find_files, load_declarations
from reconciler.config.read.messages import nearest
from reconciler.config.settings import Settings
from reconciler.core.desired import Desired
from reconciler.core.diagnostics import has_errors
from reconciler.core.duplicates import declared_twice
from reconciler.core.errors import InvalidInput, WrongUsage
from reconciler.core.normalise import number_key
from reconciler.core.parents import parent_problems
from reconciler.operations.workspace import Workspace

NOT = "!"
"""Stands before a word that names what to leave out."""

_NO_SIGNS = str.maketrans("", "", "*?[]!")


def read(settings: Settings, *, environ: Mapping[str, str], paths: Sequence[Path] = ()) -> Loaded:
    """Read and validate the declarations: all that the settings name, or only `paths`. No network.

    Problems are in the result's diagnostics; `make_plan` refuses a result that holds errors.
    """
    files, problems = (tuple(paths), ()) if paths else find_files(settings.customers, settings.root)
    loaded = load_declarations(
        files,
        root=settings.root,
        defaults=settings.defaults,
        environ=environ,
        bounds=settings.limits.files,
    )
    twice = declared_twice(loaded.desired, settings.guards.duplicates)
    parents = () if paths else parent_problems(loaded.desired)
    return replace(loaded, diagnostics=(*problems, *loaded.diagnostics, *twice, *parents))


def load(workspace: Workspace) -> Loaded:
    """All declarations. Raises InvalidInput."""
    loaded = read(workspace.settings, environ=workspace.environ)
    if has_errors(loaded.diagnostics):
        raise InvalidInput(loaded.diagnostics)
    return loaded


@dataclass(frozen=True, slots=True)
class Selection:
    """The declarations to look at, by `number_key`, or by ref where they have no number; no targets means all.

    excluded: those that were named to be left out.
    """

    targets: frozenset[str] = frozenset()
    excluded: frozenset[str] = frozenset()


EVERYBODY = Selection()


def select(loaded: Loaded, words: Sequence[str]) -> Selection:
    """The declarations that the words name: numbers, refs, or patterns of them; behind a `!`, those to leave out.

    `*` is any text, `?` one character, `[12]` one of these; a word that is a number or ref means that alone. Case does
    not count in numbers. Raises WrongUsage for a word that names none, and when nothing is left.
    """
    targets = _named(loaded, [word for word in words if not word.startswith(NOT)])
    excluded = _named(loaded, [word.removeprefix(NOT) for word in words if word.startswith(NOT)])
    if not excluded:
        return Selection(targets)
    chosen = (targets or frozenset(map(_key, loaded.desired))) - excluded
    if not chosen:
        raise WrongUsage("--exclude leaves out every customer", remedy="Exclude fewer.")
    return Selection(chosen, excluded)


def _named(loaded: Loaded, words: Sequence[str]) -> frozenset[str]:
    keys: set[str] = set()
    for word in words:
        matching = [one for one in loaded.desired if _is_called(one, word)]
        matching = matching or [one for one in loaded.desired if _fits(one, word)]
        if not matching:
            raise _unknown(loaded, word)
        keys.update(map(_key, matching))
    return frozenset(keys)


def _key(declaration: Desired) -> str:
    return number_key(declaration.number) if declaration.number is not None else declaration.ref or ""


def _is_called(declaration: Desired, word: str) -> bool:
    number = declaration.number
    return declaration.ref == word or (number is not None and number_key(number) == number_key(word))


def _fits(declaration: Desired, pattern: str) -> bool:
    number, ref = declaration.number, declaration.ref
    if number is not None and fnmatchcase(number_key(number), number_key(pattern)):
        return True
    return ref is not None and fnmatchcase(ref, pattern)


def _unknown(loaded: Loaded, word: str) -> WrongUsage:
    likely = nearest(word.translate(_NO_SIGNS), sorted(names(loaded)))
    return WrongUsage(
        f"No declaration has the number or ref {word}",
        remedy=(f"Did you mean {' or '.join(likely)}? " if likely else "")
        + "Write the number or the ref as it stands in a declaration, or a pattern such as '100*'.",
    )


def names(loaded: Loaded) -> frozenset[str]:
    """The `number_key` or ref of each declaration, by which users name it."""
    numbers = {number_key(desired.number) for desired in loaded.desired if desired.number}
    return frozenset(numbers | {desired.ref for desired in loaded.desired if desired.ref})
