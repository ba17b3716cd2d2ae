"""Which files hold declarations."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.config.files import display, find_files, read_bytes


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


def test_a_symlink_does_not_lead_out_of_the_root(root: Path, tmp_path: Path) -> None:
    (root / "customers/linked").symlink_to(tmp_path / "outside")
    (root / "customers/o.yaml").symlink_to(tmp_path / "outside/o.yaml")
    (root / "customers/twin.yaml").symlink_to(root / "customers/a.yaml")
    assert names(["customers/*/*.yaml", "customers/*.yaml"], root) == [
        "customers/a.yaml",
        "customers/b.yaml",
        "customers/sub/c.yaml",
    ]


@pytest.mark.parametrize(
    "glob", ["nothing/*.yaml", "", "../outside/*.yaml", "/etc/*.conf", "**", "a\0b", "customers/**x"]
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
