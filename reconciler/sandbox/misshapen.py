"""Customers as a careful client does not expect them: more members than specified, or members of a wrong shape."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from reconciler.sandbox.jsontext import dumps, loads

Dto = dict[str, Any]


def _wrong_types(dto: Dto) -> Dto:
    wrong = {"name": [dto.get("name")], "status": 7, "mainAddress": "Storgata 7", "creditLimit": {"amount": 5}}
    return {**dto, **wrong, "attributes": {}, "lastModifiedDateTime": 20260301}


def _wrong_identity(dto: Dto) -> Dto:
    return {**dto, "internalId": f"no {dto['internalId']}", "number": {"value": dto["number"]}}


def _half_a_surrogate(dto: Dto) -> Dto:
    """Half of a pair is escaped in JSON, as it cannot be encoded."""
    return {**dto, "name": f"{dto.get('name', '')}\ud800"}


def _absurd_amounts(dto: Dto) -> Dto:
    """Amounts whose digits would fill the memory; as text, since no float holds them (see `with_oddities`)."""
    return {**dto, "creditLimit": _ABSURD}


def _without_number(dto: Dto) -> Dto:
    return {name: value for name, value in dto.items() if name != "number"}


_ABSURD = "1e999999999"

_SHAPES: Final[dict[str, Callable[[Dto], object]]] = {
    "types": _wrong_types,
    "identity": _wrong_identity,
    "surrogate": _half_a_surrogate,
    "unnumbered": _without_number,
    "members": lambda dto: {**dto, "extras": {"a": 1}, "loyaltyLevel": "gold"},
    "absurd": _absurd_amounts,
    "text": lambda dto: str(dto["number"]),
}
"""`types`: members of other types; `identity`: id and number of other types; `surrogate`: half a character in the name;
`unnumbered`: no number; `members`: two that are not specified; `absurd`: an amount of a billion digits; `text`: a text
instead of an object."""


def with_oddities(text: str, extra_members: str, misshapen: str) -> str:
    """The JSON text of a customer with what the two switches of these names do to it."""
    if extra_members:
        text = f"{text[:-1]},{extra_members.strip()[1:]}"
    if not misshapen:
        return text
    dto = loads(text)
    shape = parse_shapes(misshapen).get(str(dto["number"]).strip().upper())
    return text if shape is None else dumps(_SHAPES[shape](dto)).replace(f'"{_ABSURD}"', _ABSURD)


def parse_shapes(pairs: str) -> dict[str, str]:
    """`10000:types,10001:text` as number to shape. Raises ValueError."""
    shapes: dict[str, str] = {}
    for pair in pairs.split(","):
        number, _, shape = pair.strip().rpartition(":")
        if shape not in _SHAPES or not number:
            raise ValueError(f"expected NUMBER:{'|'.join(_SHAPES)}, not {pair!r}")
        shapes[number.upper()] = shape
    return shapes


def check_members(text: str) -> None:
    """Raises ValueError unless the text is a JSON object with members."""
    members = loads(text)
    if not isinstance(members, dict) or not members:
        raise ValueError(f"expected a JSON object with members, not {text!r}")
