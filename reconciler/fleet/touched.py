"""Which companies a branch touches: a pull request of one company needs no plan of 200."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping

from reconciler.config.fleet import FLEET_FILE, Company, FleetFile
from reconciler.core.errors import WrongUsage
from reconciler.operations.git import Git

_DIFF = ("diff", "--name-only", "-z", "--no-renames", "--no-ext-diff", "--no-textconv", "--relative")


def touched(fleet: FleetFile, ref: str, environ: Mapping[str, str]) -> frozenset[str]:
    """The names of the companies with files that differ from where this branch left REF; a change of fleet.yaml
    touches all of them. Raises WrongUsage when git cannot tell."""
    git = Git(fleet.root, environ, timeout=60)
    try:
        commit = git.word("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
        base = git.word("merge-base", commit, "HEAD") if commit else ""
        changed = git.run(*_DIFF, base, "--", ".") if base else None
        new = git.run("ls-files", "--others", "--exclude-standard", "-z")
    except (OSError, subprocess.SubprocessError) as error:
        raise WrongUsage(f"--touched-since needs git, which cannot run here: {error}") from error
    if changed is None or changed.returncode or new.returncode:
        raise WrongUsage(
            f"--touched-since {ref!r}: git knows no such revision here, or none in common with it",
            remedy="Fetch the history: fetch-depth: 0 in a GitHub job, GIT_DEPTH: 0 in one of GitLab.",
        )
    paths = [path.decode("utf-8", "surrogateescape") for path in (changed.stdout + new.stdout).split(b"\0") if path]
    if FLEET_FILE in paths:
        return frozenset(company.name for company in fleet.companies)
    return frozenset(company.name for company in fleet.companies if any(_is_in(company, path) for path in paths))


def _is_in(company: Company, path: str) -> bool:
    return company.folder == "." or path.startswith(f"{company.folder}/")
