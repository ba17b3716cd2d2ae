"""Each outcome is told for what it is, in every report, with the remedy that fits."""

from __future__ import annotations

import json
import shutil
from typing import Any

import pytest

from tests.acceptance.conftest import Company, Ended

FORMATS = ["text", "json", "markdown", "html", "junit", "sarif", "github", "gitlab-codequality"]


@pytest.fixture
def entered(company: Company) -> Company:
    """A saved plan, and a clerk who enters its customer before it is applied."""
    company.declare('{ref: fisk, name: Elv Fisk AS, corporateId: "923456789", creditLimit: 1000}')
    assert company.run("plan", "-o", "plan.json").code == 0
    company.store.seed(1, 1, start=51)
    company.store.edit("51", {"name": "Elv Fisk AS", "corporateId": "923 456 789"})
    return company


def run_id(company: Company) -> str:
    """The newest run."""
    return str(company.run("runs", "list", "--format", "json").json["runs"][0]["id"])


@pytest.mark.parametrize("form", FORMATS)
def test_exists_is_neither_created_nor_lost_in_any_report(entered: Company, form: str) -> None:
    applied = entered.run("apply", "plan.json", "--format", form)
    assert applied.code == 5
    assert entered.store.count() == 1
    shown = entered.run("runs", "show", run_id(entered), "--format", form)
    for report in (applied.out, shown.out):
        assert "exists" in report
        assert "51" in report
        assert "a new plan finds it by its id" in report or form in ("sarif", "github", "gitlab-codequality")
        assert "answer to its create was lost" not in report
        assert "1 created" not in report


def test_json_counts_it_apart(entered: Company) -> None:
    report: dict[str, Any] = entered.run("apply", "plan.json", "--format", "json").json
    assert report["results"][0]["outcome"] == "exists"
    assert report["results"][0]["number"] == "51"


def test_nothing_of_what_exists_is_remembered_as_applied(entered: Company) -> None:
    """The new plan finds it, and a difference is not called drift."""
    assert entered.run("apply", "plan.json").code == 5
    (action,) = entered.plan()["actions"]
    assert (action["action"], action["number"]) == ("update", "51")
    assert {change["cause"] for change in action["changes"]} == {"unknown"}


def test_a_saved_plan_that_was_applied_is_refused_here_and_finds_its_customers_elsewhere(company: Company) -> None:
    company.declare('{ref: fisk, name: Elv Fisk AS, corporateId: "923456789"}')
    company.run("plan", "-o", "plan.json")
    assert company.run("apply", "plan.json").code == 0
    again = company.run("apply", "plan.json")
    assert again.code == 4
    assert "was applied already" in again.err
    shutil.rmtree(company.folder / ".reconciler")
    elsewhere = company.run("apply", "plan.json")
    assert elsewhere.code == 5
    assert "this plan if it was applied before" in elsewhere.out
    assert "a new plan finds it by its id" in elsewhere.out
    assert company.undone() == {}
    assert company.store.count() == 1


def test_an_erp_that_wants_a_number_is_answered_with_the_remedy(company: Company) -> None:
    company.sandbox.switch(numbering="manual")
    company.declare('{ref: fjord, name: Fjord AS, corporateId: "911111111"}')
    applied = company.apply()
    assert applied.code == 1
    assert "declare number" in applied.out
    assert "automatic numbering" in applied.out
    assert company.store.count() == 0
    company.declare('{number: 7, ref: fjord, name: Fjord AS, corporateId: "911111111"}')
    assert company.apply().code == 0
    assert company.undone() == {}


def overtaken(company: Company, field: str, kind: str, **values: str) -> Ended:
    """A saved update of a customer that is gone when it is applied."""
    company.store.seed(2, 1, start=10000)
    company.declare(f"{{number: 10000, {field}}}")
    company.run("plan", "-o", "plan.json")
    company.sandbox.fault(kind=kind, number="10000", method="PUT" if "{" not in field else "GET", **values)
    return company.run("apply", "plan.json")


@pytest.mark.parametrize("field", ["creditLimit: 7", "mainAddress: {city: Oslo}"])
@pytest.mark.parametrize(("kind", "values"), [("vanish", {}), ("renumber", {"new": "10500"})])
def test_an_update_of_a_customer_that_is_gone_or_renumbered_says_so(
    company: Company, field: str, kind: str, values: dict[str, str]
) -> None:
    applied = overtaken(company, field, kind, path="/v1/customer/10000", **values)
    assert applied.code == 1
    assert "the ERP has no customer 10000 any more: it was renumbered or removed" in applied.out
    assert "declare that number" in applied.out
    assert "base_url" not in applied.out


@pytest.mark.parametrize("known_by", ['corporateId: "923 456 789"', 'mainAddress: {postalCode: "0181", countryId: NO}'])
@pytest.mark.parametrize("state", ["kept", "gone"])
def test_a_customer_that_a_clerk_renumbered_is_never_created_in_silence(
    company: Company, known_by: str, state: str
) -> None:
    company.declare(f"{{number: 10000, name: Elv Fisk AS, {known_by}}}")
    assert company.apply().code == 0
    company.store.renumber("10000", "10500")
    if state == "gone":
        shutil.rmtree(company.folder / ".reconciler")
    planned = company.run("plan", "--format", "json")
    told = (
        [
            problem
            for problem in (*planned.json["diagnostics"], *planned.json["refusals"])
            if "10500" in json.dumps(problem)
        ]
        if planned.out
        else []
    )
    if state == "kept" or "corporateId" in known_by:
        assert planned.code in (3, 4)
        assert company.apply().code in (3, 4)
        assert company.store.count() == 1
    assert any('declare number: "10500"' in problem["remedy"].replace("Declare", "declare") for problem in told) or (
        "10500" in planned.err
    )


def test_a_value_that_is_not_there_is_not_taken_or_somebody_changed_it_again(company: Company) -> None:
    """Told apart by the version; an ERP that stores nothing of most updates is told, too."""
    declaration = "".join(f'- {{number: "{at}", name: A, creditLimit: 1}}\n' for at in range(1, 4))
    company.declare(declaration)
    assert company.apply().code == 0
    company.sandbox.fault(
        kind="edit", method="PUT", path="/customer/2$", when="after", number="2", values={"creditLimit": "77"}
    )
    company.declare(declaration.replace("creditLimit: 1", "creditLimit: 2"))
    applied = company.apply()
    assert applied.code == 5
    assert "2 creditLimit changed again since our write: sent 2, the ERP has 77" in applied.out
    assert "not taken:" not in applied.out
    assert "A613" not in applied.out + applied.err
    company.sandbox.switch(put_stores="nothing")
    company.declare(declaration.replace("creditLimit: 1", "mainContact: {email: a@b.example}"))
    applied = company.apply()
    assert applied.code == 5
    assert '1 mainContact.email not taken: sent "a@b.example", the ERP has (none)' in applied.out
    assert "A613 warning: 3 of 3 updates were confirmed by the ERP but did not take effect" in applied.out
