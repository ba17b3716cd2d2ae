"""`plan --base REF`: the project as it stands in a git revision, in a folder of its own for as long as it is needed."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from reconciler.cli.commands.plan import Compared
    from reconciler.cli.shell.session import Session
    from reconciler.config.read.declarations import Loaded
    from reconciler.config.settings import Settings
    from reconciler.core.diagnostics import Diagnostic
    from reconciler.core.plan import Plan
    from reconciler.core.rules import Target

_TIMEOUT = 120
_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True)
class Base:
    """A revision's settings and declarations; or why they cannot be used."""

    ref: str
    settings: Settings | None = None
    loaded: Loaded | None = None
    problem: str = ""


def load_base(session: Session, ref: str) -> Base:
    """The settings and declarations of the revision where this branch left it.

    As pull requests are compared: with the last commit that both have, so that what others merged since is not taken
    for the branch's. A revision with errors is told in `problem`: the branch that corrects them must still be planned.
    Raises WrongUsage when git does not know the revision, or it has no such project.
    """
    from reconciler.config.settings import load_settings
    from reconciler.core.diagnostics import has_errors
    from reconciler.core.errors import InvalidInput, WrongUsage
    from reconciler.operations import pipeline

    here = session.settings
    name = session.config.name if session.config else "reconciler.yaml"
    base, most = _merge_base(here.root, ref), here.limits.files.file_size
    with _checked_out(here.root, base, most) as folder:
        if not (folder / name).is_file():
            raise WrongUsage(
                f"The revision {ref} has no {name} in this folder",
                remedy="Leave out --base for the pull request that adds the project.",
            )
        try:
            settings = load_settings(folder / name, environment=here.environment, environ=session.environ)
            loaded = pipeline.load(settings, environ=session.environ)
        except InvalidInput as error:
            return Base(ref, problem=_first(error.diagnostics))
        if has_errors(loaded.diagnostics):
            return Base(ref, problem=_first(loaded.diagnostics))
        return Base(ref, settings, loaded)


def _first(diagnostics: Iterable[Diagnostic]) -> str:
    from reconciler.core.diagnostics import Severity

    errors = [each for each in diagnostics if each.severity is Severity.ERROR]
    where = f"{errors[0].source}: " if errors[0].source else ""
    more = f", and {len(errors) - 1:,} more" if len(errors) > 1 else ""
    return f"{where}{errors[0].code} {errors[0].summary}{more}"


def attribute(compared: Compared, base: Base, place: Target, targets: list[str], *, fail_outside: bool) -> Plan:
    """The compared plan with the origin of each change, and a refusal where changes are not the branch's."""
    from reconciler.core.attribution import attributed, outside, unattributed
    from reconciler.core.diagnostics import Diagnostic, Severity
    from reconciler.operations import pipeline
    from reconciler.state.plan_file import seal

    made = compared.plan
    if base.settings is None or base.loaded is None:
        warning = Diagnostic(
            Severity.WARNING,
            "P525",
            f"the declarations of {base.ref} have errors, so that what this branch changes cannot be told",
            detail=base.problem,
            remedy=f"Correct {base.ref}.",
        )
        refusals = (unattributed(base.ref),) if fail_outside and not made.is_empty else ()
        return seal(replace(made, diagnostics=(*made.diagnostics, warning), refusals=(*made.refusals, *refusals)))
    theirs = pipeline.make_plan(
        base.settings,
        base.loaded,
        compared.view,
        target=place,
        created_at=made.created_at,
        targets=pipeline.target_keys(targets),
        memory=compared.memory,
    )
    made = attributed(made, theirs)
    refusal = outside(made) if fail_outside else None
    return seal(replace(made, refusals=(*made.refusals, refusal)) if refusal else made)


def _merge_base(root: Path, ref: str) -> str:
    """The commit where the branch left the revision. Raises WrongUsage."""
    from reconciler.core.errors import WrongUsage

    commit = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
    if not commit:
        raise WrongUsage(
            f"git knows no revision {ref!r} here",
            remedy="Fetch it first; a CI job needs the history (fetch-depth: 0).",
        )
    found = _git(root, "merge-base", commit, "HEAD")
    if not found:
        raise WrongUsage(
            f"{ref} and this branch have no commit in common here",
            remedy="Fetch the history (git fetch --unshallow, or fetch-depth: 0 in a CI job).",
        )
    return found


@contextmanager
def _checked_out(root: Path, commit: str, most: int) -> Iterator[Path]:
    """The folder of the project as it is in the commit; nothing in the repository or its work tree is touched.

    most: bytes of a file.
    """
    from reconciler.core.errors import WrongUsage
    from reconciler.operations.git import check_out

    prefix = _git(root, "rev-parse", "--show-prefix")
    with TemporaryDirectory(prefix="reconciler-") as name:
        folder = Path(name).resolve()
        tree = f"{commit}:{prefix.rstrip('/')}"
        if not _with_git(partial(check_out, root, tree, folder, most=most, timeout=_TIMEOUT)):
            raise WrongUsage(
                f"The revision {commit[:12]} does not have this folder",
                remedy="Leave out --base for the pull request that adds the project.",
            )
        yield folder


def _git(root: Path, *arguments: str) -> str:
    from reconciler.operations.git import word

    return _with_git(partial(word, root, *arguments, timeout=_TIMEOUT))


def _with_git(work: Callable[[], _Found]) -> _Found:
    from reconciler.core.errors import WrongUsage

    try:
        return work()
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        raise WrongUsage(f"--base needs git, which cannot be run: {error}") from None
