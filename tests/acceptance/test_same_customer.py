"""One organisation is one customer, however its id is spelled, and a customer number is what it looks like."""

from __future__ import annotations

import json
import shutil

import pytest

from tests.acceptance.conftest import Company

ORGANISATIONS = {
    "NO": [
        ("corporateId", "923456789"),
        ("corporateId", "923 456 789"),
        ("corporateId", "923.456.789"),
        ("corporateId", "923-456-789"),
        ("corporateId", " 923456789 "),
        ("corporateId", "923\u00a0456\u00a0789"),
        ("corporateId", "\uff19\uff12\uff13456789"),
        ("corporateId", "Org.nr. 923 456 789"),
        ("corporateId", "0192:923456789"),
        ("corporateId", "923456789.0"),
        ("vatRegistrationId", "NO923456789MVA"),
        ("vatRegistrationId", "no 923 456 789 mva"),
        ("vatRegistrationId", "923456789MVA"),
        ("vatRegistrationId", "NO-923456789"),
        ("vatRegistrationId", "NO 923 456 789 MVA Foretaksregisteret"),
        ("vatRegistrationId", "923456789"),
    ],
    "SE": [
        ("corporateId", "556677-8899"),
        ("corporateId", "5566778899"),
        ("corporateId", "556677 8899"),
        ("corporateId", "556677\u20118899"),
        ("corporateId", "16556677-8899"),
        ("vatRegistrationId", "SE556677889901"),
        ("vatRegistrationId", "se 556677-8899 01"),
        ("vatRegistrationId", "556677889901"),
        ("vatRegistrationId", "SE5566778899"),
    ],
    "DK": [
        ("corporateId", "12345678"),
        ("corporateId", "12 34 56 78"),
        ("corporateId", "CVR-nr. 12345678"),
        ("vatRegistrationId", "DK12345678"),
        ("vatRegistrationId", "dk-12 34 56 78"),
    ],
    "FI": [
        ("corporateId", "1234567-8"),
        ("corporateId", "12345678"),
        ("corporateId", "Y-tunnus 1234567-8"),
        ("vatRegistrationId", "FI12345678"),
        ("vatRegistrationId", "FI-1234567-8"),
    ],
    "FI, old": [
        ("corporateId", "0123456-7"),
        ("corporateId", "123456-7"),
        ("vatRegistrationId", "FI01234567"),
    ],
    "NL": [
        ("vatRegistrationId", "NL123456789B01"),
        ("vatRegistrationId", "NL 1234.56.789.B01"),
        ("vatRegistrationId", "nl123456789b01"),
        ("vatRegistrationId", "NL123456789B02"),
        ("vatRegistrationId", "123456789B01"),
        ("corporateId", "123456789"),
        ("corporateId", "RSIN 123456789"),
    ],
}
"""Each country's organisation in the spellings that occur, in the field where they stand."""


def meant(name: str) -> dict[str, object]:
    """Says that the id is meant as it is written, also with decimals."""
    return {"lifecycle": {"as_typed": [name]}}


PAIRS = [
    (country, theirs, ours)
    for country, spellings in ORGANISATIONS.items()
    for theirs in spellings[:1] + spellings[-1:]
    for ours in spellings
    if ours != theirs
]


@pytest.mark.parametrize(("country", "theirs", "ours"), PAIRS, ids=str)
def test_a_new_customer_beside_a_live_one_of_the_same_organisation_is_a_finding(
    company: Company, country: str, theirs: tuple[str, str], ours: tuple[str, str]
) -> None:
    company.store.seed(1, 1, start=10001)
    company.store.edit("10001", {"name": "Somebody", "corporateId": "", "vatRegistrationId": "", theirs[0]: theirs[1]})
    company.declare(json.dumps({"number": "20001", "name": "Anybody", ours[0]: ours[1]} | meant(ours[0])))
    planned = company.run("plan", "--format", "json")
    told = [each for each in planned.json["diagnostics"] if each["code"] == "P511"]
    assert len(told) == 1, planned.err
    assert "10001" in told[0]["summary"]
    company.settings("guards: {lookalikes: error}")
    assert company.run("plan").code == 4
    assert company.apply().code == 4
    assert company.store.count() == 1


