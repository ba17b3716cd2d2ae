"""Declarations: what the text means, what is refused, and where each value was written."""

from __future__ import annotations

import json
import re
import time
import unicodedata
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml as pyyaml

from reconciler.config.read.declarations import Loaded, load_declarations
from reconciler.core.codes import CODES
from reconciler.core.desired import Desired, Lifecycle
from reconciler.core.diagnostics import Severity

if TYPE_CHECKING:
    from tests.unit.config.conftest import Load

CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
DATA = Path(__file__).parents[2] / "data"


def one(loaded: Loaded) -> Desired:
    assert loaded.diagnostics == ()
    (desired,) = loaded.desired
    return desired


def codes(loaded: Loaded) -> list[str]:
    return [each.code for each in loaded.diagnostics]


def places(loaded: Loaded) -> list[str]:
    return [f"{each.source} {each.code}" for each in loaded.diagnostics]


# -- scalars mean what they look like


@pytest.mark.parametrize("quote", ["", "'", '"'])
@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("mainAddress.countryId", "NO"),
        ("mainAddress.postalCode", "0101"),
        ("name", "2025-01-14"),
        ("mainContact.phone1", "+4712345678"),
        ("name", "1_000"),
        ("mainAddress.addressLine1", "12:30:45"),
        ("name", "yes"),
        ("name", "true"),
        ("name", "1e3"),
        ("name", "0x1F"),
        ("name", "0o17"),
        ("name", ".inf"),
        ("name", "NaN"),
        ("name", "1.0"),
        ("name", "10000"),
        ("name", "Null"),
        ("name", "NULL"),
        ("name", "="),
        ("name", "2025-01-14T10:00:00Z"),
        ("corporateId", "00987654321"),
        ("vatRegistrationId", "NO 987 654 321 MVA"),
    ],
)
def test_a_text_field_holds_the_text_that_was_typed(load: Load, path: str, text: str, quote: str) -> None:
    group, _, member = path.rpartition(".")
    line = f"{group}: {{{member}: {quote}{text}{quote}}}" if group else f"{member}: {quote}{text}{quote}"
    values = one(load(f"number: 1\n{line}\n")).values
    found = values[group][member] if group else values[member]
    assert found == text


@pytest.mark.parametrize("written", ["10000", "'10000'", '"10000"', "' 10000 '"])
def test_a_number_is_text_however_it_is_written(load: Load, written: str) -> None:
    assert one(load(f"number: {written}")).number == "10000"


def test_a_number_keeps_its_leading_zeros(load: Load) -> None:
    assert one(load("number: 00017")).number == "00017"


@pytest.mark.parametrize("text", ["19.99", "0.1", "-5", "0", "0.30", "12345678901234567890.12345678"])
def test_an_amount_is_exactly_what_was_typed(load: Load, text: str) -> None:
    found = one(load(f"number: 1\ncreditLimit: {text}\nlifecycle: {{as_typed: [creditLimit]}}")).values["creditLimit"]
    assert type(found) is Decimal
    assert found == Decimal(text)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("1e3", "decimal point"),
        ("1_000", "1000"),
        ("007", "7;"),
        ("+5", "5."),
        (".5", "0.5"),
        ("5.", "5."),
        ("12,50", "12.50"),
        (".inf", "decimal point"),
        ("0x1F", "decimal point"),
        ("'19.99'", "without quotes: 19.99"),
        ("9" * 5000, "28 digits"),
        ("yes", "decimal point"),
        ("[1]", "one value"),
        ("~", "Write 0"),
        ("", "Write 0"),
    ],
)
def test_what_is_no_plain_number_is_refused_with_a_remedy(load: Load, text: str, hint: str) -> None:
    (found,) = load(f"number: 1\ncreditLimit: {text}").diagnostics
    assert found.code in ("D302", "D304")
    assert hint in found.remedy
    assert len(found.summary) < 160


@pytest.mark.parametrize("text", ["true", "True", "TRUE", "false", "False", "FALSE"])
def test_a_boolean_is_plain_true_or_false(load: Load, text: str) -> None:
    assert one(load(f"number: 1\nprintInvoices: {text}")).values["printInvoices"] is (text.lower() == "true")


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("yes", "Write true."),
        ("off", "Write false."),
        ("nei", "Write false."),
        ("1", "Write true."),
        ("'true'", "Write it without quotes: true."),
        ("tRUE", "Write true."),
        ("maybe", "Write true or false."),
    ],
)
def test_any_other_word_for_a_boolean_is_refused_with_a_remedy(load: Load, text: str, remedy: str) -> None:
    (found,) = load(f"number: 1\nprintInvoices: {text}").diagnostics
    assert (found.code, found.remedy) == ("D302", remedy)


