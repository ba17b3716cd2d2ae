"""Values to the API's requests."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from reconciler.core.errors import Refused
from reconciler.core.live import Live
from reconciler.core.plan import Request
from reconciler.erp.answer import render
from reconciler.erp.encode import WireCodec
from reconciler.resources.customer import FIELDS
from reconciler.resources.values import Path

LIVE = Live(17, "10000", "AAAAAE0YIiI=", {"name": "Old"})


def update(changed: dict[str, Any], live: Live = LIVE, removed: tuple[Path, ...] = ()) -> dict[str, Any]:
    return dict(WireCodec().update(live, changed, removed).body)


def test_the_documented_create_sends_exactly_what_is_documented() -> None:
    request = WireCodec().create(
        {
            "mainAddress": {"countryId": "NO", "postalCode": "0101", "addressLine1": "TestRoad 13"},
            "customerClassId": "1",
            "overrideWithClassValues": True,
            "name": "NewCustomer",
            "number": "10000",
        }
    )
    expected = (
        b'{"number":{"value":"10000"},"name":{"value":"NewCustomer"},"overrideWithClassValues":true,'
        b'"customerClassId":{"value":"1"},"mainAddress":{"value":{"addressLine1":{"value":"TestRoad 13"},'
        b'"postalCode":{"value":"0101"},"countryId":{"value":"NO"}}}}'
    )
    assert render(request.body) == expected
    assert (request.method, request.path, request.if_match) == ("POST", "/v1/customer", None)


def test_the_documented_update_sends_the_changed_leaf_alone() -> None:
    request = WireCodec().update(LIVE, {"mainAddress": {"addressLine1": "TestRoad 50"}}, ())
    body = {"mainAddress": {"value": {"addressLine1": {"value": "TestRoad 50"}}}}
    assert request == Request("PUT", "/v1/customer/10000", "AAAAAE0YIiI=", body)


def test_the_path_escapes_the_number() -> None:
    assert WireCodec().update(Live(1, "A/B", None, {}), {}, ()).path == "/v1/customer/b64(QS9C)"


def test_a_create_clears_what_its_class_or_its_mirrors_could_fill() -> None:
    request = WireCodec().create(
        {"name": "N", "gln": None, "invoiceAddress": {"city": None}, "attributes": {"A": None}}
    )
    assert request.body == {
        "name": {"value": "N"},
        "gln": {"value": ""},
        "invoiceAddress": {"value": {"city": {"value": ""}}},
        "attributeLines": [{"attributeId": {"value": "A"}, "attributeValue": {"value": ""}}],
    }


def test_a_create_leaves_out_empty_groups() -> None:
    request = WireCodec().create(
        {
            "name": "N",
            "mainAddress": {},
            "glAccounts": {"salesSubaccount": {}},
            "directDebitLines": {},
            "defaultPaymentMethod": {},
        }
    )
    assert request.body == {"name": {"value": "N"}}


@pytest.mark.parametrize(
    ("changed", "body"),
    [
        ({"gln": None}, {"gln": {"value": ""}}),
        ({"priceClassId": None}, {"priceClassId": {"value": ""}}),
        ({"parentRecordNumber": None}, {"parentRecordNumber": {"value": ""}}),
        ({"numberOfEmployees": None}, {"numberOfEmployees": {"value": None}}),
        ({"invoiceToDefaultLocation": None}, {"invoiceToDefaultLocation": {"value": None}}),
        ({"mainAddress": {"county": None}}, {"mainAddress": {"value": {"county": {"value": ""}}}}),
        ({"attributes": {"A": None}},
         {"attributeLines": [{"attributeId": {"value": "A"}, "attributeValue": {"value": ""}}]}),
        ({"creditLimit": Decimal("10.50")}, {"creditLimit": {"value": Decimal("10.50")}}),
        ({"creditDaysPastDue": 14}, {"creditDaysPastDue": {"value": 14}}),
        ({"printInvoices": False}, {"printInvoices": {"value": False}}),
        ({"status": "Inactive"}, {"status": {"value": "Inactive"}}),
        ({"number": "2", "overrideWithClassValues": True, "overrideNumberSeries": True}, {}),
        ({"mainAddress": {}, "attributes": {}}, {}),
        ({"glAccounts": {"salesSubaccount": {"10": "B", "2": "A"}, "salesAccount": "3000"}},
         {"glAccounts": {"value": {
             "salesAccount": {"value": "3000"},
             "salesSubaccount": [{"segmentId": 2, "segmentValue": "A"}, {"segmentId": 10, "segmentValue": "B"}],
         }}}),
        ({"defaultPaymentMethod": {"paymentMethodId": "7", "isDefault": True}},
         {"defaultPaymentMethod": {"value": {"paymentMethodId": {"value": "7"}, "isDefault": {"value": True}}}}),
    ],
)  # fmt: skip
def test_an_update_wraps_as_the_field_table_says(changed: dict[str, Any], body: dict[str, Any]) -> None:
    assert update(changed) == body


@pytest.mark.parametrize("changed", [{"status": None}, {"creditLimit": None}, {"printInvoices": None}])
def test_what_the_api_cannot_clear_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(Refused, match=next(iter(changed))):
        update(changed)


MANDATES = Live(
    17,
    "10000",
    "A=",
    {"directDebitLines": {"M1": {"mandateId": "M1", "bic": "X"}, "M2": {"mandateId": "M2"}}},
    line_ids={("directDebitLines", "M1"): "0f", ("directDebitLines", "M2"): "2f"},
)


def test_lines_are_inserted_updated_and_deleted_by_key() -> None:
    changed = {
        "directDebitLines": {
            "M3": {"mandateId": "M3", "iban": "NL1", "dateOfSignature": "2026-01-31"},
            "M1": {"bic": None, "maxAmount": None},
        }
    }
    assert update(changed, MANDATES, (("directDebitLines", "M2"),)) == {
        "directDebitLines": [
            {
                "operation": "Update",
                "id": "0f",
                "mandateId": {"value": "M1"},
                "bic": {"value": ""},
                "maxAmount": {"value": None},
            },
            {"operation": "Delete", "id": "2f", "mandateId": {"value": "M2"}},
            {
                "operation": "Insert",
                "mandateId": {"value": "M3"},
                "dateOfSignature": {"value": "2026-01-31T00:00:00"},
                "iban": {"value": "NL1"},
            },
        ]
    }


def test_a_deletion_alone_makes_a_body() -> None:
    assert update({}, MANDATES, (("directDebitLines", "M2"),)) == {
        "directDebitLines": [{"operation": "Delete", "id": "2f", "mandateId": {"value": "M2"}}]
    }


def test_sales_persons_have_two_keys_and_no_id() -> None:
    line = {"salesPersonID": "S1", "locationID": "Main", "commissionPct": Decimal(2), "isDefault": False}
    live = Live(17, "10000", "A=", {"salesPersons": {"S1/Main": line}})
    assert update({"salesPersons": {"S1/Main": {"isDefault": True}}}, live) == {
        "salesPersons": [
            {
                "operation": "Update",
                "salesPersonID": {"value": "S1"},
                "locationID": {"value": "Main"},
                "isDefault": {"value": True},
            }
        ]
    }
    assert update({}, live, (("salesPersons", "S1/Main"),)) == {
        "salesPersons": [{"operation": "Delete", "salesPersonID": {"value": "S1"}, "locationID": {"value": "Main"}}]
    }


def test_lines_of_a_create_are_inserts() -> None:
    request = WireCodec().create({"directDebitLines": {"M1": {"mandateId": "M1", "oneTime": True}}})
    assert request.body == {
        "directDebitLines": [{"operation": "Insert", "mandateId": {"value": "M1"}, "oneTime": {"value": True}}]
    }


@pytest.mark.parametrize(
    ("declared", "sent"),
    [
        ("2026-01-31", "2026-01-31T00:00:00"),
        ("2026-01-31T10:30:00", "2026-01-31T10:30:00"),
        ("2026-01-31 10:30:00", "2026-01-31T10:30:00"),
    ],
)
def test_dates_go_out_with_a_time(declared: str, sent: str) -> None:
    changed = {"directDebitLines": {"M1": {"expirationDate": declared}}}
    (line,) = update(changed, MANDATES)["directDebitLines"]
    assert line["expirationDate"] == {"value": sent}


def test_bodies_do_not_depend_on_the_order_of_the_values() -> None:
    values = {"gln": "1", "name": "N", "attributes": {"B": "2", "A": "1"}, "mainContact": {"fax": "1", "name": "x"}}
    turned = {key: values[key] for key in reversed(values)} | {"attributes": {"A": "1", "B": "2"}}
    assert render(WireCodec().create(values).body) == render(WireCodec().create(turned).body)
    assert list(WireCodec().create(values).body) == ["name", "gln", "mainContact", "attributeLines"]


def test_create_only_members_never_stand_in_an_update() -> None:
    only = {name: True for name, row in FIELDS.items() if getattr(row, "create_only", False)}
    assert only.keys() == {"number", "overrideWithClassValues", "overrideNumberSeries"}
    assert update(only) == {}


def test_an_attribute_goes_under_the_id_that_the_customer_has_or_else_as_declared() -> None:
    spelled = {("attributes", "REGION"): "region", ("attributes", "NEW"): "New"}
    held = Live(1, "1", None, {}, line_ids={("attributes", "REGION"): "Region"})
    changed: dict[str, Any] = {"attributes": {"REGION": "N", "NEW": "x", "PLAIN": "y"}}

    def ids(request: Request) -> list[str]:
        return [line["attributeId"]["value"] for line in request.body["attributeLines"]]

    assert ids(WireCodec().update(held, changed, (), spelled)) == ["New", "PLAIN", "Region"]
    assert ids(WireCodec().create(changed, spelled)) == ["New", "PLAIN", "region"]