@pytest.mark.parametrize(("country", "theirs", "ours"), PAIRS, ids=str)
def test_a_saved_plan_does_not_create_what_a_clerk_has_entered_in_another_spelling(
    company: Company, country: str, theirs: tuple[str, str], ours: tuple[str, str]
) -> None:
    company.declare(json.dumps({"ref": "new", "name": "Anybody", ours[0]: ours[1]} | meant(ours[0])))
    assert company.run("plan", "-o", "plan.json").code == 0
    company.store.seed(1, 1, start=10001)
    company.store.edit("10001", {"name": "Somebody", "corporateId": "", "vatRegistrationId": "", theirs[0]: theirs[1]})
    applied = company.run("apply", "plan.json")
    assert applied.code == 5, applied.out
    assert "10001" in applied.out
    assert company.store.count() == 1


SURE = [
    ("corporateId", "556677-8899", "5566778899"),
    ("corporateId", "923 456 789", "923.456.789"),
    ("corporateId", "12 34 56 78", "12345678"),
    ("corporateId", "1234567-8", "12345678"),
    ("corporateId", "abc-1", "ABC1"),
    ("vatRegistrationId", "NO923456789MVA", "no 923 456 789 mva"),
    ("vatRegistrationId", "NL 1234.56.789.B01", "nl123456789b01"),
    ("vatRegistrationId", "FI-12345678", "FI12345678"),
]


@pytest.mark.parametrize(("field", "one", "other"), SURE)
def test_validate_names_both_of_two_new_ones_in_two_spellings(
    company: Company, field: str, one: str, other: str
) -> None:
    company.declare(json.dumps([{"ref": "a", "name": "A", field: one}]) + "\n", "a.yaml")
    company.declare(json.dumps([{"number": "2", "name": "B", field: other}]) + "\n", "b.yaml")
    ended = company.run("validate")
    assert ended.code == 3
    assert "D331" in ended.out
    assert "a.yaml" in ended.out
    assert "b.yaml" in ended.out
    assert company.apply().code == 3
    assert company.store.count() == 0


@pytest.mark.parametrize("value", ["-", " - ", "./.", "–", '""', "null"])
def test_a_ref_whose_only_id_says_nothing_is_refused(company: Company, value: str) -> None:
    """It could never be found again, and each fresh machine would create it anew."""
    company.declare(
        f"{{ref: a, name: A, corporateId: {value if value == 'null' else json.dumps(value.strip(chr(34)))}}}"
    )
    ended = company.run("validate")
    assert ended.code == 3
    assert "I403" in ended.out


def test_two_customers_with_a_dash_for_an_id_are_two(company: Company) -> None:
    company.store.seed(1, 1, start=1)
    company.store.edit("1", {"corporateId": "-"})
    company.declare('{number: 2, name: B, corporateId: "-"}')
    planned = company.run("plan")
    assert planned.code == 0
    assert "P511" not in planned.out


@pytest.mark.parametrize("name", ["Fjord Bakeri AB", "FJORD BAKERI AB", "Fjord  Bakeri AB", "fjord bakeri ab"])
def test_a_ref_that_is_matched_by_name_finds_it_in_any_case(company: Company, name: str) -> None:
    company.store.seed(1, 1, start=1)
    company.store.edit("1", {"name": "Fjord Bakeri AB"})
    company.declare(f"{{ref: bakeri, name: {name}, match: [name]}}")
    for _ in range(2):
        assert company.apply().code == 0
        shutil.rmtree(company.folder / ".reconciler")
    assert company.store.count() == 1


