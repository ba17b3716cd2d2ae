"""Identical changes as one group, and all changes of a field in few lines."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from reconciler.core.plan import Cause, Verb
from reconciler.reports.view.groups import field_summaries, groups_of
from reconciler.reports.view.plan import of_plan
from reconciler.reports.view.report import CustomerRow
from tests.unit.reports.samples import action, big, change, plan

TERMS = change("creditTermsId", "10", "14")


def rows(*actions: Any) -> tuple[CustomerRow, ...]:
    return of_plan(plan(*actions)).customers


def limit(before: int, after: int, number: str, currency: str = "NOK") -> Any:
    return action(number, "A", change("creditLimit", Decimal(before), Decimal(after)), currency=currency)


def test_every_customer_is_in_exactly_one_group() -> None:
    customers = of_plan(big(200)).customers
    members = [row for group in groups_of(customers) for row in group.customers]
    assert sorted(row.label for row in members) == sorted(row.label for row in customers)


def test_the_same_change_for_another_cause_is_another_group() -> None:
    """What is overwritten must not hide among what is not."""
    drifted = change("creditTermsId", "10", "14", cause=Cause.DRIFT)
    groups = groups_of(rows(action("1", "A", TERMS), action("2", "B", drifted), action("3", "C", TERMS)))
    assert [[row.label for row in group.customers] for group in groups] == [["2"], ["1", "3"]]


def test_new_customers_that_differ_in_number_and_name_alone_are_one_group() -> None:
    """Both stand in the list of its members."""

    def new(number: str) -> Any:
        named = (change("number", None, number), change("name", None, f"Shop {number}"), TERMS)
        return action(number, f"Shop {number}", *named, verb=Verb.CREATE)

    (group,) = groups_of(rows(new("1"), new("2")))
    assert [field.path for field in group.fields] == ["creditTermsId"]


def test_a_field_is_summed_up_by_its_values() -> None:
    (terms,) = field_summaries(rows(*(action(str(at), "A", TERMS) for at in range(604))))
    assert (terms.title, terms.customers, terms.values) == ("Credit terms", 604, (('"10"', '"14"', 604),))
    assert terms.others == ()


def test_amounts_are_summed_up_by_direction_extreme_and_total() -> None:
    customers = rows(limit(100, 200, "1"), limit(500, 400, "2"), limit(25_000, 750_000, "3"), limit(7, 8, "4"))
    (summary,) = field_summaries(customers)
    assert summary.others == (
        "4 different changes: 4 customers",
        "raised for 3 customers, lowered for 1 customer",
        "most for 3: 25 000 → 750 000 NOK, ×30",
    )
    assert summary.total == "+725 001 NOK"


def test_amounts_of_several_currencies_are_added_each_by_itself() -> None:
    (summary,) = field_summaries(rows(limit(1, 2, "1"), limit(1, 2, "2", "EUR"), limit(9, 2, "3")))
    assert summary.total == "+1 EUR, −6 NOK"


def test_the_riskiest_field_stands_first() -> None:
    city = change("mainAddress.city", "a", "b")
    summaries = field_summaries(rows(action("1", "A", city, TERMS), action("2", "B", city)))
    assert [summary.path for summary in summaries] == ["creditTermsId", "mainAddress.city"]
