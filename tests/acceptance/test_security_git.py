"""What a pull request can put into its branch, and what git then does not do for it (docs/security.md)."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.acceptance.conftest import Company
from tests.acceptance.test_base import FIRST, SECOND, branch, git, origins

__all__ = ["branch"]


def test_a_base_hides_no_file_from_the_comparison(branch: Company) -> None:
    """export-ignore and export-subst in .gitattributes change what `git archive` gives, and nothing here."""
    for name in ("main", "feature"):
        git(branch, "checkout", "-q", name)
        (branch.folder / ".gitattributes").write_text("customers/2.yaml export-ignore\n*.yaml export-subst ident\n")
        git(branch, "add", ".gitattributes")
        git(branch, "commit", "-qm", "attributes")
    git(branch, "checkout", "-qb", "later", "main")
    branch.declare(FIRST.replace("10", "20"), "1.yaml")
    git(branch, "commit", "-qam", "branch")
    made = branch.run("plan", "--base", "main", "--format", "json").json
    assert origins(made) == {"creditLimit": "branch", "mainContact.email": "drift", "mainContact.phone1": "merged"}


def test_a_link_in_a_base_leads_nowhere(branch: Company, tmp_path: Path) -> None:
    """A base whose declarations are a link out of the project is a base with errors; what it points at is not read."""
    outside = tmp_path / "outside.yaml"
    outside.write_text(SECOND)
    git(branch, "checkout", "-q", "main")
    (branch.folder / "customers" / "2.yaml").unlink()
    (branch.folder / "customers" / "2.yaml").symlink_to(outside)
    git(branch, "add", "customers")
    git(branch, "commit", "-qm", "link")
    git(branch, "checkout", "-qb", "repair")
    (branch.folder / "customers" / "2.yaml").unlink()
    branch.declare(SECOND, "2.yaml")
    git(branch, "commit", "-qam", "repaired")
    ended = branch.run("plan", "--base", "main")
    assert "P525" in ended.out
    assert outside.read_text() == SECOND


def test_a_bare_repository_in_the_branch_runs_nothing(company: Company, tmp_path: Path) -> None:
    """A folder that looks like a bare repository can name a program in its configuration; git is not let near it."""
    company.declare(FIRST, "1.yaml")
    marks = tmp_path / "marks"
    folder = company.folder
    (folder / "objects").mkdir()
    (folder / "refs").mkdir()
    (folder / "HEAD").write_text("ref: refs/heads/main\n")
    (folder / "config").write_text(
        f"[core]\n repositoryformatversion = 0\n worktree = {folder}\n fsmonitor = env > {marks} ; false\n"
        f" hooksPath = {folder}\n"
    )
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    unguarded = subprocess.run(["git", "status", "--porcelain"], cwd=folder, capture_output=True, check=False)
    assert marks.exists(), unguarded.stderr
    marks.unlink()
    assert company.run("plan", "--format", "json").json["config"]["git_commit"] is None
    assert company.run("plan", "--base", "main").code == 64
    assert not marks.exists()


def test_git_and_what_it_starts_see_no_credential(
    branch: Company, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen, folder = tmp_path / "seen", tmp_path / "bin"
    folder.mkdir()
    (folder / "git").write_text(f'#!/bin/sh\nenv >> {seen}\nPATH="${{PATH#*:}}"\nexec git "$@"\n')
    (folder / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.setenv("RECONCILER_PLAN_KEY", "a key that signs every plan")
    assert branch.run("plan", "--base", "main").code == 0
    found = seen.read_text()
    assert "GIT_TERMINAL_PROMPT=0" in found
    assert "VISMA_" not in found
    assert "RECONCILER_" not in found
