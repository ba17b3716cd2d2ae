"""Change single values of a YAML file, and no other character of it.

Values are replaced at their own positions: comments, quotes, order, indentation, blank lines, line breaks, document
marks and the end of the file stay as they are, because nothing is ever written out again. What the new text means is
read back and compared with what it should mean, the whole file, before it is given out.

A value that is shared, by an alias or a merge key, is changed for the one that asks alone: a member of its own is put
beside the merge key, or the alias is replaced. When an anchored value itself changes, those that share it are given
the old value. `Rewritten.shared` names all such places.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, TypeAlias

from reconciler.config import yaml
from reconciler.config.messages import quoted
from reconciler.config.rewrite_scalars import Literal, is_same, spell
from reconciler.config.rewrite_shapes import MERGE, NodePath, Shape, shape_of
from reconciler.config.rewrite_spans import Span, Tree
from reconciler.core.diagnostics import Diagnostic, Severity, Source, has_errors

Raw: TypeAlias = "Literal | dict[str, Raw] | list[Raw]"
"""What a node says, aliases and merge keys followed."""

_ROUNDS = 8
_BOM = b"\xef\xbb\xbf"


class _Remove:
    def __repr__(self) -> str:
        return "REMOVE"


REMOVE: Final = _Remove()


@dataclass(frozen=True, slots=True)
class Edit:
    """One value to be put at a path of a document, or REMOVE. A list's index after its last appends."""

    document: int
    path: NodePath
    value: Raw | _Remove


@dataclass(frozen=True, slots=True)
class Rewritten:
    """The new bytes; or why there are none. `shared` holds the places that were written because values are shared."""

    data: bytes
    shared: tuple[tuple[int, NodePath], ...] = ()
    problem: Diagnostic | None = None


def rewrite(data: bytes, file: str, edits: Sequence[Edit]) -> Rewritten:
    """The bytes with the edits made. `file` is the name in diagnostics.

    The result means exactly what the old bytes mean, but for the edits; where that cannot be had, the problem says so
    and the bytes are the old ones.
    """
    text, problem = read(data, file)
    if text is None:
        return Rewritten(data, (), problem)
    for bold in (True, False):  # first in the style that stood there, then in the one that always reads back
        try:
            made, shared = _rewritten(text, edits, bold=bold)
        except _CannotError as error:
            problem = _refusal(file, str(error), error.place)
            continue
        return Rewritten(_BOM + made.encode() if data.startswith(_BOM) else made.encode(), shared)
    return Rewritten(data, (), problem)


def read(data: bytes, file: str) -> tuple[str | None, Diagnostic | None]:
    """The text of a file without errors, or the first error."""
    errors = [each for each in yaml.parse(data, file).diagnostics if each.severity is Severity.ERROR]
    if errors:
        return None, errors[0]
    return data.removeprefix(_BOM).decode(), None


def raw(span: Span) -> Raw:
    """What a span says."""
    span = span.resolved
    if span.kind == "scalar":
        return Literal(span.text, "quoted" if span.style else "plain")
    if span.kind == "list":
        return [raw(item) for item in span.items]
    members = {key.resolved.text: raw(value) for key, value in span.entries if not is_merge(key)}
    for key, value in span.entries:
        if is_merge(key):
            for each in merged_spans(value):
                found = raw(each)
                assert isinstance(found, dict)
                members = {**members, **{name: below for name, below in found.items() if name not in members}}
    return members


def is_merge(key: Span) -> bool:
    """Whether a key is the merge key."""
    return key.kind == "scalar" and key.text == MERGE and not key.style


def merged_spans(value: Span) -> list[Span]:
    """The mappings that a merge key brings in, the strongest first."""
    value = value.resolved
    return [item.resolved for item in value.items] if value.kind == "list" else [value]


def same_meaning(one: Raw, other: Raw) -> bool:
    """Whether two values mean the same in every place; the order of members does not count."""
    if isinstance(one, Literal) or isinstance(other, Literal):
        return isinstance(one, Literal) and isinstance(other, Literal) and is_same(one, other)
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same_meaning(value, other[name]) for name, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same_meaning, one, other))
    return False


def is_own(document: Span, path: NodePath) -> bool:
    """Whether what stands at the path is written there, and not brought in by an alias or a merge key."""
    span = document
    for segment in path:
        found = _step(span, segment)
        if found is None:
            return False
        span = found
    return span.kind != "alias"


# ---- the intended meaning ----


def _intended(documents: list[Raw], edits: Sequence[Edit]) -> list[Raw]:
    found = list(documents)
    for each in sorted(edits, key=lambda edit: edit.value is REMOVE):  # removals last: they move indices
        if each.value is not REMOVE:
            found[each.document] = _put(found[each.document], each.path, each.value)
    for each in sorted((one for one in edits if one.value is REMOVE), key=_last_index, reverse=True):
        found[each.document] = _put(found[each.document], each.path, REMOVE)
    return found


