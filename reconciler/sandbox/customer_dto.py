"""A stored record as the API reads it: CustomerDto (fact sheet 11)."""

from __future__ import annotations

import base64
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from json.encoder import encode_basestring as _quoted
from typing import Any, Final, NamedTuple

from reconciler.sandbox import reference_tables
from reconciler.sandbox.dto_members import GL_MEMBERS, GL_SUBACCOUNTS
from reconciler.sandbox.jsontext import dumps, loads
from reconciler.sandbox.merge import Record, part
from reconciler.sandbox.switches import Switches


class StoredCustomer(NamedTuple):
    """A customer as the store holds it. Moments are UTC text with six digits."""

    internal_id: int
    number: str
    version: int
    created: str
    modified: str
    record: Record
    parent_name: str = ""


_USUAL: Final = Switches()
_LOOKS: Final = ("nulls", "timestamp_digits", "timestamp_zone", "zone_offset_minutes", "number_padding")
DETAILS: Final = ("glAccounts", "paymentMethods", "directDebitLines")
"""Members that single reads show, and lists on demand (Q19)."""


def looks_usual(switches: Switches) -> bool:
    """Whether customers look as they do without any switch set."""
    return all(getattr(switches, name) == getattr(_USUAL, name) for name in _LOOKS)


def version_token(version: int) -> str:
    """An eight-byte row version in base64, such as AAAAAE0YIiI= (fact sheet 7)."""
    return base64.b64encode(version.to_bytes(8, "big")).decode()


def customer_text(customer: StoredCustomer, switches: Switches, details: Collection[str] = ()) -> str:
    """A customer as a JSON object, still open at its end for the members that are not the record's."""
    record = customer.record
    texts = [*_customer_texts(customer, switches)]
    if "glAccounts" in details:
        texts.append(f'"glAccounts":{_gl_text(dumps(record["glAccounts"]))}')
    if "paymentMethods" in details:
        texts.append(f'"paymentMethods":{_payment_text(tuple(record["paymentMethods"].items()))}')
    if "directDebitLines" in details:
        texts.append(f'"directDebitLines":{debit_text(record, switches)}')
    return "{" + ",".join([text for text in texts if text])


def row_text(customer: StoredCustomer, switches: Switches, details: Collection[str]) -> str:
    """A customer as a list shows it, still open at its end for the metadata."""
    return f'{customer_text(customer, switches, details)},"timeStamp":"{version_token(customer.version)}"'


def debit_text(record: Record, switches: Switches) -> str:
    """The direct debit lines as a JSON array."""
    send = switches.nulls == "send"
    return f"[{','.join(_object(_texts(line), send) for line in record['directDebitLines'])}]"


def moment(text: str, switches: Switches = _USUAL) -> str:
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


# ---- JSON texts: `""` stands for a member without value ----


def _text(value: object) -> str:
    """A plain value as JSON."""
    if isinstance(value, str):
        return _quoted(value) if value else ""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _texts(values: Mapping[str, object]) -> dict[str, str]:
    return {name: _text(value) for name, value in values.items()}


def _joined(members: Mapping[str, str], send: bool) -> str:
    """Members without value are left out (Q20), or sent as null."""
    if send:
        return ",".join([f'"{name}":{text or "null"}' for name, text in members.items()])
    return ",".join([f'"{name}":{text}' for name, text in members.items() if text])


def _object(members: Mapping[str, str], send: bool = False) -> str:
    text = _joined(members, send)
    return f"{{{text}}}" if text else ""


# ---- the customer, member by member ----


