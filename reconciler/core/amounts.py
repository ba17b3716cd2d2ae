"""The one form in which amounts are compared, sent, kept and shown: without zeros that change nothing. Pure."""

from __future__ import annotations

from decimal import Decimal

_DIGITS = 60
"""More digits than any amount has; 1e999999999 would be a billion of them."""


def plain(value: Decimal) -> Decimal:
    """The same amount as `25` for 25.000, which is easily read as 25 thousand.

    >>> plain(Decimal("25.000")), plain(Decimal("2E+3")), plain(Decimal("25.10"))
    (Decimal('25'), Decimal('2000'), Decimal('25.1'))
    """
    return Decimal(plain_text(value))


def plain_text(value: Decimal) -> str:
    """Its digits, for people.

    >>> plain_text(Decimal("25.125")), plain_text(Decimal("1E+99"))
    ('25.125', '1E+99')
    """
    if not value.is_finite() or abs(value.adjusted()) >= _DIGITS:
        return str(value)
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def written(value: Decimal) -> str:
    """Its digits for a file that is read again: a fourth decimal shows that the point parts no thousands.

    >>> [written(Decimal(text)) for text in ("25.000", "25.10", "25.125", "2E+3")]
    ['25', '25.1', '25.1250', '2000']
    """
    text = plain_text(value)
    return f"{text}0" if len(text.partition(".")[2]) == 3 else text
