"""The rows of a spreadsheet as declarations, each of whose lines knows the cell that it comes from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from reconciler.config.edit.sheet_values import CellError, read_value
from reconciler.config.edit.yaml_writer import Literal, Raw, item_lines, literal, mapping_lines, member_lines
from reconciler.config.read.decoding import CONTROL
from reconciler.config.read.messages import quoted
from reconciler.config.read.sheet_columns import REF
from reconciler.config.read.sheet_file import MOST_PROBLEMS, Cell, Sheet, is_blank, problem
from reconciler.core.diagnostics import Diagnostic, Source
from reconciler.resources.customer import ATTRIBUTES, CUSTOMER, FIELDS
from reconciler.resources.grammar import Group
from reconciler.resources.values import Path


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A row: its place, and what it declares. columns: the column of each path, from 1."""

    source: Source
    members: dict[str, Raw]
    columns: Mapping[Path, int]

    @property
    def name(self) -> str:
        """What positions in its declaration call it."""
        return f"{self.source.file}:{self.source.line}"

    @property
    def number(self) -> str:
        """The customer's number; nothing if the row has none."""
        return _said(self.members.get(CUSTOMER.key))

    @property
    def ref(self) -> str:
        """The customer's ref; nothing if the row has none."""
        return _said(self.members.get(REF))

    def numbered(self, number: str) -> SheetRow:
        """The row with this number, and without its ref."""
        rest = {name: value for name, value in self.members.items() if name not in (CUSTOMER.key, REF)}
        return replace(self, members={CUSTOMER.key: literal(number, quoted=True), **rest})

    def declaration(self, *, item: bool = False) -> bytes:
        """The declaration; as an item of a list, indented, where that is wanted."""
        lines = (f"  {line}" for line in item_lines(self.members)) if item else mapping_lines(self.members)
        return "".join(f"{line}\n" for line in lines).encode()

    def told(self, diagnostic: Diagnostic) -> Diagnostic:
        """A diagnostic of the declaration as one of the cell."""
        paths = list(_line_paths(self.members))
        line = diagnostic.source.line if diagnostic.source else 1
        path = paths[line - 1] if line <= len(paths) else ()
        # another row is named by its declaration's place; of that, people know the row
        summary = re.sub(rf"({re.escape(self.source.file)}:\d+):\d+:\d+", r"\1", diagnostic.summary)
        return replace(diagnostic, summary=summary, source=replace(self.source, column=self.column(path)))

    def column(self, path: Path) -> int:
        """The column that the value at the path comes from; the first one where none does."""
        near = (at for known, at in self.columns.items() if known == path[: len(known)] or path == known[: len(path)])
        return self.columns.get(path) or (next(near, 1) if path else 1)


def _said(value: Raw | None) -> str:
    return value.text.replace("$${", "${") if isinstance(value, Literal) else ""


def _line_paths(members: Mapping[str, Raw], above: Path = ()) -> Iterator[Path]:
    """The path of each line that `mapping_lines` writes."""
    for name, value in members.items():
        path = (*above, name)
        if isinstance(value, dict) and value:
            yield path
            yield from _line_paths(value, path)
        else:
            yield from (path for _ in member_lines(name, value))


@dataclass(slots=True)
class Rows:
    """The rows that say something, and what is wrong with cells. is_whole: all rows were read."""

    rows: list[SheetRow] = field(default_factory=list)
    problems: list[Diagnostic] = field(default_factory=list)
    is_whole: bool = True


def read_rows(sheet: Sheet, columns: Mapping[int, Path], file: str) -> Rows:
    """The rows below the header. columns: the path of each column that counts."""
    read = Rows()
    by_path = {path: at for at, path in columns.items()}
    order = {name: at for at, name in enumerate((CUSTOMER.key, REF, *FIELDS))}
    ordered = sorted(columns.items(), key=lambda column: (order[column[1][0]], CUSTOMER.order(column[1])))
    width = max(map(len, (cells for _, cells in sheet.rows[:1])), default=0)
    for number, cells in sheet.rows[1:]:
        source = Source(file, number, 1)
        if not is_blank(cells[width:]):
            remedy = "Put a text that holds the separator into double quotes, or name the column in the header."
            place = replace(source, column=width + 1)
            read.problems.append(problem("X802", place, "the row has more cells than the header", remedy))
        if len(read.problems) >= MOST_PROBLEMS:
            summary = "the rows before have so many problems that the rest is not read"
            read.problems.append(problem("X802", source, summary, "Correct these first."))
            read.is_whole = False
            break
        if members := _members(cells, ordered, source, read.problems):
            read.rows.append(SheetRow(source, members, by_path))
    return read


def _members(
    cells: list[Cell], columns: list[tuple[int, Path]], source: Source, problems: list[Diagnostic]
) -> dict[str, Raw]:
    """What the row declares."""
    members: dict[str, Raw] = {}
    for at, path in columns:
        cell = cells[at - 1] if at <= len(cells) else None
        place = replace(source, column=at)
        if isinstance(cell, str) and CONTROL.search(cell):
            summary = f"the text {quoted(cell)} has a control character"
            problems.append(problem("X802", place, summary, "Write it without."))
        elif cell is not None and cell != "":
            _put(members, path, cell, place, problems)
    return members


def _put(members: dict[str, Raw], path: Path, cell: Cell, place: Source, problems: list[Diagnostic]) -> None:
    try:
        value = _value(path, cell)
    except CellError as error:
        problems.append(problem("X802", place, str(error), error.remedy))
        return
    at = members
    for name in path[:-1]:
        below = at.setdefault(name, {})
        assert isinstance(below, dict), "a group is a mapping"
        at = below
    held = at.setdefault(path[-1], value)
    if isinstance(held, dict) and isinstance(value, dict):
        held |= {name: one for name, one in value.items() if name not in held}


def _value(path: Path, cell: Cell) -> Raw:
    if path == (REF,):
        return literal(str(cell))
    if path[0] == ATTRIBUTES and len(path) > 1:
        group = FIELDS[ATTRIBUTES]
        assert isinstance(group, Group), "attributes have ids"
        return read_value(group.value, cell)
    row = CUSTOMER.row(path)
    assert row is not None, "a column is a field's"
    return read_value(row, cell)
