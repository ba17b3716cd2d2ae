"""The fast path from a file to its declarations: for texts of simple lines, most of whose declarations are alike.

It finds no fault with anything. Where it would have to, or where a text is not what it knows, it steps aside, and the
reference path reads the whole file as if nothing had been.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from reconciler.config.read import yaml_nodes
from reconciler.config.read.decoding import decode
from reconciler.config.read.fast_declarations import Doubt, Quick, Shape, Teacher
from reconciler.config.read.file_limits import BOUNDS
from reconciler.config.read.simple_lines import Block, Cut, Heads, blocks, cut
from reconciler.config.read.unmerged import Base, Draft

Drafted: TypeAlias = "Callable[[yaml_nodes.Mapping], Draft | None]"
"""The reference path for one declaration; None when anything is wrong with it."""

MAX_SHAPES = 2000


class Aside(Exception):
    """The file is for the reference path."""


class Shortcut:
    """Reads declarations that lie on the same defaults."""

    def __init__(self, drafted: Drafted, teacher: Teacher, base: Base | None) -> None:
        self._drafted = drafted
        self._teacher = teacher
        self._base = base
        self._shapes: dict[Heads, Shape | None] = {}

    def read(self, found: Cut, file: str) -> list[Quick | Draft]:
        """The declarations of a text, those of the reference path not yet laid on the defaults. Raises Aside."""
        made: list[Quick | Draft] = []
        for block in blocks(found):
            if block is None:
                raise Aside
            made.append(self._declaration(found, block, file))
        return made

    def _declaration(self, found: Cut, block: Block, file: str) -> Quick | Draft:
        shape = self._shapes.get(block.heads)
        if shape is not None:
            try:
                return Quick(shape, file, block.line, block.tokens)
            except Doubt:
                pass
        made = self._reference(found, block, file)
        if shape is None and block.heads not in self._shapes and len(self._shapes) < MAX_SHAPES:
            self._shapes[block.heads] = self._learned(made, block)
        return made

    def _reference(self, found: Cut, block: Block, file: str) -> Draft:
        """A declaration by itself. Its lines are simple, so it means what it means in its file."""
        parsed = yaml_nodes.parse(found.text[block.start : block.end].encode(), file)
        if parsed.diagnostics or len(parsed.documents) != 1:
            raise Aside
        node = parsed.documents[0]
        if found.is_list:
            if not isinstance(node, yaml_nodes.Sequence) or len(node.items) != 1:
                raise Aside
            node = node.items[0]
        if not isinstance(node, yaml_nodes.Mapping) or (not found.is_list and is_file_form(node)):
            raise Aside
        yaml_nodes.move(node, block.line - 1)
        made = self._drafted(node)
        if made is None:
            raise Aside
        return made

    def _learned(self, made: Draft, block: Block) -> Shape | None:
        shape = self._teacher.shape(made, block.line, block.tokens)
        if shape is None:
            return None
        if not _is_proven(shape, made, block):
            return None
        if self._base:
            shape.lay_on(self._base.draft, self._base.units, made.values)
        return shape


def _is_proven(shape: Shape, made: Draft, block: Block) -> bool:
    """Whether the shape makes of its own example what the reference path made of it, types included."""
    try:
        again = Quick(shape, "", block.line, block.tokens)
    except Doubt:  # of this value, which others need not share
        return True
    return repr((again.number, again.ref, again.values)) == repr((made.number, made.ref, made.values))


def is_file_form(node: yaml_nodes.Mapping) -> bool:
    """Whether a mapping holds customers and defaults, rather than being a customer."""
    return "customers" in node.entries or "defaults" in node.entries


def simple(data: bytes, file: str, limit: int = BOUNDS.file_size) -> Cut | None:
    """The bytes as a text of simple lines, as far as can be seen at once; None when it is for the reference path.

    limit: bytes.
    """
    if len(data) > limit:
        return None
    text, problems = decode(data, file)
    return None if text is None or problems else cut(text)


def defaults_of(found: Cut, file: str) -> yaml_nodes.Mapping | None:
    """What a file says its customers have in common, or None. Raises Aside."""
    if not found.head:
        return None
    parsed = yaml_nodes.parse(found.head.encode(), file)
    if parsed.diagnostics or len(parsed.documents) != 1 or not isinstance(parsed.documents[0], yaml_nodes.Mapping):
        raise Aside
    entries = dict(parsed.documents[0].entries)
    customers = entries.pop("customers", None)
    if customers is None or not isinstance(customers[1], yaml_nodes.Scalar) or not customers[1].is_null:
        raise Aside
    if not entries:
        return None
    defaults = entries.pop("defaults", None)
    if entries or defaults is None or not isinstance(defaults[1], yaml_nodes.Mapping):
        raise Aside
    return defaults[1]
