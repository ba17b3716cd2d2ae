"""`apply --digest`: what is applied is what was reviewed, and nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.acceptance.conftest import Company

TWO = "[{number: 1, creditLimit: 111.50}, {number: 2, creditLimit: 222}]"


@pytest.fixture
def reviewed(company: Company) -> str:
    """The changes digest of a plan over three customers that two declarations change."""
    company.store.seed(3, 1, start=1)
    company.declare(TWO)
    return str(company.plan()["changes_digest"])


def _limit(company: Company, number: str) -> str:
    return str(company.store.customer(number)["creditLimit"])


def test_two_plans_of_the_same_state_have_the_same_changes_digest(company: Company, reviewed: str) -> None:
    company.declare("# a comment moves every line\n" + TWO.replace("},", "},\n"))
    company.store.edit("1", {"mainContact.name": "Not declared"})  # another version, the same changes
    again = company.plan()
    assert again["changes_digest"] == reviewed
    assert again["digest"] != reviewed


@pytest.mark.parametrize("what", ["a clerk", "the branch", "another customer", "another environment"])
def test_what_would_be_written_otherwise_has_another_changes_digest(company: Company, reviewed: str, what: str) -> None:
    match what:
        case "a clerk":
            company.store.edit("1", {"creditLimit": 7})
        case "the branch":
            company.declare(TWO.replace("222", "223"))
        case "another customer":
            company.declare(TWO.replace("number: 2", "number: 3"))
        case _:
            company.settings("default_environment: other\nenvironments: {other: {}}")
    assert company.plan()["changes_digest"] != reviewed


def test_the_plan_says_its_changes_digest_and_an_empty_one_needs_none(company: Company, reviewed: str) -> None:
    assert f"Changes: {reviewed}\n" in company.run("plan").out
    company.apply()
    assert "Changes:" not in company.run("plan").out


@pytest.mark.parametrize("saved", [True, False])
def test_with_another_digest_apply_exits_4_and_writes_nothing(company: Company, reviewed: str, saved: bool) -> None:
    company.store.edit("1", {"creditLimit": 7})
    company.run("plan", "-o", "plan.json")
    before = len(company.bodies())
    for more in ([], ["--force"], ["--auto-approve"]):
        ended = company.run("apply", *(["plan.json"] if saved else []), "--digest", reviewed, *more)
        assert ended.code == 4, ended.err
        assert reviewed in ended.err
    assert len(company.bodies()) == before
    assert _limit(company, "2") != "222"


@pytest.mark.parametrize("saved", [True, False])
def test_with_the_reviewed_digest_apply_asks_no_more(company: Company, reviewed: str, saved: bool) -> None:
    company.run("plan", "-o", "plan.json")
    ended = company.run("apply", *(["plan.json"] if saved else []), "--digest", reviewed)
    assert ended.code == 0, ended.err
    assert (_limit(company, "1"), _limit(company, "2")) == ("111.5", "222")
    assert company.run("apply", "--digest", reviewed).code == 0  # nothing is left to write


@pytest.mark.parametrize("digest", ["", "sha256:", "SHA256:" + "0" * 64, "sha256:" + "0" * 63, "0" * 64])
def test_a_digest_that_is_none_is_wrong_usage_and_never_no_check(company: Company, reviewed: str, digest: str) -> None:
    company.run("plan", "-o", "plan.json")
    for more in (["plan.json"], ["--auto-approve"]):
        assert company.run("apply", *more, "--digest", digest).code == 64
    assert company.bodies() == []


def test_a_saved_plan_cannot_lie_about_its_changes_digest(company: Company, reviewed: str) -> None:
    """Whoever can reckon the file's digest anew still cannot pass other actions off as the reviewed ones."""
    from reconciler.state import plan_file

    company.run("plan", "-o", "plan.json")
    path = company.folder / "plan.json"
    values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    values["actions"][0]["request"]["body"]["creditLimit"]["value"] = 9_999_999
    values["digest"] = plan_file._digest(values)
    path.write_text(json.dumps(values), encoding="utf-8")
    ended = company.run("apply", "plan.json", "--digest", reviewed)
    assert ended.code == 4
    assert "changes digest" in ended.err
    assert company.bodies() == []


def test_a_redacted_plan_names_no_digest_that_values_could_be_tried_out_with(company: Company, reviewed: str) -> None:
    company.run("plan", "--redact", "--report", "markdown=plan.md", "--report", "json=redacted.json")
    for name in ("plan.md", "redacted.json"):
        assert reviewed not in (company.folder / name).read_text(encoding="utf-8")
    assert json.loads((company.folder / "redacted.json").read_text(encoding="utf-8"))["changes_digest"] == ""


def test_every_page_of_a_plan_names_its_changes(company: Company, reviewed: str) -> None:
    company.run("plan", "--report", "markdown=plan.md")
    assert reviewed in (company.folder / "plan.md").read_text(encoding="utf-8")
