"""Who wrote a line is what `git blame` says, from one call for all files."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.core.plan import ConfigSummary, Plan
from reconciler.operations.git import Git, commit_of
from reconciler.operations.line_authors import line_authors
from tests.unit.reports.samples import action, change, plan


class Repository:
    """A repository that several people commit to; its declarations are in a folder of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "company"
        self.folder.mkdir()
        self.environ = {"HOME": str(folder), "PATH": "/usr/bin:/bin"}
        self.git("init", "-q", "-b", "main")

    def git(self, *words: str) -> str:
        git = Git(self.folder, self.environ, timeout=30)
        done = git.run(*words)
        assert done.returncode == 0, done.stderr
        return done.stdout.decode()

    def write(self, file: str, *lines: str) -> None:
        path = self.folder / file
        path.parent.mkdir(exist_ok=True)
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")

    def commit(self, author: str, *words: str) -> None:
        self.git("add", "-A")
        self.git("-c", f"user.name={author}", "-c", "user.email=a@b", "commit", "-q", "-m", f"by {author}", *words)

    def plan(self, *places: tuple[str, int]) -> Plan:
        """A plan whose changes come from these lines."""
        changes = (change("name", "a", "b", file=file, line=line) for file, line in places)
        config = ConfigSummary("sha256:" + "c0" * 32, 1, commit_of(self.folder, self.environ))
        return replace(plan(action("1", "A", *changes, file="none.yaml")), config=config)

    def names(self, *places: tuple[str, int]) -> list[str]:
        """Who wrote the lines."""
        authors = line_authors(self.folder, self.environ, self.plan(*places))
        return [authors[place].name if place in authors else "" for place in places]

    def blame(self, file: str) -> list[str]:
        """What git itself says, line by line."""
        porcelain = self.git("blame", "--line-porcelain", "--", file)
        return [line.removeprefix("author ") for line in porcelain.splitlines() if line.startswith("author ")]


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


def every_line(repository: Repository, *files: str) -> list[tuple[str, int]]:
    return [
        (file, at) for file in files for at in range(1, len((repository.folder / file).read_text().splitlines()) + 1)
    ]


def test_lines_are_followed_through_edits_insertions_and_removals(repository: Repository) -> None:
    repository.write("a.yaml", *"abcdef")
    repository.commit("Ann")
    repository.write("a.yaml", "new", *"abCdef")
    repository.commit("Bob")
    repository.write("a.yaml", "new", *"aCde", "last")
    repository.commit("Cid")
    assert repository.names(*every_line(repository, "a.yaml")) == repository.blame("a.yaml")
    assert set(repository.blame("a.yaml")) == {"Ann", "Bob", "Cid"}


def test_lines_are_followed_through_merges(repository: Repository) -> None:
    """To the person who wrote them, and not to the one who merged: a CI job plans a merge commit."""
    repository.write("a.yaml", *"abcdef")
    repository.write("b.yaml", *"123456")
    repository.commit("Ann")
    repository.git("checkout", "-q", "-b", "branch")
    repository.write("a.yaml", *"aBcdef")
    repository.commit("Bob")
    repository.git("checkout", "-q", "main")
    repository.write("a.yaml", "top", *"abcdeF")
    repository.write("b.yaml", *"12345", "six")
    repository.commit("Cid")
    repository.git("-c", "user.name=Merger", "-c", "user.email=a@b", "merge", "-q", "--no-ff", "-m", "merged", "branch")
    lines = every_line(repository, "a.yaml", "b.yaml")
    assert repository.names(*lines) == repository.blame("a.yaml") + repository.blame("b.yaml")
    assert set(repository.blame("a.yaml")) == {"Ann", "Bob", "Cid"}


def test_a_line_that_is_not_committed_has_no_author(repository: Repository) -> None:
    """And the lines below it are still found."""
    repository.write("a.yaml", *"abc")
    repository.commit("Ann")
    repository.write("a.yaml", "mine", *"abc")
    assert repository.names(("a.yaml", 1), ("a.yaml", 2)) == ["", "Ann"]


