"""Forms in which an ERP keeps a text otherwise than it was sent: how to compare in them, and how to know them. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from itertools import combinations
from types import MappingProxyType
from typing import Any

_BLANKS = re.compile(r"\s+")
_NUMERAL = re.compile(r"[+-]?[0-9]{1,30}(\.[0-9]{1,30})?")

FORMS: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {
        "trim": str.strip,
        "squeeze": lambda text: _BLANKS.sub(" ", text),
        "upper": str.upper,
        "lower": str.lower,
        "digits": lambda text: "".join(filter(str.isdecimal, text)),
    }
)
"""The words of `api.stores`; `squeeze` leaves one blank between words. The milder a form, the earlier it stands."""


def in_forms(text: str, forms: tuple[str, ...]) -> str:
    """The text in each of the forms, one after the other.

    >>> in_forms(" Berg  Sag ", ("upper", "trim", "squeeze"))
    'BERG SAG'
    """
    for name in forms:
        text = FORMS[name](text)
    return text


def is_form(sent: Any, stored: Any) -> bool:
    """Whether a text is what was sent but for case, blanks, punctuation, Unicode form and trailing zeros.

    In a numeral sign, point and leading zeros count: `-5` is not `5`, nor `0101` `101`.

    >>> is_form("Berg & Sag AS", "BERG SAG AS"), is_form("1.50", "1.5"), is_form("Berg", "Dal")
    (True, True, False)
    """
    if not (isinstance(sent, str) and isinstance(stored, str)):
        return False
    ours, theirs = _amount(sent), _amount(stored)
    if ours is not None and theirs is not None:
        return ours == theirs and _whole(sent) == _whole(stored)
    if any(amount is not None and not {"-", "."}.isdisjoint(text) for amount, text in ((ours, sent), (theirs, stored))):
        return False  # a minus or a point that the other lacks is no mere punctuation
    return _bare(sent) == _bare(stored) != ""


def _bare(text: str) -> str:
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).casefold()))


def _amount(text: str) -> Decimal | None:
    bare = "".join(text.split())
    return Decimal(bare) if _NUMERAL.fullmatch(bare) else None


def _whole(text: str) -> str:
    """The sign, and the digits before the point: zeros in front are part of a code."""
    return "".join(text.split()).partition(".")[0].removeprefix("+")


def common_forms(pairs: Iterable[tuple[Any, Any]]) -> tuple[str, ...]:
    """The fewest and mildest forms in which each text sent is the one stored; empty where no words say it.

    Of equally few, those that lead to what is stored.

    >>> common_forms([("Berg  Sag", "BERG SAG")]), common_forms([("22 33 44", "223344")]), common_forms([("A", "B")])
    (('squeeze', 'upper'), ('digits',), ())
    """
    texts = [(str(sent), str(stored)) for sent, stored in pairs]
    candidates = (
        forms
        for forms in _choices()
        if all(in_forms(sent, forms) == in_forms(stored, forms) != "" for sent, stored in texts)
    )
    return min(
        candidates, key=lambda forms: (len(forms), any(in_forms(one, forms) != two for one, two in texts)), default=()
    )


def _choices() -> Iterator[tuple[str, ...]]:
    for size in range(1, len(FORMS)):
        yield from (forms for forms in combinations(FORMS, size) if not {"upper", "lower"} <= set(forms))