def test_whole_numbers_keep_their_bounds(load: Load) -> None:
    meant = "lifecycle: {as_typed: [creditDaysPastDue]}"
    assert one(load(f"number: 1\ncreditDaysPastDue: -32768\n{meant}")).values["creditDaysPastDue"] == -32768
    assert codes(load("number: 1\ncreditDaysPastDue: 32768")) == ["D306"]
    assert codes(load("number: 1\ncreditDaysPastDue: 5.0")) == ["D302"]


@pytest.mark.parametrize("text", ["null", "~", "", "''", '""'])
def test_null_and_the_empty_text_clear_a_field(load: Load, text: str) -> None:
    assert one(load(f"number: 1\ngln: {text}")).values == {"gln": None}


def test_quoted_null_is_text(load: Load) -> None:
    assert one(load("number: 1\ngln: 'null'")).values == {"gln": "null"}


@pytest.mark.parametrize(
    "line", ["name: ~", "name: ''", "name: '  '", "status:", "creditLimit: null", "printInvoices: ~"]
)
def test_what_cannot_be_cleared_cannot_be_null_or_empty(load: Load, line: str) -> None:
    (found,) = load(f"number: 1\n{line}").diagnostics
    assert found.code in ("D304", "D303")
    assert found.remedy


@pytest.mark.parametrize("text", ["", " ~", " null"])
def test_a_group_with_nothing_under_it_does_not_wipe_the_group(load: Load, text: str) -> None:
    (found,) = load(f"number: 1\nmainContact:{text}\n").diagnostics
    assert found.code == "D304"
    assert found.remedy == "Name the members to clear, or remove the line."


@pytest.mark.parametrize("text", ["2026-01-31", "2026-01-31T13:00:00", "2026-01-31 13:00", "2026-01-31T13:00:00.5Z"])
def test_dates_are_read_as_dates(load: Load, text: str) -> None:
    assert codes(load(f"number: 1\ndirectDebitLines: [{{mandateId: A, expirationDate: '{text}'}}]")) == []


@pytest.mark.parametrize("text", ["2026-02-30", "31.01.2026", "2026-1-1", "20260131", "2026-01-31T25:00", "soon"])
def test_what_is_no_date_is_refused(load: Load, text: str) -> None:
    assert codes(load(f"number: 1\ndirectDebitLines: [{{mandateId: A, expirationDate: {text}}}]")) == ["D308"]


# -- shapes of a file


def test_a_file_is_one_customer_or_a_list_or_a_mapping_with_customers(load: Load) -> None:
    loaded = load(
        "number: 1",
        "- number: 2\n- number: 3",
        "customers:\n- number: 4\ndefaults: {gln: '5'}",
        "number: 6\n---\n- number: 7",
    )
    assert loaded.diagnostics == ()
    assert [each.number for each in loaded.desired] == ["1", "2", "3", "4", "6", "7"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("just text", "D315"),
        ("- text", "D315"),
        ("- - number: 1", "D315"),
        ("customers: {number: 1}", "D315"),
        ("customers:", "D315"),
        ("defaults: {gln: '1'}", "D307"),
        ("defaults: x\ncustomers: [{number: 1}]", "D315"),
        ("customers: [{number: 1}]\nextra: 1", "D301"),
        ("name: x", "I401"),
        ("{}", "I401"),
    ],
)
def test_any_other_shape_is_refused(load: Load, text: str, code: str) -> None:
    assert code in codes(load(text))


@pytest.mark.parametrize("texts", [(), ("# nothing\n",), ("[]",), ("customers: []",), ("", "---\n")])
def test_no_declaration_at_all_is_an_error(load: Load, texts: tuple[str, ...]) -> None:
    assert "S120" in codes(load(*texts))


def test_an_empty_file_beside_others_only_warns(load: Load) -> None:
    loaded = load("number: 1", "# later\n")
    assert [(each.code, each.severity) for each in loaded.diagnostics] == [("Y214", Severity.WARNING)]


