"""A project that has not changed is not parsed again; the cache beside the state is seen, cleared and done without."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from reconciler.config.read import declarations
from tests.acceptance.conftest import Company


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that were parsed."""
    found: list[str] = []
    read = declarations._Loader.text

    def watched(loader: declarations._Loader, data: bytes, name: str) -> None:
        found.append(name)
        read(loader, data, name)

    monkeypatch.setattr(declarations._Loader, "text", watched)
    return found


@pytest.fixture
def file(company: Company) -> Path:
    """Two files of declarations; where their cache would be."""
    company.declare('number: "1"\nname: A\ncreditLimit: 12.50\nmainAddress:\n  city: Oslo\n', "1.yaml")
    company.declare('number: "2"\nname: B\n', "2.yaml")
    return company.folder / ".reconciler" / "state.db.cache"


def test_the_second_plan_of_an_unchanged_project_parses_nothing_and_says_the_same(
    company: Company, file: Path, parsed: list[str]
) -> None:
    first = company.plan()
    assert parsed == ["customers/1.yaml", "customers/2.yaml"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    parsed.clear()
    second = company.plan()
    assert parsed == []
    assert second["config"] == first["config"]
    assert [each["changes"] for each in second["actions"]] == [each["changes"] for each in first["actions"]]
    company.declare('number: "2"\nname: C\n', "2.yaml")
    assert [each["name"] for each in company.plan()["actions"]] == ["A", "C"]
    assert parsed == ["customers/2.yaml"]


def test_apply_and_drift_and_validate_read_what_plan_kept(company: Company, file: Path, parsed: list[str]) -> None:
    company.plan()
    parsed.clear()
    assert company.apply().code == 0
    assert company.run("drift").code == 0
    before = file.read_bytes()
    assert company.run("validate").code == 0
    assert company.run("validate", str(company.folder / "customers" / "1.yaml")).code == 0
    assert parsed == []
    assert file.read_bytes() == before


def test_validate_makes_no_file(company: Company, file: Path) -> None:
    assert company.run("validate").code == 0
    assert not file.parent.exists()


@pytest.mark.parametrize("way", ["option", "variable", "setting"])
def test_it_can_be_done_without(
    company: Company, file: Path, parsed: list[str], way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then it is neither read nor made."""
    company.plan()
    parsed.clear()
    before = file.read_bytes()
    if way == "variable":
        monkeypatch.setenv("RECONCILER_NO_CACHE", "1")
    if way == "setting":
        company.settings("cache: false")
    option = ["--no-cache"] if way == "option" else []
    for command in ("plan", "validate", "drift"):
        parsed.clear()
        assert company.run(command, *option).code == 0
        assert len(parsed) == 2
    assert file.read_bytes() == before
    file.unlink()
    assert company.run("plan", *option).code == 0
    assert not file.exists()


def test_other_settings_defaults_are_not_missed(company: Company, file: Path) -> None:
    company.plan()
    company.settings("defaults: {mainContact: {name: D}}")
    paths = [change["path"] for change in company.plan()["actions"][1]["changes"]]
    assert "mainContact.name" in paths


def test_a_cache_that_is_damaged_or_not_ours_changes_nothing(company: Company, file: Path) -> None:
    known = company.plan()["config"]
    whole = file.read_bytes()
    for content in (b"", whole[:700], whole[: len(whole) // 2], whole[:4096] + b"\xff" * 8192, b"notes"):
        file.write_bytes(content)
        assert company.plan()["config"] == known
        assert company.run("validate").code == 0
    assert file.read_bytes() == b"notes"


def test_the_state_shows_and_clears_it(company: Company, file: Path) -> None:
    company.plan()
    assert company.run("state", "show", "--format", "json").json["cache_bytes"] == file.stat().st_size
    assert f"{file.stat().st_size:,} bytes" in company.run("state", "show").out
    ended = company.run("state", "clear", "--auto-approve")
    assert ended.code == 0
    assert "cache" in ended.err
    assert not file.exists()
    assert company.apply().code == 0
    assert company.run("state", "clear", "--auto-approve").code == 0
    assert list(file.parent.iterdir()) == []
