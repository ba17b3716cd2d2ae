"""A list of tenants as a spreadsheet: which companies a new fleet has."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from unicodedata import category

from reconciler.config.read.files import read_bytes
from reconciler.config.read.messages import quoted
from reconciler.config.read.sheet_file import Cell, Sheet, UnreadableSheetError, read_sheet
from reconciler.core.diagnostics import Diagnostic, Severity, Source, has_errors, in_order
from reconciler.core.errors import InvalidInput, WrongUsage
from reconciler.core.fleet import folder_name

_MOST = 2**24
NAME, TENANT = "name", "tenant"
_REMEDY = f"The first row must name the columns {NAME} and {TENANT}; each further one is a label."


@dataclass(frozen=True, slots=True)
class ListedTenant:
    """One row. labels: by the names of the further columns, where the row has a value."""

    name: str
    tenant: str
    source: Source
    labels: Mapping[str, str] = field(default_factory=dict)


def read_list(path: Path, encoding: str | None = None) -> list[ListedTenant]:
    """The rows of a CSV file or a workbook, in its order. Raises WrongUsage for what is no spreadsheet, InvalidInput
    with all problems: missing values, and companies with one name or one tenant."""
    data, unreadable = read_bytes(path, path.name, _MOST)
    if unreadable is not None:
        raise WrongUsage(unreadable.summary, remedy=unreadable.remedy)
    try:
        sheet = read_sheet(data, path.name, _MOST, encoding)
    except UnreadableSheetError as error:
        raise WrongUsage(str(error), remedy=error.remedy) from None
    problems = list(sheet.problems)
    tenants = list(_rows(sheet, path.name, problems))
    problems += [
        *_alike(tenants, lambda one: one.name and folder_name(one.name).casefold(), "S132", "name"),
        *_alike(tenants, lambda one: one.tenant.casefold(), "S133", "tenant"),
    ]
    if has_errors(problems):
        raise InvalidInput(in_order(problems))
    return tenants


def _rows(sheet: Sheet, file: str, problems: list[Diagnostic]) -> Iterator[ListedTenant]:
    (_, header), *rows = sheet.rows or [(1, [])]
    columns = [_text(cell) for cell in header]
    known = [column.casefold() for column in columns]
    if known.count(NAME) != 1 or known.count(TENANT) != 1:
        problems.append(_error("S134", f"{file} has no columns {NAME} and {TENANT}", Source(file, 1, 1), _REMEDY))
        return
    if not rows:
        problems.append(_error("S134", f"{file} lists no company", Source(file, 1, 1), "Add a row for each company."))
    for number, cells in rows:
        values = dict(zip(columns, map(_text, cells), strict=False))
        own = {column.casefold(): value for column, value in values.items()}
        if not any(values.values()):
            continue
        source = Source(file, number, 1)
        for column in (NAME, TENANT):
            if not own.get(column):
                problems.append(_error("S134", f"the row has no {column}", source, "Fill it in."))
        for column, value in values.items():
            if any(category(character) in ("Cc", "Cs", "Zl", "Zp") for character in value):
                problems.append(_error("S134", f"{quoted(column)} holds a control character", source, "Take it out."))
        labels = {
            name: value for name, value in values.items() if name and value and name.casefold() not in (NAME, TENANT)
        }
        yield ListedTenant(own.get(NAME, ""), own.get(TENANT, ""), source, labels)


def _text(cell: Cell) -> str:
    return "" if cell is None else str(cell).strip()


def _alike(
    tenants: list[ListedTenant], key: Callable[[ListedTenant], str], code: str, what: str
) -> Iterator[Diagnostic]:
    """An error for each row whose key an earlier one has, naming both lines."""
    seen: dict[str, ListedTenant] = {}
    for tenant in tenants:
        if not key(tenant):
            continue
        first = seen.setdefault(key(tenant), tenant)
        if first is not tenant:
            summary = f"{quoted(tenant.name)} and {quoted(first.name)} of line {first.source.line} have one {what}"
            yield _error(code, summary, tenant.source, "Each company has its own: correct one of the two rows.")


def _error(code: str, summary: str, source: Source, remedy: str) -> Diagnostic:
    return Diagnostic(Severity.ERROR, code, summary, remedy=remedy, source=source)
