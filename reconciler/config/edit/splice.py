"""Cut and splice a YAML text: each change at the characters of its own value, nothing written out again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from reconciler.config.edit.block_text import Overlay, inline, item_lines, key_text, member_lines
from reconciler.config.edit.layout import NodePath, Shape, shape_of
from reconciler.config.edit.meaning import REMOVE, Raw, Remove, is_merge, merged_spans, put, raw, step
from reconciler.config.edit.scalar_style import Literal, spell
from reconciler.config.edit.spans import Span, Tree
from reconciler.config.read.messages import quoted


class CannotError(Exception):
    """The rewrite cannot be made. `place` is a line and column, or nothing."""

    def __init__(self, message: str, place: tuple[int, int] | None = None) -> None:
        super().__init__(message)
        self.place = place


@dataclass(slots=True)
class _Patch:
    """What is to be done at a node: put a value, remove it, or go on below."""

    value: Raw | Remove | None = None
    below: dict[str | int, _Patch] = field(default_factory=dict)


class Surgeon:
    """One round of changes to a text, each at its own place. With `own_only`, shared values are left alone."""

    def __init__(self, tree: Tree, *, bold: bool, own_only: bool) -> None:
        self._tree = tree
        self._bold = bold
        self._own_only = own_only
        self._splices: list[tuple[int, int, str]] = []
        self._colons: dict[int, int | None] = {}  # by the id of a value's span

    def operate(self, edits: Sequence[tuple[int, NodePath, Raw | Remove]]) -> str:
        """The new text. Raises CannotError."""
        patches: dict[int, _Patch] = {}
        for index, path, value in edits:
            at = patches.setdefault(index, _Patch())
            for segment in path:
                at = at.below.setdefault(segment, _Patch())
            at.value = value
        for index, patch in patches.items():
            document = self._tree.documents[index]
            self._patch(document, patch, shape_of(document))
        return splice(self._tree.text, self._splices)

    def _cannot(self, span: Span, why: str) -> CannotError:
        return CannotError(why, self._tree.place(span.start))

    def _cut(self, start: int, end: int, new: str = "") -> None:
        self._splices.append((start, end, new))

    def _patch(self, span: Span, patch: _Patch, shape: Shape) -> None:
        if span.kind == "map":
            self._map(span, patch, shape)
        elif span.kind == "list":
            self._list(span, patch, shape)
        else:
            raise self._cannot(span, "a mapping is expected here")

    # -- values

    def _new_value(self, span: Span, patch: _Patch, *, flow: bool) -> str | None:
        """What is written in place of a value; None when only something below it changes, or must wait."""
        if isinstance(patch.value, Remove) or (span.kind == "alias" and self._own_only):
            return None
        if patch.value is not None:
            if isinstance(patch.value, Literal):
                return self._spelled(patch.value, span, flow=flow)
            return inline(patch.value)
        if span.kind == "alias":
            return inline(_beside(span, patch))
        if span.kind == "scalar":
            return inline(_applied(Literal("", "plain"), patch))
        return None

    def _spelled(self, value: Literal, old: Span | None, *, flow: bool) -> str:
        ways = spell(value, old=old, source=self._tree.text, flow=flow)
        return ways[0 if self._bold else -1]

    # -- mappings

    def _map(self, span: Span, patch: _Patch, shape: Shape) -> None:
        entries = {key.resolved.text: (key, value) for key, value in span.entries if not is_merge(key)}
        removed: set[str] = set()
        added: dict[str, Raw] = {}
        for segment, below in patch.below.items():
            name = str(segment)
            if name not in entries:
                self._add(span, name, below, added)
            elif isinstance(below.value, Remove):
                removed.add(name)
            else:
                self._member(span, *entries[name], below, shape.below(name))
        if span.flow:
            self._flow_members(span, removed, added, shape)
        else:
            self._block_members(span, removed, added, shape)

    def _add(self, span: Span, name: str, patch: _Patch, added: dict[str, Raw]) -> None:
        """A member that is not written here; one that a merge key brings in is put beside it."""
        merged = _merged(span, name)
        if merged is None:
            if not isinstance(patch.value, Remove):
                added[name] = _applied(None, patch)
        elif isinstance(patch.value, Remove):
            raise self._cannot(span, f"{quoted(name)} comes from a merge key, and a mapping cannot take it away")
        elif not self._own_only:
            added[name] = _applied(raw(merged), patch)

    def _member(self, span: Span, key: Span, value: Span, patch: _Patch, shape: Shape) -> None:
        new = self._new_value(value, patch, flow=span.flow)
        if new is None:
            if value.kind in ("map", "list"):
                self._colons[id(value)] = self._tree.colon_end(key)
                self._patch(value, patch, shape)
            return
        if not value.is_empty:
            self._cut(value.start, value.end, new)
            return
        at = self._tree.colon_end(key)
        if at is None:
            raise self._cannot(key, "a key without a colon")
        if value.anchor:
            at = self._tree.text.index("&" + value.anchor, at) + len(value.anchor) + 1
        self._cut(at, at, " " + new)

    def _flow_members(self, span: Span, removed: set[str], added: dict[str, Raw], shape: Shape) -> None:
        parts = [_Part(key.resolved.text, key.first, self._tree.member_end(key, value)) for key, value in span.entries]
        self._flow_parts(span, parts, removed)
        left = [part for part in parts if part.name not in removed]
        for name in sorted(added, key=shape.rank):
            text = f"{key_text(name, flow=True)}: {inline(added[name])}"
            before = _predecessor(left, name, shape)
            if before is not None:
                self._cut(before.end, before.end, f", {text}")
            elif left:
                self._cut(left[0].start, left[0].start, f"{text}, ")
            else:
                joined = ", ".join(f"{key_text(each, flow=True)}: {inline(value)}" for each, value in added.items())
                self._cut(span.start + 1, span.start + 1, joined)
                break

    def _flow_parts(self, span: Span, parts: list[_Part], removed: set[str]) -> None:
        """Cut parts out of a flow collection, each run with the comma that goes with it."""
        if parts and all(part.name in removed for part in parts):
            self._cut(span.start + 1, span.end - 1)
            return
        at = 0
        while at < len(parts):
            end = at
            while end < len(parts) and parts[end].name in removed:
                end += 1
            if end > at and end < len(parts):
                self._cut(parts[at].start, parts[end].start)
            elif end > at:
                self._cut(parts[at - 1].end, parts[end - 1].end)
            at = max(end, at) + 1

    def _block_members(self, span: Span, removed: set[str], added: dict[str, Raw], shape: Shape) -> None:
        tree = self._tree
        column = tree.column(span.entries[0][0].first)
        parts = [_Part(key.resolved.text, key.first, tree.member_end(key, value)) for key, value in span.entries]
        left = [part for part in parts if part.name not in removed]
        if not left and added:
            lines = [line for name, value in added.items() for line in member_lines(name, value, 2)]
            self._cut(parts[0].start, parts[-1].end, (tree.newline(parts[0].start) + " " * column).join(lines))
            return
        if not left:
            if tree.text[tree.line_start(parts[0].start) : parts[0].start].strip():
                self._cut(parts[0].start, parts[-1].end, "{}")
            else:
                self._cut_lines(parts)
                self._close_empty(span, "{}")
            return
        self._insert_members(span, left, parts[0], added, shape, column)
        self._remove_members(parts, removed)

    def _insert_members(
        self, span: Span, left: list[_Part], first: _Part, added: dict[str, Raw], shape: Shape, column: int
    ) -> None:
        tree = self._tree
        step, newline = _indent_step(tree, span), tree.newline(first.start)
        for name in sorted(added, key=shape.rank):
            lines = member_lines(name, added[name], step)
            before = _predecessor(left, name, shape)
            pad = " " * column
            if before is not None:
                at = tree.territory_end(before.end, column)
                body = newline.join(pad + line for line in lines)
                self._cut(at, at, body + newline if _ends_line(tree.text, at) else newline + body)
            else:  # on the first member's line, which may start with a dash
                body = (newline + pad).join(lines) + newline + pad
                self._cut(first.start, first.start, body)

    def _remove_members(self, parts: list[_Part], removed: set[str]) -> None:
        tree = self._tree
        rest = parts
        if parts[0].name in removed and tree.text[tree.line_start(parts[0].start) : parts[0].start].strip():
            # behind a dash: what is left moves up to it, unless comments stand between
            left = next(at for at, part in enumerate(parts) if part.name not in removed)
            gaps = [tree.text[one.end : other.start] for one, other in pairwise(parts[: left + 1])]
            if any(gap.strip() for gap in gaps):
                self._cut(parts[0].start, parts[0].end)
                rest = parts[1:]
            else:
                self._cut(parts[0].start, parts[left].start)
                rest = parts[left:]
        self._cut_lines([part for part in rest if part.name in removed])

    def _cut_lines(self, parts: list[_Part]) -> None:
        """Take out whole lines; a comment at the end of one goes with it."""
        tree = self._tree
        ranges: list[tuple[int, int]] = []
        for part in parts:
            start, end = tree.line_start(part.start), tree.after_line(part.end)
            if ranges and ranges[-1][1] == start:
                start = ranges.pop()[0]
            ranges.append((start, end))
        for start, end in ranges:
            if start and end == len(tree.text) and not _ends_line(tree.text, end):
                self._cut(tree.line_end(start - 1), end)  # the file still ends without a line break
            else:
                self._cut(start, end)

    def _close_empty(self, span: Span, brackets: str) -> None:
        """Write {} or [] where a block used to be, right after its key's colon."""
        at = self._colons.get(id(span))
        if at is None or span.anchor:
            raise self._cannot(span, "nothing would be left of a block")
        self._cut(at, at, " " + brackets)

    # -- lists

    def _list(self, span: Span, patch: _Patch, shape: Shape) -> None:
        removed: set[str] = set()
        added: list[Raw] = []
        for index, below in sorted(patch.below.items(), key=lambda both: int(both[0])):
            at = int(index)
            if at >= len(span.items):
                added.append(_applied(None, below))
            elif isinstance(below.value, Remove):
                removed.add(str(at))
            else:
                item = span.items[at]
                new = self._new_value(item, below, flow=span.flow)
                if new is None:
                    if item.kind in ("map", "list"):
                        self._patch(item, below, shape.below(at))
                elif item.is_empty:
                    raise self._cannot(item, "an empty item")
                else:
                    self._cut(item.start, item.end, new)
        parts = [_Part(str(at), item.first, item.end) for at, item in enumerate(span.items)]
        if span.flow:
            self._flow_items(span, parts, removed, added)
        else:
            self._block_items(span, parts, removed, added)

    def _flow_items(self, span: Span, parts: list[_Part], removed: set[str], added: list[Raw]) -> None:
        self._flow_parts(span, parts, removed)
        left = [part for part in parts if part.name not in removed]
        texts = ", ".join(inline(value) for value in added)
        if texts:
            at = left[-1].end if left else span.start + 1
            self._cut(at, at, f", {texts}" if left else texts)

    def _block_items(self, span: Span, parts: list[_Part], removed: set[str], added: list[Raw]) -> None:
        tree = self._tree
        column, last = tree.column(span.start), span.items[-1]
        dashes = [tree.dash(span, item) for item in span.items]
        gone = []
        for dash, part in zip(dashes, parts, strict=True):
            if part.name in removed:
                if dash is None or tree.text[tree.line_start(dash) : dash].strip():
                    raise self._cannot(span, "a list inside a list")
                gone.append(_Part(part.name, dash, part.end))
        self._cut_lines(gone)
        if len(removed) == len(parts) and not added:
            self._close_empty(span, "[]")
        if not added:
            return
        at, newline = tree.territory_end(last.end, column), tree.newline(last.end)
        step = _indent_step(tree, span)
        lines = [line for value in added for line in item_lines(value, step, flow=last.flow)]
        body = newline.join(" " * column + line for line in lines)
        self._cut(at, at, body + newline if _ends_line(tree.text, at) else newline + body)


