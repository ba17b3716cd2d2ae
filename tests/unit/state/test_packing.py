"""A packed customer is the customer."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.live import Live
from reconciler.state.packing import CUSTOMER_PACKER

TEXT = st.none() | st.text(max_size=8)
ADDRESS = st.fixed_dictionaries({}, optional={"city": TEXT, "postalCode": TEXT, "addressLine1": TEXT})
AMOUNT = st.none() | st.decimals(-(10**6), 10**6, places=2) | st.integers(-9, 9).map(Decimal)
VALUES = st.fixed_dictionaries(
    {},
    optional={
        "name": TEXT,
        "creditLimit": AMOUNT,
        "creditDaysPastDue": st.none() | st.integers(-9, 9),
        "vatRegistrationId": TEXT,
        "mainAddress": ADDRESS,
        "invoiceAddress": ADDRESS,
        "attributes": st.dictionaries(st.text(min_size=1, max_size=4), TEXT, max_size=3),
        "directDebitLines": st.dictionaries(
            st.text(max_size=4), st.fixed_dictionaries({"maxAmount": AMOUNT}), max_size=2
        ),
    },
)
IDS = st.dictionaries(st.tuples(st.just("attributes"), st.text(max_size=4)), st.text(max_size=4), max_size=2)


def bare(values: Any) -> Any:
    """The values without what has no value, each with its type."""
    if isinstance(values, dict):
        return {name: found for name, each in values.items() if (found := bare(each)) is not None}
    return None if values is None else (type(values), str(values))


@given(VALUES, IDS)
def test_what_is_packed_comes_back_exactly(values: dict[str, Any], ids: dict[tuple[str, ...], str]) -> None:
    if values.get("mainAddress") is not None and "invoiceAddress" in values:
        values["deliveryAddress"] = values["mainAddress"]  # mirrors are kept once
    found = CUSTOMER_PACKER.pack(Live(7, "10001", "v1", values, "2026-03-01T12:00:00", None, ids))
    assert bare(found.values) == bare(values)
    assert found.line_ids == ids
    assert (found.internal_id, found.number, found.version, found.modified) == (7, "10001", "v1", "2026-03-01T12:00:00")


@given(VALUES)
def test_packing_again_changes_no_byte(values: dict[str, Any]) -> None:
    once = CUSTOMER_PACKER.pack(Live(7, "10001", None, values))
    assert CUSTOMER_PACKER.pack(once).packed == once.packed
