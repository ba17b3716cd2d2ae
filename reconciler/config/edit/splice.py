"""Cut and splice a YAML text: each change at the characters of its own value, nothing written out again."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise

from reconciler.config.edit.layout import Layout, NodePath, layout_of
from reconciler.config.edit.meaning import REMOVE, Remove, put, raw
from reconciler.config.edit.tree import Tree, anchor_of, is_empty, is_flow
from reconciler.config.edit.yaml_writer import (
    Literal,
    Overlay,
    Raw,
    inline,
    inline_member,
    item_lines,
    mapping_lines,
    member_lines,
    spell,
)
from reconciler.config.read.messages import quoted
from reconciler.config.read.nodes import Alias, Mapping, Scalar, Written
from reconciler.config.read.nodes import Sequence as ListNode


class CannotError(Exception):
    """The rewrite cannot be made. `place` is a line and column, or nothing.

    refused: the documents and paths at which it cannot, all of them; empty where it is not known.
    """

    def __init__(
        self, message: str, place: tuple[int, int] | None = None, refused: tuple[tuple[int, NodePath], ...] = ()
    ) -> None:
        super().__init__(message)
        self.place = place
        self.refused = refused


@dataclass(slots=True)
class _Patch:
    """What is to be done at a node: put a value, remove it, or go on below. place: its document and path."""

    place: tuple[int, NodePath]
    value: Raw | Remove | None = None
    below: dict[str | int, _Patch] = field(default_factory=dict)


class Splicer:
    """One round of changes to a text, each at its own place. With `own_only`, shared values are left alone."""

    def __init__(self, tree: Tree, *, keep_style: bool, own_only: bool) -> None:
        self._tree = tree
        self._keep_style = keep_style
        self._own_only = own_only
        self._splices: list[tuple[int, int, str]] = []
        self._failures: list[tuple[tuple[int, NodePath], CannotError]] = []
        self._colons: dict[int, int | None] = {}  # by the id of a value's node

    def new_text(self, edits: Sequence[tuple[int, NodePath, Raw | Remove]]) -> str:
        """The new text. Raises CannotError."""
        patches: dict[int, _Patch] = {}
        for index, path, value in edits:
            at = patches.setdefault(index, _Patch((index, ())))
            for end, segment in enumerate(path, 1):
                at = at.below.setdefault(segment, _Patch((index, path[:end])))
            at.value = value
        for index, patch in patches.items():
            document = self._tree.documents[index]
            self._patch(document, patch, layout_of(document))
        if self._failures:
            first = self._failures[0][1]
            raise CannotError(str(first), first.place, tuple(place for place, _ in self._failures))
        return splice(self._tree.text, self._splices)

    def _cannot(self, node: Written, why: str) -> CannotError:
        return CannotError(why, self._tree.place(node.start))

    def _cut(self, start: int, end: int, new: str = "") -> None:
        self._splices.append((start, end, new))

    def _patch(self, node: Written, patch: _Patch, layout: Layout) -> None:
        with self._noting(patch):
            if isinstance(node, Mapping):
                self._mapping(node, patch, layout)
            elif isinstance(node, ListNode):
                self._list(node, patch, layout)
            else:
                raise self._cannot(node, "a mapping is expected here")

    @contextmanager
    def _noting(self, patch: _Patch) -> Iterator[None]:
        """What cannot be done at the patch's place is noted, and the rest goes on: all of it is known in the end."""
        try:
            yield
        except CannotError as error:
            self._failures.append((patch.place, error))

    # -- values

    def _new_value(self, node: Written, patch: _Patch, *, flow: bool) -> str | None:
        """What is written in place of a value; None when only something below it changes, or must wait."""
        if isinstance(patch.value, Remove) or (isinstance(node, Alias) and self._own_only):
            return None
        if patch.value is not None:
            if isinstance(patch.value, Literal):
                ways = spell(patch.value, old=node if isinstance(node, Scalar) else None, flow=flow)
                return ways[0 if self._keep_style else -1]
            return inline(patch.value)
        if isinstance(node, Alias):
            return inline(_beside(node, patch))
        return inline(_applied(None, patch)) if isinstance(node, Scalar) else None

    # -- mappings

    def _mapping(self, node: Mapping, patch: _Patch, layout: Layout) -> None:
        own = node.own
        removed: set[str] = set()
        added: dict[str, Raw] = {}
        for segment, below in patch.below.items():
            name = str(segment)
            with self._noting(below):
                if name not in own:
                    self._add(node, name, below, added)
                elif isinstance(below.value, Remove):
                    removed.add(name)
                else:
                    self._member(node, *own[name], below, layout.below(name))
        if node.flow:
            self._flow_members(node, removed, added, layout)
        else:
            self._block_members(node, removed, added, layout)

    def _add(self, node: Mapping, name: str, patch: _Patch, added: dict[str, Raw]) -> None:
        """A member that is not written here; one that a merge key brings in is put beside it."""
        merged = node.get(name)
        if merged is None:
            if not isinstance(patch.value, Remove):
                added[name] = _applied(None, patch)
        elif isinstance(patch.value, Remove):
            raise self._cannot(node, f"{quoted(name)} comes from a merge key, and a mapping cannot take it away")
        elif not self._own_only:
            added[name] = _applied(raw(merged), patch)

    def _member(self, node: Mapping, key: Scalar, value: Written, patch: _Patch, layout: Layout) -> None:
        new = self._new_value(value, patch, flow=node.flow)
        if new is None:
            if isinstance(value, Mapping | ListNode):
                self._colons[id(value)] = self._tree.colon_end(key)
                self._patch(value, patch, layout)
            return
        if not is_empty(value):
            self._cut(value.start, value.end, new)
            return
        at = self._tree.colon_end(key)
        if at is None:
            raise self._cannot(key, "a key without a colon")
        if value.first < value.start:  # after the anchor
            at = value.end
        self._cut(at, at, " " + new)

    def _flow_members(self, node: Mapping, removed: set[str], added: dict[str, Raw], layout: Layout) -> None:
        parts = self._parts(node)
        self._flow_parts(node, parts, removed)
        left = [part for part in parts if part.name not in removed]
        places = _Ranked(left, layout)
        for name in sorted(added, key=layout.rank):
            text = inline_member(name, added[name])
            before = places.before(name)
            if before is not None:
                self._cut(before.end, before.end, f", {text}")
            elif left:
                self._cut(left[0].start, left[0].start, f"{text}, ")
            else:
                joined = ", ".join(inline_member(member, value) for member, value in added.items())
                self._cut(node.start + 1, node.start + 1, joined)
                break

    def _parts(self, node: Mapping) -> list[_Part]:
        return [_Part(key.text, key.first, self._tree.member_end(key, value)) for key, value in node.pairs]

    def _flow_parts(self, node: Mapping | ListNode, parts: list[_Part], removed: set[str]) -> None:
        """Cut parts out of a flow collection, each run with the comma that goes with it."""
        if parts and all(part.name in removed for part in parts):
            self._cut(node.start + 1, node.end - 1)
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

    def _block_members(self, node: Mapping, removed: set[str], added: dict[str, Raw], layout: Layout) -> None:
        tree, parts = self._tree, self._parts(node)
        column = tree.column(parts[0].start)
        left = [part for part in parts if part.name not in removed]
        if not left and added:
            newline = tree.newline(parts[0].start) + " " * column
            self._cut(parts[0].start, parts[-1].end, newline.join(mapping_lines(added)))
            return
        if not left:
            if tree.text[tree.line_start(parts[0].start) : parts[0].start].strip():
                self._cut(parts[0].start, parts[-1].end, "{}")
            else:
                self._cut_lines(parts)
                self._close_empty(node, "{}")
            return
        self._insert_members(node, left, added, layout, column)
        self._remove_members(parts, removed)

    def _insert_members(
        self, node: Mapping, left: list[_Part], added: dict[str, Raw], layout: Layout, column: int
    ) -> None:
        tree, first, pad = self._tree, node.pairs[0][0].first, " " * column
        step, newline, places = _indent_step(tree, node), tree.newline(first), _Ranked(left, layout)
        for name in sorted(added, key=layout.rank):
            lines = member_lines(name, added[name], step)
            before = places.before(name)
            if before is not None:
                at = tree.territory_end(before.end, column)
                body = newline.join(pad + line for line in lines)
                self._cut(at, at, body + newline if _ends_line(tree.text, at) else newline + body)
            else:  # on the first member's line, which may start with a dash
                body = (newline + pad).join(lines) + newline + pad
                self._cut(first, first, body)

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

    def _close_empty(self, node: Mapping | ListNode, brackets: str) -> None:
        """Write {} or [] where a block used to be, right after its key's colon."""
        at = self._colons.get(id(node))
        if at is None or anchor_of(node):
            raise self._cannot(node, "nothing would be left of a block")
        self._cut(at, at, " " + brackets)

    # -- lists

    def _list(self, node: ListNode, patch: _Patch, layout: Layout) -> None:
        items = node.written
        removed: set[str] = set()
        added: list[Raw] = []
        for index, below in sorted(patch.below.items(), key=lambda both: int(both[0])):
            at = int(index)
            if at >= len(items):
                added.append(_applied(None, below))
            elif isinstance(below.value, Remove):
                removed.add(str(at))
            else:
                item = items[at]
                new = self._new_value(item, below, flow=node.flow)
                if new is None:
                    if isinstance(item, Mapping | ListNode):
                        self._patch(item, below, layout.below(at))
                elif is_empty(item):
                    raise self._cannot(item, "an empty item")
                else:
                    self._cut(item.start, item.end, new)
        parts = [_Part(str(at), item.first, item.end) for at, item in enumerate(items)]
        if node.flow:
            self._flow_items(node, parts, removed, added)
        else:
            self._block_items(node, parts, removed, added)

    def _flow_items(self, node: ListNode, parts: list[_Part], removed: set[str], added: list[Raw]) -> None:
        self._flow_parts(node, parts, removed)
        left = [part for part in parts if part.name not in removed]
        texts = ", ".join(inline(value) for value in added)
        if texts:
            at = left[-1].end if left else node.start + 1
            self._cut(at, at, f", {texts}" if left else texts)

    def _block_items(self, node: ListNode, parts: list[_Part], removed: set[str], added: list[Raw]) -> None:
        tree = self._tree
        column, last = tree.column(node.start), node.written[-1]
        gone = []
        for item, part in zip(node.written, parts, strict=True):
            if part.name in removed:
                dash = tree.dash(node, item)
                if dash is None or tree.text[tree.line_start(dash) : dash].strip():
                    raise self._cannot(node, "a list inside a list")
                gone.append(_Part(part.name, dash, part.end))
        self._cut_lines(gone)
        if len(removed) == len(parts) and not added:
            self._close_empty(node, "[]")
        if not added:
            return
        at, newline = tree.territory_end(last.end, column), tree.newline(last.end)
        lines = [line for value in added for line in item_lines(value, flow=is_flow(last))]
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
    for start, end, new in sorted(splices, key=lambda piece: piece[:2]):
        if start < at:
            raise CannotError("two changes meet in one place")
        parts += (text[at:start], new)
        at = end
    return "".join(parts) + text[at:]


