"""Cells of a spreadsheet to what a declaration writes, by the type of the field: dates, amounts, truth, text.

What cannot be read so is left as the text that it is: the check of declarations then says what is wrong with it.
"""

from __future__ import annotations

import json
import re
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from reconciler.config.edit.yaml_writer import Literal, Raw, literal, raw_members
from reconciler.config.read.messages import quoted
from reconciler.config.read.sheet_file import Cell
from reconciler.resources.grammar import Field, Form, Group, Kind

_TRUTH = {
    **dict.fromkeys(("true", "1", "sann", "sant", "sand", "tosi"), "true"),
    **dict.fromkeys(("false", "0", "usann", "falskt", "falsk", "epätosi"), "false"),
}
"""How Excel writes truth in English, Norwegian, Swedish, Danish and Finnish."""
_DAY = re.compile(r"(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})")
_BLANKS = "[ \u00a0\u2009\u202f']"
_GROUPED = re.compile(rf"-?\d{{1,3}}({_BLANKS}\d{{3}})+([.,]\d+)?")
_BOTH = re.compile(r"-?\d{1,3}((,\d{3})+\.\d+|(\.\d{3})+,\d+)")
_COMMA = re.compile(r"-?\d+,\d+")
_TWO_WAYS = re.compile(r"-?[1-9]\d{0,2}[.,]\d{3}")
_EXACT_DIGITS = 15
"""What a spreadsheet keeps of a number; the digits behind are zeros."""


class CellError(Exception):
    """A cell that cannot be read for certain. `remedy` says what to write."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.remedy = remedy


def read_value(row: Field | Group, cell: Cell) -> Raw:
    """What to write for a cell that is not empty. Raises CellError."""
    if isinstance(row, Group):
        return _list(row, cell)
    if row.kind is Kind.BOOLEAN:
        text = str(cell).strip()
        truth = _TRUTH.get(text.casefold())
        return Literal(truth, "plain") if truth else literal(text, quoted=True)
    if row.kind in (Kind.INTEGER, Kind.DECIMAL):
        return _number(row, cell)
    return literal(_text(row, cell), quoted=row.kind is Kind.NUMBER)


def _text(row: Field, cell: Cell) -> str:
    match cell:
        case bool():
            return "true" if cell else "false"
        case date() if row.kind is Kind.DATE or row.kind is Kind.TEXT:
            return cell.isoformat() if isinstance(cell, datetime) else cell.isoformat()[:10]
        case date():
            raise CellError(
                f"{row.name} is a date in the spreadsheet, {cell.isoformat()[:10]}",
                "Format the cell as text, and write the value again: what was typed is lost.",
            )
        case int() | Decimal():
            return _digits(row, Decimal(cell))
    text = str(cell)
    day = _DAY.fullmatch(text.strip()) if row.kind is Kind.DATE else None
    return f"{day[3]}-{int(day[2]):02}-{int(day[1]):02}" if day else text


def _digits(row: Field, number: Decimal) -> str:
    """A number in a field of text, such as a postal code."""
    if len(number.as_tuple().digits) > _EXACT_DIGITS or abs(number.adjusted()) >= _EXACT_DIGITS:
        raise CellError(
            f"{row.name} is a number with more digits than a spreadsheet keeps, {number:f}",
            "Format the cell as text, and write all digits again.",
        )
    return format(number, "f")


def _number(row: Field, cell: Cell) -> Literal:
    if isinstance(cell, bool | date) or cell is None:
        return literal(str(cell), quoted=True)
    if isinstance(cell, int | Decimal):
        return literal(cell)
    text = cell.strip().replace("\u2212", "-")
    if _TWO_WAYS.fullmatch(text) and row.kind is Kind.DECIMAL:
        whole, decimals = re.split("[.,]", text)
        raise CellError(
            f"{row.name} {quoted(text)} can be read in two ways: as {whole}{decimals}, or as {whole}.{decimals}0",
            f"Write {whole}{decimals}, or {whole},{decimals}0.",
        )
    if _BOTH.fullmatch(text):
        point = max(text.rfind(","), text.rfind("."))
        text = re.sub("[.,]", "", text[:point]) + "." + text[point + 1 :]
    elif _GROUPED.fullmatch(text):
        text = re.sub(_BLANKS, "", text).replace(",", ".")
    elif _COMMA.fullmatch(text):
        text = text.replace(",", ".")
    is_number = re.fullmatch(r"-?(0|[1-9]\d*)(\.\d+)?", text, re.ASCII) is not None
    return Literal(text, "plain") if is_number else literal(cell, quoted=True)


def _list(row: Group, cell: Cell) -> Raw:
    """Lines or segments as the JSON that our own spreadsheets have in such a column; attributes as a JSON object."""
    wanted = dict if row.form is Form.MAP else list
    try:
        value: Any = json.loads(str(cell), parse_float=Decimal, parse_constant=str)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, wanted) or not (wanted is dict or all(isinstance(item, dict) for item in value)):
        sample = '{"REGION": "NORTH"}' if wanted is dict else f'[{{"{row.key[0]}": ...}}]'
        raise CellError(f"{row.name} {quoted(str(cell))} is no JSON as it is needed here", f"Write it as {sample}.")
    return raw_members(value) if isinstance(value, dict) else [raw_members(item) for item in value]