def _last_index(edit: Edit) -> int:
    last = edit.path[-1]
    return last if isinstance(last, int) else -1


def _put(at: Raw | None, path: NodePath, value: Raw | _Remove) -> Raw:
    """A copy with the value at the path; missing mappings on the way are made."""
    if not path:
        assert not isinstance(value, _Remove)
        return value
    head, rest = path[0], path[1:]
    if isinstance(head, int):
        items = list(at) if isinstance(at, list) else []
        if value is REMOVE and not rest:
            return items[:head] + items[head + 1 :]
        below = _put(items[head] if head < len(items) else None, rest, value)
        return [*items[:head], below, *items[head + 1 :]]
    members = dict(at) if isinstance(at, dict) else {}
    if value is REMOVE and not rest:
        members.pop(head, None)
        return members
    members[head] = _put(members.get(head), rest, value)
    return members


def _differing(have: Raw, want: Raw, path: NodePath = ()) -> Iterator[tuple[NodePath, Raw | _Remove]]:
    """The edits that turn one meaning into another; a list of another length is replaced whole."""
    if same_meaning(have, want):
        return
    if isinstance(have, dict) and isinstance(want, dict):
        for name, value in want.items():
            if name in have:
                yield from _differing(have[name], value, (*path, name))
            else:
                yield (*path, name), value
        for name in have.keys() - want.keys():
            yield (*path, name), REMOVE
    elif isinstance(have, list) and isinstance(want, list) and len(have) == len(want):
        for index, (one, other) in enumerate(zip(have, want, strict=True)):
            yield from _differing(one, other, (*path, index))
    else:
        yield path, want


# ---- rounds ----


class _CannotError(Exception):
    """The rewrite cannot be made. `place` is a line and column, or nothing."""

    def __init__(self, message: str, place: tuple[int, int] | None = None) -> None:
        super().__init__(message)
        self.place = place


def _refusal(file: str, why: str, place: tuple[int, int] | None) -> Diagnostic:
    return Diagnostic(
        Severity.ERROR,
        "Y217",
        f"{file} cannot be rewritten without changing more than was asked: {why}",
        remedy="Change it by hand; or write the value without aliases, merge keys and `? ` keys, and try again.",
        source=Source(file, *(place or (1, 1))),
    )


def _rewritten(text: str, edits: Sequence[Edit], *, bold: bool) -> tuple[str, tuple[tuple[int, NodePath], ...]]:
    """The new text, and the places that were written because values are shared. Raises _CannotError."""
    tree = Tree(text)
    wanted = _intended([raw(each) for each in tree.documents], edits)
    asked = {(each.document, each.path) for each in edits}
    pending = [(each.document, each.path, each.value) for each in edits]
    shared: list[tuple[int, NodePath]] = []
    for turn in range(_ROUNDS):
        new = _Surgeon(tree, bold=bold, own_only=turn == 0).operate(pending)
        if new != tree.text:
            parsed = yaml.parse(new.encode(), "new text")
            if has_errors(parsed.diagnostics):
                raise _CannotError(f"the new text would not be YAML ({parsed.diagnostics[0].summary})")
            tree = Tree(new)
        elif turn:
            break
        pending = [
            (index, path, value)
            for index, (span, want) in enumerate(zip(tree.documents, wanted, strict=True))
            for path, value in _differing(raw(span), want)
        ]
        if not pending:
            return tree.text, tuple(shared)
        shared += [(index, path) for index, path, _ in pending if (index, path) not in asked]
    index, path, _ = pending[0]
    place = tree.place(tree.documents[index].start)
    raise _CannotError(f"the value of {quoted('.'.join(map(str, path)))} would not be what it should", place)


# ---- surgery ----


@dataclass(slots=True)
class _Patch:
    """What is to be done at a node: put a value, remove it, or go on below."""

    value: Raw | _Remove | None = None
    below: dict[str | int, _Patch] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Overlay:
    """A mapping that takes all from an alias but for members of its own."""

    alias: str
    members: dict[str, Raw]


def _step(span: Span, segment: str | int) -> Span | None:
    """The child that is written here, also when it is an alias."""
    if isinstance(segment, int):
        return span.items[segment] if span.kind == "list" and segment < len(span.items) else None
    if span.kind != "map":
        return None
    return next((value for key, value in span.entries if key.resolved.text == segment and not is_merge(key)), None)


