"""The real client against the embedded ERP: what is sent arrives, what is stored is read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from reconciler.core import errors
from reconciler.core.live import Live
from reconciler.core.normalise import number_key
from reconciler.core.ports import Need
from reconciler.erp.customers import Customers, open_customers
from reconciler.erp.encode import WireCodec
from reconciler.erp.transport import Hooks
from reconciler.resources.customer import FIELDS
from reconciler.resources.grammar import Read
from reconciler.resources.values import Values, get, leaves, put
from reconciler.sandbox import Sandbox
from tests.access import access_to

EVERYTHING = frozenset(FIELDS)
NAMES = Need(frozenset({"name"}), {})
WIRE = WireCodec()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox(tmp_path_factory.mktemp("erp") / "sandbox.db") as found:
        yield found


@pytest.fixture
def sandbox(running: Sandbox) -> Iterator[Sandbox]:
    """The sandbox, empty and as its defaults are."""
    before = running.switches
    running.store.reset()
    yield running
    running.store.switches = before
    running.runtime.faults.clear()


@pytest.fixture
def customers(sandbox: Sandbox) -> Iterator[Customers]:
    hooks = Hooks(sleep=lambda _: None)
    with open_customers(access_to(sandbox), hooks, page_size=10, timeout=10, trust_env=False) as customers:
        yield customers


def everything(*numbers: str) -> Need:
    keys = frozenset(number_key(number) for number in numbers)
    return Need(EVERYTHING, {name: keys for name, row in FIELDS.items() if row.where is Read.OWN})


ADDRESS = {
    "addressLine1": "Storgata 7",
    "addressLine2": "Oppgang B",
    "addressLine3": "2. etasje",
    "postalCode": "0155",
    "city": "Oslo",
    "countryId": "NO",
    "county": "03",
}
CONTACT = {
    "name": "Fjellheim Bygg AS",
    "attention": "Kari Nordmann",
    "email": "kari@fjellheim.example",
    "web": "https://fjellheim.example",
    "phone1": "+4722000001",
    "phone2": "+4722000002",
    "fax": "+4722000003",
}
MANDATE: Values = {
    "mandateId": "M1",
    "mandateDescription": "Rent",
    "dateOfSignature": "2026-01-31",
    "isDefault": True,
    "oneTime": False,
    "bic": "INGBNL2A",
    "iban": "NL91ABNA0417164300",
    "lastCollectionDate": "2026-02-28",
    "maxAmount": Decimal("1000.25"),
    "expirationDate": "2027-01-31",
    "branch": "1",
}
FULL: Values = {
    "number": "20417",
    "name": "Fjellheim Bygg AS",
    "status": "Active",
    "accountReference": "K-17",
    "numberOfEmployees": 12,
    "currencyId": "NOK",
    "creditLimit": Decimal("250000.50"),
    "creditDaysPastDue": 14,
    "overrideWithClassValues": False,
    "customerClassId": "1",
    "invoiceOrdersSeparately": True,
    "creditTermsId": "14",
    "priceClassId": "RETAIL",
    "printInvoices": True,
    "acceptAutoInvoices": False,
    "sendInvoicesByEmail": True,
    "sendDunningLettersViaEMail": True,
    "printDunningLetters": False,
    "printStatements": True,
    "sendStatementsByEmail": False,
    "printMultiCurrencyStatements": True,
    "invoiceToDefaultLocation": True,
    "vatRegistrationId": "NO923456783MVA",
    "corporateId": "923456783",
    "vatZoneId": "01",
    "gln": "7080000000001",
    "note": "Call first",
    "mainAddress": {**ADDRESS},
    "mainContact": {**CONTACT},
    "creditVerification": "CreditLimit",
    "invoiceAddress": {**ADDRESS, "addressLine1": "Fakturagata 1"},
    "invoiceContact": {**CONTACT, "name": "Faktura"},
    "statementType": "OpenItem",
    "deliveryAddress": {**ADDRESS, "addressLine1": "Lagergata 1"},
    "deliveryContact": {**CONTACT, "name": "Lager"},
    "eInvoiceContract": {"fInvoiceContractID": "F1", "fInvoiceIntermediatorID": "I1"},
    "defaultPaymentMethod": {"paymentMethodId": "1", "isDefault": True},
    "glAccounts": {
        "customerLedgerAccount": "1500",
        "salesAccount": "3000",
        "salesSubaccount": {"1": "00"},
        "customerLedgerSubaccount": {"1": "00"},
    },
    "directDebitLines": {"M1": {**MANDATE}, "M2": {**MANDATE, "mandateId": "M2", "isDefault": False}},
    "salesPersons": {
        "1/Main": {
            "salesPersonID": "1",
            "locationID": "Main",
            "commissionPct": Decimal("2.5"),
            "isDefault": True,
        }
    },
    "attributes": {"REGION": "NORTH", "SEGMENT": "SMB"},
    "excludeDebtCollection": True,
}
WRITE_ONLY = ("overrideWithClassValues",)


def read_like(wanted: Values, live: Live) -> dict[tuple[str, ...], Any]:
    """The live values at the wanted leaves."""
    return {path: get(live.values, path) for path, _ in leaves(wanted) if path[0] not in WRITE_ONLY}


def readable(wanted: Values) -> dict[tuple[str, ...], Any]:
    hidden = ("defaultPaymentMethod", "isDefault")
    return {path: (None if path == hidden else value) for path, value in leaves(wanted) if path[0] not in WRITE_ONLY}


def create(customers: Customers, values: Values) -> Live:
    sent = customers.send(WIRE.create(values))
    return customers.customer(sent.number, everything(sent.number))


def test_each_field_survives_a_create(customers: Customers) -> None:
    live = create(customers, FULL)
    assert read_like(FULL, live) == readable(FULL)


def test_a_list_row_and_a_single_read_say_the_same(customers: Customers) -> None:
    live = create(customers, FULL)
    (listed,) = customers.refresh(everything("20417")).customers
    assert listed == live


def test_an_update_of_each_leaf_alone_changes_it_and_nothing_else(customers: Customers) -> None:
    live = create(customers, FULL)
    alike = ("invoiceAddress", "invoiceContact", "deliveryAddress", "deliveryContact")
    for path, value in list(leaves(FULL)):
        new = _another(path, value)
        if new is None or path[0] in alike:
            continue
        changed: Values = {}
        put(changed, path, new)
        customers.send(WIRE.update(live, changed, ()))
        before, live = live, customers.customer("20417", everything("20417"))
        expected = dict(leaves(before.values))
        expected[path] = new
        assert dict(leaves(live.values)) == expected, path


def _another(path: tuple[str, ...], value: Any) -> Any:
    """Another value that the field may hold, or None where a change alone is not the field's own."""
    if path[-1] in ("number", "overrideWithClassValues", "mandateId", "salesPersonID", "locationID", "isDefault"):
        return None
    if isinstance(value, bool):
        return not value
    if isinstance(value, Decimal):
        return value + Decimal("0.01")
    if isinstance(value, int):
        return value + 1
    words = {
        "status": "OnHold",
        "creditVerification": "Disabled",
        "statementType": "BalanceBroughtForward",
        "SEGMENT": "ENT",
        "REGION": "SOUTH",
        "currencyId": "SEK",
        "dateOfSignature": "2026-01-30",
        "lastCollectionDate": "2026-02-27",
        "expirationDate": "2027-01-30",
        "salesAccount": "3100",
        "creditTermsId": "30",
        "priceClassId": "VIP",
        "vatZoneId": "02",
        "customerLedgerAccount": "1510",
        "countryId": "SE",
        "county": "11",
    }
    kept = {"customerClassId", "paymentMethodId", "branch"}
    return None if path[-1] in kept else words.get(path[-1], f"{value}x")


