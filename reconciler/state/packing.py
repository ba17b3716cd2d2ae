"""A live customer's values as compact bytes and back: nothing is kept for what has no value, and mirrors only once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.core.live import Live, PackedLive
from reconciler.resources.customer import CUSTOMER
from reconciler.resources.grammar import Resource
from reconciler.resources.values import Path, Values
from reconciler.state.value_json import decode, encode_bytes

_LINE_IDS = ""
"""The key of the line ids: no field is called so."""

_NO_IDS: Mapping[Path, str] = {}


class Packer:
    """Packs and unpacks the records of one resource."""

    def __init__(self, resource: Resource = CUSTOMER) -> None:
        self._apart = resource.apart
        self._objects = {row.name for row in resource.groups if row.is_object}
        self._mains = {name: main for main, names in resource.mirrors.items() for name in names}
        self._followers = tuple((main, name) for name, main in self._mains.items())

    def pack(self, live: Live, *, whole: bool = True) -> PackedLive:
        """The record, packed. What is absent from `values` and what is None cannot be told apart afterwards, except in
        the fields that only an expand flag or an extra GET brings: there absent means unknown."""
        kept: dict[str, Any] = {}
        values = live.values
        for name, value in values.items():
            if type(value) is dict and name in self._objects:
                is_main_itself = name in self._mains and value is values.get(self._mains[name])  # as `decode` leaves it
                kept[name] = is_main_itself or {key: member for key, member in value.items() if member is not None}
            elif value is not None or name in self._apart:
                kept[name] = value
        for main, name in self._followers:
            if name in kept and kept.get(main) == kept[name]:
                kept[name] = True
        if live.line_ids:
            kept[_LINE_IDS] = [[*path, line_id] for path, line_id in live.line_ids.items()]
        data = encode_bytes(kept)
        return PackedLive(live.internal_id, live.number, live.version, live.modified, data, whole, self.unpack)

    def unpack(self, data: bytes) -> tuple[Values, Mapping[Path, str]]:
        """The values and the line ids. Raises msgspec.MsgspecError."""
        values = decode(data)
        for main, name in self._followers:
            if values.get(name) is True:
                values[name] = values[main]
        lines: Any = values.pop(_LINE_IDS, None)
        return values, {tuple(path): line_id for *path, line_id in lines} if lines else _NO_IDS


CUSTOMER_PACKER = Packer()
"""The packer of customers."""
