"""Which files hold declarations."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from reconciler.config.read.files import display, find_files, read_bytes
from tests.unit.state.plans import NOBODY


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    for name in ("b.yaml", "a.yaml", "sub/c.yaml", "sub/deep/d.yaml", ".hidden.yaml", ".git/e.yaml", "sub/x.txt"):
        file = root / "customers" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("x")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/o.yaml").write_text("x")
    return root


def names(globs: list[str], root: Path) -> list[str]:
    files, problems = find_files(globs, root)
    assert problems == ()
    return [display(file, root) for file in files]


def test_files_come_sorted_and_once(root: Path) -> None:
    everything = ["customers/a.yaml", "customers/b.yaml", "customers/sub/c.yaml", "customers/sub/deep/d.yaml"]
    assert names(["customers/**/*.yaml"], root) == everything
    assert names(["customers/sub/**/*.yaml", "customers/**/*.yaml", "customers/a.yaml"], root) == everything


def test_hidden_files_and_folders_are_passed_over(root: Path) -> None:
    _, problems = find_files(["customers/.git/*.yaml"], root)
    assert [each.code for each in problems] == ["S119"]


@pytest.mark.parametrize("globs", [["customers/*/*.yaml", "customers/*.yaml"], ["customers/**/*.yaml"]])
def test_a_symlink_that_leads_out_of_the_root_is_an_error_with_both_names(
    root: Path, tmp_path: Path, globs: list[str]
) -> None:
    (root / "customers/linked").symlink_to(tmp_path / "outside")
    (root / "customers/o.yaml").symlink_to(tmp_path / "outside/o.yaml")
    files, problems = find_files(globs, root)
    assert not any("outside" in str(file.resolve()) for file in files)
    assert [(each.code, str(each.source)) for each in problems] == [
        ("S123", "customers/linked:1:1"),
        ("S123", "customers/o.yaml:1:1"),
    ]
    assert str(tmp_path)[:30] in problems[1].summary, "the target is named, shortened where it is long"


def test_what_is_linked_inside_the_root_is_read_once_by_its_own_name(root: Path) -> None:
    (root / "customers/a-twin.yaml").symlink_to(root / "customers/b.yaml")
    (root / "customers/a-loop").symlink_to(root / "customers")
    (root / "shared").mkdir()
    (root / "shared/s.yaml").write_text("x")
    (root / "customers/linked").symlink_to("../shared")
    assert names(["customers/**/*.yaml"], root) == [
        "customers/a.yaml",
        "customers/b.yaml",
        "customers/linked/s.yaml",
        "customers/sub/c.yaml",
        "customers/sub/deep/d.yaml",
    ]


def test_what_matches_and_is_no_file_is_an_error(root: Path) -> None:
    os.mkfifo(root / "customers/pipe.yaml")
    (root / "customers/lost.yaml").symlink_to("nowhere")
    (root / "customers/device.yaml").symlink_to("/dev/zero")
    (root / "customers/folder.yaml").mkdir()
    _, problems = find_files(["customers/*.yaml"], root)
    assert sorted((each.code, str(each.source)) for each in problems) == [
        ("S123", "customers/device.yaml:1:1"),
        ("Y215", "customers/lost.yaml:1:1"),
        ("Y215", "customers/pipe.yaml:1:1"),
    ]


def test_a_folder_that_cannot_be_listed_is_an_error() -> None:
    with as_nobody(), tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "customers/secret").mkdir(parents=True)
        (root / "customers/a.yaml").write_text("x")
        (root / "customers/secret").chmod(0)
        files, problems = find_files(["customers/**/*.yaml"], root)
        (root / "customers/secret").chmod(0o700)
    assert [display(file, root) for file in files] == ["customers/a.yaml"]
    assert [(each.code, str(each.source)) for each in problems] == [("Y215", "customers/secret:1:1")]


@contextmanager
def as_nobody() -> Iterator[None]:
    """Without the rights of root, whom no permission keeps out."""
    me = os.geteuid()
    if me == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(me)


@pytest.mark.parametrize(
    "glob", ["nothing/*.yaml", "", "../outside/*.yaml", "/etc/*.conf", "**", "a\0b", "customers/**x", "."]
)
def test_a_glob_that_matches_no_file_is_an_error(root: Path, glob: str) -> None:
    files, problems = find_files([glob], root)
    assert files == ()
    assert [each.code for each in problems] == ["S119"]


def test_names_are_relative_to_the_root_where_they_can_be(root: Path, tmp_path: Path) -> None:
    assert display(Path("customers/a.yaml"), root) == "customers/a.yaml"
    assert display(root / "customers/../customers/a.yaml", root) == "customers/a.yaml"
    assert display(tmp_path / "outside/o.yaml", root) == (tmp_path / "outside/o.yaml").as_posix()


def test_reading_stops_at_the_limit_and_never_raises(root: Path) -> None:
    (root / "long").write_bytes(b"x" * 100)
    assert read_bytes(root / "long", "long", 10) == (b"x" * 11, None)
    for path in (root, root / "none"):
        data, problem = read_bytes(path, "p", 10)
        assert data == b""
        assert problem
        assert problem.code == "Y215"
