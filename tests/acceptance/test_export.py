"""`export`: live customers as YAML that plans empty at once, in safe files, whole or not at all."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.sandbox import open_store
from tests.acceptance.conftest import Company

NASTY = ["NO", "yes", "0101", "1e3", "2026-01-31", "null", "~", "12:30:45", "1_000", "${env:HOME}", "$${x}", "a: b # c",
         "a\ttab", "🙂 emoji", '"quotes" and \\ back', "- dash", "=1+1", "%a", "@b",
         "zero\u200bwidth \u202e right", "\ufeffbom", "'single'", "{x}", "[y]", "*z", "&w", "!t",
         "...", "---", "#", "", "true", "0x1F", ".5", "<<", "=", "?", "x" * 3000]  # fmt: skip


def exported(company: Company, *arguments: str) -> Path:
    """Export into the folder that the settings name, and show that a plan of it is empty."""
    ended = company.run("export", *arguments)
    assert ended.code == 0, ended.err
    assert "Warning" not in ended.err, ended.err
    plan = company.plan()
    assert plan["actions"] == []
    assert plan["summary"]["unmanaged"] == len(company.store.numbers()) - plan["config"]["declarations"]
    assert not [each for each in plan["diagnostics"] if each["severity"] == "error"]
    return company.folder / "customers"


def files(folder: Path) -> dict[str, bytes]:
    """All that the folder holds."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def full(company: Company) -> None:
    """Seeded customers and odd ones, one with every feature, and one for each text that YAML could misread."""
    company.store.seed(150, 5, odd=True)
    everything = {
        "number": "FULL/1",
        "name": "Everything AS",
        "status": "OnHold",
        "accountReference": "0017",
        "numberOfEmployees": 0,
        "parentRecordNumber": "10000",
        "creditLimit": 19999.90,
        "creditDaysPastDue": 0,
        "customerClassId": "NL",
        "vatZoneId": "03",
        "gln": "7080000000008",
        "note": "Line\r\n\tnext",
        "invoiceToDefaultLocation": False,
        "excludeDebtCollection": True,
        "mainAddress": {"addressLine1": "A", "postalCode": "0155", "city": "Oslo", "countryId": "NO"},
        "mainContact": {"email": "a@b.no", "phone1": "+4799999999", "fax": "0012"},
        "invoiceAddress": {"addressLine1": "B", "postalCode": "0101", "countryId": "NO"},
        "deliveryContact": {"attention": "Øyvind"},
        "eInvoiceContract": {"fInvoiceContractID": "007"},
        "defaultPaymentMethod": {"paymentMethodId": "2"},
        "glAccounts": {
            "salesAccount": "3100",
            "salesSubaccount": [{"segmentId": 1, "segmentValue": "00"}, {"segmentId": 2, "segmentValue": "NO"}],
            "discountSubaccount": [{"segmentId": 2, "segmentValue": "1e3"}],
        },
        "directDebitLines": [
            {"mandateId": "M/1", "dateOfSignature": "2026-01-31", "maxAmount": 10.50, "isDefault": False},
            {
                "mandateId": "0002",
                "expirationDate": "2026-02-01T13:30:00",
                "iban": "NL91ABNA0417164300",
                "oneTime": True,
            },
        ],
        "salesPersons": [{"salesPersonID": "2", "commissionPct": 1.25}, {"salesPersonID": "1", "isDefault": True}],
        "attributes": {"REGION": "NORTH", "NO": "yes", "A.B": "0101", "x: y": "z", "<<": "merge"},
    }
    texts = [
        {"number": f"T{at}", "name": f"x{text}" if not text.strip() else text.replace("${", "$${"),
         "mainAddress": {"addressLine1": text.replace("${", "$${"), "postalCode": "0001", "countryId": "NO"},
         "lifecycle": {"as_typed": ["name", "mainAddress.addressLine1"]}}
        for at, text in enumerate(NASTY)
    ]  # fmt: skip
    company.declare(yaml.safe_dump([everything, *texts]), "made.yaml")
    ended = company.apply()
    assert ended.code == 0, ended.err + ended.out
    left = [(action["number"], action["changes"]) for action in company.plan()["actions"]]
    assert left == []
    (company.folder / "customers" / "made.yaml").unlink()


@pytest.mark.parametrize("layout", ["files", "single"])
def test_an_export_of_everything_plans_empty_at_once(company: Company, layout: str) -> None:
    full(company)
    company.sandbox.switch(page_size_max=50)
    folder = exported(company, "--layout", layout, "--with-notes", "--with-sales-persons")
    count = len(company.store.numbers())
    assert len(files(folder)) == (count if layout == "files" else 1)
    for data in files(folder).values():
        assert yaml.safe_load(data)
        assert data.isascii() or data.decode()
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\ufeff]", data.decode())
        for member in ("internalId", "lastModifiedDateTime", "createdDateTime", "timeStamp", "metadata", "location"):
            assert f"{member}:" not in data.decode()


