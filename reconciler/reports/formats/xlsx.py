"""A workbook: the changes, one line for each field, and a sheet that says what they are."""

from __future__ import annotations

from reconciler.reports.view.report import Report
from reconciler.reports.view.sheet import sheets
from reconciler.reports.workbook import workbook


def render(report: Report, *, max_chars: int | None = None) -> bytes:
    """The workbook's bytes. It holds the whole, whatever a comment may take. Raises WrongUsage without openpyxl."""
    return workbook(sheets(report))
