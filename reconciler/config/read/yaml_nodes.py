"""YAML text to nodes that know where they were written.

PyYAML's C parser gives events; the composer here makes nodes of them and decides nothing about types: a scalar
stays the text that was typed, and whether it was plain. What YAML allows and a declaration must not use (tags,
duplicate keys, keys that are not text) is reported, and so is every other problem that does not hide the rest of
the file.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import Any, NoReturn

import yaml
from yaml.error import MarkedYAMLError, YAMLError
from yaml.events import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from reconciler.config.read.decoding import CONTROL, control, decode, position
from reconciler.config.read.file_limits import BOUNDS, Bounds
from reconciler.config.read.messages import shown, syntax_problem
from reconciler.config.read.nodes import NULLS, Broken, Mapping, Node, Scalar, Sequence, merged, move
from reconciler.core.diagnostics import Diagnostic, Severity, Source

__all__ = ["NULLS", "Broken", "Mapping", "Node", "Parsed", "Scalar", "Sequence", "merged", "move", "parse"]

MAX_PROBLEMS = 1000
EXPANSION_FACTOR = 10
"""Aliases may stand for this many times the nodes that are written, also where that is more than `Bounds.aliases`."""

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the same events without libyaml, only slower
_CUT = re.compile(r"[ \t]+(#[^\s#][^\r\n]*)")
"""A comment that may be meant as text: nothing stands between its mark and its first letter."""

_NO_TEXT = re.compile(r"[-+0-9.,]*|true|false|null|~", re.IGNORECASE)
_PROPERTIES = re.compile(r"(?:[&!][^\s,\[\]{}]*|\s+|#[^\r\n]*)+")


@dataclass(frozen=True, slots=True)
class Parsed:
    """The documents that could be read, without empty ones, and what was wrong."""

    documents: tuple[Node, ...]
    diagnostics: tuple[Diagnostic, ...]


def parse(data: bytes, file: str, bounds: Bounds = BOUNDS) -> Parsed:
    """Read a file's bytes; `file` is the name in positions. Never raises: every problem is a diagnostic."""
    if len(data) > bounds.file_size:
        return Parsed((), (_too_large(file, bounds.file_size),))
    text, problems = decode(data, file)
    if text is None:
        return Parsed((), tuple(problems))
    composer = _Composer(text, file, bounds)
    composer.run()
    problems += composer.problems
    documents = tuple(node for node in composer.documents if not (isinstance(node, Scalar) and node.is_null))
    if not documents and not problems:
        problems.append(
            Diagnostic(
                Severity.WARNING,
                "Y214",
                f"{file} holds no YAML but comments",
                remedy="Write a declaration, or remove the file.",
                source=Source(file, 1, 1),
            )
        )
    return Parsed(documents, tuple(problems))


def _too_large(file: str, limit: int) -> Diagnostic:
    return Diagnostic(
        Severity.ERROR,
        "Y213",
        f"{file} has more than {limit:,} bytes",
        remedy="Split it into several files.",
        source=Source(file, 1, 1),
    )


class _Stop(Exception):
    """The rest of the file cannot be read; the reason is already reported."""


@dataclass(slots=True, eq=False)
class _Open:
    """A mapping or list whose end has not been read; `key` is a mapping's key that waits for its value."""

    node: Mapping | Sequence
    entries: dict[str, tuple[Scalar, Node]]  # the mapping's
    anchor: str | None
    written: int  # nodes counted before it
    height: int = 1  # levels of mappings and lists in it, aliases followed
    key: Scalar | Broken | None = None
    merges: list[Node] | None = None


@dataclass(frozen=True, slots=True)
class _Anchor:
    """A named node, the number of nodes in it, and its levels; aliases followed in both."""

    node: Node
    size: int
    height: int


