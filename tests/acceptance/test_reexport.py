"""`export` into a project that declares customers: none is written twice, and what people wrote stays."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.acceptance.conftest import Company
from tests.acceptance.test_export import files

MINE = """\
# yaml-language-server: $schema=../../schemas/customer.schema.json
# The biggest one. Ask Kari before you change its limit.
name:   "Fjord"     # as they write it
number: '10002'

mainAddress: {city: Bergen, countryId: "NO"}   # one line
creditLimit: 5      # Kari
"""


@pytest.fixture
def ledger(company: Company) -> Company:
    """Ten live customers, one of them declared by hand in a folder of its own."""
    company.store.seed(10, 3)
    company.store.edit("10002", {"name": "Fjord", "creditLimit": 5, "mainAddress.city": "Bergen"})
    company.store.edit("10002", {"mainAddress.countryId": "NO"})
    company.declare(MINE, "big/fjord.yaml")
    return company


def test_a_declared_customer_is_not_written_twice_and_you_are_told_where_it_stands(ledger: Company) -> None:
    ended = ledger.run("export", "--report", "json=done.json")
    assert ended.code == 0, ended.err
    assert "1 customer is declared already and left as it stands: 10002 at customers/big/fjord.yaml:3." in ended.err
    assert "Wrote 9 customers to customers" in ended.err
    report = json.loads((ledger.folder / "done.json").read_text(encoding="utf-8"))
    assert (report["customers"], [one["number"] for one in report["declared"]]) == (9, ["10002"])
    assert report["declared"][0]["source"] == {"file": "customers/big/fjord.yaml", "line": 3, "column": 1}
    assert (ledger.folder / "customers/big/fjord.yaml").read_text(encoding="utf-8") == MINE
    plan = ledger.plan()
    assert (plan["actions"], plan["summary"]["unmanaged"]) == ([], 0)


def test_named_customers_alone_are_exported_with_a_request_for_each(ledger: Company) -> None:
    ended = ledger.run("export", "10003", " 10005", "10003")
    assert "Wrote 2 customers to customers (2 requests)." in ended.err
    assert sorted(files(ledger.folder / "customers")) == ["10003.yaml", "10005.yaml", "big/fjord.yaml"]
    plan = ledger.plan()
    assert (plan["actions"], plan["summary"]["unmanaged"]) == ([], 7)
    ended = ledger.run("export", "10002")
    assert (ended.code, "10002 at customers/big/fjord.yaml:3" in ended.err) == (0, True)


def test_a_number_that_the_erp_does_not_have_is_named_and_nothing_is_written(ledger: Company) -> None:
    before = files(ledger.folder)
    ended = ledger.run("export", "10003", "nobody", "10004x")
    assert ended.code == 1
    assert "no customer 'nobody', '10004x'; nothing was written" in ended.err
    assert files(ledger.folder) == before


def test_unmanaged_is_what_the_plan_counts_so(ledger: Company) -> None:
    """Also beside a declaration by ref, and a customer that lost its declaration: that one is told."""
    live = json.loads(ledger.run("customers", "show", "10004", "--format", "json").out)[0]
    ledger.declare(f"ref: known\ncorporateId: '{live['corporateId']}'\nname: {live['name']!r}\n", "known.yaml")
    lost = ledger.declare("number: '10007'\nstatement: 1\n".replace("statement: 1", "gln: '7080000000008'"), "7.yaml")
    assert ledger.apply().code == 0
    lost.unlink()
    summary = ledger.plan()["summary"]
    assert (summary["unmanaged"], summary["removed"]) == (7, 1)
    ended = ledger.run("export", "--unmanaged")
    assert ended.code == 0, ended.err
    assert "Wrote 7 customers to customers" in ended.err
    assert "1 customer lost the declaration, and is not counted as unmanaged: 10007." in ended.err
    assert "declared already" not in ended.err
    summary = ledger.plan()["summary"]
    assert (summary["unmanaged"], summary["removed"], summary["update"]) == (0, 1, 0)
    assert "Nothing new to write" in ledger.run("export", "--unmanaged").err


def test_a_clerks_new_customer_is_adopted_beside_the_others(ledger: Company) -> None:
    assert ledger.run("export").code == 0
    before = files(ledger.folder / "customers")
    ledger.store.seed(1, 9, start=20000)
    assert "Wrote 1 customer to customers" in ledger.run("export", "--unmanaged", "--status", "Active").err
    after = files(ledger.folder / "customers")
    assert after.keys() - before.keys() == {"20000.yaml"}
    assert {name: after[name] for name in before} == before


def test_the_same_customers_give_the_same_bytes_and_no_file_is_touched(ledger: Company) -> None:
    """Comments, `$schema` lines, quotes, order and file names are the house's own: nothing changes without need."""
    assert ledger.run("export", "--force").code == 0
    folder = ledger.folder / "customers"
    (folder / "10003.yaml").rename(folder / "renamed.yaml")
    before = files(folder)
    times = {name: (folder / name).stat().st_mtime_ns for name in before}
    ended = ledger.run("export", "--force")
    assert "10 customers are declared already; brought up to date, and nothing there changes." in ended.err
    assert files(folder) == before
    assert {name: (folder / name).stat().st_mtime_ns for name in before} == times


