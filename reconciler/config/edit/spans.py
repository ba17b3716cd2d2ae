"""YAML text to spans: which characters each value takes up, so that one can be changed and no other is touched.

The loader's nodes say what a text means; a span says where it stands, to the character, with its style, its anchor
and its aliases not followed. Only for texts that `yaml.parse` has read without an error.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_ENDS: tuple[type, ...] = (MappingEndEvent, SequenceEndEvent)
_NODES: tuple[type, ...] = (ScalarEvent, AliasEvent, MappingStartEvent, SequenceStartEvent)
_PROPERTIES = re.compile(r"(?:&[^\s,\[\]{}]*|\s+|#[^\r\n]*)+")
_COLON = re.compile(r"\s*:")
_BREAK = re.compile(r"\r\n|\r|\n")
_COMMENT = re.compile(r"[ \t]*#")
_BLANK = re.compile(r"[ \t]*(?=[\r\n]|\Z)")


@dataclass(slots=True, eq=False)
class Span:
    """What stands at text[start:end]: `start` after an anchor, `end` before the line break that follows.

    kind: scalar, map, list or alias. text: the scalar's value, or the alias's name. style: "", ', ", | or >.
    first: where the anchor starts, or `start`. target: what an alias stands for.
    """

    kind: str
    start: int
    end: int
    first: int
    text: str = ""
    style: str = ""
    flow: bool = False
    anchor: str | None = None
    entries: list[tuple[Span, Span]] = field(default_factory=list)
    items: list[Span] = field(default_factory=list)
    target: Span | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is written where the value would stand."""
        return self.kind == "scalar" and not self.style and not self.text

    @property
    def resolved(self) -> Span:
        """The span itself, or what it is an alias of."""
        return self if self.target is None else self.target


class Tree:
    """A text's documents as spans, and its geometry."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._breaks = [(found.start(), found.end()) for found in _BREAK.finditer(text)]
        self._starts = [0, *(end for _, end in self._breaks)]
        self.documents = _read(text)

    # ---- lines ----

    def line_start(self, index: int) -> int:
        """Where the line of the character starts."""
        return self._starts[bisect_right(self._starts, index) - 1]

    def line_end(self, index: int) -> int:
        """Where the line of the character ends, before its break."""
        line = bisect_right(self._starts, index) - 1
        return self._breaks[line][0] if line < len(self._breaks) else len(self.text)

    def after_line(self, index: int) -> int:
        """Where the next line starts, or the end of the text."""
        line = bisect_right(self._starts, index) - 1
        return self._breaks[line][1] if line < len(self._breaks) else len(self.text)

    def column(self, index: int) -> int:
        """Characters before this one on its line."""
        return index - self.line_start(index)

    def place(self, index: int) -> tuple[int, int]:
        """Line and column as positions count them, from 1."""
        line = bisect_right(self._starts, index)
        return line, index - self._starts[line - 1] + 1

    def newline(self, index: int) -> str:
        """The line break in use at the character: its line's, or the text's first, or a plain one."""
        end = self.line_end(index)
        found = self.text[end : self.after_line(index)]
        return found or (self.text[slice(*self._breaks[0])] if self._breaks else "\n")

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
            if self.is_comment(at):
                if self.text.index("#", at) - at <= column:
                    break
                settled = self.after_line(at)
            elif not self.is_blank(at):
                break
            at = self.after_line(at)
        return settled

    # ---- members ----

    def colon_end(self, key: Span) -> int | None:
        """Where the colon after a key ends; None for a key without one, or one written with `?`."""
        found = _COLON.match(self.text, key.end)
        return found.end() if found else None

    def member_end(self, key: Span, value: Span) -> int:
        """Where `key: value` ends, also when no value is written."""
        if value.is_empty:
            return max(key.end, value.first if value.anchor else 0, self.colon_end(key) or 0)
        return value.end

    def dash(self, sequence: Span, item: Span) -> int | None:
        """Where the dash of an item of a block list stands."""
        column, at = self.column(sequence.start), self.line_start(item.first)
        while at >= self.line_start(sequence.start):
            if self.text[at + column : at + column + 1] == "-" and at + column < item.first:
                return at + column
            at = self.line_start(at - 1) if at else -1
        return None


def _read(text: str) -> list[Span]:
    """The documents' root spans; every alias finds its anchor, as the text was read without an error."""
    documents: list[Span] = []
    stack: list[tuple[Span, list[Span]]] = []
    anchors: dict[str, Span] = {}
    get_event: Callable[[], Any] = _Loader(text).get_event
    while (event := get_event()) is not None:
        kind = type(event)
        if kind is DocumentStartEvent:
            anchors = {}
        elif kind in _ENDS:
            done, parts = stack.pop()
            _close(done, parts, event.end_mark.index)
        elif kind in _NODES:
            done = _span(event, text, anchors)
            (stack[-1][1] if stack else documents).append(done)
            if done.kind in ("map", "list"):
                stack.append((done, []))
    return documents


def _span(event: Any, text: str, anchors: dict[str, Span]) -> Span:
    first, end = event.start_mark.index, event.end_mark.index
    kind: type = type(event)
    if kind is AliasEvent:
        return Span("alias", first, end, first, text=event.anchor, target=anchors.get(event.anchor))
    start = first
    if event.anchor is not None and (skipped := _PROPERTIES.match(text, first)):
        start = min(skipped.end(), end) if kind is ScalarEvent else skipped.end()
    if kind is ScalarEvent:
        style = (event.style or "").strip()
        found = Span("scalar", start, _content_end(text, start, end, style), first, text=event.value, style=style)
    else:
        sort = "map" if kind is MappingStartEvent else "list"
        found = Span(sort, start, end, first, flow=bool(event.flow_style))
    found.anchor = event.anchor
    if event.anchor is not None:
        anchors[event.anchor] = found
    return found


def _close(done: Span, parts: list[Span], end: int) -> None:
    if done.kind == "map":
        done.entries = list(zip(parts[::2], parts[1::2], strict=True))
    else:
        done.items = parts
    if done.flow:
        done.end = end
    elif parts:  # the parser ends a block where the next thing starts
        done.end = max(parts[-1].end, parts[-2].end if done.kind == "map" else 0)


def _content_end(text: str, start: int, end: int, style: str) -> int:
    """The end of a scalar before its last line break; blank lines below a block scalar count only with `+`."""
    if style not in ("|", ">"):
        return end
    header = _BREAK.split(text[start:end], maxsplit=1)[0].split("#")[0]
    found = _BREAK.search(text, end - 1) if end > start else None
    if found and found.start() < end:
        end = found.start() if text[end - 2 : end] != "\r\n" else end - 2
    while "+" not in header:
        at = max(text.rfind("\n", start, end), text.rfind("\r", start, end))
        if at < 0 or text[at + 1 : end].strip(" \t"):
            break
        end = at - 1 if text[at - 1 : at + 1] == "\r\n" else at
    return end