def _customer_texts(customer: StoredCustomer, switches: Switches) -> Iterator[str]:
    """The members in their order; runs of members that many customers share are made once."""
    record, send = customer.record, switches.nulls == "send"
    main = {
        "Address": _address_text(record["mainAddress"], customer.internal_id * 10 + 1, send),
        "Contact": _contact_text(record["mainContact"], customer.internal_id * 10 + 1, send),
    }
    own = {
        "internalId": str(customer.internal_id),
        "number": _quoted(customer.number.ljust(switches.number_padding)),
        "name": _text(record["name"]),
        "status": _text(record["status"]),
        "mainAddress": main["Address"],
        "mainContact": main["Contact"],
        "accountReference": _text(record["accountReference"]),
        "parentRecord": _reference_text("number", record["parentRecordNumber"], "name", customer.parent_name),
    }
    yield _joined(own, send)
    yield _terms_text(tuple([record[name] for name in _TERMS]), _text(record["creditLimit"]), send)
    yield _joined(_parts(customer, "invoice", 2, main, send), send)
    yield _flags_text(tuple([record[name] for name in _FLAGS]), send)
    yield _joined(_parts(customer, "delivery", 3, main, send), send)
    yield _joined(_texts({name: record[name] for name in _IDENTITY}), send)
    yield _zone_text(record["vatZoneId"], part(record, "deliveryAddress")["countryId"], send)
    yield f'"attributes":{_attributes_text(tuple(record["attributes"].items()))}'
    yield f'"lastModifiedDateTime":"{moment(customer.modified, switches)}"'
    yield f'"createdDateTime":"{moment(customer.created, switches)}"'
    yield _rest_text(tuple([record[name] for name in _REST]), tuple(record["eInvoiceContract"].items()), send)


_TERMS: Final = (
    "customerClassId", "invoiceOrdersSeparately", "creditTermsId", "currencyId", "creditVerification",
    "creditDaysPastDue",
)  # fmt: skip
_FLAGS: Final = (
    "printInvoices", "acceptAutoInvoices", "sendInvoicesByEmail", "sendDunningLettersViaEMail",
    "printDunningLetters", "printStatements", "sendStatementsByEmail", "printMultiCurrencyStatements",
    "statementType",
)  # fmt: skip
_IDENTITY: Final = ("vatRegistrationId", "corporateId", "gln")
_REST: Final = (
    "priceClassId", "invoiceToDefaultLocation", "defaultPaymentMethodId", "numberOfEmployees", "excludeDebtCollection",
)  # fmt: skip
_CLASS_NAMES: Final = {class_id: settings["description"] for class_id, settings in reference_tables.CLASSES.items()}


def _parts(customer: StoredCustomer, side: str, digit: int, main: Mapping[str, str], send: bool) -> dict[str, str]:
    """Invoice or delivery address and contact; a mirrored one is the main one, id included (12.5)."""
    address, contact = customer.record[f"{side}Address"], customer.record[f"{side}Contact"]
    own_id = customer.internal_id * 10 + digit
    return {
        f"{side}Address": main["Address"] if address is None else _address_text(address, own_id, send),
        f"{side}Contact": main["Contact"] if contact is None else _contact_text(contact, own_id, send),
    }


def _address_text(address: Mapping[str, str], address_id: int, send: bool) -> str:
    members = {
        "addressId": str(address_id),
        "addressLine1": _text(address["addressLine1"]),
        "addressLine2": _text(address["addressLine2"]),
        "addressLine3": _text(address["addressLine3"]),
        "postalCode": _text(address["postalCode"]),
        "city": _text(address["city"]),
        "country": _country_text(address["countryId"]),
        "county": _county_text(address["county"]),
    }
    return _object(members, send)


def _contact_text(contact: Mapping[str, str], contact_id: int, send: bool) -> str:
    return _object({"contactId": str(contact_id), **_texts(contact)}, send)


# ---- texts that many customers share ----


def _reference_text(key_name: str, key: str, text_name: str, text: str) -> str:
    return _object({key_name: _text(key), text_name: _text(text)})


def _described(key: str, table: Mapping[str, str]) -> str:
    return _reference_text("id", key, "description", table.get(key, "")) if key else ""


@lru_cache(maxsize=512)
def _country_text(country: str) -> str:
    return _reference_text("id", country, "name", reference_tables.COUNTRIES.get(country, ""))


