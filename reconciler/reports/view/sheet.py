"""A report as a table of cells for spreadsheets: a line for each field that changes, and what the report says. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from reconciler.reports.records import cell
from reconciler.reports.report_kind import ReportKind
from reconciler.reports.view.glossary import glossary
from reconciler.reports.view.groups import groups_of
from reconciler.reports.view.report import CustomerRow, FieldRow, Report
from reconciler.reports.view.risk import order_of
from reconciler.reports.wording import ORIGINS, TITLES, moment
from reconciler.resources.customer import CUSTOMER

Cell: TypeAlias = str | int | Decimal | bool | None
"""What stands in a cell. Texts are not harmless yet: each format makes them so."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table. widths: of its columns, in characters."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    widths: tuple[int, ...] = ()


_WIDTHS = {
    "Name": 30, "Field": 28, "API name": 26, "Before": 24, "After": 24, "Because": 34, "File": 28, "Message": 40,
}  # fmt: skip
_WIDTH = 14


def sheets(report: Report) -> tuple[Sheet, ...]:
    """The changes, and what is to be known of them."""
    return changes(report), _about(report)


def changes(report: Report) -> Sheet:
    """One line for each field, the riskiest customers first, in the order of all formats; one for a customer without
    fields."""
    ranked = [row for group in groups_of(report.customers) for row in group.customers]
    lines = [_line(order, row, field, report) for order, row, field in _fields(ranked)]
    columns = tuple(lines[0]) if lines else tuple(_line(1, _NOBODY, None, report))
    return Sheet(
        TITLES[report.kind],
        columns,
        tuple(tuple(line.values()) for line in lines),
        tuple(_WIDTHS.get(column, _WIDTH) for column in columns),
    )


_NOBODY = CustomerRow("", "", "", "")


def _fields(rows: list[CustomerRow]) -> Iterator[tuple[int, CustomerRow, FieldRow | None]]:
    for order, row in enumerate(rows, 1):
        for field in row.fields or (None,):
            yield order, row, field


def _line(order: int, row: CustomerRow, field: FieldRow | None, report: Report) -> dict[str, Cell]:
    """The cells by their columns; which columns there are depends on the kind of report alone."""
    amount = field.amount if field else None
    author = field.author if field else None
    before, after = field.values if field else (None, None)
    source = (field.source if field else None) or row.source
    is_drift, is_run = report.kind is ReportKind.DRIFT, report.kind is ReportKind.RUN
    return {
        "Order": order,
        "Customer": row.label,
        "Name": row.name,
        "Action": row.verb,
        **({"Result": row.outcome, "Message": row.message} if is_run else {}),
        "Field": field.name if field else None,
        "API name": field.path if field else None,
        "Before": as_cell(before),
        "After": as_cell(after),
        "Currency": (amount.currencies[1] or amount.currencies[0] or None) if amount else None,
        "Difference": _difference(field) if field else None,
        "Factor": amount.factor or None if amount else None,
        "Because": ", ".join(row.stakes) or None,
        "Cause": field.cause or None if field else None,
        "Origin": ORIGINS.get(field.origin, field.origin) or None if field else None,
        **({"Days old": (field.days if field else row.days), "Muted": _yes(_is_muted(row, field))} if is_drift else {}),
        **({} if is_drift else {"Overwrites the ERP's change": _yes(field is not None and field.is_overwriting)}),
        "File": source.file if source else None,
        "Line": source.line if source else None,
        "Line by": author.name if author else None,
        "Commit": author.commit or None if author else None,
    }


def _is_muted(row: CustomerRow, field: FieldRow | None) -> bool:
    return field.muted if field else row.muted


def _yes(value: bool) -> str | None:
    return "yes" if value else None


def as_cell(value: object) -> Cell:
    """A value as a cell holds it: numbers as numbers, texts bare, lists and groups as JSON, which is empty for none."""
    return value if isinstance(value, str | bool | int | Decimal) else cell(value) or None


def _difference(field: FieldRow) -> Decimal | None:
    if field.amount is None or not field.amount.difference:
        return None
    before, after = field.values
    return Decimal(after) - Decimal(before)


def _about(report: Report) -> Sheet:
    """What stands around the changes in other formats."""
    header = report.header
    facts: list[tuple[Cell, ...]] = [
        ("Report", report.headline),
        ("Warning", report.warning),
        ("Scope", report.scope),
        ("Company", header.company),
        ("Environment", header.environment),
        ("Tenant", header.tenant_id),
        ("Created", moment(report.created_at)),
        *(("", sentence) for sentence in (report.origins, *report.sentences)),
        ("Redacted", "Personal data was replaced." if report.redacted else ""),
        *(("Refused", refusal.summary) for refusal in report.refusals),
        *((problem.code, problem.summary) for problem in report.diagnostics),
        ("Order", order_of(CUSTOMER)),
        *((ORIGINS.get(word, word), meaning) for word, meaning in glossary(report)),
    ]
    return Sheet("About", ("What", "Says"), tuple(fact for fact in facts if fact[1]), (20, 110))