@dataclass(frozen=True, slots=True)
class _Part:
    """A member or item of a collection, with the characters that it takes up."""

    name: str
    start: int
    end: int


def splice(text: str, splices: Sequence[tuple[int, int, str]]) -> str:
    """The text with pieces replaced. They must not overlap; of several at one place, the first comes first."""
    parts: list[str] = []
    at = 0
    for start, end, new in sorted(splices, key=lambda each: (each[0], each[1])):
        if start < at:
            raise CannotError("two changes meet in one place")
        parts += (text[at:start], new)
        at = end
    return "".join(parts) + text[at:]


def _ends_line(text: str, at: int) -> bool:
    return text[at - 1 : at] in ("\n", "\r")


def _predecessor(parts: Sequence[_Part], name: str, shape: Shape) -> _Part | None:
    """The member after which a new one goes: of those that come before it in the canonical order, the last one."""
    rank = shape.rank(name)
    found: _Part | None = None
    for part in parts:
        own = shape.rank(part.name)
        if own <= rank and (found is None or own >= shape.rank(found.name)):
            found = part
    return found


def _merged(span: Span, name: str) -> Span | None:
    """The value of a member that a merge key brings in."""
    for key, value in span.entries:
        if is_merge(key):
            for each in merged_spans(value):
                found = step(each, name) or _merged(each, name)
                if found is not None:
                    return found
    return None


