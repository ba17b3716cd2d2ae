"""Values in the shape of a declaration: keyed lines and segments become lists again. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from reconciler.resources.customer import FIELDS, Field, Form, Group, Read, Row
from reconciler.resources.values import Values

Declared: TypeAlias = "dict[str, Any]"


def readable_fields() -> frozenset[str]:
    """The top-level fields that a list can show, with its expand flags."""
    return frozenset(name for name, row in FIELDS.items() if row.where in (Read.ROW, Read.EXPANDED))


def declared(values: Values, *, nulls: bool = False) -> Declared:
    """The values as a declaration writes them, in the order of the field table; free keys in their own order.

    What is None is left out, and so are groups that are then empty; with `nulls` both stay.
    """
    return _members(values, FIELDS, nulls)


def _members(values: Mapping[str, object], rows: Mapping[str, Row], nulls: bool) -> Declared:
    found: Declared = {}
    for name, row in rows.items():
        if name in values:
            value = _member(row, values[name], nulls)
            if nulls or value not in (None, {}, []):
                found[name] = value
    return found


def _member(row: Row, value: object, nulls: bool) -> Any:
    if isinstance(row, Field) or not isinstance(value, dict):
        return value
    return _group(row, value, nulls)


def _group(row: Group, value: Values, nulls: bool) -> Any:
    match row.form:
        case Form.OBJECT:
            return _members(value, row.by_name, nulls)
        case Form.MAP:
            return {key: each for key, each in value.items() if nulls or each is not None}
        case Form.SEGMENTS:
            key_name, value_name = row.members[0].name, row.members[1].name
            return [
                {key_name: int(key), value_name: value[key]}
                for key in sorted(value, key=int)
                if nulls or value[key] is not None
            ]
        case Form.LINES:
            return [_members(line, row.by_name, nulls) for line in value.values() if isinstance(line, dict)]