def test_every_readable_field_with_a_value_is_declared_also_false(company: Company) -> None:
    full(company)
    folder = exported(company)
    found = yaml.safe_load((folder / "FULL_2F1.yaml").read_bytes())
    assert found["invoiceToDefaultLocation"] is False
    assert found["numberOfEmployees"] == 0
    assert found["glAccounts"]["salesSubaccount"][1] == {"segmentId": 2, "segmentValue": "NO"}
    assert found["attributes"]["<<"] == "merge"
    assert [line["mandateId"] for line in found["directDebitLines"]] == ["0002", "M/1"]
    assert found["directDebitLines"][1]["isDefault"] is False
    assert "invoiceAddress" in found
    assert {"note", "salesPersons", "deliveryAddress"}.isdisjoint(found)


def test_notes_and_sales_persons_cost_a_request_each_and_only_then_stand_in_the_files(company: Company) -> None:
    full(company)
    before = len(company.sandbox.requests)
    exported(company)
    texts = b"".join(files(company.folder / "customers").values())
    assert not re.search(rb"(?m)^note:|^salesPersons:", texts)
    assert len(company.sandbox.requests) - before < 10
    exported(company, "--force", "--with-notes", "--with-sales-persons")
    texts = b"".join(files(company.folder / "customers").values())
    assert re.search(rb"(?m)^note:", texts)
    assert re.search(rb"(?m)^salesPersons:", texts)


def test_two_exports_are_the_same_and_are_canonical(company: Company) -> None:
    full(company)
    folder = exported(company)
    first = files(folder)
    exported(company, "--force")
    assert files(folder) == first
    from reconciler.config.edit.canonical import canonical

    for name, data in first.items():
        assert canonical(data, name).data == data
    assert re.fullmatch(rb'number: "FULL/1"\nname: .*', first["FULL_2F1.yaml"], re.DOTALL)


def test_one_file_holds_the_customers_in_the_natural_order_of_their_numbers(company: Company) -> None:
    company.store.seed(3, 1, start=9)
    company.store.seed(2, 2, start=100)
    folder = exported(company, "--layout", "single")
    assert list(files(folder)) == ["customers.yaml"]
    found = yaml.safe_load((folder / "customers.yaml").read_bytes())
    assert [each["number"] for each in found["customers"]] == ["9", "10", "11", "100", "101"]


def test_defaults_of_the_settings_do_not_creep_into_the_export(company: Company) -> None:
    company.settings(
        "defaults: {priceClassId: VIP, mainAddress: {addressLine3: c/o us}, attributes: {CHANNEL: WEB},"
        " vatZoneId: '02', invoiceContact: {fax: '1'}, directDebitLines: [{mandateId: D}],"
        " overrideWithClassValues: true, note: Hello, glAccounts: {discountAccount: '3080'}}"
    )
    company.store.seed(30, 3)
    ended = company.run("export", "--with-notes")
    assert ended.code == 0, ended.err
    plan = company.plan()
    assert plan["actions"] == []
    assert plan["config"]["declarations"] == 30


def test_class_defaults_are_left_out_on_request_and_only_what_the_class_is_known_to_give(company: Company) -> None:
    company.store.seed(60, 3)
    whole = b"".join(files(exported(company)).values())
    shutil.rmtree(company.folder / "customers")
    lean = b"".join(files(exported(company, "--skip-class-defaults")).values())
    assert whole.count(b"invoiceOrdersSeparately") == 60
    assert lean.count(b"invoiceOrdersSeparately") == 0
    assert lean.count(b"vatZoneId") < whole.count(b"vatZoneId")
    assert lean.count(b"SEGMENT: SMB") < whole.count(b"SEGMENT: SMB")
    assert lean.count(b"creditTermsId") == whole.count(b"creditTermsId") == 60
    assert company.sandbox.requests[-4]["target"].startswith("/v1/customer")


def test_mirrored_addresses_stay_undeclared_unless_asked_for(company: Company) -> None:
    company.store.seed(40, 3)
    own = sum(company.store.customer(number)["deliveryAddress"] != company.store.customer(number)["mainAddress"]
              for number in company.store.numbers())  # fmt: skip
    assert 0 < own < 40
    texts = b"".join(files(exported(company)).values())
    assert texts.count(b"deliveryAddress:") == own
    assert texts.count(b"invoiceContact:") == 0
    texts = b"".join(files(exported(company, "--force", "--with-mirrors")).values())
    assert texts.count(b"deliveryAddress:") == texts.count(b"invoiceContact:") == 40


