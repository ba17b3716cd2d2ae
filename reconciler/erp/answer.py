"""An answer as it came, and JSON in and out: exact decimals, no binary rounding."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, DecimalException
from functools import lru_cache
from types import MappingProxyType
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


def parse_rows(
    body: bytes, names: frozenset[str], mirrors: Mapping[str, Sequence[str]] = MappingProxyType({})
) -> list[dict[str, Any]] | None:
    """The objects of a JSON array as `parse` gives them, with only these members; None when it is something else.

    mirrors: names with those of the members that are mostly the same. What is written alike is parsed once, and is one
    object.
    """
    families = [(main, names.intersection(followers)) for main, followers in mirrors.items() if main in names]
    apart = frozenset(name for main, followers in families for name in (main, *followers))
    decode = _DECODER.decode
    try:
        rows = _rows_decoder(names, apart).decode(body.removeprefix(_BOM))
        for row in rows if apart else ():
            for main, followers in families:
                text = row.get(main)
                if text is not None:
                    row[main] = decode(text)
                for name in followers:
                    other = row.get(name)
                    if other is not None:
                        row[name] = row[main] if other == text else decode(other)
    except (ValueError, RecursionError, ArithmeticError):
        return None
    return rows


class Unfit(str):
    """Stands in parsed JSON for what no member can be: half a character, a number beyond all bounds, what is no JSON.

    Its text shows what was there. It is no `str` by `type`, so that whatever reads a member refuses it.
    """

    __slots__ = ()


def parse_leniently(body: bytes) -> Any:
    """JSON values as `parse` gives them; what it refuses a body for is `Unfit` in its place. Raises ValueError."""
    try:
        return parse(body)
    except ValueError:
        text = body.removeprefix(_BOM).decode("utf-8", "surrogateescape")
    try:
        return _fit(json.loads(text, parse_float=_decimal, parse_int=_integer, parse_constant=Unfit))
    except RecursionError as error:
        raise ValueError(str(error)) from None


def parse_rows_apart(body: bytes) -> list[Any]:
    """The items of a JSON array, each parsed by itself: one that cannot be parsed is `Unfit`. Raises ValueError when
    the array itself is not whole."""
    return [_parse_row(row) for row in _split(body.removeprefix(_BOM).strip())]


def _parse_row(row: bytes) -> Any:
    try:
        return parse_leniently(row)
    except ValueError:
        return Unfit("no JSON")


_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"|["\[\]{},]', re.DOTALL)


def _split(body: bytes) -> Iterator[bytes]:
    """The items of an array as they stand. Each byte is looked at once; a body that was cut is refused."""
    depth, start = 0, 1
    for token in _TOKEN.finditer(body):
        sign = token[0]
        if sign == b'"' or (depth == 0 and (sign != b"[" or token.start())):
            break
        if sign in b"[{":
            depth += 1
        elif sign in b"]}":
            depth -= 1
        if (sign == b"," and depth == 1) or depth == 0:
            row, start = body[start : token.start()].strip(), token.end()
            if row or sign == b",":
                yield row
        if depth == 0:
            if start == len(body) and sign == b"]":
                return
            break
    raise ValueError("the list is not whole")


def _fit(value: Any) -> Any:
    if isinstance(value, dict):
        return {_shown(name): _fit(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_fit(item) for item in value]
    return Unfit(_shown(value)) if type(value) is str and _shown(value) != value else value


def _shown(text: str) -> str:
    """The text with a replacement character for each half of one."""
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _decimal(text: str) -> Decimal | Unfit:
    try:
        return Decimal(text)
    except DecimalException:
        return Unfit(text[:_MOST_DIGITS])


def _integer(text: str) -> int | Unfit:
    return int(text) if len(text) <= _MOST_DIGITS else Unfit(text[:_MOST_DIGITS])


_MOST_DIGITS = 40


@lru_cache(maxsize=16)
def _rows_decoder(names: frozenset[str], apart: frozenset[str]) -> msgspec.json.Decoder[list[dict[str, Any]]]:
    """msgspec passes over what a TypedDict does not name without making objects of it. apart: what stays as written."""
    members = {name: msgspec.Raw if name in apart else Any for name in sorted(names)}
    row = TypedDict("row", members, total=False)  # type: ignore[misc]  # made at run time
    return msgspec.json.Decoder(list[row], float_hook=Decimal)


def render(body: Mapping[str, Any]) -> bytes:
    """A request body; Decimals become JSON numbers digit by digit."""
    return _ENCODER.encode(body)
