"""CSV that a spreadsheet opens without running anything: UTF-8, a header, one line a customer or a change. Pure.

A Nordic Excel opens it right by a double click: it begins with a byte order mark, cells stand apart by `;`, and
decimals follow a comma (with a point, 1.5 would be read as the first of May). For scripts there is JSON.

A text that a spreadsheet would take for a formula gets an apostrophe in front (so does a phone number that starts with
`+`). Control and direction characters are written as escapes, and so is a return without a line feed, which a terminal
obeys; line breaks inside a cell stay. Numbers are numbers.
So does a formula behind a separator of another country inside of a text, since that country's spreadsheet would cut
the text there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal

from reconciler.core.amounts import written
from reconciler.reports.records import Record, cell
from reconciler.reports.safe_text import escaped
from reconciler.resources.customer import ATTRIBUTES
from reconciler.resources.values import Path, get, render_path

_FORMULA = re.compile("[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_INSIDE = re.compile("([,;\t\n])(?=[=+\\-@\uff1d\uff0b\uff0d\uff20])")
_SPECIAL = re.compile('[",;\t\r\n]')
_BREAKS = re.compile("(\r\n|\n|\t)")
OTHER_ATTRIBUTES = "otherAttributes"
"""The column for attributes that have none of their own, as JSON."""


BOM, SEPARATOR = "\ufeff", ";"


def header(paths: Iterable[Path], *, others: bool = False) -> str:
    """The byte order mark and the first line."""
    names = [render_path(path) for path in paths]
    return BOM + line([*names, OTHER_ATTRIBUTES] if others else names)


def row(record: Record, paths: Iterable[Path], *, others: frozenset[str] | None = None) -> str:
    """A customer's line. others: the attributes that have columns of their own; the rest goes into the last column."""
    return line(cells_of(record, paths, others=others))


def cells_of(record: Record, paths: Iterable[Path], *, others: frozenset[str] | None = None) -> list[object]:
    """The values of a customer's line."""
    cells: list[object] = [get(record, path) for path in paths]
    if others is not None:
        held = record.get(ATTRIBUTES) or {}
        cells.append({name: value for name, value in held.items() if name not in others})
    return cells


def line(cells: Iterable[object]) -> str:
    """One line with its end, CRLF.

    >>> line(["=1+1", 'a "b"; c', -5, Decimal("1.5"), None])
    '\'=1+1;"a ""b""; c";-5;1,5;\r\n'
    """
    return SEPARATOR.join(map(_cell, cells)) + "\r\n"


def is_formula(text: str) -> bool:
    """Whether a spreadsheet would take the text for a formula."""
    return _FORMULA.match(text) is not None


def sheet_text(text: str) -> str:
    """A text for a cell: line breaks stay, all else that hides or steers is written as escapes."""
    return "".join(part if _BREAKS.fullmatch(part) else escaped(part) for part in _BREAKS.split(text))


def _tamed(value: object) -> object:
    """The texts in what is written as JSON, with the apostrophe inside that a text of its own gets."""
    match value:
        case str():
            return _INSIDE.sub(r"\1'", value)
        case dict():
            return {key: _tamed(member) for key, member in value.items()}
        case list():
            return [_tamed(item) for item in value]
    return value


def _cell(value: object) -> str:
    if isinstance(value, Decimal):
        return written(value).replace(".", ",")
    text = cell(_tamed(value) if isinstance(value, dict | list) else value)
    if isinstance(value, str):
        text = _INSIDE.sub(r"\1'", sheet_text(text))
        if is_formula(text):
            text = f"'{text}"
    return '"' + text.replace('"', '""') + '"' if _SPECIAL.search(text) else text
