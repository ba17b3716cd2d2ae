"""`customers list` and `customers show`: exactly the customers that were asked for, in every format, made harmless."""

from __future__ import annotations

import csv
import io
import json
import operator
import re
from typing import Any

import pytest
import yaml

from tests.acceptance.conftest import Company, Ended

OPERATORS = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}
TIMES = {"modified": "lastModifiedDateTime", "created": "createdDateTime"}
FORMS = {"date": 10, "seconds": 19, "milliseconds": 23}
WORLDS: list[dict[str, Any]] = [
    {},
    {"greater_is_strict": False, "filter_t_form": False},
    {"timestamp_zone": "Z"},
    {"timestamp_zone": "offset", "zone_offset_minutes": 120, "greater_is_strict": False},
    {"zone_offset_minutes": -300},
    {"refused_filter": "ignore", "timestamp_digits": 6},
    {"refused_filter": "empty"},
]


@pytest.fixture
def seeded(company: Company) -> Company:
    """Sixty customers in pages of twenty."""
    company.store.seed(60, 11)
    company.sandbox.switch(page_size_max=20)
    return company


def listed(company: Company, *arguments: str) -> list[str]:
    """The numbers that a list shows, without a word on standard error but the count."""
    ended = company.run("--quiet", "customers", "list", "--format", "json", *arguments)
    assert ended.code == 0, ended.err
    assert ended.err == ""
    return [row["number"] for row in ended.json]


def wall(text: str) -> str:
    """A time as text that compares: without zone, to the millisecond and beyond."""
    bare = re.sub(r"(Z|[+-]\d\d:\d\d)$", "", text.replace("T", " "))
    return (
        (bare if len(bare) > 10 else f"{bare} 00:00:00").ljust(27, "0")
        if "." in bare
        else ((bare if len(bare) > 10 else f"{bare} 00:00:00") + ".").ljust(27, "0")
    )


def targets(company: Company) -> list[str]:
    """The lists that were asked for."""
    return [each["target"] for each in company.sandbox.requests if each["target"].startswith("/v1/customer?")]


@pytest.mark.parametrize("world", WORLDS, ids=[" ".join(map(str, each.values())) or "default" for each in WORLDS])
def test_every_operator_form_and_time_gives_exactly_the_right_customers(seeded: Company, world: dict[str, Any]) -> None:
    seeded.sandbox.switch(**world)
    everyone = seeded.run("customers", "list", "--format", "json").json
    assert len(everyone) == 60
    middle = sorted(everyone, key=lambda row: wall(row["lastModifiedDateTime"]))[30]
    for option, member in TIMES.items():
        for form, length in FORMS.items():
            limit = re.sub(r"(Z|[+-]\d\d:\d\d)$", "", middle[member].replace("T", " "))[:length]
            for condition, holds in OPERATORS.items():
                right = [row["number"] for row in everyone if holds(wall(row[member]), wall(limit))]
                assert listed(seeded, f"--{option}", f"{condition} {limit}") == right, (option, form, condition)
                assert 0 < len(right) < 60


def test_a_moment_that_a_customer_has_is_in_or_out_as_the_operator_says(seeded: Company) -> None:
    row = seeded.run("customers", "list", "--format", "json").json[7]
    for option, member in TIMES.items():
        limit = row[member].replace("T", " ")
        for condition, is_in in {">": False, ">=": True, "<": False, "<=": True}.items():
            for strict in (True, False):
                seeded.sandbox.switch(greater_is_strict=strict)
                assert (row["number"] in listed(seeded, f"--{option}", f"{condition}{limit}")) is is_in


@pytest.mark.parametrize(
    "written",
    [
        "2025-01-31T12:00:00",
        "2025-01-31T12:00:00.5",
        "2025-01-31T12:00:00Z",
        "2025-01-31 13:00:00.250+01:00",
        "2025-01-31Z",
        "2025-01-31+02:00",
    ],
)
def test_a_t_a_z_and_an_offset_are_converted_and_never_sent(seeded: Company, written: str) -> None:
    everyone = seeded.run("customers", "list", "--format", "json").json
    seeded.sandbox.runtime.requests.clear()
    ended = seeded.run("customers", "list", "--format", "json", "--modified", f">= {written}")
    assert ended.code == 0, ended.err
    utc = {"2025-01-31Z": "2025-01-31", "2025-01-31+02:00": "2025-01-30 22:00:00"}.get(written) or (
        "2025-01-31 12:00:00.25" if "+01" in written else written.rstrip("Z").replace("T", " ")
    )
    right = [row["number"] for row in everyone if wall(row["lastModifiedDateTime"]) >= wall(utc)]
    assert [row["number"] for row in ended.json] == right
    assert ("UTC" in ended.err) is ("Z" in written or "+" in written)
    for target in targets(seeded):
        sent = re.search(r"lastModifiedDateTime=([^&]*)", target)
        assert sent is not None
        assert re.fullmatch(r"2025-01-\d\d(%20\d\d%3A\d\d%3A\d\d(\.\d{3})?)?", sent[1]), target
        assert "lastModifiedDateTimeCondition=%3E%3D" in target


