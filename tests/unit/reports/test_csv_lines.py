"""CSV that a Nordic Excel opens right, and that runs nothing."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

import pytest

from reconciler.reports.csv_lines import BOM, line
from reconciler.reports.formats import render
from tests.unit.reports import samples


def cells(*values: object, separator: str = ";") -> list[str]:
    (row,) = csv.reader(io.StringIO(line(values), newline=""), delimiter=separator)
    return row


def test_decimals_have_a_comma_and_cells_a_semicolon() -> None:
    assert line(["a", Decimal("25000.50"), 7, True, None, "x;y"]) == 'a;25000,5;7;true;;"x;y"\r\n'


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\uff1d"])
def test_no_text_is_a_formula(start: str) -> None:
    assert cells(f"{start}1+1")[0].startswith("'")


@pytest.mark.parametrize("separator", [";", ",", "\t"])
@pytest.mark.parametrize("text", ["a,=1+1", "a;=1+1", "a\t=1+1", "a\n=1+1", 'a",=1+1', '";=1+1'])
def test_no_formula_comes_to_light_where_cells_are_parted_otherwise(text: str, separator: str) -> None:
    """A spreadsheet of another country cuts at another character."""
    content = io.StringIO(line(["x", text, "y"]), newline="")
    for row in csv.reader(content, delimiter=separator):
        assert not any(cell.lstrip('"').startswith(("=", "+", "-", "@")) for cell in row)


def test_a_report_begins_with_a_byte_order_mark_and_its_columns() -> None:
    text = render(samples.REPORTS["plan_mixed"](), "csv").decode()
    assert text.startswith(f"{BOM}Order;Customer;Name;Action;Field;API name;Before;After;Currency;Difference;Factor;")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix(BOM), newline=""), delimiter=";"))
    credit = next(row for row in rows if row["API name"] == "creditLimit")
    assert (credit["Field"], credit["Before"], credit["After"]) == ("Credit limit", "10000", "15000")
    assert (credit["Currency"], credit["Difference"], credit["Factor"]) == ("NOK", "5000", "'+50%")
    assert (credit["Line by"], credit["Commit"]) == ("Kari Nordmann", "3c3888b1")
    assert [row["Overwrites the ERP's change"] for row in rows].count("yes") == 2


@pytest.mark.parametrize("name", ["plan", "run"])
def test_hostile_texts_stay_texts(name: str) -> None:
    """No formula, no control character but line breaks in quotes, and the same number of cells in each line."""
    report = samples.HOSTILE_REPORTS[name]()
    text = render(report, "csv").decode().removeprefix(BOM)
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=";"))
    assert {len(row) for row in rows} == {len(rows[0])}
    assert len(rows) == 1 + sum(len(row.fields) or 1 for row in report.customers)
    for cell in (cell for row in rows for cell in row):
        assert not cell.startswith(("=", "+", "@", "\t", "\r"))
        assert not any(char in cell for char in "\x1b\x00\u202e\x9b")


def test_no_text_inside_of_a_list_is_a_formula_for_a_spreadsheet_with_another_separator() -> None:
    """It would cut the line at its own separator, in the middle of the cell."""
    assert line([[{"bic": "A,=1+1"}], {"A": "x;@y"}]) == '"[{""bic"":""A,\'=1+1""}]";"{""A"":""x;\'@y""}"\r\n'