def test_same_as_never_takes_the_other_customer_for_the_new_one(company: Company) -> None:
    company.store.seed(1, 1, start=10001)
    company.store.edit("10001", {"name": "Fjord Bakeri AB", "corporateId": "556677-8899"})
    company.declare('{ref: second, name: Fjord 2 AB, corporateId: "5566778899", lifecycle: {same_as: ["10001"]}}')
    for _ in range(2):
        assert company.apply().code == 0
        assert company.store.count() == 2
        assert company.store.customer("10001")["name"] == "Fjord Bakeri AB"
        shutil.rmtree(company.folder / ".reconciler")


def test_same_as_ends_the_findings_for_the_customers_that_it_names_alone(company: Company) -> None:
    company.store.seed(2, 1, start=10001)
    for number in ("10001", "10002"):
        company.store.edit(number, {"corporateId": "556677-8899"})
    company.declare('{number: 3, name: C, corporateId: "5566778899", lifecycle: {same_as: ["10001"]}}')
    planned = company.run("plan")
    assert planned.code == 4
    assert "10002" in planned.out
    assert company.store.count() == 2


def test_hundreds_with_one_id_are_a_finding_for_each_new_one(company: Company) -> None:
    """Not one for each pair, whose number is the product."""
    for at in range(12):
        company.store.create({"name": f"A{at}", "corporateId": "923 456 789"}, str(10 + at))
    company.declare("".join(f'- {{number: "{50 + at}", name: B{at}, corporateId: 923456789}}\n' for at in range(12)))
    ended = company.run("plan", "--format", "json")
    findings = [one for one in ended.json["diagnostics"] if one["code"] == "P511" and "already" in one["summary"]]
    assert ended.code == 4
    assert len(findings) == 12
    assert findings[0]["summary"].endswith("18, 19 and 2 more have the same corporateId already")


@pytest.mark.parametrize(
    ("theirs", "told"),
    [
        ({"corporateId": "556677-8899"}, "10001 is to be given the corporateId that 10002 has"),
        (
            {"vatRegistrationId": "SE556677889901"},
            "10001 is to be given a corporateId by which it looks like 10002:"
            " the same digits stand in its vatRegistrationId",
        ),
    ],
)
def test_an_update_that_gives_an_id_which_another_customer_has_is_a_finding(
    company: Company, theirs: dict[str, str], told: str
) -> None:
    company.store.create({"name": "A"}, number="10001")
    declared = 'number: 10001\nname: A\ncorporateId: "5566778899"\n'
    company.declare(declared)
    digest = str(company.plan()["changes_digest"])
    company.store.create({"name": "B", **theirs}, number="10002")
    assert company.run("apply", "--digest", digest).code == 4
    planned = company.run("plan", "--format", "json")
    assert [each["summary"] for each in planned.json["diagnostics"] if each["code"] == "P511"] == [told]
    company.settings("guards: {lookalikes: error}")
    assert company.apply().code == 4
    assert company.store.write_log() == []
    company.declare(declared + 'lifecycle: {same_as: ["10002"]}\n')
    assert company.plan()["diagnostics"] == []
    assert company.apply().code == 0


def test_an_id_that_one_update_takes_and_another_gives_is_no_finding(company: Company) -> None:
    company.store.create({"name": "A", "corporateId": "5566778899"}, number="10001")
    company.store.create({"name": "B"}, number="10002")
    company.declare(
        '- {number: 10001, name: A, corporateId: "911111111"}\n- {number: 10002, name: B, corporateId: "5566778899"}'
    )
    assert company.plan()["diagnostics"] == []


def test_the_same_digits_in_the_other_id_field_are_told_plainly(company: Company) -> None:
    company.store.create({"name": "B", "vatRegistrationId": "SE556677889901"}, number="10002")
    company.declare('{number: 10001, name: A, corporateId: "5566778899"}')
    planned = company.run("plan", "--format", "json")
    told = next(each for each in planned.json["diagnostics"] if each["code"] == "P511")
    assert told["summary"] == (
        "10001 is new, and looks like 10002 by its corporateId: the same digits stand in its vatRegistrationId"
    )
    assert told["detail"] == "Here corporateId '5566778899', there vatRegistrationId 'SE556677889901'."


