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
from decimal import Decimal, InvalidOperation

from stdnum.eu.vat import MEMBER_STATES
from stdnum.nl import btw
from stdnum.se import vat as se_vat

PREFIXES = frozenset({code.upper() for code in MEMBER_STATES} | {"EL", "NO", "GB", "CH", "IS"})
"""Countries whose VAT ids are written with the country in front. Greece writes EL."""

_SHORTEST_STEM = 6
"""Characters below which what is left of an id tells no organisation apart."""

_BODY = re.compile(r"[A-Z]?\d")
_NUMERAL = re.compile(r"\d{1,30}(\.\d{1,30})?([eE]\+?\d{1,2})?")


def identity_key(text: str) -> str:
    """Letters and digits in upper case; empty for an id without any, which is nobody's.

    >>> identity_key("NO 923 456 789 MVA"), identity_key("556677-8899"), identity_key(" - ")
    ('NO923456789MVA', '5566778899', '')
    """
    if text.isascii():  # nearly every id
        return "".join(filter(str.isalnum, text)).upper()
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).upper()))


def organisation_number(key: str) -> str:
    """The organisation number that an id holds, without country, `MVA` and the digits that a VAT id adds.

    key: an `identity_key`. Empty when too little is left to tell organisations apart.

    >>> organisation_number("NO923456789MVA"), organisation_number("SE556677889901"), organisation_number("DK12345678")
    ('923456789', '5566778899', '12345678')
    """
    country, body = _split(key)
    if country in ("", "NO"):
        body = body.removesuffix("MVA")
    if len(body) == 12 and (country == "SE" or (not country and se_vat.is_valid(body))):
        body = body[:10]  # the last two digits count the organisation's registrations
    if len(body) == 12 and (country == "NL" or (not country and btw.is_valid(body))):
        body = body[:9]  # B01 counts the units of the organisation
    return body if len(body) >= _SHORTEST_STEM else ""


def same_organisation(one: str, other: str) -> bool:
    """Whether two `identity_key`s likely name one organisation: the numbers agree, and the countries do not differ."""
    countries = {country for country, _ in (_split(one), _split(other)) if country}
    number = organisation_number(one)
    return bool(number) and number == organisation_number(other) and len(countries) < 2


def _split(key: str) -> tuple[str, str]:
    """The country in front, if there is one, and the rest."""
    country, body = key[:2], key[2:]
    return (country, body) if country in PREFIXES and _BODY.match(body) else ("", key)


def numeral_key(number: str) -> str:
    """The form in which customer numbers are likely the same: `0010`, `10.0` and `1E+01` are all `10`.

    Numbers with other characters are themselves.

    >>> {numeral_key(number) for number in ("10", "0010", "10.0", "1E+01", "1e1")}, numeral_key("A-10")
    ({'10'}, 'A-10')
    """
    text = number.strip()
    if not _NUMERAL.fullmatch(text):
        return text.upper()
    try:
        value = Decimal(text)
    except InvalidOperation:  # pragma: no cover - the pattern admits decimals only
        return text.upper()
    return f"{value.normalize():f}"


def name_key(name: str) -> str:
    """A name without case and blanks, in one Unicode form."""
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())