def test_a_zone_is_compared_with_the_rows_own_zone_mark(seeded: Company) -> None:
    seeded.sandbox.switch(timestamp_zone="offset", zone_offset_minutes=120)
    row = seeded.run("customers", "list", "--format", "json").json[3]
    shown = row["lastModifiedDateTime"]
    assert shown.endswith("+02:00")
    for condition, is_in in {">": False, ">=": True}.items():
        ended = seeded.run("customers", "list", "--format", "json", "--modified", f"{condition} {shown}")
        assert (row["number"] in [each["number"] for each in ended.json]) is is_in


def test_a_range_is_one_option(seeded: Company) -> None:
    everyone = seeded.run("customers", "list", "--format", "json").json
    right = [
        row["number"] for row in everyone if wall("2024-01-01") <= wall(row["createdDateTime"]) < wall("2025-01-01")
    ]
    assert listed(seeded, "--created", ">= 2024-01-01, < 2025-01-01") == right
    assert 0 < len(right) < 60


@pytest.mark.parametrize("contains", ["contains", "equals"])
@pytest.mark.parametrize("minds_case", [True, False])
def test_a_part_of_a_name_in_any_case_is_found_whatever_the_erp_does(
    seeded: Company, contains: str, minds_case: bool
) -> None:
    seeded.sandbox.switch(name_filter=contains, name_filter_case=minds_case)
    names = {number: seeded.store.customer(number)["name"] for number in seeded.store.numbers()}
    for part in ("AS", "bYGG", "ø", "no such name"):
        right = [number for number, name in names.items() if part.casefold() in name.casefold()]
        ended = seeded.run("customers", "list", "--format", "json", "--name", part)
        assert ended.code == 0, ended.err
        assert [row["number"] for row in ended.json] == right
        assert "Warning" not in ended.err


def test_each_text_filter_finds_the_one_customer(seeded: Company) -> None:
    for row in seeded.run("customers", "list", "--format", "json").json[:3]:
        for option, value in {
            "--corporate-id": row["corporateId"],
            "--email": row["mainContact"]["email"],
            "--phone": row["mainContact"]["phone1"],
        }.items():
            assert row["number"] in listed(seeded, option, value)
            assert len(listed(seeded, option, value, "--corporate-id", row["corporateId"])) == 1
        if "vatRegistrationId" in row:
            assert listed(seeded, "--vat-registration-id", row["vatRegistrationId"]) == [row["number"]]


@pytest.mark.parametrize(
    ("option", "path", "stored", "asked"),
    [
        ("--corporate-id", "corporateId", "556677-8899", "5566778899"),
        ("--corporate-id", "corporateId", "923456789", "923 456 789"),
        ("--corporate-id", "corporateId", "1234567-8", "12345678"),
        ("--vat-registration-id", "vatRegistrationId", "NO923456789MVA", "no 923 456 789 mva"),
        ("--vat-registration-id", "vatRegistrationId", "NL 1234.56.789.B01", "NL123456789B01"),
        ("--phone", "mainContact.phone1", "+47 22 33 44 55", "004722334455"),
    ],
)
def test_an_id_is_found_in_any_layout(company: Company, option: str, path: str, stored: str, asked: str) -> None:
    company.store.seed(2, 1, start=1)
    company.store.edit("2", {path: stored})
    assert listed(company, option, asked) == ["2"]
    company.run("export", "-o", str(company.folder / "out"), option, asked)
    assert [file.stem for file in (company.folder / "out").rglob("*.yaml")] == ["2"]


def test_an_id_without_letters_and_digits_is_nobodys(company: Company) -> None:
    company.store.seed(1, 1, start=1)
    company.store.edit("1", {"corporateId": "-"})
    ended = company.run("customers", "list", "--corporate-id", "-")
    assert ended.code == 64
    assert "neither a letter nor a digit" in ended.err


