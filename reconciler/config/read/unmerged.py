"""One declaration's plain values into the shape of `core`: fields normalised, lines by key, places noted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeAlias

from reconciler.config.read.messages import quoted
from reconciler.config.read.schema import IDENTITY
from reconciler.config.read.source_map import Packer
from reconciler.config.read.yaml_nodes import Mapping, Node, Sequence
from reconciler.core.diagnostics import Diagnostic, Severity, Source
from reconciler.core.normalise import attribute_key, normalise
from reconciler.resources.customer import FIELDS
from reconciler.resources.grammar import Field, Form, Group, Row
from reconciler.resources.values import Path, Scalar, Values, put

Report: TypeAlias = Callable[[str, Source, str, str], None]
"""Takes code, place, summary and remedy of an error."""

Unit: TypeAlias = "tuple[Path, Scalar | Values, list[tuple[Path, Node]]]"
"""What defaults replace as one: a leaf, or a whole list; with the places below it."""


@dataclass(slots=True)
class Draft:
    """A declaration, or defaults, before one is laid on the other. `paths` and `nodes` run side by side."""

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

    def located(self, packer: Packer) -> Callable[[Path], Source]:
        """What gives the places of the values when the draft is gone."""
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
        return (own[1] if own else self.nodes[self.paths.index((name,))]).source

    def note(self, path: Path, node: Node) -> None:
        """Note where the value at a path was written."""
        self.paths.append(path)
        self.nodes.append(node)


@dataclass(frozen=True, slots=True)
class Base:
    """Defaults, ready to be laid under declarations."""

    draft: Draft
    units: list[Unit]


def draft(value: dict[str, Any], node: Mapping) -> Draft:
    """The draft of a declaration whose plain value the schema admits."""
    made = Draft(node)
    layout = _layout(())
    for name, each in value.items():
        below = node.entries[name][1]
        if name not in layout:
            _declaration_member(made, name, each)
            continue
        row, path = layout[name]
        if name == "number":
            number = _leaf(made, row, each, below)
            made.number = number if isinstance(number, str) else None
        else:
            _member(made, made.values, (row, path), each, below)
    return made


@cache
def _layout(path: Path) -> dict[str, tuple[Row, Path]]:
    """The rows below a path of OBJECT groups, each with its own path: made once, since there is one for each leaf."""
    rows: dict[str, Row] = FIELDS
    for segment in path:
        group = rows[segment]
        assert isinstance(group, Group)
        rows = group.by_name
    return {name: (row, (*path, name)) for name, row in rows.items()}


def _member(made: Draft, values: Values, place: tuple[Row, Path], value: Any, node: Node) -> None:
    """Put one member of the customer, or of an OBJECT group, into the values."""
    row, path = place
    made.paths.append(path)
    made.nodes.append(node)
    if isinstance(row, Field):
        values[row.name] = _leaf(made, row, value, node)
    else:
        group = _group(made, row, value, node, path)
        if group is not None:
            values[row.name] = group


def _declaration_member(made: Draft, name: str, value: Any) -> None:
    if name == "ref":
        made.ref = value.strip()
        if not made.ref:
            source = made.node.entries[name][1].source
            made.report("D304", source, "ref is blank", "Write a stable local name.")
    elif name == "match":
        made.match = tuple(value)
    else:
        made.lifecycle = value


def _leaf(made: Draft, row: Row, value: Any, node: Node) -> Scalar:
    assert isinstance(row, Field)
    found = normalise(row, value)
    if not row.clearable and (found is None or (isinstance(found, str) and not found.strip())):
        remedy = "Write a value, or remove the line to leave it alone."
        made.report("D304", node.source, f"{row.name} is blank, and cannot be cleared", remedy)
    return found


def _group(made: Draft, row: Group, value: Any, node: Node, path: Path) -> Values | None:
    """The group's values, or None when it declares nothing."""
    match row.form:
        case Form.OBJECT:
            return _members(made, value, node, path) or None
        case Form.MAP:
            return _map(made, row, value, node, path) or None
        case Form.SEGMENTS:
            return _segments(made, row, value, node, path) or None
        case Form.LINES:
            return _lines(made, row, value, node, path)


def _members(made: Draft, value: dict[str, Any], node: Node, path: Path) -> Values:
    assert isinstance(node, Mapping)
    found: Values = {}
    layout = _layout(path)
    for name, each in value.items():
        _member(made, found, layout[name], each, node.entries[name][1])
    return found


def _map(made: Draft, row: Group, value: dict[str, Any], node: Node, path: Path) -> Values:
    assert isinstance(node, Mapping)
    member = row.members[-1]
    found: Values = {}
    seen: dict[str, Node] = {}
    for name, each in value.items():
        written, below = node.entries[name]
        key = attribute_key(name)
        if _is_free(made, row, key, written, seen):
            found[key] = _leaf(made, member, each, below)
            made.note((*path, key), below)
            if key != name:
                made.spelled[*path, key] = name.strip()
    return found


