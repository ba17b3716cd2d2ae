"""When two values are the same."""

from __future__ import annotations

from decimal import Decimal

import pytest

from reconciler.core.normalise import normalise, same, satisfied
from reconciler.resources.customer import CUSTOMER, FIELDS
from reconciler.resources.grammar import Field
from reconciler.resources.values import Path, Scalar


def _row(*path: str) -> Field:
    found = CUSTOMER.leaf(path)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("path", "one", "other", "equal"),
    [
        (("name",), "", None, True),
        (("name",), "A", "a", False),
        (("name",), "A ", "A", False),
        (("customerClassId",), " 1 ", "1", True),
        (("customerClassId",), "a", "A", False),
        (("parentRecordNumber",), " a-1", "A-1 ", True),
        (("creditLimit",), Decimal("19.90"), Decimal("19.9"), True),
        (("creditLimit",), 20, Decimal("20.00"), True),
        (("creditLimit",), Decimal("19.99"), Decimal("19.990000000000000001"), False),
        (("printInvoices",), True, None, False),
        (("printInvoices",), False, None, False),
        (("directDebitLines", "M", "dateOfSignature"), "2026-01-31", "2026-01-31T00:00:00Z", True),
        (("directDebitLines", "M", "dateOfSignature"), "2026-01-31", "2026-01-31T00:00:01", False),
        (
            ("directDebitLines", "M", "dateOfSignature"),
            "2026-01-31 10:00:00",
            "2026-01-31T10:00:00.000+01:00",
            True,
        ),
    ],
)
def test_two_values_of_a_field_are_the_same(path: Path, one: Scalar, other: Scalar, equal: bool) -> None:
    row = _row(*path)
    assert same(row, normalise(row, one), normalise(row, other)) is equal


def test_true_is_never_one() -> None:
    row = FIELDS["printInvoices"]
    assert isinstance(row, Field)
    assert not same(row, True, 1)


def test_a_whole_number_is_an_amount_only_where_an_amount_is_expected() -> None:
    for path, value, kind in (
        (("creditLimit",), 20, Decimal),
        (("numberOfEmployees",), 20, int),
        (("printInvoices",), True, bool),
        (("creditLimit",), True, bool),
    ):
        found = normalise(_row(*path), value)
        assert (found, type(found)) == (value, kind)


@pytest.mark.parametrize(
    ("path", "want", "have", "enough"),
    [
        (("printInvoices",), None, False, True),
        (("printInvoices",), None, None, True),
        (("printInvoices",), None, True, False),
        (("printInvoices",), True, False, False),
        (("printInvoices",), False, None, False),
        (("printInvoices",), False, True, False),
        (("printInvoices",), True, True, True),
        (("name",), None, "A", False),
        (("name",), "A", None, False),
        (("creditLimit",), Decimal(0), None, False),
        (("creditLimit",), None, Decimal(0), False),
    ],
)
def test_a_live_value_is_enough_where_it_is_the_declared_one_or_a_cleared_flag_is_false(
    path: Path, want: Scalar, have: Scalar, enough: bool
) -> None:
    assert satisfied(_row(*path), want, have) is enough
