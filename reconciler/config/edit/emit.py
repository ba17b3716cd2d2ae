"""Values to YAML text that the loader reads back exactly, and that no other YAML tool misreads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

from reconciler.config.edit.scalar_style import Literal, spell
from reconciler.config.read.decoding import CONTROL
from reconciler.config.read.typed_values import is_wall_clock
from reconciler.config.read.typed_values import number as read_number
from reconciler.core.normalise import number_key
from reconciler.resources.customer import CUSTOMER, FIELDS
from reconciler.resources.grammar import Field, Form, Group, Kind, Row
from reconciler.resources.values import Path, Values, render_path

LONGEST_KEY = 512
"""Characters of a free key; YAML allows 1024 in its escaped form."""

_ALWAYS_QUOTED = frozenset((CUSTOMER.key,))


def mapping(members: Mapping[str, Any], *, indent: int = 0, declaration: bool = True) -> Iterator[str]:
    """The lines of a mapping, without line ends, in its own order.

    declaration: `${` is written so that the loader does not take it for an interpolation. Leaves are texts, booleans,
    integers, decimals or None; lists hold mappings.
    """
    pad = " " * indent
    for name, value in members.items():
        key = pad + _spelled(name, "text")
        if isinstance(value, dict) and value:
            yield f"{key}:"
            yield from mapping(value, indent=indent + 2, declaration=declaration)
        elif isinstance(value, list) and value:
            yield f"{key}:"
            for each in value:
                yield from item(each, indent=indent + 2, declaration=declaration)
        else:
            yield f"{key}: {_leaf(name, value, declaration)}"


def item(members: Mapping[str, Any], *, indent: int = 0, declaration: bool = True) -> Iterator[str]:
    """The lines of a mapping as an item of a list: the first one starts with `- `."""
    pad = " " * indent
    if not members:
        yield f"{pad}- {{}}"
    for at, line in enumerate(mapping(members, indent=indent + 2, declaration=declaration)):
        yield line if at else f"{pad}- {line[indent + 2 :]}"


def scalar(value: object, *, declaration: bool = True, quoted: bool = False) -> str:
    """A leaf as it stands in block YAML.

    >>> [scalar(each) for each in ("Oslo", "NO", "0101", "${x}", True, None)]
    ['Oslo', '"NO"', '"0101"', '"$${x}"', 'true', 'null']
    """
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case Decimal():
            return format(value, "f")
    text = str(value)
    if declaration:
        text = text.replace("${", "$${")
    return _spelled(text, "quoted" if quoted or "${" in text else "text")


@lru_cache(maxsize=4096)
def _spelled(text: str, style: str) -> str:
    """Kept, because keys, ids and towns come again and again."""
    return spell(Literal(text, style))[0]


def _leaf(name: str, value: object, declaration: bool) -> str:
    match value:
        case dict():
            return "{}"
        case list():
            return "[]"
        case _:
            return scalar(value, declaration=declaration, quoted=name in _ALWAYS_QUOTED)


# ---- what the ERP may hold and a declaration may not ----


def declarable(number: str, values: Values) -> tuple[Values, list[tuple[str, str]]]:
    """The values that a declaration can hold, and the paths of the others, each with the reason. Pure."""
    problems: list[tuple[str, str]] = []
    kept = _members(values, FIELDS, (), problems)
    parent = kept.get(CUSTOMER.parent)
    if isinstance(parent, str) and number_key(parent) == number_key(number):
        del kept[CUSTOMER.parent]
        problems.append((CUSTOMER.parent, "a customer cannot be its own parent"))
    return kept, problems


def _members(
    values: Mapping[str, object], rows: Mapping[str, Row], path: Path, problems: list[tuple[str, str]]
) -> Values:
    kept: Values = {}
    for name, value in values.items():
        row, at = rows[name], (*path, name)
        if isinstance(row, Group) and isinstance(value, dict):
            kept[name] = _group(row, value, at, problems)
        elif isinstance(row, Field):
            _keep(kept, row, name, value, at, problems)
    return kept


def _group(row: Group, value: Values, path: Path, problems: list[tuple[str, str]]) -> Values:
    if row.form is Form.OBJECT:
        return _members(value, row.by_name, path, problems)
    kept: Values = {}
    for key, each in value.items():
        reason = _key_problem(row, key)
        if reason:
            problems.append((render_path((*path, key)), reason))
        elif isinstance(each, dict):
            line = _members(each, row.by_name, (*path, key), problems)
            if all(line.get(name) is not None for name in row.key):
                kept[key] = line
        else:
            member = row.members[-1]
            assert isinstance(member, Field)
            _keep(kept, member, key, each, (*path, key), problems)
    return kept


def _keep(kept: Values, row: Field, name: str, value: object, path: Path, problems: list[tuple[str, str]]) -> None:
    reason = _problem(row, value)
    if reason:
        problems.append((render_path(path), reason))
    else:
        kept[name] = value  # type: ignore[assignment]  # a leaf


def _key_problem(row: Group, key: str) -> str:
    if row.form is Form.SEGMENTS:
        segment = row.members[0]
        assert isinstance(segment, Field)
        return _problem(segment, int(key))
    if not key.strip() or len(key) > LONGEST_KEY:
        return "the key is empty or too long"
    return "the key has a control character" if CONTROL.search(key) else ""


def _problem(row: Field, value: object) -> str:
    """Why a declaration cannot hold the value, or nothing."""
    match value:
        case None:
            return "" if row.clearable else "it cannot be cleared"
        case str():
            return _text_problem(row, value)
        case bool():
            return ""
        case int() | Decimal():
            return _number_problem(row, value)
    return "it has an unknown type"


def _text_problem(row: Field, text: str) -> str:
    if CONTROL.search(text):
        return "it has a control character"
    if not text.isprintable() and any("\ud800" <= char <= "\udfff" for char in text):
        return "it has half a character"
    if row.kind is Kind.ENUM and text not in row.values:
        return "a declaration does not know this word"
    if row.kind is Kind.DATE and not is_wall_clock(text):
        return "it is no date"
    if row.max_length is not None and len(text) > row.max_length:
        return "it is too long for a declaration"
    return "it is blank" if not row.clearable and not text.strip() else ""


def _number_problem(row: Field, value: int | Decimal) -> str:
    if read_number(format(value, "f")) is None:
        return "it has too many digits"
    low, high = row.low, row.high
    if low is not None and high is not None and not low <= value <= high:
        return "it is out of the range that can be written"
    return ""
