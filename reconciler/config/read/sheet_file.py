"""A spreadsheet to rows of cells: CSV as Nordic programs write it, and Excel workbooks by openpyxl (extra `xlsx`).

Nothing in a cell is ever calculated. A formula counts by the value that the spreadsheet program saved with it, and
says so; without one it is an error. Places are rows and columns as a spreadsheet counts them, from 1.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import zip_longest
from typing import Any, TypeAlias

from reconciler.config.read.messages import quoted
from reconciler.core.diagnostics import Diagnostic, Severity, Source

Cell: TypeAlias = "str | bool | int | Decimal | date | None"

MOST_COLUMNS = 1_000
MOST_PROBLEMS = 1_000
"""What is told of one file; a file with more is refused all the same."""
_MOST_PARTS = 2_000
_SIGNS = "=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20"
_MARKED = re.compile(f"'(?=[{_SIGNS}])")
"""The apostrophe that marks a text which a spreadsheet would take for a formula."""
_MARKED_INSIDE = re.compile("(?<=[,;\t\n])'(?=[=+\\-@\uff1d\uff0b\uff0d\uff20])")
_SEPARATOR_LINE = re.compile("sep=(.)\r?\n")
_QUOTED = re.compile('"[^"]*"')
_DECLARATION = re.compile(rb"<!(DOCTYPE|ENTITY)", re.IGNORECASE)


@dataclass(slots=True)
class Sheet:
    """Rows with their numbers, the header first; what is wrong with single cells; and what else there is to say."""

    rows: list[tuple[int, list[Cell]]]
    problems: list[Diagnostic]


class UnreadableSheetError(Exception):
    """The file is no spreadsheet that can be read. `remedy` says what to do."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.remedy = remedy


def problem(code: str, source: Source, summary: str, remedy: str, severity: Severity = Severity.ERROR) -> Diagnostic:
    """What is wrong with a cell."""
    return Diagnostic(severity, code, summary, remedy=remedy, source=source)


def read_sheet(data: bytes, name: str, most: int, encoding: str | None = None) -> Sheet:
    """The first sheet of a workbook, or the rows of a CSV file. Raises UnreadableSheetError.

    name: as in messages; its ending tells the two apart. most: bytes that the file may have, also unpacked. encoding:
    of a CSV file that is neither UTF-8 nor marked as UTF-16.
    """
    if len(data) > most:
        raise UnreadableSheetError(f"{name} has more than {most >> 20} MiB", _LIMIT)
    sheet = _workbook(data, name, most) if name.lower().endswith(".xlsx") else _csv(data, name, encoding)
    while sheet.rows and not any(_is_filled(cell) for cell in sheet.rows[-1][1]):
        sheet.rows.pop()
    return sheet


_LIMIT = "Split it, or raise limits.file_size in the settings."


def _is_filled(cell: Cell) -> bool:
    return cell is not None and cell != ""


# ---- CSV ----


def _csv(data: bytes, name: str, encoding: str | None) -> Sheet:
    text = _text(data, name, encoding)
    marked = _SEPARATOR_LINE.match(text)
    text = text[marked.end() :] if marked else text
    separator = marked[1] if marked else _separator(text)
    sheet = Sheet([], [])
    try:
        for number, cells in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True), 1):
            sheet.rows.append(
                (number, [_own(cell, Source(name, number, at), sheet) for at, cell in enumerate(cells, 1)])
            )
    except csv.Error as error:
        where = f"{name}:{len(sheet.rows) + 1}:1"
        raise UnreadableSheetError(f"{where} is no CSV: {error}", "Check the quotes of this row.") from None
    return sheet


def _text(data: bytes, name: str, encoding: str | None) -> str:
    marks = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
    known = next((form for mark, form in marks.items() if data.startswith(mark)), encoding or "utf-8")
    try:
        return data.decode(known)
    except LookupError:
        raise UnreadableSheetError(f"There is no encoding {known!r}", "Take utf-8, utf-16 or cp1252.") from None
    except UnicodeDecodeError as error:
        raise UnreadableSheetError(
            f"{name} is not {known}: byte {error.start + 1} does not fit",
            "Save it as CSV UTF-8; or, if it is an old file of Windows, say --encoding cp1252.",
        ) from None


def _separator(text: str) -> str:
    """What stands most often between the names in the header."""
    head = _QUOTED.sub("", text.split("\n", 1)[0])
    return max(";,\t", key=head.count)


def _own(text: str, source: Source, sheet: Sheet) -> Cell:
    """The text without the apostrophes that our own CSV puts in front of what looks like a formula."""
    if text.startswith("="):
        if len(sheet.problems) < MOST_PROBLEMS:
            sheet.problems.append(_formula(source, text))
        return None
    return _MARKED_INSIDE.sub("", _MARKED.sub("", text, count=1) if _MARKED.match(text) else text)


def _formula(source: Source, text: str) -> Diagnostic:
    summary = f"the formula {quoted(text)} has no value here: nothing is calculated"
    return problem(
        "X803", source, summary, "Write the value; in CSV, an apostrophe in front says that it is a text. In Excel,"
        " open the file and save it: the value is then saved, too.",
    )  # fmt: skip


