"""Where one declaration's values stand in its text, and which edits of the text make the proposed ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from reconciler.config.edit.layout import NodePath
from reconciler.config.edit.meaning import REMOVE, is_own, raw
from reconciler.config.edit.proposed_edits import Denied, Granted, ProposedEdit
from reconciler.config.edit.rewrite import Edit
from reconciler.config.edit.yaml_writer import Literal, Raw, literal
from reconciler.config.read.interpolate import interpolate
from reconciler.config.read.nodes import Node
from reconciler.core.desired import Desired
from reconciler.core.normalise import attribute_key, normalise
from reconciler.resources.customer import CUSTOMER, FIELDS
from reconciler.resources.grammar import Field, Form, Group, Kind, Read
from reconciler.resources.values import Path, Values, get


@dataclass(frozen=True, slots=True)
class DeclarationPlace:
    """A document and its index in the file, the path of a declaration in it, and the declaration's own node."""

    document: Node
    index: int
    path: NodePath
    node: Node


class LocatedDeclaration:
    """Finds the places of one declaration's values in its text."""

    def __init__(self, place: DeclarationPlace, desired: Desired, environ: Mapping[str, str]) -> None:
        self._place = place
        self._desired = desired
        self._environ = environ
        said = raw(place.node)
        assert isinstance(said, dict)
        self._raw: dict[str, Raw] = said
        self.granted: list[Granted] = []
        self.denied: list[Denied] = []

    def edits(self, proposed: Sequence[ProposedEdit]) -> Iterator[Edit]:
        """The edits of the text for the proposed ones; notes which are granted and which are not."""
        lists: dict[Path, list[ProposedEdit]] = {}
        for edit in proposed:
            group = _list_of(edit.path)
            if group:
                lists.setdefault(group, []).append(edit)
            else:
                yield from self._leaf(edit)
        for group, changes in lists.items():
            yield from self._list(group, changes)

    def _edit(self, path: NodePath, value: Raw | None) -> Edit:
        return Edit(self._place.index, (*self._place.path, *path), REMOVE if value is None else value)

    def _is_own(self, path: NodePath) -> bool:
        return is_own(self._place.document, (*self._place.path, *path))

    # -- leaves

    def _leaf(self, edit: ProposedEdit) -> Iterator[Edit]:
        row = CUSTOMER.leaf(edit.path)
        assert row is not None
        assert not isinstance(edit.after, dict)
        place = self._written(edit)
        if edit.after is None and not row.clearable:
            yield from self._undeclared(edit, place)
            return
        self.granted.append(Granted(edit, self._note(edit, place)))
        yield self._edit(place, literal(edit.after))

    def _written(self, edit: ProposedEdit) -> NodePath:
        """A leaf's path with the attribute's id as it is written, or as the ERP spells it."""
        path = edit.path
        group = self._raw.get(path[0])
        if path[0] not in CUSTOMER.maps:
            return path
        known = (name for name in group if attribute_key(name) == path[1]) if isinstance(group, dict) else iter(())
        return path[0], next(known, self._desired.spelled.get(path) or edit.live.line_ids.get(path, path[1]))

    def _undeclared(self, edit: ProposedEdit, path: NodePath) -> Iterator[Edit]:
        """The ERP has no value, and the field cannot be declared to have none: take the member out."""
        if not self._is_own(path):
            why = f"the ERP has no value; the declared one is shared ({self._origin(edit)}), and only it can say so"
            self.denied.append(Denied(edit, why))
            return
        self.granted.append(Granted(edit, "removed, as this field cannot be empty: it is no longer managed"))
        yield self._edit(path, None)

    def _note(self, edit: ProposedEdit, path: NodePath) -> str:
        if not self._is_own(path):
            return f"written into this declaration alone; the shared value stays ({self._origin(edit)})"
        old = _at(self._raw, path)
        if isinstance(old, Literal) and "${env:" in old.text.replace("$${", ""):
            return "the variable that stood there is replaced by its present value in the ERP"
        return ""

    def _origin(self, edit: ProposedEdit) -> str:
        return str(self._desired.locate(edit.path))

    # -- lists

    def _list(self, group: Path, proposed: Sequence[ProposedEdit]) -> Iterator[Edit]:
        """Changes in one list of lines or segments."""
        at, items = self._items(group)
        row = FIELDS[group[0]] if len(group) == 1 else FIELDS[group[0]].by_name[group[1]]  # type: ignore[union-attr]  # a path of two leads through a group
        assert isinstance(row, Group)
        if items is None:
            yield from self._whole_list(group, row, proposed)
            return
        keys: dict[str, int] = {}
        for index, item in enumerate(items):
            keys.setdefault(self._key(row, item), index)
        gone = {keys[edit.path[len(group)]] for edit in proposed if _is_gone(edit, row)}
        left = len(items) - len(gone) + sum(edit.before is None and len(edit.path) == 2 for edit in proposed)
        if not left and group[0] not in self._desired.complete:
            for edit in proposed:
                self.granted.append(Granted(edit, "the list is removed with its last line"))
            yield self._edit(group, None)
            return
        new = len(items)
        for edit in proposed:
            if isinstance(edit.after, dict):
                self.granted.append(Granted(edit))
                yield self._edit((*at, new), _line(row, edit.after))
                new += 1
                continue
            if edit.path[len(group)] not in keys:
                self.granted.append(Granted(edit))
                yield self._edit((*at, new), _segment(row, edit.path[len(group)], edit.after))
                new += 1
                continue
            place: NodePath = (*at, keys[edit.path[len(group)]])
            if _is_gone(edit, row):
                self.granted.append(Granted(edit, self._note(edit, place)))
                yield self._edit(place, None)
            else:
                yield from self._line_member(edit, row, place)

    def _line_member(self, edit: ProposedEdit, row: Group, line: NodePath) -> Iterator[Edit]:
        name = edit.path[-1] if row.form is Form.LINES else row.value.name
        member = row.by_name[name]
        assert isinstance(member, Field)
        assert not isinstance(edit.after, dict)
        if edit.after is None and not member.clearable:
            yield from self._undeclared(edit, (*line, name))
            return
        self.granted.append(Granted(edit, self._note(edit, (*line, name))))
        yield self._edit((*line, name), literal(edit.after))

    def _items(self, group: Path) -> tuple[NodePath, list[Raw] | None]:
        """Where the list's items are, and what they say; None for a list that comes from defaults."""
        declared = _at(self._raw, group)
        if isinstance(declared, dict):
            lines = declared.get("lines")
            return (*group, "lines"), lines if isinstance(lines, list) else None
        return group, declared if isinstance(declared, list) else None

    def _key(self, row: Group, item: Raw) -> str:
        """What tells a line apart, as the loader sees it."""
        assert isinstance(item, dict)
        parts = []
        for name in row.key:
            member, held = row.by_name[name], item.get(name)
            assert isinstance(member, Field)
            text = interpolate(held.text, self._environ)[0] if isinstance(held, Literal) else member.default
            parts.append(str(text if member.kind is Kind.INTEGER else normalise(member, text)))
        return "/".join(parts)

    def _whole_list(self, group: Path, row: Group, proposed: Sequence[ProposedEdit]) -> Iterator[Edit]:
        """A list that comes from defaults, or is not declared, becomes one of this declaration's own."""
        held = get(self._desired.values, group)
        declared = held if isinstance(held, dict) else {}
        lines: Values = {key: dict(line) if isinstance(line, dict) else line for key, line in declared.items()}
        for edit in proposed:
            key = edit.path[len(group)]
            if _is_gone(edit, row):
                lines.pop(key, None)
            elif len(edit.path) == len(group) + 1:
                lines[key] = edit.after
            else:
                line = lines[key]
                assert isinstance(line, dict)
                line[edit.path[-1]] = edit.after
            self.granted.append(Granted(edit, self._note(edit, group)))
        items: list[Raw]
        if row.form is Form.LINES:
            items = [_line(row, line) for line in lines.values() if isinstance(line, dict)]
        else:
            items = [_segment(row, key, value) for key, value in lines.items()]
        complete: Raw = {"complete": Literal("true", "plain"), "lines": items}
        yield self._edit(group, complete if group[0] in self._desired.complete else items)


def _list_of(path: Path) -> Path:
    """The path of the list that a value stands in, or nothing."""
    row = FIELDS[path[0]]
    if isinstance(row, Group) and row.form is Form.LINES:
        return path[:1]
    if isinstance(row, Group) and row.form is Form.OBJECT and len(path) == 3:
        return path[:2]
    return ()


def _is_gone(edit: ProposedEdit, row: Group) -> bool:
    """Whether the ERP has no such line."""
    return edit.after is None and (row.form is Form.SEGMENTS or len(edit.path) == 2)


def _line(row: Group, line: Values) -> Raw:
    """A line with the members that have a value, in the field table's order."""
    return {
        member.name: literal(value)
        for member in row.members
        if isinstance(member, Field) and member.where is not Read.NEVER and (value := line.get(member.name)) is not None
    }


def _segment(row: Group, key: str, value: object) -> Raw:
    return {row.key[0]: Literal(key, "plain"), row.value.name: literal(value)}


def _at(said: Raw | None, path: NodePath) -> Raw | None:
    for segment in path:
        if isinstance(said, dict):
            said = said.get(str(segment))
        elif isinstance(said, list) and isinstance(segment, int) and segment < len(said):
            said = said[segment]
        else:
            return None
    return said
