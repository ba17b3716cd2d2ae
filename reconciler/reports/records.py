"""Live customers as records: the shape of a declaration, and what only the ERP sets. JSON text of them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, TypeAlias

import msgspec

from reconciler.core.amounts import plain_text
from reconciler.core.declaration_values import declared
from reconciler.core.errors import WrongUsage
from reconciler.core.live import Live
from reconciler.core.safe_json import inert_json
from reconciler.resources.customer import ATTRIBUTES, CUSTOMER, FIELDS
from reconciler.resources.grammar import Form, Group, Read, Row
from reconciler.resources.values import Path, Values, get, parse_path, put, render_path

Record: TypeAlias = "dict[str, Any]"

EXTRAS = ("internalId", "lastModifiedDateTime", "createdDateTime", *CUSTOMER.shown)
"""Members that only the ERP sets; no declaration has them."""

_ENCODER = msgspec.json.Encoder(decimal_format="number", enc_hook=str)  # str: a text that is unfit (`erp.answer`)


def record(live: Live, row: Mapping[str, Any], paths: Iterable[Path] | None = None) -> Record:
    """The customer in the shape of a declaration, then `EXTRAS`; only what is at the paths, if they are given.

    row: the API's own, which has what nobody can declare.
    """
    extras = {"internalId": live.internal_id, "lastModifiedDateTime": live.modified, "createdDateTime": live.created}
    extras |= {name: row.get(name) for name in CUSTOMER.shown}
    if paths is None:
        whole: Record = {"number": live.number} | declared(live.values)
        return whole | {name: value for name, value in extras.items() if value is not None}
    chosen: Values = {}
    for path in paths:
        value = get(live.values, path)
        if value is not None:
            put(chosen, path, value)  # type: ignore[arg-type]  # a part of Values
    wanted = {path[0] for path in paths}
    return declared(chosen) | {name: value for name, value in extras.items() if name in wanted and value is not None}


def parse_paths(text: str) -> tuple[Path, ...]:
    """The paths of `--fields name,mainAddress.city,attributes.REGION`. Raises WrongUsage for what cannot be read."""
    paths = tuple(dict.fromkeys(_checked(word.strip()) for word in text.split(",") if word.strip()))
    if not paths:
        raise WrongUsage("--fields names no field", remedy="Write paths, such as number,name,mainAddress.city.")
    return tuple(path for path in paths if not any(path[:end] in paths for end in range(1, len(path))))


def _checked(word: str) -> Path:
    path = parse_path(word)
    if render_path(path) != word or not _is_readable(path):
        raise WrongUsage(
            f"--fields names {word!r}, which is no field that can be read",
            remedy="Write a field's path, such as mainAddress.city or attributes.REGION, or one of "
            f"{', '.join(EXTRAS)}. `reconciler schema customer` has all fields.",
        )
    return path


def _is_readable(path: Path) -> bool:
    if path and path[0] in EXTRAS:
        return len(path) == 1
    row = FIELDS.get(path[0]) if path else None
    for at, segment in enumerate(path[1:], 2):
        if not isinstance(row, Group):
            return False
        if row.form is Form.MAP:
            return at == len(path) and bool(segment)
        row = row.by_name.get(segment) if row.form is Form.OBJECT else None
    return row is not None and row.where is not Read.NEVER


def own_fields(paths: Iterable[Path]) -> tuple[str, ...]:
    """The fields among the paths that take a request for each customer."""
    names = dict.fromkeys(path[0] for path in paths if path[0] in FIELDS)
    return tuple(name for name in names if FIELDS[name].where is Read.OWN)


def flat_paths() -> tuple[Path, ...]:
    """Each member that a list shows as a path of its own; lists are one path each, and attributes are left out."""

    def below(row: Row, prefix: Path) -> Iterable[Path]:
        path = (*prefix, row.name)
        if isinstance(row, Group) and row.form is Form.OBJECT:
            for member in row.members:
                yield from below(member, path)
        elif row.where in (Read.ROW, Read.EXPANDED) and row.name != ATTRIBUTES:
            yield path

    return (*(path for row in FIELDS.values() for path in below(row, ())), *((name,) for name in EXTRAS))


def json_text(value: object) -> str:
    """JSON, indented; characters that a terminal would obey or hide are written as escapes."""
    return inert_json(msgspec.json.format(_ENCODER.encode(value), indent=2).decode())


def json_line(value: object) -> str:
    """JSON on one line."""
    return inert_json(_ENCODER.encode(value).decode())


def cell(value: object) -> str:
    """A member as the text of a table's or a CSV file's cell; groups and lists as JSON, no value as nothing."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case Decimal():
            return plain_text(value)
        case dict() | list():
            return json_line(value) if value else ""
        case _:
            return str(value)
