"""What belongs where in a declaration file: the canonical order of members, and which scalars are text.

All of it follows the field table; nothing here looks at values.
"""

from __future__ import annotations

from collections import abc
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TypeAlias

from reconciler.config.read.nodes import MERGE, Mapping, Node, Sequence
from reconciler.config.read.schema import TEXT_KINDS
from reconciler.resources.customer import CUSTOMER, FIELDS
from reconciler.resources.grammar import Field, Form, Kind, Row

NodePath: TypeAlias = "tuple[str | int, ...]"
"""The way from a document's root: keys of mappings, and indices of lists."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What belongs at a place in a file.

    members: the known ones in canonical order; empty where keys are free. other: what free keys hold. item: what
    list items are. scalar: text, boolean, number, or nothing where a scalar does not belong.
    header: whether comments above the first member are about the whole.
    """

    members: abc.Mapping[str, Layout] = field(default_factory=dict)
    other: Layout | None = None
    item: Layout | None = None
    scalar: str = ""
    header: bool = False

    def below(self, segment: str | int) -> Layout:
        """The layout of a member or item; NOTHING where none is known."""
        if isinstance(segment, int):
            return self.item or NOTHING
        return self.members.get(segment) or self.other or NOTHING

    def rank(self, name: str) -> int:
        """The position of a member among the known ones; unknown and free ones come last, merge keys first."""
        return _ranks(tuple(self.members)).get(name, len(self.members)) if name != MERGE else -1

    def knows(self, name: str) -> bool:
        """Whether the member has a place in the canonical order."""
        return name == MERGE or name in self.members


NOTHING = Layout()
TEXT = Layout(scalar="text")


@cache
def _ranks(names: tuple[str, ...]) -> dict[str, int]:
    return {name: at for at, name in enumerate(names)}


def _row(row: Row) -> Layout:
    if isinstance(row, Field):
        if row.kind is Kind.BOOLEAN:
            return Layout(scalar="boolean")
        if row.by_ref:
            return Layout({"ref": TEXT}, scalar="text")
        return TEXT if row.kind in TEXT_KINDS or row.kind is Kind.ENUM else Layout(scalar="number")
    members = {member.name: _row(member) for member in row.members}
    match row.form:
        case Form.OBJECT:
            return Layout(members)
        case Form.MAP:
            return Layout(other=members[row.members[-1].name])
        case Form.LINES:
            return _lines(Layout(members, header=True))
        case Form.SEGMENTS:
            return Layout(item=Layout(members, header=True))


def _lines(line: Layout) -> Layout:
    return Layout({"complete": Layout(scalar="boolean"), "lines": Layout(item=line)}, item=line)


def _declaration() -> Layout:
    rows = {name: _row(row) for name, row in FIELDS.items()}
    texts = Layout(item=TEXT)
    flag = Layout(scalar="boolean")
    lifecycle = Layout(
        {
            "ignore_changes": texts,
            "create_only": texts,
            "prevent_update": flag,
            "same_as": texts,
            "as_typed": texts,
            "renumbered_from": TEXT,
        }
    )
    number = rows.pop(CUSTOMER.key)
    return Layout({CUSTOMER.key: number, "ref": TEXT, **rows, "match": texts, "lifecycle": lifecycle}, header=True)


DECLARATION = _declaration()
_LIST = Layout(item=DECLARATION, header=True)
_FILE = Layout({"defaults": replace(DECLARATION, header=False), "customers": _LIST}, header=True)


def layout_of(document: Node) -> Layout:
    """The layout of a document: one customer, a list of them, or a mapping with `customers`."""
    if isinstance(document, Sequence):
        return _LIST
    if isinstance(document, Mapping) and not document.own.keys().isdisjoint(("customers", "defaults")):
        return _FILE
    return DECLARATION


def declarations(document: Node) -> Iterator[tuple[NodePath, Node]]:
    """Each declaration of a document with the path to it, in the order in which the loader reads them."""
    layout = layout_of(document)
    at: NodePath = ()
    listed: Node | None = document
    if layout is DECLARATION:
        if isinstance(document, Mapping):
            yield (), document
        return
    if layout is _FILE and isinstance(document, Mapping):
        at = ("customers",)
        listed = document.get("customers")
    if isinstance(listed, Sequence):
        for index, item in enumerate(listed.items):
            yield (*at, index), item
