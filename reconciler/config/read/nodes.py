"""What a YAML text consists of: nodes that know where they were written. Treat them as frozen once they are made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from reconciler.core.diagnostics import Source

NULLS = frozenset(("", "~", "null"))
"""The plain scalars that are null (docs/decisions/0011)."""


@dataclass(slots=True, eq=False)
class Scalar:
    """A scalar as typed: `text` without its quotes and escapes, `plain` when it had no quotes or block mark."""

    text: str
    plain: bool
    line: int
    column: int
    file: str

    @property
    def source(self) -> Source:
        """Where it stands."""
        return Source(self.file, self.line, self.column)

    @property
    def is_null(self) -> bool:
        """Whether it is one of the plain spellings of null."""
        return self.plain and self.text in NULLS


@dataclass(slots=True, eq=False)
class Sequence:
    """A list of nodes."""

    items: list[Node]
    line: int
    column: int
    file: str

    @property
    def source(self) -> Source:
        """Where it starts."""
        return Source(self.file, self.line, self.column)


@dataclass(slots=True, eq=False)
class Mapping:
    """Nodes by key, each with the node of its key. Merge keys are already followed."""

    entries: dict[str, tuple[Scalar, Node]]
    line: int
    column: int
    file: str

    @property
    def source(self) -> Source:
        """Where it starts."""
        return Source(self.file, self.line, self.column)

    def get(self, key: str) -> Node | None:
        """The value of a key, or None."""
        found = self.entries.get(key)
        return found[1] if found else None


@dataclass(slots=True, eq=False)
class Broken:
    """Stands where a problem is already reported, so that it is not reported again in other words."""

    line: int
    column: int
    file: str

    @property
    def source(self) -> Source:
        """Where it stands."""
        return Source(self.file, self.line, self.column)


Node: TypeAlias = "Scalar | Sequence | Mapping | Broken"


def merged(base: Node, over: Node) -> Node:
    """`over` laid on `base`: mappings merge member by member, anything else is replaced (docs/declarations.md)."""
    if not isinstance(base, Mapping) or not isinstance(over, Mapping):
        return over
    entries = dict(base.entries)
    for name, (key, value) in over.entries.items():
        below = entries.get(name)
        entries[name] = (key, merged(below[1], value) if below else value)
    return Mapping(entries, over.line, over.column, over.file)


def move(node: Node, lines: int) -> None:
    """Move a node of a text without aliases down by some lines."""
    node.line += lines
    if isinstance(node, Mapping):
        for key, value in node.entries.values():
            key.line += lines
            move(value, lines)
    elif isinstance(node, Sequence):
        for item in node.items:
            move(item, lines)
