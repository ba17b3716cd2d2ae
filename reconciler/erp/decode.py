"""Rows of the API to customers. Pure; all of it follows the field table."""

from __future__ import annotations

import base64
import binascii
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any, NamedTuple, TypeAlias, TypeVar, cast

import msgspec

from reconciler.core.doubts import Unreadable
from reconciler.core.errors import UnexpectedAnswer
from reconciler.core.identity_key import identity_key
from reconciler.core.live import Live
from reconciler.core.normalise import attribute_key, nfc, normalise
from reconciler.core.ports import Need
from reconciler.erp.error_answers import visible
from reconciler.resources.customer import CUSTOMER
from reconciler.resources.grammar import OF_EVERY_ROW, Field, Form, Group, Kind, Read, Resource, Row
from reconciler.resources.values import Path, Scalar, Values, render_path

Json: TypeAlias = "dict[str, Any]"

T = TypeVar("T")


def decode(row: Json, need: Need) -> Live:
    """A row of the API as a Live with the fields that `need` names, and what is always read; fewer where `need.meant`
    leaves it out.

    An absent member is None; a group that only an expand flag or an extra GET brings is left out when it is
    absent: unknown, never empty (fact sheet 13.7, Q19). Unknown members are ignored. Raises UnexpectedAnswer,
    naming the member and never its value, when a member cannot be what the API says it is.
    """
    number = _number(row, need.resource)
    try:
        return _live(number, row, need)
    except UnexpectedAnswer as error:
        raise UnexpectedAnswer(f"Customer {visible(number)}: {error}") from None


def decode_row(row: Any, need: Need, place: str) -> Live | Unreadable:
    """A row of a list as `decode` gives it, or what can be known of one that it refuses. place: of the row."""
    try:
        return _live(_number(row, need.resource), row, need)
    except UnexpectedAnswer as error:
        return _salvaged(row, need.resource, visible(str(error)), place)


def unreadable(live: Live, reason: str) -> Unreadable:
    """A customer whose row is sound, but not what a request of its own brings."""
    values = live.unpacked().values
    ids = {name: identity_key(value) if isinstance(value := values.get(name), str) else "" for name in CUSTOMER.match}
    return Unreadable(reason, number=live.number, internal_id=live.internal_id, ids=ids)


def _number(row: Any, resource: Resource) -> str:
    if type(row) is not dict:
        raise UnexpectedAnswer("it is no JSON object")
    number = _key_reader(resource)(row)
    if not isinstance(number, str):
        raise UnexpectedAnswer("A customer in the ERP's answer has no number")
    return number


def _salvaged(row: Any, resource: Resource, reason: str, place: str) -> Unreadable:
    """What can be read of the row, each member by itself."""
    if type(row) is not dict:
        return Unreadable(reason, place)
    number = _tried(partial(_number, row, resource))
    internal_id = _tried(partial(_integer, row.get("internalId"), ("internalId",)))
    ids = {name: _tried(partial(_id_text, row, resource.fields[name])) for name in resource.match}
    return Unreadable(
        reason, place, number, internal_id, {name: identity_key(text) for name, text in ids.items() if text is not None}
    )


def _id_text(row: Json, member: Row) -> str:
    return str(_reader(member, ())(row) or "")


def _tried(read: Callable[[], T]) -> T | None:
    try:
        return read()
    except UnexpectedAnswer:
        return None


def decode_own(name: str, answer: Any, resource: Resource = CUSTOMER) -> Scalar | Values:
    """The value of a field with a GET of its own (`Read.OWN`, fact sheet 13.6) from that answer's JSON.

    None stands for an empty answer. Raises UnexpectedAnswer.
    """
    row = resource.fields[name]
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
    resource = need.resource
    if need.meant is None:
        values = _values(row, _steps(resource, need.fields))
    else:
        values = _values(row, _steps(resource, need.meant.known_by))
        if need.meant.has(number, values):
            values |= _values(row, _steps(resource, need.fields, need.meant.known_by))
    ids: dict[Path, str] = {}
    for name, read_ids in _id_readers(resource):
        if values.get(name):
            ids |= read_ids(row)
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
    names = set(OF_EVERY_ROW)
    for name in need.fields | need.resource.always:
        row = need.resource.fields[name]
        read = row.members if isinstance(row, Group) and row.flat else (row,)
        names.update(member.read_path[0] for member in read)
    return frozenset(names)