def test_a_file_that_cannot_be_read_is_a_diagnostic(load: Load, tmp_path: Path) -> None:
    loaded = load_declarations([tmp_path / "none.yaml", tmp_path], root=tmp_path, environ={})
    assert codes(loaded) == ["Y215", "Y215"]


# -- defaults


def test_defaults_merge_member_by_member_and_the_declaration_wins(load: Load) -> None:
    loaded = load(
        "defaults:\n  currencyId: SEK\n  mainAddress: {countryId: SE}\ncustomers:\n"
        "- number: 1\n  mainAddress: {city: Malmö}\n"
        "- number: 2\n  currencyId: ~\n  mainAddress: {countryId: DK}\n",
        defaults="{customerClassId: '1', currencyId: NOK, mainAddress: {countryId: NO, county: '03'},"
        " attributes: {A: a, B: b}}",
    )
    assert loaded.diagnostics == ()
    first, second = (each.values for each in loaded.desired)
    shared = {"customerClassId": "1", "attributes": {"A": "a", "B": "b"}}
    assert first == shared | {
        "currencyId": "SEK",
        "mainAddress": {"city": "Malmö", "countryId": "SE", "county": "03"},
    }
    assert second == shared | {"currencyId": None, "mainAddress": {"countryId": "DK", "county": "03"}}


def test_attributes_merge_by_id_and_lists_are_replaced(load: Load) -> None:
    desired = one(
        load(
            "number: 1\nattributes: {B: x}\nsalesPersons: [{salesPersonID: 7}]\n"
            "glAccounts: {salesSubaccount: [{segmentId: 2, segmentValue: '9'}]}",
            defaults="{attributes: {A: a, B: b}, salesPersons: [{salesPersonID: 1}, {salesPersonID: 2}],"
            " glAccounts: {salesAccount: 3000, salesSubaccount: [{segmentId: 1, segmentValue: '1'}]}}",
        )
    )
    assert desired.values["attributes"] == {"A": "a", "B": "x"}
    assert list(desired.values["salesPersons"]) == ["7/Main"]
    assert desired.values["glAccounts"] == {"salesAccount": "3000", "salesSubaccount": {"2": "9"}}


def test_customers_do_not_share_what_comes_from_defaults(load: Load) -> None:
    loaded = load(
        "- number: 1\n- number: 2", defaults="{mainAddress: {city: Oslo}, salesPersons: [{salesPersonID: 1}]}"
    )
    one_, two = (each.values for each in loaded.desired)
    one_["mainAddress"]["city"] = "Bergen"
    one_["salesPersons"]["1/Main"]["isDefault"] = True
    assert two["mainAddress"] == {"city": "Oslo"}
    assert two["salesPersons"] == {"1/Main": {"salesPersonID": "1", "locationID": "Main"}}


@pytest.mark.parametrize("name", ["number", "ref"])
def test_defaults_cannot_hold_what_is_one_customers_own(load: Load, name: str) -> None:
    assert codes(load("number: 1", defaults=f"{{{name}: x}}")) == ["I405"]
    assert codes(load(f"defaults: {{{name}: x}}\ncustomers: [{{number: 1}}]")) == ["I405"]


def test_an_error_in_defaults_is_reported_once(load: Load) -> None:
    loaded = load("".join(f"- number: {n}\n" for n in range(50)), defaults="{currencyId: [], gln: '1'}")
    assert places(loaded) == ["reconciler.yaml:1:14 D302"]


# -- lines, segments, attributes


def test_lines_are_kept_by_their_key(load: Load) -> None:
    desired = one(
        load(
            "number: 1\nsalesPersons:\n- {salesPersonID: ' 7 ', commissionPct: 2.50}\n"
            "- {salesPersonID: 7, locationID: Oslo}\n"
            "directDebitLines: [{mandateId: M1, maxAmount: ~}]"
        )
    )
    assert desired.values["salesPersons"] == {
        "7/Main": {"salesPersonID": "7", "commissionPct": Decimal("2.50"), "locationID": "Main"},
        "7/Oslo": {"salesPersonID": "7", "locationID": "Oslo"},
    }
    assert desired.values["directDebitLines"] == {"M1": {"mandateId": "M1", "maxAmount": None}}
    assert desired.complete == frozenset()