def test_filters_choose_what_is_exported(company: Company) -> None:
    company.store.seed(40, 3)
    numbers = [each for each in company.store.numbers() if company.store.customer(each)["customerClassId"] == "NL"]
    folder = exported(company, "--class", "NL")
    assert sorted(files(folder)) == sorted(f"{number}.yaml" for number in numbers)


HOSTILE_NUMBERS = ["A/B 7", "ÅÆ#1", "..", ".", "CON", "nul", "COM1", "LPT9", "-1", "--force", "A_2FB", "A/B", "A.B",
                   "A B", "../../ETC/PASSWD", "C:\\X", "~ROOT", "$HOME", "{X}", ".GIT", "AUX.YAML",
                   "L" * 300, "L" * 299 + "M", "🙂", "%2E"]  # fmt: skip


def test_any_number_gets_a_safe_name_of_its_own(company: Company) -> None:
    company.sandbox.switch(page_size_max=7, number_upper=False)
    texts = [{"number": number, "name": number} for number in HOSTILE_NUMBERS]
    company.declare(yaml.safe_dump(texts), "made.yaml")
    assert company.apply().code == 0
    (company.folder / "customers" / "made.yaml").unlink()
    folder = exported(company)
    names = [path.name for path in folder.iterdir()]
    assert len({name.lower() for name in names}) == len(HOSTILE_NUMBERS)
    for name in names:
        assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,110}\.yaml", name), name
        assert name.split(".")[0].upper() not in ("CON", "NUL", "COM1", "LPT9", "AUX")
    assert [path for path in company.folder.rglob("*.yaml") if path.parent not in (folder, company.folder)] == []


def test_what_no_declaration_can_hold_is_left_out_and_told(company: Company) -> None:
    """Also a number: such a customer stays unmanaged, and the exported project is valid."""
    company.store.seed(4, 1, start=1)
    company.store.edit("1", {"name": " blanks ", "accountReference": "two\nlines", "creditLimit": 25.125})
    company.store.renumber("2", "A\u202eB")
    company.store.renumber("3", "\u201c3\u201d")
    ended = company.run("export")
    assert ended.code == 0
    assert ended.err.count(": number is not in its declaration") == 2
    plan = company.plan()
    assert (plan["actions"], plan["summary"]["unmanaged"]) == ([], 2)
    text = (company.folder / "customers" / "1.yaml").read_text()
    assert "name: blanks\n" in text
    assert 'accountReference: "two\\nlines"\n' in text
    assert "creditLimit: 25.1250\n" in text
    assert 'accountReference: "two\\nlines"\n' in text


def test_nothing_is_written_over_an_existing_file_without_force(company: Company) -> None:
    company.store.seed(5, 1, start=1)
    taken = company.declare("# mine\n", "3.yaml")
    ended = company.run("export")
    assert ended.code == 64
    assert "3.yaml" in ended.err
    assert files(taken.parent) == {"3.yaml": b"# mine\n"}
    single = company.declare("# mine, too\n", "customers.yaml")
    ended = company.run("export", "--layout", "single")
    assert ended.code == 64
    assert files(taken.parent) == {"3.yaml": b"# mine\n", "customers.yaml": b"# mine, too\n"}
    single.unlink()
    assert company.run("export", "--force").code == 0
    assert yaml.safe_load(taken.read_bytes())["number"] == "3"


def test_a_link_in_the_way_is_never_followed(company: Company) -> None:
    company.store.seed(2, 1, start=1)
    outside = company.folder / "precious.txt"
    outside.write_text("mine")
    folder = company.folder / "customers"
    folder.mkdir()
    (folder / "1.yaml").symlink_to(outside)
    (folder / "2.yaml").symlink_to(company.folder / "not there")
    assert company.run("export").code == 64
    assert company.run("export", "--force").code == 0
    assert outside.read_text() == "mine"
    assert not (folder / "1.yaml").is_symlink()
    assert not (company.folder / "not there").exists()


def test_files_have_the_mode_of_other_files_that_go_into_git(company: Company) -> None:
    company.store.seed(1, 1, start=1)
    before = os.umask(0o027)
    try:
        folder = exported(company)
    finally:
        os.umask(before)
    assert stat.S_IMODE((folder / "1.yaml").stat().st_mode) == 0o640
    assert [path.name for path in folder.iterdir()] == ["1.yaml"]


def test_a_torn_list_is_read_again_and_at_last_refused_with_nothing_written(company: Company) -> None:
    company.store.seed(60, 1)
    company.sandbox.switch(page_size_max=20)
    company.sandbox.fault(kind="shift", rows=-1, path="pageNumber=2")
    exported(company)
    company.sandbox.switch(page_shift=1)
    ended = company.run("export", "-o", "other")
    assert ended.code == 1
    assert "changed under each of 3 readings" in ended.err
    assert not (company.folder / "other").exists()


