"""YAML text to nodes that know where they were written.

PyYAML's C parser gives events; the composer here makes nodes of them and decides nothing about types: a scalar stays
the text that was typed, and whether it was plain. What YAML allows and a declaration must not use (tags, duplicate keys,
keys that are not text) is reported, and so is every other problem that does not hide the rest of the file.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from yaml.cyaml import CParser
from yaml.error import MarkedYAMLError, YAMLError
from yaml.events import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from reconciler.config.messages import shown, syntax_problem
from reconciler.core.diagnostics import Diagnostic, Severity, Source

MAX_BYTES = 50 * 2**20
MAX_DEPTH = 50
FREE_EXPANSION = 100_000
EXPANSION_FACTOR = 10
"""Aliases may expand to this many nodes, or to this many times the nodes that are written, before they are a bomb."""

NULLS = frozenset(("", "~", "null"))
"""The plain scalars that are null (contract 3)."""

_MAX_CONTROL_REPORTS = 20
_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_BREAK = re.compile("\r\n|\r|\n")
_PROPERTIES = re.compile(r"(?:[&!][^\s,\[\]{}]*|\s+|#[^\r\n]*)+")


@dataclass(slots=True, eq=False)
class Scalar:
    """A scalar as typed: `text` with its quotes and escapes undone, `plain` when it had no quotes and no block mark."""

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
    """Stands where a problem was already reported, so that it is not reported a second time in other words."""

    line: int
    column: int
    file: str

    @property
    def source(self) -> Source:
        """Where it stands."""
        return Source(self.file, self.line, self.column)


Node: TypeAlias = "Scalar | Sequence | Mapping | Broken"


@dataclass(frozen=True, slots=True)
class Parsed:
    """The documents that could be read, without empty ones, and what was wrong."""

    documents: tuple[Node, ...]
    diagnostics: tuple[Diagnostic, ...]


def parse(data: bytes, file: str, *, max_bytes: int = MAX_BYTES, max_depth: int = MAX_DEPTH) -> Parsed:
    """Read a file's bytes; `file` is the name that positions carry. Never raises: every problem is a diagnostic."""
    if len(data) > max_bytes:
        return Parsed((), (_too_large(file, len(data), max_bytes),))
    text, problems = _decode(data, file)
    if text is None:
        return Parsed((), tuple(problems))
    composer = _Composer(text, file, max_depth)
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


def merged(base: Node, over: Node) -> Node:
    """`over` laid on `base`: mappings merge member by member, anything else is replaced (contract 3)."""
    if not isinstance(base, Mapping) or not isinstance(over, Mapping):
        return over
    entries = dict(base.entries)
    for name, (key, value) in over.entries.items():
        below = entries.get(name)
        entries[name] = (key, merged(below[1], value) if below else value)
    return Mapping(entries, over.line, over.column, over.file)


def _too_large(file: str, size: int, limit: int) -> Diagnostic:
    return Diagnostic(
        Severity.ERROR,
        "Y213",
        f"{file} has {size:,} bytes; the limit is {limit:,}",
        remedy="Split it into several files.",
        source=Source(file, 1, 1),
    )


def _decode(data: bytes, file: str) -> tuple[str | None, list[Diagnostic]]:
    """The text, with characters that YAML forbids replaced one for one, so that the rest can still be read."""
    problems: list[Diagnostic] = []
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return None, [_not_utf8(file, "", "it is UTF-16")]
    if data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
        problems.append(
            Diagnostic(
                Severity.WARNING,
                "Y209",
                f"{file} starts with a byte order mark",
                remedy="Save the file as UTF-8 without a byte order mark.",
                source=Source(file, 1, 1),
            )
        )
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", "replace")
        return None, [*problems, _not_utf8(file, before, f"byte 0x{data[error.start]:02x} is no UTF-8")]
    found = _forbidden(text, file)
    if found:
        text = _FORBIDDEN.sub("\ufffd", text)
    return text, problems + found


def _not_utf8(file: str, before: str, why: str) -> Diagnostic:
    return Diagnostic(
        Severity.ERROR,
        "Y210",
        f"{file} cannot be read as text: {why}",
        remedy="Save the file as UTF-8.",
        source=_position(file, before),
    )


def _position(file: str, before: str) -> Source:
    """The place that follows the text `before`."""
    breaks = list(_BREAK.finditer(before))
    start = breaks[-1].end() if breaks else 0
    return Source(file, len(breaks) + 1, len(before) - start + 1)


def _forbidden(text: str, file: str) -> list[Diagnostic]:
    """The characters that may not stand in the text: controls, and the line ends that only YAML 1.1 knows."""
    problems: list[Diagnostic] = []
    for match in _FORBIDDEN.finditer(text):
        if len(problems) == _MAX_CONTROL_REPORTS:
            break
        problems.append(_control(_position(file, text[: match.start()]), match[0]))
    return problems


def _control(source: Source, character: str) -> Diagnostic:
    return Diagnostic(
        Severity.ERROR,
        "Y211",
        f"the character U+{ord(character):04X} may not stand here",
        remedy="Remove it; it is invisible in most editors.",
        source=source,
    )


class _Stop(Exception):
    """The rest of the file cannot be read; the reason is already reported."""


