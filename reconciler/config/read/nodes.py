"""What a YAML text consists of: nodes that know which characters they take up.

Treat them as frozen once they are built.

The same tree serves reading and editing. A reader follows `entries` and `items`, in which aliases and merge keys are
resolved. An editor follows `pairs` and `written`, which are as the text has them.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections import abc
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple, TypeAlias

from reconciler.core.diagnostics import Source

NULLS = frozenset(("", "~", "null"))
"""The plain scalars that are null (docs/decisions/0011)."""

MERGE = "<<"
"""The merge key, where it is plain."""

ALIAS_STYLE = "*"
"""The style of a key that is written as an alias."""


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """Where the lines of a text start, in characters from 0. `first` is the number of its first line in the file."""

    file: str
    starts: array[int]
    first: int

    def place(self, index: int) -> tuple[int, int]:
        """Line and column of a character, as people count them: from 1."""
        line = bisect_right(self.starts, index)
        return line - 1 + self.first, index - self.starts[line - 1] + 1

    def source(self, index: int) -> Source:
        """The place of a character, for a message."""
        return Source(self.file, *self.place(index))

    def text_of_line(self, text: str, index: int) -> str:
        """The line of `text` that holds the character."""
        line = bisect_right(self.starts, index)
        return text[self.starts[line - 1] : self.starts[line] if line < len(self.starts) else len(text)]


class SourceText:
    """A text with the name of its file. `first_line`: where it starts, when it is a part of the file."""

    __slots__ = ("_lines", "file", "first_line", "text")

    def __init__(self, text: str, file: str, first_line: int = 1) -> None:
        self.text = text
        self.file = file
        self.first_line = first_line
        self._lines: Lines | None = None

    @property
    def lines(self) -> Lines:
        """Its lines. No line break but \\r and \\n is left in a text (`decoding.decode`)."""
        if self._lines is None:
            starts = array("I", accumulate(map(len, self.text.splitlines(keepends=True)), initial=0))
            if len(starts) > 1 and self.text[-1] not in "\r\n":
                starts.pop()
            self._lines = Lines(self.file, starts, self.first_line)
        return self._lines


NOWHERE = SourceText("", "")


class Anchor(NamedTuple):
    """The name that a node has for aliases, and where it is written."""

    name: str
    start: int


class _Placed:
    """What stands at text[start:end] of its origin."""

    __slots__ = ()
    start: int
    end: int
    origin: SourceText

    @property
    def source(self) -> Source:
        """Where it starts."""
        return self.origin.lines.source(self.start)

    @property
    def line(self) -> int:
        """The line where it starts, from 1."""
        return self.origin.lines.place(self.start)[0]

    @property
    def column(self) -> int:
        """The column where it starts, from 1, in characters."""
        return self.origin.lines.place(self.start)[1]

    @property
    def first(self) -> int:
        """Where it starts with its anchor."""
        anchor: Anchor | None = getattr(self, "anchor", None)
        return self.start if anchor is None else anchor.start


@dataclass(slots=True, eq=False)
class Scalar(_Placed):
    """A scalar as typed: `text` without its quotes and escapes. style: "" for plain, ', ", |, > or ALIAS_STYLE.

    `end` is before the line break that follows. `start` is after the anchor.
    """

    text: str
    style: str
    start: int = 0
    end: int = 0
    origin: SourceText = NOWHERE
    anchor: Anchor | None = None

    @property
    def plain(self) -> bool:
        """Whether it has no quotes and no block mark."""
        return not self.style

    @property
    def is_null(self) -> bool:
        """Whether it is one of the plain spellings of null."""
        return not self.style and self.text in NULLS


@dataclass(slots=True, eq=False)
class Sequence(_Placed):
    """A list of nodes."""

    items: list[Node]
    start: int = 0
    end: int = 0
    origin: SourceText = NOWHERE
    flow: bool = False
    anchor: Anchor | None = None
    with_aliases: list[Written] | None = None  # the items as written, where some are aliases

    @property
    def written(self) -> abc.Sequence[Written]:
        """The items as they are written."""
        return self.items if self.with_aliases is None else self.with_aliases


@dataclass(slots=True, eq=False)
class Mapping(_Placed):
    """Nodes by key, each with the node of its key. Aliases and the merge key are already followed in `entries`."""

    entries: dict[str, tuple[Scalar, Node]]
    start: int = 0
    end: int = 0
    origin: SourceText = NOWHERE
    flow: bool = False
    anchor: Anchor | None = None
    with_aliases: dict[str, Pair] | None = None  # the members as written, where aliases or a merge key are among them
    merge: Pair | None = None

    def get(self, key: str) -> Node | None:
        """The value of a key, or None."""
        entry = self.entries.get(key)
        return entry[1] if entry else None

    @property
    def own(self) -> abc.Mapping[str, Pair]:
        """The members that are written here, by key; without the merge key."""
        return self.entries if self.with_aliases is None else self.with_aliases

    @property
    def pairs(self) -> list[Pair]:
        """Everything that is written here, the merge key too, in the order of the text."""
        pairs = list(self.own.values())
        return pairs if self.merge is None else sorted([*pairs, self.merge], key=lambda pair: pair[0].start)


@dataclass(slots=True, eq=False)
class Alias(_Placed):
    """An alias as it is written, and the node that it stands for."""

    name: str
    target: Node
    start: int = 0
    end: int = 0
    origin: SourceText = NOWHERE


@dataclass(slots=True, eq=False)
class Broken(_Placed):
    """Stands where a problem is already reported, so that it is not reported again in other words."""

    start: int = 0
    end: int = 0
    origin: SourceText = NOWHERE


Node: TypeAlias = "Scalar | Sequence | Mapping | Broken"
Written: TypeAlias = "Node | Alias"
Pair: TypeAlias = "tuple[Scalar, Written]"


def merged(base: Node, over: Node) -> Node:
    """`over` laid on `base`: mappings merge member by member, anything else is replaced (docs/declarations.md)."""
    if not isinstance(base, Mapping) or not isinstance(over, Mapping):
        return over
    entries = dict(base.entries)
    for name, (key, value) in over.entries.items():
        below = entries.get(name)
        entries[name] = (key, merged(below[1], value) if below else value)
    return Mapping(entries, over.start, over.end, over.origin)
