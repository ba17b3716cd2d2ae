"""The drift as text for terminals and logs, in the plan's style."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from rich.cells import cell_len
from rich.text import Text

from reconciler.core.diagnostics import Source
from reconciler.core.drift import Drift, DriftedCustomer, Standing
from reconciler.reports import view
from reconciler.reports.formats.text import diagnostics_lines
from reconciler.reports.report import Entry, Row
from reconciler.reports.report_drift import LISTED, coverage, entry_of, headline, hint, modified, since
from reconciler.reports.safe_text import visible

_STYLES = {"!": "bold yellow", "~": "bold", "+": "bold", "-": "bold red", "?": "bold"}
_BEFORE, _AFTER, _QUIET = "red", "green", "dim"
_PATH_CAP, _BEFORE_CAP = 44, 36


def drift_lines(drift: Drift, width: int | None) -> Iterator[Text]:
    """The drift, a line at a time. `width` in cells fits a terminal; None never breaks a line."""
    where = f" · {visible(drift.environment)} · tenant {visible(drift.tenant_id)} · {visible(drift.base_url)}"
    yield Text.assemble((visible(drift.company) or "(no company name)", "bold"), where)
    yield Text(view.freshness(drift), _QUIET)
    yield Text(since(drift), _QUIET)
    yield Text()
    for each in drift.customers:
        if each.standing is Standing.DRIFTED or each.standing is Standing.MISSING:
            yield from _customer(each, drift, width)
    yield from _undeclared(drift, width)
    yield from _muted(drift, width)
    yield from diagnostics_lines(drift.diagnostics)
    start, rest = re.fullmatch(r"([^:.]*[:.])(.*)", headline(drift)).groups()  # type: ignore[union-attr]  # ends in a dot
    yield Text.assemble((start, "bold"), rest)
    for text in filter(None, (coverage(drift), hint(drift))):
        yield Text(text, _QUIET)


def _customer(customer: DriftedCustomer, drift: Drift, width: int | None) -> Iterator[Text]:
    """What is to be looked at; what is muted comes later."""
    if customer.is_muted:
        return
    open_fields = tuple(each for each in customer.fields if each.mute is None)
    entry = entry_of(replace(customer, fields=open_fields), drift)
    yield from _entry(entry, width)
    yield Text()


def _entry(entry: Entry, width: int | None, style: str = "") -> Iterator[Text]:
    head = Text.assemble((entry.symbol, style or _STYLES[entry.symbol]), " ", (entry.label, style or "bold"))
    head.append(f"  {entry.name}" if entry.name else "", style)
    yield from _beside(head, entry.where, width)
    if entry.message or entry.notes:
        notes = "; ".join(entry.notes)
        yield Text.assemble(
            (f"    {entry.message}", style), ("; " if entry.message and notes else "", _QUIET), (notes, _QUIET)
        )
    paths = min(_PATH_CAP, max((cell_len(row.path) for row in entry.rows), default=0))
    befores = min(_BEFORE_CAP, max((cell_len(row.before) for row in entry.rows), default=0))
    for row in entry.rows:
        yield from _row(row, paths, befores, width, entry.source, style)


def _beside(head: Text, where: str, width: int | None) -> Iterator[Text]:
    """The head and its place, on two lines where one is too narrow."""
    place = Text(f"  {where}" if where else "", _QUIET)
    if width is not None and head.cell_len + place.cell_len > width:
        yield head
        yield place
    else:
        yield head + place


def _row(row: Row, paths: int, befores: int, width: int | None, home: Source | None, style: str) -> Iterator[Text]:
    """One line when it fits; else the path with what is said of it, then the values below it."""
    symbol = Text.assemble("    ", (row.symbol, style or _STYLES[row.symbol]), " ")
    said = Text(f"  ({', '.join((row.cause, *row.notes))}){_place(row, home)}", _QUIET)
    before = (row.before, style or _BEFORE)
    after = (row.after, style or _AFTER)
    path, pad = (row.path, style), " " * max(0, befores - cell_len(row.before))
    for one, other in ((" " * max(0, paths - cell_len(row.path)), pad), ("", "")):  # in columns, or closer together
        line = symbol + Text.assemble(path, one, "  ", before, other, " → ", after) + said
        if width is None or line.cell_len <= width:
            yield line
            return
    yield symbol + Text.assemble(path) + said
    yield Text.assemble("        ", before)
    yield Text.assemble("      → ", after)


def _place(row: Row, home: Source | None) -> str:
    if row.source is None:
        return ""
    same = home is not None and row.source.file == home.file
    return f"  :{row.source.line}" if same else f"  {view.place(row.source)}"


def _undeclared(drift: Drift, width: int | None) -> Iterator[Text]:
    """The live customers without declaration: each that was managed, and the first of the others."""
    for standing, noun in ((Standing.REMOVED, "removed from the declarations"), (Standing.UNMANAGED, "unmanaged")):
        found = [each for each in drift.customers if each.standing is standing]
        if not found:
            continue
        new = sum(each.new for each in found)
        news = f", {new:,} new" if new and drift.since else ""
        yield Text.assemble(("? ", "bold"), f"{view.counted(len(found), 'customer')} {noun}{news}:")
        yield from _names(found[:LISTED], drift, width)
        if len(found) > LISTED:
            yield Text(f"    and {len(found) - LISTED:,} more; --format json has all", _QUIET)
        yield Text()


def _names(found: Iterable[DriftedCustomer], drift: Drift, width: int | None) -> Iterator[Text]:
    for each in found:
        entry = entry_of(each, drift)
        new = ", new" if each.new and drift.since else ""
        said = f"modified {modified(each)}{new}" if each.modified_at else new.removeprefix(", ")
        yield from _beside(Text.assemble("    ", (entry.label, "bold"), f"  {entry.name}"), said, width)


def _muted(drift: Drift, width: int | None) -> Iterator[Text]:
    """What somebody accepts for a time, quietly."""
    held = [each for each in drift.customers if each.mute or any(one.mute for one in each.fields)]
    if not held:
        return
    yield Text("Muted:", _QUIET)
    for each in held:
        rows = tuple(one for one in each.fields if one.mute is not None)
        entry = entry_of(replace(each, fields=rows), drift)
        yield from _entry(replace(entry, notes=() if rows else entry.notes), width, _QUIET)
    yield Text()