@dataclass(slots=True, eq=False)
class _Open:
    """A mapping or list whose end has not been read; `key` is a mapping's key that waits for its value."""

    node: Mapping | Sequence
    anchor: str | None
    written: int  # nodes counted before it
    key: Scalar | Broken | None = None
    merges: list[Node] | None = None


class _Composer:
    """Makes nodes of one file's events, without recursion."""

    def __init__(self, text: str, file: str, max_depth: int) -> None:
        self.text = text
        self.file = file
        self.max_depth = max_depth
        self.documents: list[Node] = []
        self.problems: list[Diagnostic] = []
        self.stack: list[_Open] = []
        self.anchors: dict[str, tuple[Node, int] | None] = {}  # node and its size; None while it is open
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
            get_event = CParser(self.text).get_event
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

    def _syntax(self, error: MarkedYAMLError) -> None:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line, mark.column) if mark else (0, 0)
        lines = self.text.splitlines()
        at = lines[line][column : column + 1] if line < len(lines) else ""
        started = (
            f"{error.context_mark.line + 1}:{error.context_mark.column + 1}" if error.context_mark else ""
        )
        summary, remedy = syntax_problem(error.problem or "", error.context or "", at, started)
        self._problem("Y201", Source(self.file, line + 1, column + 1), summary, remedy)

    # -- events

    def _scalar(self, event: ScalarEvent) -> None:
        mark = event.start_mark
        plain = event.implicit[0]
        node = Scalar(event.value, plain, mark.line + 1, mark.column + 1, self.file)
        self.written += 1
        if event.anchor is not None or event.tag is not None:
            self._properties(event, node)
            if event.anchor is not None:
                self.anchors[event.anchor] = (node, 1)
        if not plain and (control := _CONTROL.search(node.text)):
            self.problems.append(_control(node.source, control[0]))
        self._add(node)

    def _mapping(self, event: MappingStartEvent) -> None:
        mark = event.start_mark
        self._open(event, Mapping({}, mark.line + 1, mark.column + 1, self.file))

    def _sequence(self, event: SequenceStartEvent) -> None:
        mark = event.start_mark
        self._open(event, Sequence([], mark.line + 1, mark.column + 1, self.file))

    def _open(self, event: Any, node: Mapping | Sequence) -> None:
        if len(self.stack) >= self.max_depth:
            summary = f"more than {self.max_depth} mappings and lists inside each other"
            self._problem("Y212", node.source, summary, "Flatten the file; a declaration needs four levels.")
            raise _Stop
        if event.anchor is not None or event.tag is not None:
            self._properties(event, node)
            if event.anchor is not None:
                self.anchors[event.anchor] = None
        self.stack.append(_Open(node, event.anchor, self.written + self.expanded))
        self.written += 1

    def _end(self, _event: object) -> None:
        done = self.stack.pop()
        if done.merges is not None and isinstance(done.node, Mapping):
            _merge(done.node, done.merges)
        if done.anchor is not None and self.anchors.get(done.anchor, 0) is None:
            self.anchors[done.anchor] = (done.node, self.written + self.expanded - done.written)
        self._add(done.node)

    def _alias(self, event: AliasEvent) -> None:
        mark = event.start_mark
        source = Source(self.file, mark.line + 1, mark.column + 1)
        found = self.anchors.get(event.anchor, 0)
        node: Node = Broken(source.line, source.column, self.file)
        if found == 0:
            known = ", ".join(sorted(self.anchors)[:10])
            self._problem(
                "Y204",
                source,
                f"the alias *{shown(event.anchor)} has no anchor before it",
                f"Write &{shown(event.anchor)} before the value that is meant"
                + (f", or use one of: {known}." if known else ", or put the text in quotes."),
            )
        elif found is None:
            summary = f"the alias *{shown(event.anchor)} stands inside the value that it names"
            self._problem("Y205", source, summary, "Write the value out.")
        else:
            assert isinstance(found, tuple)
            node, size = found
            self.expanded += size
            if self.expanded > max(FREE_EXPANSION, EXPANSION_FACTOR * self.written):
                summary = f"the aliases of this file stand for more than {self.expanded - size:,} values"
                self._problem("Y206", source, summary, "Write the values out, or use defaults.")
                raise _Stop
            if isinstance(node, Scalar) and self._expects_key():
                node = Scalar(node.text, node.plain, source.line, source.column, self.file)
        self._add(node)

    # -- nodes

    def _expects_key(self) -> bool:
        return bool(self.stack) and isinstance(self.stack[-1].node, Mapping) and self.stack[-1].key is None

    def _add(self, node: Node) -> None:
        """Put a finished node where it belongs: the open list, the open mapping's key or value, or the documents."""
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
        assert isinstance(top.node, Mapping)
        entries = top.node.entries
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
            self._problem(
                "Y202", key.source, "the merge key << stands here a second time", "Write <<: [*one, *two]."
            )
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
            after = _position(self.file, skipped[0])
            node.column = after.column if after.line > 1 else node.column + after.column - 1
            node.line += after.line - 1


def _merge(node: Mapping, merges: list[Node]) -> None:
    """YAML 1.1 merge: what the mapping itself says wins, then the earlier of the merged mappings."""
    for each in merges:
        assert isinstance(each, Mapping)
        for name, entry in each.entries.items():
            node.entries.setdefault(name, entry)
