"""An answer as it came, and JSON in and out: exact decimals, no binary rounding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

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


def render(body: Mapping[str, Any]) -> bytes:
    """A request body; Decimals become JSON numbers digit by digit."""
    return _ENCODER.encode(body)
