"""CSV for spreadsheets: one line for each field that changes (`reports.csv_lines` has the dialect)."""

from __future__ import annotations

from reconciler.reports.csv_lines import BOM, line
from reconciler.reports.view.report import Report
from reconciler.reports.view.sheet import changes


def render(report: Report, *, max_chars: int | None = None) -> bytes:
    """The changes, UTF-8 with a byte order mark. It is a file and holds the whole, whatever a comment may take."""
    sheet = changes(report)
    return (BOM + "".join(map(line, (sheet.columns, *sheet.rows)))).encode()
