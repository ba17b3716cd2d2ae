"""JSON text with exact numbers: 19.99 in, 19.99 out.

The standard encoder knows floats only, and a float would change the digits of an amount. Amounts are read as
`Decimal` and written by way of a marker that no sender can guess.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable
from decimal import Decimal
from operator import itemgetter
from typing import Any

_MARK = f"decimal:{secrets.token_hex(8)}:"
_MARKED = re.compile(f'"{_MARK}([^"]*)"')
_AMOUNT: Callable[[re.Match[str]], str] = itemgetter(1)


def _refuse_constant(word: str) -> None:
    raise ValueError(f"{word} is not JSON")


def loads(text: str) -> Any:
    """Parse JSON; fractions become `Decimal`. Raises ValueError for anything that is not JSON."""
    try:
        return _DECODER.decode(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _mark(value: object) -> str:
    if isinstance(value, Decimal):
        return f"{_MARK}{value}"
    raise TypeError(f"{type(value).__name__} is no JSON value")


_DECODER = json.JSONDecoder(parse_float=Decimal, parse_constant=_refuse_constant)
_ENCODER = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":"), default=_mark)


def dumps(value: object) -> str:
    """Compact JSON text; a `Decimal` is written with exactly its digits."""
    text = _ENCODER.encode(value)
    return _MARKED.sub(_AMOUNT, text) if _MARK in text else text
