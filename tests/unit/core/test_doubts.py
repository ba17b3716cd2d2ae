"""What a row that cannot be read, or a list that is cut, holds up: what concerns it, and nothing else."""

from __future__ import annotations

import pytest

from reconciler.core.desired import Desired
from reconciler.core.diagnostics import Severity, Source
from reconciler.core.doubts import SURE, Doubts, Unreadable, held_back, ids_of, told_summary
from reconciler.core.identity_key import identity_key

AT = Source("customers/a.yaml", 3, 1)
OURS = "923456789"
NONE = {"corporateId": "", "vatRegistrationId": ""}


def row(number: str | None = "10", **ids: str) -> Unreadable:
    """A row whose ids can all be read; those that are not given are empty."""
    return Unreadable("name is no text", "page 1, row 2", number, 7, NONE | ids)


def test_without_doubts_all_customers_are_known_and_nothing_is_told() -> None:
    assert SURE.is_sure
    assert not SURE.is_short
    assert SURE.about("10", {}) is None
    assert SURE.about_new("10", {"corporateId": OURS}) == ""
    assert list(SURE.diagnostics()) == []


@pytest.mark.parametrize(("count", "read", "short"), [(5, 4, True), (3, 4, False), (0, 4, False), (None, 4, False)])
def test_only_a_count_above_the_list_means_that_customers_are_missing(
    count: int | None, read: int, short: bool
) -> None:
    doubts = Doubts(count=count, read=read)
    assert doubts.is_short is short
    assert doubts.is_sure is not short


def test_a_row_without_a_number_is_told_apart_by_its_internal_id_then_its_place() -> None:
    assert row().key == 7
    assert Unreadable("x", number=" a1 ").key == Unreadable("x", number="A1").key
    assert Unreadable("x", "page 1, row 2").key == "page 1, row 2"
    assert Unreadable("x", "page 1, row 2").label == "a customer without a readable number"
    assert row("10").label == "customer 10"


def test_a_declared_number_is_that_of_a_row_in_any_case_and_with_blanks() -> None:
    (known,) = doubts = (row("a10"),)
    assert Doubts(doubts).about(" A10 ", {}) is known
    assert Doubts(doubts).about("A11", {}) is None
    assert Doubts((row(None),)).about("A10", {}) is None


def test_ids_find_a_row_for_a_declaration_without_a_number_alone() -> None:
    known = row("10", corporateId=OURS)
    assert Doubts((known,)).about(None, {"corporateId": OURS}) is known
    assert Doubts((known,)).about(None, {"vatRegistrationId": OURS}) is known
    assert Doubts((known,)).about("11", {"corporateId": OURS}) is None
    assert Doubts((row("10"),)).about(None, {}) is None


@pytest.mark.parametrize(
    ("known", "number", "ids", "reason"),
    [
        (row(None), "11", {}, "a customer without a readable number may be it (page 1, row 2)"),
        (row("10"), "10", {}, "its row cannot be read (page 1, row 2)"),
        (
            row("10", corporateId=OURS),
            "11",
            {"corporateId": OURS},
            "customer 10, whose row cannot be read, has the same id",
        ),
        (row("10"), "0010", {}, "customer 10, whose row cannot be read, has a number that may be 0010"),
        (row("10"), "10.0", {}, "customer 10, whose row cannot be read, has a number that may be 10.0"),
        (
            row("10", vatRegistrationId=f"NO{OURS}MVA"),
            "11",
            {"corporateId": OURS},
            "customer 10, whose row cannot be read, is likely the same organisation",
        ),
        (Unreadable("x", "p", "10", 7, {}), None, {}, "customer 10 may be it: its ids cannot be read"),
        (Unreadable("x", number="10"), "11", {"corporateId": OURS}, "customer 10 may be it: its ids cannot be read"),
    ],
)
def test_a_new_customer_that_a_row_may_be_is_not_surely_new(
    known: Unreadable, number: str | None, ids: dict[str, str], reason: str
) -> None:
    assert Doubts((known,)).about_new(number, ids) == reason


@pytest.mark.parametrize(
    ("known", "number", "ids"),
    [
        (row("10", corporateId="911111111"), "11", {"corporateId": OURS}),
        (row("10"), "11", {"corporateId": OURS}),
        (Unreadable("x", "p", "10", 7, {}), "11", {}),
    ],
)
def test_a_row_with_another_number_and_other_ids_holds_up_no_new_customer(
    known: Unreadable, number: str, ids: dict[str, str]
) -> None:
    assert Doubts((known,)).about_new(number, ids) == ""


def test_a_row_that_same_as_names_may_have_the_same_ids() -> None:
    doubts = Doubts((row("10", corporateId=OURS),))
    assert doubts.about_new("11", {"corporateId": OURS}, [" 10"]) == ""
    assert doubts.about_new("11", {"corporateId": OURS}, ["12"]) != ""


def test_a_list_that_is_cut_may_lack_any_customer_but_those_that_the_erp_says_it_lacks() -> None:
    doubts = Doubts(count=1200, read=1100, absent=frozenset({"A11"}))
    assert "counts 1,200 customers, and its list has 1,100" in doubts.about_new("12", {})
    assert doubts.about_new(" a11", {}) == ""
    assert doubts.about_new(None, {"corporateId": OURS}) != ""
    assert Doubts(count=1000, read=1100).about_new("12", {}) == ""


def test_each_row_and_a_wrong_count_are_told_once_as_warnings() -> None:
    doubts = Doubts((row("10"),), count=3, read=5).with_unreadable([row(None)])
    told = list(doubts.diagnostics())
    assert [(one.code, one.severity) for one in told] == [
        ("P528", Severity.WARNING),
        ("P528", Severity.WARNING),
        ("P530", Severity.WARNING),
    ]
    assert told[0].summary == "customer 10 cannot be read: name is no text"
    assert told[2].detail == ""
    (short,) = Doubts(count=5, read=3).diagnostics()
    assert short.detail == "Customers that it may lack are not taken for missing."


def test_what_is_held_back_is_told_at_its_declaration() -> None:
    declaration = Desired(None, "dal", {"name": "Dal AS"}, AT, lambda _path: AT)
    told = held_back(declaration, "its row cannot be read")
    assert (told.code, told.severity, told.source) == ("P529", Severity.WARNING, AT)
    assert told.summary == "ref dal is held back: its row cannot be read"
    assert held_back(declaration, "x", "Do it.").remedy == "Do it."


def test_ids_that_say_nothing_are_left_out() -> None:
    values = {"corporateId": "923 456 789", "vatRegistrationId": "-", "name": "Dal AS"}
    assert ids_of(values) == {"corporateId": identity_key("923456789")}
    assert ids_of({"corporateId": None}) == {}


def test_a_summary_tells_rare_counts_only_when_they_count() -> None:
    assert told_summary({"create": 0, "unreadable": 0, "held_back": 2}) == {"create": 0, "held_back": 2}