def test_complete_says_that_no_other_lines_are_wanted(load: Load) -> None:
    desired = one(
        load("number: 1\nsalesPersons: {complete: true, lines: []}\ndirectDebitLines: {lines: [{mandateId: A}]}")
    )
    assert desired.complete == {"salesPersons"}
    assert desired.values == {"salesPersons": {}, "directDebitLines": {"A": {"mandateId": "A"}}}


def test_a_list_in_a_declaration_replaces_complete_of_the_defaults_and_lines_take_it_over(load: Load) -> None:
    defaults = "{salesPersons: {complete: true, lines: [{salesPersonID: 1}]}}"
    assert one(load("number: 1\nsalesPersons: [{salesPersonID: 2}]", defaults=defaults)).complete == frozenset()
    assert one(load("number: 1\nsalesPersons: {lines: [{salesPersonID: 2}]}", defaults=defaults)).complete == {
        "salesPersons"
    }
    assert one(load("number: 1", defaults=defaults)).complete == {"salesPersons"}


def test_an_empty_list_of_lines_warns_that_it_declares_nothing(load: Load) -> None:
    loaded = load("number: 1\nsalesPersons: []")
    assert [(each.code, each.severity) for each in loaded.diagnostics] == [("D316", Severity.WARNING)]


@pytest.mark.parametrize(
    "text",
    [
        "salesPersons:\n- {salesPersonID: 7}\n- {salesPersonID: '7', locationID: Main}",
        "directDebitLines:\n- {mandateId: A}\n- {mandateId: ' A '}",
        "glAccounts: {salesSubaccount: [\n{segmentId: 1, segmentValue: a},\n{segmentId: 1, segmentValue: b}]}",
    ],
)
def test_two_lines_with_one_key_are_an_error_that_names_both(load: Load, text: str) -> None:
    (found,) = load(f"number: 1\n{text}").diagnostics
    assert found.code == "D313"
    assert "a.yaml:3:" in found.summary
    assert found.source
    assert found.source.line == 4


def test_segments_are_kept_by_their_id(load: Load) -> None:
    desired = one(load("number: 1\nglAccounts: {salesSubaccount: [{segmentId: 1, segmentValue: 010}]}"))
    assert desired.values == {"glAccounts": {"salesSubaccount": {"1": "010"}}}


def test_attributes_are_texts_by_id_whatever_they_look_like(load: Load) -> None:
    desired = one(load("number: 1\nattributes: {NO: yes, 1: 0101, A.B: ~, x: ''}"))
    assert desired.values["attributes"] == {"NO": "yes", "1": "0101", "A.B": None, "X": None}


# -- identity, match and lifecycle


def test_two_declarations_of_one_customer_are_an_error_that_names_both_places(load: Load) -> None:
    loaded = load("number: a-1\nname: x", "- number: 2\n- number: ' A-1'\n")
    (found,) = loaded.diagnostics
    assert (found.code, str(found.source)) == ("I402", "b.yaml:2:11")
    assert "a.yaml:1:9" in found.summary


def test_two_declarations_of_one_ref_are_an_error(load: Load) -> None:
    loaded = load("ref: x\ncorporateId: 1", "ref: x\ncorporateId: 2")
    assert codes(loaded) == ["I402"]


def test_a_declaration_with_errors_still_counts_as_a_duplicate(load: Load) -> None:
    assert codes(load("- {number: 1, gln: []}\n- {number: 1}")) == ["D302", "I402"]


def test_without_a_number_one_of_the_match_fields_must_have_a_value(load: Load) -> None:
    assert codes(load("ref: x\nname: y")) == ["I403"]
    assert codes(load("ref: x\ncorporateId: ''")) == ["I403"]
    assert codes(load("ref: x\ncorporateId: 1\nmatch: [gln]")) == ["I403"]
    assert one(load("ref: x\nmatch: [name]\nname: y")).match == ("name",)
    assert one(load("ref: x", defaults="{vatRegistrationId: '1'}")).ref == "x"


def test_match_takes_fields_that_every_list_row_shows(load: Load) -> None:
    for name in ("note", "mainAddress", "creditLimit", "number", "nonsense"):
        assert codes(load(f"number: 1\nmatch: [{name}]")) == ["D303"]


