"""Invented customers: believable, and the same for the same seed."""

from __future__ import annotations

import unicodedata
from bisect import bisect
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import accumulate
from itertools import count as counting
from typing import Any, Final
from uuid import UUID

from reconciler.sandbox import ids, reference_tables
from reconciler.sandbox.chance import Chance
from reconciler.sandbox.customer_dto import StoredCustomer
from reconciler.sandbox.merge import Record
from reconciler.sandbox.sample_words import (
    COUNTRIES,
    ENDS,
    NETHERLANDS,
    NORWAY,
    ODD_NAMES,
    ODD_NUMBERS,
    STEMS,
    Country,
)

_FIRST_NUMBER: Final = 10000
_EPOCH: Final = datetime(2026, 1, 15, 8, 0)  # noqa: DTZ001  # UTC without mark, as the store keeps moments
_DAYS: Final = 5 * 365
_SHARES: Final = tuple(accumulate(country.weight for country in COUNTRIES))
_STATUSES: Final = ("Active",) * 90 + ("Inactive",) * 5 + ("OnHold",) * 2 + ("CreditHold",) * 2 + ("OneTime",)
_LIMITS: Final = (0, 10000, 25000, 50000, Decimal("100000.00"), Decimal("250000.50"), Decimal("19999.99"))

_PRICE_CLASSES: Final = tuple(reference_tables.PRICE_CLASSES)
_SALES_PERSONS: Final = tuple(reference_tables.SALES_PERSONS)


def seeded(
    count: int,
    seed: int,
    *,
    taken: set[str],
    first_id: int,
    first_version: int,
    odd: bool = False,
    start: int | None = None,
) -> Iterator[StoredCustomer]:
    """`count` customers, then with `odd` the awkward ones; numbers that are taken are passed over.

    Records hold what is chosen here; the rest is as the class makes it. Ids and versions rise from the first ones
    given. Raises ValueError for a negative count or start.
    """
    if count < 0 or (start is not None and start < 0):
        raise ValueError("count and start must not be negative")
    chance = Chance(f"customers {seed}")
    records = _records(chance, count, taken, _FIRST_NUMBER if start is None else start, odd)
    for at, record in enumerate(records):
        created, modified = _moments(chance)
        yield StoredCustomer(first_id + at, record["number"], first_version + at, created, modified, record)


def _records(chance: Chance, count: int, taken: set[str], start: int, odd: bool) -> Iterator[Record]:
    numbers = (number for number in map(str, counting(start)) if number not in taken)
    parents: list[str] = []
    for _ in range(count):
        record = _company(chance, next(numbers))
        _give_parent(chance, record, parents)
        yield record
    if odd:
        yield from _odd_ones(chance, taken)


def _odd_ones(chance: Chance, taken: set[str]) -> Iterator[Record]:
    for number, name in zip(ODD_NUMBERS, ODD_NAMES, strict=True):
        if number in taken:
            continue
        record = _company(chance, number)
        record["name"] = name
        record["note"] = f"{name}\r\n\tsecond line"
        _give_parent(chance, record, [])
        yield record


def _give_parent(chance: Chance, record: Record, parents: list[str]) -> None:
    """Sometimes a parent among the customers made before; the first of them become parents."""
    if parents and chance.random() < 0.05:
        record["parentRecordNumber"] = chance.pick(parents)
    elif len(parents) < 500 and chance.random() < 0.1:
        parents.append(record["number"])


def _moments(chance: Chance) -> tuple[str, str]:
    """When a customer was created and last modified, as the store keeps moments."""
    age = timedelta(0, chance.below(_DAYS * 86400), chance.below(1000) * 1000)
    created = _EPOCH - age
    modified = created + age * (chance.random() ** 2)
    return _milliseconds(created), _milliseconds(modified)


def _milliseconds(moment: datetime) -> str:
    return f"{moment.isoformat('T', 'milliseconds')}000"


def _company(chance: Chance, number: str) -> Record:
    country = COUNTRIES[bisect(_SHARES, chance.random() * _SHARES[-1])]
    class_id, identity = _class_id(chance, country), _identity(chance, country)
    record = {
        "customerClassId": class_id,
        "number": number,
        **identity,
        "mainAddress": _address(chance, country),
        "mainContact": _contact(chance, country, identity["name"]),
        **_terms(chance, country),
        "attributes": _attributes(chance),
        "parentRecordNumber": "",
    }
    _extras(chance, country, record)
    return record


def _class_id(chance: Chance, country: Country) -> str:
    if country is NETHERLANDS:
        return "NL"
    return "RETAIL" if chance.random() < 0.15 else reference_tables.DEFAULT_CLASS