def strange_members(body: bytes, rows: Iterable[object], resource: Resource = CUSTOMER) -> Mapping[str, int]:
    """How many objects of a JSON array have which member that the table does not know. rows: the same, parsed.

    msgspec passes over values without making objects of them, and a list without strange members costs one pass.
    """
    try:
        _known_decoder(resource).decode(body)
    except (ValueError, RecursionError):
        pass
    else:
        return {}
    with suppress(ValueError, RecursionError):  # else the rows were parsed one by one, with all members
        rows = msgspec.json.decode(body, type=list[dict[str, msgspec.Raw]])
    known = _known_members(resource)
    return Counter(name for row in rows if isinstance(row, dict) for name in row if name not in known)


@lru_cache(maxsize=16)
def _known_decoder(resource: Resource) -> msgspec.json.Decoder[Any]:
    fields = [(f"m{at}", msgspec.Raw, msgspec.Raw()) for at, _ in enumerate(sorted(_known_members(resource)))]
    names = {f"m{at}": name for at, name in enumerate(sorted(_known_members(resource)))}
    row = msgspec.defstruct("row", fields, forbid_unknown_fields=True, gc=False, rename=names)
    return msgspec.json.Decoder(list[row])  # type: ignore[valid-type]  # made at run time


@lru_cache(maxsize=16)
def _known_members(resource: Resource) -> frozenset[str]:
    read = (row.members if isinstance(row, Group) and row.flat else (row,) for row in resource.rows)
    return resource.read_only | {row.read_path[0] for rows in read for row in rows}


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

_BARE = frozenset((Kind.REFERENCE, Kind.ENUM, Kind.NUMBER))
"""Kinds of text around which blanks say nothing."""


@lru_cache(maxsize=16)
def _steps(resource: Resource, fields: frozenset[str], but: frozenset[str] = frozenset()) -> tuple[_Step, ...]:
    """How each field is read, made once for each set: rows come by the hundred thousand."""
    names = ((fields | resource.always) & resource.listed) - but
    return tuple(_step(row, (), _main_of(row)) for row in resource.rows if row.name in names)


def _main_of(row: Row) -> str | None:
    return (row.mirrors or None) if isinstance(row, Group) else None


def _step(row: Row, above: Path, main: str | None = None) -> _Step:
    if isinstance(row, Field) and len(row.read_path) <= 2 and row.where is not Read.EXPANDED:
        key, *inner = row.read_path
        is_text = row.kind in _BARE or (row.kind is Kind.TEXT and not row.multiline)
        convert = None if is_text else _converter(row, (*above, *row.read_path))
        return _Step(row.name, main, key, inner[0] if inner else None, convert)
    return _Step(row.name, main, None, None, _reader(row, above) if above else _top_reader(row))


def _values(holder: Json, steps: tuple[_Step, ...], above: Path = ()) -> Values:
    """The members of one object. This is where a refresh spends its time: no calls for what is plain text."""
    values: dict[str, Any] = {}
    for name, main, key, inner, convert in steps:
        if key is None:
            if main is not None and main in values:
                mirrored, mirror = holder.get(main), holder.get(name)
                if mirrored is mirror or mirrored == mirror:
                    values[name] = values[main]
                    continue
            assert convert is not None
            if (member := convert(holder)) is not _UNKNOWN:
                values[name] = member
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
            values[name] = (value if value.isascii() else nfc(value)).strip() or None  # as `normalise` does
        else:
            raise _impossible((*above, key) if inner is None else (*above, key, inner))
    return values


def _top_reader(row: Row) -> _Reader:
    if isinstance(row, Group) and row.flat:
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
            return lambda holder: members(_object(holder, path))
        case Form.LINES:
            line = _members_reader(row, path)
            return lambda lines: _keyed(row, [line(member) for member in _array(lines, path)])
        case _:
            return _map_reader(row, path)


def _members_reader(row: Group, path: Path) -> Callable[[Json], Values]:
    steps = tuple(_step(member, path) for member in row.members if member.where is not Read.NEVER)
    return lambda holder: _values(holder, steps, path)


def _map_reader(row: Group, path: Path) -> Callable[[object], Values]:
    """Attributes `[{id, value}]` and segments `[{segmentId, segmentValue}]` as key to value."""
    numbered = row.form is Form.SEGMENTS
    key_name = row.read_key or row.key[0]
    read = _reader(row.value, path)

    def read_map(lines: object) -> Values:
        values: Values = {}
        for line in _array(lines, path):
            key = line.get(key_name)
            if numbered:
                key = str(_integer(key, (*path, key_name)))
            if type(key) is not str:
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
        value: object = holder
        for depth, name in enumerate(names):
            if value is None:
                return None
            if not isinstance(value, dict):
                raise _impossible((*above, *names[:depth]))
            value = value.get(name)
        return value

    return at