def test_status_class_and_attributes(seeded: Company) -> None:
    rows = seeded.run("customers", "list", "--format", "json").json

    def numbers(test: Any) -> list[str]:
        return [row["number"] for row in rows if test(row)]

    assert listed(seeded, "--status", "inactive") == numbers(lambda row: row["status"] == "Inactive")
    assert listed(seeded, "--class", "NL") == numbers(lambda row: row["customerClassId"] == "NL")
    north = numbers(lambda row: row.get("attributes", {}).get("REGION") == "NORTH")
    assert listed(seeded, "--attribute", "REGION=NORTH") == north
    either = numbers(lambda row: row.get("attributes", {}).get("REGION") in ("NORTH", "EAST"))
    assert listed(seeded, "--attribute", "REGION=NORTH,EAST") == either
    assert listed(seeded, "--attribute", "REGION=NORTH", "--attribute", "REGION=EAST") == either
    both = numbers(
        lambda row: row.get("attributes", {}).get("REGION") == "NORTH" and row["attributes"].get("SEGMENT") == "SMB"
    )
    assert listed(seeded, "--attribute", "REGION=NORTH", "--attribute", "segment=SMB") == both
    assert all((north, either, both))


def test_rows_that_do_not_satisfy_the_filter_are_dropped_with_one_warning_that_counts_them(seeded: Company) -> None:
    seeded.sandbox.switch(page_size_max=1000)
    rows = json.loads(seeded.run("customers", "list", "--raw").out)
    inactive = sum(row["status"] == "Inactive" for row in rows)
    seeded.sandbox.fault(kind="respond", status=200, body=json.dumps(rows), path="/v1/customer\\?")
    ended = seeded.run("customers", "list", "--format", "json", "--status", "Inactive")
    assert ended.code == 0
    assert len(ended.json) == inactive
    assert ended.err.count("Warning") == 1
    assert f"{60 - inactive} rows that do not satisfy the filter" in ended.err
    seeded.sandbox.fault(kind="respond", status=200, body=json.dumps(rows), path="/v1/customer\\?")
    ended = seeded.run("--quiet", "customers", "list", "--format", "json", "--modified", "< 2020-01-01")
    assert ended.json == []
    assert "60 rows" in ended.err


def test_a_class_that_does_not_exist_is_said_and_not_only_an_empty_list(seeded: Company) -> None:
    ended = seeded.run("customers", "list", "--class", "RETIAL")
    assert ended.code == 0
    assert "RETIAL" in ended.err
    assert "RETAIL" in ended.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["--modified", "2026-01-01"],
        ["--modified", "= 2026-01-01"],
        ["--modified", ">"],
        ["--modified", "> 2026-02-30"],
        ["--modified", "> 2026-1-1"],
        ["--modified", "> 31.01.2026"],
        ["--modified", "> 2026-01-01 12:00"],
        ["--modified", "> 2026-01-01 24:00:00"],
        ["--modified", "> 2026-01-01 12:00:00.1234"],
        ["--modified", "> 2026-01-01 12:00:00+25:00"],
        ["--created", ">= "],
        ["--created", ">= 2026-01-01,"],
        ["--created", "=> 2026-01-01"],
        ["--status", "Sleeping"],
        ["--status", ""],
        ["--name", " "],
        ["--email", ""],
        ["--class", ""],
        ["--attribute", "REGION"],
        ["--attribute", "=NORTH"],
        ["--attribute", "REGION="],
        ["--attribute", "REGION=A,,B"],
        ["--fields", ","],
        ["--fields", "mainAdress.city"],
        ["--fields", "mainAddress.city.x"],
        ["--fields", "overrideWithClassValues"],
        ["--fields", "name", "--raw"],
        ["--format", "xml"],
        ["surplus"],
    ],
    ids=" ".join,
)
def test_a_bad_argument_is_wrong_usage_before_anything_is_asked(seeded: Company, arguments: list[str]) -> None:
    ended = seeded.run("customers", "list", *arguments)
    assert ended.code == 64
    assert ended.out == ""
    assert ended.err.startswith("Error: ")
    assert seeded.sandbox.requests == []


