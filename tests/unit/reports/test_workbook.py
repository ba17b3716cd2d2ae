"""Workbooks, read back by openpyxl."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import Any

import openpyxl
import pytest

from reconciler.core.errors import WrongUsage
from reconciler.reports import workbook
from reconciler.reports.formats import render
from reconciler.reports.view.sheet import Sheet
from tests.unit.reports import samples


def opened(data: bytes) -> Any:
    return openpyxl.load_workbook(io.BytesIO(data))


def test_the_changes_and_what_they_are_stand_in_two_sheets() -> None:
    """Numbers are numbers, the header is fixed and can be filtered."""
    book = opened(render(samples.REPORTS["plan_mixed"](), "xlsx"))
    assert book.sheetnames == ["Plan", "About"]
    page = book["Plan"]
    assert (page.freeze_panes, page.auto_filter.ref) == ("A2", "A1:S12")
    rows = list(page.iter_rows(values_only=True))
    credit = dict(zip(rows[0], next(row for row in rows if row[5] == "creditLimit"), strict=True))
    assert (credit["Before"], credit["After"], credit["Difference"], credit["Currency"]) == (10000, 15000, 5000, "NOK")
    assert credit["Because"] == "credit limit +50%"
    about = [row[1] for row in book["About"].iter_rows(values_only=True)]
    assert "Merging also overwrites 1 customer that was changed in the ERP (2 fields)." in about
    assert "2026-01-31 12:00:05 UTC" in about


@pytest.mark.parametrize("name", sorted(samples.REPORTS.keys() - {"validation_errors"}))
def test_every_sample_opens(name: str) -> None:
    """With a line for each field, and one for a customer without any."""
    report = samples.REPORTS[name]()
    page = opened(render(report, "xlsx")).worksheets[0]
    assert page.max_row == 1 + sum(len(row.fields) or 1 for row in report.customers)


@pytest.mark.parametrize("name", ["plan", "run"])
def test_hostile_texts_are_no_formulas(name: str) -> None:
    book = opened(render(samples.HOSTILE_REPORTS[name](), "xlsx"))
    cells = [cell for page in book for row in page.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} <= {"s", "n"}
    texts = [cell for cell in cells if cell.data_type == "s"]
    formulas = [cell for cell in texts if cell.value.startswith(("=", "+", "@"))]
    assert formulas
    assert all(cell.quotePrefix for cell in formulas)
    assert not any(char in cell.value for cell in texts for char in "\x1b\x00\u202e\x9b")


def test_what_excel_cannot_hold_is_a_text_or_cut() -> None:
    """No digit of a number is lost in silence, and no long text breaks the file."""
    numbers = (Decimal("1234567890123456789.01"), Decimal("1e30"), 10**20)
    book = opened(workbook.workbook([Sheet("S", ("a", "b", "c", "d"), ((*numbers, "x" * 40_000),))]))
    row = next(book["S"].iter_rows(min_row=2, values_only=True))
    assert row[:3] == tuple(map(str, numbers))
    assert row[3].endswith("(40,000 characters)")


def test_a_missing_library_is_told_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "LIBRARY", "no_such_library")
    with pytest.raises(WrongUsage, match="needs openpyxl") as error:
        workbook.workbook([])
    assert "pip install 'visma-reconciler[xlsx]'" in error.value.remedy
