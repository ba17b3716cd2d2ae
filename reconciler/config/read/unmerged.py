"""One declaration's plain values into the shape of `core`: fields normalised, lines by key, places noted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, TypeAlias

from reconciler.config.read.messages import quoted
from reconciler.config.read.schema import IDENTITY
from reconciler.config.read.source_map import Packer
from reconciler.config.read.value_checks import Remark, findings
from reconciler.config.read.yaml_nodes import Mapping, Node, Sequence
from reconciler.core.diagnostics import Diagnostic, Severity, Source
from reconciler.core.normalise import attribute_key, normalise
from reconciler.resources.customer import CUSTOMER, FIELDS
from reconciler.resources.grammar import Field, Form, Group, Kind, Row
from reconciler.resources.values import NumberOf, Path, Scalar, Values, put

Report: TypeAlias = Callable[[str, Source, str, str], None]
"""Takes code, place, summary and remedy of an error."""

Unit: TypeAlias = "tuple[Path, Scalar | Values, list[tuple[Path, Node]]]"
"""What defaults replace as one: a leaf, or a whole list; with the places below it."""


@dataclass(slots=True)
class Unmerged:
    """A declaration, or defaults, before the one is laid on the other. `paths` and `nodes` run side by side."""

    node: Mapping
    values: Values = field(default_factory=dict)
    paths: list[Path] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    spelled: dict[Path, str] = field(default_factory=dict)
    complete: dict[str, bool] = field(default_factory=dict)
    number: str | None = None
    ref: str | None = None
    match: tuple[str, ...] | None = None
    lifecycle: dict[str, Any] = field(default_factory=dict)
    problems: list[Diagnostic] = field(default_factory=list)
    findings: list[Remark] = field(default_factory=list)

    def located(self, packer: Packer) -> Callable[[Path], Source]:
        """What gives the places of the values when the nodes are gone."""
        own = [(name, self.node.entries[name][1]) for name in IDENTITY if name in self.node.entries]
        paths, nodes = [*self.paths, *((name,) for name, _ in own)], [*self.nodes, *(node for _, node in own)]
        return packer.pack(self.source, paths, nodes).locate

    def report(self, code: str, source: Source, summary: str, remedy: str) -> None:
        """Note an error."""
        self.problems.append(Diagnostic(Severity.ERROR, code, summary, remedy=remedy, source=source))

    @property
    def source(self) -> Source:
        """Where it starts."""
        return self.node.source

    def place(self, name: str) -> Source:
        """Where the value of a member is, which may be in the defaults."""
        own = self.node.entries.get(name)
        return own[1].source if own else self.locate((name,))

    def locate(self, path: Path) -> Source:
        """Where the value at the path is, which may be in the defaults."""
        return self.nodes[self.paths.index(path)].source

    def note(self, path: Path, node: Node) -> None:
        """Note where the value at a path was written."""
        self.paths.append(path)
        self.nodes.append(node)


@dataclass(frozen=True, slots=True)
class Defaults:
    """Defaults, ready to be laid under declarations."""

    declared: Unmerged
    units: list[Unit]


def unmerged(value: dict[str, Any], node: Mapping) -> Unmerged:
    """A declaration whose plain value the schema admits, as it stands, without defaults."""
    declaration = Unmerged(node)
    layout = _layout(())
    for name, member_value in value.items():
        below = node.entries[name][1]
        if name not in layout:
            _declaration_member(declaration, name, member_value)
            continue
        row, path = layout[name]
        if name == "number":
            number = _leaf(declaration, row, member_value, below, (name,))
            declaration.number = number if isinstance(number, str) else None
        else:
            _member(declaration, declaration.values, (row, path), member_value, below)
    return declaration


@cache
def _layout(path: Path) -> dict[str, tuple[Row, Path]]:
    """The rows below a path of OBJECT groups, each with its own path: cached, since there is one for each leaf."""
    rows: dict[str, Row] = FIELDS
    for segment in path:
        group = rows[segment]
        assert isinstance(group, Group)
        rows = group.by_name
    return {name: (row, (*path, name)) for name, row in rows.items()}


def _member(declaration: Unmerged, values: Values, place: tuple[Row, Path], value: Any, node: Node) -> None:
    """Put one member of the customer, or of an OBJECT group, into the values."""
    row, path = place
    declaration.paths.append(path)
    declaration.nodes.append(node)
    if isinstance(row, Field):
        values[row.name] = _leaf(declaration, row, value, node, path)
    else:
        group = _group(declaration, row, value, node, path)
        if group is not None:
            values[row.name] = group


_NUMBER = FIELDS[CUSTOMER.key]
assert isinstance(_NUMBER, Field)
REF = replace(_NUMBER, name="ref", kind=Kind.TEXT)
"""A local name as a field: one line of text, in which nothing is hidden."""
_NAMES = {"same_as": REF, "renumbered_from": replace(_NUMBER, name="renumbered_from")}
"""Members of `lifecycle` that name customers: by number or ref, and by number."""


def _declaration_member(declaration: Unmerged, name: str, value: Any) -> None:
    node = declaration.node.entries[name][1]
    if name == "ref":
        declaration.ref = value.strip()
        _judge_name(declaration, REF, value, node)
        if not declaration.ref:
            declaration.report("D304", node.source, "ref is blank", "Write a stable local name.")
    elif name == "match":
        declaration.match = tuple(value)
    else:
        declaration.lifecycle = value
        assert isinstance(node, Mapping)
        for member, row in _NAMES.items():
            if member in value:
                below = node.entries[member][1]
                texts, nodes = (
                    (value[member], below.items) if isinstance(below, Sequence) else ([value[member]], [below])
                )
                for text, place in zip(texts, nodes, strict=True):
                    _judge_name(declaration, row, text, place)


def _judge_name(declaration: Unmerged, row: Field, text: str, node: Node) -> None:
    """A name of a customer is judged as a field is, and nothing says that such a mistake is meant."""
    said = findings(row, text, node)
    declaration.findings += [((row.name,), replace(finding, final=True), node.source) for finding in said]


def _leaf(declaration: Unmerged, row: Row, value: Any, node: Node, path: Path) -> Scalar:
    assert isinstance(row, Field)
    if isinstance(value, dict):
        return NumberOf(value["ref"].strip())
    declaration.findings += [(path, finding, node.source) for finding in findings(row, value, node)]
    leaf = normalise(row, value)
    if not row.clearable and (leaf is None or (isinstance(leaf, str) and not leaf.strip())):
        remedy = "Write a value, or remove the line to leave it alone."
        declaration.report("D304", node.source, f"{row.name} is blank, and cannot be cleared", remedy)
    return leaf


def _group(declaration: Unmerged, row: Group, value: Any, node: Node, path: Path) -> Values | None:
    """The group's values, or None when it declares nothing."""
    match row.form:
        case Form.OBJECT:
            return _members(declaration, value, node, path) or None
        case Form.MAP:
            return _map(declaration, row, value, node, path) or None
        case Form.SEGMENTS:
            return _segments(declaration, row, value, node, path) or None
        case Form.LINES:
            return _lines(declaration, row, value, node, path)


