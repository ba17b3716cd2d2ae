"""git sees neither credentials nor the process environment, only what it is given."""

from __future__ import annotations

from pathlib import Path

from reconciler.operations.git import Git, commit_of, without_credentials


def test_credentials_are_taken_out_of_the_environment() -> None:
    environ = {"PATH": "/bin", "VISMA_CLIENT_SECRET": "s", "RECONCILER_PLAN_KEY": "k"}
    assert without_credentials(environ) == {"PATH": "/bin"}


def test_outside_a_repository_there_is_no_commit(tmp_path: Path) -> None:
    assert commit_of(tmp_path, {"GIT_CEILING_DIRECTORIES": str(tmp_path.parent)}) is None


def test_a_commit_says_whether_files_differ_from_it(tmp_path: Path) -> None:
    git = Git(tmp_path, {"HOME": str(tmp_path)}, timeout=30)
    git.run("init", "-q")
    file = tmp_path / "a.yaml"
    file.write_text("a")
    git.run("add", "a.yaml")
    git.run("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "-m", "a")
    commit = commit_of(tmp_path, {"HOME": str(tmp_path)})
    assert commit is not None
    assert len(commit) == 40
    file.write_text("b")
    assert commit_of(tmp_path, {"HOME": str(tmp_path)}) == f"{commit}-dirty"
