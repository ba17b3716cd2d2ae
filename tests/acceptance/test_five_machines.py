"""One story on five machines, of which each has a clone and nothing else: with either store, and without any.

The SQLite file lies where all of them see it, as on a runner's protected disk.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.conftest import Company
from tests.acceptance.test_base import git
from tests.acceptance.test_kill import started
from tests.acceptance.test_shared_state import numbers, written
from tests.postgres_server import empty_schema

COUNT = 8
DECLARED = "\n".join(
    f'- {{number: "{number}", name: Fjordmat {number} AS, corporateId: "9{number}01"}}'
    for number in range(10000, 10000 + COUNT)
)
Machine = Callable[[], Company]


@pytest.fixture
def machine(company: Company, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Machine:
    """The next machine: a fresh clone."""
    company.declare(DECLARED)
    git(company, "init", "-q", "-b", "main")
    git(company, "add", "customers", "reconciler.yaml")
    git(company, "commit", "-qm", "first")
    names = iter(("one", "two", "three", "four", "five"))

    def new() -> Company:
        folder = tmp_path / next(names)
        git(company, "clone", "-q", str(company.folder), str(folder))
        other = Company.__new__(Company)
        other.folder, other.sandbox, other._capture = folder, company.sandbox, capfd
        return other

    return new


def merged(company: Company, text: str) -> None:
    company.declare(text)
    git(company, "commit", "-qam", "merged")


def planned_and_killed(planning: Company, applying: Company) -> None:
    """One machine plans, another applies that plan and is killed in the middle."""
    plan = planning.folder / "plan.json"
    assert planning.run("plan", "-o", str(plan)).code == 0
    applying.sandbox.switch(latency_ms=60)
    process = started(applying, "apply", str(plan), "--parallelism", "2")
    written(applying, 3)
    process.kill()
    process.communicate()
    applying.sandbox.switch(latency_ms=0)
    assert 3 <= len(applying.bodies()) < COUNT


def fields(report: Any) -> dict[str, dict[str, Any]]:
    """The differing fields of a drift report, by customer and path."""
    return {
        f"{customer['number']} {field['path']}": field
        for customer in report["customers"]
        for field in customer["fields"]
    }


@pytest.fixture(params=["sqlite", "postgres"])
def kept(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, company: Company
) -> Iterator[None]:
    """A state that all machines reach."""
    with empty_schema() if request.param == "postgres" else nullcontext() as location:
        company.settings(f"state_schema: {location.schema}" if location else "")
        monkeypatch.setenv("RECONCILER_STATE", location.url if location else str(tmp_path / "disk" / "state.db"))
        yield


@pytest.mark.usefixtures("kept")
def test_what_one_machine_began_another_ends_and_a_third_takes_back(company: Company, machine: Machine) -> None:
    planned_and_killed(machine(), machine())
    resuming = machine()
    resumed = resuming.run("runs", "resume")
    assert resumed.code == 0, resumed.err
    assert numbers(resuming) == [str(number) for number in range(10000, 10000 + COUNT)]
    assert len(resuming.bodies()) == COUNT, "nothing twice, nothing lost"

    company.store.edit("10003", {"name": "A clerk's name"})
    merged(company, DECLARED.replace("Fjordmat 10004", "Bodin 10004"))
    looking = machine()
    first = fields(looking.run("drift", "--format", "json").json)
    assert {name: (field["cause"], field["new"]) for name, field in first.items()} == {
        "10003 name": ("drift", True),
        "10004 name": ("config", True),
    }
    assert first["10003 name"]["applied"] == "Fjordmat 10003 AS"
    again = fields(looking.run("drift", "--format", "json").json)
    assert {(field["new"], field["first_seen"]) for field in again.values()} == {
        (False, first["10003 name"]["first_seen"])
    }
    assert looking.run("drift", "--only-new", "--detailed-exitcode").code == 0

    assert looking.apply().code == 0
    undoing = machine()
    run, _ = undoing.run("runs", "list", "--format", "json").json["runs"]
    undone = undoing.run("runs", "undo", run["id"], "--auto-approve")
    assert undone.code == 0, undone.err
    assert company.store.customer("10003")["name"] == "A clerk's name"
    assert company.store.customer("10004")["name"] == "Fjordmat 10004 AS"
    assert numbers(undoing) == [str(number) for number in range(10000, 10000 + COUNT)]
    assert len(undoing.bodies()) == COUNT + 4


def test_without_a_state_the_apply_is_started_again_and_git_tells_the_causes(
    company: Company, machine: Machine
) -> None:
    """Nothing is doubled; there is neither news nor undo."""
    planned_and_killed(machine(), machine())
    applying = machine()
    again = applying.apply()
    assert again.code == 0, again.err
    assert numbers(applying) == [str(number) for number in range(10000, 10000 + COUNT)]
    assert len(applying.bodies()) == COUNT
    assert applying.run("mark-applied").code == 0

    company.store.edit("10003", {"name": "A clerk's name"})
    merged(company, DECLARED.replace("Fjordmat 10004", "Bodin 10004"))
    looking = machine()
    for _ in range(2):
        found = fields(looking.run("drift", "--format", "json").json)
        assert {name: (field["cause"], field["new"]) for name, field in found.items()} == {
            "10003 name": ("drift", True),
            "10004 name": ("config", True),
        }
        assert found["10003 name"]["applied"] == "Fjordmat 10003 AS"
        shutil.rmtree(looking.folder / ".reconciler")
    assert machine().run("runs", "list", "--format", "json").json["runs"] == []
