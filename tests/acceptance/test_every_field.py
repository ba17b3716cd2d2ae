"""Every writable field: set, change, clear through declaration, plan, apply; the ERP has it, and the plan is empty."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import yaml

from reconciler.resources.customer import CUSTOMER, FIELDS
from reconciler.resources.grammar import Content, Field, Form, Group, Kind, Read
from reconciler.resources.values import Path, render_path
from tests.acceptance.conftest import Company
from tests.property.declarations import NEVER_CLEARED, REFERENCES

WRITE_ONLY = {"overrideWithClassValues", "overrideNumberSeries", "defaultPaymentMethod.isDefault"}
"""Members that cannot be read: what is promised of them is that a create or a true change carries them."""

FIRST = 1001


def _two_values(row: Field) -> tuple[Any, Any]:
    match row.kind:
        case Kind.TEXT if row.content is Content.IBAN:
            return "NO9386011117947", "NL91ABNA0417164300"
        case Kind.TEXT:
            return "0101", "NO"
        case Kind.REFERENCE | Kind.NUMBER:
            known = REFERENCES.get(row.name) or (["1500", "3000"] if row.name.endswith("Account") else ["A1", "B2"])
            return known[0], known[-1]
        case Kind.BOOLEAN:
            return True, False
        case Kind.INTEGER:
            return 7, 30
        case Kind.DECIMAL:
            return Decimal("19.99"), Decimal("20.10")
        case Kind.ENUM:
            return row.values[0], row.values[-1]
        case Kind.DATE:
            return "2026-01-31", "2026-02-28"


def _declared(path: Path, value: Any) -> dict[str, Any]:
    """A declaration's members that give the leaf the value."""
    row = FIELDS[path[0]]
    if isinstance(row, Field):
        return {path[0]: value}
    if row.form is Form.MAP:
        return {path[0]: {"EXTREF": value}}
    if row.form is Form.LINES:
        keys = {"mandateId": "M1"} if path[0] == "directDebitLines" else {"salesPersonID": "1", "locationID": "Main"}
        return {path[0]: [keys | {path[-1]: value}]}
    member = row.by_name[path[1]]
    if isinstance(member, Group):
        return {path[0]: {path[1]: [{"segmentId": 1, "segmentValue": value}]}}
    return {path[0]: {path[1]: value}}


def _leaves() -> list[tuple[Path, Field]]:
    """Leaves that can be read back; a line's key is told apart by inserting it, not by changing it."""
    return [
        (path, row)
        for path, row in CUSTOMER.walk()
        if path != ("number",)
        and row.where is not Read.NEVER
        and path[-1] not in ("salesPersonID", "locationID", "mandateId")
    ]


def _clearable(path: Path, row: Field) -> bool:
    """Whether null may be declared for the leaf, and the sandbox does not hold the reference to be mandatory."""
    return row.clearable and row.name not in NEVER_CLEARED


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: object) -> bool:
        return True


_Dumper.add_representer(Decimal, lambda dumper, data: dumper.represent_scalar("tag:yaml.org,2002:float", f"{data:f}"))


@pytest.fixture
def customers(company: Company) -> Company:
    company.settings("guards: {updates: 100%, creates: 1000}")
    company.sandbox.switch(require_postal_code=False)
    company.store.seed(2, 1, start=1)
    return company


def _round(company: Company, values: dict[Path, Any]) -> dict[str, list[Any]]:
    """Declare each leaf on a customer of its own, apply, and answer the plan's changes by leaf."""
    declared = [
        {"number": str(FIRST + at), "name": "X"} | _declared(path, value)
        for at, (path, value) in enumerate(values.items())
    ]
    company.declare(yaml.dump(declared, Dumper=_Dumper, allow_unicode=True, sort_keys=False))
    found: dict[str, list[Any]] = {}
    paths = {str(FIRST + at): path for at, path in enumerate(values)}
    for action in company.plan()["actions"]:
        path = paths[action["number"]]
        found[render_path(path)] = [change for change in action["changes"] if change["path"] not in ("number", "name")]
    ended = company.apply()
    assert ended.code == 0, ended.out
    assert company.undone() == {}
    return found


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value


def test_every_field_is_set_changed_and_cleared(customers: Company) -> None:
    leaves = _leaves()
    assert len(leaves) > 90
    two = {path: _two_values(row) for path, row in leaves}
    _round(customers, {path: first for path, (first, _) in two.items()})
    changed = _round(customers, {path: second for path, (_, second) in two.items()})
    for path, (first, second) in two.items():
        if path == ("name",):
            continue
        seen = [(each["before"], each["after"]) for each in changed.get(render_path(path), [])]
        assert (_plain(first), _plain(second)) in seen, (path, seen)
    cleared = _round(customers, {path: None if _clearable(path, row) else two[path][1] for path, row in leaves})
    for path, row in leaves:
        if path != ("name",) and _clearable(path, row) and two[path][1] is not False:
            seen = [(each["before"], each["after"]) for each in cleared.get(render_path(path), [])]
            assert (_plain(two[path][1]), None) in seen, (path, seen)