def _members(declaration: Unmerged, value: dict[str, Any], node: Node, path: Path) -> Values:
    assert isinstance(node, Mapping)
    values: Values = {}
    layout = _layout(path)
    for name, member_value in value.items():
        _member(declaration, values, layout[name], member_value, node.entries[name][1])
    return values


def _map(declaration: Unmerged, row: Group, value: dict[str, Any], node: Node, path: Path) -> Values:
    assert isinstance(node, Mapping)
    member = row.members[-1]
    values: Values = {}
    seen: dict[str, Node] = {}
    for name, member_value in value.items():
        written, below = node.entries[name]
        key = attribute_key(name)
        if _is_free(declaration, row, key, written, seen):
            values[key] = _leaf(declaration, member, member_value, below, (*path, key))
            declaration.note((*path, key), below)
            if key != name:
                declaration.spelled[*path, key] = name.strip()
    return values


def _is_free(declaration: Unmerged, row: Group, key: str, written: Node, seen: dict[str, Node]) -> bool:
    """Whether the id is one, and the first of its kind: case and surrounding blanks tell no two apart."""
    first = seen.setdefault(key, written)
    if not key:
        summary = f"{row.name} has a member without a name"
        declaration.report("D305", written.source, summary, "Write an id before the colon.")
    elif first is not written:
        summary = f"{row.name} has the id {quoted(key)} twice, but for case and blanks; the first is at {first.source}"
        declaration.report("D317", written.source, summary, "Keep one of the two.")
    return bool(key) and first is written


def _segments(declaration: Unmerged, row: Group, value: list[dict[str, Any]], node: Node, path: Path) -> Values:
    assert isinstance(node, Sequence)
    key_name, member = row.key[0], row.value
    values: Values = {}
    seen: dict[str, Node] = {}
    for segment, line in zip(value, node.items, strict=True):
        assert isinstance(line, Mapping)
        key = str(segment[key_name])
        below = line.entries[member.name][1]
        if _is_new(declaration, row, key, line, seen):
            values[key] = _leaf(declaration, member, segment[member.name], below, (*path, key))
            declaration.note((*path, key), below)
    return values


