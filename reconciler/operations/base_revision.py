"""`plan --base REF`: the project as it stands in a git revision, in a folder of its own for as long as it is needed."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from reconciler.config.read.declarations import Loaded
from reconciler.config.read.mutes import load_mutes
from reconciler.config.settings import Settings, load_settings
from reconciler.core.attribution import attributed, outside, unattributed
from reconciler.core.diagnostics import Diagnostic, Severity, has_errors
from reconciler.core.errors import InvalidInput, WrongUsage
from reconciler.core.mutes import ActiveMutes, Mute
from reconciler.core.plan import Plan
from reconciler.operations import declarations
from reconciler.operations.git import Git, check_out
from reconciler.operations.pipeline import Compared, make_plan, rules_of
from reconciler.operations.workspace import Workspace
from reconciler.reports.safe_text import visible
from reconciler.state.plan_file import seal

_TIMEOUT = 120
_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class Base:
    """A revision's settings and declarations; or why they cannot be used."""

    ref: str
    settings: Settings | None = None
    loaded: Loaded | None = None
    mutes: tuple[Mute, ...] = ()
    problem: str = ""


def load_base(workspace: Workspace, ref: str) -> Base:
    """The settings and declarations of the revision where this branch left it.

    As pull requests are compared: with the last commit that both have, so that what others merged since is not taken
    for the branch's. A revision with errors is told in `problem`: the branch that corrects them must still be planned.
    Raises WrongUsage when git does not know the revision, or it has no such project.
    """
    here, environ = workspace.settings, workspace.environ
    git = Git(here.root, environ, _TIMEOUT)
    _check_repository(git)
    with _checked_out(git, _merge_base(git, ref), here.limits.files.file_size) as folder:
        file = folder / here.file.name
        if not file.is_file():
            raise WrongUsage(
                f"The revision {ref} has no {file.name} in this folder",
                remedy="Leave out --base for the pull request that adds the project.",
            )
        try:
            settings = load_settings(file, environment=here.environment, environ=environ)
            loaded = declarations.read(settings, environ=environ)
        except InvalidInput as error:
            return Base(ref, problem=_first(error.diagnostics))
        if has_errors(loaded.diagnostics):
            return Base(ref, problem=_first(loaded.diagnostics))
        mutes = load_mutes(settings.mutes, settings.root, declared=None, day="")
        return Base(ref, settings, loaded, () if has_errors(mutes.diagnostics) else mutes.mutes)


def _first(diagnostics: Iterable[Diagnostic]) -> str:
    errors = [diagnostic for diagnostic in diagnostics if diagnostic.severity is Severity.ERROR]
    where = f"{errors[0].source}: " if errors[0].source else ""
    others = f", and {len(errors) - 1:,} more" if len(errors) > 1 else ""
    return f"{where}{errors[0].code} {errors[0].summary}{others}"


def attribute(compared: Compared, base: Base, *, fail_outside: bool) -> Plan:
    """The compared plan with the origin of each change, and a refusal where changes are not the branch's."""
    plan = compared.plan
    if base.settings is None or base.loaded is None:
        warning = Diagnostic(
            Severity.WARNING,
            "P525",
            f"the declarations of {base.ref} have errors, so that what this branch changes cannot be told",
            detail=base.problem,
            remedy=f"Correct {base.ref}.",
        )
        refusals = (unattributed(base.ref),) if fail_outside and not plan.is_empty else ()
        return seal(replace(plan, diagnostics=(*plan.diagnostics, warning), refusals=(*plan.refusals, *refusals)))
    mutes = ActiveMutes(base.mutes, compared.heading.created_at[:10])
    rules = replace(rules_of(base.settings), mutes=mutes, include_muted=plan.include_muted)
    comparison = replace(compared.comparison, desired=base.loaded.desired, rules=rules)
    theirs = make_plan(base.settings, base.loaded, comparison, compared.heading)
    plan = attributed(plan, theirs)
    refusal = outside(plan) if fail_outside else None
    return seal(replace(plan, refusals=(*plan.refusals, refusal)) if refusal else plan)


def _check_repository(git: Git) -> None:
    """Raise WrongUsage outside a git repository, and in one that git does not take."""
    answer = _with_git(partial(git.run, "rev-parse", "--is-inside-work-tree"))
    if answer.returncode == 0:
        return
    if any((folder / ".git").exists() for folder in (git.root, *git.root.parents)):
        said = visible(answer.stderr.decode("utf-8", "replace").strip().partition("\n")[0])
        raise WrongUsage(
            f"--base needs the git repository of {git.root}, which git does not open: {said}",
            remedy="If another user owns the folder, add it to git's safe.directory.",
        )
    raise WrongUsage(
        f"--base compares with a git revision, but {git.root} is in no git repository",
        remedy="Leave out --base, or run this in a clone of the repository.",
    )


def _merge_base(git: Git, ref: str) -> str:
    """The commit where the branch left the revision. Raises WrongUsage."""
    commit = _word(git, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
    if not commit:
        raise WrongUsage(
            f"git knows no revision {ref!r} here",
            remedy="Fetch it first; a CI job needs the history (fetch-depth: 0).",
        )
    base = _word(git, "merge-base", commit, "HEAD")
    if not base:
        raise WrongUsage(
            f"{ref} and this branch have no commit in common here",
            remedy="Fetch the history (git fetch --unshallow, or fetch-depth: 0 in a CI job).",
        )
    return base


@contextmanager
def _checked_out(git: Git, commit: str, most: int) -> Iterator[Path]:
    """The folder of the project as it is in the commit; nothing in the repository or its work tree is touched.

    most: bytes of a file.
    """
    prefix = _word(git, "rev-parse", "--show-prefix")
    with TemporaryDirectory(prefix="reconciler-") as name:
        folder = Path(name).resolve()
        tree = f"{commit}:{prefix.rstrip('/')}"
        if not _with_git(partial(check_out, git, tree, folder, most=most)):
            raise WrongUsage(
                f"The revision {commit[:12]} does not have this folder",
                remedy="Leave out --base for the pull request that adds the project.",
            )
        yield folder


def _word(git: Git, *arguments: str) -> str:
    return _with_git(partial(git.word, *arguments))


def _with_git(work: Callable[[], _Answer]) -> _Answer:
    try:
        return work()
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        raise WrongUsage(f"--base needs git, which cannot be run: {error}") from None
