"""One row of a wrong shape stops what concerns it, not the company; a wrong count is told, and hides nothing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.acceptance.conftest import Company

NUMBERS = [str(number) for number in range(10000, 10007)]
BAD = "10002"
NEW = "20000"
READABLE = ("types", "surrogate")
"""Shapes that leave the number readable."""
NAMELESS = ("identity", "unnumbered", "text")
"""Shapes that do not."""


@pytest.fixture
def ledger(company: Company) -> Company:
    """Seven customers in pages of four; six of them and a new one are declared with other names, the bad one too."""
    company.settings(page_size=4)
    company.store.seed(7, 1, start=10000)
    company.declare("".join(f"- {{number: '{number}', name: New {number}}}\n" for number in (*NUMBERS, NEW)))
    return company


def essence(plan: Any, but: tuple[str, ...]) -> Any:
    return [action for action in plan["actions"] if action["number"] not in but]


def codes(document: Any) -> list[str]:
    return [each["code"] for each in document["diagnostics"]]


@pytest.mark.parametrize("shape", READABLE)
def test_a_row_that_cannot_be_read_is_named_and_held_back_and_the_others_are_planned_as_ever(
    ledger: Company, shape: str
) -> None:
    sound = ledger.plan()
    ledger.sandbox.switch(misshapen=f"{BAD}:{shape}")
    plan = ledger.plan()
    assert essence(plan, (BAD,)) == essence(sound, (BAD,))
    assert BAD not in [action["number"] for action in plan["actions"]]
    assert (plan["summary"]["unreadable"], plan["summary"]["held_back"]) == (1, 1)
    row, held = plan["diagnostics"]
    assert (row["code"], held["code"]) == ("P528", "P529")
    assert f"customer {BAD} cannot be read: name" in row["summary"]
    assert "row 3 of page 1" in row["detail"]
    assert (held["source"]["file"], held["source"]["line"]) == ("customers/all.yaml", 3)


@pytest.mark.parametrize("shape", NAMELESS)
def test_beside_a_row_without_a_readable_number_nothing_is_created_and_the_rest_goes_on(
    ledger: Company, shape: str
) -> None:
    ledger.sandbox.switch(misshapen=f"{BAD}:{shape}")
    plan = ledger.plan()
    assert [action["number"] for action in plan["actions"]] == [number for number in NUMBERS if number != BAD]
    assert plan["summary"]["held_back"] == 2
    assert codes(plan) == ["P528", "P529", "P529"]
    ended = ledger.apply()
    assert ended.code == 5, ended.err
    assert len(ledger.bodies()) == 6


def test_apply_writes_all_others_and_exits_5_since_one_declaration_was_held_back(ledger: Company) -> None:
    ledger.sandbox.switch(misshapen=f"{BAD}:types")
    ended = ledger.apply()
    assert ended.code == 5, ended.err
    assert "Applied: 1 created, 6 updated, 1 declaration held back." in ended.out
    again = ledger.run("plan", "--detailed-exitcode")
    assert again.code == 2, again.out
    assert "0 to create, 0 to update, 7 unchanged, 0 unmanaged, 1 held back, 1 unreadable." in again.out
    assert ledger.apply().code == 5
    ledger.sandbox.switch(misshapen="")
    assert ledger.apply().code == 0, "the row is sound again"
    assert ledger.store.customer(BAD)["name"] == f"New {BAD}"


def test_a_customer_that_is_not_declared_is_told_and_costs_nothing(ledger: Company) -> None:
    ledger.declare("".join(f"- {{number: '{number}', name: New {number}}}\n" for number in NUMBERS if number != BAD))
    ledger.sandbox.switch(misshapen=f"{BAD}:types")
    plan = ledger.plan()
    assert codes(plan) == ["P528"]
    assert (plan["summary"]["unreadable"], plan["summary"].get("held_back")) == (1, None)
    assert ledger.apply().code == 0


def test_a_new_customer_with_the_id_of_the_row_is_held_back_too(ledger: Company) -> None:
    identity = ledger.store.customer(BAD)["corporateId"]
    ledger.declare(f"ref: twin\nname: Twin\ncorporateId: '{identity}'\n")
    ledger.sandbox.switch(misshapen=f"{BAD}:types")
    plan = ledger.plan()
    assert (plan["actions"], codes(plan)) == ([], ["P528", "P529"])


def test_what_was_applied_and_cannot_be_read_is_neither_gone_nor_removed(ledger: Company) -> None:
    ledger.settings("on_removed: deactivate", page_size=4)
    assert ledger.apply().code == 0
    ledger.sandbox.switch(misshapen=f"{BAD}:text")
    drift = ledger.run("drift", "--format", "json", "--detailed-exitcode")
    assert drift.code == 2, drift.err
    assert drift.json["customers"] == []
    assert (drift.json["summary"]["held_back"], drift.json["summary"]["unreadable"]) == (1, 1)
    plan = ledger.plan()
    assert (plan["actions"], plan["summary"]["removed"]) == ([], 0)


def test_a_row_that_cannot_be_read_is_never_kept_as_good(ledger: Company) -> None:
    ledger.plan()
    ledger.sandbox.switch(misshapen=f"{BAD}:types")
    ledger.store.edit(BAD, {"name": "Clerk"})
    assert ledger.plan()["summary"]["held_back"] == 1
    assert ledger.run("plan", "--refresh", "none").code == 64, "there is no snapshot to plan from"
    ledger.sandbox.switch(misshapen="")
    (action,) = [action for action in ledger.plan()["actions"] if action["number"] == BAD]
    assert action["changes"][0]["before"] == "Clerk"


@pytest.mark.parametrize("shape", [*READABLE, *NAMELESS])
def test_queries_and_exports_leave_it_out_and_say_so(ledger: Company, shape: str) -> None:
    ledger.sandbox.switch(misshapen=f"{BAD}:{shape}")
    listed = ledger.run("customers", "list", "--format", "json")
    assert (listed.code, len(listed.json)) == (0, 6)
    assert "row 3 of page 1" in listed.err
    exported = ledger.run("export", "-o", "out")
    assert exported.code == 0, exported.err
    assert "P528" in exported.err
    assert len(list((ledger.folder / "out").iterdir())) == 6


def test_an_amount_of_a_billion_digits_is_unreadable_where_it_is_declared(ledger: Company) -> None:
    ledger.sandbox.switch(misshapen=f"{BAD}:absurd")
    assert codes(ledger.plan()) == [], "nobody declares it"
    ledger.declare(f"number: '{BAD}'\ncreditLimit: 5\n")
    plan = ledger.plan()
    assert (plan["actions"], codes(plan)) == ([], ["P528", "P529"])
    assert "creditLimit" in plan["diagnostics"][0]["summary"]


def test_a_note_of_a_wrong_shape_holds_back_its_customer(ledger: Company) -> None:
    ledger.declare(f"- {{number: '{BAD}', note: Call first}}\n- {{number: '10003', name: New}}\n")
    ledger.sandbox.fault(kind="respond", path=f"/{BAD}/note", status=200, body='["x"]', count=9)
    plan = ledger.plan()
    assert [action["number"] for action in plan["actions"]] == ["10003"]
    assert codes(plan) == ["P528", "P529"]


def test_members_that_nobody_knows_are_told_once_with_the_number_of_customers(ledger: Company) -> None:
    ledger.sandbox.switch(misshapen=f"{BAD}:members", extra_members='{"consolidateInvoices": true}')
    for command in (["plan"], ["drift"], ["customers", "list"], ["export", "-o", "out"]):
        ended = ledger.run(*command)
        assert ended.err.count("extras (1), loyaltyLevel (1)") == 1, (command, ended.err)
        assert "consolidateInvoices" not in ended.err


def test_a_member_that_only_the_erp_sets_is_shown_and_never_written(ledger: Company) -> None:
    ledger.sandbox.switch(extra_members='{"consolidateInvoices": true}')
    (shown,) = ledger.run("customers", "show", BAD, "--format", "json").json
    assert shown["consolidateInvoices"] is True
    chosen = ledger.run("customers", "list", "--fields", "number,consolidateInvoices", "--format", "json").json
    assert chosen[0] == {"number": "10000", "consolidateInvoices": True}
    assert ledger.apply().code == 0
    assert all("consolidateInvoices" not in body for body in ledger.bodies())
    ledger.declare(f"number: '{BAD}'\nconsolidateInvoices: true\n")
    assert ledger.run("validate").code == 3


def test_a_raw_row_is_shown_whatever_its_shape(ledger: Company) -> None:
    ledger.sandbox.switch(misshapen=f"{BAD}:types")
    ended = ledger.run("customers", "show", BAD, "--raw")
    assert (ended.code, ended.json[0]["status"]) == (0, 7)
    assert "cannot be read" in ended.err
    assert ledger.run("customers", "show", BAD).code == 1


# ---- the count ----


@pytest.mark.parametrize("off", [-6, -3, -2, -1, 1, 2, 50])
def test_a_count_that_stays_wrong_is_told_and_the_plan_is_that_of_a_right_one(ledger: Company, off: int) -> None:
    right = ledger.plan()
    ledger.sandbox.switch(total_off=off)
    plan = ledger.plan()
    assert plan["actions"] == right["actions"]
    assert codes(plan) == ["P530"]
    assert f"counts {7 + off} customers, but its list has 7" in plan["diagnostics"][0]["summary"]
    assert ledger.apply().code == 0
    assert ledger.run("export", "-o", "out").code == 0


@pytest.mark.parametrize("off", [-4, -3])
def test_a_list_of_full_pages_is_not_taken_for_whole_because_the_count_says_so(ledger: Company, off: int) -> None:
    """Four in a page, and the ERP counts four, or eight customers as four: the next page is looked at."""
    ledger.sandbox.switch(total_off=off)
    assert ledger.plan()["refresh"]["customers"] == 7


def test_no_count_beside_rows_counts_as_unknown(ledger: Company) -> None:
    right = ledger.plan()
    ledger.sandbox.switch(total_count="zero")
    plan = ledger.plan()
    assert (plan["actions"], codes(plan)) == (right["actions"], [])


@pytest.mark.parametrize("off", [0, 1, -2])
def test_a_list_that_loses_a_row_between_pages_is_never_taken_for_whole(ledger: Company, off: int) -> None:
    ledger.sandbox.switch(page_shift=1, total_off=off)
    ended = ledger.run("apply", "--auto-approve")
    assert ended.code == 1, ended.out
    assert ledger.bodies() == []


def test_under_a_short_list_nothing_is_created_that_the_erp_has_or_that_cannot_be_asked_for(ledger: Company) -> None:
    """A number is asked for by itself; a ref cannot be, so it is held back."""
    ledger.sandbox.switch(total_off=1)
    ledger.declare(f"- {{number: '{NEW}', name: New}}\n- {{ref: other, name: Other, corporateId: '923456783'}}\n")
    plan = ledger.plan()
    assert [action["number"] for action in plan["actions"]] == [NEW]
    assert codes(plan) == ["P530", "P529"]
