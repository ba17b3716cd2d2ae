"""A YAML text as it is written, with the geometry that cutting and splicing need."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right

from reconciler.config.read.file_limits import WIDEST, Bounds
from reconciler.config.read.nodes import Alias, Mapping, Node, Scalar, Sequence, SourceText, Written
from reconciler.config.read.yaml_nodes import parse
from reconciler.core.diagnostics import Diagnostic, Severity

BOM = b"\xef\xbb\xbf"

_COLON = re.compile(r"\s*+:")
_COMMENT = re.compile(r"[ \t]*+#")
_ANCHOR = re.compile(r"&[^\s,\[\]{}]*+[ \t]*+")
_UNUSED_ANCHOR = "Y221"
_BLANK = re.compile(r"[ \t]*+(?=[\r\n]|\Z)")


class Tree:
    """The documents of a text without errors, and its geometry. Characters count from 0."""

    def __init__(self, text: str, documents: tuple[Node, ...], starts: array[int]) -> None:
        self.text = text
        self.documents = documents
        self._starts = starts

    # ---- lines ----

    def line_start(self, index: int) -> int:
        """Where the line of the character starts."""
        return self._starts[bisect_right(self._starts, index) - 1]

    def line_end(self, index: int) -> int:
        """Where the line of the character ends, before its break."""
        start, after = self.line_start(index), self.after_line(index)
        if self.text.endswith("\r\n", start, after):
            return after - 2
        return after - 1 if self.text.endswith(("\r", "\n"), start, after) else after

    def after_line(self, index: int) -> int:
        """Where the next line starts, or the end of the text."""
        line = bisect_right(self._starts, index)
        return self._starts[line] if line < len(self._starts) else len(self.text)

    def column(self, index: int) -> int:
        """Characters before this one on its line."""
        return index - self.line_start(index)

    def place(self, index: int) -> tuple[int, int]:
        """Line and column as positions count them, from 1."""
        line = bisect_right(self._starts, index)
        return line, index - self._starts[line - 1] + 1

    def newline(self, index: int) -> str:
        """The line break in use at the character: its line's, or the text's first, or a plain one."""
        return self._break_at(index) or self._break_at(0) or "\n"

    def _break_at(self, index: int) -> str:
        return self.text[self.line_end(index) : self.after_line(index)]

    def is_blank(self, start: int) -> bool:
        """Whether the line that starts here has nothing on it."""
        return start < len(self.text) and _BLANK.match(self.text, start) is not None

    def is_comment(self, start: int) -> bool:
        """Whether the line that starts here is a comment and nothing else."""
        return _COMMENT.match(self.text, start) is not None

    def territory_end(self, end: int, column: int) -> int:
        """Where the lines of a member end: after its last line and the comments below it that are indented deeper.

        end: the end of its value. column: the column of its key, or of its dash.
        """
        at = settled = self.after_line(end)
        while at < len(self.text):
            if comment := _COMMENT.match(self.text, at):
                if comment.end() - 1 - at <= column:
                    break
                settled = self.after_line(at)
            elif not self.is_blank(at):
                break
            at = self.after_line(at)
        return settled

    # ---- members ----

    def colon_end(self, key: Scalar) -> int | None:
        """Where the colon after a key ends; None for a key without one, or one written with `?`."""
        colon = _COLON.match(self.text, key.end)
        return colon.end() if colon else None

    def member_end(self, key: Scalar, value: Written) -> int:
        """Where `key: value` ends, also when no value is written."""
        if is_empty(value):
            return max(key.end, value.end if value.first < value.start else 0, self.colon_end(key) or 0)
        return value.end

    def dash(self, sequence: Sequence, item: Written) -> int | None:
        """Where the dash of an item of a block list stands."""
        column, at = self.column(sequence.start), self.line_start(item.first)
        while at >= self.line_start(sequence.start):
            if self.text[at + column : at + column + 1] == "-" and at + column < item.first:
                return at + column
            at = self.line_start(at - 1) if at else -1
        return None


def read_tree(data: bytes, file: str, bounds: Bounds = WIDEST) -> tuple[Tree | None, tuple[Diagnostic, ...]]:
    """A file's tree, or the errors that it has. `file` is the name in diagnostics."""
    parsed = parse(data, file, bounds)
    errors = tuple(problem for problem in parsed.diagnostics if problem.severity is Severity.ERROR)
    if errors:
        return None, errors
    return Tree(parsed.origin.text, parsed.documents, parsed.origin.lines.starts), ()


def reread(text: str) -> tuple[Tree | None, tuple[Diagnostic, ...]]:
    """As `read_tree`, for a text that was put together from one. An anchor goes with the last of its aliases."""
    tree, errors = read_tree(text.encode(), "new text")
    if tree is None and all(error.code == _UNUSED_ANCHOR for error in errors):
        starts = SourceText(text, "").lines.starts
        at = 0
        parts = []
        for place in sorted({(error.source.line, error.source.column) for error in errors if error.source}):
            start = starts[place[0] - 1] + place[1] - 1
            anchor = _ANCHOR.match(text, start)
            assert anchor is not None
            parts.append(text[at:start])
            at = anchor.end()
        return read_tree(("".join(parts) + text[at:]).encode(), "new text")
    return tree, errors


def is_empty(node: Written) -> bool:
    """Whether nothing is written where the value would stand."""
    return isinstance(node, Scalar) and not node.style and not node.text


def resolved(node: Written) -> Node:
    """The node itself, or the one that it is an alias of."""
    return node.target if isinstance(node, Alias) else node


def is_flow(node: Written) -> bool:
    """Whether it stands in [ ] or { }."""
    return isinstance(node, Mapping | Sequence) and node.flow


def anchor_of(node: Written) -> str | None:
    """The name that aliases call it by, or None."""
    return node.anchor.name if isinstance(node, Scalar | Mapping | Sequence) and node.anchor else None