def test_a_customer_cannot_be_its_own_parent(load: Load) -> None:
    loaded = load("number: a1\nparentRecordNumber: ' A1'")
    assert places(loaded) == ["a.yaml:2:21 I404"]


def test_lifecycle_is_read_and_merged(load: Load) -> None:
    desired = one(
        load(
            "number: 1\nlifecycle: {ignore_changes: [mainContact, '*.fax', attributes.X, salesPersons.*.isDefault]}",
            defaults="{lifecycle: {ignore_changes: [gln], create_only: [name], prevent_update: true}}",
        )
    )
    assert desired.lifecycle == Lifecycle(
        ("mainContact", "*.fax", "attributes.X", "salesPersons.*.isDefault"), ("name",), prevent_update=True
    )


@pytest.mark.parametrize("path", ["fax", "mainContact.faks", "mainContact.fax.x", "", "name.*", "attributes."])
def test_a_lifecycle_path_must_name_a_field(load: Load, path: str) -> None:
    loaded = load(f"number: 1\nlifecycle: {{create_only: ['{path}']}}")
    assert places(loaded) == ["a.yaml:2:27 D314"]


# -- interpolation


def test_variables_are_put_into_texts_and_typed_by_the_field(load: Load) -> None:
    desired = one(
        load(
            "number: ${env:N}\nname: The ${env:NAME:-x} of ${env:MISSING:-nowhere}\ngln: $${env:N}\n"
            "creditLimit: ${env:LIMIT}\nprintInvoices: ${env:FLAG}\ncorporateId: '${env:NULL}'\n"
            "vatRegistrationId: ${env:NULL}",
            environ={"N": "0017", "NAME": "a: [b]", "LIMIT": "19.90", "FLAG": "true", "NULL": "null"},
        )
    )
    assert desired.number == "0017"
    assert desired.values == {
        "name": "The a: [b] of nowhere",
        "gln": "${env:N}",
        "creditLimit": Decimal("19.90"),
        "printInvoices": True,
        "corporateId": "null",
        "vatRegistrationId": "null",
    }


def test_an_inserted_value_is_data_and_never_read_again(load: Load) -> None:
    tricky = "x\nstatus: Inactive # ${env:OTHER} !!str *a {b: c}"
    desired = one(load("number: 1\nnote: ${env:V}", environ={"V": tricky, "OTHER": "no"}))
    assert desired.values == {"note": tricky}


def test_an_unset_variable_is_an_error_at_its_place_also_below_other_errors(load: Load) -> None:
    loaded = load("number: 1\ngln: ${env:NOPE}\ncreditLimit: x\nname: ${env:EMPTY}", environ={"EMPTY": ""})
    assert places(loaded) == ["a.yaml:2:6 D311", "a.yaml:3:14 D302", "a.yaml:4:7 D311"]


def test_a_credential_is_never_put_into_a_declaration(load: Load) -> None:
    secret = "s3cr3t-value"
    loaded = load("number: 1\nname: ${env:VISMA_CLIENT_SECRET}", environ={"VISMA_CLIENT_SECRET": secret})
    assert codes(loaded) == ["D312"]
    assert secret not in repr(loaded)


# -- places


def test_each_value_is_located_where_it_was_written(load: Load) -> None:
    text = (
        "- &base\n  number: 1\n  name: N\n  mainAddress: &addr\n    city: Oslo\n    countryId: NO\n"
        "  attributes: {A: x}\n  salesPersons:\n  - salesPersonID: 7\n    isDefault: true\n"
        "- number: 2\n  mainAddress: *addr\n  invoiceAddress:\n    <<: *addr\n    city: Bergen\n"
    )
    loaded = load(text, defaults="\n\ncurrencyId: NOK\n")
    assert loaded.diagnostics == ()
    first, second = loaded.desired

    def where(desired: Desired, *path: str) -> str:
        return str(desired.locate(path))

    assert str(first.source) == "a.yaml:2:3"
    assert where(first, "name") == "a.yaml:3:9"
    assert where(first, "mainAddress", "countryId") == "a.yaml:6:16"
    assert where(first, "attributes", "A") == "a.yaml:7:19"
    assert where(first, "salesPersons") == "a.yaml:9:3"
    assert where(first, "salesPersons", "7/Main") == "a.yaml:9:5"
    assert where(first, "salesPersons", "7/Main", "isDefault") == "a.yaml:10:16"
    assert where(first, "salesPersons", "7/Main", "locationID") == "a.yaml:9:5"
    assert where(first, "salesPersons", "gone/Main") == "a.yaml:9:3"
    assert where(first, "currencyId") == "reconciler.yaml:3:13"
    assert where(first, "nothing") == "a.yaml:2:3"
    assert where(second, "mainAddress", "city") == "a.yaml:5:11"
    assert where(second, "invoiceAddress", "city") == "a.yaml:15:11"
    assert where(second, "invoiceAddress", "countryId") == "a.yaml:6:16"
    assert where(second, "currencyId") == "reconciler.yaml:3:13"


