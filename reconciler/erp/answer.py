"""An answer as it came, and JSON in and out: exact decimals, no binary rounding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypedDict

import msgspec

_DECODER = msgspec.json.Decoder(float_hook=Decimal)
_ENCODER = msgspec.json.Encoder(decimal_format="number")
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Answer:
    """A response: `headers` by lower-case name, `body` decompressed; `whole` says whether all of it came."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)
    whole: bool = True


def parse(body: bytes) -> Any:
    """JSON values with Decimal for every number that is not written as an integer. Raises ValueError."""
    try:
        return _DECODER.decode(body.removeprefix(_BOM))
    except (RecursionError, ArithmeticError) as error:
        raise ValueError(str(error)) from None


def parse_rows(body: bytes, names: frozenset[str]) -> list[dict[str, Any]] | None:
    """The objects of a JSON array as `parse` gives them, with only these members; None when it is something else."""
    try:
        return _rows_decoder(names).decode(body.removeprefix(_BOM))
    except (ValueError, RecursionError, ArithmeticError):
        return None


@lru_cache(maxsize=16)
def _rows_decoder(names: frozenset[str]) -> msgspec.json.Decoder[list[dict[str, Any]]]:
    """msgspec passes over what a TypedDict does not name without making objects of it."""
    row = TypedDict("row", dict.fromkeys(sorted(names), Any), total=False)  # type: ignore[misc]  # made at run time
    return msgspec.json.Decoder(list[row], float_hook=Decimal)


def render(body: Mapping[str, Any]) -> bytes:
    """A request body; Decimals become JSON numbers digit by digit."""
    return _ENCODER.encode(body)
