# ruff: noqa: S311  # chance here must be repeatable, not secret
"""Invented customers: believable, and the same for the same seed."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count as counting
from random import Random
from typing import Any, Final
from uuid import UUID

from reconciler.sandbox import ids, refs
from reconciler.sandbox.clock import moment_text
from reconciler.sandbox.merge import Record, apply_class, blank_record
from reconciler.sandbox.places import (
    COUNTRIES,
    ENDS,
    NETHERLANDS,
    NORWAY,
    ODD_NAMES,
    ODD_NUMBERS,
    STEMS,
    Country,
)
from reconciler.sandbox.render import Stored

_FIRST_NUMBER: Final = 10000
_EPOCH: Final = datetime(2026, 1, 15, 8, 0, tzinfo=UTC)
_DAYS: Final = 5 * 365
_WEIGHTS: Final = [one.weight for one in COUNTRIES]
_STATUSES: Final = ("Active",) * 90 + ("Inactive",) * 5 + ("OnHold",) * 2 + ("CreditHold",) * 2 + ("OneTime",)
_LIMITS: Final = (0, 10000, 25000, 50000, Decimal("100000.00"), Decimal("250000.50"), Decimal("19999.99"))


def seeded(
    count: int, seed: int, *, taken: set[str], first_id: int, odd: bool = False, start: int | None = None
) -> Iterator[Stored]:
    """`count` customers, then with `odd` the awkward ones; numbers that are taken are passed over.

    Raises ValueError for a negative count. Versions are left 0 for the store to give.
    """
    if count < 0:
        raise ValueError("count must not be negative")
    chance = Random(f"customers {seed}")
    numbers = (str(one) for one in counting(_FIRST_NUMBER if start is None else start) if str(one) not in taken)
    parents: list[tuple[str, str]] = []
    internal_id = first_id
    for _ in range(count):
        one = _stored(internal_id, _company(chance, next(numbers)), chance, parents)
        internal_id += 1
        yield one
    if odd:
        yield from _odd_ones(chance, taken, internal_id)


def _odd_ones(chance: Random, taken: set[str], internal_id: int) -> Iterator[Stored]:
    for number, name in zip(ODD_NUMBERS, ODD_NAMES, strict=True):
        if number in taken:
            continue
        record = _company(chance, number)
        record["name"] = name
        record["note"] = f"{name}\r\n\tsecond line"
        yield _stored(internal_id, record, chance, [])
        internal_id += 1


def _stored(internal_id: int, record: Record, chance: Random, parents: list[tuple[str, str]]) -> Stored:
    """Dates, and sometimes a parent among the customers made before."""
    name = ""
    if parents and chance.random() < 0.05:
        record["parentRecordNumber"], name = chance.choice(parents)
    elif len(parents) < 500 and chance.random() < 0.1:
        parents.append((record["number"], record["name"]))
    age = timedelta(seconds=chance.randrange(_DAYS * 86400), milliseconds=chance.randrange(1000))
    created = _EPOCH - age
    modified = created + age * (chance.random() ** 2)
    return Stored(internal_id, record["number"], 0, moment_text(created), _milliseconds(modified), record, name)


def _milliseconds(moment: datetime) -> str:
    return moment_text(moment.replace(microsecond=moment.microsecond // 1000 * 1000))


def _company(chance: Random, number: str) -> Record:
    (country,) = chance.choices(COUNTRIES, _WEIGHTS)
    record = blank_record()
    record["number"] = number
    record["customerClassId"] = _class_id(chance, country)
    apply_class(record)
    record.update(_identity(chance, country))
    record["mainAddress"].update(_address(chance, country))
    record["mainContact"].update(_contact(chance, country, record["name"]))
    record.update(_terms(chance, country))
    record["attributes"] = _attributes(chance)
    _extras(chance, country, record)
    return record


def _class_id(chance: Random, country: Country) -> str:
    if country is NETHERLANDS:
        return "NL"
    return "RETAIL" if chance.random() < 0.15 else refs.DEFAULT_CLASS


def _identity(chance: Random, country: Country) -> dict[str, Any]:
    place = chance.choice(STEMS) + chance.choice(ENDS)
    number = country.number(chance)
    liable = chance.random() < 0.9
    return {
        "name": f"{place} {chance.choice(country.trades)} {chance.choice(country.forms)}",
        "corporateId": number,
        "vatRegistrationId": country.vat(number) if liable else "",
        "gln": ids.location_number(chance, country.gln) if chance.random() < 0.3 else "",
        "status": chance.choice(_STATUSES),
    }


def _address(chance: Random, country: Country) -> dict[str, str]:
    postal_code, city, county = chance.choice(country.towns)
    house = f"{chance.randint(1, 120)}{chance.choice(('', '', '', ' A', ' B'))}"
    return {
        "addressLine1": f"{chance.choice(country.streets)} {house}",
        "addressLine2": f"Postboks {chance.randint(1, 999)}" if chance.random() < 0.1 else "",
        "postalCode": postal_code,
        "city": city,
        "countryId": country.code,
        "county": county,
    }


def _contact(chance: Random, country: Country, name: str) -> dict[str, str]:
    person = f"{chance.choice(country.first_names)} {chance.choice(country.last_names)}"
    domain = f"{_plain(name.split(maxsplit=1)[0])}.{country.domain}"
    low = 10 ** (country.phone_digits - 1)
    return {
        "name": name,
        "attention": person if chance.random() < 0.6 else "",
        "email": f"{chance.choice(('post', 'faktura', 'info', 'regnskap'))}@{domain}",
        "web": f"https://www.{domain}" if chance.random() < 0.4 else "",
        "phone1": f"{country.phone}{chance.randrange(2 * low, 10 * low)}",
    }


def _plain(word: str) -> str:
    """A word as it can stand in a domain name."""
    word = word.lower().replace("ø", "o").replace("æ", "ae")
    return unicodedata.normalize("NFKD", word).encode("ascii", "ignore").decode()


def _terms(chance: Random, country: Country) -> dict[str, Any]:
    limit = chance.choice(_LIMITS)
    return {
        "currencyId": country.currency,
        "vatZoneId": country.vat_zone,
        "creditTermsId": chance.choice(("10", "14", "30", "30", "30", "45")),
        "creditLimit": limit,
        "creditVerification": "CreditLimit" if limit else "Disabled",
        "numberOfEmployees": chance.randint(1, 400) if chance.random() < 0.3 else None,
        "priceClassId": chance.choice(list(refs.PRICE_CLASSES)) if chance.random() < 0.2 else "",
    }


def _attributes(chance: Random) -> dict[str, str]:
    found = {"REGION": chance.choice(("NORTH", "SOUTH", "EAST", "WEST"))} if chance.random() < 0.7 else {}
    if chance.random() < 0.4:
        found["SEGMENT"] = chance.choice(("SMB", "MID", "ENT", "PUB"))
    if chance.random() < 0.05:
        found["VIP"] = "1"
    return found


def _extras(chance: Random, country: Country, record: Record) -> None:
    """Notes, sales persons, an own delivery address, direct debits in the Netherlands."""
    if chance.random() < 0.05:
        record["note"] = "Calls before delivery.\r\nInvoice by the month."
    if chance.random() < 0.1:
        person = chance.choice(list(refs.SALES_PERSONS))
        line = {
            "salesPersonID": person,
            "locationID": "Main",
            "commissionPct": Decimal("2.5"),
            "isDefault": True,
        }
        record["salesPersons"] = [line]
    if chance.random() < 0.08:
        record["deliveryAddress"] = {**record["mainAddress"], **_address(chance, country)}
    if country is NETHERLANDS:
        record["directDebitLines"] = [_mandate(chance, record["number"])]
    if country is NORWAY and chance.random() < 0.05:
        record["accountReference"] = f"L{chance.randint(10000, 99999)}"


def _mandate(chance: Random, number: str) -> dict[str, Any]:
    iban, bic = ids.dutch_account(chance)
    signed = (_EPOCH - timedelta(days=chance.randrange(_DAYS))).date()
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
