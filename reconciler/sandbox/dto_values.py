# ruff: noqa: TRY004  # a value of the wrong type is one more value that does not fit
"""Single JSON values of a body: strict about type and range, as Q32 assumes."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from reconciler.sandbox.dto_members import Member

_RANGES: Final = {"int16": 1 << 15, "int32": 1 << 31}
_DECIMAL_LIMIT: Final = Decimal("79228162514264337593543950335")
"""Largest value of the platform's decimal type."""


def check_value(value: object, shape: Member) -> Any:
    """The value as it is stored. Raises ValueError with the reason when it does not fit the shape."""
    return _CHECKS[shape.kind](value, shape)


def _text(value: object, _: Member) -> str:
    if not isinstance(value, str):
        raise ValueError(f"expected a string, got {_kind(value)}")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError("half of a surrogate pair is no text") from None
    return value


def _boolean(value: object, _: Member) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"expected true or false, got {_kind(value)}")
    return value


def _whole(value: object, shape: Member) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"expected a whole number, got {_kind(value)}")
    limit = _RANGES[shape.kind]
    if not -limit <= value < limit:
        raise ValueError(f"{shape.kind} cannot hold the number")
    return value


def _decimal(value: object, _: Member) -> int | Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError(f"expected a number, got {_kind(value)}")
    if not -_DECIMAL_LIMIT <= value <= _DECIMAL_LIMIT or (isinstance(value, Decimal) and value.adjusted() < -100):
        raise ValueError("decimal cannot hold the number")
    return value


def _moment(value: object, shape: Member) -> str:
    """A date-time, stored without zone in UTC (fact sheet 11.9 leaves the zone open)."""
    text = _text(value, shape)
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            moment = moment.astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        raise ValueError(f"{text!r} is no date-time") from None
    return moment.isoformat()


def _enum(value: object, shape: Member) -> str:
    if not isinstance(value, str) or value not in shape.choices:
        raise ValueError(f"expected {', '.join(shape.choices)}, got {_shown(value)}")
    return value


def _uuid(value: object, _: Member) -> str:
    try:
        return str(uuid.UUID(value if isinstance(value, str) else ""))
    except ValueError:
        raise ValueError(f"expected a uuid, got {_shown(value)}") from None


def _segments(value: object, _: Member) -> dict[str, str]:
    """A bare array of segmentId and segmentValue, both bare (fact sheet 11.4)."""
    if not isinstance(value, list):
        raise ValueError(f"expected an array, got {_kind(value)}")
    return dict(_segment(line) for line in value)


def _segment(line: object) -> tuple[str, str]:
    if not isinstance(line, dict):
        raise ValueError(f"expected segmentId and segmentValue, got {_kind(line)}")
    members = {str(name).lower(): value for name, value in line.items()}
    segment = _whole(members.get("segmentid"), Member("int32"))
    return str(segment), _text(members.get("segmentvalue", ""), Member("text"))


def _kind(value: object) -> str:
    names: dict[type, str] = {dict: "an object", list: "an array", str: "a string", bool: "a boolean"}
    return "null" if value is None else names.get(type(value), "a number")


def _shown(value: object) -> str:
    return repr(value)[:80] if isinstance(value, str) else _kind(value)


_CHECKS: Final[dict[str, Callable[[object, Member], Any]]] = {
    "text": _text,
    "bool": _boolean,
    "int16": _whole,
    "int32": _whole,
    "decimal": _decimal,
    "moment": _moment,
    "enum": _enum,
    "uuid": _uuid,
    "segments": _segments,
}
