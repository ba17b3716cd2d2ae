"""Values in the shape of a declaration: keyed lines and segments become lists again. Pure."""

from __future__ import annotations

from typing import Any, TypeAlias

from reconciler.resources.customer import CUSTOMER
from reconciler.resources.grammar import Field, Form, Group, Resource, fold
from reconciler.resources.values import Path, Scalar, Values

Declared: TypeAlias = "dict[str, Any]"


def readable_fields(resource: Resource = CUSTOMER) -> frozenset[str]:
    """The top-level fields that a list can show, with its expand flags."""
    return resource.listed


def declared(values: Values, *, nulls: bool = False, resource: Resource = CUSTOMER) -> Declared:
    """The values as a declaration writes them, in the order of the field table; free keys in their own order.

    What is None is left out, and so are groups that are then empty; with `nulls` both stay.
    """
    below = {
        name: None
        if values[name] is None
        else fold(row, (name,), values[name], _as_is, _laid_out if nulls else _filled)
        for name, row in resource.fields.items()
        if name in values
    }
    return below if nulls else _with_value(below)


def _as_is(_row: Field, _path: Path, value: Scalar) -> Any:
    return value


def _filled(row: Group, path: Path, below: Declared) -> Any:
    return _laid_out(row, path, below if row.is_lines else _with_value(below))


def _laid_out(row: Group, _path: Path, below: Declared) -> Any:
    match row.form:
        case Form.LINES:
            return list(below.values())
        case Form.SEGMENTS:
            key, value = row.key[0], row.value.name
            return [{key: int(segment), value: below[segment]} for segment in sorted(below, key=int)]
        case _:
            return below


def _with_value(members: Declared) -> Declared:
    return {name: value for name, value in members.items() if value not in (None, {}, [])}