def _converter(row: Field, path: Path) -> Callable[[object], Scalar]:
    """Checks the type of a value that is there, and normalises it."""
    if row.kind is Kind.INTEGER:
        return lambda value: _integer(value, path)
    if row.kind in _BARE:

        def bare(value: object) -> Scalar:
            if type(value) is not str:
                raise _impossible(path)
            return nfc(value).strip() or None  # as `normalise` does

        return bare
    if row.kind is Kind.DECIMAL:

        def amount(value: object) -> Scalar:
            kind = type(value)
            if (kind is not Decimal and kind is not int) or _is_absurd(value):  # type: ignore[arg-type]  # it is one
                raise _impossible(path)
            return normalise(row, value)  # type: ignore[arg-type]  # as above

        return amount
    types = _TYPES.get(row.kind, (str,))

    def convert(value: object) -> Scalar:
        if type(value) not in types:
            raise _impossible(path)
        return normalise(row, value)  # type: ignore[arg-type]  # checked above

    return convert


_TYPES: dict[Kind, tuple[type, ...]] = {Kind.BOOLEAN: (bool,)}

_MOST_DIGITS = 30
"""Before the point of an amount, and behind it: 1e-999999999 must not become digits."""


def _is_absurd(value: int | Decimal) -> bool:
    if type(value) is int:
        return not -(10**_MOST_DIGITS) < value < 10**_MOST_DIGITS
    return bool(value) and not -_MOST_DIGITS <= value.adjusted() < _MOST_DIGITS  # type: ignore[union-attr]


@lru_cache(maxsize=16)
def _key_reader(resource: Resource) -> _Reader:
    return _reader(resource.fields[resource.key], ())


_IdReader: TypeAlias = Callable[[Json], dict[Path, str]]


@lru_cache(maxsize=16)
def _id_readers(resource: Resource) -> tuple[tuple[str, _IdReader], ...]:
    """What reads a `Live.line_ids` out of a row that was decoded, for each group that has some."""
    return tuple(
        (row.name, _line_ids_reader(row) if row.line_id else _spelled_reader(row))
        for row in resource.groups
        if row.line_id or row.form is Form.MAP
    )


def _line_ids_reader(row: Group) -> _IdReader:
    at, read = _at_reader(row.read_path, ()), _members_reader(row, row.read_path)

    def line_ids(dto: Json) -> dict[Path, str]:
        ids: dict[Path, str] = {}
        for line in _array(at(dto), row.read_path):
            key, line_id = line_key(row, read(line)), line.get(row.line_id)
            if key is not None and type(line_id) is str:
                ids.setdefault((row.name, key), line_id)
        return ids

    return line_ids


def _spelled_reader(row: Group) -> _IdReader:
    """The ids that the ERP spells otherwise than `attribute_key`: they are sent as it has them."""
    at, key_name = _at_reader(row.read_path, ()), row.read_key or row.key[0]

    def spelled(dto: Json) -> dict[Path, str]:
        ids = (line[key_name].strip() for line in _array(at(dto), row.read_path))
        return {(row.name, key): line_id for line_id in ids if (key := attribute_key(line_id)) != line_id}

    return spelled


def _integer(value: object, path: Path) -> int:
    """A whole number, also as `12.0`. The size is looked at first: 1e999999999 must not become digits."""
    if isinstance(value, int) and not isinstance(value, bool) and -_HUGE < value < _HUGE:
        return value
    if isinstance(value, Decimal) and -_HUGE < value < _HUGE and value == value.to_integral_value():
        return int(value)
    raise _impossible(path)


_HUGE = 2**63


def _object(value: object, path: Path) -> Json:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _impossible(path)
    return value


def _array(value: object, path: Path) -> list[Json]:
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(line, dict) for line in value):
        raise _impossible(path)
    return value


def _optional_text(row: Json, name: str) -> str | None:
    value = row.get(name)
    if value is not None and type(value) is not str:
        raise _impossible((name,))
    return value or None


def _counter(version: str | None) -> int | None:
    try:
        return int.from_bytes(base64.b64decode(version or "", validate=True)) if version else None
    except (binascii.Error, ValueError):
        return None


def _impossible(path: Path) -> UnexpectedAnswer:
    return UnexpectedAnswer(f"{render_path(path)} in the ERP's answer has a type that the API does not allow")