def test_a_customer_that_vanishes_while_the_list_is_read_is_neither_doubled_nor_missing(company: Company) -> None:
    company.store.seed(60, 1)
    company.sandbox.switch(page_size_max=20)
    company.sandbox.fault(kind="vanish", number="10001", path="pageNumber=3", when="before")
    folder = exported(company)
    assert len(files(folder)) == 59


@pytest.mark.parametrize(
    "arguments",
    [
        ["--layout", "tree"],
        ["--modified", "yesterday"],
        ["--schema", "a\nb"],
        ["--schema", ""],
        ["-o", "reconciler.yaml"],
        ["10000", "--unmanaged"],
        ["10000", "--status", "Active"],
        [""],
    ],
    ids=" ".join,
)
def test_a_bad_argument_is_wrong_usage_before_anything_is_asked_or_written(
    company: Company, arguments: list[str]
) -> None:
    company.store.seed(2, 1)
    before = files(company.folder)
    assert company.run("export", *arguments).code == 64
    assert files(company.folder) == before
    assert company.sandbox.requests == []


def test_a_schema_is_named_on_request(company: Company) -> None:
    company.store.seed(1, 1, start=1)
    line = "# yaml-language-server: $schema=../schemas/customer.schema.json\n"
    folder = exported(company, "--schema", "../schemas/customer.schema.json")
    assert (folder / "1.yaml").read_text(encoding="utf-8").startswith(line + "number:")


def test_what_a_declaration_cannot_hold_is_named_and_the_rest_is_exported(company: Company) -> None:
    company.store.seed(2, 1, start=1)
    rows = json.loads(company.run("customers", "list", "--raw").out)
    rows[0] |= {"accountReference": "a\x00b", "status": "Sleeping", "creditDaysPastDue": 99999}
    rows[0]["parentRecord"] = {"number": "1"}
    rows[0]["attributes"] = [{"id": "a\x1bb", "value": "x"}, {"id": "OK", "value": "y"}]
    company.sandbox.fault(kind="respond", status=200, body=json.dumps(rows), path="/v1/customer\\?")
    ended = company.run("export")
    assert ended.code == 0
    for path in ("accountReference", "status", "creditDaysPastDue", "parentRecordNumber", "attributes"):
        assert f"1: {path}" in ended.err
    assert "\x1b" not in ended.err
    found: dict[str, Any] = yaml.safe_load((company.folder / "customers" / "1.yaml").read_bytes())
    assert found["attributes"] == {"OK": "y"}
    assert company.run("validate").code == 0


def test_two_numbers_that_differ_in_case_only_are_refused_before_anything_is_written(company: Company) -> None:
    company.sandbox.switch(number_upper=False)
    company.store.seed(2, 1, start=1)
    company.store.renumber("1", "a1")
    company.store.renumber("2", "A1")
    ended = company.run("export")
    assert ended.code == 1
    assert "differ in case" in ended.err
    assert not (company.folder / "customers").exists()


def test_two_thousand_customers_plan_empty_at_once(company: Company) -> None:
    with open_store(company.sandbox.store.path) as store:
        store.seed(2000, 9, odd=True)
    folder = exported(company)
    assert len(files(folder)) == len(company.store.numbers()) > 2000


def test_what_a_clerk_changed_in_an_exported_company_is_accepted_line_by_line(company: Company) -> None:
    """Export, edit in the ERP, accept: the plan is empty, and only the accepted lines differ."""
    company.store.seed(200, 5, odd=True)
    assert company.run("export", "-o", "customers").code == 0
    files = sorted((company.folder / "customers").glob("*.yaml"))
    before = {path: path.read_text(encoding="utf-8").splitlines() for path in files}
    numbers = company.store.numbers()
    edited = [numbers[3], numbers[50], numbers[-1]]
    for number in edited:
        company.store.edit(number, {"creditLimit": "123.45", "mainContact.email": "new: #mail@example.com"})
    ended = company.run("accept")
    assert ended.code == 0, ended.out + ended.err
    assert company.undone() == {}
    changed = {path: path.read_text(encoding="utf-8").splitlines() for path in files}
    moved = [path for path in files if changed[path] != before[path]]
    assert len(moved) == len(edited)
    for path in moved:
        gone = [line for line in before[path] if line not in changed[path]]
        come = [line for line in changed[path] if line not in before[path]]
        assert {line.split(":")[0].strip() for line in gone + come} <= {"creditLimit", "email", "mainContact"}
        assert len(changed[path]) - len(before[path]) <= 2