def test_json_is_the_shape_of_declarations_with_what_only_the_erp_sets(company: Company) -> None:
    declared = {
        "number": "A/B 7",
        "name": "Å",
        "customerClassId": "NL",
        "vatZoneId": "03",
        "creditLimit": 12345678901234.5,
        "mainAddress": {"addressLine1": "X", "postalCode": "0101", "countryId": "NO"},
        "glAccounts": {"salesAccount": "3000", "salesSubaccount": [{"segmentId": 1, "segmentValue": "00"}]},
        "directDebitLines": [{"mandateId": "M1", "dateOfSignature": "2026-01-31", "maxAmount": 10.25}],
        "attributes": {"REGION": "NORTH"},
        "defaultPaymentMethod": {"paymentMethodId": "2"},
    }
    company.declare(json.dumps(declared))
    assert company.apply().code == 0
    ended = company.run("customers", "list", "--format", "json")
    (row,) = ended.json
    for name, value in declared.items():
        if isinstance(value, dict):
            assert value.items() <= row[name].items()
        elif not isinstance(value, list):
            assert row[name] == value
    assert row["directDebitLines"][0].items() >= declared["directDebitLines"][0].items()
    assert {"internalId", "lastModifiedDateTime", "createdDateTime"} <= row.keys()
    assert "12345678901234.5" in ended.out
    assert None not in row.values()
    assert yaml.safe_load(company.run("customers", "list", "--format", "yaml").out)[0]["number"] == "A/B 7"
    assert company.run("customers", "show", "A/B 7", "--format", "json").json[0]["glAccounts"] == row["glAccounts"]


def test_an_empty_list_is_empty_in_every_format(company: Company) -> None:
    assert company.run("customers", "list", "--format", "json").json == []
    assert yaml.safe_load(company.run("customers", "list", "--format", "yaml").out) == []
    assert company.run("customers", "list", "--raw").json == []
    assert len(company.run("customers", "list", "--format", "csv").out.splitlines()) == 1
    assert company.run("customers", "list").out.startswith("NUMBER")


def test_raw_is_the_apis_own_rows_with_all_that_can_be_expanded(seeded: Company) -> None:
    rows = seeded.run("customers", "list", "--raw").json
    assert len(rows) == 60
    assert {"metadata", "timeStamp", "paymentMethods", "glAccounts", "directDebitLines"} <= rows[0].keys()
    assert rows[0]["mainAddress"]["country"]["id"]
    assert seeded.run("customers", "show", rows[0]["number"], "--raw").json[0]["number"] == rows[0]["number"]


def test_yaml_is_what_json_is(seeded: Company) -> None:
    seeded.store.seed(0, 1, odd=True)
    rows = seeded.run("customers", "list", "--format", "json").json
    assert yaml.safe_load(seeded.run("customers", "list", "--format", "yaml").out) == rows


def test_fields_choose_members_and_columns(seeded: Company) -> None:
    words = "number,mainAddress.city,attributes.REGION,internalId"
    row = seeded.run("customers", "list", "--format", "json", "--fields", words).json[0]
    assert row.keys() <= {"number", "mainAddress", "attributes", "internalId"}
    assert row["mainAddress"].keys() == {"city"}
    lines = seeded.run("customers", "list", "--format", "csv", "--fields", words).out.split("\r\n")
    assert lines[0] == "\ufeff" + words.replace(",", ";")
    assert len(lines) == 62
    table = seeded.run("customers", "list", "--fields", "number,note").out.splitlines()
    assert table[0].split() == ["NUMBER", "NOTE"]
    assert any("Calls before delivery" in line for line in table)


def _read_csv(text: str) -> list[dict[str, str]]:
    """As a Nordic Excel reads it."""
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=";"))


def test_csv_reads_back_and_no_cell_is_a_formula(company: Company) -> None:
    hostile = ["=1+1", "+4799999999", "-2", "@SUM(A1)", 'say "x", y', "two\nlines", "plain; text"]
    company.declare(json.dumps([{"number": str(at), "name": f"Shop {at}"} for at in range(1, 1 + len(hostile))]))
    assert company.apply().code == 0
    for at, name in enumerate(hostile, 1):
        company.store.edit(str(at), {"name": name})
    company.store.edit("1", {"creditLimit": "-5.50", "mainContact.phone1": "+4712345678"})
    ended = company.run("customers", "list", "--format", "csv")
    rows = _read_csv(ended.out)
    assert [row["name"] for row in rows] == [
        "'=1+1", "'+4799999999", "'-2", "'@SUM(A1)", 'say "x", y', "two\nlines", "plain; text",
    ]  # fmt: skip
    assert rows[0]["mainContact.phone1"] == "'+4712345678"
    assert rows[0]["creditLimit"] == "-5,5"
    assert all(not cell.startswith(("=", "+", "@")) for row in rows for cell in row.values())
    assert ended.out.count("\r\n") == 8


