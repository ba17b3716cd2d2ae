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
from itertools import pairwise

from reconciler.config.edit.layout import NOTHING, Layout, layout_of
from reconciler.config.edit.meaning import raw, same_meaning
from reconciler.config.edit.splice import splice
from reconciler.config.edit.tree import BOM, Tree, anchor_of, is_empty, read_tree, reread
from reconciler.config.edit.yaml_writer import NULL, Literal, Raw, double, misread
from reconciler.config.read.declarations import load_texts, no_collection
from reconciler.config.read.file_limits import BOUNDS, Bounds
from reconciler.config.read.nodes import ALIAS_STYLE, MERGE, NULLS, Alias, Mapping, Pair, Scalar, Written
from reconciler.config.read.nodes import Sequence as ListNode
from reconciler.config.read.typed_values import BOOLEANS
from reconciler.core.diagnostics import Diagnostic, Severity, Source


@dataclass(frozen=True, slots=True)
class Formatted:
    """The canonical bytes; the old ones where the file has errors or cannot be formatted."""

    data: bytes
    diagnostics: tuple[Diagnostic, ...] = ()


def canonical(data: bytes, file: str, bounds: Bounds = BOUNDS) -> Formatted:
    """The file in canonical form. `file` is the name in diagnostics. Never changes what the file declares."""
    tree, errors = read_tree(data, file, bounds)
    if tree is None:
        return Formatted(data, errors)
    with no_collection():
        return _formatted(data, file, tree)


def _formatted(data: bytes, file: str, tree: Tree) -> Formatted:
    for leave_anchored in (False, True):  # an anchored value may be used where quotes make a difference
        new = _ordered(_spelled(tree, leave_anchored=leave_anchored))
        if new is None:
            continue
        if new.text == tree.text:
            return Formatted(data)
        new_data = BOM + new.text.encode() if data.startswith(BOM) else new.text.encode()
        if _means_the_same(tree, new) and _loads_the_same(data, new_data, file):
            return Formatted(new_data)
    remedy = "Please report this file as a defect of reconciler; it was left as it is."
    summary = f"{file} cannot be formatted without changing what it means"
    return Formatted(data, (Diagnostic(Severity.ERROR, "Y217", summary, remedy=remedy, source=Source(file, 1, 1)),))


def _means_the_same(old: Tree, new: Tree) -> bool:
    if len(old.documents) != len(new.documents):
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
    before, after = (load_texts({file: data}, environ=_Filled()) for data in (old, new))
    codes = [sorted((problem.severity, problem.code) for problem in loaded.diagnostics) for loaded in (before, after)]
    return before.digest == after.digest and codes[0] == codes[1]


# ---- spelling ----


def _spelled(tree: Tree, *, leave_anchored: bool) -> Tree | None:
    splices = [
        piece
        for document in tree.documents
        for piece in _spellings(tree, document, layout_of(document), leave_anchored=leave_anchored)
    ]
    return reread(splice(tree.text, splices))[0] if splices else tree


def _spellings(tree: Tree, node: Written, layout: Layout, *, leave_anchored: bool) -> Iterator[tuple[int, int, str]]:
    if layout is NOTHING or (leave_anchored and anchor_of(node)):
        return
    match node:
        case Scalar():
            yield from _scalar(node, layout)
        case ListNode():
            for at, item in enumerate(node.written):
                yield from _spellings(tree, item, layout.below(at), leave_anchored=leave_anchored)
        case Mapping():
            for key, value in node.own.values():
                below = layout.below(key.text)
                if layout.other is not None:
                    yield from _scalar(key, layout.other)
                if not is_empty(value) or anchor_of(value) or not below.scalar:
                    yield from _spellings(tree, value, below, leave_anchored=leave_anchored)
                elif not node.flow and (at_colon := tree.colon_end(key)) is not None:
                    yield at_colon, at_colon, " null"


def _scalar(node: Scalar, layout: Layout) -> Iterator[tuple[int, int, str]]:
    if node.anchor or node.style or not layout.scalar or not node.text:
        return
    if node.text in NULLS:
        new = "null"
    elif layout.scalar == "boolean":
        new = str(BOOLEANS[node.text]).lower() if node.text in BOOLEANS else node.text
    else:
        new = double(node.text) if layout.scalar == "text" and misread(node.text) else node.text
    if new != node.text:
        yield node.start, node.end, new


# ---- order ----


