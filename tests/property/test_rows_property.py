"""Whatever becomes of one member of one row, the plan of the other customers is the same, or the row is named."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.core.doubts import Unreadable
from reconciler.core.errors import ErpError
from reconciler.core.live import Live
from reconciler.core.ports import Need
from reconciler.resources.customer import CUSTOMER
from tests.unit.erp.scripted import Client, Reply, Scripted

NEED = Need(CUSTOMER.listed, {})
COUNT = 5
RAW = [
    "null", "true", "0", "-1", "1.5", "1e999999999", "1e99999999999999999999", "NaN", "9" * 30, "9" * 5000, '""', '" "',
    '"\\ud800"', '"\\u0000"', '"1"', '"10003"', "[]", "{}", "[[]]", "[null]", '{"value": null}',
    "[" * 3000 + "]" * 3000, "\\xff", '"x', "}",
]  # fmt: skip
"""JSON, or nearly, to stand in the place of a member."""


def row(number: int) -> dict[str, Any]:
    return {
        "internalId": number, "number": str(number), "name": f"Customer {number}", "status": "Active",
        "corporateId": str(number), "vatRegistrationId": "", "creditLimit": 10.5, "currencyId": "NOK",
        "mainAddress": {"addressLine1": "Street", "country": {"id": "NO"}}, "mainContact": {"email": "a@b.example"},
        "invoiceAddress": {"addressLine1": "Street"}, "attributes": [{"id": "REGION", "value": "NORTH"}],
        "customerClass": {"id": "1"}, "printInvoices": True, "timeStamp": "AAAAAAAAB9E=",
        "lastModifiedDateTime": "2026-01-01T00:00:00", "createdDateTime": "2026-01-01T00:00:00",
        "metadata": {"totalCount": COUNT, "maxPageSize": 100},
    }  # fmt: skip


MEMBERS = sorted(row(1))
ROWS = [row(number) for number in range(10001, 10001 + COUNT)]


@pytest.fixture(scope="module")
def erp() -> Any:
    with Scripted() as scripted:
        yield scripted


def answer(at: int, member: str | None, raw: str) -> bytes:
    """The list with one member of one row replaced, or the whole row."""
    texts = [json.dumps(one) for one in ROWS]
    if member is None:
        texts[at] = raw
    else:
        mark = "@@"
        texts[at] = json.dumps(ROWS[at] | {member: mark}).replace(f'"{mark}"', raw)
    return f"[{','.join(texts)}]".encode().replace(b"\\\\xff", b'"\xff"').replace(b"\\xff", b'"\xff"')


def values(customers: tuple[Live, ...]) -> dict[int, Any]:
    return {live.internal_id: live for live in customers}


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(at=st.integers(0, COUNT - 1), member=st.sampled_from([None, *MEMBERS]), raw=st.sampled_from(RAW))
def test_one_spoiled_member_costs_the_other_customers_nothing(
    erp: Scripted, at: int, member: str | None, raw: str
) -> None:
    path = "/v1/customer"
    with Client(erp).open(page_size=100) as customers:
        erp.on("GET", path, Reply(200, answer(0, "name", '"Customer 10001"')), Reply(200, b"[]"))
        sound = values(customers.refresh(NEED).customers)
    with Client(erp).open(page_size=100) as customers:
        erp.on(
            "GET", path, lambda seen: Reply(200, answer(at, member, raw) if seen.query["pageNumber"] == "1" else b"[]")
        )
        try:
            view = customers.refresh(NEED)
        except ErpError:  # what stands there is no list any more, or no list that could be whole
            view = None
    if view is None:
        assert raw in ('"x', "}") or member == "metadata"
        return
    bad = ROWS[at]["internalId"]
    found = values(view.customers)
    others = {identity: live for identity, live in found.items() if identity in sound and identity != bad}
    expected = {identity: live for identity, live in sound.items() if identity != bad}
    named = {one.number for one in view.doubts.unreadable}
    missing = {live.number for identity, live in expected.items() if identity not in others}
    assert missing <= named, "a customer that is not there is named"
    assert all(others[identity] == expected[identity] for identity in others)
    if bad not in found and len(found) < COUNT:
        assert view.doubts.unreadable or view.doubts.is_short
        assert all(isinstance(one, Unreadable) and one.reason for one in view.doubts.unreadable)
