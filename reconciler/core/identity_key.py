"""Who is the same customer: one rule for pairing, findings, look-ups before a create, `validate` and filters. Pure.

Organisation numbers and VAT ids compare by their letters and digits alone, without case: `556677-8899` is `5566778899`.
That is sure sameness. What one side writes around the organisation number and the other does not (a country's prefix,
`MVA`, the digits that make a Swedish or Dutch VAT id of it) is likely sameness, and so is a customer number that is the
same but for leading zeros, `.0` or an exponent. What is written to the ERP stays as declared; only the comparison uses
these keys. The forms of the countries' ids are those of python-stdnum.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from functools import cache

_SHORTEST_STEM = 6
"""Characters below which what is left of an id tells no organisation apart."""

HALF = 7
"""Digits of the shortest organisation number (FI, without its leading zero): two spellings of one id have so many in
common at one end."""

_DIGITS = re.compile(r"\d+")
_BODY = re.compile(r"[A-Z]?\d")
_LABEL = re.compile(
    r"(?:FORETAKSREGISTERET|ORGANISASJONSNUMMER|ORGANISATIONSNUMMER|ORGNUMMER|ORGNR|ORG|CVRNUMMER|CVRNR|CVR|SENR"
    r"|YTUNNUS|FONUMMER|ALVNRO|ALV|KVKNUMMER|KVKNR|KVK|RSIN|BTWNUMMER|BTWNR|BTW|MOMSNR|MOMS|MVANR|VATNUMBER|VATNO|VAT)"
    r"(?=[A-Z]{0,2}\d)"
)
"""What people write in front of an id, in the languages of the five countries, without its blanks and points."""
_REGISTER = "FORETAKSREGISTERET"
_SWISS = re.compile(r"(?:MWST|TVA|IVA|HR)$")
"""What stands behind a Swiss id: that it is the one for VAT, in the three languages, or of the register."""
_DUTCH = re.compile(r"\d{9}B\d{2}")
_CENTURIES = ("16", "18", "19", "20")
"""What Swedish authorities put before the ten digits of an organisation (16) or of a person who trades."""
_NUMERAL = re.compile(r"\+?(\d{1,30})(?:[.,](\d{0,30}))?(?:[eE]\+?(\d{1,2}))?")
_GROUPED = re.compile(r"\d{1,3}(?:([., '\u2019])\d{3})(?:\1\d{3})*")
_DASHES = re.compile("[\u2010-\u2015\u2212\ufe58\ufe63\uff0d]")


def identity_key(text: str) -> str:
    """Letters and digits in upper case; empty for an id without any, which is nobody's.

    >>> identity_key("NO 923 456 789 MVA"), identity_key("556677-8899"), identity_key(" - ")
    ('NO923456789MVA', '5566778899', '')
    """
    if text.isascii():  # nearly every id
        return (text if text.isalnum() else "".join(filter(str.isalnum, text))).upper()
    plain = unicodedata.normalize("NFKC", text).upper()
    return "".join(str(unicodedata.digit(char)) if char.isdigit() else char for char in plain if char.isalnum())


def organisation_number(key: str) -> str:
    """The organisation number that an id holds, without country, `MVA` and the digits that a VAT id adds.

    key: an `identity_key`. Empty when too little is left to tell organisations apart.

    >>> organisation_number("NO923456789MVA"), organisation_number("SE556677889901"), organisation_number("DK12345678")
    ('923456789', '5566778899', '12345678')
    """
    country, body = _split(key) if not key.isdecimal() else ("", key)  # as most are
    if country in ("", "NO") and not body.isdecimal():
        body = body.removesuffix(_REGISTER).removesuffix("MVA")
    if country == "CH":
        body = _SWISS.sub("", body)
    if len(body) == 12 and country in ("", "SE"):
        from stdnum.se import orgnr  # noqa: PLC0415 (12 ms, when ids are held against each other)
        from stdnum.se import vat as se_vat  # noqa: PLC0415 (as above)

        if body.startswith(_CENTURIES) and orgnr.is_valid(body[2:]) and not se_vat.is_valid(body):
            body = body[2:]
        elif country or se_vat.is_valid(body):
            body = body[:10]  # the last two digits count the organisation's registrations
    if country in ("", "NL") and _DUTCH.fullmatch(body):
        body = body[:9]  # B01 counts the units of the organisation
    if len(body) < _SHORTEST_STEM:
        return ""
    return body.lstrip("0") if body.isdecimal() else body  # a spreadsheet takes leading zeros away


def same_organisation(one: str, other: str) -> bool:
    """Whether two `identity_key`s likely name one organisation: the numbers agree, and the countries do not differ."""
    countries = {country for country, _ in (_split(one), _split(other)) if country}
    if len(countries) > 1:
        return False
    number = organisation_number(one)
    return bool(number and number == organisation_number(other)) or _holds(one, other) or _holds(other, one)


def digit_run(key: str) -> str:
    """The longest run of digits of an id, without leading zeros; empty where it is too short for an organisation.

    >>> digit_run("0192923456789"), digit_run("923456789AVD2"), digit_run("A12")
    ('192923456789', '923456789', '')
    """
    run = (key if key.isdecimal() else max(_DIGITS.findall(key), key=len, default="")).lstrip("0")
    return run if len(run) >= HALF else ""


def _holds(one: str, other: str) -> bool:
    """Whether the digits of one id begin or end with the organisation number of the other: whatever else was written
    around it (a Peppol scheme, a telephone's country, `.0` of a spreadsheet, a century, the name of a place)."""
    number, run = organisation_number(other), digit_run(one)
    return len(number) >= HALF and number.isdecimal() and (run.startswith(number) or run.endswith(number))


def _split(key: str) -> tuple[str, str]:
    """The country in front, if there is one, and the rest, without what only says that it is an id."""
    key = _LABEL.sub("", key, count=1) if key[:1].isalpha() else key
    country, body = key[:2], key[2:]
    if country not in _prefixes():
        return "", key
    body = _LABEL.sub("", body, count=1)
    return (country, body) if _BODY.match(body) else ("", key)


@cache
def _prefixes() -> frozenset[str]:
    """Countries whose VAT ids are written with the country in front. Greece writes EL."""
    from stdnum.eu.vat import MEMBER_STATES  # noqa: PLC0415 (12 ms, when ids are held against each other)

    return frozenset({code.upper() for code in MEMBER_STATES} | {"EL", "NO", "GB", "CH", "IS"})


def numeral_keys(number: str) -> frozenset[str]:
    """The forms in which customer numbers are likely the same: `0010`, `10.0` and `1E+01` are all `10`.

    Two where a point may part thousands. Numbers with other characters are themselves, with plain dashes.

    >>> {key for number in ("10", "0010", "10.0", "1E+01", "1e1", "10.") for key in numeral_keys(number)}
    {'10'}
    >>> sorted(numeral_keys("10.000")), numeral_keys("10 000") == numeral_keys("10000"), numeral_keys("A\u201310")
    (['10', '10000'], True, frozenset({'A-10'}))
    """
    text = number.strip()
    if text.isascii() and text.isdecimal():  # nearly every number
        return frozenset({text.lstrip("0") or "0"})
    grouped = "".join(filter(str.isdigit, text)) if _GROUPED.fullmatch(text) else ""
    found = _NUMERAL.fullmatch(text)
    if found is None:
        return frozenset({grouped.lstrip("0") or "0"} if grouped else {_DASHES.sub("-", text).upper()})
    value = Decimal(f"{found[1]}.{found[2] or 0}E{found[3] or 0}")
    return frozenset({f"{value.normalize():f}", *([grouped.lstrip("0") or "0"] if grouped else [])})


def name_key(name: str) -> str:
    """A name without case and blanks, in one Unicode form."""
    return "".join((name if name.isascii() else unicodedata.normalize("NFKC", name)).casefold().split())
