"""YAML text to nodes that know which characters they take up.

PyYAML's C parser gives events; the composer here makes nodes of them and decides nothing about types: a scalar
stays the text that was typed, and whether it was plain. What YAML allows and a declaration must not use (tags,
duplicate keys, keys that are not text) is reported, and so is every other problem that does not hide the rest of
the file.
"""

from __future__ import annotations

import re
from bisect import bisect_left
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

from reconciler.config.read.content_checks import SPREADSHEET_ERROR
from reconciler.config.read.decoding import CONTROL, control, decode
from reconciler.config.read.file_limits import BOUNDS, Bounds
from reconciler.config.read.messages import shown, syntax_problem
from reconciler.config.read.nodes import (
    ALIAS_STYLE,
    MERGE,
    NULLS,
    Alias,
    Anchor,
    Broken,
    Mapping,
    Node,
    Pair,
    Scalar,
    Sequence,
    SourceText,
    Written,
    merged,
)
from reconciler.config.read.syntax_causes import cause_of, in_quotes, wrong_blank, wrong_blanks
from reconciler.core.diagnostics import Diagnostic, Severity, Source

__all__ = ["NULLS", "Broken", "Mapping", "Node", "Parsed", "Scalar", "Sequence", "compose", "merged", "parse"]

MAX_PROBLEMS = 1000
EXPANSION_FACTOR = 10
"""Aliases may stand for this many times the nodes that are written, also where that is more than `Bounds.aliases`."""

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the same events without libyaml, only slower
_TIGHT = re.compile(r"[ \t]#[^\s#]")
_TIGHT_COMMENT = re.compile(r"[ \t]++(#[^\s#][^\r\n]*)")
"""A comment that may be meant as text: nothing stands between its mark and its first letter."""

_NO_TEXT = re.compile(r"[-+0-9.,]*|true|false|null|~", re.IGNORECASE)
_PROPERTIES = re.compile(r"(?:[&!][^\s,\[\]{}]*|\s+|#[^\r\n]*)+")
_BLANK = " \t\r\n"
_BLOCK = ("|", ">")


@dataclass(frozen=True, slots=True)
class Parsed:
    """The documents that could be read, without empty ones, what was wrong, and the text that they were read from."""

    documents: tuple[Node, ...]
    diagnostics: tuple[Diagnostic, ...]
    origin: SourceText


def parse(data: bytes, file: str, bounds: Bounds = BOUNDS) -> Parsed:
    """Read a file's bytes; `file` is the name in positions. Never raises: every problem is a diagnostic."""
    if len(data) > bounds.file_size:
        return Parsed((), (_too_large(file, bounds.file_size),), SourceText("", file))
    text, problems = decode(data, file)
    if text is None:
        return Parsed((), tuple(problems), SourceText("", file))
    parsed = compose(text, file, bounds)
    problems += parsed.diagnostics
    if not parsed.documents and not problems:
        problems.append(
            Diagnostic(
                Severity.WARNING,
                "Y214",
                f"{file} holds no YAML but comments",
                remedy="Write a declaration, or remove the file.",
                source=Source(file, 1, 1),
            )
        )
    return Parsed(parsed.documents, tuple(problems), parsed.origin)


def compose(text: str, file: str, bounds: Bounds = BOUNDS, first_line: int = 1) -> Parsed:
    """Read a text that `decode` has let through. first_line: where it starts in the file, when it is a part of it."""
    composer = _Composer(SourceText(text, file, first_line), bounds)
    composer.run()
    documents = tuple(node for node in composer.documents if not (isinstance(node, Scalar) and node.is_null))
    return Parsed(documents, tuple(composer.problems), composer.origin)


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
    written: int  # nodes counted before it
    height: int = 1  # levels of mappings and lists in it, aliases followed
    key: Scalar | Broken | None = None
    aliases: dict[str | int, Alias] | None = None  # by the key or index at which they stand
    merge: Pair | None = None


@dataclass(frozen=True, slots=True)
class _Anchored:
    """A named node, the number of nodes in it, and its levels; aliases followed in both."""

    node: Node
    size: int
    height: int


