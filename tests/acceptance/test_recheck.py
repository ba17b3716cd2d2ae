"""`api.recheck_nested`: a clerk's edit that moves no version is a conflict all the same, and not overwritten."""

from __future__ import annotations

import pytest

from tests.acceptance.conftest import Company, Ended

ADDRESS = "mainAddress: {city: Oslo}"
LINES = "directDebitLines: {complete: true, lines: [{mandateId: B, iban: NL91ABNA0417164300}]}"


@pytest.fixture
def silent(company: Company) -> Company:
    """An ERP where an edit of a nested member moves neither version nor time stamp, and a customer of it."""
    company.store.seed(2, 1, start=1)
    company.store.edit("1", {"mainAddress.city": "Bergen"})
    company.sandbox.switch(nested_edits_touch=False)
    return company


def planned(company: Company, declared: str) -> None:
    company.declare(f"{{number: 1, {declared}}}")
    assert company.run("plan", "-o", "plan.json").code == 0


def applied(company: Company) -> Ended:
    return company.run("apply", "plan.json")


def requests(company: Company, method: str) -> list[str]:
    """The requests for the customer so far."""
    found = [each for each in company.sandbox.requests if each["method"] == method]
    return [each["target"] for each in found if each["target"].endswith("/customer/1")]


@pytest.mark.parametrize(
    ("declared", "edit"),
    [
        (ADDRESS, {"mainAddress.city": "Hamar"}),
        ("corporateId: '910'", {"corporateId": "777"}),
        ("mainContact: {email: a@example.com}, creditLimit: 7", {"mainContact.email": "clerk@example.com"}),
    ],
)
def test_a_clerks_edit_that_moves_no_version_is_a_conflict_and_stays(
    silent: Company, declared: str, edit: dict[str, str]
) -> None:
    planned(silent, declared)
    silent.store.edit("1", edit)
    ended = applied(silent)
    ((path, value),) = edit.items()
    assert ended.code == 5, ended.out
    assert path in ended.out
    assert value in ended.out
    assert requests(silent, "PUT") == []
    (run,) = silent.run("runs", "list", "--format", "json").json["runs"]
    assert run["outcomes"] == {"conflict": 1}
    assert silent.run("runs", "resume").code == 5, "it is no less a conflict when the run goes on"
    assert requests(silent, "PUT") == []


def test_without_the_setting_only_the_version_protects(silent: Company) -> None:
    silent.settings("environments: {production: {api: {recheck_nested: false}}}")
    planned(silent, ADDRESS)
    silent.store.edit("1", {"mainAddress.city": "Hamar"})
    assert applied(silent).code == 0
    assert len(requests(silent, "GET")) == 1, "the reading back"


def test_a_line_that_a_clerk_changed_is_not_deleted(silent: Company) -> None:
    planned(silent, LINES.replace("B, iban: NL91ABNA0417164300", "A, iban: NL39RABO0300065264"))
    assert applied(silent).code == 0
    planned(silent, LINES)
    other = LINES.replace("B, iban: NL91ABNA0417164300", "A, iban: NO9386011117947")
    silent.declare(f"{{number: 1, {other}}}")
    assert silent.apply().code == 0  # stands for the clerk
    before = len(requests(silent, "PUT"))
    ended = applied(silent)
    assert "NO9386011117947" in ended.out, ended.err
    assert ended.code == 5
    assert len(requests(silent, "PUT")) == before


def test_the_same_edit_by_a_clerk_is_no_conflict(silent: Company) -> None:
    planned(silent, ADDRESS)
    silent.store.edit("1", {"mainAddress.city": "Oslo"})
    assert applied(silent).code == 0


def test_an_edit_of_what_the_update_does_not_replace_is_no_conflict_and_stays(silent: Company) -> None:
    planned(silent, ADDRESS)
    silent.store.edit("1", {"mainAddress.addressLine1": "Clerk road 1"})
    assert applied(silent).code == 0
    address = silent.store.customer("1")["mainAddress"]
    assert (address["city"], address["addressLine1"]) == ("Oslo", "Clerk road 1")


def test_a_customer_that_cannot_be_read_once_more_is_not_written_to_and_resume_tries_again(silent: Company) -> None:
    planned(silent, ADDRESS)
    silent.sandbox.fault(kind="respond", status=403, method="GET", path="/customer/1$", count=1)
    ended = applied(silent)
    assert ended.code == 1
    assert "it could not be read once more, so it was not sent" in ended.out
    assert requests(silent, "PUT") == []
    assert silent.run("runs", "resume").code == 0
    assert silent.undone() == {}


def test_top_level_scalars_are_not_read_first(silent: Company) -> None:
    planned(silent, "creditLimit: 7")
    assert applied(silent).code == 0
    assert len(requests(silent, "GET")) == 1, "the reading back"


def test_the_forecast_counts_what_applying_takes(silent: Company) -> None:
    silent.declare("[{number: 1, mainAddress: {city: Oslo}}, {number: 2, creditLimit: 7}]")
    assert silent.run("plan", "-o", "plan.json").code == 0
    forecast = silent.run("show", "plan.json", "--format", "json").json["budget"]["requests"]
    before = len(silent.sandbox.requests)
    assert applied(silent).code == 0
    made = [each for each in silent.sandbox.requests[before:] if "/customer" in each["target"]]
    assert len(made) == forecast, [each["target"] for each in made]
