"""What the ERP made of what was written is told, and nobody else's work is taken for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, cast

import pytest

from reconciler.apply.readback import read_back
from reconciler.core.diagnostics import Source
from reconciler.core.errors import ErpError, NotFound, Unreachable
from reconciler.core.live import Live
from reconciler.core.plan import CHANGED_AGAIN, FOUND, Action, Cause, Change, Outcome, Request, Result, Verb
from reconciler.core.ports import Erp, Need, View

AT = Source("a.yaml", 3, 1)
MOMENT = "2026-01-31T12:00:00.123"


@dataclass
class FakeErp:
    """Customers to read."""

    held: list[Live] = field(default_factory=list)
    failing: ErpError | None = None
    needs: list[Need] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def customer(self, number: str, need: Need) -> Live:
        self.asked.append(number)
        self.needs.append(need)
        if self.failing is not None:
            raise self.failing
        for each in self.held:
            if each.number == number:
                return each
        raise NotFound(number, status=404)

    def refresh(self, need: Need) -> View:
        self.asked.append("list")
        self.needs.append(need)
        return View(tuple(self.held), "now", 1)


def result(number: str, before: Any, after: Any, *, path: str = "creditLimit", **more: Any) -> Result:
    verb = more.pop("verb", Verb.UPDATE)
    action = Action(verb, number, None, "A", AT, (Change(path, before, after, Cause.CONFIG, AT),), _REQUEST)
    return Result(action, more.pop("outcome", Outcome.DONE), number, version=more.pop("version", "v2"), **more)


_REQUEST = Request("PUT", "/", "v1", {})


def live(
    number: str, version: str | None = "v2", created: str | None = None, modified: str | None = None, **values: Any
) -> Live:
    return Live(1, number, version, {"number": number, **values}, modified, created)


def read(erp: FakeErp, *results: Result, list_requests: int = 10, **more: Any) -> Any:
    return read_back(results, cast(Erp, erp), list_requests=list_requests, **more)


def differences(done: Result, now: Live, **more: Any) -> tuple[list[Any], list[Any]]:
    """What the ERP made another form of, and what it did not take: its values."""
    (checked,) = read(FakeErp([now]), done, **more).results
    for change in (*checked.normalised, *checked.not_taken):
        assert (change.path, change.before, change.source, change.cause) == (
            done.action.changes[0].path, done.action.changes[0].after, AT, Cause.UNKNOWN,
        )  # fmt: skip
    return [each.after for each in checked.normalised], [each.after for each in checked.not_taken]


def test_a_value_that_is_stored_as_sent_is_no_difference() -> None:
    assert differences(result("1", 1, Decimal("5.0")), live("1", creditLimit=Decimal("5"))) == ([], [])


def test_another_form_of_what_was_sent_is_told_apart_from_what_was_not_taken() -> None:
    assert differences(result("1", "Old", "NEW", path="name"), live("1", name="New")) == (["New"], [])
    assert differences(result("1", "Old", "NEW", path="name"), live("1", name="Old")) == ([], ["Old"])
    assert differences(result("1", "Old", "NEW", path="name"), live("1", name=None)) == ([], [None])
    assert differences(result("1", "Old", None, path="name"), live("1", name="Other")) == ([], ["Other"])


def test_what_cannot_be_seen_is_not_judged() -> None:
    assert differences(result("1", None, "NEW", path="name"), live("1")) == ([], [])
    assert differences(result("1", None, True, path="overrideWithClassValues"), live("1")) == ([], [])


def test_a_line_that_was_to_go_and_stands_is_not_taken() -> None:
    path = "directDebitLines[x]"
    line = {"id": "x"}
    gone = result("1", line, None, path=path)
    assert differences(gone, live("1", directDebitLines={})) == ([], [])
    assert differences(gone, live("1", directDebitLines={"x": line})) == ([], [line])


def test_every_written_value_is_compared_whatever_the_version_says() -> None:
    moved = read(FakeErp([live("1", "v3", creditLimit=7)]), result("1", 1, 5)).results[0]
    assert [change.after for change in moved.not_taken] == [7]
    assert moved.message == CHANGED_AGAIN
    ours = read(FakeErp([live("1", "v2", creditLimit=7)]), result("1", 1, 5)).results[0]
    assert [change.after for change in ours.not_taken] == [7]
    assert ours.message == ""
    assert differences(result("1", 1, 5), live("1", "v3", creditLimit=5)) == ([], [])


@pytest.mark.parametrize("stored", ["FJORD AS", "fjord as", "Fjord  AS", "Fjord-AS", "\uff26jord AS"])
def test_a_form_of_what_was_sent_is_normalised_and_another_value_was_not_taken(stored: str) -> None:
    sent = result("1", "Old", "Fjord AS", path="name")
    assert differences(sent, live("1", "v2", name=stored)) == ([stored], [])
    assert differences(sent, live("1", "v2", name="Fjord")) == ([], ["Fjord"])


def test_without_the_version_of_its_write_it_is_compared_unless_an_earlier_try_did_it() -> None:
    done = result("1", 1, 5, version=None)
    assert differences(done, live("1", "v3", creditLimit=7)) == ([], [7])
    assert differences(done, live("1", "v3", creditLimit=7), earlier={"1"}) == ([], [])
    assert differences(result("1", 1, 5), live("1", "v2", creditLimit=7), earlier={"1"}) == ([], [7])


@pytest.mark.parametrize(
    ("created", "modified", "more", "version"),
    [
        (MOMENT, MOMENT, {"verb": Verb.CREATE}, "v9"),
        (MOMENT, MOMENT, {"verb": Verb.UPDATE}, None),
        (MOMENT, MOMENT, {"verb": Verb.CREATE, "message": FOUND}, None),
        (MOMENT, "2026-01-31T12:00:00.124", {"verb": Verb.CREATE}, None),
        ("2026-01-31T12:00:00", "2026-01-31T12:00:00", {"verb": Verb.CREATE}, None),
        (None, None, {"verb": Verb.CREATE}, None),
    ],
)
def test_a_create_takes_its_version_from_a_customer_that_nobody_can_have_touched(
    created: str | None, modified: str | None, more: dict[str, Any], version: str | None
) -> None:
    done = result("1", None, 5, version=None, **more)
    (checked,) = read(FakeErp([live("1", "v9", created, modified, creditLimit=5)]), done).results
    assert checked.version == version


def test_what_did_not_end_well_is_neither_read_nor_compared() -> None:
    failed = result("1", 1, 5, outcome=Outcome.FAILED)
    erp = FakeErp([live("1", creditLimit=7)])
    checked = read(erp, failed)
    assert (checked.results, checked.live, checked.unread, erp.asked) == ((failed,), {}, "", [])
    checked = read(erp, failed, result("2", 1, 5), list_requests=0)
    assert checked.results[0] is failed


def test_each_customer_is_read_with_the_fields_that_were_written() -> None:
    erp = FakeErp([live("1", creditLimit=5)])
    checked = read(erp, result("1", 1, 5))
    assert checked.live == {"1": erp.held[0]}
    (need,) = erp.needs
    assert need == Need.of([("1", {"creditLimit"})], ("number", "name", "status"))


@pytest.mark.parametrize(("list_requests", "asked"), [(2, ["1", "2"]), (1, ["list"])])
def test_the_list_is_read_when_that_is_cheaper(list_requests: int, asked: list[str]) -> None:
    erp = FakeErp([live("1", creditLimit=5), live("2", creditLimit=6), live("3")])
    checked = read(erp, result("1", 1, 5), result("2", 1, 5), list_requests=list_requests)
    assert erp.asked == asked
    assert sorted(checked.live) == ["1", "2"]
    assert [len(each.not_taken) for each in checked.results] == [0, 1]


def test_a_failure_to_read_changes_no_outcome_and_is_told() -> None:
    done = result("1", 1, 5)
    checked = read(FakeErp(failing=Unreachable("no connection")), done)
    assert (checked.results, checked.live, checked.unread) == ((done,), {}, "no connection")


@pytest.mark.parametrize("list_requests", [0, 100])
def test_customers_that_are_gone_are_told_up_to_ten(list_requests: int) -> None:
    done = [result(str(at), 1, 5) for at in range(1, 13)]
    checked = read(FakeErp([live("1", creditLimit=5)]), *done, list_requests=list_requests)
    assert checked.unread == "the ERP does not have 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 1 more any more"
    assert checked.results == tuple(done)