CLEARED: list[tuple[str, ...]] = [
    ("accountReference",),
    ("numberOfEmployees",),
    ("creditDaysPastDue",),
    ("gln",),
    ("note",),
    ("mainAddress", "addressLine2"),
    ("mainAddress", "county"),
    ("mainContact", "fax"),
    ("eInvoiceContract", "fInvoiceContractID"),
    ("attributes", "REGION"),
    ("directDebitLines", "M1", "maxAmount"),
    ("directDebitLines", "M1", "expirationDate"),
    ("directDebitLines", "M1", "bic"),
    ("salesPersons", "1/Main", "commissionPct"),
]


@pytest.mark.parametrize("path", CLEARED, ids=".".join)
def test_what_is_cleared_is_read_back_as_nothing(customers: Customers, path: tuple[str, ...]) -> None:
    live = create(customers, FULL)
    changed: Values = {}
    put(changed, path, None)
    customers.send(WIRE.update(live, changed, ()))
    now = customers.customer("20417", everything("20417"))
    assert get(now.values, path) is None
    assert now.version != live.version


def test_lines_come_and_go(customers: Customers) -> None:
    live = create(customers, FULL)
    changed: Values = {
        "directDebitLines": {"M1": {"bic": "RABONL2U"}, "M3": {**MANDATE, "mandateId": "M3", "isDefault": False}}
    }
    gone = (("directDebitLines", "M2"), ("salesPersons", "1/Main"))
    customers.send(WIRE.update(live, changed, gone))
    now = customers.customer("20417", everything("20417"))
    found = now.values["directDebitLines"]
    assert isinstance(found, dict)
    assert sorted(found) == ["M1", "M3"]
    assert get(found, ("M1", "bic")) == "RABONL2U"
    assert get(found, ("M1", "iban")) == MANDATE["iban"]
    assert now.values["salesPersons"] == {}


def test_a_version_serves_once(sandbox: Sandbox, customers: Customers) -> None:
    live = create(customers, FULL)
    sent = customers.send(WIRE.update(live, {"gln": "1"}, ()))
    assert sent.version not in (None, live.version)
    with pytest.raises(errors.Conflict):
        customers.send(WIRE.update(live, {"gln": "2"}, ()))
    assert sandbox.store.customer("20417")["gln"] == "1"


