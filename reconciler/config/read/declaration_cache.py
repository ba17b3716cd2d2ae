"""What was read of a file, as bytes to keep: a file that has not changed is then not parsed again.

An entry's key is a hash of all that the result depends on: this program, the schema, the defaults and the limits of the
settings, and the file's bytes; not its name. What depends on more than that, such as a variable, and what has problems
is not kept. An entry that does not read back as declarations counts as none.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterable, Sequence
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import msgspec
from yaml import __version__ as yaml_version

from reconciler._version import __version__
from reconciler.config.read.fast_declarations import Quick, Shape
from reconciler.config.read.file_limits import BOUNDS, Bounds
from reconciler.config.read.nodes import Node
from reconciler.config.read.schema import IDENTITY, customer_schema
from reconciler.config.read.unmerged import Base, Draft
from reconciler.core.diagnostics import Source
from reconciler.resources.customer import FIELDS
from reconciler.resources.grammar import Field, Form, Group, Kind, Row
from reconciler.resources.values import Values

_FORMAT = 2
_DECIMAL = 1
_ROOMS = ("config", "config/read", "core", "resources")

_Path: TypeAlias = tuple[str, ...]
_Place: TypeAlias = tuple[int, int]
_Shared: TypeAlias = "dict[str, _Shared]"
"""Names of fields, and below those of groups their members'."""


def _few(rows: Iterable[Row]) -> _Shared:
    """The fields that hold one of a few values: ids of other records, and words."""
    found: _Shared = {}
    for row in rows:
        if isinstance(row, Group) and row.form is Form.OBJECT:
            found[row.name] = _few(row.members)
        elif isinstance(row, Field) and row.kind in (Kind.REFERENCE, Kind.ENUM):
            found[row.name] = {}
    return found


_SHARED = _few(FIELDS.values())

_Row: TypeAlias = tuple[int, int, str | None, str | None, dict[str, Any], bytes]
"""A declaration: which shape, its first line, number, ref, values, and the hash of what it says."""


class _Likeness(msgspec.Struct, array_like=True, frozen=True):
    """A `Shape` without what reads lines. `above`: places in the same file, by its own lines; `outside`: in others."""

    start: _Place
    inside: list[tuple[_Path, _Place]]
    above: list[tuple[_Path, _Place]]
    outside: list[tuple[_Path, tuple[str, int, int]]]
    spelled: list[tuple[_Path, str]]
    match: _Path | None
    lifecycle: dict[str, Any]
    complete: dict[str, bool]


class _File(msgspec.Struct, array_like=True, frozen=True):
    """The declarations of a file. Files have shapes in common: each is bytes, to be decoded once for all of them."""

    shapes: list[bytes]
    rows: list[_Row]


def _extension(code: int, data: memoryview) -> Decimal:
    if code != _DECIMAL:
        raise ValueError("unknown extension")
    return Decimal(bytes(data).decode("ascii"))


_encode = msgspec.msgpack.Encoder().encode
_decode_file = msgspec.msgpack.Decoder(_File, ext_hook=_extension).decode
_decode_likeness = msgspec.msgpack.Decoder(_Likeness).decode


