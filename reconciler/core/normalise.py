"""How two values of a field compare: the form in which equal means "no change"."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal

from reconciler.core.amounts import plain
from reconciler.core.identity_key import identity_key, name_key
from reconciler.core.stored_forms import in_forms
from reconciler.resources.customer import CUSTOMER
from reconciler.resources.grammar import Comparison, Field, Kind, Resource
from reconciler.resources.values import Scalar

_MIDNIGHT = re.compile(r"[T ]00:00:00(\.0+)?$")
_ZONE = re.compile(r"(Z|[+-]\d{2}:\d{2})$")
_FRACTION = re.compile(r"(\.\d*?)0+$")


def nfc(text: str) -> str:
    """The text in Unicode's composed form: `é` is one character however it was typed."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def number_key(number: str) -> str:
    """The form in which two customer numbers are the same: trimmed and upper-cased (fact sheet 11.8, Q22).

    >>> number_key(" a-17 ") == number_key("A-17")
    True
    """
    return number.strip().upper()


def attribute_key(identity: str) -> str:
    """The form in which two attribute ids are the same: composed, trimmed and upper-cased.

    What the ERP makes of the case of an id is not known; no two attributes are told apart by it here, and a customer's
    own spelling is sent where it has one.
    """
    return nfc(identity).strip().upper()


def date_key(text: str) -> str:
    """A date, or a date with its time when that is not midnight; the zone is dropped: the ERP's is unknown (11.9).

    >>> date_key("2026-01-31T00:00:00Z"), date_key("2026-01-31T13:00:00.50")
    ('2026-01-31', '2026-01-31T13:00:00.5')
    """
    bare = text.strip()
    if len(bare) > 10:
        bare = _ZONE.sub("", bare.replace(" ", "T", 1))
    bare = _FRACTION.sub(r"\1", bare).removesuffix(".") if "." in bare else bare
    return _MIDNIGHT.sub("", bare)


def normalise(row: Field, value: Scalar) -> Scalar:
    """The value in the form in which it is compared and shown.

    Absent, null and "" are one thing for text (11.7). Texts of one line lose surrounding blanks, and Unicode is in its
    composed form; amounts lose the zeros that change nothing: 25.000 is 25.
    """
    if value is None or value == "":
        return None
    if isinstance(value, str):
        text = nfc(value)
        if row.kind is Kind.DATE:
            return date_key(text) or None
        return (text if row.multiline else text.strip()) or None
    if isinstance(value, Decimal):
        return plain(value)
    if row.kind is Kind.DECIMAL and isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    return value


def same(row: Field, one: Scalar, other: Scalar) -> bool:
    """Whether two normalised values are equal for the field; True is never 1."""
    if row.kind is Kind.NUMBER and isinstance(one, str) and isinstance(other, str):
        return number_key(one) == number_key(other)
    is_keyed = row.comparison is not Comparison.EXACT or bool(row.forms)
    if is_keyed and isinstance(one, str) and isinstance(other, str) and one != other:
        key = comparison_key(row, one)
        return bool(key) and key == comparison_key(row, other)
    return type(one) is type(other) and one == other


def comparison_key(row: Field, text: str) -> str:
    """The form in which two texts of the field are the same value, also as this ERP keeps it (`Field.forms`).

    Empty where no form of it says anything.

    >>> comparison_key(CUSTOMER.leaf(("mainContact", "phone1")), "0047 22 33 44 55")
    '+4722334455'
    """
    text = in_forms(text, row.forms)
    match row.comparison:
        case Comparison.ID:
            return identity_key(text)
        case Comparison.PHONE:
            digits = "".join(filter(str.isdecimal, text))
            return f"+{digits.removeprefix('00')}" if text.strip().startswith(("+", "00")) else digits
        case _:
            return text


def match_key(member: str, value: object, resource: Resource = CUSTOMER) -> str:
    """The form in which two values of a match field find the same record; empty for what finds nothing.

    Ids compare by their key, other texts without case and blanks: a name typed otherwise must not be created again.
    """
    row = resource.leaf((member,))
    if row is None or not isinstance(value, str):
        return ""
    return name_key(value) if row.comparison is Comparison.EXACT else comparison_key(row, value)


def satisfied(row: Field, want: Scalar, have: Scalar) -> bool:
    """Whether the live value is what is declared: the same, or false where a flag was cleared.

    The ERP may keep a cleared flag as false (fact sheet 14, Q15); asking again would change nothing. The other way
    round counts: false is sent where the ERP has no value yet.
    """
    return same(row, have, want) or (row.kind is Kind.BOOLEAN and want is None and have is False)
