"""The canonical form of a declaration file: `reconciler fmt`.

What it is:

* members stand in the order of the field table: `number`, `ref`, `name`, the other fields, then `match` and
  `lifecycle`; merge keys stand first. Free keys (attributes), items of lists and mappings that hold a member which
  the schema does not know keep the order in which they are written;
* text that some YAML tool would take for something else (`NO`, `0101`, `2026-01-31`, `yes`) stands in double quotes;
  quotes that are there stay, needed or not;
* null is `null`, booleans are `true` and `false`.

Everything else stays as it is. A member takes along the comments above it, at the end of its lines and, indented
deeper, below it, and the blank lines above. Comments above a customer's first member stay at the top. Where an order
would part an alias from its anchor, the mapping keeps the order it has.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count, pairwise

from reconciler.config.edit.layout import Shape, shape_of
from reconciler.config.edit.meaning import Raw, is_merge, raw, same_meaning
from reconciler.config.edit.rewrite import read
from reconciler.config.edit.scalar_style import NULL, Literal, double, misread
from reconciler.config.edit.spans import Span, Tree
from reconciler.config.edit.splice import splice
from reconciler.config.read import yaml_nodes
from reconciler.config.read.declarations import load_texts, no_collection
from reconciler.config.read.file_limits import BOUNDS, WIDEST, Bounds
from reconciler.config.read.typed_values import BOOLEANS
from reconciler.core.diagnostics import Diagnostic, Severity, Source, has_errors

_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Formatted:
    """The canonical bytes; the old ones where the file has errors or cannot be formatted."""

    data: bytes
    diagnostics: tuple[Diagnostic, ...] = ()


def canonical(data: bytes, file: str, bounds: Bounds = BOUNDS) -> Formatted:
    """The file in canonical form. `file` is the name in diagnostics. Never changes what the file declares."""
    text, _ = read(data, file, bounds)
    if text is None:
        found = yaml_nodes.parse(data, file, bounds).diagnostics
        return Formatted(data, tuple(each for each in found if each.severity is Severity.ERROR))
    with no_collection():
        return _formatted(data, file, Tree(text))


def _formatted(data: bytes, file: str, tree: Tree) -> Formatted:
    for shy in (False, True):  # an anchored value may be used where quotes make a difference
        new = _ordered(_spelled(tree, shy=shy))
        if new.text == tree.text:
            return Formatted(data)
        made = _BOM + new.text.encode() if data.startswith(_BOM) else new.text.encode()
        if _means_the_same(tree, new) and _loads_the_same(data, made, file):
            return Formatted(made)
    remedy = "Please report this file as a defect of reconciler; it was left as it is."
    summary = f"{file} cannot be formatted without changing what it means"
    return Formatted(data, (Diagnostic(Severity.ERROR, "Y217", summary, remedy=remedy, source=Source(file, 1, 1)),))


def _means_the_same(old: Tree, new: Tree) -> bool:
    if has_errors(yaml_nodes.parse(new.text.encode(), "", WIDEST).diagnostics) or len(old.documents) != len(
        new.documents
    ):
        return False
    pairs = zip(old.documents, new.documents, strict=True)
    return all(same_meaning(_loosely(raw(one)), _loosely(raw(other))) for one, other in pairs)


def _loosely(value: Raw) -> Raw:
    """A meaning that leaves open how scalars are quoted and truth is spelled: the loader is asked about that."""
    if isinstance(value, dict):
        return {name: _loosely(below) for name, below in value.items()}
    if isinstance(value, list):
        return [_loosely(item) for item in value]
    if value.is_null:
        return NULL
    return Literal(value.text.lower() if value.text in BOOLEANS else value.text)


class _Filled(dict[str, str]):
    """An environment in which every variable is set: formatting must not depend on the real one."""

    def get(self, _name: str, _default: object = None) -> str:
        """Any text."""
        return "0"


def _loads_the_same(old: bytes, new: bytes, file: str) -> bool:
    """Whether the loader sees the same declarations, and the same problems."""
    one, other = (load_texts({file: data}, environ=_Filled()) for data in (old, new))
    kinds = [sorted((each.severity, each.code) for each in found.diagnostics) for found in (one, other)]
    return one.digest == other.digest and kinds[0] == kinds[1]


# ---- spelling ----


def _spelled(tree: Tree, *, shy: bool) -> Tree:
    splices = [each for one in tree.documents for each in _spellings(tree, one, shape_of(one), shy=shy)]
    return Tree(splice(tree.text, splices)) if splices else tree


def _spellings(tree: Tree, span: Span, shape: Shape, *, shy: bool) -> Iterator[tuple[int, int, str]]:
    if span.kind == "alias" or (shy and span.anchor is not None):
        return
    if span.kind == "scalar":
        if span.anchor is None:
            yield from _scalar(span, shape)
        return
    for at, item in enumerate(span.items):
        yield from _spellings(tree, item, shape.below(at), shy=shy)
    for key, value in span.entries:
        if is_merge(key):
            continue
        below = shape.below(key.resolved.text)
        if shape.other is not None and key.kind == "scalar" and key.anchor is None:
            yield from _scalar(key, shape.other)
        if value.is_empty and value.anchor is None and below.scalar:
            at_colon = None if span.flow else tree.colon_end(key)
            if at_colon is not None:
                yield at_colon, at_colon, " null"
        else:
            yield from _spellings(tree, value, below, shy=shy)


def _scalar(span: Span, shape: Shape) -> Iterator[tuple[int, int, str]]:
    if span.style or not shape.scalar or not span.text:
        return
    if span.text in yaml_nodes.NULLS:
        new = "null"
    elif shape.scalar == "boolean":
        new = str(BOOLEANS[span.text]).lower() if span.text in BOOLEANS else span.text
    else:
        new = double(span.text) if shape.scalar == "text" and misread(span.text) else span.text
    if new != span.text:
        yield span.start, span.end, new


# ---- order ----


def _ordered(tree: Tree) -> Tree:
    """The text with the members of all mappings in order: level by level, so that no two moves meet."""
    for depth in count():
        found = [each for document in tree.documents for each in _mappings(document, shape_of(document), depth)]
        moves = [move for span, shape in found for move in _moves(tree, span, shape)]
        if moves:
            tree = Tree(splice(tree.text, moves))
        if not found:
            break
    return tree


def _mappings(span: Span, shape: Shape, depth: int) -> Iterator[tuple[Span, Shape]]:
    """The mappings at a depth, counted in mappings and lists, and lists there too, so that the search goes on."""
    if span.kind not in ("map", "list"):
        return
    if not depth:
        yield span, shape
        return
    for at, item in enumerate(span.items):
        yield from _mappings(item, shape.below(at), depth - 1)
    for key, value in span.entries:
        if not is_merge(key):
            yield from _mappings(value, shape.below(key.resolved.text), depth - 1)


def _moves(tree: Tree, span: Span, shape: Shape) -> list[tuple[int, int, str]]:
    if span.kind != "map":
        return []
    names = [key.resolved.text if not is_merge(key) else "<<" for key, _ in span.entries]
    wanted = sorted(range(len(names)), key=lambda at: shape.rank(names[at]))
    if wanted == sorted(wanted) or not all(map(shape.knows, names)) or not _anchors_allow(span, wanted):
        return []
    if any(tree.colon_end(key) is None for key, _ in span.entries):
        return []
    return _flow_moves(tree, span, wanted) if span.flow else _block_moves(tree, span, shape, wanted)


def _anchors_allow(span: Span, wanted: Sequence[int]) -> bool:
    """Whether no alias changes sides with its anchor, nor an anchor with another one of its name."""
    anchors: list[set[str]] = []
    uses: list[set[str]] = []
    for key, value in span.entries:
        found = list(_names(key)) + list(_names(value))
        anchors.append({name for name, is_anchor in found if is_anchor})
        uses.append({name for name, _ in found})
    place = {member: at for at, member in enumerate(wanted)}
    return all(
        not (anchors[one] & uses[other] or anchors[other] & uses[one])
        for one in range(len(wanted))
        for other in range(one + 1, len(wanted))
        if place[one] > place[other]
    )


def _names(span: Span) -> Iterator[tuple[str, bool]]:
    """The anchors (True) and aliases (False) in a span."""
    if span.anchor is not None:
        yield span.anchor, True
    if span.kind == "alias":
        yield span.text, False
    for item in span.items:
        yield from _names(item)
    for key, value in span.entries:
        yield from _names(key)
        yield from _names(value)


def _flow_moves(tree: Tree, span: Span, wanted: Sequence[int]) -> list[tuple[int, int, str]]:
    ends = [(key.first, tree.member_end(key, value)) for key, value in span.entries]
    between = [tree.text[one[1] : other[0]] for one, other in pairwise(ends)]
    if "#" in tree.text[span.start + 1 : ends[0][0]] + "".join(between) + tree.text[ends[-1][1] : span.end]:
        return []  # a comment inside: whose it is cannot be told
    return [(*ends[at], tree.text[slice(*ends[member])]) for at, member in enumerate(wanted) if at != member]


def _block_moves(tree: Tree, span: Span, shape: Shape, wanted: Sequence[int]) -> list[tuple[int, int, str]]:
    text, keys = tree.text, [key.first for key, _ in span.entries]
    column = tree.column(keys[0])
    ends = [tree.territory_end(tree.member_end(key, value), column) for key, value in span.entries]
    starts = [tree.line_start(key) for key in keys]
    if any(text[start:key].strip() or key - start != column for start, key in zip(starts[1:], keys[1:], strict=True)):
        return []
    prefix = text[starts[0] : keys[0]]
    leads = [_lead_start(tree, starts[0]) if not (shape.header or prefix.strip()) else starts[0], *ends[:-1]]
    above = [text[lead:start] for lead, start in zip(leads, starts, strict=True)]
    bodies = [text[key:end] for key, end in zip(keys, ends, strict=True)]
    if not _ends_line(bodies[-1]):
        if any(value.style in ("|", ">") for value in (span.entries[-1][1], span.entries[wanted[-1]][1])):
            return []  # the line break below is part of the value
        bodies[-1] += tree.newline(keys[0])
    blank, rest = _split_blank(above[wanted[0]])
    above[wanted[0]], above[0] = rest, blank + above[0]  # blank lines stand between members, not above the first
    head = above[wanted[0]]
    start = leads[0]
    if prefix.strip() and head:  # comments cannot stand behind a dash: they go above it
        if prefix.strip("- "):
            return []
        dash = prefix.index("-")
        head = "".join(" " * dash + line.lstrip() for line in head.splitlines(keepends=True))
    new = head + prefix + bodies[wanted[0]]
    for member in wanted[1:]:
        new += above[member] + " " * column + bodies[member]
    if not _ends_line(text[: ends[-1]]):
        new = new.removesuffix("\n").removesuffix("\r")
    return [(start if not prefix.strip() else starts[0], ends[-1], new)]


def _lead_start(tree: Tree, start: int) -> int:
    """Where the comments directly above a line start; comments below a blank line only."""
    while start:
        above = tree.line_start(start - 1)
        if not tree.is_comment(above):
            break
        start = above
    return start


def _split_blank(lead: str) -> tuple[str, str]:
    """Blank lines at the top, and the rest."""
    lines = lead.splitlines(keepends=True)
    count = next((at for at, line in enumerate(lines) if line.strip()), len(lines))
    return "".join(lines[:count]), "".join(lines[count:])


def _ends_line(text: str) -> bool:
    return text[-1:] in ("\n", "\r")