@lru_cache(maxsize=512)
def _county_text(county: str) -> str:
    return _reference_text("id", county, "name", reference_tables.COUNTIES.get(county, ""))


@lru_cache(maxsize=4096)
def _terms_text(values: tuple[Any, ...], limit: str, send: bool) -> str:
    """The limit comes as text, as 5 and 5.00 are the same key otherwise."""
    members = dict(zip(_TERMS, values, strict=True))
    texts = _texts(members)
    shown = {
        "customerClass": _described(members["customerClassId"], _CLASS_NAMES),
        "invoiceOrdersSeparately": texts["invoiceOrdersSeparately"],
        "creditTerms": _described(members["creditTermsId"], reference_tables.CREDIT_TERMS),
        "currencyId": texts["currencyId"],
        "creditVerification": texts["creditVerification"],
        "creditLimit": limit,
        "creditDaysPastDue": texts["creditDaysPastDue"],
    }
    return _joined(shown, send)


@lru_cache(maxsize=512)
def _flags_text(values: tuple[Any, ...], send: bool) -> str:
    return _joined(_texts(dict(zip(_FLAGS, values, strict=True))), send)


@lru_cache(maxsize=512)
def _zone_text(zone: str, country: str, send: bool) -> str:
    """The VAT zone, and the default location, which each customer gets (12.5)."""
    location = _object(_texts({"countryId": country, "id": "Main", "name": "Primary Location"}))
    return _joined({"vatZone": _vat_zone_text(zone), "location": location}, send)


def _vat_zone_text(zone: str) -> str:
    if not zone:
        return ""
    category = {"number": "3", "description": "Liable to VAT"}
    rest = {"defaultVatCategory": "3" if zone == "01" else "5", "defaultTaxCategory": category}
    return f"{_described(zone, reference_tables.VAT_ZONES)[:-1]},{dumps(rest)[1:]}"


@lru_cache(maxsize=4096)
def _rest_text(values: tuple[Any, ...], contract: tuple[tuple[str, str], ...], send: bool) -> str:
    members = dict(zip(_REST, values, strict=True))
    texts = _texts(members)
    shown = {
        "priceClass": _described(members["priceClassId"], reference_tables.PRICE_CLASSES),
        "invoiceToDefaultLocation": texts["invoiceToDefaultLocation"],
        "eInvoiceContract": _object(_texts(dict(contract))),
        **{name: texts[name] for name in ("defaultPaymentMethodId", "numberOfEmployees", "excludeDebtCollection")},
    }
    return _joined(shown, send)


@lru_cache(maxsize=512)
def _attributes_text(attributes: tuple[tuple[str, str], ...]) -> str:
    return dumps([_attribute_dto(key, value) for key, value in attributes])


def _attribute_dto(key: str, value: str) -> dict[str, str]:
    description = reference_tables.ATTRIBUTES[key]["description"] if key in reference_tables.ATTRIBUTES else ""
    return {"id": key, "value": value, **({"description": description} if description else {})}


@lru_cache(maxsize=512)
def _payment_text(methods: tuple[tuple[str, bool], ...]) -> str:
    return dumps([{"paymentMethodId": method, "isDefault": default} for method, default in methods])


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
    kind, description = reference_tables.ACCOUNTS.get(number, ("", ""))
    return _without_blanks({"type": kind, "number": number, "description": description})


def _subaccount_dto(segments: Mapping[str, str]) -> dict[str, Any]:
    ordered = sorted(segments.items(), key=lambda pair: int(pair[0]))
    return {
        "subaccountNumber": "-".join(value for _, value in ordered),
        "subaccountId": 1,
        "active": True,
        "segments": [_segment_dto(int(key), value) for key, value in ordered],
    }


def _segment_dto(key: int, value: str) -> dict[str, Any]:
    description = reference_tables.SEGMENTS.get(key, "")
    return _without_blanks({"segmentId": key, "segmentDescription": description, "segmentValue": value})


def _without_blanks(dto: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in dto.items() if value != ""}
