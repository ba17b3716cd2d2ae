"""Customers' values as JSON text and back, exactly: a decimal comes back as the same decimal, an integer as integer."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from reconciler.resources.values import Values

_ENCODER = msgspec.json.Encoder()
_VALUES: msgspec.json.Decoder[dict[str, Any]] = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)


def encode(values: Mapping[str, object]) -> str:
    """The values as JSON."""
    return encode_bytes(values).decode()


def encode_bytes(values: Mapping[str, object]) -> bytes:
    """The values as JSON, UTF-8."""
    return _ENCODER.encode(_exact(values))


def decode(text: str | bytes) -> Values:
    """The values from JSON. Raises msgspec.MsgspecError."""
    return _VALUES.decode(text)


def _exact(values: Mapping[str, object]) -> Mapping[str, object]:
    """The values with decimals as JSON numbers that no reader takes for integers; a copy where there are any."""
    changed: dict[str, object] = {}
    for key, value in values.items():
        kind = type(value)
        if kind is str or value is None:
            continue  # nearly all are
        if kind is dict:
            below = _exact(value)  # type: ignore[arg-type]  # kind says so
            if below is not value:
                changed[key] = below
        elif isinstance(value, Decimal):
            changed[key] = _number(value)
    return {**values, **changed} if changed else values


def _number(value: Decimal) -> msgspec.Raw:
    """As it stands when it has a point or an exponent; 100 is written 100E0."""
    text = str(value)
    if "." not in text and "E" not in text:
        if not value.is_finite():
            raise ValueError(f"{value} is no amount")
        text += "E0"
    return msgspec.Raw(text)