class Keeper:
    """Turns declarations that lie on the same defaults into bytes and back.

    base: the defaults of the settings. bounds: within which the files are read; others may refuse them.
    """

    def __init__(self, base: Base | None, bounds: Bounds = BOUNDS) -> None:
        self._settings = base.draft.source.file if base else None
        self._hash = hashlib.sha256(_encode([program(), _said_by(base), repr(bounds)]))
        self._learned: dict[bytes, Shape] = {}
        self._known: dict[str, str] = {}
        self._written: dict[int, tuple[Shape, bytes]] = {}

    def key(self, data: bytes) -> bytes:
        """Under what the declarations of a file with these bytes are kept."""
        found = self._hash.copy()
        found.update(data)
        return found.digest()

    def pack(self, made: Sequence[tuple[Quick | Draft, bytes]], file: str) -> bytes | None:
        """All declarations of a file, with the defaults already under them, each with the hash of what it says; None
        when they cannot be kept."""
        if file == self._settings:  # its own lines and those of the settings could not be told apart
            return None
        shapes: dict[bytes, int] = {}
        rows: list[_Row] = []
        try:
            for each, digest in made:
                shape = self._shape(each, file)
                line = each.source.line - (each.shape.start[0] if isinstance(each, Quick) else 0)
                at, values = shapes.setdefault(shape, len(shapes)), _packed(each.values)
                rows.append((at, line, each.number, each.ref, values, digest))
            return _encode(_File(list(shapes), rows))
        except (OverflowError, UnicodeError):  # a number of 28 digits
            return None

    def unpack(self, data: bytes, file: str) -> list[tuple[Quick, bytes]] | None:
        """The declarations of a file with their hashes; None when the bytes are none of ours."""
        try:
            found = _decode_file(data)
            shapes = [self._shape_of(each, file) for each in found.shapes]
            return [
                (Quick.known(shapes[at], file, line, number, ref, self._shared(values, _SHARED)), digest)
                for at, line, number, ref, values, digest in found.rows
            ]
        except (msgspec.MsgspecError, ValueError, IndexError, InvalidOperation, RecursionError):
            return None

    def _shared(self, values: dict[str, Any], names: _Shared) -> dict[str, Any]:
        """The values; those of fields that hold the same few in all customers are one object each."""
        for name in names.keys() & values.keys():
            value, below = values[name], names[name]
            if below and type(value) is dict:
                self._shared(value, below)
            elif type(value) is str:
                values[name] = self._known.setdefault(value, value)
        return values

    def _shape(self, made: Quick | Draft, file: str) -> bytes:
        if isinstance(made, Draft):
            return _encode(_of_draft(made, file))
        known = self._written.get(id(made.shape))
        if known is None:  # the shape is held on to: its id must not become another one's
            known = self._written[id(made.shape)] = made.shape, _encode(_of_shape(made.shape, file))
        return known[1]

    def _shape_of(self, data: bytes, file: str) -> Shape:
        shape = self._learned.get(data)
        if shape is not None:
            return shape
        found = _decode_likeness(data)
        shape = Shape(
            [],
            start=found.start,
            inside=dict(found.inside),
            outside={path: Source(*place) for path, place in found.outside}
            | {path: Source(file, *place) for path, place in found.above},
            spelled=dict(found.spelled),
            match=found.match,
            lifecycle=found.lifecycle,
            complete=found.complete,
        )
        if not found.above:
            self._learned[data] = shape
        return shape


@cache
def program() -> bytes:
    """A hash of what reads declarations: this version and its code, the schema, the parser under it, the language."""
    versions = [_FORMAT, __version__, yaml_version, msgspec.__version__, *sys.version_info[:3]]
    return hashlib.sha256(repr((versions, customer_schema(), _code())).encode()).digest()


def _code() -> list[tuple[str, int, int]]:
    """What tells two states of the code apart: between releases it changes, and the version does not."""
    folder = Path(__file__).parents[1]
    files = [each for name in _ROOMS for each in os.scandir(folder.parent / name) if each.name.endswith(".py")]
    return sorted(
        (each.path[len(str(folder.parent)) :], each.stat().st_size, each.stat().st_mtime_ns) for each in files
    )


def _said_by(base: Base | None) -> str:
    """All that the defaults lay under a declaration, places included."""
    if base is None:
        return ""
    made = base.draft
    places = [(node.file, node.line, node.column) for node in made.nodes]
    return repr(
        (made.values, made.paths, places, made.spelled, made.match, made.lifecycle, made.complete, made.source.file)
    )


def _packed(values: Values) -> dict[str, Any]:
    return {
        name: each
        if type(each) is str
        else _packed(each)
        if isinstance(each, dict)
        else msgspec.msgpack.Ext(_DECIMAL, str(each).encode("ascii"))
        if isinstance(each, Decimal)
        else each
        for name, each in values.items()
    }


def _of_shape(shape: Shape, file: str) -> _Likeness:
    above = [(path, (place.line, place.column)) for path, place in shape.outside.items() if place.file == file]
    outside = [
        (path, (place.file, place.line, place.column)) for path, place in shape.outside.items() if place.file != file
    ]
    return _Likeness(
        shape.start,
        list(shape.inside.items()),
        above,
        outside,
        list(shape.spelled.items()),
        shape.match,
        shape.lifecycle,
        shape.complete,
    )


def _of_draft(made: Draft, file: str) -> _Likeness:
    """The draft's places, by its first line. What is above that line is no part of it, but of the file's defaults."""
    first = made.source.line
    nodes: dict[_Path, Node] = dict(zip(made.paths, made.nodes, strict=True))
    nodes |= {(name,): made.node.entries[name][1] for name in IDENTITY if name in made.node.entries}
    own = {path: node for path, node in nodes.items() if node.file == file}
    return _Likeness(
        (0, made.source.column),
        [(path, (node.line - first, node.column)) for path, node in own.items() if node.line >= first],
        [(path, (node.line, node.column)) for path, node in own.items() if node.line < first],
        [(path, (node.file, node.line, node.column)) for path, node in nodes.items() if node.file != file],
        list(made.spelled.items()),
        made.match,
        made.lifecycle,
        made.complete,
    )
