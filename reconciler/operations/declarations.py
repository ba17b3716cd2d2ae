"""The declarations: read once for an operation, free of errors before any request is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from reconciler.config.read.declarations import Loaded, find_files, load_declarations
from reconciler.config.settings import Settings
from reconciler.core.diagnostics import has_errors
from reconciler.core.duplicates import declared_twice
from reconciler.core.errors import InvalidInput, WrongUsage
from reconciler.core.normalise import number_key
from reconciler.core.parents import parent_problems
from reconciler.core.some_names import some_names
from reconciler.operations.workspace import Workspace


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


def load(workspace: Workspace, targets: Sequence[str] = ()) -> Loaded:
    """All declarations. targets: numbers and refs that must be among them. Raises InvalidInput, WrongUsage."""
    loaded = read(workspace.settings, environ=workspace.environ)
    if has_errors(loaded.diagnostics):
        raise InvalidInput(loaded.diagnostics)
    if missing := _missing(loaded, targets):
        raise WrongUsage(
            f"No declaration has the number or ref {some_names(missing)}",
            remedy="Write the number or the ref as it stands in a declaration.",
        )
    return loaded


def target_keys(targets: Sequence[str]) -> frozenset[str]:
    """The targets as the planner compares them: numbers trimmed and upper-cased, refs as they are."""
    return frozenset(targets) | {number_key(target) for target in targets}


def _missing(loaded: Loaded, targets: Sequence[str]) -> tuple[str, ...]:
    """The targets that no declaration has."""
    known = names(loaded)
    return tuple(target for target in targets if target not in known and number_key(target) not in known)


def names(loaded: Loaded) -> frozenset[str]:
    """The `number_key` or ref of each declaration, by which users name it."""
    numbers = {number_key(desired.number) for desired in loaded.desired if desired.number}
    return frozenset(numbers | {desired.ref for desired in loaded.desired if desired.ref})