def _applied(base: Raw | None, patch: _Patch) -> Raw:
    """A value with a patch laid on it."""
    if patch.value is not None:
        assert not isinstance(patch.value, Remove)
        return patch.value
    found: Raw = base if base is not None and not isinstance(base, Literal) else {}
    removed: list[str | int] = []
    for segment, below in patch.below.items():
        if isinstance(below.value, Remove):
            removed.append(segment)
            continue
        held = None
        if isinstance(found, dict):
            held = found.get(str(segment))
        elif isinstance(found, list) and int(segment) < len(found):
            held = found[int(segment)]
        found = put(found, (segment,), _applied(held, below))
    for segment in sorted(removed, key=lambda each: each if isinstance(each, int) else -1, reverse=True):
        found = put(found, (segment,), REMOVE)
    return found


def _beside(alias: Span, patch: _Patch) -> Raw | Overlay:
    """What an alias is replaced by: a mapping keeps taking from it what does not change."""
    base = raw(alias)
    if not isinstance(base, dict) or any(isinstance(below.value, Remove) for below in patch.below.values()):
        return _applied(base, patch)
    members = {str(name): _applied(base.get(str(name)), below) for name, below in patch.below.items()}
    return Overlay(alias.text, members)


def _indent_step(tree: Tree, span: Span) -> int:
    """By how much the file indents a mapping below its key: as it does nearby, else two."""
    column = tree.column(span.entries[0][0].first if span.entries else span.start)
    for _, value in span.entries:
        if value.kind == "map" and not value.flow and value.entries:
            return max(1, tree.column(value.entries[0][0].first) - column)
    return 2
