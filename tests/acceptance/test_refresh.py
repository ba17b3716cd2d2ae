"""`--refresh`: only what changed is read, and a plan made so is the plan of a full read."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from reconciler.core.errors import StateError
from reconciler.state.snapshot import KeptCustomers
from tests.acceptance.conftest import Company

COUNT = 30
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def declared(company: Company, numbers: Iterable[int] = range(10000, 10000 + COUNT)) -> None:
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
    summary = {"create": 1, "unchanged": 29, "unmanaged": 1}
    assert {name: count for name, count in found["summary"].items() if count} == summary


def test_a_clock_that_is_set_back_by_hours_hides_nothing(ledger: Company) -> None:
    ledger.store.clock.set(NOON)
    ledger.store.edit("10001", {"name": "First"})
    in_both_ways(ledger)
    ledger.store.clock.set(NOON - timedelta(hours=20))
    ledger.store.edit("10002", {"name": "Second"})
    assert [each["number"] for each in in_both_ways(ledger)["actions"]] == ["10001", "10002"]


def test_a_filter_that_does_not_work_is_noticed(ledger: Company) -> None:
    ledger.sandbox.switch(filter_zone_minutes=-3000)
    ledger.store.edit("10001", {"name": "Clerk"})
    found = planned(ledger)
    assert found["refresh"]["reading"]["reason"] == "the ERP's answer lacks the customer that was modified last"
    assert found["summary"]["update"] == 1


def test_a_filter_that_is_refused_costs_a_full_read_and_no_more(ledger: Company) -> None:
    ledger.sandbox.fault(kind="respond", status=400, method="GET", path="lastModifiedDateTime", count=1)
    assert planned(ledger)["refresh"]["reading"]["reason"] == "the ERP does not tell what changed"


def test_what_no_time_stamp_shows_is_found_in_its_turn_and_told(ledger: Company) -> None:
    ledger.sandbox.switch(nested_edits_touch=False)
    ledger.store.edit("10013", {"mainAddress.city": "Elsewhere"})  # on the second page
    assert in_summary(ledger) == (0, 0)
    assert in_summary(ledger) == (1, 1)
    shown = ledger.run("show", str(ledger.folder / "plan.json"), "--format", "html").out
    assert "1 had changed under an old time stamp" in shown
    assert in_summary(ledger) == (1, 0)


def in_summary(company: Company) -> tuple[int, int]:
    """How many updates an incremental plan has, and how many edits it found that no time stamp shows."""
    found = planned(company, "-o", str(company.folder / "plan.json"))
    assert found["refresh"]["mode"] == "incremental"
    return found["summary"]["update"], found["refresh"]["reading"]["unseen"]


def test_what_the_plan_would_change_is_read_anew_so_that_it_is_no_conflict(ledger: Company) -> None:
    ledger.sandbox.switch(nested_edits_touch=False)
    ledger.store.edit("10023", {"mainAddress.city": "Elsewhere"})
    ledger.declare("{number: '10023', name: New, mainAddress: {city: Oslo}}", "more.yaml")
    declared(ledger, range(10000, 10020))
    (action,) = planned(ledger)["actions"]
    assert [change["before"] for change in action["changes"]][1] == "Elsewhere"
    ended = ledger.apply()
    assert ended.code == 0, ended.out + ended.err


def test_a_customer_that_gets_its_first_declaration_is_read_by_itself(company: Company) -> None:
    company.settings(page_size=10)
    company.store.seed(COUNT, 3)
    declared(company, range(10000, 10005))
    planned(company)
    declared(company, [*range(10000, 10005), 10022, 10024])
    found = in_both_ways(company)
    assert 2 < found["refresh"]["requests"] <= 4
    assert found["summary"]["unchanged"] == 7


def test_more_single_reads_than_pages_are_a_full_read(ledger: Company) -> None:
    text = "".join(f"- {{number: '{number}', name: N{number}}}\n" for number in range(10000, 10020))
    ledger.settings("guards: {updates: 100%}", page_size=10)
    ledger.declare(text)
    found = planned(ledger)
    assert (
        found["refresh"]["reading"]["reason"]
        == "the whole list takes 3 requests, and 10 customers would have to be read again one by one"
    )
    assert essence(found) == essence(planned(ledger, "--refresh", "full"))


def test_an_apply_reads_all_anew_where_it_is_told_to(ledger: Company) -> None:
    """What raises no time stamp is found only so."""
    ledger.sandbox.switch(nested_edits_touch=False)
    ledger.store.edit("10022", {"mainAddress.city": "Elsewhere"})
    assert "10022" not in ledger.apply().out
    ended = ledger.run("apply", "--auto-approve", "--refresh", "full")
    assert (ended.code, "10022 updated" in ended.out) == (0, True), ended.err


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        (("--refresh", "none"), "Give --refresh full"),
        (("plan.json", "--refresh", "full"), "Give --refresh when planning"),
    ],
)
def test_an_apply_refuses_a_reading_that_it_cannot_do(company: Company, words: tuple[str, ...], remedy: str) -> None:
    company.declare("number: '7'\nname: Fjord AS\n")
    if "plan.json" in words:
        assert company.run("plan", "-o", "plan.json").code == 0
    ended = company.run("apply", "--auto-approve", *words)
    assert (ended.code, remedy in ended.err) == (64, True), ended.err


def test_after_an_apply_the_written_customers_are_known_anew(ledger: Company) -> None:
    ledger.sandbox.switch(nested_edits_touch=False)
    ledger.store.edit("10022", {"mainAddress.city": "Elsewhere"})
    planned(ledger, "--refresh", "full")
    assert ledger.apply().code == 0  # the write of the city raises no time stamp
    found = in_both_ways(ledger)
    assert found["actions"] == []


def test_fields_that_the_snapshot_lacks_are_read_in_full(ledger: Company) -> None:
    ledger.declare("{number: '10000', gln: '1'}")
    found = planned(ledger)
    assert found["refresh"]["reading"]["reason"] == "the snapshot has no gln"
    assert in_both_ways(ledger)["summary"]["update"] == 1


@pytest.mark.parametrize(("setting", "mode"), [("max_age: 0s", "full"), ("max_age: 7d", "incremental")])
def test_an_old_snapshot_is_read_in_full(ledger: Company, setting: str, mode: str) -> None:
    ledger.settings(f"refresh: {{{setting}}}", page_size=10)
    time.sleep(1.1 if mode == "full" else 0)
    assert planned(ledger)["refresh"]["mode"] == mode


def test_every_customer_is_read_within_the_runs_of_the_setting(ledger: Company) -> None:
    ledger.settings("refresh: {verify_runs: 2}", page_size=10)
    before = len(ledger.sandbox.requests)
    for _ in range(2):
        assert planned(ledger)["refresh"]["mode"] == "incremental"
    targets = [each["target"] for each in ledger.sandbox.requests[before:]]
    pages = [each for each in targets if "/v1/customer?" in each and "lastModified" not in each]
    assert {each[each.index("pageNumber=") :][:12] for each in pages} == {f"pageNumber={page}" for page in (1, 2, 3)}


@pytest.mark.parametrize("age", ["1", "24", "x h", "1.5h"])
def test_an_age_that_makes_no_sense_is_told_with_its_place(company: Company, age: str) -> None:
    company.settings(f"refresh: {{max_age: '{age}'}}")
    ended = company.run("validate")
    assert ended.code == 3
    assert "reconciler.yaml:5:20" in ended.out


def test_offline_nothing_is_asked_and_every_report_says_so(ledger: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    before = essence(planned(ledger))
    monkeypatch.delenv("VISMA_CLIENT_SECRET")
    ledger.store.edit("10007", {"name": "Unseen"})
    asked = len(ledger.sandbox.requests)
    found = planned(ledger, "--refresh", "none")
    assert found["refresh"]["mode"] == "none"
    assert found["refresh"]["requests"] == 0
    assert found["summary"] == before["summary"]
    assert [each["code"] for each in found["diagnostics"]] == ["P527"]
    for form in ("text", "json"):
        assert "offline" in ledger.run("plan", "--refresh", "none", "--format", form).out.lower(), form
    assert len(ledger.sandbox.requests) == asked


def test_offline_needs_a_snapshot_that_suffices(ledger: Company) -> None:
    ledger.declare("{number: '10000', gln: '1'}")
    assert "does not have all" in ledger.run("plan", "--refresh", "none").err
    ledger.run("state", "clear", "--auto-approve")
    ended = ledger.run("plan", "--refresh", "none")
    assert ended.code == 64
    assert "none is kept yet" in ended.err


def test_a_plan_made_offline_overwrites_nothing_that_changed(ledger: Company) -> None:
    declared(ledger, range(10000, 10029))
    ledger.declare("{number: '10029', name: Ours}", "more.yaml")
    plan = str(ledger.folder / "plan.json")
    assert ledger.run("plan", "--refresh", "none", "-o", plan).code == 0
    ledger.store.edit("10029", {"name": "Theirs"})
    ended = ledger.run("apply", plan)
    assert ended.code == 5
    assert ledger.store.customer("10029")["name"] == "Theirs"
    assert in_both_ways(ledger)["actions"][0]["changes"][0]["before"] == "Theirs"


def test_the_state_tells_of_the_snapshot_and_clearing_drops_it(ledger: Company) -> None:
    assert "30 customers as of" in ledger.run("state", "show").out
    assert ledger.run("state", "show", "--format", "json").json["snapshot"]["customers"] == COUNT
    ledger.run("state", "clear", "--auto-approve")
    assert planned(ledger)["refresh"]["mode"] == "full"


def test_a_large_ledger_takes_three_requests_at_most(company: Company) -> None:
    company.settings(page_size=40)
    company.store.seed(2000, 1)
    declared(company, range(10000, 10010))
    assert planned(company)["refresh"]["requests"] == 51  # the last page is full
    assert in_both_ways(company)["refresh"]["requests"] <= 3


def test_a_snapshot_that_cannot_be_written_after_the_writes_costs_no_accounting(
    ledger: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner, calls = KeptCustomers.doubt, count(1)

    def full_disk(kept: KeptCustomers, numbers: Iterable[str]) -> None:
        if next(calls) > 1:
            raise StateError("the disk is full")
        inner(kept, numbers)

    monkeypatch.setattr(KeptCustomers, "doubt", full_disk)
    ledger.declare("{ref: new, name: New, corporateId: '910'}\n", "new.yaml")
    ledger.sandbox.switch(numbering="automatic")
    ended = ledger.apply()
    assert ended.code == 0, ended.err
    assert "The snapshot could not be kept: the disk is full" in ended.err
    (newest, *_) = ledger.run("runs", "list", "--format", "json").json["runs"]
    assert newest["status"] == "done"
    assert ledger.undone() == {}, "the number of the ref is recorded"


def test_a_snapshot_that_cannot_be_written_before_the_writes_ends_the_run(
    ledger: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(kept: KeptCustomers, numbers: Iterable[str]) -> None:
        raise StateError("the disk is full")

    monkeypatch.setattr(KeptCustomers, "doubt", full_disk)
    ledger.store.edit("10001", {"name": "Clerk"})
    assert ledger.apply().code != 0
    assert not [each for each in ledger.sandbox.requests if each["method"] == "PUT"]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE live SET packed = replace(packed, 'a', 'b')",
        "UPDATE live SET packed = x'7b'",
        "UPDATE live SET number = '1' WHERE internal_id = (SELECT max(internal_id) FROM live)",
        "UPDATE live SET modified = '2031-01-01T00:00:00'",
        "UPDATE live SET whole = 1 - whole",
        "UPDATE live SET sum = sum + 1",
        "UPDATE snapshot SET next_page = 'x'",
        "UPDATE snapshot SET fields = 7",
        "DELETE FROM snapshot",
        "DELETE FROM live",
        "DELETE FROM live WHERE internal_id % 2",
    ],
)
def test_a_snapshot_that_is_not_as_it_was_written_changes_speed_only(ledger: Company, change: str) -> None:
    wanted = essence(planned(ledger, "--refresh", "full"))
    with closing(sqlite3.connect(ledger.folder / ".reconciler" / "state.db")) as db, db:
        assert db.execute(change).rowcount > 0
    found = planned(ledger)
    assert found["refresh"]["mode"] == "full"
    assert essence(found) == wanted
    assert planned(ledger)["refresh"]["mode"] == "incremental"


def test_a_clock_of_the_erp_that_is_days_behind_doubles_no_customer(company: Company) -> None:
    """A saved plan looks for what was created since, by the ERP's clock, although it was made by ours."""
    company.store.seed(3, 1)
    company.store.clock.set(datetime.now(UTC) - timedelta(days=5))
    company.store.edit("10000", {"name": "Edited"})
    company.sandbox.switch(numbering="automatic")
    company.declare("ref: new\nname: New\ncorporateId: '910000001'\n")
    assert company.run("plan", "-o", str(company.folder / "saved.json")).code == 0
    assert company.apply().code == 0
    (company.folder / ".reconciler" / "state.db").unlink()
    company.run("apply", str(company.folder / "saved.json"))
    assert [row["name"] for row in company.store.customers()].count("New") == 1


def test_a_plan_for_an_empty_erp_looks_for_what_was_created_since(company: Company) -> None:
    company.sandbox.switch(numbering="automatic")
    company.declare("ref: new\nname: New\ncorporateId: '910000001'\n")
    assert company.run("plan", "-o", str(company.folder / "saved.json")).code == 0
    assert company.apply().code == 0
    (company.folder / ".reconciler" / "state.db").unlink()
    ended = company.run("apply", str(company.folder / "saved.json"))
    assert (ended.code, "ref new exists already" in ended.out) == (5, True), ended
    assert len(list(company.store.customers())) == 1