class _Surgeon:
    """One round of changes to a text, each at its own place. With `own_only`, shared values are left alone."""

    def __init__(self, tree: Tree, *, bold: bool, own_only: bool) -> None:
        self._tree = tree
        self._bold = bold
        self._own_only = own_only
        self._splices: list[tuple[int, int, str]] = []
        self._colons: dict[int, int | None] = {}  # by the id of a value's span

    def operate(self, edits: Sequence[tuple[int, NodePath, Raw | _Remove]]) -> str:
        """The new text. Raises _CannotError."""
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

    def _cannot(self, span: Span, why: str) -> _CannotError:
        return _CannotError(why, self._tree.place(span.start))

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
        if isinstance(patch.value, _Remove) or (span.kind == "alias" and self._own_only):
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
            elif isinstance(below.value, _Remove):
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
            if not isinstance(patch.value, _Remove):
                added[name] = _applied(None, patch)
        elif isinstance(patch.value, _Remove):
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
            text = f"{_key(name, flow=True)}: {inline(added[name])}"
            before = _predecessor(left, name, shape)
            if before is not None:
                self._cut(before.end, before.end, f", {text}")
            elif left:
                self._cut(left[0].start, left[0].start, f"{text}, ")
            else:
                joined = ", ".join(f"{_key(each, flow=True)}: {inline(value)}" for each, value in added.items())
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
            elif isinstance(below.value, _Remove):
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
            raise _CannotError("two changes meet in one place")
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
                found = _step(each, name) or _merged(each, name)
                if found is not None:
                    return found
    return None


def _applied(base: Raw | None, patch: _Patch) -> Raw:
    """A value with a patch laid on it."""
    if patch.value is not None:
        assert not isinstance(patch.value, _Remove)
        return patch.value
    found: Raw = base if base is not None and not isinstance(base, Literal) else {}
    removed: list[str | int] = []
    for segment, below in patch.below.items():
        if isinstance(below.value, _Remove):
            removed.append(segment)
            continue
        held = None
        if isinstance(found, dict):
            held = found.get(str(segment))
        elif isinstance(found, list) and int(segment) < len(found):
            held = found[int(segment)]
        found = _put(found, (segment,), _applied(held, below))
    for segment in sorted(removed, key=lambda each: each if isinstance(each, int) else -1, reverse=True):
        found = _put(found, (segment,), REMOVE)
    return found


def _beside(alias: Span, patch: _Patch) -> Raw | _Overlay:
    """What an alias is replaced by: a mapping keeps taking from it what does not change."""
    base = raw(alias)
    if not isinstance(base, dict) or any(isinstance(below.value, _Remove) for below in patch.below.values()):
        return _applied(base, patch)
    members = {str(name): _applied(base.get(str(name)), below) for name, below in patch.below.items()}
    return _Overlay(alias.text, members)


# ---- new text ----


def inline(value: Raw | _Overlay) -> str:
    """A value on one line, for the inside of a flow collection or for the place of another value."""
    if isinstance(value, Literal):
        return spell(value, flow=True)[-1]
    if isinstance(value, list):
        return "[" + ", ".join(map(inline, value)) + "]"
    members = value.members if isinstance(value, _Overlay) else value
    head = [f"{MERGE}: *{value.alias}"] if isinstance(value, _Overlay) else []
    return (
        "{" + ", ".join([*head, *(f"{_key(name, flow=True)}: {inline(each)}" for name, each in members.items())]) + "}"
    )


def member_lines(name: str, value: Raw, step: int) -> list[str]:
    """The lines of a member of a block mapping, the first one not indented."""
    key = _key(name, flow=False)
    if isinstance(value, Literal):
        return [f"{key}: {spell(value)[-1]}"]
    if isinstance(value, list):
        if not value:
            return [f"{key}: []"]
        return [f"{key}:", *(" " * step + line for item in value for line in item_lines(item, step, flow=False))]
    if not value:
        return [f"{key}: {{}}"]
    below = (line for each, child in value.items() for line in member_lines(each, child, step))
    return [f"{key}:", *(" " * step + line for line in below)]


def item_lines(value: Raw, step: int, *, flow: bool) -> list[str]:
    """The lines of an item of a block list, the first one with its dash."""
    if isinstance(value, Literal):
        return [f"- {spell(value)[-1]}"]
    if flow or isinstance(value, list) or not value:
        return [f"- {inline(value)}"]
    lines = [line for name, child in value.items() for line in member_lines(name, child, step)]
    return [f"- {lines[0]}", *(f"  {line}" for line in lines[1:])]


def _key(name: str, *, flow: bool) -> str:
    return spell(Literal(name), flow=flow)[-1]


def _indent_step(tree: Tree, span: Span) -> int:
    """By how much the file indents a mapping below its key: as it does nearby, else two."""
    column = tree.column(span.entries[0][0].first if span.entries else span.start)
    for _, value in span.entries:
        if value.kind == "map" and not value.flow and value.entries:
            return max(1, tree.column(value.entries[0][0].first) - column)
    return 2