def test_attributes_that_no_class_has_are_in_csv_all_the_same(company: Company) -> None:
    company.sandbox.switch(page_size_max=1)
    company.declare("[{number: 1, name: A, attributes: {REGION: NORTH}}, {number: 2, name: B, attributes: {ODD: x}}]")
    assert company.apply().code == 0
    first, second = _read_csv(company.run("customers", "list", "--format", "csv").out)
    assert (first["attributes.REGION"], first["otherAttributes"]) == ("NORTH", "")
    assert json.loads(second["otherAttributes"]) == {"ODD": "x"}


HOSTILE = "\x1b]0;owned\x07\x1b[31m\u202egnp\u200b\x9b2J"


def inert(ended: Ended) -> None:
    """Nothing in the output can steer a terminal."""
    assert ended.code == 0, ended.err
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202e\u200b]", ended.out + ended.err)


def test_hostile_texts_are_inert_in_every_format(company: Company) -> None:
    company.store.seed(2, 1, start=1)
    rows = json.loads(company.run("customers", "list", "--raw").out)
    rows[0]["name"] = HOSTILE
    rows[0]["attributes"] = [{"id": HOSTILE, "value": "=x"}]
    body = json.dumps(rows)
    for arguments in (
        ["--format", "table"],
        ["--format", "json"],
        ["--format", "yaml"],
        ["--format", "csv"],
        ["--raw"],
    ):
        company.sandbox.fault(kind="respond", status=200, body=body, path="/v1/customer\\?")
        inert(company.run("customers", "list", *arguments))
    for arguments in ([], ["--format", "yaml"], ["--raw"]):
        company.sandbox.fault(kind="respond", status=200, body=json.dumps(rows[0]), path="/v1/customer/1$")
        inert(company.run("customers", "show", "1", *arguments))


def test_a_table_fits_a_terminal_and_is_never_cut_elsewhere(seeded: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    wide = seeded.run("customers", "list").out
    assert "…" not in wide
    monkeypatch.setenv("COLUMNS", "60")
    narrow = seeded.run("customers", "list").out.splitlines()
    assert len(narrow) == 61
    assert max(map(len, narrow)) <= 60


def test_a_list_whose_pages_overlap_is_shown_whole_and_once(seeded: Company) -> None:
    seeded.sandbox.switch(page_shift=-1)
    ended = seeded.run("customers", "list", "--format", "json")
    assert ended.code == 0
    assert sorted(row["number"] for row in ended.json) == sorted(seeded.store.numbers())


def test_a_list_that_changes_while_it_is_read_is_said(seeded: Company) -> None:
    seeded.sandbox.fault(kind="vanish", number="10001", path="pageNumber=2", when="before")
    ended = seeded.run("customers", "list", "--format", "json")
    assert ended.code == 0
    assert len(ended.json) == len({row["number"] for row in ended.json})
    assert "changed while it was read" in ended.err


def test_show_has_the_note_and_the_sales_persons(company: Company) -> None:
    company.declare("{number: 7, name: A, note: Beware, salesPersons: [{salesPersonID: 2, commissionPct: 1.5}]}")
    assert company.apply().code == 0
    (row,) = company.run("customers", "show", "7", "--format", "json").json
    assert row["note"] == "Beware"
    assert row["salesPersons"] == [
        {"salesPersonID": "2", "locationID": "Main", "commissionPct": 1.5, "isDefault": False}
    ]
    text = company.run("customers", "show", "7").out
    assert re.search(r"^note +Beware$", text, re.MULTILINE)
    assert "salesPersonID: 2" in text


def test_an_odd_number_can_be_shown(company: Company) -> None:
    company.store.seed(0, 1, odd=True)
    for number in ("A/B 7", "ÅÆ#1", "..", "50%", "BALANCE", "B64(X)", "-1"):
        arguments = ["customers", "show", "--format", "json", "--", number]
        (row,) = company.run(*arguments).json
        assert row["number"] == number


def test_an_unknown_number_is_an_error_that_names_it(company: Company) -> None:
    ended = company.run("customers", "show", "NOSUCH")
    assert ended.code == 1
    assert "There is no customer 'NOSUCH'" in ended.err
    assert ended.out == ""
    assert company.run("customers", "show", " ").code == 64
