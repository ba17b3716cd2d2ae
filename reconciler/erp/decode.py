"""Rows of the API to customers. Pure; all of it follows the field table."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeAlias, cast

from reconciler.core.customer import Live
from reconciler.core.errors import UnexpectedAnswer
from reconciler.core.fields import FIELDS, SELF_READ, Field, Form, Group, Kind, Read, Row
from reconciler.core.normalise import normalise
from reconciler.core.ports import Need
from reconciler.core.values import Path, Scalar, Values, render_path

Json: TypeAlias = "dict[str, Any]"

ALWAYS = ("number", "name", "status")
"""What each Live holds, whatever was asked for."""


def decode(row: Json, need: Need) -> Live:
    """A CustomerDto as a Live with the fields that `need` names, and `ALWAYS`.

    An absent member is None; a group that only an expand flag or an extra GET brings is left out when it is
    absent: unknown, never empty (fact sheet 13.7, Q19). Unknown members are ignored. Raises UnexpectedAnswer,
    naming the member and never its value, when a member cannot be what the API says it is.
    """
    number = _leaf(_NUMBER, row.get("number"), ("number",))
    if not isinstance(number, str):
        raise UnexpectedAnswer("A customer in the ERP's answer has no number")
    internal_id = _integer(row.get("internalId"), ("internalId",))
    values: Values = {}
    for name, read in _readers(need.fields):
        found = read(row)
        if found is not _UNKNOWN:
            values[name] = cast("Scalar | Values", found)
    lines = row.get("directDebitLines") if "directDebitLines" in values else None
    return Live(
        internal_id=internal_id,
        number=number,
        version=bare_version(_optional_text(row, "timeStamp")),
        values=values,
        modified=_optional_text(row, "lastModifiedDateTime"),
        created=_optional_text(row, "createdDateTime"),
        line_ids=_line_ids(lines) if lines else {},
    )


def decode_own(name: str, answer: Any) -> Scalar | Values:
    """The value of a field with a GET of its own (`Read.OWN`, fact sheet 13.6) from that answer's JSON.

    None stands for an empty answer. Raises UnexpectedAnswer.
    """
    row = FIELDS[name]
    if isinstance(row, Group):
        return _lines(row, answer if answer is not None else [], (name,))
    found = answer if answer is not None else {}
    if not isinstance(found, dict):
        raise _impossible((name,))
    return _leaf(row, found.get(name), (name,))


def bare_version(tag: str | None) -> str | None:
    """The version of an ETag or timeStamp: without `W/`, quotes and blanks (fact sheet 7, Q7).

    >>> bare_version('W/"AAAAAE0YIiI="')
    'AAAAAE0YIiI='
    """
    return (tag or "").strip().removeprefix("W/").strip('"') or None


def is_older(version: str | None, than: str | None) -> bool:
    """Whether a version is surely older; versions are 8-byte counters in base64 (fact sheet 7)."""
    one, other = _counter(version), _counter(than)
    return one is not None and other is not None and one < other


def line_key(group: Group, line: Mapping[str, object]) -> str | None:
    """What tells the lines of a group apart: its key members joined by `/`; None when one is missing."""
    parts = [line.get(name) for name in group.key]
    return "/".join(part for part in parts if isinstance(part, str)) if all(parts) else None


_Reader: TypeAlias = Callable[[Json], object]
_UNKNOWN = object()
_NUMBER = cast(Field, FIELDS["number"])


@lru_cache(maxsize=16)
def _readers(fields: frozenset[str]) -> tuple[tuple[str, _Reader], ...]:
    return tuple(
        (name, _reader(row))
        for name, row in FIELDS.items()
        if (name in fields or name in ALWAYS) and row.where in (Read.ROW, Read.EXPANDED)
    )


def _reader(row: Row) -> _Reader:
    if isinstance(row, Field):
        return lambda dto: _leaf(row, _at(dto, row.read_path, ()), row.read_path)
    if row.name in SELF_READ:
        return lambda dto: _members(row, dto, ())
    if row.where is Read.EXPANDED:
        return lambda dto: _UNKNOWN if dto.get(row.name) is None else _group(row, dto, ())
    return lambda dto: _group(row, dto, ())


def _group(row: Group, parent: Json, above: Path) -> Values:
    path = (*above, *row.read_path)
    found = _at(parent, row.read_path, above)
    if row.form is Form.OBJECT:
        return _members(row, _object(found, path), path)
    if row.form is Form.LINES:
        return _lines(row, found or [], path)
    return _map(row, _array(found, path), path)


def _members(row: Group, found: Json, path: Path) -> Values:
    return {
        member.name: _group(member, found, path)
        if isinstance(member, Group)
        else _leaf(member, _at(found, member.read_path, path), (*path, *member.read_path))
        for member in row.members
        if member.where is not Read.NEVER
    }


def _map(row: Group, found: list[Json], path: Path) -> Values:
    """Attributes `[{id, value}]` and segments `[{segmentId, segmentValue}]` as key to value."""
    key_name = "id" if row.form is Form.MAP else row.key[0]
    value_row = cast(Field, row.members[-1])
    values: Values = {}
    for line in found:
        key = line.get(key_name)
        if row.form is Form.SEGMENTS:
            key = str(_integer(key, (*path, key_name)))
        if not isinstance(key, str):
            raise _impossible((*path, key_name))
        value = _at(line, value_row.read_path, path)
        values[key.strip()] = _leaf(value_row, value, (*path, *value_row.read_path))
    return values


def _lines(row: Group, found: object, path: Path) -> Values:
    """Lines by their keys. A line without a key, or with one that an earlier line has, is left out."""
    values: Values = {}
    for line in _array(found, path):
        members = _members(row, line, path)
        key = line_key(row, members)
        if key is not None:
            values.setdefault(key, members)
    return values


def _line_ids(lines: list[Json]) -> dict[Path, str]:
    group = cast(Group, FIELDS["directDebitLines"])
    ids: dict[Path, str] = {}
    for line in lines:
        key = line_key(group, _members(group, line, (group.name,)))
        line_id = line.get("id")
        if key is not None and isinstance(line_id, str):
            ids.setdefault((group.name, key), line_id)
    return ids


def _leaf(row: Field, value: object, path: Path) -> Scalar:
    if value is None:
        return None
    match row.kind:
        case Kind.BOOLEAN:
            fits = isinstance(value, bool)
        case Kind.INTEGER:
            return _integer(value, path)
        case Kind.DECIMAL:
            fits = isinstance(value, int | Decimal) and not isinstance(value, bool)
        case _:
            fits = isinstance(value, str)
    if not fits:
        raise _impossible(path)
    return normalise(row, value)  # type: ignore[arg-type]  # checked above


def _integer(value: object, path: Path) -> int:
    """A whole number, also as `12.0`. The size is looked at first: 1e999999999 must not become digits."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, Decimal) and abs(value) < _HUGE and value == value.to_integral_value():
        return int(value)
    raise _impossible(path)


_HUGE = 2**63


def _at(found: Json, names: Path, above: Path) -> object:
    at: object = found
    for depth, name in enumerate(names):
        if at is None:
            return None
        if not isinstance(at, dict):
            raise _impossible((*above, *names[:depth]))
        at = at.get(name)
    return at


def _object(found: object, path: Path) -> Json:
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise _impossible(path)
    return found


def _array(found: object, path: Path) -> list[Json]:
    if found is None:
        return []
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise _impossible(path)
    return found


def _optional_text(row: Json, name: str) -> str | None:
    value = row.get(name)
    if value is not None and not isinstance(value, str):
        raise _impossible((name,))
    return value or None


def _counter(version: str | None) -> int | None:
    try:
        return int.from_bytes(base64.b64decode(version or "", validate=True)) if version else None
    except (binascii.Error, ValueError):
        return None


def _impossible(path: Path) -> UnexpectedAnswer:
    return UnexpectedAnswer(f"{render_path(path)} in the ERP's answer has a type that the API does not allow")
