"""A live customer's values as compact bytes and back: nothing is kept for what has no value, and mirrors only once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.core.customer import Live, PackedLive
from reconciler.resources.customer import APART, FIELDS, MIRRORS, Form, Group
from reconciler.resources.values import Path, Values
from reconciler.state.value_json import decode, encode_bytes

_LINE_IDS = ""
"""The key of the line ids: no field is called so."""

_NO_IDS: Mapping[Path, str] = {}
_OBJECTS = {name for name, row in FIELDS.items() if isinstance(row, Group) and row.form is Form.OBJECT}
_FOLLOWERS = tuple((main, name) for main, names in MIRRORS.items() for name in names)


def pack(live: Live, *, whole: bool = True) -> PackedLive:
    """The customer, packed. What is absent from `values` and what is None cannot be told apart afterwards, except in
    the fields that only an expand flag or an extra GET brings: there absent means unknown."""
    values = live.values
    kept: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, dict) and name in _OBJECTS:
            kept[name] = {key: member for key, member in value.items() if member is not None}
        elif value is not None or name in APART:
            kept[name] = value
    for main, name in _FOLLOWERS:
        if name in kept and kept.get(main) == kept[name]:
            kept[name] = True
    if live.line_ids:
        kept[_LINE_IDS] = [[*path, line_id] for path, line_id in live.line_ids.items()]
    return PackedLive(live.internal_id, live.number, live.version, live.modified, encode_bytes(kept), whole, unpack)


def unpack(data: bytes) -> tuple[Values, Mapping[Path, str]]:
    """The values and the line ids. Raises msgspec.MsgspecError."""
    values = decode(data)
    for main, name in _FOLLOWERS:
        if values.get(name) is True:
            values[name] = values[main]
    lines: Any = values.pop(_LINE_IDS, None)
    return values, {tuple(path): line_id for *path, line_id in lines} if lines else _NO_IDS
