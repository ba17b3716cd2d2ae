"""The values that customers are made of, and paths into them.

A customer's values are nested plain dictionaries keyed by the declaration's field names:
`{"name": "Fjellheim", "mainAddress": {"city": "Oslo"}, "attributes": {"REGION": "NORTH"}}`. Keyed lists are
dictionaries too, by the key of each line. A leaf is a text, a boolean, an integer, a decimal, or None for "no value".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class NumberOf:
    """The number of the customer that is declared with the ref; unknown until the ERP has given it.

    In a plan file it is `{"ref": "head-office"}`, in the change and in the request: no number can be that.
    """

    ref: str

    def __str__(self) -> str:
        return f"the number of ref {self.ref}"


Scalar: TypeAlias = "str | bool | int | Decimal | NumberOf | None"
Values: TypeAlias = "dict[str, Scalar | Values]"
Path: TypeAlias = "tuple[str, ...]"

_PLAIN_SEGMENT = re.compile(r"[A-Za-z0-9_-]+")
_SEGMENT = re.compile(r'\.?([A-Za-z0-9_-]+|\*)|\["((?:[^"\\]|\\.)*)"\]', re.DOTALL)


def render_path(path: Path) -> str:
    """The path as users write it: `mainAddress.city`; a segment with odd characters is quoted in brackets.

    >>> render_path(("attributes", "A.B"))
    'attributes["A.B"]'
    """
    text = ""
    for segment in path:
        if _PLAIN_SEGMENT.fullmatch(segment):
            text += f".{segment}" if text else segment
        else:
            escaped = segment.replace("\\", "\\\\").replace('"', '\\"')
            text += f'["{escaped}"]'
    return text


def parse_path(text: str) -> Path:
    """The segments of a path as `render_path` writes it.

    >>> parse_path('attributes["A.B"]')
    ('attributes', 'A.B')
    """
    segments = []
    for plain, quoted in _SEGMENT.findall(text):
        segments.append(plain or re.sub(r"\\(.)", r"\1", quoted, flags=re.DOTALL))
    return tuple(segments)


def leaves(values: Mapping[str, object], prefix: Path = ()) -> Iterator[tuple[Path, Scalar]]:
    """Each leaf with its path, in the order of the dictionaries."""
    for key, value in values.items():
        if isinstance(value, dict):
            yield from leaves(value, (*prefix, key))
        else:
            yield (*prefix, key), value  # type: ignore[misc]  # leaves of Values are Scalars


def get(values: Mapping[str, object], path: Path) -> object:
    """The value at the path, or None where it or a parent is absent."""
    value: object = values
    for segment in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(segment)
    return value


def put(values: Values, path: Path, value: Scalar | Values) -> None:
    """Set the value at the path, making the parents."""
    at = values
    for segment in path[:-1]:
        below = at.setdefault(segment, {})
        assert isinstance(below, dict), f"{render_path(path)} goes through a leaf"
        at = below
    at[path[-1]] = value


def without(values: Values, patterns: Iterable[tuple[str | None, ...]]) -> Values:
    """The values without what a pattern covers and the groups that become empty; the rest is not copied.

    patterns: from `core.patterns`; None stands for any one segment.
    """
    return _without(values, list(patterns))


def _without(values: Values, patterns: list[tuple[str | None, ...]]) -> Values:
    heads = {pattern[0] for pattern in patterns}
    if None not in heads and heads.isdisjoint(values):
        return values
    kept: Values = {}
    for key, value in values.items():
        below = [pattern[1:] for pattern in patterns if pattern[0] in (None, key)]
        if () in below:
            continue
        if below and isinstance(value, dict):
            rest = _without(value, below)
            if rest or not value:
                kept[key] = rest
        else:
            kept[key] = value
    return kept
