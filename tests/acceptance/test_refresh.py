"""`--refresh`: only what changed is read, and a plan made so is the plan of a full read."""

from __future__ import annotations

from typing import Any

import pytest

from tests.acceptance.conftest import Company

COUNT = 30


def declared(company: Company, numbers: range = range(10000, 10000 + COUNT)) -> None:
    """Declare the name and city of each seeded customer, as the ERP has them."""
    lines = []
    for number in numbers:
        found = company.store.customer(str(number))
        city = found["mainAddress"]["city"].replace("'", "''")
        lines.append(f"- number: '{number}'\n  name: '{found['name']}'\n  mainAddress: {{city: '{city}'}}\n")
    company.declare("".join(lines))


@pytest.fixture
def ledger(company: Company) -> Company:
    """A company with as many customers as declarations, in pages of ten, and a snapshot of it."""
    company.settings(page_size=10)
    company.store.seed(COUNT, 3)
    declared(company)
    assert planned(company)["refresh"]["mode"] == "full"
    return company


def planned(company: Company, *arguments: str) -> Any:
    ended = company.run("plan", "--format", "json", *arguments)
    assert ended.code in (0, 4), ended.err
    return ended.json


def essence(plan: Any) -> Any:
    """What a plan is, without how it was made."""
    return {key: plan[key] for key in ("summary", "actions", "diagnostics")}


def in_both_ways(company: Company) -> Any:
    """The incremental plan, which must be the same as the full one."""
    found = planned(company)
    assert found["refresh"]["mode"] == "incremental", found["refresh"]["reading"]["reason"]
    assert essence(found) == essence(planned(company, "--refresh", "full"))
    return found


def test_the_second_plan_reads_what_changed_and_one_page(ledger: Company) -> None:
    found = in_both_ways(ledger)
    assert found["refresh"]["requests"] == 2
    assert found["summary"]["unchanged"] == COUNT
    assert found["refresh"]["customers"] == COUNT


def test_an_edit_is_seen(ledger: Company) -> None:
    ledger.store.edit("10007", {"name": "Clerk"})
    (action,) = in_both_ways(ledger)["actions"]
    assert action["number"] == "10007"
    assert action["changes"][0]["before"] == "Clerk"


def test_a_creation_is_seen(ledger: Company) -> None:
    ledger.store.seed(1, 9, start=20000)  # with an old time stamp: the number of customers tells
    assert "counts 31" in planned(ledger)["refresh"]["reading"]["reason"]
    assert planned(ledger)["summary"]["unmanaged"] == 1


def test_a_deletion_is_noticed_and_all_is_read(ledger: Company) -> None:
    ledger.store.delete("10003")
    found = planned(ledger)
    assert found["refresh"]["mode"] == "full"
    assert found["refresh"]["reading"]["reason"] == "the ERP counts 29 customers, and 30 are known"
    assert found["summary"]["create"] == 1


def test_a_renumbered_customer_is_seen(ledger: Company) -> None:
    ledger.store.renumber("10003", "90003")
    found = in_both_ways(ledger)
    assert found["summary"] == {"create": 1, "update": 0, "unchanged": 29, "unmanaged": 1, "removed": 0}