def _ends_line(text: str, at: int) -> bool:
    return text[at - 1 : at] in ("\n", "\r")


class _Ranked:
    """The members of a mapping by their place in the canonical order: after which of them a new one goes."""

    def __init__(self, parts: Sequence[_Part], layout: Layout) -> None:
        self._layout = layout
        self._last = {layout.rank(part.name): part for part in parts}  # the last one of each rank
        self._ranks = sorted(self._last)

    def before(self, name: str) -> _Part | None:
        """Of the members that come before this one, the last; None where it comes first."""
        at = bisect_right(self._ranks, self._layout.rank(name))
        return self._last[self._ranks[at - 1]] if at else None


def _applied(base: Raw | None, patch: _Patch) -> Raw:
    """A value with a patch laid on it; the value itself changes."""
    if patch.value is not None:
        assert not isinstance(patch.value, Remove)
        return patch.value
    value: Raw = base if base is not None and not isinstance(base, Literal) else {}
    removed: list[str | int] = []
    for segment, below in patch.below.items():
        if isinstance(below.value, Remove):
            removed.append(segment)
            continue
        held = None
        if isinstance(value, dict):
            held = value.get(str(segment))
        elif isinstance(value, list) and int(segment) < len(value):
            held = value[int(segment)]
        value = put(value, (segment,), _applied(held, below))
    for segment in sorted(removed, key=lambda one: one if isinstance(one, int) else -1, reverse=True):
        value = put(value, (segment,), REMOVE)
    return value


def _beside(alias: Alias, patch: _Patch) -> Raw | Overlay:
    """What an alias is replaced by: a mapping keeps taking from it what does not change."""
    base = raw(alias)
    if not isinstance(base, dict) or any(isinstance(below.value, Remove) for below in patch.below.values()):
        return _applied(base, patch)
    members = {str(name): _applied(base.get(str(name)), below) for name, below in patch.below.items()}
    return Overlay(alias.name, members)


def _indent_step(tree: Tree, node: Mapping) -> int:
    """By how much the file indents a mapping below its key: as it does nearby, else two."""
    column = tree.column(node.pairs[0][0].first)
    for _, value in node.pairs:
        if isinstance(value, Mapping) and not value.flow and value.entries:
            return max(1, tree.column(value.pairs[0][0].first) - column)
    return 2
