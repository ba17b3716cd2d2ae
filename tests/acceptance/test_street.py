"""The street from the outside: declarations, plan, apply, and an empty plan."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from reconciler.core.plan import FORMAT_VERSION
from tests.acceptance.conftest import Company

SEED_CASE = """\
number: 10000
name: NewCustomer
overrideWithClassValues: true
customerClassId: 1
mainAddress:
  addressLine1: TestRoad 13
  postalCode: 0101
  countryId: NO
"""


def test_the_documentations_customer_is_created_with_the_documentations_body(company: Company) -> None:
    company.declare(SEED_CASE)
    ended = company.apply()
    assert ended.code == 0, ended.err
    assert company.bodies() == [
        {
            "number": {"value": "10000"},
            "name": {"value": "NewCustomer"},
            "overrideWithClassValues": True,
            "customerClassId": {"value": "1"},
            "mainAddress": {
                "value": {
                    "addressLine1": {"value": "TestRoad 13"},
                    "postalCode": {"value": "0101"},
                    "countryId": {"value": "NO"},
                }
            },
        }
    ]
    assert company.undone() == {}


@pytest.mark.parametrize(
    ("mode", "members"),
    [("leaf", ["addressLine1"]), ("whole", ["addressLine1", "postalCode", "countryId"])],
)
def test_moving_the_documentations_customer_sends_what_the_mode_says(
    company: Company, mode: str, members: list[str]
) -> None:
    company.settings(f"nested_updates: {mode}")
    company.declare(SEED_CASE)
    company.apply()
    company.declare(SEED_CASE.replace("TestRoad 13", "TestRoad 50"))
    assert company.apply().code == 0
    body = company.bodies()[-1]
    assert list(body) == ["mainAddress"]
    assert list(body["mainAddress"]["value"]) == members
    assert body["mainAddress"]["value"]["addressLine1"] == {"value": "TestRoad 50"}
    assert company.undone() == {}


def test_a_saved_plan_is_private_and_applies_without_a_question_what_it_shows(company: Company) -> None:
    company.declare(SEED_CASE)
    assert company.run("plan", "-o", "plan.json").code == 0
    saved = company.folder / "plan.json"
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    planned = json.loads(saved.read_text(encoding="utf-8"))
    company.declare(SEED_CASE.replace("NewCustomer", "Changed since"))
    ended = company.run("apply", "plan.json")
    assert ended.code == 0, ended.err
    assert company.bodies() == [planned["actions"][0]["request"]["body"]]


def test_show_repeats_what_plan_showed(company: Company) -> None:
    company.declare(SEED_CASE)
    planned = company.run("plan", "-o", "plan.json").out
    assert company.run("show", "plan.json").out == planned


@pytest.mark.parametrize("damage", ["cut", "changed", "told", "allowed", "other format", "not JSON"])
def test_a_plan_that_was_tampered_with_is_refused_and_nothing_is_written(company: Company, damage: str) -> None:
    company.declare(SEED_CASE)
    company.run("plan", "-o", "plan.json")
    saved = company.folder / "plan.json"
    text = saved.read_text(encoding="utf-8")
    altered = {
        "cut": text[:-40],
        "changed": text.replace("TestRoad 13", "TestRoad 14"),
        "told": text.replace("customers/all.yaml", "customers/other.yaml"),
        "allowed": text.replace('"limit": "30%', '"limit": "90%'),
        "other format": text.replace(f'"format_version": "{FORMAT_VERSION}"', '"format_version": "2.0"'),
        "not JSON": "number: 1",
    }[damage]
    assert altered != text
    saved.write_text(altered, encoding="utf-8")
    ended = company.run("apply", "plan.json")
    assert ended.code == 4
    assert "plan.json" in ended.err
    assert company.bodies() == []


@pytest.mark.parametrize("setting", ["tenant_id: sandbox", "base_url"])
def test_a_plan_for_another_tenant_or_another_erp_is_refused(
    company: Company, setting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    company.declare(SEED_CASE)
    company.run("plan", "-o", "plan.json")
    if setting == "base_url":
        monkeypatch.setenv("VISMA_BASE_URL", company.sandbox.base_url.replace("127.0.0.1", "localhost"))
    else:
        monkeypatch.setenv("VISMA_TENANT_ID", "another")
    ended = company.run("apply", "plan.json")
    assert ended.code == 4
    assert company.bodies() == []


def test_without_consent_nothing_is_read_or_written(company: Company) -> None:
    company.declare(SEED_CASE)
    ended = company.run("apply")
    assert ended.code == 64
    assert "--auto-approve" in ended.err
    assert company.sandbox.requests == []


def test_a_clerks_edit_between_plan_and_apply_survives_and_the_rest_is_applied(company: Company) -> None:
    company.store.seed(3, 1, start=1)
    company.declare("[{number: 1, creditLimit: 111}, {number: 2, creditLimit: 222}, {number: 3, creditLimit: 333}]")
    company.run("plan", "-o", "plan.json")
    company.store.edit("2", {"creditLimit": 999})
    ended = company.run("apply", "plan.json")
    assert ended.code == 5
    assert "2 conflict" in ended.out
    assert "creditLimit is now 999" in ended.out
    limits = [str(company.store.customer(number)["creditLimit"]) for number in ("1", "2", "3")]
    assert limits == ["111", "999", "333"]


def test_a_failed_parent_skips_its_children_and_says_so(company: Company) -> None:
    company.declare(
        "[{number: 1, name: Child, parentRecordNumber: 2},"
        " {number: 2, name: Parent, customerClassId: NOSUCH}, {number: 3, name: Other}]"
    )
    ended = company.apply()
    assert ended.code == 5
    assert "2 failed" in ended.out
    assert "1 not sent" in ended.out
    assert "its parent 2 was not created" in ended.out
    assert company.store.numbers() == ["3"]


def test_detailed_exitcode_tells_changes_from_none(company: Company) -> None:
    company.declare(SEED_CASE)
    assert company.run("plan", "--detailed-exitcode").code == 2
    assert company.run("plan").code == 0
    company.apply()
    assert company.run("plan", "--detailed-exitcode").code == 0


def test_a_target_limits_the_plan_and_an_unknown_one_is_wrong_usage(company: Company) -> None:
    company.declare("[{number: 1, name: A}, {number: 2, name: B}]")
    ended = company.run("plan", "--format", "json", "--target", "2")
    assert [action["number"] for action in ended.json["actions"]] == ["2"]
    assert company.run("plan", "--target", "7").code == 64


def test_two_plans_of_the_same_state_differ_in_time_only(company: Company) -> None:
    company.settings("guards: {updates: 100%}")
    company.store.seed(20, 3)
    company.declare("[" + ",".join(f"{{number: {n}, name: X{n}, gln: null}}" for n in range(10000, 10030)) + "]")
    first, second = (company.run("plan", "--refresh", "full", "--format", "json").json for _ in range(2))
    for plan in (first, second):
        plan.pop("created_at"), plan.pop("digest"), plan.pop("budget")
        plan["refresh"].pop("as_of"), plan["refresh"]["reading"].pop("all_read_at")
    assert json.dumps(first) == json.dumps(second)


def test_a_report_file_is_written_beside_the_output(company: Company) -> None:
    company.declare(SEED_CASE)
    ended = company.run("plan", "--report", "json=out/plan.json", "--report", "text=plan.txt")
    assert ended.code == 64  # the folder does not exist
    (company.folder / "out").mkdir()
    ended = company.run("plan", "--report", "json=out/plan.json", "--report", "text=plan.txt")
    assert ended.code == 0, ended.err
    assert (company.folder / "plan.txt").read_text(encoding="utf-8") == ended.out
    assert json.loads((company.folder / "out" / "plan.json").read_text(encoding="utf-8"))["summary"]["create"] == 1


def test_the_saved_plan_fits_its_schema(company: Company) -> None:
    import jsonschema

    company.store.seed(3, 1, start=1)
    company.declare(SEED_CASE.replace("\n", "\n", 1), "new.yaml")
    company.declare("[{number: 1, creditLimit: 1.25, mainAddress: {city: X}, lifecycle: {prevent_update: true}}]")
    ended = company.run("plan", "--format", "json")
    assert ended.code == 4
    schema = json.loads((Path(__file__).parents[2] / "schemas" / "plan.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(ended.json)


def test_an_amount_is_exact_all_the_way(company: Company) -> None:
    company.declare(SEED_CASE + "creditLimit: 12345678901234.87\n")
    assert company.apply().code == 0
    assert str(company.store.customer("10000")["creditLimit"]) == "12345678901234.87"
    plan = company.plan()
    assert (plan["actions"], plan["diagnostics"], plan["summary"]["unchanged"]) == ([], [], 1)


def test_prevent_update_refuses_apply_even_with_force(company: Company) -> None:
    company.store.seed(1, 1, start=1)
    company.declare("{number: 1, creditLimit: 5, lifecycle: {prevent_update: true}}")
    for more in ([], ["--force"]):
        ended = company.run("apply", "--auto-approve", *more)
        assert ended.code == 4
        assert "prevent_update" in ended.err
    assert company.bodies() == []
