"""Customers as a table that grows line by line, and one customer as a page. Every text of the ERP is made harmless."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from reconciler.reports.records import Record, cell
from reconciler.reports.safe_text import visible
from reconciler.resources.customer import COLUMNS as CUSTOMER_COLUMNS
from reconciler.resources.values import Path, get, render_path

_GAP = "  "
_NARROWEST = 3
_TITLES: dict[Path, str] = {**CUSTOMER_COLUMNS, ("lastModifiedDateTime",): "MODIFIED"}
COLUMNS: tuple[Path, ...] = tuple(_TITLES)
"""What a list shows if nothing else is asked for."""


@dataclass(slots=True)
class Table:
    """Lines for page after page. The first page sets the columns' widths; `width` is the terminal's cells, None for a
    file, where no cell is ever cut."""

    paths: Sequence[Path]
    width: int | None
    _widths: list[int] = field(default_factory=list)

    def page(self, records: Sequence[Record]) -> Iterator[Text]:
        """The lines of one page; before the first one, also of an empty table, the titles."""
        rows = [[visible(cell(get(record, path))) for path in self.paths] for record in records]
        if not self._widths:
            titles = [_title(path) for path in self.paths]
            self._widths = _fitted(
                [max(map(cell_len, column)) for column in zip(titles, *rows, strict=True)], self.width
            )
            yield Text(self._line(titles), style="bold")
        for row in rows:
            yield Text(self._line(row))

    def _line(self, cells: Iterable[str]) -> str:
        fixed = (self._cell(text, width) for text, width in zip(cells, self._widths, strict=True))
        return _GAP.join(fixed).rstrip()

    def _cell(self, text: str, width: int) -> str:
        length = cell_len(text)
        if length > width and self.width is not None:
            return set_cell_size(text, width - 1) + "…"
        return text + " " * (width - length)


def _title(path: Path) -> str:
    name = render_path(path)
    return visible(_TITLES.get(path, name.upper() if name.isalpha() and name.islower() else name))


def _fitted(widths: list[int], limit: int | None) -> list[int]:
    """The widths, the widest ones made narrower until the line fits the limit."""
    spare = sum(widths) + len(_GAP) * (len(widths) - 1) - (limit or 0)
    while limit is not None and spare > 0 and max(widths) > _NARROWEST:
        widths[widths.index(max(widths))] -= 1
        spare -= 1
    return widths


def page(record: Record, indent: int = 0) -> Iterator[Text]:
    """One customer, a line for each value, groups below their names."""
    names = [name for name, value in record.items() if not isinstance(value, dict | list)]
    column = max((cell_len(visible(name)) for name in names), default=0) + len(_GAP)
    pad = " " * indent
    for name, value in record.items():
        shown = visible(name)
        if isinstance(value, dict):
            yield Text(f"{pad}{shown}", style="bold")
            yield from page(value, indent + 2)
        elif isinstance(value, list):
            yield Text(f"{pad}{shown}", style="bold")
            for line in value:
                yield Text(f"{pad}  - {_inline(line)}")
        else:
            filled = shown + " " * (column - cell_len(shown))
            yield Text.assemble((f"{pad}{filled}", "bold"), visible(cell(value)))


def _inline(line: Record) -> str:
    return ", ".join(f"{visible(name)}: {visible(cell(value))}" for name, value in line.items())
