"""A stored record as the API reads it: CustomerDto (fact sheet 11)."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from reconciler.sandbox import refs
from reconciler.sandbox.jsontext import dumps, loads
from reconciler.sandbox.merge import Record, part
from reconciler.sandbox.shapes import GL_MEMBERS, GL_SUBACCOUNTS
from reconciler.sandbox.switches import Switches


@dataclass(frozen=True)
class Stored:
    """A customer as the store holds it. Moments are UTC text with six digits."""

    internal_id: int
    number: str
    version: int
    created: str
    modified: str
    record: Record
    parent_name: str = ""


@dataclass(frozen=True)
class Rendered:
    """JSON texts: `row` is an object without its closing brace, the others are members of it."""

    row: str
    gl: str
    payment: str
    debit: str


_AS_STORED: Final = Switches()
_LOOKS: Final = ("nulls", "timestamp_digits", "timestamp_zone", "zone_offset_minutes", "number_padding")


def looks_plain(switches: Switches) -> bool:
    """Whether the rendered texts kept in the store are what these switches ask for."""
    return all(getattr(switches, name) == getattr(_AS_STORED, name) for name in _LOOKS)


def version_token(version: int) -> str:
    """An eight-byte row version in base64, such as AAAAAE0YIiI= (fact sheet 7)."""
    return base64.b64encode(version.to_bytes(8, "big")).decode()


def render(one: Stored, switches: Switches = _AS_STORED) -> Rendered:
    """The texts that list rows and single reads are put together from."""
    record, send = one.record, switches.nulls == "send"
    debit = [_debit_dto(line, switches) for line in record["directDebitLines"]]
    return Rendered(
        row=dumps(_kept(_customer_dto(one, switches), send))[:-1],
        gl=f',"glAccounts":{_gl_text(dumps(record["glAccounts"]))}',
        payment=f',"paymentMethods":{_payment_text(tuple(record["paymentMethods"].items()))}',
        debit=f',"directDebitLines":{dumps(debit) if debit else "[]"}',
    )


def moment(text: str, switches: Switches = _AS_STORED) -> str:
    """A stored moment in the form that the switches ask for (fact sheet 11.9, Q11)."""
    if switches.zone_offset_minutes:
        shifted = datetime.fromisoformat(text) + timedelta(minutes=switches.zone_offset_minutes)
        text = shifted.isoformat(timespec="microseconds")
    head, _, fraction = text.partition(".")
    digits = fraction[: switches.timestamp_digits]
    return head + (f".{digits}" if digits else "") + _zone(switches)


def _zone(switches: Switches) -> str:
    if switches.timestamp_zone == "none":
        return ""
    minutes = switches.zone_offset_minutes
    if switches.timestamp_zone == "Z" and not minutes:
        return "Z"
    hours, rest = divmod(abs(minutes), 60)
    return f"{'-' if minutes < 0 else '+'}{hours:02d}:{rest:02d}"


def _kept(dto: dict[str, Any], send_nulls: bool) -> dict[str, Any]:
    """Members without value are left out (Q20), or sent as null."""
    if send_nulls:
        return {name: None if _is_empty(value) else value for name, value in dto.items()}
    return {name: value for name, value in dto.items() if value or not _is_empty(value)}


def _is_empty(value: object) -> bool:
    return value is None or (isinstance(value, str | dict) and not value)


def _customer_dto(one: Stored, switches: Switches) -> dict[str, Any]:
    record, send = one.record, switches.nulls == "send"
    main = {
        "Address": _address_dto(record["mainAddress"], one.internal_id * 10 + 1, send),
        "Contact": _contact_dto(record["mainContact"], one.internal_id * 10 + 1, send),
    }
    return {
        "internalId": one.internal_id,
        "number": one.number.ljust(switches.number_padding),
        "name": record["name"],
        "status": record["status"],
        "mainAddress": main["Address"],
        "mainContact": main["Contact"],
        "accountReference": record["accountReference"],
        "parentRecord": _kept({"number": record["parentRecordNumber"], "name": one.parent_name}, False),
        "customerClass": _described(record["customerClassId"], _CLASS_NAMES),
        "invoiceOrdersSeparately": record["invoiceOrdersSeparately"],
        "creditTerms": _described(record["creditTermsId"], refs.CREDIT_TERMS),
        "currencyId": record["currencyId"],
        "creditVerification": record["creditVerification"],
        "creditLimit": record["creditLimit"],
        "creditDaysPastDue": record["creditDaysPastDue"],
        **_parts(one, "invoice", 2, main, send),
        **{name: record[name] for name in _FLAGS},
        "statementType": record["statementType"],
        **_parts(one, "delivery", 3, main, send),
        "vatRegistrationId": record["vatRegistrationId"],
        "corporateId": record["corporateId"],
        "gln": record["gln"],
        "vatZone": _vat_zone_dto(record["vatZoneId"]),
        "location": _location_dto(record),
        "attributes": [_attribute_dto(key, value) for key, value in record["attributes"].items()],
        "lastModifiedDateTime": moment(one.modified, switches),
        "createdDateTime": moment(one.created, switches),
        "priceClass": _described(record["priceClassId"], refs.PRICE_CLASSES),
        "invoiceToDefaultLocation": record["invoiceToDefaultLocation"],
        "eInvoiceContract": _kept(record["eInvoiceContract"], False),
        "defaultPaymentMethodId": record["defaultPaymentMethodId"],
        "numberOfEmployees": record["numberOfEmployees"],
        "excludeDebtCollection": record["excludeDebtCollection"],
    }


_CLASS_NAMES: Final = {name: one["description"] for name, one in refs.CLASSES.items()}

_FLAGS: Final = (
    "printInvoices", "acceptAutoInvoices", "sendInvoicesByEmail", "sendDunningLettersViaEMail",
    "printDunningLetters", "printStatements", "sendStatementsByEmail", "printMultiCurrencyStatements",
)  # fmt: skip


def _parts(one: Stored, side: str, digit: int, main: dict[str, Any], send: bool) -> dict[str, Any]:
    """Invoice or delivery address and contact; a mirrored one is the main one, id included (12.5)."""
    address, contact = one.record[f"{side}Address"], one.record[f"{side}Contact"]
    own_id = one.internal_id * 10 + digit
    return {
        f"{side}Address": main["Address"] if address is None else _address_dto(address, own_id, send),
        f"{side}Contact": main["Contact"] if contact is None else _contact_dto(contact, own_id, send),
    }


def _address_dto(address: Mapping[str, str], address_id: int, send: bool) -> dict[str, Any]:
    country, county = address["countryId"], address["county"]
    dto = {
        "addressId": address_id,
        "addressLine1": address["addressLine1"],
        "addressLine2": address["addressLine2"],
        "addressLine3": address["addressLine3"],
        "postalCode": address["postalCode"],
        "city": address["city"],
        "country": _named(country, refs.COUNTRIES),
        "county": _named(county, refs.COUNTIES),
    }
    return _kept(dto, send)


def _contact_dto(contact: Mapping[str, str], contact_id: int, send: bool) -> dict[str, Any]:
    return _kept({"contactId": contact_id, **contact}, send)


def _described(key: str, table: Mapping[str, str]) -> dict[str, str]:
    return _kept({"id": key, "description": table.get(key, "")}, False) if key else {}


def _named(key: str, table: Mapping[str, str]) -> dict[str, str]:
    return _kept({"id": key, "name": table.get(key, "")}, False) if key else {}


def _vat_zone_dto(zone: str) -> dict[str, Any]:
    if not zone:
        return {}
    return {
        **_described(zone, refs.VAT_ZONES),
        "defaultVatCategory": "3" if zone == "01" else "5",
        "defaultTaxCategory": {"number": "3", "description": "Liable to VAT"},
    }


def _location_dto(record: Record) -> dict[str, str]:
    """The default location, which each customer gets (12.5)."""
    country = part(record, "deliveryAddress")["countryId"]
    return _kept({"countryId": country, "id": "Main", "name": "Primary Location"}, False)


def _attribute_dto(key: str, value: str) -> dict[str, str]:
    description = refs.ATTRIBUTES[key]["description"] if key in refs.ATTRIBUTES else ""
    return {"id": key, "value": value, **({"description": description} if description else {})}


@lru_cache(maxsize=512)
def _payment_text(methods: tuple[tuple[str, bool], ...]) -> str:
    return dumps([{"paymentMethodId": one, "isDefault": default} for one, default in methods])


def _debit_dto(line: Mapping[str, Any], switches: Switches) -> dict[str, Any]:
    return _kept(dict(line), switches.nulls == "send")


@lru_cache(maxsize=512)
def _gl_text(accounts: str) -> str:
    """Most customers have their class's accounts, so the texts are few."""
    return dumps(_gl_dto(loads(accounts)))


def _gl_dto(accounts: Mapping[str, Any]) -> dict[str, Any]:
    dto: dict[str, Any] = {}
    for name in GL_MEMBERS:
        value = accounts.get(name)
        if value:
            dto[name] = _subaccount_dto(value) if name in GL_SUBACCOUNTS else _account_dto(value)
    return dto


def _account_dto(number: str) -> dict[str, str]:
    kind, description = refs.ACCOUNTS.get(number, ("", ""))
    return _kept({"type": kind, "number": number, "description": description}, False)


def _subaccount_dto(segments: Mapping[str, str]) -> dict[str, Any]:
    ordered = sorted(segments.items(), key=lambda pair: int(pair[0]))
    return {
        "subaccountNumber": "-".join(value for _, value in ordered),
        "subaccountId": 1,
        "active": True,
        "segments": [_segment_dto(int(key), value) for key, value in ordered],
    }


def _segment_dto(key: int, value: str) -> dict[str, Any]:
    description = refs.SEGMENTS.get(key, "")
    return _kept({"segmentId": key, "segmentDescription": description, "segmentValue": value}, False)
