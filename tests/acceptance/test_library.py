"""`import reconciler` is the same safe street as the command line: docs/library.md, run as it stands."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reconciler import (
    Declined,
    ExportOptions,
    InvalidInput,
    Listener,
    Locked,
    Outcome,
    Plan,
    Project,
    Refused,
    WrongUsage,
    load_plan,
    save_plan,
)
from tests.acceptance.conftest import Company

PAGE = Path(__file__).parents[2] / "docs" / "library.md"
NEW = "{ref: new, name: Fjord AS, corporateId: '900000001'}"
POLICY = """\
guards:
  policies:
    - {message: "No customer is called Fjord.", schema: {properties: {name: {not: {pattern: Fjord}}}}}
"""
GUARD = "guards: {creates: 1}"
APPLY_FILE = """\
import os, sys
from reconciler import Project
with Project.open(".", environ=os.environ) as project:
    project.apply(__import__("pathlib").Path("plan.json"), consent=True)
"""


def example() -> str:
    """The script of the page."""
    (script,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    return str(script)


def started(company: Company, script: str) -> subprocess.Popen[str]:
    """The script in a process of its own, in the company's folder."""
    return subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=company.folder,
        env={**os.environ, "PYTHONPATH": str(PAGE.parents[1])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def ran(company: Company, script: str) -> tuple[int, str, str]:
    return ended(started(company, script))


def live(script: str) -> str:
    """The script against the ERP of the settings."""
    assert 'env="sandbox", ' in script
    return script.replace('env="sandbox", ', "")


@pytest.fixture
def mixed(company: Company) -> Company:
    """An ERP that numbers new customers, and one of these declared."""
    company.sandbox.switch(numbering="mixed")
    company.declare(NEW)
    return company


def opened(company: Company, **options: Any) -> Project:
    return Project.open(company.folder, environ=os.environ, **options)


def names(company: Company) -> list[str]:
    return [row["name"] for row in company.store.customers()]


def test_the_example_applies_to_the_sandbox_and_is_about_20_lines(company: Company) -> None:
    company.declare("{number: 7, name: Fjord AS}")
    assert len(example().splitlines()) <= 22
    code, out, err = ran(company, example())
    assert code == 0, err
    assert "+ 7" in out
    assert "7 done\nAll is as planned.\n" in out
    assert company.bodies() == [], "the sandbox of the environment is not the ERP of the settings"
    assert ran(company, example())[1].startswith("Test AS · sandbox")
    assert "Plan: 0 to create" in ran(company, example())[1] or "No changes" in ran(company, example())[1]


@pytest.mark.parametrize("guard", [POLICY, GUARD])
def test_the_example_is_refused_what_a_policy_or_a_guard_forbids(mixed: Company, guard: str) -> None:
    mixed.settings(guard)
    mixed.declare(f"[{NEW}, {{ref: other, name: Fjord two AS, corporateId: '900000002'}}]")
    code, _, err = ran(mixed, live(example()))
    assert code == 1
    assert "Nothing was written: The plan refuses itself: " in err
    assert mixed.bodies() == []


def test_a_policy_cannot_be_passed(mixed: Company) -> None:
    """Not by force, not by consent, not through a file, and not by taking the refusal out of the plan."""
    mixed.settings(POLICY)
    file = mixed.folder / "plan.json"
    with opened(mixed) as project:
        plan = project.plan()
        assert plan.refusals
        save_plan(plan, file)
        for attempt in (plan, file, None, replace(plan, refusals=())):
            with pytest.raises(Refused):
                project.apply(attempt, consent=True, force=True)
    assert mixed.bodies() == []


def test_a_volume_guard_yields_to_force_alone(mixed: Company) -> None:
    mixed.settings(GUARD)
    mixed.declare(f"[{NEW}, {{ref: other, name: Fjord two AS, corporateId: '900000002'}}]")
    with opened(mixed) as project:
        plan = project.plan()
        for attempt in (plan, None):
            with pytest.raises(Refused, match="refuses itself"):
                project.apply(attempt, consent=True)
        assert mixed.bodies() == []
        assert project.apply(plan, consent=True, force=True).is_good
    assert len(mixed.bodies()) == 2


def test_one_plan_applied_twice_in_one_process_makes_one_customer(mixed: Company) -> None:
    with opened(mixed) as project:
        plan = project.plan()
        assert project.apply(plan, consent=True).count(Outcome.DONE) == 1
        with pytest.raises(Refused, match="applied already"):
            project.apply(plan, consent=True)
        assert project.plan().is_empty
    assert names(mixed) == ["Fjord AS"]


def test_one_plan_applied_in_two_processes_makes_one_customer(mixed: Company) -> None:
    """One after the other, also when the state is lost in between; and both at once."""
    with opened(mixed) as project:
        save_plan(project.plan(), mixed.folder / "plan.json")
    mixed.sandbox.switch(latency_ms=100)
    processes = [started(mixed, APPLY_FILE) for _ in range(2)]
    ends = [ended(process) for process in processes]
    assert sorted(code for code, _, _ in ends) == [0, 1], ends
    assert names(mixed) == ["Fjord AS"]
    mixed.sandbox.switch(latency_ms=0)
    code, _, err = ran(mixed, APPLY_FILE)
    assert (code, "applied already" in err) == (1, True)
    (mixed.folder / ".reconciler" / "state.db").unlink()
    ran(mixed, APPLY_FILE)
    assert names(mixed) == ["Fjord AS"]


def test_a_second_process_is_told_whose_run_is_on(mixed: Company) -> None:
    class Asked(Listener):
        """While it is asked, the run holds the lock."""

        def __init__(self) -> None:
            self.seen: list[tuple[int, str, str]] = []

        def ask(self, question: str) -> bool:
            self.seen.append(ran(mixed, live(example())))
            return True

    listener = Asked()
    with opened(mixed, listener=listener) as project:
        assert project.apply().is_good
    ((code, _, err),) = listener.seen
    assert code == 1
    assert f"process {os.getpid()}" in err.partition("Nothing was written: ")[2]
    assert names(mixed) == ["Fjord AS"]


def test_a_second_project_of_the_same_process_is_locked_out_too(mixed: Company) -> None:
    class Asked(Listener):
        def ask(self, question: str) -> bool:
            with opened(mixed) as second, pytest.raises(Locked):
                second.apply(consent=True)
            return False

    with opened(mixed, listener=Asked()) as project, pytest.raises(Declined):
        project.apply()
    assert mixed.bodies() == []


def test_nothing_is_written_without_consent(mixed: Company) -> None:
    """Consent is True, the digest of the changes, or a yes of the listener: nothing that only looks like it."""
    with opened(mixed) as project:
        plan = project.plan()
        for attempt in (plan, None):
            with pytest.raises(Declined):
                project.apply(attempt)
            with pytest.raises(Refused, match="not the changes that were reviewed"):
                project.apply(attempt, consent="sha256:" + "0" * 64)
            for word in ("", "yes", "sha256:", plan.changes_digest[:-1]):
                with pytest.raises(WrongUsage):
                    project.apply(attempt, consent=word)
            for thing in (1, [True], object()):
                with pytest.raises(Declined):
                    project.apply(attempt, consent=thing)  # type: ignore[arg-type]
        assert mixed.bodies() == []
        assert project.apply(consent=plan.changes_digest).is_good


def test_the_listener_sees_the_plan_before_it_is_asked_and_each_result(mixed: Company) -> None:
    heard: list[str] = []

    class Agreeing(Listener):
        def show(self, plan: Plan) -> None:
            heard.append(f"show {len(plan.actions)}")

        def ask(self, question: str) -> bool:
            heard.append(question)
            return True

        def result(self, result: Any) -> None:
            heard.append(f"{result.action.label} {result.outcome.value}")

    with opened(mixed, listener=Agreeing()) as project:
        assert project.apply().is_good
    assert heard == ["show 1", "Write these 1 changes to Test AS (production, tenant sandbox)?", "ref new done"]


def test_a_signed_plan_is_asked_for_where_there_is_a_key(mixed: Company) -> None:
    environ = {**os.environ, "RECONCILER_PLAN_KEY": "0123456789abcdef"}
    with opened(mixed) as project:
        unsigned = project.plan()
    with Project.open(mixed.folder, environ=environ) as project:
        with pytest.raises(Refused, match="not signed"):
            project.apply(unsigned, consent=True)
        assert project.apply(project.plan(), consent=True).is_good


def test_a_run_is_undone_and_one_that_was_stopped_is_gone_on_with(mixed: Company) -> None:
    class Stopping(Listener):
        """Wants to stop once the first result is there."""

        stopped = False

        def result(self, result: Any) -> None:
            self.stopped = True

        def stop_requested(self) -> int | None:
            return 130 if self.stopped else None

    mixed.declare("[{number: 1, name: A}, {number: 2, name: B}, {number: 3, name: C}]")
    with opened(mixed, listener=Stopping()) as project:
        run = project.apply(consent=True, parallelism=1)
    assert run.interrupted == 130
    assert 0 < run.count(Outcome.DONE) < 3
    with opened(mixed) as project:
        resumed = project.resume()
        assert resumed is not None
        assert resumed.is_good
        assert project.resume() is None
        (past,) = project.runs()
        with pytest.raises(Declined):
            project.undo(past.info.id, deactivate_creates=True)
        assert project.undo(past.info.id, deactivate_creates=True, consent=True).is_good
    assert [row["status"] for row in mixed.store.customers()] == ["Inactive"] * 3


def test_drift_is_seen_accepted_and_exported(mixed: Company) -> None:
    mixed.declare("{number: 1, name: A, creditLimit: 5}")
    with opened(mixed) as project:
        assert project.apply(consent=True).is_good
        mixed.store.edit("1", {"creditLimit": "7"})
        (customer,) = project.drift().customers
        assert [field.path for field in customer.fields] == ["creditLimit"]
        assert project.accept().is_good
        assert project.plan().is_empty
        assert not project.validate().diagnostics
        exported = project.export()
        assert (exported.customers, [number for number, _ in exported.declared]) == (0, ["1"])
        assert project.export(options=ExportOptions(mixed.folder / "copy")).customers == 1


def test_errors_are_raised_as_values(company: Company) -> None:
    company.declare("{number: 1, nmae: A}")
    with opened(company) as project, pytest.raises(InvalidInput) as caught:
        project.plan()
    assert [(each.source.file, each.source.line) for each in caught.value.diagnostics if each.source] == [
        ("customers/all.yaml", 1)
    ]


def test_without_an_environment_there_are_no_credentials(mixed: Company) -> None:
    """The process has them, and nobody passed them on."""
    with Project.open(mixed.folder) as project, pytest.raises(InvalidInput, match="Credentials"):
        project.plan()


def test_a_plan_file_is_applied_as_it_was_saved(mixed: Company) -> None:
    file = mixed.folder / "plan.json"
    with opened(mixed) as project:
        save_plan(project.plan(), file)
        assert load_plan(file).changes_digest
        assert project.apply(file, consent=True).is_good
