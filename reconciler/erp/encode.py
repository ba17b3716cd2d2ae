"""Values to the API's requests. Pure; all of it follows the field table."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

from reconciler.core.errors import Refused
from reconciler.core.live import Live
from reconciler.core.plan import Request
from reconciler.erp.paths import encode_segment, renumber_path
from reconciler.resources.customer import CUSTOMER
from reconciler.resources.grammar import Field, Form, Group, Kind, Resource, Row, fold
from reconciler.resources.values import NumberOf, Path, Scalar, Values, get, render_path

Json: TypeAlias = "dict[str, Any]"

_AS_THEY_ARE: Mapping[Path, str] = MappingProxyType({})


class WireCodec:
    """Fulfils `core.ports.Wire` for one resource. Bodies keep the order of the field table; free keys are sorted."""

    def __init__(self, resource: Resource = CUSTOMER) -> None:
        self._resource = resource

    def create(self, values: Values, spelled: Mapping[Path, str] = _AS_THEY_ARE) -> Request:
        """The POST that creates a record. spelled: attribute ids as they are declared, by path.

        What is None is cleared here too: the class or the main address may have a value for it (fact sheet 12.4, 12.5).
        """
        body: Json = {}
        for name, row in self._resource.fields.items():
            if name not in values:
                continue
            if isinstance(row, Group) and row.is_lines:
                lines = sorted(_dict(values[name]).items())
                _put(body, row, [_line(row, "Insert", None, key, _dict(line)) for key, line in lines])
            else:
                _put(body, row, _encode(row, values[name], spelled))
        return Request("POST", self._resource.path, None, body)

    def update(
        self,
        live: Live,
        changed: Values,
        removed: Collection[Path],
        spelled: Mapping[Path, str] = _AS_THEY_ARE,
    ) -> Request:
        """The PUT that changes exactly the leaves of `changed` and deletes the lines at `removed`.

        Each path of `removed` is (group, key). Attribute ids go as the live record has them, else as `spelled`:
        whether the ERP tells them apart by case is not known. Create-only members are never sent (fact sheet 12.1,
        12.4).
        Raises Refused when a member would have to be cleared that the API has no way to clear.
        """
        body: Json = {}
        ids = {**spelled, **live.line_ids}
        for name, row in self._resource.fields.items():
            if isinstance(row, Group) and row.is_lines:
                deleted = [path[1] for path in removed if path[0] == name]
                _put(body, row, _changed_lines(row, live, _dict(changed.get(name, {})), deleted))
            elif name in changed and not (isinstance(row, Field) and row.create_only):
                _put(body, row, _encode(row, changed[name], ids))
        path = f"{self._resource.path}/{encode_segment(live.number)}"
        return Request("PUT", path, live.version, body)

    def renumber(self, live: Live, number: str) -> Request:
        """The POST that gives the live customer another number; its one member is bare (fact sheet of the
        neighbours, 6)."""
        return Request("POST", renumber_path(live.internal_id), None, {"customerCd": number})


def _put(body: Json, row: Row, encoded: Any) -> None:
    """A group without members is not sent; a leaf always is."""
    if isinstance(row, Field):
        body[row.name] = encoded
    elif encoded:
        body[row.write_name] = _wrap(row, encoded)


def _dict(values: object) -> Values:
    assert isinstance(values, dict)
    return values


def _wrap(row: Row, encoded: Any) -> Any:
    return {"value": encoded} if row.wrapped else encoded


def _encode(row: Row, value: object, ids: Mapping[Path, str] = _AS_THEY_ARE, path: Path = ()) -> Any:
    """A member as it is sent, a group without its wrapper."""

    def laid_out(group: Group, at: Path, below: Json) -> Any:
        match group.form:
            case Form.OBJECT:
                body: Json = {}
                for name, encoded in below.items():
                    _put(body, group.by_name[name], encoded)
                return body
            case Form.SEGMENTS:  # `{segmentId, segmentValue}`, both bare (fact sheet 11.4)
                return [{group.key[0]: int(key), group.value.name: below[key]} for key in sorted(below, key=int)]
            case _:  # `{attributeId, attributeValue}`, both wrapped; a blank value clears (fact sheet 12.1, Q24)
                return [
                    {group.key[0]: {"value": ids.get((*at, key), key)}, group.value.name: encoded}
                    for key, encoded in sorted(below.items())
                ]

    return fold(row, path or (row.name,), value, _encode_leaf, laid_out)


def _changed_lines(row: Group, live: Live, changed: Values, deleted: list[str]) -> list[Json]:
    lines = []
    for key in sorted(changed.keys() | set(deleted)):
        line_id = live.line_ids.get((row.name, key))
        known = get(live.values, (row.name, key))
        members = _dict(changed.get(key, {}))
        before: Values = known if isinstance(known, dict) else {}
        keys = {name: before[name] for name in row.key if name in before}
        if key in deleted:
            lines.append(_line(row, "Delete", line_id, key, keys))
        elif line_id is not None or known is not None:
            lines.append(_line(row, "Update", line_id, key, keys | members))
        else:
            lines.append(_line(row, "Insert", None, key, members))
    return lines


def _line(row: Group, operation: str, line_id: str | None, key: str, members: Values) -> Json:
    """One line: `operation` and `id` bare, the members wrapped, the key always along (fact sheet 11.5)."""
    keys = dict(zip(row.key, key.split("/", len(row.key) - 1), strict=False))
    head: Json = {"operation": operation} | ({"id": line_id} if line_id is not None else {})
    line = row.under_key
    assert line is not None, "lines have rows of their own"
    encoded: Json = _encode(line, {**keys, **members}, path=(row.name, key))
    return head | encoded


def _encode_leaf(row: Field, path: Path, value: Scalar) -> Any:
    if value is None:
        return _wrap(row, _cleared(row, path))
    if isinstance(value, NumberOf):  # the number goes in before it is sent
        return _wrap(row, {"ref": value.ref})
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