def test_ten_mistakes_in_one_file_are_ten_located_diagnostics_in_one_run(load: Load) -> None:
    text = (
        "number: 1\n"
        "nmae: x\n"
        "status: active\n"
        "creditLimit: '5'\n"
        "printInvoices: yes\n"
        "name:\n"
        "customerClassId: 12345678901\n"
        "numberOfEmployees: 3000000000\n"
        "gln: !!str 5\n"
        "currencyId: *nope\n"
        "gln: 6\n"
    )
    assert places(load(text)) == [
        "a.yaml:2:1 D301",
        "a.yaml:3:9 D303",
        "a.yaml:4:14 D302",
        "a.yaml:5:16 D302",
        "a.yaml:6:6 D304",
        "a.yaml:7:18 D305",
        "a.yaml:8:20 D306",
        "a.yaml:9:6 Y203",
        "a.yaml:10:13 Y204",
        "a.yaml:11:1 Y202",
    ]


def test_mistakes_that_the_schema_cannot_see_are_reported_beside_the_others(load: Load) -> None:
    text = "number: 1\nname: ' '\nstatus: x\nsalesPersons: [{salesPersonID: 1}, {salesPersonID: 1}]\nnope: 1"
    assert places(load(text)) == ["a.yaml:2:7 D304", "a.yaml:3:9 D303", "a.yaml:4:36 D313", "a.yaml:5:1 D301"]


def test_an_undefined_alias_for_the_number_is_reported_once(load: Load) -> None:
    assert codes(load("number: *nope\nname: x")) == ["Y204"]


def test_messages_are_short_whatever_the_value_and_show_no_control_characters(load: Load) -> None:
    long = "x" * 100_000
    loaded = load(
        f'number: 1\nstatus: {long}\ncreditLimit: "\\e[31m{long}"\n{long[:1000]}: 1\ncountryId: ~\n? "a\\tb"\n: 1'
    )
    assert len(loaded.diagnostics) == 6
    for each in loaded.diagnostics:
        assert len(each.summary) < 200
        assert len(each.remedy) < 2000
        assert (each.summary + each.remedy).isprintable()


def test_every_code_is_documented() -> None:
    for file in (Path(__file__).parents[3] / "reconciler").rglob("*.py"):
        if file.parent.name == "config" or file.name == "config/settings.py":
            for code in re.findall(r'"([SYDI][0-9]{3})"', file.read_text(encoding="utf-8")):
                assert code in CODES, code


# -- digest


def test_the_digest_covers_what_is_declared_and_not_how(load: Load) -> None:
    one_ = load("- number: 1\n  name: A\n  creditLimit: 5\n- number: 2 # two\n  gln: '7'").digest
    assert load("number: '2'\ngln: 7", "{name: 'A', number: \"1\", creditLimit: 5.00}").digest == one_
    assert load("customers: [{number: 2, gln: 7}, {number: 1, name: A}]", defaults="{}").digest != one_
    assert one_.startswith("sha256:")


@pytest.mark.parametrize(
    "change",
    [
        "name: B",
        "name: A\ngln: ~",
        "name: A\nlifecycle: {prevent_update: true}",
        "name: A\nref: x",
        "name: A\nmatch: [gln]",
    ],
)
def test_the_digest_changes_with_the_meaning(load: Load, change: str) -> None:
    assert load(f"number: 1\n{change}").digest != load("number: 1\nname: A").digest


def test_the_digest_tells_a_text_from_an_amount(load: Load) -> None:
    one_, two = load("number: 1\nattributes: {A: '5'}").digest, load("number: 1\nattributes: {A: '6'}").digest
    assert one_ != two