@pytest.mark.parametrize("theirs", [{}, {"mainAddress.city": "Oslo"}])
def test_a_namesake_without_postal_code_is_likely_in_a_plan_and_before_the_first_write(
    company: Company, theirs: dict[str, str]
) -> None:
    company.declare('{number: 10001, name: Elv Fisk AS, mainAddress: {postalCode: "0181", city: Oslo}}')
    assert company.run("plan", "-o", "plan.json").code == 0
    company.store.create({"name": "Elv  Fisk AS", **theirs}, number="10002")
    planned = company.run("plan", "--format", "json")
    assert [each["code"] for each in planned.json["diagnostics"]] == ["P511"]
    applied = company.run("apply", "plan.json")
    assert (applied.code, company.store.numbers()) == (5, ["10002"]), applied.out
    company.store.edit("10002", {"mainAddress.city": "Bergen"})
    assert company.plan()["diagnostics"] == []
    assert company.run("apply", "plan.json").code == 0


STRANGE = [
    ("\u201c10000\u201d", "10000"),
    ("\u201e10000\u201f", "10000"),
    ("\u00ab10000\u00bb", "10000"),
    ("\u2039A10\u203a", "A10"),
    ("\u201810000\u2019", "10000"),
    ("'10000", "10000"),
    ("`10000`", "10000"),
    ("\u00b410000", "10000"),
    ("10000\u2032", "10000"),
    ("\uff0210000\uff02", "10000"),
    ("\uff11\uff10\uff10\uff10\uff10", "10000"),
    ("\uff21-10", "A-10"),
    ("10\u00ad000", "10000"),
    ("10\u200b000", "10000"),
    ("\ufeff10000", "10000"),
    ("10000\u200e", "10000"),
    ("10\u2060000", "10000"),
    ("10\u3164000", "10000"),
    ("10\u2800000", "10000"),
    ("10000\ufe0f", "10000"),
    ("10\u00a0000", "10000"),
    ("10\t000", "10000"),
    ("10\u0007000", "10000"),
    ("10\u0085000", "10000"),
    ("\u0661\u0660", "10"),
    ("\u2460", "1"),
    ("10\u00b2", "102"),
    ("A\u201110", "A-10"),
    ("10'000", "10000"),
]


@pytest.mark.parametrize(("number", "clean"), STRANGE, ids=ascii)
def test_what_nobody_types_into_a_number_is_an_error_that_says_what_to_write(
    company: Company, number: str, clean: str
) -> None:
    company.store.seed(1, 1, start=10000)
    written = json.dumps(number) if not number.isprintable() or number[0] in "'`" else f'"{number}"'
    company.declare(f"number: {written}\nname: Dal AS\n")
    ended = company.run("validate")
    assert ended.code == 3
    assert "all.yaml:1:9: D320" in ended.out
    assert f'Write "{clean}"' in ended.out
    assert company.apply().code == 3
    assert company.store.count() == 1


@pytest.mark.parametrize(
    ("live", "number"),
    [
        (live, number)
        for live, numbers in {
            "10": ["0010", "10.0", "1E+01", "10.", "+10", "010", "10,0"],
            "10000": ["010000", "10000.0", "1E+04", "1e4", "10 000", "10.000", "10,000"],
            "A-10": ["A\u201310", "A\u221210"],
        }.items()
        for number in numbers
    ],
)
def test_a_number_that_a_spreadsheet_made_of_a_live_one_is_a_finding(company: Company, live: str, number: str) -> None:
    company.store.seed(1, 1, start=1)
    company.store.renumber("1", live)
    company.declare(json.dumps({"number": number, "name": "Anybody"}))
    told = [each for each in company.plan()["diagnostics"] if each["code"] == "P511"]
    assert len(told) == 1
    assert live in told[0]["summary"]
    assert number in told[0]["summary"]