def test_nothing_is_told_of_what_is_older_than_a_shallow_clone(repository: Repository, tmp_path: Path) -> None:
    """There the oldest commit seems to have written everything."""
    repository.write("a.yaml", *"abc")
    repository.commit("Ann")
    repository.commit("Bob", "--allow-empty")
    repository.write("a.yaml", *"abC")
    repository.commit("Cid")
    clone = tmp_path / "clone"
    repository.git("clone", "-q", "--depth", "2", f"file://{repository.folder}", str(clone))
    repository.folder = clone
    assert repository.names(("a.yaml", 1), ("a.yaml", 3)) == ["", "Cid"]


def test_contents_and_messages_that_look_like_git_s_output_mislead_nobody(repository: Repository) -> None:
    fakes = ("commit " + "0" * 40, "author Eve <e@e> 1 +0000", "+++ b/b.yaml", "@@ -1 +1 @@", "++ b/b.yaml")
    repository.write("b.yaml", "x")
    repository.commit("Ann")
    repository.write("a.yaml", *fakes, "last")
    repository.git("add", "-A")
    message = "\n".join(["subject", "", *fakes])
    repository.git("-c", "user.name=Bob", "-c", "user.email=a@b", "commit", "-q", "-m", message)
    assert repository.names(*every_line(repository, "a.yaml", "b.yaml")) == ["Bob"] * 6 + ["Ann"]


def test_a_hostile_name_is_made_visible(repository: Repository) -> None:
    repository.write("a.yaml", "x")
    repository.commit("Eve\x1b[31m @everyone")
    (name,) = repository.names(("a.yaml", 1))
    assert name == "Eve\\x1b[31m @everyone"


@pytest.mark.parametrize("file", ["a b.yaml", "-x.yaml", ":(top)a.yaml", "ærlig/å.yaml", "*.yaml"])
def test_file_names_are_no_options_and_no_patterns(repository: Repository, file: str) -> None:
    repository.write("a.yaml", "x")
    repository.commit("Ann")
    repository.write(file, "x")
    repository.commit("Bob")
    assert repository.names((file, 1), ("a.yaml", 1)) == ["Bob", "Ann"]


def test_no_configuration_of_the_repository_changes_the_answer(repository: Repository) -> None:
    """Nor runs a program."""
    repository.write("a.yaml", *"abcdefgh")
    repository.commit("Ann")
    repository.write("a.yaml", *"aBcdeFgh")
    repository.commit("Bob")
    for name, value in {
        "diff.noprefix": "true", "diff.mnemonicPrefix": "true", "diff.interHunkContext": "9", "color.ui": "always",
        "log.follow": "true", "log.showSignature": "true", "diff.external": "false", "log.diffMerges": "off",
        "core.pager": "false", "diff.context": "7", "format.pretty": "oneline",
    }.items():  # fmt: skip
        repository.git("config", name, value)
    assert repository.names(*every_line(repository, "a.yaml")) == list(map({"a": "Ann", "B": "Bob"}.get, "aBaaaBaa"))


def test_without_git_nobody_is_named(tmp_path: Path) -> None:
    assert line_authors(tmp_path, {}, plan(action("1", "A", change("name", "a", "b", line=1)))) == {}


def test_one_call_reads_all_files(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many there are."""
    for at in range(50):
        repository.write(f"{at}.yaml", "x")
    repository.commit("Ann")
    calls: list[object] = []
    start = subprocess.Popen

    def counting(*words: object, **more: object) -> object:
        calls.append(words)
        return start(*words, **more)  # type: ignore[call-overload]

    planned = repository.plan(*((f"{at}.yaml", 1) for at in range(50)))
    monkeypatch.setattr(subprocess, "Popen", counting)
    assert len(line_authors(repository.folder, repository.environ, planned)) == 50
    assert len(calls) == 2, "the log, and whether the clone is shallow"
