"""The project as it stands in a git revision, in a folder of its own for as long as it is read.

Nothing in the repository or its work tree is touched, and no program is run that a configuration names (`git.py`).
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from reconciler.config.read.declarations import Loaded
from reconciler.config.read.mutes import load_mutes
from reconciler.config.settings import Settings, load_settings
from reconciler.core.diagnostics import Diagnostic, Severity, has_errors
from reconciler.core.errors import InvalidInput, WrongUsage
from reconciler.core.mutes import Mute
from reconciler.operations import declarations
from reconciler.operations.git import Git, check_out
from reconciler.reports.safe_text import visible

_TIMEOUT = 120
_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class Revision:
    """A revision's settings and declarations; or in `problem` why they cannot be used. ref: as it was asked for."""

    ref: str
    commit: str
    settings: Settings | None = None
    loaded: Loaded | None = None
    mutes: tuple[Mute, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Revisions:
    """The revisions of the repository that the folder of the settings is in. option: what needs git, for messages."""

    settings: Settings
    environ: Mapping[str, str]
    option: str

    @property
    def git(self) -> Git:
        """git in the folder of the settings."""
        return Git(self.settings.root, self.environ, _TIMEOUT)

    def commit(self, ref: str) -> str:
        """The commit that a ref stands for; empty where git knows none. Raises WrongUsage without git."""
        return self.word("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")

    def known_commit(self, ref: str) -> str:
        """The commit that a ref stands for. Raises WrongUsage where git knows none, and outside a repository."""
        self._check_repository()
        commit = self.commit(ref)
        if not commit:
            raise WrongUsage(
                f"git knows no revision {ref!r} here",
                remedy="Fetch it first; a CI job needs the history (fetch-depth: 0).",
            )
        return commit

    def word(self, *arguments: str) -> str:
        """What git says; empty where it fails. Raises WrongUsage without git."""
        return self._with_git(partial(self.git.word, *arguments))

    def read(self, ref: str, commit: str) -> Revision:
        """The settings and declarations of a commit. What is wrong with them is told in `problem`.

        Raises WrongUsage where the commit has no such project.
        """
        here, environ = self.settings, self.environ
        with self._checked_out(commit) as folder:
            file = folder / here.file.name
            if not file.is_file():
                raise WrongUsage(
                    f"The revision {ref} has no {file.name} in this folder",
                    remedy=f"Leave out {self.option} until a revision has the project.",
                )
            try:
                settings = load_settings(file, environment=here.environment, environ=environ)
                loaded = declarations.read(settings, environ=environ)
            except InvalidInput as error:
                return Revision(ref, commit, problem=_first(error.diagnostics))
            if has_errors(loaded.diagnostics):
                return Revision(ref, commit, problem=_first(loaded.diagnostics))
            mutes = load_mutes(settings.mutes, settings.root, declared=None, day="")
            sound = () if has_errors(mutes.diagnostics) else mutes.mutes
            return Revision(ref, commit, settings, loaded, sound)

    def _check_repository(self) -> None:
        git = self.git
        answer = self._with_git(partial(git.run, "rev-parse", "--is-inside-work-tree"))
        if answer.returncode == 0:
            return
        if any((folder / ".git").exists() for folder in (git.root, *git.root.parents)):
            said = visible(answer.stderr.decode("utf-8", "replace").strip().partition("\n")[0])
            raise WrongUsage(
                f"{self.option} needs the git repository of {git.root}, which git does not open: {said}",
                remedy="If another user owns the folder, add it to git's safe.directory.",
            )
        raise WrongUsage(
            f"{self.option} needs a git revision, but {git.root} is in no git repository",
            remedy=f"Leave out {self.option}, or run this in a clone of the repository.",
        )

    @contextmanager
    def _checked_out(self, commit: str) -> Iterator[Path]:
        """The folder of the project as it is in the commit."""
        prefix = self.word("rev-parse", "--show-prefix")
        most = self.settings.limits.files.file_size
        with TemporaryDirectory(prefix="reconciler-") as name:
            folder = Path(name).resolve()
            tree = f"{commit}:{prefix.rstrip('/')}"
            if not self._with_git(partial(check_out, self.git, tree, folder, most=most)):
                raise WrongUsage(
                    f"The revision {commit[:12]} does not have this folder",
                    remedy=f"Leave out {self.option} until a revision has the project.",
                )
            yield folder

    def _with_git(self, work: Callable[[], _Answer]) -> _Answer:
        try:
            return work()
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            raise WrongUsage(f"{self.option} needs git, which cannot be run: {error}") from None


def _first(diagnostics: Iterable[Diagnostic]) -> str:
    errors = [diagnostic for diagnostic in diagnostics if diagnostic.severity is Severity.ERROR]
    where = f"{errors[0].source}: " if errors[0].source else ""
    others = f", and {len(errors) - 1:,} more" if len(errors) > 1 else ""
    return f"{where}{errors[0].code} {errors[0].summary}{others}"
