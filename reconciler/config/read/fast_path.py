"""The fast path from a file to its declarations: for texts of simple lines, most of whose declarations look alike.

It never reports a problem. Where it would have to, or where a text is not of the kind that it knows, it falls back, and
the full parser reads the whole file as if nothing had happened.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from reconciler.config.read import yaml_nodes
from reconciler.config.read.decoding import decode
from reconciler.config.read.fast_declarations import FallBackToFullParser, FastDeclaration, Shape, ShapeCompiler
from reconciler.config.read.file_limits import BOUNDS
from reconciler.config.read.simple_lines import Block, Cut, Heads, blocks, cut
from reconciler.config.read.unmerged import Defaults, Unmerged

ReadFully: TypeAlias = "Callable[[yaml_nodes.Mapping], Unmerged | None]"
"""What the full parser makes of one declaration; None when anything is wrong with it."""

MAX_SHAPES = 2000


class FastPath:
    """Reads declarations that lie on the same defaults."""

    def __init__(self, read_fully: ReadFully, compiler: ShapeCompiler, defaults: Defaults | None) -> None:
        self._read_fully = read_fully
        self._compiler = compiler
        self._defaults = defaults
        self._shapes: dict[Heads, Shape | None] = {}

    def read(self, text: Cut, file: str) -> list[FastDeclaration | Unmerged]:
        """The declarations of a text; what the full parser read of them has no defaults under it yet.

        Raises FallBackToFullParser.
        """
        declarations: list[FastDeclaration | Unmerged] = []
        for block in blocks(text):
            if block is None:
                raise FallBackToFullParser
            declarations.append(self._declaration(text, block, file))
        return declarations

    def _declaration(self, text: Cut, block: Block, file: str) -> FastDeclaration | Unmerged:
        shape = self._shapes.get(block.heads)
        if shape is not None:
            try:
                return FastDeclaration(shape, file, block.line, block.tokens)
            except FallBackToFullParser:
                pass
        declaration = self._fully(text, block, file)
        if shape is None and block.heads not in self._shapes and len(self._shapes) < MAX_SHAPES:
            self._shapes[block.heads] = self._shape(declaration, block)
        return declaration

    def _fully(self, text: Cut, block: Block, file: str) -> Unmerged:
        """A declaration by itself. Its lines are simple, so it means what it means in its file."""
        parsed = yaml_nodes.compose(text.text[block.start : block.end], file, first_line=block.line)
        if parsed.diagnostics or len(parsed.documents) != 1:
            raise FallBackToFullParser
        node = parsed.documents[0]
        if text.is_list:
            if not isinstance(node, yaml_nodes.Sequence) or len(node.items) != 1:
                raise FallBackToFullParser
            node = node.items[0]
        if not isinstance(node, yaml_nodes.Mapping) or (not text.is_list and is_file_form(node)):
            raise FallBackToFullParser
        declaration = self._read_fully(node)
        if declaration is None:
            raise FallBackToFullParser
        return declaration

    def _shape(self, declaration: Unmerged, block: Block) -> Shape | None:
        shape = self._compiler.shape(declaration, block.line, block.tokens)
        if shape is None or not _is_proven(shape, declaration, block):
            return None
        if self._defaults:
            shape.lay_on(self._defaults, declaration.values)
        return shape


def _is_proven(shape: Shape, declaration: Unmerged, block: Block) -> bool:
    """Whether the shape makes of its own example what the full parser made of it, types included."""
    try:
        fast = FastDeclaration(shape, "", block.line, block.tokens)
    except FallBackToFullParser:  # because of this value, which others need not share
        return True
    return repr((fast.number, fast.ref, fast.values)) == repr((declaration.number, declaration.ref, declaration.values))


def is_file_form(node: yaml_nodes.Mapping) -> bool:
    """Whether a mapping holds customers and defaults, rather than being a customer."""
    return "customers" in node.entries or "defaults" in node.entries


def simple(data: bytes, file: str, limit: int = BOUNDS.file_size) -> Cut | None:
    """The bytes as a text of simple lines, as far as can be seen at once; None when it is for the full parser.

    limit: bytes.
    """
    if len(data) > limit:
        return None
    text, problems = decode(data, file)
    return None if text is None or problems else cut(text)


def defaults_of(text: Cut, file: str) -> yaml_nodes.Mapping | None:
    """What a file says its customers have in common, or None. Raises FallBackToFullParser."""
    if not text.head:
        return None
    parsed = yaml_nodes.compose(text.head, file)
    if parsed.diagnostics or len(parsed.documents) != 1 or not isinstance(parsed.documents[0], yaml_nodes.Mapping):
        raise FallBackToFullParser
    entries = dict(parsed.documents[0].entries)
    customers = entries.pop("customers", None)
    if customers is None or not isinstance(customers[1], yaml_nodes.Scalar) or not customers[1].is_null:
        raise FallBackToFullParser
    if not entries:
        return None
    defaults = entries.pop("defaults", None)
    if entries or defaults is None or not isinstance(defaults[1], yaml_nodes.Mapping):
        raise FallBackToFullParser
    return defaults[1]
