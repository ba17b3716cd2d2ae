"""`reconciler state`: what is kept, who holds the lock, and how to be rid of both."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.core.rules import Target
from reconciler.state.known_customers import Known
from reconciler.state.migrations import newest
from reconciler.state.store import open_store
from tests.acceptance.conftest import Company
from tests.unit.state.plans import plan_of

TARGET = Target("production", "Test AS", "sandbox", "https://erp")


def state_of(company: Company) -> Path:
    return company.folder / ".reconciler" / "state.db"


@pytest.fixture
def kept(company: Company) -> Path:
    """A state with two customers and a run that was never closed."""
    path = state_of(company)
    with open_store(path) as store:
        store.known(TARGET).record(Known(number, {"name": "A"}, "2026-01-31T12:00:00Z") for number in "12")
        store.runs.begin(plan_of(1))
    return path


@pytest.fixture
def busy(company: Company) -> Iterator[None]:
    with open_store(state_of(company)) as store, store.lock("apply plan.json"):
        yield


def test_looking_at_a_state_that_there_is_not_makes_none(company: Company) -> None:
    ended = company.run("state", "show")
    assert ended.code == 0, ended.err
    assert "none yet" in ended.out
    shown = company.run("state", "show", "--format", "json").json
    assert shown == {
        "path": str(state_of(company)),
        "exists": False,
        "size_bytes": 0,
        "schema_version": None,
        "customers": 0,
        "snapshot": {"customers": 0, "as_of": None},
        "runs": 0,
        "unfinished_runs": [],
        "lock": None,
    }
    assert not state_of(company).parent.exists()
    assert company.sandbox.requests == []


def test_show_tells_what_is_kept(company: Company, kept: Path) -> None:
    shown = company.run("state", "show", "--format", "json").json
    assert shown["customers"] == 2
    assert shown["runs"] == 1
    assert shown["schema_version"] == newest()
    assert shown["size_bytes"] >= kept.stat().st_size
    text = company.run("state", "show").out
    assert "2 known" in text
    assert f"not finished: {shown['unfinished_runs'][0]}" in text
    shown_names = [line.split()[0] for line in text.splitlines()]
    assert shown_names == ["State", "Size", "Schema", "Customers", "Snapshot", "Runs", "Lock"]
    assert text.splitlines()[-1].split()[1] == "free"


@pytest.mark.usefixtures("busy", "kept")
def test_show_tells_who_holds_the_lock(company: Company) -> None:
    shown = company.run("state", "show", "--format", "json").json
    assert shown["lock"]["holder"] == "running"
    assert shown["lock"]["command"] == "apply plan.json"
    assert "held by" in company.run("state", "show").out


@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize("command", [["unlock"], ["unlock", "--force"], ["clear", "--auto-approve"]])
def test_a_run_that_goes_on_is_not_disturbed(company: Company, kept: Path, command: list[str]) -> None:
    before = kept.read_bytes()
    ended = company.run("state", *command)
    assert ended.code == 6
    assert "apply plan.json" in ended.err
    assert kept.read_bytes() == before


def test_a_lock_from_another_machine_needs_force(company: Company, kept: Path) -> None:
    record = kept.with_name("state.db.holder")
    record.write_text('{"user": "a\\u001b[31m", "host": "x", "pid": 1, "command": "apply", "since": "2026"}')
    assert "another machine" in company.run("state", "show").out
    ended = company.run("state", "unlock")
    assert ended.code == 6
    assert "--force" in ended.err
    ended = company.run("state", "unlock", "--force")
    assert ended.code == 0
    assert "held by a\\x1b[31m@x" in ended.err
    assert "There is no lock" in company.run("state", "unlock").err


def test_without_consent_nothing_is_deleted(company: Company, kept: Path) -> None:
    ended = company.run("state", "clear")
    assert ended.code == 64
    assert "--auto-approve" in ended.err
    assert kept.exists()


def test_with_consent_all_is_deleted_and_a_second_time_is_fine(company: Company, kept: Path) -> None:
    ended = company.run("state", "clear", "--auto-approve")
    assert ended.code == 0, ended.err
    assert f"Deleted {kept}" in ended.err
    assert list(kept.parent.iterdir()) == []
    ended = company.run("state", "clear", "--auto-approve")
    assert ended.code == 0
    assert "no state" in ended.err


@pytest.mark.parametrize("command", [["show"], ["clear", "--auto-approve"]])
def test_another_programs_file_is_reported_without_a_traceback_and_left_alone(
    company: Company, command: list[str]
) -> None:
    path = state_of(company)
    path.parent.mkdir()
    path.write_text("my shopping list\n" * 100)
    ended = company.run("state", *command)
    assert ended.code == 1
    assert ("no SQLite database" if command == ["show"] else "another program's file") in ended.err
    assert "Traceback" not in ended.err
    assert path.read_text().startswith("my shopping list")


def test_a_damaged_state_can_be_cleared(company: Company, kept: Path) -> None:
    kept.write_bytes(kept.read_bytes()[:20_000])
    ended = company.run("state", "show")
    assert ended.code == 1
    assert "damaged" in ended.err
    assert "state clear" in ended.err
    assert company.run("state", "clear", "--auto-approve").code == 0
    assert not kept.exists()


def test_each_environment_has_a_state_of_its_own(company: Company, kept: Path) -> None:
    company.settings("environments: { test: {} }")
    shown = company.run("--env", "test", "state", "show", "--format", "json").json
    assert shown["path"] == str(kept.with_name("state.test.db"))
    assert shown["exists"] is False
    assert company.run("state", "show", "--format", "json").json["exists"] is True
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