class _Composer:
    """Builds nodes from one text's events, without recursion."""

    def __init__(self, origin: SourceText, bounds: Bounds) -> None:
        self.origin = origin
        self.text = origin.text
        self.bounds = bounds
        self.documents: list[Node] = []
        self.problems: list[Diagnostic] = []
        self.may_cut = _TIGHT.search(origin.text) is not None
        self.wrong_blanks = wrong_blanks(origin.text)
        self.has_escapes = "\\" in origin.text
        self.stack: list[_Open] = []
        self.anchors: dict[str, _Anchored | None] = {}  # None while the node is open
        self.unused: dict[str, Scalar] = {}  # scalars by the anchors that no alias has named yet
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
                    self._end_document()
        except MarkedYAMLError as error:
            self._syntax(error)
        except YAMLError as error:
            self._problem(
                "Y201", self.origin.lines.source(0), f"this is not YAML: {shown(str(error))}", "Correct the file."
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
        lines, index = self.origin.lines, mark.index if mark else 0
        if cause := cause_of(self.text, index):
            source = lines.source(cause.index)
            if all((known.code, known.source) != (cause.code, source) for known in self.problems):
                self._problem(cause.code, source, cause.summary, cause.remedy)
            return
        source, context = lines.source(index), error.context_mark
        started = "{}:{}".format(*lines.place(context.index)) if context else ""
        summary, remedy = syntax_problem(
            error.problem or "", error.context or "", self.text[index : index + 1].strip("\r\n"), started
        )
        if "${" in lines.text_of_line(self.text, index):
            remedy = "Put ${...} in quotes inside [ ] and { }. Otherwise: " + remedy
        self._problem("Y201", source, summary, remedy)

    # -- events

    def _scalar(self, event: Any) -> None:
        style = event.style or ""
        node = Scalar(event.value, style, event.start_mark.index, event.end_mark.index, self.origin)
        self.written += 1
        if event.anchor is not None or event.tag is not None:
            self._anchored_scalar(event, node)
        if style:
            if self.has_escapes or style in "|>":
                self._check_styled(node)
        elif (self.may_cut or self.wrong_blanks) and not self._is_sound(node):
            self._add(Broken(node.start, node.end, self.origin))
            return
        if self.stack:  # as in _add; most of a file's nodes come this way
            top = self.stack[-1]
            key = top.key
            if key is None and type(top.node) is Mapping:
                top.key = node
                return
            if type(key) is Scalar and key.text not in top.entries and key.text != MERGE:
                top.entries[key.text] = (key, node)
                top.key = None
                return
        self._add(node)

    def _anchored_scalar(self, event: Any, node: Scalar) -> None:
        self._properties(event, node)
        node.start = min(node.start, node.end)
        if event.anchor is not None:
            self.anchors[event.anchor] = _Anchored(node, 1, 0)
            self._check_used(event.anchor)
            self.unused[event.anchor] = node

    def _end_document(self) -> None:
        """No alias of the next document can name an anchor of this one."""
        for name in list(self.unused):
            self._check_used(name)
        self.anchors = {}

    def _check_used(self, name: str) -> None:
        """A word that starts with & is the name of an anchor, and no part of the text: `&Tradition Møbler AS`."""
        node = self.unused.pop(name, None)
        if node is not None:
            written = self.text[node.first : node.end]
            self._problem(
                "Y221",
                self.origin.lines.source(node.first),
                f"&{shown(name)} is taken out of the text: to YAML it is an anchor, and nothing uses it",
                f"Put the text in quotes: {in_quotes(written)}. If you do mean an anchor that is not used, remove it.",
            )

    def _check_styled(self, node: Scalar) -> None:
        """Find the end of a block, and control characters, which only an escape in double quotes can bring in."""
        if node.style in _BLOCK:
            node.end = _end_of_block(self.text, node.start, node.end)
        elif character := CONTROL.search(node.text):
            self.problems.append(control(node.source, character[0]))

    def _is_sound(self, node: Scalar) -> bool:
        """Whether a plain text holds no blank that YAML takes for a letter. Warns where it ends at a tight comment."""
        at = bisect_left(self.wrong_blanks, node.start)
        if at < len(self.wrong_blanks) and self.wrong_blanks[at] < node.end:
            cause = wrong_blank(self.text, self.wrong_blanks[at])
            self._problem(cause.code, self.origin.lines.source(cause.index), cause.summary, cause.remedy)
            return False
        if self.may_cut:
            self._check_cut(node)
        return True

    def _check_cut(self, node: Scalar) -> None:
        """`Butikk #1 AS`: YAML takes what follows the blank for a comment, and a person may not."""
        comment = _TIGHT_COMMENT.match(self.text, node.end)
        if comment is None:
            return
        if not node.text and SPREADSHEET_ERROR.fullmatch(comment[1].rstrip()):
            summary = f"{shown(comment[1])} is what a spreadsheet shows where it has no value, and a comment to YAML"
            remedy = "Write the value, or remove the line: as it stands, it clears the field."
            self._problem("Y222", self.origin.lines.source(comment.start(1)), summary, remedy)
        if _NO_TEXT.fullmatch(node.text):
            return
        summary = f"the text ends before {shown(comment[1])}: YAML takes the rest of the line for a comment"
        remedy = "Put the whole text in quotes, or write a space after the # of a comment."
        where = self.origin.lines.source(comment.start(1))
        self.problems.append(Diagnostic(Severity.WARNING, "Y218", summary, remedy=remedy, source=where))

    def _mapping(self, event: Any) -> None:
        start = event.start_mark.index
        self._open(event, Mapping({}, start, start, self.origin, bool(event.flow_style)))

    def _sequence(self, event: Any) -> None:
        start = event.start_mark.index
        self._open(event, Sequence([], start, start, self.origin, bool(event.flow_style)))

    def _open(self, event: Any, node: Mapping | Sequence) -> None:
        if len(self.stack) >= self.bounds.depth:
            self._too_deep(node.source)
        if event.anchor is not None or event.tag is not None:
            self._properties(event, node)
            if event.anchor is not None:
                self.anchors[event.anchor] = None
        entries = node.entries if isinstance(node, Mapping) else {}
        self.stack.append(_Open(node, entries, self.written + self.expanded))
        self.written += 1

    def _end(self, event: Any) -> None:
        done = self.stack.pop()
        node = done.node
        if done.aliases is not None or done.merge is not None:
            _keep_as_written(node, done)
        node.end = event.end_mark.index if node.flow else _end_of_last(node)
        if node.anchor is not None and self.anchors.get(node.anchor.name, 0) is None:
            size = self.written + self.expanded - done.written
            self.anchors[node.anchor.name] = _Anchored(node, size, done.height)
        self._raise(done.height)
        self._add(node)

    def _alias(self, event: Any) -> None:
        start, end = event.start_mark.index, event.end_mark.index
        name = shown(event.anchor)
        if event.anchor not in self.anchors:
            known = ", ".join(map(shown, islice(self.anchors, 10)))
            remedy = f"use one of: {known}" if known else "put the text in quotes"
            remedy = f"Write &{name} before the value that is meant, or {remedy}."
            source = self.origin.lines.source(start)
            self._problem("Y204", source, f"the alias *{name} has no anchor before it", remedy)
        elif (anchored := self.anchors[event.anchor]) is None:
            summary = f"the alias *{name} stands inside the value that it names"
            self._problem("Y205", self.origin.lines.source(start), summary, "Write the value out.")
        else:
            self.unused.pop(event.anchor, None)
            node = self._expand(anchored, start, end)
            self._add(node, Alias(event.anchor, node, start, end, self.origin))
            return
        self._add(Broken(start, end, self.origin))

    def _expand(self, anchored: _Anchored, start: int, end: int) -> Node:
        """The node that an alias stands for, unless too many of them would be too much."""
        self.expanded += anchored.size
        if self.expanded > max(self.bounds.aliases, EXPANSION_FACTOR * self.written):
            summary = f"the aliases of this file stand for more than {self.expanded - anchored.size:,} values"
            source = self.origin.lines.source(start)
            self._problem("Y206", source, summary, "Write the values out, or use defaults.")
            raise _Stop
        if len(self.stack) + anchored.height > self.bounds.depth:
            self._too_deep(self.origin.lines.source(start))
        self._raise(anchored.height)
        node = anchored.node
        if isinstance(node, Scalar) and self._expects_key():
            return Scalar(node.text, ALIAS_STYLE, start, end, self.origin)
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

    def _add(self, node: Node, alias: Alias | None = None) -> None:
        """Put a finished node where it belongs: the open list, the open mapping's key or value, the documents."""
        if not self.stack:
            self.documents.append(node)
            return
        top = self.stack[-1]
        parent = top.node
        if type(parent) is Sequence:
            if alias is not None:
                top.aliases = top.aliases or {}
                top.aliases[len(parent.items)] = alias
            parent.items.append(node)
        elif top.key is None:
            top.key = node if type(node) is Scalar else self._bad_key(node)
        else:
            key, top.key = top.key, None
            if type(key) is Scalar:
                self._enter(top, key, node, alias)

    def _enter(self, top: _Open, key: Scalar, node: Node, alias: Alias | None) -> None:
        entries = top.entries
        name = key.text
        if name == MERGE and key.plain:
            self._merge_key(top, key, node, alias or node)
        elif name not in entries:
            entries[name] = (key, node)
            if alias is not None:
                top.aliases = top.aliases or {}
                top.aliases[name] = alias
        else:
            first = entries[name][0].source
            self._problem(
                "Y202",
                key.source,
                f"the key {shown(name)} stands here a second time; it is already on line {first.line} ({first})",
                "Keep one of the two.",
            )

    def _merge_key(self, top: _Open, key: Scalar, node: Node, written: Written) -> None:
        if top.merge is not None:
            self._problem("Y202", key.source, "the merge key << stands here a second time", "Write <<: [*one, *two].")
            return
        top.merge = (key, written)
        for merged_in in _merged_in(node):
            if not isinstance(merged_in, Mapping | Broken):
                self._problem(
                    "Y208",
                    merged_in.source,
                    "the merge key << takes a mapping or a list of mappings",
                    "Write <<: *name, with &name before a mapping.",
                )

    def _bad_key(self, node: Node) -> Broken:
        if not isinstance(node, Broken):
            what = "a list" if isinstance(node, Sequence) else "a mapping"
            remedy = "Write a name before the colon; a text that starts with [ or { needs quotes."
            self._problem("Y207", node.source, f"{what} cannot be a key", remedy)
        return Broken(node.start, node.end, self.origin)

    def _properties(self, event: Any, node: Scalar | Mapping | Sequence) -> None:
        """Report a tag, and move the start from the anchor to the value itself."""
        if event.tag is not None:
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")
            self._problem(
                "Y203",
                node.source,
                f"the tag {shown(tag)} is not allowed",
                "Remove it: a value is read by the type of its field.",
            )
        if event.anchor is not None:
            node.anchor = Anchor(event.anchor, node.start)
        skipped = _PROPERTIES.match(self.text, node.start)
        if skipped:
            node.start = skipped.end()


def _end_of_block(text: str, start: int, end: int) -> int:
    """The end of a block scalar before its last line break; blank lines below it count only with `+`."""
    body = text[start:end]
    header = body.splitlines()[0].split("#")[0] if body else ""
    if "+" in header:
        return end - (2 if body.endswith("\r\n") else 1 if body[-1:] in ("\r", "\n") else 0)
    last = len(body.rstrip(_BLANK))
    breaks = [at for at in (body.find("\r", last), body.find("\n", last)) if at >= 0]
    return start + min(breaks, default=len(body))


def _keep_as_written(node: Mapping | Sequence, done: _Open) -> None:
    """Note where aliases and the merge key stand, then follow the merge key."""
    aliases: Any = done.aliases or {}
    if isinstance(node, Sequence):
        node.with_aliases = [aliases.get(at, item) for at, item in enumerate(node.items)]
        return
    node.with_aliases = {name: (key, aliases.get(name, value)) for name, (key, value) in node.entries.items()}
    node.merge = done.merge
    if done.merge is not None:
        for merged_in in _merged_in(_resolved(done.merge[1])):
            if isinstance(merged_in, Mapping):  # what the mapping itself says wins, then the earlier of the merged ones
                for name, entry in merged_in.entries.items():
                    node.entries.setdefault(name, entry)


def _end_of_last(node: Mapping | Sequence) -> int:
    """Where the last member or item of a block ends: the parser says where the next thing starts."""
    if isinstance(node, Sequence):
        items: Any = node.with_aliases or node.items
        return int(items[-1].end) if items else node.start
    if node.merge is not None:
        return max(part.end for part in node.pairs[-1])
    pairs: Any = node.with_aliases or node.entries
    if not pairs:
        return node.start
    key, value = pairs[next(reversed(pairs))]
    return int(max(key.end, value.end))


def _resolved(node: Written) -> Node:
    return node.target if isinstance(node, Alias) else node


def _merged_in(node: Node) -> list[Node]:
    """What a merge key brings in, the strongest first."""
    return node.items if isinstance(node, Sequence) else [node]
