"""CSV that a spreadsheet opens without running anything: RFC 4180, UTF-8, a header, one line a customer. Pure.

A text that a spreadsheet would take for a formula gets an apostrophe in front (so does a phone number that starts with
`+`). Control and direction characters are written as escapes, and so is a return without a line feed, which a terminal
obeys; line breaks inside a cell stay. Numbers are as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from reconciler.reports.records import Record, cell
from reconciler.reports.safe_text import escaped
from reconciler.resources.customer import ATTRIBUTES
from reconciler.resources.values import Path, get, render_path

_FORMULA = re.compile("[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_SPECIAL = re.compile('[",\r\n]')
_BREAKS = re.compile("(\r\n|\n|\t)")
OTHER_ATTRIBUTES = "otherAttributes"
"""The column for attributes that have none of their own, as JSON."""


def header(paths: Iterable[Path], *, others: bool = False) -> str:
    """The first line."""
    names = [render_path(path) for path in paths]
    return line([*names, OTHER_ATTRIBUTES] if others else names)


def row(record: Record, paths: Iterable[Path], *, others: frozenset[str] | None = None) -> str:
    """A customer's line. others: the attributes that have columns of their own; the rest goes into the last column."""
    cells: list[object] = [get(record, path) for path in paths]
    if others is not None:
        held = record.get(ATTRIBUTES) or {}
        cells.append({name: value for name, value in held.items() if name not in others})
    return line(cells)


def line(cells: Iterable[object]) -> str:
    """One line with its end, CRLF.

    >>> line(["=1+1", 'a "b", c', -5, None])
    '\\'=1+1,"a ""b"", c",-5,\\r\\n'
    """
    return ",".join(map(_cell, cells)) + "\r\n"


def _cell(value: object) -> str:
    text = cell(value)
    if isinstance(value, str):
        text = "".join(part if _BREAKS.fullmatch(part) else escaped(part) for part in _BREAKS.split(text))
        if _FORMULA.match(text):
            text = f"'{text}"
    return '"' + text.replace('"', '""') + '"' if _SPECIAL.search(text) else text