def _is_new(declaration: Unmerged, row: Group, key: str, line: Node, seen: dict[str, Node]) -> bool:
    first = seen.setdefault(key, line)
    if first is line:
        return True
    named = " and ".join(row.key)
    summary = f"{row.name} has two lines with the {named} {quoted(key)}; the first is at {first.source}"
    declaration.report("D313", line.source, summary, "Keep one of the two.")
    return False


def _lines(declaration: Unmerged, row: Group, value: Any, node: Node, path: Path) -> Values | None:
    """Lines by their key; the mapping form says in `complete` whether others are deleted."""
    if isinstance(node, Mapping):
        if "complete" in value:
            declaration.complete[row.name] = value["complete"]
        value, node = value["lines"], node.entries["lines"][1]
    else:
        declaration.complete[row.name] = False
    assert isinstance(node, Sequence)
    values: Values = {}
    seen: dict[str, Node] = {}
    for line_value, line in zip(value, node.items, strict=True):
        assert isinstance(line, Mapping)
        count = len(declaration.findings)
        members = _line(declaration, row, line_value, line)
        key = "/".join(str(members[name]) for name in row.key)
        for at, (below, finding, source) in enumerate(declaration.findings[count:], count):
            declaration.findings[at] = ((*path, key, *below), finding, source)
        if _is_new(declaration, row, key, line, seen):
            values[key] = members
            _note_line(declaration, members, line, (*path, key))
    return values


def _line(declaration: Unmerged, row: Group, value: dict[str, Any], line: Mapping) -> Values:
    rows = row.by_name
    values: Values = {}
    for name, member_value in value.items():
        member = rows[name]
        values[name] = _leaf(declaration, member, member_value, line.entries[name][1], (name,))
    for name in row.key:
        if name not in values:
            key = rows[name]
            assert isinstance(key, Field)
            values[name] = key.default
    return values


def _note_line(declaration: Unmerged, members: Values, line: Mapping, path: Path) -> None:
    declaration.note(path, line)
    for name in members:
        entry = line.entries.get(name)
        declaration.note((*path, name), entry[1] if entry else line)


def units(defaults: Unmerged) -> list[Unit]:
    """What the defaults hold, cut into what a declaration replaces as one."""
    cuts = list(_cut(defaults.values, FIELDS, ()))
    below: dict[Path, list[tuple[Path, Node]]] = {path: [] for path, _ in cuts}
    for path, node in dict(zip(defaults.paths, defaults.nodes, strict=True)).items():
        for end in range(1, len(path) + 1):
            if path[:end] in below:
                below[path[:end]].append((path, node))
    return [(path, value, below[path]) for path, value in cuts]


def _cut(values: Values, rows: Any, prefix: Path) -> Iterator[tuple[Path, Scalar | Values]]:
    for name, value in values.items():
        row = rows.get(name)
        path = (*prefix, name)
        if isinstance(row, Group) and isinstance(value, dict) and row.form in (Form.OBJECT, Form.MAP):
            yield from _cut(value, row.by_name if row.form is Form.OBJECT else {}, path)
        else:
            yield path, value


def overlay(declaration: Unmerged, defaults: Defaults) -> None:
    """Put the defaults under the declaration: what it does not declare itself comes from them."""
    common = defaults.declared
    for path, value, places in undeclared(declaration.values, defaults.units):
        put(declaration.values, path, fresh(value))
        for below, node in places:
            declaration.note(below, node)
        if path in common.spelled:
            declaration.spelled[path] = common.spelled[path]
    declaration.complete = {**common.complete, **declaration.complete}
    declaration.match = declaration.match or common.match
    declaration.lifecycle = {**common.lifecycle, **declaration.lifecycle}


def undeclared(values: Values, units_of_defaults: list[Unit]) -> list[Unit]:
    """What of the defaults goes under values that declare something themselves."""
    return [unit for unit in units_of_defaults if not _declares(values, unit[0])]


def fresh(value: Scalar | Values) -> Scalar | Values:
    """A value of the defaults for one declaration: no two share a mapping. Lines hold mappings of leaves."""
    return {name: fresh(below) for name, below in value.items()} if isinstance(value, dict) else value


def _declares(values: Values, path: Path) -> bool:
    at: Scalar | Values = values
    for segment in path:
        if not isinstance(at, dict) or segment not in at:
            return False
        at = at[segment]
    return True
