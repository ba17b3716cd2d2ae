"""Why a reviewer must look, and in which order."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from reconciler.core.plan import Cause, Verb
from reconciler.reports.view.plan import action_row
from reconciler.reports.view.risk import order_of
from reconciler.resources.customer import CUSTOMER
from tests.unit.reports.samples import action, change


def stakes(*changes: Any, **facts: Any) -> tuple[str, ...]:
    return action_row(action("1", "A", *changes, **facts)).stakes


@pytest.mark.parametrize(
    ("path", "before", "after", "reason"),
    [
        ("creditLimit", Decimal(25_000), Decimal(750_000), "credit limit ×30"),
        ("status", "Active", "Inactive", "status Inactive"),
        ("directDebitLines.M1.iban", "NO1", "NO2", "bank account"),
        ("creditTermsId", "10", "14", "credit terms"),
        ("vatZoneId", "1", "2", "VAT zone"),
        ("mainContact.email", "a@b.example", None, "main contact · E-mail cleared"),
        ("attributes.A\x1b[31m", "x", None, "attributes.A\\x1b[31m cleared"),
    ],
)
def test_each_risk_has_a_reason(path: str, before: Any, after: Any, reason: str) -> None:
    assert stakes(change(path, before, after)) == (reason,)


@pytest.mark.parametrize("path", ["mainAddress.city", "noSuchField", "attributes.REGION"])
def test_what_is_one_of_many_needs_no_reason(path: str) -> None:
    assert stakes(change(path, "a", "b")) == ()
    assert stakes(change("status", "Active", "Active")) == (), "nor does what stays"


def test_the_weightiest_reason_stands_first() -> None:
    limit = change("creditLimit", Decimal(1_000), Decimal(1_100))
    assert stakes(change("name", "a", "b"), limit, change("status", "Active", "OnHold")) == (
        "status OnHold",
        "credit limit +10%",
        "name",
    )


def test_an_overwritten_change_is_told_with_its_day() -> None:
    """The record's own time stamp; without one the day is left out."""
    city = change("mainAddress.city", "Bergen", "Oslo", cause=Cause.DRIFT)
    assert stakes(city, modified_at="2025-11-12T09:30:00.17") == ("overwrites the ERP's change of 12 Nov 2025",)
    assert stakes(city, modified_at="soon") == ("overwrites the ERP's change",)
    assert stakes(replace(city, before="Oslo"), modified_at="2025-11-12T09:30:00") == ()


def test_a_new_customer_says_so_and_nothing_else() -> None:
    row = action_row(action("1", "A", change("status", None, "Active"), verb=Verb.CREATE), {"1"})
    assert row.stakes == ("refused", "new customer")


def test_a_tenfold_amount_stands_above_a_smaller_change() -> None:
    small = action_row(action("1", "A", change("creditLimit", Decimal(1_000), Decimal(1_500))))
    big = action_row(action("2", "B", change("creditLimit", Decimal(1_000), Decimal(10_000))))
    assert big.risk > small.risk


def test_the_order_names_the_fields_that_the_table_ranks() -> None:
    """One sentence for people, from the same rows that the order comes from."""
    order = order_of(CUSTOMER)
    ranked = ["status", "bank account", "credit limit", "credit terms", "name", "all others"]
    places = [order.index(name) for name in ranked]
    assert places == sorted(places)


def test_amounts_follow_the_currency_that_changes_with_them() -> None:
    """Before in the old one, after in the new one."""
    limit, currency = change("creditLimit", Decimal(5), Decimal(5_000)), change("currencyId", "NOK", "EUR")
    fields = action_row(action("1", "A", limit, currency, currency="NOK")).fields
    assert fields[0].told == ("5 NOK", "5 000 EUR")
    assert fields[0].title == "Credit limit"