def _ordered(tree: Tree | None) -> Tree | None:
    """The text with the members of all mappings in order: level by level, so that no two moves meet."""
    depth = 0
    while tree is not None:
        level = [place for document in tree.documents for place in _mappings(document, layout_of(document), depth)]
        if not level:
            break
        moves = [move for node, layout in level if isinstance(node, Mapping) for move in _moves(tree, node, layout)]
        if moves:
            tree = reread(splice(tree.text, moves))[0]
        depth += 1
    return tree


def _mappings(node: Written, layout: Layout, depth: int) -> Iterator[tuple[Mapping | ListNode, Layout]]:
    """The mappings and lists at a depth, as far as it is known what belongs into them."""
    if layout is NOTHING or not isinstance(node, Mapping | ListNode):
        return
    if not depth:
        yield node, layout
    elif isinstance(node, ListNode):
        for at, item in enumerate(node.written):
            yield from _mappings(item, layout.below(at), depth - 1)
    else:
        for key, value in node.own.values():
            yield from _mappings(value, layout.below(key.text), depth - 1)


def _moves(tree: Tree, node: Mapping, layout: Layout) -> list[tuple[int, int, str]]:
    pairs = node.pairs
    names = [MERGE if pair is node.merge else pair[0].text for pair in pairs]
    wanted = sorted(range(len(names)), key=lambda at: layout.rank(names[at]))
    if wanted == sorted(wanted) or not all(map(layout.knows, names)) or not _anchors_allow(pairs, wanted):
        return []
    if any(tree.colon_end(key) is None for key, _ in pairs):
        return []
    return _flow_moves(tree, node, wanted) if node.flow else _block_moves(tree, pairs, layout, wanted)


def _anchors_allow(pairs: Sequence[Pair], wanted: Sequence[int]) -> bool:
    """Whether no alias changes sides with its anchor, nor an anchor with another one of its name."""
    anchors: list[set[str]] = []
    uses: list[set[str]] = []
    for key, value in pairs:
        names = [*_names(key), *_names(value)]
        anchors.append({name for name, is_anchor in names if is_anchor})
        uses.append({name for name, _ in names})
    place = {member: at for at, member in enumerate(wanted)}
    return all(
        not (anchors[one] & uses[other] or anchors[other] & uses[one])
        for one in range(len(wanted))
        for other in range(one + 1, len(wanted))
        if place[one] > place[other]
    )


def _names(node: Written) -> Iterator[tuple[str, bool]]:
    """The anchors (True) and aliases (False) in a node."""
    if anchor := anchor_of(node):
        yield anchor, True
    match node:
        case Alias():
            yield node.name, False
        case Scalar() if node.style == ALIAS_STYLE:
            yield node.origin.text[node.start + 1 : node.end], False
        case ListNode():
            for item in node.written:
                yield from _names(item)
        case Mapping():
            for pair in node.pairs:
                for part in pair:
                    yield from _names(part)


def _flow_moves(tree: Tree, node: Mapping, wanted: Sequence[int]) -> list[tuple[int, int, str]]:
    ends = [(key.first, tree.member_end(key, value)) for key, value in node.pairs]
    between = [tree.text[one[1] : other[0]] for one, other in pairwise(ends)]
    if "#" in tree.text[node.start + 1 : ends[0][0]] + "".join(between) + tree.text[ends[-1][1] : node.end]:
        return []  # a comment inside: whose it is cannot be told
    return [(*ends[at], tree.text[slice(*ends[member])]) for at, member in enumerate(wanted) if at != member]


def _block_moves(
    tree: Tree, pairs: Sequence[Pair], layout: Layout, wanted: Sequence[int]
) -> list[tuple[int, int, str]]:
    text, keys = tree.text, [key.first for key, _ in pairs]
    column = tree.column(keys[0])
    ends = [tree.territory_end(tree.member_end(key, value), column) for key, value in pairs]
    starts = [tree.line_start(key) for key in keys]
    if any(text[start:key].strip() or key - start != column for start, key in zip(starts[1:], keys[1:], strict=True)):
        return []
    prefix = text[starts[0] : keys[0]]
    leads = [_lead_start(tree, starts[0]) if not (layout.header or prefix.strip()) else starts[0], *ends[:-1]]
    above = [text[lead:start] for lead, start in zip(leads, starts, strict=True)]
    bodies = [text[key:end] for key, end in zip(keys, ends, strict=True)]
    if not _ends_line(bodies[-1]):
        if any(isinstance(value, Scalar) and value.style in ("|", ">") for _, value in (pairs[-1], pairs[wanted[-1]])):
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
