"""What makes a record acceptable: every reason at once, in the ERP's words (fact sheet 10, 12.2)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from reconciler.sandbox import reference_tables
from reconciler.sandbox.dto_members import ADDRESSES
from reconciler.sandbox.merge import Record, part
from reconciler.sandbox.switches import Switches

MAX_LENGTHS: Final = {
    "number": 30, "name": 255, "accountReference": 30, "vatRegistrationId": 50, "corporateId": 50, "gln": 30,
    "addressLine1": 50, "addressLine2": 50, "addressLine3": 50, "postalCode": 20, "city": 50,
    "attention": 255, "email": 255, "web": 255, "phone1": 50, "phone2": 50, "fax": 50,
}  # fmt: skip
"""The optional table of Q21: lengths usual on the platform; the real ones are unknown."""


def problems(record: Record, patch: Mapping[str, Any], switches: Switches, has: Callable[[str], bool]) -> list[str]:
    """Reasons to refuse the record that `patch` led to; `has` tells whether a customer number exists."""
    reasons: list[str] = []
    if not record["name"].strip():
        reasons.append("'Customer Name' cannot be empty.")
    if switches.inactive_refused and patch.get("status") == "Inactive":
        reasons.append("'Status' cannot be Inactive: the customer has open documents.")
    reasons += _empty_mandatory(record)
    if switches.strict_references:
        reasons += _unknown_references(record, patch, has)
    if switches.strict_attributes:
        reasons += _attribute_problems(record, patch)
    if switches.require_postal_code:
        reasons += _postal_problems(record, patch, switches.company_country)
    return reasons


def _empty_mandatory(record: Record) -> list[str]:
    titles = {"customerClassId": "Customer Class", "currencyId": "Currency ID", "creditTermsId": "Terms"}
    reasons = [f"'{title}' cannot be empty." for name, title in titles.items() if not record[name]]
    settings = reference_tables.CLASSES.get(record["customerClassId"])
    if settings is not None and settings["needs_zone"] and not record["vatZoneId"]:
        reasons.append("'VAT Zone' cannot be empty.")
    return reasons


def _unknown_references(record: Record, patch: Mapping[str, Any], has: Callable[[str], bool]) -> list[str]:
    tables: tuple[tuple[str, str, Collection[str]], ...] = (
        ("customerClassId", "Customer Class", reference_tables.CLASSES),
        ("creditTermsId", "Terms", reference_tables.CREDIT_TERMS),
        ("currencyId", "Currency ID", reference_tables.CURRENCIES),
        ("vatZoneId", "VAT Zone", reference_tables.VAT_ZONES),
        ("priceClassId", "Price Class", reference_tables.PRICE_CLASSES),
        ("defaultPaymentMethodId", "Payment Method", reference_tables.PAYMENT_METHODS),
    )
    reasons = [
        _missing(title, record[name]) for name, title, table in tables if record[name] and record[name] not in table
    ]
    reasons += [
        _missing("Payment Method", method)
        for method in record["paymentMethods"]
        if method not in reference_tables.PAYMENT_METHODS
    ]
    reasons += _parent_problems(record, has)
    reasons += _sales_person_problems(record)
    return list(dict.fromkeys(reasons + _address_references(record, patch)))


def _parent_problems(record: Record, has: Callable[[str], bool]) -> list[str]:
    parent = record["parentRecordNumber"]
    if parent and parent == record["number"]:
        return ["'Parent Account' cannot be the customer itself."]
    return [_missing("Parent Account", parent)] if parent and not has(parent) else []


def _sales_person_problems(record: Record) -> list[str]:
    people = (line["salesPersonID"] for line in record["salesPersons"])
    return [_missing("Salesperson ID", person) for person in people if person not in reference_tables.SALES_PERSONS]


def _address_references(record: Record, patch: Mapping[str, Any]) -> list[str]:
    reasons = []
    for name in ADDRESSES:
        if name not in patch:
            continue
        address = record[name] if name == "mainAddress" else part(record, name)
        if address["countryId"] and address["countryId"] not in reference_tables.COUNTRIES:
            reasons.append(_missing("Country", address["countryId"]))
        if address["county"] and address["countryId"] == "NO" and address["county"] not in reference_tables.COUNTIES:
            reasons.append(_missing("County", address["county"]))
    return reasons


def _postal_problems(record: Record, patch: Mapping[str, Any], company_country: str) -> list[str]:
    """A Norwegian address without postal code was refused (12.2, client tests).

    An address without country is in the company's own country; one without any member is no address.
    """
    for name in ADDRESSES:
        if not patch.get(name):
            continue
        address = record[name] if name == "mainAddress" else part(record, name)
        country = address["countryId"] or company_country
        if any(address.values()) and country == "NO" and not address["postalCode"].strip():
            return ["'Postal Code' (postcode) cannot be empty."]
    return []


def _attribute_problems(record: Record, patch: Mapping[str, Any]) -> list[str]:
    reasons = []
    for line in patch.get("attributeLines", []):
        key, value = line.get("attributeId", "").strip().upper(), line.get("attributeValue", "")
        attribute = reference_tables.ATTRIBUTES.get(key)
        if attribute is None:
            reasons.append(_missing("Attribute", key))
        elif attribute["type"] == "Combo" and value and value not in attribute["details"]:
            reasons.append(_missing(f"Attribute {key}", value))
    return reasons


def _missing(title: str, value: str) -> str:
    return f"An error occurred during processing of the field {title} : Error: '{title}' '{value}' do not exist."


def fit_lengths(patch: dict[str, Any], switches: Switches, path: str = "") -> list[str]:
    """Q21: refuse or cut over-long texts, if the switch asks for it; cuts in place, answers the problems."""
    if switches.max_lengths == "off":
        return []
    reasons: list[str] = []
    for name, value in patch.items():
        limit = MAX_LENGTHS.get(name)
        if isinstance(value, dict):
            reasons += fit_lengths(value, switches, f"{path}{name}.")
        elif limit and isinstance(value, str) and len(value) > limit:
            if switches.max_lengths == "refuse":
                reasons.append(f"'{path}{name}' is longer than {limit} characters.")
            patch[name] = value[:limit]
    return reasons
