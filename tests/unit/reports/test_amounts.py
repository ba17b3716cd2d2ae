"""Amounts as people read them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from reconciler.reports.view.amounts import amount_change

NOK = ("NOK", "NOK")


@pytest.mark.parametrize(
    ("before", "after", "change", "difference"),
    [
        (Decimal(25_000), Decimal(750_000), "25 000 → 750 000 NOK, ×30", "+725 000 NOK"),
        (Decimal("10000.00"), Decimal("15000"), "10 000 → 15 000 NOK, +50%", "+5 000 NOK"),
        (Decimal(900), Decimal(300), "900 → 300 NOK, ÷3", "−600 NOK"),
        (Decimal(100), Decimal("99.5"), "100 → 99.50 NOK, −0.5%", "−0.50 NOK"),
        (Decimal("0.1"), Decimal("1234567.125"), "0.10 → 1 234 567.125 NOK, ×12 345 671", "+1 234 567.025 NOK"),
        (Decimal(0), Decimal(500), "0 → 500 NOK", "+500 NOK"),
        (Decimal(-5), Decimal(500), "-5 → 500 NOK", "+505 NOK"),
        (Decimal(500), Decimal("500.00"), "500 → 500 NOK", ""),
        (None, Decimal(500), "(none) → 500 NOK", ""),
        (500, None, "500 NOK → (none)", ""),
    ],
)
def test_an_amount_has_separators_currency_difference_and_factor(
    before: Any, after: Any, change: str, difference: str
) -> None:
    amount = amount_change(before, after, NOK)
    assert amount is not None
    assert (amount.change, amount.difference) == (change, difference)


def test_amounts_of_two_currencies_have_no_difference() -> None:
    """5,000 NOK and 5,000 EUR are not the same."""
    amount = amount_change(Decimal(5_000), Decimal(5_000), ("NOK", "EUR"))
    assert amount is not None
    assert (amount.change, amount.difference, amount.factor) == ("5 000 NOK → 5 000 EUR", "", "")


def test_an_amount_without_a_known_currency_is_not_given_one() -> None:
    amount = amount_change(Decimal(1), Decimal(2), (None, None))
    assert amount is not None
    assert (amount.change, amount.difference) == ("1 → 2, ×2", "+1")


@pytest.mark.parametrize(
    "value", ["5", True, Decimal("NaN"), Decimal("Infinity"), Decimal("1e999999999"), Decimal("1e-999999999"), {}]
)
def test_what_is_no_amount_is_left_as_it_is(value: Any) -> None:
    """Also numbers that would take a billion digits."""
    assert amount_change(value, Decimal(1), NOK) is None
    assert amount_change(Decimal(1), value, NOK) is None


def test_a_hostile_currency_is_made_visible() -> None:
    amount = amount_change(Decimal(1), Decimal(2), ("N\x1b[31m", "N\x1b[31m"))
    assert amount is not None
    assert "\x1b" not in amount.change + amount.difference