# ---- workbooks ----


def _workbook(data: bytes, name: str, most: int) -> Sheet:
    _check_archive(data, name, most)
    try:
        from openpyxl import load_workbook  # noqa: PLC0415 - an extra
    except ImportError:
        raise UnreadableSheetError(
            f"{name} needs openpyxl, which is not installed here",
            "Install it with: pip install 'visma-reconciler[xlsx]'. CSV needs nothing.",
        ) from None
    try:
        return _first_sheet(
            [load_workbook(io.BytesIO(data), read_only=True, data_only=only) for only in (True, False)], name
        )
    except UnreadableSheetError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever openpyxl makes of a file that is no workbook
        raise _no_workbook(name, f"{type(error).__name__}: {error}") from None


def _first_sheet(books: list[Any], name: str) -> Sheet:
    """The first sheet that can be seen. books: the workbook with values, and the same with formulas."""
    shown = [[page for page in book.worksheets if page.sheet_state == "visible"] for book in books]
    if not all(shown):
        raise UnreadableSheetError(f"{name} has no sheet that can be seen", "Save the customers in its first sheet.")
    values, formulas = (pages[0] for pages in shown)
    sheet = _page(values, formulas, name)
    if others := [page.title for page in shown[0][1:]]:
        listed = ", ".join(map(quoted, others[:5])) + (" and more" if len(others) > 5 else "")
        summary = f"only the sheet {quoted(values.title)} is read, not {listed}"
        note = problem("X801", Source(name, 1, 1), summary, "Put the sheet that is meant first.", Severity.NOTE)
        sheet.problems.append(note)
    return sheet


def _check_archive(data: bytes, name: str, most: int) -> None:
    """Refuse what unpacks to more than a file may have, and XML with declarations of its own, before it is parsed."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            if len(parts) > _MOST_PARTS or sum(part.file_size for part in parts) > most:
                raise UnreadableSheetError(f"{name} unpacks to more than {most >> 20} MiB", _LIMIT)
            for part in parts:
                if part.filename.endswith((".xml", ".rels")) and _declares(archive.read(part)):
                    raise _no_workbook(name, f"{part.filename} declares entities")
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError, EOFError, ValueError) as error:
        raise _no_workbook(name, str(error)) from None
    except zipfile.zlib.error as error:  # type: ignore[attr-defined]  # what zipfile itself decompresses with
        raise _no_workbook(name, str(error)) from None


def _declares(part: bytes) -> bool:
    return _DECLARATION.search(part.replace(b"\0", b"")) is not None


def _no_workbook(name: str, why: str) -> UnreadableSheetError:
    return UnreadableSheetError(
        f"{name} is no workbook that can be read ({why})", "Save it as .xlsx, without a password; or as CSV UTF-8."
    )


def _page(values: Any, formulas: Any, name: str) -> Sheet:
    sheet = Sheet([], [])
    head = next(values.iter_rows(max_row=1, max_col=MOST_COLUMNS), ())
    filled = [at for at, cell in enumerate(head, 1) if _is_filled(getattr(cell, "value", None))]
    width = max(filled, default=0) + 1  # a cell beyond the header shows, and no row is longer than that
    counted: list[Source] = []
    both = zip_longest(values.iter_rows(max_col=width), formulas.iter_rows(max_col=width), fillvalue=())
    for number, (row, written) in enumerate(both, 1):
        cells = [
            _cell(one, other, Source(name, number, at), sheet, counted)
            for at, (one, other) in enumerate(zip_longest(row, written), 1)
        ]
        while cells and not _is_filled(cells[-1]):
            cells.pop()
        sheet.rows.append((number, cells))
    if counted:
        summary = (
            f"{len(counted)} cell{'s hold formulas' if len(counted) > 1 else ' holds a formula'}; taken is what the"
        )
        summary += " spreadsheet program saved as their values"
        sheet.problems.append(
            problem("X803", counted[0], summary, "Look whether they are up to date.", Severity.WARNING)
        )
    return sheet


def _cell(cell: Any, written: Any, source: Source, sheet: Sheet, counted: list[Source]) -> Cell:
    value = getattr(cell, "value", None)
    if getattr(written, "data_type", "") == "f":
        if value is None:
            sheet.problems.append(_formula(source, str(written.value)))
            return None
        counted.append(source)
    return _plain(value, getattr(cell, "number_format", "") or "")


def _plain(value: object, form: str) -> Cell:
    """A value of openpyxl; a number that is shown with leading zeros is the text that is shown."""
    match value:
        case bool() | str() | None:
            return value
        case int() if re.fullmatch("0{2,}", form) and value >= 0:
            return str(value).zfill(len(form))
        case int():
            return value
        case float():
            number = Decimal(repr(value))
            whole = number == number.to_integral_value() and abs(number) < 10**15
            return _plain(int(number), form) if whole else number
        case datetime() if value.time() == time():
            return value.date()
        case date():
            return value
        case time() | timedelta():
            return str(value)
        case _:
            return str(value)


def is_blank(cells: Sequence[Cell]) -> bool:
    """Whether a row says nothing."""
    return not any(_is_filled(cell) for cell in cells)