def test_write_only_members_go_with_a_create_or_a_true_change_and_never_alone(customers: Company) -> None:
    assert {render_path(path) for path, row in CUSTOMER.walk() if row.where is Read.NEVER} == WRITE_ONLY
    text = (
        "number: 5000\nname: X\noverrideWithClassValues: true\noverrideNumberSeries: true\n"
        "defaultPaymentMethod: {paymentMethodId: %s, isDefault: true}\n"
    )
    customers.declare(text % 2)
    assert customers.apply().code == 0
    body = customers.bodies()[-1]
    assert body["overrideWithClassValues"] is True
    assert body["overrideNumberSeries"] == {"value": True}
    assert customers.undone() == {}
    customers.declare(text % 5)
    assert customers.apply().code == 0
    assert customers.bodies()[-1] == {
        "defaultPaymentMethod": {"value": {"paymentMethodId": {"value": "5"}, "isDefault": {"value": True}}}
    }


def test_a_lines_key_inserts_and_a_complete_list_deletes(customers: Company) -> None:
    customers.declare(
        "{number: 5000, name: X, directDebitLines: [{mandateId: A}, {mandateId: B, iban: NL39RABO0300065264}]}"
    )
    assert customers.apply().code == 0
    customers.declare("{number: 5000, name: X, directDebitLines: {complete: true, lines: [{mandateId: C}]}}")
    assert customers.apply().code == 0
    lines = customers.store.customer("5000")["directDebitLines"]
    assert [line["mandateId"] for line in lines] == ["C"]
    assert customers.undone() == {}


SWITCHES = [
    {"nulls": "send"},
    {"list_details": "always"},
    {"single_details": False},
    {"etag_form": "bare"},
    {"etag_form": "weak"},
    {"version_in_single": "header"},
    {"version_in_single": "body"},
    {"post_body": "empty"},
    {"post_etag": True},
    {"location_base": "https://other.example"},
    {"timestamp_zone": "Z"},
    {"timestamp_zone": "offset"},
    {"timestamp_digits": 0},
    {"number_padding": 12},
    {"number_upper": False},
    {"number_trim": False},
    {"page_size_max": 7},
    {"list_order": "modified"},
    {"rate_reset": "epoch"},
    {"unknown_body": "html"},
    {"unknown_body": "empty"},
    {"gateway_body": "ipp"},
    {"message_key": "Message"},
    {"error_status": 422},
    {"nested_edits_touch": False},
    {"noop_put_touches": False},
    {"equal_write_breaks_mirror": False},
    {"override_default": True},
    {"class_change_resets": True},
    {"invalid_client_status": 401},
]


@pytest.mark.parametrize("switch", SWITCHES, ids=lambda one: ",".join(f"{key}={value}" for key, value in one.items()))
def test_the_street_holds_with_an_open_question_answered_otherwise(company: Company, switch: dict[str, Any]) -> None:
    """Create, change, clear and read back, with one switch of the fact sheet's open questions in its other position."""
    company.settings("guards: {updates: 100%}")
    company.store.seed(12, 3, start=1)
    company.sandbox.switch(**switch)
    rows = [
        "{number: new-1, name: New, customerClassId: TEST, mainAddress: {city: Oslo, postalCode: 0155, countryId: NO},"
        " glAccounts: {salesAccount: 3000, salesSubaccount: [{segmentId: 1, segmentValue: '10'}]},"
        " attributes: {REGION: NORTH}, salesPersons: [{salesPersonID: 1}], note: n,"
        " directDebitLines: [{mandateId: M1, iban: NL39RABO0300065264, maxAmount: 5.5}]}",
        "{number: 2, creditLimit: 1.5, gln: null, mainContact: {fax: '1', web: null}}",
        "{number: 3, glAccounts: {salesAccount: 3100}, attributes: {REGION: WEST}, note: hello}",
        "{number: 4, mainAddress: {addressLine1: Other, addressLine2: null}, invoiceAddress: {city: Here}}",
    ]
    company.declare("[" + ",\n ".join(rows) + "]")
    ended = company.apply()
    assert ended.code == 0, ended.out + ended.err
    again = company.plan()["actions"]
    assert again == [], [(action["number"], action["changes"]) for action in again]