# -- odd input


def _naughty() -> list[str]:
    found: list[str] = json.loads((DATA / "naughty-strings.json").read_text(encoding="utf-8"))
    return [each for each in found if each.strip()]


def test_naughty_strings_survive_as_names(load: Load) -> None:
    names = [each for each in _naughty() if not CONTROL.search(each) and not re.search("[\n\r\u2028\u2029]", each)]
    assert len(names) > 450
    meant = {"as_typed": ["name"]}  # some hold characters that nobody sees
    declared = [{"number": str(n), "name": name, "lifecycle": meant} for n, name in enumerate(names)]
    text = pyyaml.safe_dump(declared).replace("${", "$${")
    loaded = load(text)
    assert {each.code for each in loaded.diagnostics} == {"D319"}
    wanted = [unicodedata.normalize("NFC", each.replace("$${", "${").strip()) for each in names]
    assert [each.values["name"] for each in loaded.desired] == wanted


def test_names_with_control_characters_are_refused(load: Load) -> None:
    bad = [each for each in _naughty() if CONTROL.search(each)]
    assert bad
    for name in bad:
        assert "Y211" in codes(load(pyyaml.safe_dump({"number": "1", "name": name})))


def test_ten_thousand_declarations_load_in_seconds(load: Load) -> None:
    """A bound against accidental quadratic work, far above what it takes (about 2 s)."""
    text = "".join(
        f"- number: {n}\n  name: Customer {n}\n"
        f"  mainAddress: {{addressLine1: Road {n}, postalCode: 0101, city: Oslo}}\n"
        for n in range(10_000)
    )
    started = time.process_time()
    loaded = load(text, defaults="{customerClassId: '1', currencyId: NOK}")
    assert time.process_time() - started < 20
    assert len(loaded.desired) == 10_000
    assert str(loaded.desired[-1].locate(("mainAddress", "city"))).startswith("a.yaml:30000:")


# -- attribute ids


def test_attribute_ids_are_the_same_in_any_case_and_their_place_and_spelling_stay_known(load: Load) -> None:
    found = one(load("number: 1\nattributes:\n  region: N\n  ' Vip ': '1'\n  PLAIN: x\n"))
    assert found.values == {"attributes": {"REGION": "N", "VIP": "1", "PLAIN": "x"}}
    assert found.spelled == {("attributes", "REGION"): "region", ("attributes", "VIP"): "Vip"}
    assert found.locate(("attributes", "VIP")).line == 4


def test_defaults_give_way_to_the_same_id_in_another_case(load: Load) -> None:
    text = "defaults: {attributes: {region: N, vip: '1'}}\ncustomers: [{number: 1, attributes: {Region: S}}]\n"
    found = one(load(text))
    assert found.values == {"attributes": {"REGION": "S", "VIP": "1"}}
    assert found.spelled == {("attributes", "REGION"): "Region", ("attributes", "VIP"): "vip"}


def test_two_ids_that_differ_in_case_alone_are_an_error_that_names_both_places(load: Load) -> None:
    loaded = load("number: 1\nattributes:\n  REGION: N\n  region: S\n  ' ': x\n")
    assert places(loaded) == ["a.yaml:4:3 D317", "a.yaml:5:3 D305"]
    assert "a.yaml:3:3" in loaded.diagnostics[0].summary


# -- very many problems


def test_of_very_many_unknown_members_the_first_are_told_one_by_one_and_the_rest_are_counted(load: Load) -> None:
    loaded = load("number: 1\n" + "".join(f"other{at}: x\n" for at in range(20_000)))
    told = loaded.diagnostics
    assert (len(told), {each.code for each in told}) == (51, {"D301"})
    assert told[0].summary == 'unknown member "other0"'
    assert (str(told[50].source), told[50].summary) == (
        "a.yaml:52:1",
        '19,950 more unknown members from "other50" on',
    )


def test_of_very_many_problems_of_a_declaration_the_first_are_told_and_the_rest_are_counted(load: Load) -> None:
    paths = ",".join(f"mainContact.no{at}" for at in range(2_000))
    told = load(f"number: 1\nlifecycle: {{ignore_changes: [{paths}]}}\n").diagnostics
    assert (len(told), told[1].code) == (51, "D314")
    assert any("1,950 more problems" in each.summary for each in told)
