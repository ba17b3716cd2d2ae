"""A live customer as a declaration that plans empty: all that it has, and nothing that it follows or gets by itself."""

from __future__ import annotations

from typing import Any

from reconciler.core.adopt import Manner, to_declare
from reconciler.core.declaration_values import declared, readable_fields
from reconciler.core.live import Live

HOME = {"addressLine1": "A 1", "city": "Oslo"}


def live(**values: Any) -> Live:
    return Live(1, "10000", "v", {"number": "10000", **values}, line_ids={("attributes", "SEG"): "Seg"})


def adopted(manner: Manner | None = None, **values: Any) -> dict[str, Any]:
    return to_declare(live(**values), manner or Manner())


def test_what_has_a_value_is_declared_without_the_number_and_what_has_none_is_not() -> None:
    found = adopted(name="A", gln=None, creditLimit=0, invoiceToDefaultLocation=False, mainContact={"name": None})
    assert found == {"name": "A", "creditLimit": 0, "invoiceToDefaultLocation": False}


def test_a_copy_is_declared_and_the_customer_stays_as_it_is() -> None:
    customer = live(mainAddress={**HOME, "county": None})
    to_declare(customer, Manner())["mainAddress"] = {}
    assert customer.values["mainAddress"] == {**HOME, "county": None}
    assert adopted(mainAddress={**HOME, "county": None}) == {"mainAddress": HOME}


def test_what_follows_the_main_address_is_left_out_unless_it_is_asked_for() -> None:
    other = {**HOME, "city": "Bergen"}
    sides = {"mainAddress": HOME, "invoiceAddress": dict(HOME), "deliveryAddress": other}
    assert adopted(**sides) == {"mainAddress": HOME, "deliveryAddress": other}
    assert adopted(Manner(mirrors=True), **sides) == sides
    contacts = {"mainContact": {"name": "N"}, "invoiceContact": {"name": "N"}, "deliveryContact": {"name": "N"}}
    assert adopted(**contacts) == {"mainContact": {"name": "N"}}


def test_a_follower_that_the_defaults_declare_stays() -> None:
    sides = {"mainAddress": HOME, "invoiceAddress": dict(HOME), "deliveryAddress": dict(HOME)}
    found = adopted(Manner(defaults={"invoiceAddress": {"city": "Oslo"}}), **sides)
    assert found == {"mainAddress": HOME, "invoiceAddress": HOME}


def test_what_the_class_gives_is_left_out_and_what_differs_from_it_is_not() -> None:
    classes: dict[str, Any] = {
        "1": {"currencyId": "NOK", "creditTermsId": "30", "attributes": {"A": "x", "B": "y"}, "glAccounts": {"v": "1"}},
        "2": {"creditTermsId": "60"},
    }
    values = {"customerClassId": "1", "currencyId": "NOK", "creditTermsId": "60", "attributes": {"A": "x", "B": "z"}}
    manner = Manner(class_values=classes)
    left = {"customerClassId": "1", "creditTermsId": "60", "attributes": {"B": "z"}}
    assert adopted(manner, **values) == left
    assert adopted(manner, **{**values, "attributes": {"A": "x"}}) == {"customerClassId": "1", "creditTermsId": "60"}
    kept = Manner(class_values=classes, defaults={"currencyId": "EUR"})
    assert adopted(kept, **values) == {**left, "currencyId": "NOK"}
    assert adopted(manner, currencyId="NOK") == {"currencyId": "NOK"}


def test_a_null_keeps_a_default_away_from_a_customer_that_has_no_value() -> None:
    manner = Manner(defaults={"gln": "7080000000000", "mainAddress": {"city": "Oslo", "county": "03"}})
    assert adopted(manner, gln=None, mainAddress={"city": "Moss", "county": None}) == {
        "gln": None,
        "mainAddress": {"city": "Moss", "county": None},
    }


def test_what_was_not_read_and_what_is_never_compared_needs_no_null() -> None:
    assert adopted(Manner(defaults={"gln": "7080000000000"}), name="A") == {"name": "A"}
    assert adopted(Manner(defaults={"overrideWithClassValues": True}), overrideWithClassValues=None, name="A") == {
        "name": "A"
    }
    assert adopted(Manner(defaults={"mainAddress": {"city": "Oslo"}}), mainAddress=None) == {}


def test_a_default_list_of_lines_is_kept_away_by_an_empty_one() -> None:
    manner = Manner(defaults={"directDebitLines": {"M1": {"mandateId": "M1", "iban": "NL1"}}})
    assert adopted(manner, directDebitLines={}) == {"directDebitLines": {}}
    line = {"M2": {"mandateId": "M2", "iban": "NL2"}}
    assert adopted(manner, directDebitLines=line) == {"directDebitLines": line}


def test_attributes_are_sorted_and_spelled_as_the_erp_has_them() -> None:
    found = adopted(attributes={"Z": "1", "SEG": "2", "A": "3"})
    assert list(found["attributes"].items()) == [("A", "3"), ("Seg", "2"), ("Z", "1")]
    assert adopted(mainAddress={"SEG": "x"})["mainAddress"] == {"SEG": "x"}


def test_lines_are_sorted_and_members_are_not() -> None:
    lines = {"M2": {"mandateId": "M2", "iban": "b"}, "M1": {"mandateId": "M1", "iban": "a"}}
    assert list(adopted(directDebitLines=lines)["directDebitLines"]) == ["M1", "M2"]
    assert list(adopted(mainAddress={"city": "Oslo", "addressLine1": "A"})["mainAddress"]) == ["city", "addressLine1"]


# ---- as a declaration writes it ----


def test_a_declaration_has_the_order_of_the_field_table_and_lists_for_lines() -> None:
    values: dict[str, Any] = {
        "directDebitLines": {"M1": {"iban": "NL1", "mandateId": "M1", "bic": None}},
        "mainAddress": {"countryId": "NO", "addressLine1": "A 1", "city": None},
        "attributes": {"B": "1", "A": None},
        "name": "A",
        "gln": None,
        "mainContact": {"name": None},
    }
    found = declared(values)
    assert found == {
        "name": "A",
        "mainAddress": {"addressLine1": "A 1", "countryId": "NO"},
        "attributes": {"B": "1"},
        "directDebitLines": [{"mandateId": "M1", "iban": "NL1"}],
    }
    assert list(found["mainAddress"]) == ["addressLine1", "countryId"]
    assert next(iter(found)) == "name"


def test_with_nulls_what_is_none_and_what_is_empty_stays() -> None:
    values: dict[str, Any] = {"gln": None, "attributes": {"A": None}, "mainAddress": {"city": None}, "mainContact": {}}
    assert declared(values, nulls=True) == values
    assert declared(values) == {}
    assert declared({"mainAddress": None}, nulls=True) == {"mainAddress": None}


def test_fields_that_a_list_shows_are_readable_and_others_are_not() -> None:
    found = readable_fields()
    assert {"name", "mainAddress", "directDebitLines"} <= found
    assert not {"overrideWithClassValues", "salesPersons"} & found


def test_segments_are_a_list_in_the_order_of_their_numbers() -> None:
    values: dict[str, Any] = {"glAccounts": {"salesSubaccount": {"10": "C", "2": "B", "3": None}}}
    two = [{"segmentId": 2, "segmentValue": "B"}, {"segmentId": 10, "segmentValue": "C"}]
    assert declared(values) == {"glAccounts": {"salesSubaccount": two}}
    three = [two[0], {"segmentId": 3, "segmentValue": None}, two[1]]
    assert declared(values, nulls=True) == {"glAccounts": {"salesSubaccount": three}}
