"""A short, seeded part of the fuzzing,
and what it has found so far; the long run is `python -m tests.campaign.fuzz`."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from reconciler.state import plan_file
from tests.campaign.fuzz import attempt
from tests.campaign.fuzz_states import put
from tests.campaign.fuzz_targets import TARGETS
from tests.campaign.fuzz_world import Tally, World, world


@pytest.fixture(scope="module")
def found() -> Iterator[World]:
    with world() as made:
        yield made


INPUTS = {"reading": 20, "client": 10, "sealed": 20}
"""Those in this process are cheap; of the others a few."""


@pytest.mark.parametrize("name", TARGETS)
def test_no_input_ends_but_with_a_documented_answer(found: World, name: str) -> None:
    found.tally = Tally()
    attempt(TARGETS[name], found, INPUTS.get(name, 5), seeded=True)
    assert found.tally.inputs >= INPUTS.get(name, 5)


def test_a_sealed_plan_with_a_change_of_no_path_is_refused(found: World) -> None:
    found.renew()
    values: dict[str, Any] = json.loads(found.first("plan.json"))
    values["actions"][0]["changes"][0]["path"] = ""
    values["changes_digest"] = plan_file._changes_digest(values)
    values["digest"] = plan_file._digest(values)
    found.write("plan.json", json.dumps(values).encode())
    ended = found.run("show", "plan.json", "--format", "html")
    assert ended.code == 4
    assert "a change has no path" in ended.err


@pytest.mark.parametrize("words", [["-o", "out.json"], ["--report", "html=out.json"]])
def test_a_pipe_that_nobody_reads_is_not_waited_for(found: World, words: list[str]) -> None:
    found.renew()
    os.mkfifo(found.folder / "out.json")
    ended = found.run("plan", *words)
    assert ended.code == 1
    assert "Cannot write" in ended.err


@pytest.mark.parametrize("name", ["drift-mutes.yaml", "state"])
def test_a_link_that_leads_to_itself_is_in_nobodys_way(found: World, name: str) -> None:
    found.renew()
    put(found.folder / name, "loop")
    assert found.run("plan", "-o", "out.json").code in (0, 1, 3)


def test_a_snapshot_whose_count_of_runs_is_no_number_is_read_anew(found: World) -> None:
    found.renew()
    with closing(sqlite3.connect(found.folder / "state" / "state.db")) as db, db:
        db.execute("UPDATE snapshot SET sequence = x'00'")
    assert found.run("plan").code in (0, 4)


def _without(found: World, member: str) -> None:
    """The plan, whose actions lack the member, and whose digest fits."""
    found.renew()
    values: dict[str, Any] = json.loads(found.first("plan.json"))
    for action in values["actions"]:
        del action[member]
    values["digest"] = plan_file._digest(values)
    found.write("plan.json", json.dumps(values).encode())


def test_a_plan_whose_actions_lack_what_was_consented_to_is_refused_although_its_digest_fits(found: World) -> None:
    _without(found, "depends_on")
    assert found.run("apply", "plan.json").code == 4
    assert found.run("show", "plan.json").code == 4


@pytest.mark.parametrize("member", ["match", "alike"])
def test_a_member_that_older_plans_lack_counts_as_empty(found: World, member: str) -> None:
    _without(found, member)
    assert found.run("show", "plan.json").code == 0
    assert found.run("apply", "plan.json").code in (0, 5)  # this ERP always answers the same
