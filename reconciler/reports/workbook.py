"""Excel workbooks by openpyxl, an extra (`xlsx`) that is imported only here, and only when a workbook is written.

No text is ever a formula: each stands in the file as a text, and is marked so that a spreadsheet keeps it one when
somebody edits the cell. Control and direction characters are written as escapes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from importlib.util import find_spec
from io import BytesIO
from typing import Any

from reconciler.core.amounts import plain_text
from reconciler.core.errors import WrongUsage
from reconciler.reports.csv_lines import is_formula, sheet_text
from reconciler.reports.view.sheet import Cell, Sheet

LIBRARY = "openpyxl"
_LONGEST, _MOST_ROWS, _DIGITS = 32_000, 1_048_000, 15
"""What Excel takes: characters of a cell, rows of a sheet, digits of a number."""


def check_workbooks() -> None:
    """Raise WrongUsage where no workbook can be written, before anything else is done."""
    if find_spec(LIBRARY) is None:
        raise WrongUsage(
            "The format xlsx needs openpyxl, which is not installed here",
            remedy="Install it with: pip install 'visma-reconciler[xlsx]'. The format csv needs nothing.",
        )


def workbook(sheets: Iterable[Sheet]) -> bytes:
    """The workbook with these sheets, each with a fixed header that can be filtered. Raises WrongUsage."""
    check_workbooks()
    from openpyxl import Workbook  # noqa: PLC0415 - an extra

    book = Workbook(write_only=True)
    for sheet in sheets:
        _write(book.create_sheet(sheet.title), sheet)
    content = BytesIO()
    book.save(content)
    return content.getvalue()


def _write(page: Any, sheet: Sheet) -> None:
    from openpyxl.styles import Font  # noqa: PLC0415 - an extra
    from openpyxl.utils import get_column_letter  # noqa: PLC0415 - an extra

    for at, width in enumerate(sheet.widths, 1):
        page.column_dimensions[get_column_letter(at)].width = width
    page.freeze_panes = "A2"
    rows = sheet.rows[:_MOST_ROWS]
    page.auto_filter.ref = f"A1:{get_column_letter(len(sheet.columns))}{len(rows) + 1}"
    head = _cells(page, sheet.columns)
    for cell in head:
        cell.font = Font(bold=True)
    page.append(head)
    for row in rows:
        page.append(_cells(page, row))
    if len(rows) < len(sheet.rows):
        page.append(_cells(page, (f"{len(sheet.rows) - len(rows):,} more lines do not fit a sheet: csv has them.",)))


def _cells(page: Any, values: Sequence[Cell]) -> list[Any]:
    from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415 - an extra

    cells = []
    for value in values:
        content = _content(value)
        cell = WriteOnlyCell(page, content)  # type: ignore[arg-type]  # it takes a Decimal
        if isinstance(content, str):
            cell.data_type = "s"  # also what begins like a formula
            cell.quotePrefix = is_formula(content)
        elif isinstance(content, Decimal):
            cell.number_format = _format(content)
        cells.append(cell)
    return cells


def _format(value: Decimal) -> str:
    """How Excel shows an amount: two decimals where there are any, and never one less than there are."""
    decimals = plain_text(value).partition(".")[2]
    return f"#,##0.{'0' * max(2, len(decimals))}" if decimals else "#,##0"


def _content(value: Cell) -> Cell:
    """A text that is harmless and short enough; a number with more digits than Excel keeps is a text."""
    if isinstance(value, Decimal | int) and not isinstance(value, bool):
        number = Decimal(value)
        digits = len(number.normalize().as_tuple().digits)
        fits = number.is_finite() and abs(number.adjusted()) < _DIGITS and digits <= _DIGITS
        return value if fits else str(value)
    if isinstance(value, str):
        text = sheet_text(value)
        return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text):,} characters)"
    return value
