"""Rows of the API to customers."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from reconciler.core.errors import UnexpectedAnswer
from reconciler.core.ports import Need
from reconciler.erp.answer import parse
from reconciler.erp.decode import bare_version, decode, decode_own, is_older
from reconciler.resources.customer import FIELDS
from reconciler.resources.grammar import Read

BASE = {"internalId": 17, "number": "10000", "name": "Fjellheim", "status": "Active"}


def need(*fields: str) -> Need:
    return Need(frozenset(fields), {})


def values(row: dict[str, Any], *fields: str) -> dict[str, Any]:
    return decode(parse(json.dumps(BASE | row).encode()), need(*fields)).values


def test_number_name_and_status_are_always_there_and_nothing_unasked() -> None:
    assert values({"gln": "1"}) == {"number": "10000", "name": "Fjellheim", "status": "Active"}


def test_identity_version_and_times_are_kept() -> None:
    row = BASE | {"timeStamp": "AAAAAE0YIiI=", "lastModifiedDateTime": "2026-01-31T10:00:00.123"}
    live = decode(row | {"createdDateTime": "2020-01-01"}, need())
    assert (live.internal_id, live.number, live.version) == (17, "10000", "AAAAAE0YIiI=")
    assert (live.modified, live.created) == ("2026-01-31T10:00:00.123", "2020-01-01")


@pytest.mark.parametrize(
    ("row", "field", "expected"),
    [
        ({}, "gln", None),
        ({"gln": None}, "gln", None),
        ({"gln": ""}, "gln", None),
        ({"gln": " 7 "}, "gln", "7"),
        ({"customerClass": {"id": " 1 ", "description": "x"}}, "customerClassId", "1"),
        ({"customerClass": {}}, "customerClassId", None),
        ({"customerClass": None}, "customerClassId", None),
        ({"parentRecord": {"number": "9", "name": "x"}}, "parentRecordNumber", "9"),
        ({"creditLimit": 1000}, "creditLimit", Decimal(1000)),
        ({"numberOfEmployees": 12}, "numberOfEmployees", 12),
        ({"numberOfEmployees": 12.0}, "numberOfEmployees", 12),
        ({"printInvoices": False}, "printInvoices", False),
        ({"defaultPaymentMethodId": "7"}, "defaultPaymentMethod", {"paymentMethodId": "7"}),
        ({}, "defaultPaymentMethod", {"paymentMethodId": None}),
        ({"attributes": [{"id": "REGION", "value": "NORTH"}]}, "attributes", {"REGION": "NORTH"}),
        ({"attributes": [{"id": "REGION"}]}, "attributes", {"REGION": None}),
        ({}, "attributes", {}),
        ({"eInvoiceContract": {"fInvoiceContractID": "1"}}, "eInvoiceContract",
         {"fInvoiceContractID": "1", "fInvoiceIntermediatorID": None}),
    ],
)  # fmt: skip
def test_members_are_read_where_the_api_has_them(row: dict[str, Any], field: str, expected: Any) -> None:
    found = values(row, field)[field]
    assert (type(found), found) == (type(expected), expected)


def test_an_address_is_flattened_to_its_write_names() -> None:
    address = {"addressId": 5, "addressLine1": "Storgata 7", "postalCode": "0155", "city": ""}
    address |= {"country": {"id": "NO", "name": "Norway", "metadata": {}}}
    assert values({"mainAddress": address}, "mainAddress")["mainAddress"] == {
        "addressLine1": "Storgata 7",
        "addressLine2": None,
        "addressLine3": None,
        "postalCode": "0155",
        "city": None,
        "countryId": "NO",
        "county": None,
    }


def test_amounts_are_exact() -> None:
    row = parse(b'{"internalId":1,"number":"1","creditLimit":12345678901234567.89}')
    assert decode(row, need("creditLimit")).values["creditLimit"] == Decimal("12345678901234567.89")


def test_expanded_groups_that_are_absent_are_unknown_not_empty() -> None:
    assert "glAccounts" not in values({}, "glAccounts", "directDebitLines")
    assert "directDebitLines" not in values({"directDebitLines": None}, "directDebitLines")
    assert values({"directDebitLines": []}, "directDebitLines")["directDebitLines"] == {}


def test_accounts_are_numbers_and_subaccounts_segments() -> None:
    accounts = {
        "salesAccount": {"type": "Income", "number": " 3000", "description": "Sales"},
        "salesSubaccount": {"subaccountId": 1, "segments": [{"segmentId": 1, "segmentValue": "10"}]},
    }
    found = values({"glAccounts": accounts}, "glAccounts")["glAccounts"]
    assert found["salesAccount"] == "3000"
    assert found["salesSubaccount"] == {"1": "10"}
    assert found["discountAccount"] is None
    assert found["discountSubaccount"] == {}


def test_direct_debit_lines_are_keyed_and_keep_their_ids() -> None:
    line = {"id": "0f", "mandateId": "M1", "maxAmount": 10.50, "dateOfSignature": "2026-01-31T00:00:00Z"}
    row = {"directDebitLines": [line, {"id": "1f", "mandateId": "M1"}, {"id": "2f"}]}
    live = decode(parse(json.dumps(BASE | row).encode()), need("directDebitLines"))
    found = live.values["directDebitLines"]
    assert isinstance(found, dict)
    assert found.keys() == {"M1"}
    first = found["M1"]
    assert isinstance(first, dict)
    assert (first["maxAmount"], first["dateOfSignature"]) == (Decimal("10.5"), "2026-01-31")
    assert live.line_ids == {("directDebitLines", "M1"): "0f"}


def test_what_cannot_be_read_in_a_row_is_left_out() -> None:
    hidden = [name for name, row in FIELDS.items() if row.where in (Read.OWN, Read.NEVER)]
    assert not values({"note": "x", "overrideWithClassValues": True}, *hidden).keys() & set(hidden)


def test_every_field_decodes_from_an_empty_row() -> None:
    found = values({}, *FIELDS)
    assert found.keys() == {name for name, row in FIELDS.items() if row.where is Read.ROW}


@pytest.mark.parametrize(
    ("row", "path"),
    [
        ({"gln": 5}, "gln"),
        ({"status": ["x"]}, "status"),
        ({"creditLimit": "100"}, "creditLimit"),
        ({"creditLimit": True}, "creditLimit"),
        ({"numberOfEmployees": 1.5}, "numberOfEmployees"),
        ({"numberOfEmployees": True}, "numberOfEmployees"),
        ({"printInvoices": 1}, "printInvoices"),
        ({"customerClass": "1"}, "customerClass"),
        ({"customerClass": {"id": {}}}, "customerClass.id"),
        ({"mainAddress": []}, "mainAddress"),
        ({"mainAddress": {"country": "NO"}}, "mainAddress.country"),
        ({"mainAddress": {"country": {"id": 47}}}, "mainAddress.country.id"),
        ({"attributes": {}}, "attributes"),
        ({"attributes": ["x"]}, "attributes"),
        ({"attributes": [{"id": 1}]}, "attributes.id"),
        ({"glAccounts": 7}, "glAccounts"),
        ({"glAccounts": {"salesAccount": "3000"}}, "glAccounts.salesAccount"),
        ({"glAccounts": {"salesSubaccount": {"segments": {}}}}, "glAccounts.salesSubaccount.segments"),
        ({"directDebitLines": [7]}, "directDebitLines"),
        ({"timeStamp": 5}, "timeStamp"),
        ({"internalId": None}, "internalId"),
        ({"internalId": "17"}, "internalId"),
    ],
)
def test_impossible_types_name_the_member_and_not_its_value(row: dict[str, Any], path: str) -> None:
    with pytest.raises(UnexpectedAnswer) as caught:
        values(row, *FIELDS)
    assert str(caught.value).startswith(f"Customer 10000: {path} in the ERP's answer")


@pytest.mark.parametrize("number", [None, "", "  "])
def test_a_customer_without_number_is_no_customer(number: str | None) -> None:
    with pytest.raises(UnexpectedAnswer, match="no number"):
        values({"number": number})


def test_an_absurd_exponent_costs_nothing() -> None:
    row = parse(b'{"internalId":1,"number":"1","numberOfEmployees":1e999999999}')
    with pytest.raises(UnexpectedAnswer):
        decode(row, need("numberOfEmployees"))


@pytest.mark.parametrize("huge", [2**63, -(2**63), 10**40])
def test_an_integer_that_no_database_holds_is_no_answer(huge: int) -> None:
    with pytest.raises(UnexpectedAnswer, match="internalId"):
        decode({"internalId": huge, "number": "1"}, need("name"))


@pytest.mark.parametrize(
    ("name", "answer", "expected"),
    [
        ("note", {"note": "Call first"}, "Call first"),
        ("note", {"note": ""}, None),
        ("note", {}, None),
        ("note", None, None),
        ("salesPersons", None, {}),
        ("salesPersons", [], {}),
    ],
)
def test_fields_with_a_request_of_their_own(name: str, answer: Any, expected: Any) -> None:
    assert decode_own(name, answer) == expected


@pytest.mark.parametrize(("name", "answer"), [("note", []), ("note", {"note": 1}), ("salesPersons", {"a": 1})])
def test_impossible_answers_of_own_requests(name: str, answer: Any) -> None:
    with pytest.raises(UnexpectedAnswer):
        decode_own(name, answer)


@pytest.mark.parametrize(
    ("tag", "version"),
    [('"A="', "A="), ("A=", "A="), ('W/"A="', "A="), (' "A=" ', "A="), ("", None), (None, None), ('""', None)],
)
def test_versions_lose_quotes_and_weakness(tag: str | None, version: str | None) -> None:
    assert bare_version(tag) == version


@pytest.mark.parametrize(
    ("one", "other", "older"),
    [
        ("AAAAAE0YIiI=", "AAAAAE0YIiM=", True),
        ("AAAAAE0YIiM=", "AAAAAE0YIiI=", False),
        ("AAAAAE0YIiI=", "AAAAAE0YIiI=", False),
        (None, "AAAAAE0YIiI=", False),
        ("AAAAAE0YIiI=", None, False),
        ("not base64!", "AAAAAE0YIiI=", False),
    ],
)
def test_versions_are_counters(one: str | None, other: str | None, older: bool) -> None:
    assert is_older(one, other) is older


def test_attributes_stand_under_ids_without_case_and_the_erps_own_spelling_is_kept() -> None:
    row = {"attributes": [{"id": "Region ", "value": "N"}, {"id": "VIP", "value": "1"}]}
    live = decode(parse(json.dumps(BASE | row).encode()), need("attributes"))
    assert live.values["attributes"] == {"REGION": "N", "VIP": "1"}
    assert live.line_ids == {("attributes", "REGION"): "Region"}
