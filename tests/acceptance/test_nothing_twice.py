"""No customer is made twice: not by another spelling of its id, nor by a second job, nor on a machine without state."""

from __future__ import annotations

import json
import shutil

import pytest

from tests.acceptance.conftest import Company

SPELLINGS = [
    ("corporateId", "556677-8899", "5566778899"),
    ("corporateId", "923 456 789", "923456789"),
    ("corporateId", "923456789", "923.456.789"),
    ("corporateId", "1234567-8", "12345678"),
    ("corporateId", "12 34 56 78", "12345678"),
    ("vatRegistrationId", "NO923456789MVA", "NO 923 456 789 MVA"),
    ("vatRegistrationId", "SE556677889901", "se 556677-8899 01"),
    ("vatRegistrationId", "DK12345678", "DK 12 34 56 78"),
    ("vatRegistrationId", "FI12345678", "FI-12345678"),
    ("vatRegistrationId", "NL123456789B01", "NL 1234.56.789.B01"),
]
"""A field, how the ERP has it, how the declaration spells it: one organisation in each."""

LIKELY = [
    ("vatRegistrationId", "NO923456789MVA", "corporateId", "923456789"),
    ("vatRegistrationId", "923456789MVA", "vatRegistrationId", "NO923456789"),
    ("corporateId", "556677-8899", "vatRegistrationId", "SE556677889901"),
    ("corporateId", "12345678", "vatRegistrationId", "DK12345678"),
    ("corporateId", "1234567-8", "vatRegistrationId", "FI12345678"),
    ("corporateId", "123456789", "vatRegistrationId", "NL123456789B01"),
]
"""What the ERP has, and what the declaration has: likely one organisation."""


def _forget(company: Company) -> None:
    """A machine that knows nothing of earlier jobs."""
    shutil.rmtree(company.folder / ".reconciler", ignore_errors=True)


def _seed(company: Company, **values: str) -> None:
    company.store.seed(1, 1, start=10001)
    company.store.edit("10001", values)


@pytest.mark.parametrize(("field", "theirs", "ours"), SPELLINGS)
def test_a_ref_finds_its_customer_by_any_spelling_of_its_id(
    company: Company, field: str, theirs: str, ours: str
) -> None:
    company.sandbox.switch(numbering="automatic")
    _seed(company, **{"name": "Fjord Bakeri AB", field: theirs})
    company.declare(f'{{ref: bakeri, name: Fjord Bakeri AB, {field}: "{ours}"}}')
    assert company.apply().code == 0
    assert company.store.count() == 1


@pytest.mark.parametrize(("field", "theirs", "ours"), SPELLINGS)
def test_a_new_customer_whose_id_a_live_one_has_is_refused(
    company: Company, field: str, theirs: str, ours: str
) -> None:
    _seed(company, **{"name": "Somebody", field: theirs})
    company.declare(f'{{number: 20001, name: Anybody, {field}: "{ours}"}}')
    planned = company.run("plan")
    assert planned.code == 4
    assert "P511" in planned.out
    assert "20001" in planned.out
    assert "10001" in planned.out
    for more in ([], ["--force"]):
        assert company.run("apply", "--auto-approve", *more).code == 4
    assert company.store.count() == 1


@pytest.mark.parametrize(("theirs", "their_id", "ours", "our_id"), LIKELY)
def test_a_likely_duplicate_is_a_finding_and_same_as_ends_it(
    company: Company, theirs: str, their_id: str, ours: str, our_id: str
) -> None:
    _seed(company, **{"name": "Somebody", theirs: their_id})
    declared = f'number: 20001\nname: Anybody\n{ours}: "{our_id}"\n'
    company.declare(declared)
    planned = company.run("plan")
    assert planned.code == 0
    assert "P511" in planned.out
    company.settings("guards: {lookalikes: error}")
    assert company.run("plan").code == 4
    company.declare(declared + 'lifecycle: {same_as: ["10001"]}\n')
    planned = company.run("plan")
    assert planned.code == 0
    assert "P511" not in planned.out


@pytest.mark.parametrize("number", ["010000", '"10000.0"', '"1E+04"', "0010000"])
def test_a_number_that_is_the_same_but_for_zeros_is_a_finding(company: Company, number: str) -> None:
    company.store.seed(1, 1, start=10000)
    company.declare(f"{{number: {number}, name: Anybody}}")
    planned = company.run("plan")
    assert "P511" in planned.out
    assert "10000" in planned.out


def test_the_same_name_and_postal_code_is_a_finding(company: Company) -> None:
    _seed(company, **{"name": "Elv Fisk AS", "mainAddress.postalCode": "0181"})
    company.declare('{number: 20002, name: "ELV  FISK as", mainAddress: {postalCode: "0181", countryId: NO}}')
    assert "P511" in company.run("plan").out


