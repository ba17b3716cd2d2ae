"""Values to the API's requests. Pure; all of it follows the field table."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias, cast

from reconciler.core.customer import Live
from reconciler.core.errors import Refused
from reconciler.core.plan import Request
from reconciler.erp.paths import CUSTOMERS, customer_path
from reconciler.resources.customer import FIELDS, Field, Form, Group, Kind, Row
from reconciler.resources.values import Path, Scalar, Values, get, render_path

Json: TypeAlias = "dict[str, Any]"

_AS_THEY_ARE: Mapping[Path, str] = MappingProxyType({})


class WireCodec:
    """Fulfils `core.ports.Wire`. Bodies keep the order of the field table; free keys are sorted."""

    def create(self, values: Values, spelled: Mapping[Path, str] = _AS_THEY_ARE) -> Request:
        """The POST that creates a customer. spelled: attribute ids as they are declared, by path.

        What is None is cleared here too: the class or the main address may have a value for it (fact sheet 12.4, 12.5).
        """
        body = {
            row.write_name if isinstance(row, Group) else name: encoded
            for name, row in FIELDS.items()
            if name in values and (encoded := _create_member(row, values[name], spelled)) not in ({}, [])
        }
        return Request("POST", CUSTOMERS, None, body)

    def update(
        self,
        live: Live,
        changed: Values,
        removed: Collection[Path],
        spelled: Mapping[Path, str] = _AS_THEY_ARE,
    ) -> Request:
        """The PUT that changes exactly the leaves of `changed` and deletes the lines at `removed`.

        Each path of `removed` is (group, key). Attribute ids go as the live customer has them, else as `spelled`:
        whether the ERP tells them apart by case is not known. Create-only members are never sent (fact sheet 12.1,
        12.4).
        Raises Refused when a member would have to be cleared that the API has no way to clear.
        """
        body: Json = {}
        ids = {**spelled, **live.line_ids}
        for name, row in FIELDS.items():
            gone = [path[1] for path in removed if path[0] == name]
            if isinstance(row, Field):
                if name in changed and not row.create_only:
                    body[name] = _encode_leaf(row, cast(Scalar, changed[name]), (name,))
            elif row.form is Form.LINES:
                _put(body, row, _changed_lines(row, live, cast(Values, changed.get(name, {})), gone))
            elif name in changed:
                _put(body, row, _encode_group(row, cast(Values, changed[name]), (name,), ids))
        return Request("PUT", customer_path(live.number), live.version, body)


def _put(body: Json, row: Group, encoded: Json | list[Json]) -> None:
    if encoded:
        body[row.write_name] = _wrap(row, encoded)


def _create_member(row: Row, value: object, spelled: Mapping[Path, str]) -> Any:
    if isinstance(row, Field):
        return _encode_leaf(row, cast(Scalar, value), (row.name,))
    given = cast(Values, value)
    if row.form is Form.LINES:
        return [_line(row, "Insert", None, key, cast(Values, line)) for key, line in sorted(given.items())]
    encoded = _encode_group(row, given, (row.name,), spelled)
    return _wrap(row, encoded) if encoded else encoded


def _wrap(row: Row, encoded: Any) -> Any:
    return {"value": encoded} if row.wrapped else encoded


def _encode_group(row: Group, values: Values, path: Path, ids: Mapping[Path, str] = _AS_THEY_ARE) -> Json | list[Json]:
    match row.form:
        case Form.OBJECT:
            return _encode_object(row, values, path)
        case Form.SEGMENTS:
            return [_segment(row, key, values[key], path) for key in sorted(values, key=int)]
        case _:
            return [_attribute(row, key, value, path, ids) for key, value in sorted(values.items())]


def _encode_object(row: Group, values: Values, path: Path) -> Json:
    encoded: Json = {}
    for name, member in row.by_name.items():
        if name not in values:
            continue
        if isinstance(member, Field):
            encoded[name] = _encode_leaf(member, cast(Scalar, values[name]), (*path, name))
        else:
            _put(encoded, member, _encode_group(member, cast(Values, values[name]), (*path, name)))
    return encoded


def _attribute(row: Group, key: str, value: object, path: Path, ids: Mapping[Path, str]) -> Json:
    """`{attributeId, attributeValue}`, both wrapped; a blank value clears (fact sheet 12.1, Q24)."""
    member = cast(Field, row.members[-1])
    at = (*path, key)
    return {row.key[0]: {"value": ids.get(at, key)}, member.name: _encode_leaf(member, cast(Scalar, value), at)}


def _segment(row: Group, key: str, value: object, path: Path) -> Json:
    """`{segmentId, segmentValue}`, both bare (fact sheet 11.4)."""
    member = cast(Field, row.members[-1])
    return {row.key[0]: int(key), member.name: _encode_leaf(member, cast(Scalar, value), (*path, key))}


def _changed_lines(row: Group, live: Live, changed: Values, gone: list[str]) -> list[Json]:
    lines = []
    for key in sorted(changed.keys() | set(gone)):
        line_id = live.line_ids.get((row.name, key))
        known = get(live.values, (row.name, key))
        members = cast(Values, changed.get(key, {}))
        before = known if isinstance(known, dict) else {}
        if key in gone:
            lines.append(_line(row, "Delete", line_id, key, before, only_key=True))
        elif line_id is not None or known is not None:
            keys = {name: before[name] for name in row.key if name in before}
            lines.append(_line(row, "Update", line_id, key, keys | members))
        else:
            lines.append(_line(row, "Insert", None, key, members))
    return lines


def _line(
    row: Group, operation: str, line_id: str | None, key: str, members: Values, *, only_key: bool = False
) -> Json:
    """One line: `operation` and `id` bare, the members wrapped, the key always along (fact sheet 11.5)."""
    keys = dict(zip(row.key, key.split("/", len(row.key) - 1), strict=False))
    sent = {name: value for name, value in members.items() if not only_key or name in row.key}
    values: Values = {**keys, **sent}
    head: Json = {"operation": operation} | ({"id": line_id} if line_id is not None else {})
    return head | _encode_object(row, values, (row.name, key))


def _encode_leaf(row: Field, value: Scalar, path: Path) -> Any:
    if value is None:
        return _wrap(row, _cleared(row, path))
    if row.kind is Kind.DATE:
        text = str(value)
        return _wrap(row, f"{text}T00:00:00" if len(text) == len("2026-01-31") else text.replace(" ", "T", 1))
    return _wrap(row, value)


def _cleared(row: Field, path: Path) -> str | None:
    """Text and references are cleared by "", nullable types by null (fact sheet 12.1, Q15, Q16)."""
    if row.nullable:
        return None
    if row.kind in (Kind.TEXT, Kind.REFERENCE, Kind.NUMBER):
        return ""
    raise Refused(
        f"{render_path(path)} cannot be cleared: the API has no way to say so",
        remedy="Declare the value that it should have.",
    )
