"""Where one declaration's values stand in its text, and which edits fulfil its wishes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from reconciler.config.edit.layout import NodePath
from reconciler.config.edit.meaning import REMOVE, Raw, is_own, raw
from reconciler.config.edit.proposed_edits import Denied, Granted, Wish
from reconciler.config.edit.rewrite import Edit
from reconciler.config.edit.scalar_style import NULL, Literal
from reconciler.config.edit.spans import Span
from reconciler.config.read.interpolate import interpolate
from reconciler.core.desired import Desired
from reconciler.core.normalise import attribute_key, normalise
from reconciler.resources.customer import CUSTOMER, FIELDS
from reconciler.resources.grammar import Field, Form, Group, Kind, Read
from reconciler.resources.values import Path, Scalar, Values, get


class Declaration:
    """Finds the places of one declaration's values in its text."""

    def __init__(self, place: tuple[Span, int, NodePath], desired: Desired, environ: Mapping[str, str]) -> None:
        self._document, self._index, self._path = place
        self._desired = desired
        self._environ = environ
        found = raw(self._document)
        for segment in self._path:
            found = found[segment]  # type: ignore[index]  # the path is of a declaration
        assert isinstance(found, dict)
        self._raw: dict[str, Raw] = found
        self.granted: list[Granted] = []
        self.denied: list[Denied] = []

    def edits(self, wanted: Sequence[Wish]) -> Iterator[Edit]:
        """The edits for the wishes; notes which are granted and which are not."""
        lists: dict[Path, list[Wish]] = {}
        for wish in wanted:
            group = _list_of(wish.path)
            if group:
                lists.setdefault(group, []).append(wish)
            else:
                yield from self._leaf(wish)
        for group, changes in lists.items():
            yield from self._list(group, changes)

    def _edit(self, path: NodePath, value: Raw | None) -> Edit:
        return Edit(self._index, (*self._path, *path), REMOVE if value is None else value)

    def _is_own(self, path: NodePath) -> bool:
        return is_own(self._document, (*self._path, *path))

    # -- leaves

    def _leaf(self, wish: Wish) -> Iterator[Edit]:
        row = CUSTOMER.leaf(wish.path)
        assert row is not None
        assert not isinstance(wish.after, dict)
        place = self._written(wish.path)
        if wish.after is None and not row.clearable:
            yield from self._undeclared(wish, place)
            return
        self.granted.append(Granted(wish, self._note(wish, place)))
        yield self._edit(place, literal(wish.after))

    def _written(self, path: Path) -> NodePath:
        """A leaf's path with the attribute's id as it is written."""
        group = self._raw.get(path[0])
        if path[0] not in CUSTOMER.maps:
            return path
        known = (name for name in group if attribute_key(name) == path[1]) if isinstance(group, dict) else iter(())
        return path[0], next(known, self._desired.spelled.get(path, path[1]))

    def _undeclared(self, wish: Wish, path: NodePath) -> Iterator[Edit]:
        """The ERP has no value, and the field cannot be declared to have none: take the member out."""
        if not self._is_own(path):
            why = f"the ERP has no value; the declared one is shared ({self._origin(wish)}), and only it can say so"
            self.denied.append(Denied(wish, why))
            return
        self.granted.append(Granted(wish, "removed, as this field cannot be empty: it is no longer managed"))
        yield self._edit(path, None)

    def _note(self, wish: Wish, path: NodePath) -> str:
        if not self._is_own(path):
            return f"written into this declaration alone; the shared value stays ({self._origin(wish)})"
        old = _at(self._raw, path)
        if isinstance(old, Literal) and "${env:" in old.text.replace("$${", ""):
            return "the variable that stood there is replaced by its present value in the ERP"
        return ""

    def _origin(self, wish: Wish) -> str:
        return str(self._desired.locate(wish.path))

    # -- lists

    def _list(self, group: Path, wanted: Sequence[Wish]) -> Iterator[Edit]:
        """Changes in one list of lines or segments."""
        at, items = self._items(group)
        row = FIELDS[group[0]] if len(group) == 1 else FIELDS[group[0]].by_name[group[1]]  # type: ignore[union-attr]  # a path of two leads through a group
        assert isinstance(row, Group)
        if items is None:
            yield from self._whole_list(group, row, wanted)
            return
        keys = [self._key(row, item) for item in items]
        gone = {keys.index(wish.path[len(group)]) for wish in wanted if _is_gone(wish, row)}
        left = len(items) - len(gone) + sum(wish.before is None and len(wish.path) == 2 for wish in wanted)
        if not left and group[0] not in self._desired.complete:
            for wish in wanted:
                self.granted.append(Granted(wish, "the list is removed with its last line"))
            yield self._edit(group, None)
            return
        new = len(items)
        for wish in wanted:
            if isinstance(wish.after, dict):
                self.granted.append(Granted(wish))
                yield self._edit((*at, new), _line(row, wish.after))
                new += 1
                continue
            place: NodePath = (*at, keys.index(wish.path[len(group)]))
            if _is_gone(wish, row):
                self.granted.append(Granted(wish, self._note(wish, place)))
                yield self._edit(place, None)
            else:
                yield from self._line_member(wish, row, place)

    def _line_member(self, wish: Wish, row: Group, line: NodePath) -> Iterator[Edit]:
        name = wish.path[-1] if row.form is Form.LINES else row.value.name
        member = row.by_name[name]
        assert isinstance(member, Field)
        assert not isinstance(wish.after, dict)
        if wish.after is None and not member.clearable:
            yield from self._undeclared(wish, (*line, name))
            return
        self.granted.append(Granted(wish, self._note(wish, (*line, name))))
        yield self._edit((*line, name), literal(wish.after))

    def _items(self, group: Path) -> tuple[NodePath, list[Raw] | None]:
        """Where the list's items are, and what they say; None for a list that comes from defaults."""
        found = _at(self._raw, group)
        if isinstance(found, dict):
            return (*group, "lines"), found["lines"] if isinstance(found.get("lines"), list) else None  # type: ignore[return-value]  # checked to be a list
        return group, found if isinstance(found, list) else None

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

    def _whole_list(self, group: Path, row: Group, wanted: Sequence[Wish]) -> Iterator[Edit]:
        """A list that comes from defaults is replaced by one of this declaration's own."""
        held = get(self._desired.values, group)
        lines: Values = {key: dict(line) if isinstance(line, dict) else line for key, line in held.items()}  # type: ignore[attr-defined]  # lines are held by key
        for wish in wanted:
            key = wish.path[len(group)]
            if _is_gone(wish, row):
                lines.pop(key, None)
            elif len(wish.path) == len(group) + 1:
                lines[key] = wish.after
            else:
                line = lines[key]
                assert isinstance(line, dict)
                line[wish.path[-1]] = wish.after
            self.granted.append(Granted(wish, self._note(wish, group)))
        items: list[Raw]
        if row.form is Form.LINES:
            items = [_line(row, line) for line in lines.values() if isinstance(line, dict)]
        else:
            items = [
                {row.key[0]: Literal(key, "plain"), row.value.name: literal(value)}  # type: ignore[arg-type]  # a leaf
                for key, value in lines.items()
            ]
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


def _is_gone(wish: Wish, row: Group) -> bool:
    """Whether the ERP has no such line."""
    return wish.after is None and (row.form is Form.SEGMENTS or len(wish.path) == 2)


def _line(row: Group, line: Values) -> Raw:
    """A line with the members that have a value, in the field table's order."""
    return {
        member.name: literal(value)  # type: ignore[arg-type]  # members of lines are leaves
        for member in row.members
        if isinstance(member, Field) and member.where is not Read.NEVER and (value := line.get(member.name)) is not None
    }


def literal(value: Scalar) -> Literal:
    """A value as the loader reads it back: text with its `${` escaped, everything else without quotes."""
    match value:
        case None:
            return NULL
        case bool():
            return Literal("true" if value else "false", "plain")
        case int():
            return Literal(str(value), "plain")
        case Decimal():
            return Literal(format(value, "f"), "plain")
        case str():
            return Literal(value.replace("${", "$${"))


def _at(found: Raw | None, path: NodePath) -> Raw | None:
    for segment in path:
        if isinstance(found, dict):
            found = found.get(str(segment))
        elif isinstance(found, list) and isinstance(segment, int) and segment < len(found):
            found = found[segment]
        else:
            return None
    return found