@pytest.mark.parametrize(("first", "second"), [("number: 30001", "ref: b"), ("ref: a", "ref: b")])
def test_validate_refuses_two_new_ones_with_one_id(company: Company, first: str, second: str) -> None:
    company.declare(
        f'- {{{first}, name: A, corporateId: "1234567-8"}}\n- {{{second}, name: B, corporateId: "12345678"}}'
    )
    ended = company.run("validate")
    assert ended.code == 3
    assert "all.yaml:1" in ended.out + ended.err
    assert "all.yaml:2" in ended.out + ended.err


def test_two_numbers_with_one_id_are_a_warning_and_the_plan_decides(company: Company) -> None:
    company.declare('- {number: 30001, name: A, corporateId: "1"}\n- {number: 30002, name: B, corporateId: "1"}')
    ended = company.run("validate")
    assert ended.code == 0
    assert "30001" in ended.out + ended.err
    assert "30002" in ended.out + ended.err
    assert company.run("plan").code == 4
    company.settings("guards: {duplicates: warning}")
    assert company.run("plan").code == 0


def test_a_duplicate_that_appears_after_the_review_breaks_the_digest(company: Company) -> None:
    company.store.seed(1, 1, start=10001)
    company.declare('{number: 20001, name: Anybody, vatRegistrationId: "NO923456789MVA"}')
    digest = str(company.plan()["changes_digest"])
    company.store.edit("10001", {"corporateId": "923456789"})
    assert company.run("apply", "--digest", digest).code == 4
    assert company.store.count() == 1
    reviewed = str(company.plan()["changes_digest"])
    assert company.run("apply", "--digest", reviewed).code == 0
    assert company.store.count() == 2


@pytest.mark.parametrize("way", ["created", "under another name", "on an old record"])
def test_a_clerks_customer_between_plan_and_apply_is_not_made_again(company: Company, way: str) -> None:
    company.sandbox.switch(numbering="automatic")
    company.store.seed(1, 1, start=50)
    company.declare('{ref: fisk, name: Elv Fisk AS, corporateId: "923456789", creditLimit: 1000}')
    assert company.run("plan", "-o", "plan.json").code == 0
    clerks = "51"
    if way == "on an old record":
        clerks = "50"
    else:
        company.store.seed(1, 2, start=51)
    name = "Elv Fisk AS" if way == "created" else "Elv Fisk (kontant)"
    company.store.edit(clerks, {"name": name, "corporateId": "923 456 789", "creditLimit": 7})
    count = company.store.count()
    ended = company.run("apply", "plan.json")
    assert ended.code == 5
    assert "exists" in ended.out
    assert clerks in ended.out
    assert "created" not in ended.out.replace("0 created", "")
    assert company.store.count() == count


@pytest.mark.parametrize("consent", ["saved", "digest"])
def test_a_reviewed_plan_used_again_on_a_fresh_machine_makes_no_second_customer(company: Company, consent: str) -> None:
    company.sandbox.switch(numbering="automatic", automatic_number_sent="ignore")
    company.declare(
        '{number: "20002", name: Elv Fisk AS, mainAddress: {addressLine1: Elv 3, postalCode: "0181", countryId: NO}}'
    )
    company.run("plan", "-o", "plan.json")
    digest = str(json.loads((company.folder / "plan.json").read_text())["changes_digest"])
    how = ["plan.json"] if consent == "saved" else ["--digest", digest]
    assert company.run("apply", *how).code == 5  # it was numbered otherwise
    for _ in range(2):
        _forget(company)
        assert company.run("apply", *how).code in (4, 5)
        assert company.store.count() == 1


def test_a_machine_that_knows_no_run_says_before_it_creates_what_it_cannot_see(company: Company) -> None:
    company.declare("{number: 20001, name: A}", "a.yaml")
    said = "No earlier run is known on this machine."
    ended = company.apply()
    assert ended.code == 0
    assert said in ended.err
    assert "within the last 5 min," in " ".join(ended.err.split())
    company.declare("{number: 20002, name: B}", "b.yaml")
    assert said not in company.apply().err
    _forget(company)
    company.declare("{number: 20002, name: C}", "b.yaml")
    assert said not in company.apply().err, "an update is protected by its version"


@pytest.mark.parametrize(
    "clerks",
    [
        {"corporateId": "923609016"},
        {"corporateId": "NO 923 609 016 MVA"},
        {"vatRegistrationId": "NO923609016MVA"},
        {"mainAddress.postalCode": "0181"},
    ],
    ids=["the same id", "another spelling", "the other field", "name and postal code"],
)
def test_what_a_clerk_enters_at_the_moment_of_the_create_is_named(company: Company, clerks: dict[str, str]) -> None:
    values = {"name": "Elv Fisk AS", "mainAddress.countryId": "NO", **clerks}
    company.declare('{ref: a, name: Elv Fisk AS, corporateId: "923609016", mainAddress: {postalCode: "0181"}}')
    company.sandbox.fault(kind="create", method="POST", path="/v1/customer$", values=values)
    ended = company.apply()
    assert (ended.code, "A612" in ended.out + ended.err) == (5, True), ended
    assert company.store.count() == 2
