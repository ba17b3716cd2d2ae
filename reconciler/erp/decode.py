"""Rows of the API to customers. Pure; all of it follows the field table."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias, cast

from reconciler.core.customer import Live
from reconciler.core.errors import UnexpectedAnswer
from reconciler.core.normalise import attribute_key, normalise
from reconciler.core.ports import ALWAYS, Need
from reconciler.erp.error_answers import visible
from reconciler.resources.customer import FIELDS, MIRRORS, SELF_READ, Field, Form, Group, Kind, Read, Row
from reconciler.resources.values import Path, Scalar, Values, render_path

Json: TypeAlias = "dict[str, Any]"


def decode(row: Json, need: Need) -> Live:
    """A CustomerDto as a Live with the fields that `need` names, and `ALWAYS`; fewer where `need.meant` leaves it out.

    An absent member is None; a group that only an expand flag or an extra GET brings is left out when it is
    absent: unknown, never empty (fact sheet 13.7, Q19). Unknown members are ignored. Raises UnexpectedAnswer,
    naming the member and never its value, when a member cannot be what the API says it is.
    """
    number = _READ_NUMBER(row)
    if not isinstance(number, str):
        raise UnexpectedAnswer("A customer in the ERP's answer has no number")
    try:
        return _live(number, row, need)
    except UnexpectedAnswer as error:
        raise UnexpectedAnswer(f"Customer {visible(number)}: {error}") from None


def decode_own(name: str, answer: Any) -> Scalar | Values:
    """The value of a field with a GET of its own (`Read.OWN`, fact sheet 13.6) from that answer's JSON.

    None stands for an empty answer. Raises UnexpectedAnswer.
    """
    row = FIELDS[name]
    if isinstance(row, Group):
        return _group_reader(row, (name,))(answer)
    return cast(Scalar, _reader(row, ())(_object(answer, (name,))))


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


def _live(number: str, row: Json, need: Need) -> Live:
    if need.meant is None:
        values = _values(row, _steps(need.fields))
    else:
        values = _values(row, _steps(need.meant.known_by))
        if need.meant.has(number, values):
            values |= _values(row, _steps(need.fields, need.meant.known_by))
    lines = row.get("directDebitLines") if "directDebitLines" in values else None
    ids = _line_ids(lines) if lines else {}
    if values.get("attributes"):
        ids |= _spelled(row["attributes"])
    return Live(
        internal_id=_integer(row.get("internalId"), ("internalId",)),
        number=number,
        version=bare_version(_optional_text(row, "timeStamp")),
        values=values,
        modified=_optional_text(row, "lastModifiedDateTime"),
        created=_optional_text(row, "createdDateTime"),
        line_ids=ids,
    )


def row_names(need: Need) -> frozenset[str]:
    """The members of a row that `decode` looks at: the others need not be read."""
    found = set(_OF_ROWS)
    for name in (*need.fields, *ALWAYS):
        row = FIELDS[name]
        of_self = isinstance(row, Group) and name in SELF_READ
        found.update(each.read_path[0] for each in (row.members if of_self and isinstance(row, Group) else (row,)))
    return frozenset(found)


_OF_ROWS = ("internalId", "timeStamp", "lastModifiedDateTime", "createdDateTime", "metadata")


_LEADERS = {name: main for main, names in MIRRORS.items() for name in names}

_Reader: TypeAlias = Callable[[Json], object]


class _Step(NamedTuple):
    """How a member is read. `main`: the one that it nearly always mirrors. `key`, `inner`: where its value is, `inner`
    in what stands under `key`. `convert` makes what is kept of a value that is there, None keeps text as it is; without
    `key` it reads the whole holder."""

    name: str
    main: str | None
    key: str | None
    inner: str | None
    convert: Callable[[Any], object] | None


_UNKNOWN = object()


@lru_cache(maxsize=16)
def _steps(fields: frozenset[str], apart: frozenset[str] = frozenset()) -> tuple[_Step, ...]:
    """How each field but those `apart` is read, made once for each set: rows come by the hundred thousand."""
    return tuple(
        _step(row, (), _LEADERS.get(name))
        for name, row in FIELDS.items()
        if (name in fields or name in ALWAYS) and name not in apart and row.where in (Read.ROW, Read.EXPANDED)
    )


def _step(row: Row, above: Path, main: str | None = None) -> _Step:
    if isinstance(row, Field) and len(row.read_path) <= 2 and row.where is not Read.EXPANDED:
        key, *inner = row.read_path
        convert = None if row.kind is Kind.TEXT else _converter(row, (*above, *row.read_path))
        return _Step(row.name, main, key, inner[0] if inner else None, convert)
    return _Step(row.name, main, None, None, _reader(row, above) if above else _top_reader(row))


def _values(holder: Json, steps: tuple[_Step, ...], above: Path = ()) -> Values:
    """The members of one object. This is where a refresh spends its time: no calls for what is plain text."""
    values: dict[str, Any] = {}
    for name, main, key, inner, convert in steps:
        if main is not None and main in values and holder.get(main) == holder.get(name):
            values[name] = values[main]
            continue
        if key is None:
            assert convert is not None
            if (found := convert(holder)) is not _UNKNOWN:
                values[name] = found
            continue
        value = holder.get(key)
        if inner is not None and value is not None:
            if type(value) is not dict:
                raise _impossible((*above, key))
            value = value.get(inner)
        if value is None:
            values[name] = None
        elif convert is not None:
            values[name] = convert(value)
        elif type(value) is str:
            values[name] = value or None  # as `normalise` does
        else:
            raise _impossible((*above, key) if inner is None else (*above, key, inner))
    return values


def _top_reader(row: Row) -> _Reader:
    if isinstance(row, Group) and row.name in SELF_READ:
        return _members_reader(row, ())
    read = _reader(row, ())
    if row.where is Read.EXPANDED:
        return lambda dto: _UNKNOWN if dto.get(row.name) is None else read(dto)
    return read


def _reader(row: Row, above: Path) -> _Reader:
    """Reads a row's value out of the object that holds it; `above` is that object's path, for messages."""
    at, path = _at_reader(row.read_path, above), (*above, *row.read_path)
    if isinstance(row, Field):
        convert = _converter(row, path)
        return lambda holder: None if (value := at(holder)) is None else convert(value)
    below = _group_reader(row, path)
    return lambda holder: below(at(holder))


def _group_reader(row: Group, path: Path) -> Callable[[object], Values]:
    match row.form:
        case Form.OBJECT:
            members = _members_reader(row, path)
            return lambda found: members(_object(found, path))
        case Form.LINES:
            line = _members_reader(row, path)
            return lambda found: _keyed(row, [line(each) for each in _array(found, path)])
        case _:
            return _map_reader(row, path)


def _members_reader(row: Group, path: Path) -> Callable[[Json], Values]:
    steps = tuple(_step(member, path) for member in row.members if member.where is not Read.NEVER)
    return lambda holder: _values(holder, steps, path)


def _map_reader(row: Group, path: Path) -> Callable[[object], Values]:
    """Attributes `[{id, value}]` and segments `[{segmentId, segmentValue}]` as key to value."""
    numbered = row.form is Form.SEGMENTS
    key_name = row.key[0] if numbered else "id"
    read = _reader(row.members[-1], path)

    def read_map(found: object) -> Values:
        values: Values = {}
        for line in _array(found, path):
            key = line.get(key_name)
            if numbered:
                key = str(_integer(key, (*path, key_name)))
            if not isinstance(key, str):
                raise _impossible((*path, key_name))
            values[key if numbered else attribute_key(key)] = cast(Scalar, read(line))
        return values

    return read_map


def _keyed(row: Group, lines: list[Values]) -> Values:
    """Lines by their keys. A line without a key, or with one that an earlier line has, is left out."""
    values: Values = {}
    for line in lines:
        key = line_key(row, line)
        if key is not None:
            values.setdefault(key, line)
    return values


def _at_reader(names: Path, above: Path) -> _Reader:
    """Looks up a dotted read path; an absent or null parent makes the value absent."""
    if len(names) == 1:
        (only,) = names
        return lambda holder: holder.get(only)

    def at(holder: Json) -> object:
        found: object = holder
        for depth, name in enumerate(names):
            if found is None:
                return None
            if not isinstance(found, dict):
                raise _impossible((*above, *names[:depth]))
            found = found.get(name)
        return found

    return at


def _converter(row: Field, path: Path) -> Callable[[object], Scalar]:
    """Checks the type of a value that is there, and normalises it."""
    if row.kind is Kind.INTEGER:
        return lambda value: _integer(value, path)
    if row.kind in (Kind.REFERENCE, Kind.ENUM, Kind.NUMBER):

        def bare(value: object) -> Scalar:
            if type(value) is not str:
                raise _impossible(path)
            return value.strip() or None  # as `normalise` does

        return bare
    types = _TYPES.get(row.kind, (str,))

    def convert(value: object) -> Scalar:
        if type(value) not in types:
            raise _impossible(path)
        return normalise(row, value)  # type: ignore[arg-type]  # checked above

    return convert


_TYPES: dict[Kind, tuple[type, ...]] = {Kind.BOOLEAN: (bool,), Kind.DECIMAL: (int, Decimal)}
_DEBITS = cast(Group, FIELDS["directDebitLines"])
_READ_DEBIT = _members_reader(_DEBITS, _DEBITS.read_path)
_READ_NUMBER = _reader(FIELDS["number"], ())


def _line_ids(lines: list[Json]) -> dict[Path, str]:
    ids: dict[Path, str] = {}
    for line in lines:
        key, line_id = line_key(_DEBITS, _READ_DEBIT(line)), line.get("id")
        if key is not None and isinstance(line_id, str):
            ids.setdefault((_DEBITS.name, key), line_id)
    return ids


def _spelled(attributes: list[Json]) -> dict[Path, str]:
    """The ids that the ERP spells otherwise than `attribute_key`: they are sent as it has them."""
    ids = (line["id"].strip() for line in attributes)
    return {("attributes", key): each for each in ids if (key := attribute_key(each)) != each}


def _integer(value: object, path: Path) -> int:
    """A whole number, also as `12.0`. The size is looked at first: 1e999999999 must not become digits."""
    if isinstance(value, int) and not isinstance(value, bool) and -_HUGE < value < _HUGE:
        return value
    if isinstance(value, Decimal) and -_HUGE < value < _HUGE and value == value.to_integral_value():
        return int(value)
    raise _impossible(path)


_HUGE = 2**63


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
