"""Spreadsheets read: any bytes are rows or a refusal, columns have names, and cells are read by their field."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reconciler.config.edit.sheet_values import CellError, read_value
from reconciler.config.edit.yaml_writer import Literal
from reconciler.config.read.sheet_columns import read_columns
from reconciler.config.read.sheet_file import Cell, UnreadableSheetError, read_sheet
from reconciler.core.diagnostics import Source
from reconciler.resources.customer import CUSTOMER
from reconciler.resources.values import parse_path

HEAD = Source("k.csv", 1, 1)


@settings(max_examples=150)
@given(
    st.binary(max_size=200) | st.text(";,\t\"'=\r\n\0a1ø", max_size=60).map(str.encode),
    st.sampled_from(["k.csv", "k.xlsx"]),
)
@example(b"PK\x03\x04" + b"\0" * 26, "k.xlsx")
@example(b'sep="\n"', "k.csv")
def test_any_bytes_are_rows_or_a_refusal(data: bytes, name: str) -> None:
    with suppress(UnreadableSheetError):
        sheet = read_sheet(data, name, 1 << 20)
        assert all(isinstance(number, int) for number, _ in sheet.rows)


@given(st.lists(st.text(max_size=20), max_size=6))
def test_any_header_is_columns_or_problems(names: list[str]) -> None:
    cells: list[Cell] = [*names]
    columns = read_columns(cells, HEAD, read_only=("internalId",), others="otherAttributes", skip_unknown=False)
    assert columns.problems or columns.paths


@pytest.mark.parametrize(
    ("path", "cell", "said"),
    [
        ("creditLimit", "25000", "25000"),
        ("creditLimit", "25 000,50", "25000.50"),
        ("creditLimit", "25\u00a0000", "25000"),
        ("creditLimit", "1.234.567,8", "1234567.8"),
        ("creditLimit", "1,234,567.8", "1234567.8"),
        ("creditLimit", "\u22125,5", "-5.5"),
        ("creditLimit", "0,125", "0.125"),
        ("creditLimit", Decimal("25.125"), "25.1250"),
        ("creditDaysPastDue", "1 000", "1000"),
        ("printInvoices", "USANN", "false"),
        ("printInvoices", 1, "true"),
        ("mainAddress.postalCode", 155, "155"),
        ("number", 10000, "10000"),
        ("gln", "1.234", "1.234"),
        ("name", "${env:HOME}", "$${env:HOME}"),
    ],
)
def test_a_cell_is_read_by_the_type_of_its_field(path: str, cell: Cell, said: str) -> None:
    row = CUSTOMER.leaf(parse_path(path))
    assert row is not None
    value = read_value(row, cell)
    assert isinstance(value, Literal)
    assert value.text == said


@pytest.mark.parametrize(
    ("path", "cell"),
    [
        ("creditLimit", "1.234"),
        ("creditLimit", "-12,500"),
        ("gln", Decimal("7080000000008123")),
        ("gln", Decimal("1e30")),
        ("directDebitLines", "{}"),
        ("directDebitLines", "[1]"),
        ("directDebitLines", "[" * 100_000),
        ("attributes", "[]"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_cannot_be_read_for_certain_is_refused(path: str, cell: Cell) -> None:
    row = CUSTOMER.row(parse_path(path))
    assert row is not None
    with pytest.raises(CellError):
        read_value(row, cell)