@pytest.mark.parametrize("form", ["quoted", "bare", "weak"])
def test_versions_of_lists_and_of_etags_serve_alike(sandbox: Sandbox, customers: Customers, form: str) -> None:
    sandbox.switch(etag_form=form)
    create(customers, FULL)
    (listed,) = customers.refresh(NAMES).customers
    sent = customers.send(WIRE.update(listed, {"gln": "2"}, ()))
    read = customers.customer("20417", NAMES)
    assert sent.version == read.version
    customers.send(WIRE.update(read, {"gln": "3"}, ()))


@pytest.mark.parametrize("nulls", ["omit", "send"])
@pytest.mark.parametrize("shown", ["both", "header", "body"])
def test_open_questions_do_not_change_what_is_read(
    sandbox: Sandbox, customers: Customers, nulls: str, shown: str
) -> None:
    live = create(customers, FULL)
    sandbox.switch(nulls=nulls, version_in_single=shown)
    assert customers.customer("20417", everything("20417")) == live


def test_odd_numbers_are_reached(sandbox: Sandbox, customers: Customers) -> None:
    numbers = sandbox.store.seed(5, odd=True)
    view = customers.refresh(NAMES)
    assert {live.number for live in view.customers} == {number_key(number) for number in numbers}
    for live in view.customers:
        found = customers.customer(live.number, NAMES)
        assert found == live
        customers.send(WIRE.update(found, {"gln": "1"}, ()))


def test_an_automatic_number_is_told_by_location(sandbox: Sandbox, customers: Customers) -> None:
    sandbox.switch(numbering="automatic", location_base="https://other.example/API/controller/api")
    sent = customers.send(WIRE.create({"name": "N", "customerClassId": "1", "mainAddress": {**ADDRESS}}))
    assert sandbox.store.has(sent.number)


@pytest.mark.parametrize("largest", [1, 7, 10, 25, 1000])
def test_a_company_is_read_whole_whatever_the_largest_page(
    sandbox: Sandbox, customers: Customers, largest: int
) -> None:
    numbers = sandbox.store.seed(25)
    sandbox.switch(page_size_max=largest)
    view = customers.refresh(NAMES)
    assert sorted(live.number for live in view.customers) == sorted(numbers)
    size = min(largest, 10)
    assert view.requests == -(-25 // size) + (25 % size == 0), "after a full page, one more shows that it was the last"


@pytest.mark.parametrize("rows", [-1, 1])
def test_a_list_that_shifts_once_is_read_again(sandbox: Sandbox, customers: Customers, rows: int) -> None:
    numbers = sandbox.store.seed(25)
    sandbox.fault(kind="shift", path="pageNumber=2", rows=rows)
    view = customers.refresh(NAMES)
    assert sorted(live.number for live in view.customers) == sorted(numbers)


def test_a_list_that_always_shifts_is_torn(sandbox: Sandbox, customers: Customers) -> None:
    sandbox.store.seed(25)
    sandbox.switch(page_shift=1)
    with pytest.raises(errors.TornView):
        customers.refresh(NAMES)


@pytest.mark.parametrize("kind", ["reset", "truncate", "expire", "throttle"])
def test_a_fault_in_the_middle_of_a_refresh_passes(sandbox: Sandbox, customers: Customers, kind: str) -> None:
    sandbox.store.seed(25)
    sandbox.fault(kind=kind, path="pageNumber=2", seconds=0)
    assert len(customers.refresh(NAMES).customers) == 25


def test_a_create_whose_answer_is_lost_may_be_done(sandbox: Sandbox, customers: Customers) -> None:
    sandbox.fault(kind="reset", method="POST", path="/v1/customer", when="after")
    with pytest.raises(errors.AnswerLost):
        customers.send(WIRE.create(FULL))
    assert sandbox.store.has("20417")


def test_a_missing_customer_and_an_existing_number(customers: Customers) -> None:
    with pytest.raises(errors.NotFound):
        customers.customer("404", NAMES)
    create(customers, FULL)
    with pytest.raises(errors.Rejected) as caught:
        customers.send(WIRE.create(FULL))
    assert caught.value.reference


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"client_secret": "wrong"}, "client id or secret"),
        ({"tenant_id": "another"}, "tenant"),
    ],
)
def test_wrong_credentials_are_explained(sandbox: Sandbox, wrong: dict[str, str], message: str) -> None:
    with (
        open_customers(replace(access_to(sandbox), **wrong), trust_env=False) as customers,
        pytest.raises(errors.AuthenticationFailed, match=message),
    ):
        customers.check()


def test_filters_reach_the_erp(sandbox: Sandbox, customers: Customers) -> None:
    create(customers, FULL)
    sandbox.store.seed(5)
    filters = {"corporateId": "923456783", "createdDateTime": "2020-01-01", "createdDateTimeCondition": ">="}
    live = [live for page in customers.stream(NAMES, filters) for live in page.read]
    assert [live.number for live in live] == ["20417"]
    attributes = {"attributes": '{"REGION":"NORTH"}', "corporateId": "923456783"}
    assert [row["number"] for page in customers.stream(NAMES, attributes) for _, row in page.rows] == ["20417"]


def test_the_classes_are_the_companys(customers: Customers) -> None:
    assert {each.id for each in customers.classes()} >= {"1"}