def _is_free(made: Draft, row: Group, key: str, written: Node, seen: dict[str, Node]) -> bool:
    """Whether the id is one, and the first of its kind: case and surrounding blanks tell no two apart."""
    first = seen.setdefault(key, written)
    if not key:
        made.report("D305", written.source, f"{row.name} has a member without a name", "Write an id before the colon.")
    elif first is not written:
        summary = f"{row.name} has the id {quoted(key)} twice, but for case and blanks; the first is at {first.source}"
        made.report("D317", written.source, summary, "Keep one of the two.")
    return bool(key) and first is written


def _segments(made: Draft, row: Group, value: list[dict[str, Any]], node: Node, path: Path) -> Values:
    assert isinstance(node, Sequence)
    key_name, member = row.key[0], row.value
    found: Values = {}
    seen: dict[str, Node] = {}
    for each, line in zip(value, node.items, strict=True):
        assert isinstance(line, Mapping)
        key = str(each[key_name])
        below = line.entries[member.name][1]
        if _is_new(made, row, key, line, seen):
            found[key] = _leaf(made, member, each[member.name], below)
            made.note((*path, key), below)
    return found


def _is_new(made: Draft, row: Group, key: str, line: Node, seen: dict[str, Node]) -> bool:
    first = seen.setdefault(key, line)
    if first is line:
        return True
    named = " and ".join(row.key)
    summary = f"{row.name} has two lines with the {named} {quoted(key)}; the first is at {first.source}"
    made.report("D313", line.source, summary, "Keep one of the two.")
    return False


def _lines(made: Draft, row: Group, value: Any, node: Node, path: Path) -> Values | None:
    """Lines by their key; the mapping form says in `complete` whether others are deleted."""
    if isinstance(node, Mapping):
        if "complete" in value:
            made.complete[row.name] = value["complete"]
        value, node = value["lines"], node.entries["lines"][1]
    else:
        made.complete[row.name] = False
    assert isinstance(node, Sequence)
    found: Values = {}
    seen: dict[str, Node] = {}
    for each, line in zip(value, node.items, strict=True):
        assert isinstance(line, Mapping)
        members = _line(made, row, each, line)
        key = "/".join(str(members[name]) for name in row.key)
        if _is_new(made, row, key, line, seen):
            found[key] = members
            _note_line(made, members, line, (*path, key))
    return found


def _line(made: Draft, row: Group, value: dict[str, Any], line: Mapping) -> Values:
    rows = row.by_name
    found: Values = {}
    for name, each in value.items():
        member = rows[name]
        found[name] = _leaf(made, member, each, line.entries[name][1])
    for name in row.key:
        if name not in found:
            key = rows[name]
            assert isinstance(key, Field)
            found[name] = key.default
    return found


def _note_line(made: Draft, members: Values, line: Mapping, path: Path) -> None:
    made.note(path, line)
    for name in members:
        entry = line.entries.get(name)
        made.note((*path, name), entry[1] if entry else line)


def units(base: Draft) -> list[Unit]:
    """What the defaults hold, cut into what a declaration replaces as one."""
    places = dict(zip(base.paths, base.nodes, strict=True))

    def below(path: Path) -> list[tuple[Path, Node]]:
        return [(each, node) for each, node in places.items() if each[: len(path)] == path]

    return [(path, value, below(path)) for path, value in _cut(base.values, FIELDS, ())]


def _cut(values: Values, rows: Any, prefix: Path) -> Iterator[tuple[Path, Scalar | Values]]:
    for name, value in values.items():
        row = rows.get(name)
        path = (*prefix, name)
        if isinstance(row, Group) and isinstance(value, dict) and row.form in (Form.OBJECT, Form.MAP):
            yield from _cut(value, row.by_name if row.form is Form.OBJECT else {}, path)
        else:
            yield path, value


def overlay(made: Draft, base: Draft, base_units: list[Unit]) -> None:
    """Put the defaults under the draft: what it does not declare itself comes from them."""
    for path, value, places in undeclared(made.values, base_units):
        put(made.values, path, fresh(value))
        for each, node in places:
            made.note(each, node)
        if path in base.spelled:
            made.spelled[path] = base.spelled[path]
    made.complete = {**base.complete, **made.complete}
    made.match = made.match or base.match
    made.lifecycle = {**base.lifecycle, **made.lifecycle}


def undeclared(values: Values, base_units: list[Unit]) -> list[Unit]:
    """What of the defaults goes under values that declare something themselves."""
    return [each for each in base_units if not _declares(values, each[0])]


def fresh(value: Scalar | Values) -> Scalar | Values:
    """A value of the defaults for one declaration: no two share a mapping. Lines hold mappings of leaves."""
    return {name: fresh(each) for name, each in value.items()} if isinstance(value, dict) else value


def _declares(values: Values, path: Path) -> bool:
    at: Scalar | Values = values
    for segment in path:
        if not isinstance(at, dict) or segment not in at:
            return False
        at = at[segment]
    return True
