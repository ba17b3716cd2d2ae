"""What belongs where in a declaration file: the canonical order of members, and which scalars are text.

All of it follows the field table; nothing here looks at values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TypeAlias

from reconciler.config.edit.spans import Span
from reconciler.config.read.schema import TEXT_KINDS
from reconciler.resources.customer import CUSTOMER, FIELDS
from reconciler.resources.grammar import Field, Form, Kind, Row

NodePath: TypeAlias = "tuple[str | int, ...]"
"""The way from a document's root: keys of mappings, and indices of lists."""

MERGE = "<<"


@dataclass(frozen=True, slots=True)
class Shape:
    """A place in a file.

    members: the known ones in canonical order; empty where keys are free. other: what free keys hold. item: what
    list items are. scalar: text, boolean, number, or nothing where a scalar does not belong.
    header: whether comments above the first member are about the whole.
    """

    members: Mapping[str, Shape] = field(default_factory=dict)
    other: Shape | None = None
    item: Shape | None = None
    scalar: str = ""
    header: bool = False

    def below(self, segment: str | int) -> Shape:
        """The shape of a member or item; one that knows nothing where there is none."""
        if isinstance(segment, int):
            return self.item or NOTHING
        return self.members.get(segment) or self.other or NOTHING

    def rank(self, name: str) -> int:
        """The position of a member among the known ones; unknown and free ones come last, merge keys first."""
        return _ranks(tuple(self.members)).get(name, len(self.members)) if name != MERGE else -1

    def knows(self, name: str) -> bool:
        """Whether the member has a place in the canonical order."""
        return name == MERGE or name in self.members


NOTHING = Shape()
TEXT = Shape(scalar="text")


@cache
def _ranks(names: tuple[str, ...]) -> dict[str, int]:
    return {name: at for at, name in enumerate(names)}


def _row(row: Row) -> Shape:
    if isinstance(row, Field):
        if row.kind is Kind.BOOLEAN:
            return Shape(scalar="boolean")
        return TEXT if row.kind in TEXT_KINDS or row.kind is Kind.ENUM else Shape(scalar="number")
    members = {member.name: _row(member) for member in row.members}
    match row.form:
        case Form.OBJECT:
            return Shape(members)
        case Form.MAP:
            return Shape(other=members[row.members[-1].name])
        case Form.LINES:
            return _lines(Shape(members, header=True))
        case Form.SEGMENTS:
            return Shape(item=Shape(members, header=True))


def _lines(line: Shape) -> Shape:
    return Shape({"complete": Shape(scalar="boolean"), "lines": Shape(item=line)}, item=line)


def _declaration() -> Shape:
    rows = {name: _row(row) for name, row in FIELDS.items()}
    texts = Shape(item=TEXT)
    lifecycle = Shape(
        {"ignore_changes": texts, "create_only": texts, "prevent_update": Shape(scalar="boolean"), "same_as": texts}
    )
    number = rows.pop(CUSTOMER.key)
    return Shape({CUSTOMER.key: number, "ref": TEXT, **rows, "match": texts, "lifecycle": lifecycle}, header=True)


DECLARATION = _declaration()
_LIST = Shape(item=DECLARATION, header=True)
_FILE = Shape({"defaults": replace(DECLARATION, header=False), "customers": _LIST}, header=True)


def shape_of(document: Span) -> Shape:
    """The shape of a document: one customer, a list of them, or a mapping with `customers`."""
    if document.kind == "list":
        return _LIST
    if any(key.text in ("customers", "defaults") for key, _ in document.entries):
        return _FILE
    return DECLARATION


def shape_at(document: Span, path: NodePath) -> Shape:
    """The shape at a path from the document's root."""
    shape = shape_of(document)
    for segment in path:
        shape = shape.below(segment)
    return shape


def declarations(document: Span) -> Iterator[tuple[NodePath, Span]]:
    """Each declaration of a document with the path to it, in the order in which the loader reads them."""
    shape = shape_of(document)
    at: NodePath = ()
    listed: Span | None = document
    if shape is DECLARATION:
        if document.kind == "map":
            yield (), document
        return
    if shape is _FILE:
        at = ("customers",)
        listed = next((value for key, value in document.entries if key.text == "customers"), None)
    if listed is not None and listed.resolved.kind == "list":
        for index, item in enumerate(listed.resolved.items):
            yield (*at, index), item
