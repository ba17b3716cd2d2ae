"""`import`: a spreadsheet into declarations, typed by the fields; each wrong cell is named."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from openpyxl import Workbook, load_workbook

from tests.acceptance.conftest import Company, Ended
from tests.acceptance.test_export import files


def sheet(company: Company, text: str | bytes, name: str = "k.csv") -> Path:
    path = company.folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def workbook(company: Company, rows: list[list[Any]], name: str = "k.xlsx") -> Path:
    book = Workbook()
    for row in rows:
        book.active.append(row)  # type: ignore[union-attr]  # a new book has a sheet
    book.save(company.folder / name)
    return company.folder / name


def imported(company: Company, text: str | bytes, *words: str) -> dict[str, Any]:
    """Import CSV, show that the project is then valid, and give its only declaration."""
    sheet(company, text)
    ended = company.run("import", "k.csv", *words)
    assert ended.code == 0, ended.err
    assert company.run("validate").code == 0
    (data,) = files(company.folder / "customers").values()
    found: dict[str, Any] = yaml.load(data, yaml.BaseLoader)
    return found


def refused(company: Company, name: str, *words: str) -> Ended:
    """Import, and show that nothing was written."""
    before = files(company.folder)
    ended = company.run("import", name, *words)
    assert ended.code in (3, 64), ended.err
    assert files(company.folder) == before
    return ended


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_what_customers_list_writes_reads_back_and_plans_empty(company: Company, form: str) -> None:
    """Export, list, import: the same customers, and a second import changes nothing."""
    company.store.seed(25, 7)
    listed = company.folder / f"all.{form}"
    command = [sys.executable, "-m", "reconciler", "customers", "list", "--format", form]
    with listed.open("wb") as file:
        subprocess.run(command, stdout=file, cwd=company.folder, check=True)
    ended = company.run("import", listed.name)
    assert ended.code == 0, ended.err
    assert "Passed over the columns internalId, lastModifiedDateTime" in ended.err
    plan = company.plan()
    assert (plan["actions"], plan["summary"]["unmanaged"]) == ([], 0)
    before = files(company.folder / "customers")
    ended = company.run("import", listed.name)
    assert "(25 rows; 25 unchanged)" in ended.err
    assert files(company.folder / "customers") == before


@pytest.mark.parametrize(
    "data",
    [
        "number;name;Credit limit;Main address · City;mainContact.email\n7;Ås;1000,50;Bø;a@b.no\n",
        "number,name,credit limit,Main address City,MainContact.Email\n7,Ås,1000.50,Bø,a@b.no\n",
        "\ufeffsep=;\r\nNumber;Name;creditLimit;mainAddress.city;mainContact.email\r\n7;Ås;1 000,50;Bø;a@b.no\r\n",
        "number\tname\tcreditLimit\tmainAddress.city\tmainContact.email\n7\tÅs\t1.000,50\tBø\ta@b.no\n".encode(
            "utf-16"
        ),
    ],
    ids=["titles", "commas", "excel", "utf-16"],
)
def test_separators_encodings_titles_and_decimal_commas_of_nordic_programs(company: Company, data: str | bytes) -> None:
    assert imported(company, data) == {
        "number": "7", "name": "Ås", "creditLimit": "1000.50", "mainAddress": {"city": "Bø"},
        "mainContact": {"email": "a@b.no"},
    }  # fmt: skip


def test_dates_truth_lists_and_attributes_are_read_by_the_type_of_their_field(company: Company) -> None:
    text = (
        "number;name;Print invoices;attributes.Region;Attributes · A.B;otherAttributes;directDebitLines\n"
        '7;x;SANN;NORTH;1;"{""VIP"": ""0""}";"[{""mandateId"": ""M1"", ""dateOfSignature"": ""2026-01-31""}]"\n'
    )
    found = imported(company, text)
    assert found["printInvoices"] == "true"
    assert found["attributes"] == {"Region": "NORTH", "A.B": "1", "VIP": "0"}
    assert found["directDebitLines"] == [{"mandateId": "M1", "dateOfSignature": "2026-01-31"}]


def test_hostile_cells_stay_the_texts_that_they_are(company: Company) -> None:
    """Neither a formula, nor a variable, nor YAML; our own apostrophe comes off, another one stays."""
    names = ["'=1+1", "${env:HOME}", "a: b # c", "@SUM(A1)", "!!python/object:x", "O'Neill", "x,'=2", "*a", "- x"]
    rows = "".join(f'{at};"{name}"\n' for at, name in enumerate(names, 1))
    sheet(company, f"number;name\n{rows}")
    ended = company.run("import", "k.csv", "--layout", "single")
    assert ended.code == 0, ended.err
    company.apply()
    live = [company.store.customer(str(at))["name"] for at in range(1, len(names) + 1)]
    assert live == ["=1+1", *names[1:6], "x,=2", *names[7:]]


WRONG = """\
number;name;Credit limit;printInvoices;mainAddress.countryId;statementType;parentRecordNumber
1;One;1.234;true;NO;;
2;Two;5;ja;NO;;
3;Three;=1+1;true;NO;;
4;Four;5;true;Norge;;
5;Five;5;true;NO;Open;
6;Six;5;true;NO;;6
1;Again;5;true;NO;;
;Nobody;5;true;NO;;
9;Nine;abc;true;NO;;
"""


def test_each_wrong_cell_is_named_at_once_by_row_and_column_and_nothing_is_written(company: Company) -> None:
    sheet(company, WRONG)
    ended = refused(company, "k.csv")
    assert 'k.csv:2:3: X802 creditLimit "1.234" can be read in two ways: as 1234, or as 1.2340' in ended.err
    assert 'k.csv:4:3: X803 the formula "=1+1" has no value here' in ended.err
    for place in ("3:4: D302", "5:5: D3", "6:6: D303", "7:7: I404", "8:1: I402", "9:2: I401", "10:3: D302"):
        assert f"k.csv:{place}" in ended.err, ended.err
    assert "is already declared at k.csv:2\n" in ended.err
    assert "9 errors in the spreadsheet; nothing was written" in ended.err


@pytest.mark.parametrize(
    ("head", "told"),
    [
        ("number;name;creditLimt", 'k.csv:1:3: X801 the column "creditLimt" names no field'),
        ("number;name;city", "Did you mean mainAddress.city or invoiceAddress.city or deliveryAddress.city?"),
        ("number;name;Name", 'the columns 2 and 3 are both "name"'),
        ("name;gln;vatZoneId", "no column says which customer a row is"),
        ("number;name", "k.csv:2:3: X802 the row has more cells than the header"),
    ],
)
def test_a_header_that_cannot_be_understood_is_refused(company: Company, head: str, told: str) -> None:
    sheet(company, f"{head}\n1;x;5\n")
    assert told in refused(company, "k.csv").err
    if "creditLimt" in head:
        ended = company.run("import", "k.csv", "--skip-unknown")
        assert (ended.code, "Passed over the columns creditLimt." in ended.err) == (0, True)


def test_a_declared_customer_is_changed_in_its_place_and_an_empty_cell_says_nothing(company: Company) -> None:
    mine = "# ours\nname: One   # the first\nnumber: '1'\ncreditLimit: 5\nattributes: {Region: NORTH}\ngln: '1'\n"
    company.declare(mine, "own.yaml")
    company.declare("ref: two\ncorporateId: '974760673'\nname: Two\n", "two.yaml")
    sheet(company, "number;ref;creditLimit;gln;attributes.REGION;attributes.Vip\n1;;10;;SOUTH;1\n;two;7;;;\n3;;8;;;\n")
    ended = company.run("import", "k.csv", "--dry-run")
    assert ended.code == 0, ended.err
    assert {"-creditLimit: 5", "+creditLimit: 10"} <= set(ended.out.splitlines())
    assert "+++ b/customers/3.yaml" in ended.out
    assert "Would write 1 new declaration to customers, and changes to 2 files (3 rows; 0 unchanged)." in ended.err
    assert (company.folder / "customers/own.yaml").read_text(encoding="utf-8") == mine
    assert not (company.folder / "customers/3.yaml").exists()
    company.run("import", "k.csv")
    new = mine.replace("creditLimit: 5", "creditLimit: 10").replace("{Region: NORTH}", '{Region: SOUTH, Vip: "1"}')
    assert (company.folder / "customers/own.yaml").read_text(encoding="utf-8") == new
    assert "creditLimit: 7\n" in (company.folder / "customers/two.yaml").read_text(encoding="utf-8")
    assert (company.folder / "customers/3.yaml").read_text(encoding="utf-8") == 'number: "3"\ncreditLimit: 8\n'
    assert company.sandbox.requests == []


def test_a_wrong_cell_for_a_declared_customer_is_named_too(company: Company) -> None:
    company.declare("number: '1'\nname: One\n")
    sheet(company, "number;mainAddress.countryId\n1;Norge\n")
    assert "k.csv:2:2: D3" in refused(company, "k.csv").err


def test_numbers_and_dates_of_a_workbook_lose_nothing(company: Company) -> None:
    path = workbook(
        company, [["number", "name", "creditLimit", "mainAddress.postalCode", "gln", "attributes.D", "attributes.E"],
                  [7, "=not a formula", 1000.5, 155, "0017", datetime.fromisoformat("2026-01-31"), True]],
    )  # fmt: skip
    book = load_workbook(path)
    book.active["B2"].data_type = "s"  # type: ignore[index,union-attr]  # a cell
    book.active["D2"].number_format = "0000"  # type: ignore[index,union-attr]  # a cell
    book.save(path)
    ended = company.run("import", "k.xlsx")
    assert ended.code == 0, ended.err
    found = yaml.load((company.folder / "customers/7.yaml").read_bytes(), yaml.BaseLoader)
    assert found == {
        "number": "7", "name": "=not a formula", "creditLimit": "1000.5", "mainAddress": {"postalCode": "0155"},
        "gln": "0017", "attributes": {"D": "2026-01-31", "E": "true"},
    }  # fmt: skip


def test_a_formula_counts_by_its_saved_value_and_says_so_or_is_refused(company: Company) -> None:
    path = workbook(company, [["number", "name", "creditLimit"], [1, "x", "=2*3"]])
    assert 'k.xlsx:2:3: X803 the formula "=2*3" has no value here' in refused(company, "k.xlsx").err
    parts = {}
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    page = "xl/worksheets/sheet1.xml"
    parts[page] = (
        parts[page].replace(b"<v></v>", b"<v>6</v>").replace(b"<v />", b"<v>6</v>").replace(b"<v/>", b"<v>6</v>")
    )
    _zip(path, parts)
    ended = company.run("import", "k.xlsx")
    assert (ended.code, "k.xlsx:2:3: X803 warning: 1 cell holds a formula" in ended.err) == (0, True), ended.err
    assert "creditLimit: 6\n" in (company.folder / "customers/1.yaml").read_text(encoding="utf-8")


def _zip(path: Path, parts: dict[str, bytes]) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    path.write_bytes(data.getvalue())


@pytest.mark.parametrize("trick", ["bomb", "entities", "no zip", "cut", "empty"])
def test_a_workbook_that_would_take_the_machine_along_is_refused(company: Company, trick: str) -> None:
    """Before it is unpacked or parsed: by what it says that it unpacks to, and for entities of its own."""
    company.settings("limits: {file_size: 1}")
    path = workbook(company, [["number", "name"], [1, "x"]])
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    page = "xl/worksheets/sheet1.xml"
    match trick:
        case "bomb":
            _zip(path, parts | {page: parts[page] + b" " * 2**24})
        case "entities":
            _zip(path, parts | {page: b'<!DOCTYPE x [<!ENTITY a "aaaa">]>' + parts[page]})
        case "no zip":
            path.write_bytes(b"number;name")
        case "cut":
            path.write_bytes(path.read_bytes()[:-200])
        case "empty":
            path.write_bytes(b"")
    ended = refused(company, "k.xlsx")
    assert ("unpacks to more than 1 MiB" if trick == "bomb" else "is no workbook that can be read") in ended.err


def test_a_file_above_the_limit_and_one_in_an_old_encoding_are_refused_with_what_helps(company: Company) -> None:
    company.settings("limits: {file_size: 1}")
    sheet(company, "number;name\n" + "1;x\n" * 2**18)
    assert "limits.file_size" in refused(company, "k.csv").err
    sheet(company, "number;name\n1;Bø\n".encode("cp1252"))
    assert "--encoding cp1252" in refused(company, "k.csv").err
    assert company.run("import", "k.csv", "--encoding", "cp1252").code == 0
    assert (company.folder / "customers/1.yaml").read_text(encoding="utf-8") == 'number: "1"\nname: Bø\n'


def test_a_file_of_nothing_but_mistakes_is_refused_in_time_and_with_a_bounded_list(company: Company) -> None:
    sheet(company, "number;" + ";".join(f"x{at}" for at in range(3000)) + "\n1\n")
    assert "the header has 3,001 columns, and may have 1,000" in refused(company, "k.csv").err
    sheet(company, "number;creditLimit\n" + "1;1.234\n" * 20_000)
    ended = refused(company, "k.csv")
    assert "k.csv:1002:1: X802 the rows before have so many problems that the rest is not read" in ended.err
    assert ended.err.count("X802") == 1_001


@pytest.mark.parametrize("words", [["10010"], ["visma_customer.x", "10010"]])
def test_a_habit_from_terraform_is_led_to_export(company: Company, words: list[str]) -> None:
    ended = company.run("import", *words)
    assert (ended.code, "reconciler export 10010" in ended.err) == (64, True)