class _Composer:
    """Makes nodes of one file's events, without recursion."""

    def __init__(self, text: str, file: str, bounds: Bounds) -> None:
        self.text = text
        self.file = file
        self.bounds = bounds
        self.documents: list[Node] = []
        self.problems: list[Diagnostic] = []
        self.may_cut = _CUT.search(text) is not None
        self.stack: list[_Open] = []
        self.anchors: dict[str, _Anchor | None] = {}  # None while the node is open
        self.written = 0  # nodes that stand in the text
        self.expanded = 0  # nodes that aliases stand for

    def run(self) -> None:
        """Read all events, or as many as the syntax lets be read."""
        handlers: dict[type, Callable[[Any], None]] = {
            ScalarEvent: self._scalar,
            MappingStartEvent: self._mapping,
            SequenceStartEvent: self._sequence,
            MappingEndEvent: self._end,
            SequenceEndEvent: self._end,
            AliasEvent: self._alias,
        }
        get_handler = handlers.get
        try:
            get_event = _Loader(self.text).get_event
            while (event := get_event()) is not None:
                handler = get_handler(type(event))
                if handler is not None:
                    handler(event)
                elif not self.stack:
                    self.anchors = {}  # a document's start or end
        except MarkedYAMLError as error:
            self._syntax(error)
        except YAMLError as error:
            self._problem(
                "Y201", Source(self.file, 1, 1), f"this is not YAML: {shown(str(error))}", "Correct the file."
            )
        except _Stop:
            pass

    def _problem(self, code: str, source: Source, summary: str, remedy: str) -> None:
        self.problems.append(Diagnostic(Severity.ERROR, code, summary, remedy=remedy, source=source))
        if len(self.problems) == MAX_PROBLEMS:
            self._problem("Y216", source, "too many problems; the rest of the file is not read", "Correct these first.")
            raise _Stop

    def _syntax(self, error: MarkedYAMLError) -> None:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line, mark.column) if mark else (0, 0)
        lines = self.text.splitlines()
        merge = next(
            (number for number, text in enumerate(lines, 1) if text.startswith(("<<<<<<< ", ">>>>>>> "))), None
        )
        if merge is not None:
            remedy = "Choose what is meant, and remove the lines that git put in: <<<<<<<, ======= and >>>>>>>."
            self._problem("Y201", Source(self.file, merge, 1), "a merge that is not resolved", remedy)
            return
        at = lines[line][column : column + 1] if line < len(lines) else ""
        started = f"{error.context_mark.line + 1}:{error.context_mark.column + 1}" if error.context_mark else ""
        summary, remedy = syntax_problem(error.problem or "", error.context or "", at, started)
        if line < len(lines) and "${" in lines[line]:
            remedy = "Put ${...} in quotes inside [ ] and { }. Otherwise: " + remedy
        self._problem("Y201", Source(self.file, line + 1, column + 1), summary, remedy)

    # -- events

    def _scalar(self, event: Any) -> None:
        mark = event.start_mark
        plain = event.implicit[0]
        node = Scalar(event.value, plain, mark.line + 1, mark.column + 1, self.file)
        self.written += 1
        if event.anchor is not None or event.tag is not None:
            self._properties(event, node)
            if event.anchor is not None:
                self.anchors[event.anchor] = _Anchor(node, 1, 0)
        if not plain and (found := CONTROL.search(node.text)):
            self.problems.append(control(node.source, found[0]))
        if plain and self.may_cut:
            self._check_cut(event, node)
        if self.stack:  # as in _add; most of a file's nodes come this way
            top = self.stack[-1]
            key = top.key
            if key is None and type(top.node) is Mapping:
                top.key = node
                return
            if type(key) is Scalar and key.text not in top.entries and key.text != "<<":
                top.entries[key.text] = (key, node)
                top.key = None
                return
        self._add(node)

    def _check_cut(self, event: Any, node: Scalar) -> None:
        """Warn where a plain text ends at what YAML takes for a comment and a person may not: `Butikk #1 AS`."""
        end = event.end_mark
        found = _CUT.match(self.text, end.index)
        if found is None or _NO_TEXT.fullmatch(node.text):
            return
        column = end.column + found.start(1) - end.index + 1
        summary = f"the text ends before {shown(found[1])}: YAML takes the rest of the line for a comment"
        remedy = "Put the whole text in quotes, or write a space after the # of a comment."
        where = Source(self.file, end.line + 1, column)
        self.problems.append(Diagnostic(Severity.WARNING, "Y218", summary, remedy=remedy, source=where))

    def _mapping(self, event: Any) -> None:
        mark = event.start_mark
        self._open(event, Mapping({}, mark.line + 1, mark.column + 1, self.file))

    def _sequence(self, event: Any) -> None:
        mark = event.start_mark
        self._open(event, Sequence([], mark.line + 1, mark.column + 1, self.file))

    def _open(self, event: Any, node: Mapping | Sequence) -> None:
        if len(self.stack) >= self.bounds.depth:
            self._too_deep(node.source)
        if event.anchor is not None or event.tag is not None:
            self._properties(event, node)
            if event.anchor is not None:
                self.anchors[event.anchor] = None
        entries = node.entries if isinstance(node, Mapping) else {}
        self.stack.append(_Open(node, entries, event.anchor, self.written + self.expanded))
        self.written += 1

    def _end(self, _event: object) -> None:
        done = self.stack.pop()
        if done.merges is not None and isinstance(done.node, Mapping):
            _merge(done.node, done.merges)
        if done.anchor is not None and self.anchors.get(done.anchor, 0) is None:
            size = self.written + self.expanded - done.written
            self.anchors[done.anchor] = _Anchor(done.node, size, done.height)
        self._raise(done.height)
        self._add(done.node)

    def _alias(self, event: Any) -> None:
        mark = event.start_mark
        source = Source(self.file, mark.line + 1, mark.column + 1)
        name = shown(event.anchor)
        if event.anchor not in self.anchors:
            known = ", ".join(map(shown, islice(self.anchors, 10)))
            remedy = f"use one of: {known}" if known else "put the text in quotes"
            remedy = f"Write &{name} before the value that is meant, or {remedy}."
            self._problem("Y204", source, f"the alias *{name} has no anchor before it", remedy)
        elif (found := self.anchors[event.anchor]) is None:
            summary = f"the alias *{name} stands inside the value that it names"
            self._problem("Y205", source, summary, "Write the value out.")
        else:
            self._add(self._expand(found, source))
            return
        self._add(Broken(source.line, source.column, self.file))

    def _expand(self, found: _Anchor, source: Source) -> Node:
        """The node that an alias stands for, unless too many of them would be too much."""
        self.expanded += found.size
        if self.expanded > max(self.bounds.aliases, EXPANSION_FACTOR * self.written):
            summary = f"the aliases of this file stand for more than {self.expanded - found.size:,} values"
            self._problem("Y206", source, summary, "Write the values out, or use defaults.")
            raise _Stop
        if len(self.stack) + found.height > self.bounds.depth:
            self._too_deep(source)
        self._raise(found.height)
        node = found.node
        if isinstance(node, Scalar) and self._expects_key():
            return Scalar(node.text, node.plain, source.line, source.column, self.file)
        return node

    def _raise(self, height: int) -> None:
        """Note that the open mapping or list holds one of this height."""
        if self.stack and self.stack[-1].height <= height:
            self.stack[-1].height = height + 1

    def _too_deep(self, source: Source) -> NoReturn:
        summary = f"more than {self.bounds.depth} mappings and lists inside each other"
        self._problem("Y212", source, summary, "Flatten the file; a declaration needs four levels.")
        raise _Stop

    # -- nodes

    def _expects_key(self) -> bool:
        return bool(self.stack) and isinstance(self.stack[-1].node, Mapping) and self.stack[-1].key is None

    def _add(self, node: Node) -> None:
        """Put a finished node where it belongs: the open list, the open mapping's key or value, the documents."""
        if not self.stack:
            self.documents.append(node)
            return
        top = self.stack[-1]
        parent = top.node
        if type(parent) is Sequence:
            parent.items.append(node)
        elif top.key is None:
            top.key = node if type(node) is Scalar else self._bad_key(node)
        else:
            key, top.key = top.key, None
            if type(key) is Scalar:
                self._enter(top, key, node)

    def _enter(self, top: _Open, key: Scalar, node: Node) -> None:
        entries = top.entries
        name = key.text
        if name == "<<" and key.plain:
            self._merge_key(top, key, node)
        elif name not in entries:
            entries[name] = (key, node)
        else:
            first = entries[name][0]
            self._problem(
                "Y202",
                key.source,
                f"the key {shown(name)} stands here a second time; it is already on line {first.line} "
                f"({first.file}:{first.line}:{first.column})",
                "Keep one of the two.",
            )

    def _merge_key(self, top: _Open, key: Scalar, node: Node) -> None:
        if top.merges is not None:
            self._problem("Y202", key.source, "the merge key << stands here a second time", "Write <<: [*one, *two].")
            return
        top.merges = []
        for each in node.items if isinstance(node, Sequence) else [node]:
            if isinstance(each, Mapping):
                top.merges.append(each)
            elif not isinstance(each, Broken):
                self._problem(
                    "Y208",
                    each.source,
                    "the merge key << takes a mapping or a list of mappings",
                    "Write <<: *name, with &name before a mapping.",
                )

    def _bad_key(self, node: Node) -> Broken:
        if not isinstance(node, Broken):
            what = "a list" if isinstance(node, Sequence) else "a mapping"
            remedy = "Write a name before the colon; a text that starts with [ or { needs quotes."
            self._problem("Y207", node.source, f"{what} cannot be a key", remedy)
        return Broken(node.line, node.column, node.file)

    def _properties(self, event: Any, node: Scalar | Mapping | Sequence) -> None:
        """Report a tag, and move the position from the anchor to the value itself."""
        if event.tag is not None:
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")
            self._problem(
                "Y203",
                node.source,
                f"the tag {shown(tag)} is not allowed",
                "Remove it: a value is read by the type of its field.",
            )
        if isinstance(node, Scalar) and node.plain and not node.text:
            return
        skipped = _PROPERTIES.match(self.text, event.start_mark.index)
        if skipped:
            after = position(self.file, skipped[0])
            node.column = after.column if after.line > 1 else node.column + after.column - 1
            node.line += after.line - 1


def _merge(node: Mapping, merges: list[Node]) -> None:
    """YAML 1.1 merge: what the mapping itself says wins, then the earlier of the merged mappings."""
    for each in merges:
        assert isinstance(each, Mapping)
        for name, entry in each.entries.items():
            node.entries.setdefault(name, entry)