def test_what_changed_is_edited_in_its_place_and_what_is_new_is_added(ledger: Company) -> None:
    """Then the plan is empty; a second time nothing is left to do."""
    ledger.store.edit("10002", {"creditLimit": 75000, "mainAddress.city": "Voss", "attributes.Extra": "x"})
    ended = ledger.run("export", "--force")
    assert ended.code == 0, ended.err
    assert "brought up to date in customers/big/fjord.yaml" in ended.err
    text = (ledger.folder / "customers/big/fjord.yaml").read_text(encoding="utf-8")
    lines = text.splitlines()
    kept = [line for line in MINE.splitlines() if not line.startswith(("mainAddress", "creditLimit"))]
    assert [line for line in lines if line in kept] == kept
    (limit,) = (line for line in lines if line.startswith("creditLimit"))
    assert limit.replace(".00", "") == "creditLimit: 75000      # Kari"
    (address,) = (line for line in lines if line.startswith("mainAddress"))
    assert "city: Voss" in address
    assert address.endswith("}   # one line")
    assert "mainContact:\n" in text
    assert "  EXTRA: x\n" in text
    plan = ledger.plan()
    assert (plan["actions"], plan["summary"]["unmanaged"]) == ([], 0)
    assert "and nothing there changes" in ledger.run("export", "--force").err


@pytest.mark.parametrize("layout", ["files", "single"])
def test_export_and_export_again_is_the_identity(company: Company, layout: str) -> None:
    """Of odd customers too, with notes and sales persons, in both layouts."""
    company.store.seed(20, 11, odd=True)
    words = ("export", "--layout", layout, "--force", "--with-notes", "--with-sales-persons")
    assert company.run(*words).code == 0
    first = files(company.folder / "customers")
    ended = company.run(*words)
    assert (ended.code, files(company.folder / "customers")) == (0, first), ended.err


def test_one_file_gets_new_customers_at_its_end_and_keeps_the_rest(company: Company) -> None:
    company.store.seed(3, 1, start=5)
    company.run("export", "--layout", "single")
    path = company.folder / "customers" / "customers.yaml"
    path.write_text("# ours\n" + path.read_text(encoding="utf-8") + "# the end\n", encoding="utf-8")
    before = path.read_text(encoding="utf-8").removesuffix("# the end\n")
    name = company.store.customer("6")["name"]
    company.store.seed(2, 2, start=100)
    company.store.edit("6", {"name": "Other"})
    ended = company.run("export", "--layout", "single", "--force")
    assert ended.code == 0, ended.err
    text = path.read_text(encoding="utf-8")
    assert text.startswith(before.replace(f"    name: {name}\n    status", "    name: Other\n    status"))
    assert text.endswith("# the end\n")
    assert company.undone() == {}
    assert company.plan()["summary"]["unmanaged"] == 0


def test_a_file_that_declares_somebody_else_is_never_overwritten(company: Company) -> None:
    company.store.seed(2, 1, start=1)
    path = company.declare("number: '2'\nname: Two\n", "1.yaml")
    for words in (["export"], ["export", "--force"]):
        ended = company.run(*words)
        assert ended.code == 64
        assert "1.yaml is in the way: it declares 2" in ended.err
    assert path.read_text(encoding="utf-8") == "number: '2'\nname: Two\n"


def test_declarations_with_errors_stop_an_export_before_anything_is_written(company: Company) -> None:
    """Whom they declare cannot be known."""
    company.store.seed(2, 1, start=1)
    company.declare("number: '1'\nnmae: x\n", "mine/own.yaml")
    ended = company.run("export")
    assert (ended.code, "customers/mine/own.yaml:2:1: D301" in ended.err) == (3, True)
    assert company.sandbox.requests == []
    company.declare("number: '1'\nnmae: x\n", "own.yaml")
    (company.folder / "customers/mine/own.yaml").unlink()
    assert company.run("export").code == 3
    assert sorted(files(company.folder / "customers")) == ["own.yaml"]


def test_an_export_elsewhere_knows_only_what_lies_there(ledger: Company) -> None:
    """A folder that the settings do not read is a copy: the project's declarations do not count, its own files do."""
    ended = ledger.run("export", "-o", "copy")
    assert "Wrote 10 customers to copy" in ended.err
    ledger.store.edit("10005", {"name": "Other"})
    ended = ledger.run("export", "-o", "copy", "--force")
    assert "10 customers are declared already; brought up to date in copy/10005.yaml." in ended.err
    assert "name: Other\n" in (ledger.folder / "copy/10005.yaml").read_text(encoding="utf-8")


def test_new_files_name_the_schema_of_the_project(company: Company) -> None:
    company.store.seed(1, 1, start=1)
    schema = company.folder / "schemas" / "customer.schema.json"
    schema.parent.mkdir()
    schema.write_text("{}", encoding="utf-8")
    assert company.run("export", "-o", "customers/retail/new").code == 0
    text = (company.folder / "customers/retail/new/1.yaml").read_text(encoding="utf-8")
    line = text.splitlines()[0]
    assert line == "# yaml-language-server: $schema=../../../schemas/customer.schema.json"
    assert Path(company.folder, "customers/retail/new", line.partition("=")[2]).resolve() == schema.resolve()