def _identity(chance: Chance, country: Country) -> dict[str, Any]:
    place = chance.pick(STEMS) + chance.pick(ENDS)
    number = country.number(chance)
    liable = chance.random() < 0.9
    return {
        "name": f"{place} {chance.pick(country.trades)} {chance.pick(country.forms)}",
        "corporateId": number,
        "vatRegistrationId": country.vat(number) if liable else "",
        "gln": ids.location_number(chance, country.gln) if chance.random() < 0.3 else "",
        "status": chance.pick(_STATUSES),
    }


def _address(chance: Chance, country: Country) -> dict[str, str]:
    postal_code, city, county = chance.pick(country.towns)
    house = f"{1 + chance.below(120)}{chance.pick(('', '', '', ' A', ' B'))}"
    return {
        "addressLine1": f"{chance.pick(country.streets)} {house}",
        "addressLine2": f"Postboks {1 + chance.below(999)}" if chance.random() < 0.1 else "",
        "addressLine3": "",
        "postalCode": postal_code,
        "city": city,
        "countryId": country.code,
        "county": county,
    }


def _contact(chance: Chance, country: Country, name: str) -> dict[str, str]:
    person = f"{chance.pick(country.first_names)} {chance.pick(country.last_names)}"
    domain = f"{_plain(name.split(maxsplit=1)[0])}.{country.domain}"
    low = 10 ** (country.phone_digits - 1)
    return {
        "name": name,
        "attention": person if chance.random() < 0.6 else "",
        "email": f"{chance.pick(('post', 'faktura', 'info', 'regnskap'))}@{domain}",
        "web": f"https://www.{domain}" if chance.random() < 0.4 else "",
        "phone1": f"{country.phone}{2 * low + chance.below(8 * low)}",
        "phone2": "",
        "fax": "",
    }


@lru_cache(maxsize=1024)
def _plain(word: str) -> str:
    """A word as it can stand in a domain name."""
    word = word.lower().replace("ø", "o").replace("æ", "ae")
    return unicodedata.normalize("NFKD", word).encode("ascii", "ignore").decode()


def _terms(chance: Chance, country: Country) -> dict[str, Any]:
    limit = chance.pick(_LIMITS)
    return {
        "currencyId": country.currency,
        "vatZoneId": country.vat_zone,
        "creditTermsId": chance.pick(("10", "14", "30", "30", "30", "45")),
        "creditLimit": limit,
        "creditVerification": "CreditLimit" if limit else "Disabled",
        "numberOfEmployees": 1 + chance.below(400) if chance.random() < 0.3 else None,
        "priceClassId": chance.pick(_PRICE_CLASSES) if chance.random() < 0.2 else "",
    }


def _attributes(chance: Chance) -> dict[str, str]:
    attributes = {"REGION": chance.pick(("NORTH", "SOUTH", "EAST", "WEST"))} if chance.random() < 0.7 else {}
    if chance.random() < 0.4:
        attributes["SEGMENT"] = chance.pick(("SMB", "MID", "ENT", "PUB"))
    if chance.random() < 0.05:
        attributes["VIP"] = "1"
    return attributes


def _extras(chance: Chance, country: Country, record: Record) -> None:
    """Notes, sales persons, an own delivery address, direct debits in the Netherlands."""
    if chance.random() < 0.05:
        record["note"] = "Calls before delivery.\r\nInvoice by the month."
    if chance.random() < 0.1:
        person = chance.pick(_SALES_PERSONS)
        line = {
            "salesPersonID": person,
            "locationID": "Main",
            "commissionPct": Decimal("2.5"),
            "isDefault": True,
        }
        record["salesPersons"] = [line]
    if chance.random() < 0.08:
        record["deliveryAddress"] = _address(chance, country)
    if country is NETHERLANDS:
        record["directDebitLines"] = [_mandate(chance, record["number"])]
    if country is NORWAY and chance.random() < 0.05:
        record["accountReference"] = f"L{10000 + chance.below(90000)}"


def _mandate(chance: Chance, number: str) -> dict[str, Any]:
    iban, bic = ids.dutch_account(chance)
    signed = (_EPOCH - timedelta(chance.below(_DAYS))).date()
    return {
        "id": str(UUID(int=chance.getrandbits(128), version=4)),
        "mandateId": f"M{number}",
        "dateOfSignature": f"{signed.isoformat()}T00:00:00",
        "isDefault": True,
        "oneTime": False,
        "bic": bic,
        "iban": iban,
        "maxAmount": Decimal("2500.00"),
    }
