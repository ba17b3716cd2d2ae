"""api.stores: values are compared in the form in which the ERP keeps them; a form that is not stated is proposed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.acceptance.conftest import Company

ONE = """\
number: "1"
name: Berg  Sag AS
mainContact: { email: Post@Berg.example, attention: Kari Nordmann }
attributes: { REGION: North-West }
"""
KEPT = "name:upper+squeeze,mainContact.email:lower,attributes.REGION:upper"
STATED = 'stores: { name: [upper, squeeze], "*.email": lower, attributes.REGION: upper }'


def stores(company: Company, line: str, more: str = "") -> None:
    """The settings with a line below api."""
    company.settings(more)
    file = company.folder / "reconciler.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("tenant_id:", f"{line}, tenant_id:"), encoding="utf-8")


def forget(company: Company) -> None:
    """As on a machine that knows of no earlier run."""
    for file in (company.folder / ".reconciler").glob("state*"):
        file.unlink()


def notes(found: Any) -> list[dict[str, Any]]:
    return [problem for problem in found["diagnostics"] if problem["code"] == "A614"]


def run(company: Company) -> Any:
    ended = company.run("apply", "--auto-approve", "--format", "json")
    assert ended.code == 0, ended.err
    return ended.json


def test_a_form_of_what_was_sent_is_at_rest_and_the_line_is_proposed(company: Company) -> None:
    """Exit 0, `normalised`, and the settings line for each field; pasted, it ends the matter without a state too."""
    company.sandbox.switch(normalise=KEPT)
    company.declare(ONE)
    ended = run(company)
    (result,) = ended["results"]
    assert {change["path"] for change in result["normalised"]} == {"name", "mainContact.email", "attributes.REGION"}
    assert result["not_taken"] == []
    remedies = {problem["summary"].split()[3]: problem["remedy"] for problem in notes(ended)}
    assert "`stores: {name: [squeeze, upper]}`" in remedies["name"]
    assert "`stores: {mainContact.email: lower}`" in remedies["mainContact.email"]
    assert "`stores: {attributes.REGION: upper}`" in remedies["attributes.REGION"]
    assert company.undone() == {}, "the state remembers the pairs"
    forget(company)
    (action,) = company.plan()["actions"]
    assert len(action["changes"]) == 3
    stores(company, STATED)
    assert company.undone() == {}
    assert company.run("drift", "--detailed-exitcode").code == 0
    assert run(company)["results"] == []


def test_with_the_setting_a_read_back_says_nothing(company: Company) -> None:
    """What is stored in the stated form is what was sent."""
    company.sandbox.switch(normalise=KEPT)
    stores(company, STATED)
    company.declare(ONE)
    ended = run(company)
    assert (ended["results"][0]["normalised"], notes(ended)) == ([], [])
    company.declare(ONE.replace("Sag", "Grus"))
    assert [change["path"] for change in company.plan()["actions"][0]["changes"]] == ["name"]
    ended = run(company)
    assert (ended["results"][0]["normalised"], ended["results"][0]["not_taken"]) == ([], [])
    assert company.undone() == {}


def test_another_value_is_a_change_whatever_its_form(company: Company) -> None:
    """The form hides no edit, and the cause is told in that form too."""
    company.sandbox.switch(normalise=KEPT)
    stores(company, STATED)
    company.declare(ONE)
    run(company)
    company.declare(ONE.replace("Sag", "Grus"))
    (action,) = company.plan()["actions"]
    assert [(change["path"], change["cause"]) for change in action["changes"]] == [("name", "config")]
    company.declare(ONE)
    company.store.edit("1", {"mainContact.email": "else@berg.example"})
    (action,) = company.plan()["actions"]
    assert [(change["path"], change["cause"]) for change in action["changes"]] == [("mainContact.email", "drift")]


def test_accept_and_undo_compare_in_the_form(company: Company) -> None:
    """There is nothing to accept in a stored form, and a run is taken back although the ERP keeps another spelling."""
    company.sandbox.switch(normalise=KEPT)
    stores(company, STATED)
    file = company.declare(ONE)
    run(company)
    before = file.read_bytes()
    assert company.run("accept", "--all").code == 0
    assert file.read_bytes() == before
    company.declare(ONE.replace("Sag", "Grus"))
    run(company)
    run_id = company.run("runs", "list", "--format", "json").json["runs"][0]["id"]
    assert company.run("runs", "undo", run_id, "--auto-approve").code == 0
    assert company.store.customer("1")["name"] == "BERG SAG AS"


def test_a_ref_finds_its_customer_in_the_form(company: Company) -> None:
    """`digits` on an organisation number: a country in front does not keep a declaration from its customer."""
    company.declare('number: "1"\nname: Berg AS\ncorporateId: NO923456789\n')
    run(company)
    forget(company)
    stores(company, "stores: { corporateId: digits }")
    company.declare('ref: berg\nname: Berg AS\ncorporateId: "923456789"\n')
    plan = company.plan()
    assert (plan["actions"], plan["summary"]["unchanged"]) == ([], 1)


def test_a_saved_plan_is_read_back_in_its_own_forms(company: Company) -> None:
    """The plan says how the ERP keeps what it writes."""
    company.sandbox.switch(normalise=KEPT)
    stores(company, STATED)
    company.declare(ONE)
    assert company.run("plan", "-o", "plan.json").code == 0
    stores(company, "timeout: 50")
    ended = company.run("apply", "plan.json", "--format", "json")
    assert (ended.code, ended.json["results"][0]["normalised"]) == (0, [])


@pytest.mark.parametrize(
    ("form", "sent", "line"),
    [
        ("upper", "Berg", "upper"),
        ("lower", "Berg", "lower"),
        ("squeeze", "Berg  og   Dal", "squeeze"),
        ("upper+squeeze", "Berg  og", "[squeeze, upper]"),
        ("plain", "A/S Berg-Dal", ""),
    ],
)
def test_each_form_is_proposed_in_the_fewest_words(company: Company, form: str, sent: str, line: str) -> None:
    """Punctuation that goes has no word: then the remedy is to declare it so."""
    company.sandbox.switch(normalise=f"accountReference:{form}")
    company.declare(f'number: "1"\nname: Berg AS\naccountReference: {sent}\n')
    (note,) = notes(run(company))
    wanted = f"`stores: {{accountReference: {line}}}`" if line else "Declare it as the ERP keeps it."
    assert wanted in note["remedy"]


def test_a_value_that_is_no_form_of_what_was_sent_is_not_taken(company: Company) -> None:
    """Exit 5, with the setting too: a form is no excuse for another value."""
    stores(company, "stores: { accountReference: upper }")
    company.sandbox.switch(normalise="accountReference:digits")
    company.declare('number: "2"\nname: Dal AS\naccountReference: Dal 12\n', "2.yaml")
    assert company.apply().code == 5
    (company.folder / "customers" / "2.yaml").unlink()
    company.sandbox.switch(normalise="")
    company.declare('number: "1"\nname: Berg AS\naccountReference: one\n')
    run(company)
    company.sandbox.switch(normalise="accountReference:keep")
    company.declare('number: "1"\nname: Berg AS\naccountReference: two\n')
    ended = company.run("apply", "--auto-approve")
    assert (ended.code, "accountReference not taken" in ended.out) == (5, True)


@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        ("stores: { nme: upper }", "S117", '"nme" in api.stores names no field'),
        ("stores: { creditLimit: upper }", "S117", '"creditLimit" in api.stores names no text'),
        ("stores: { name: uper }", "S103", "Did you mean upper?"),
        ("stores: { name: [] }", "S105", "empty"),
        ("stores: { name: [upper, upper] }", "S108", "twice"),
        ("stores: upper", "S102", "mapping"),
    ],
)
def test_wrong_forms_are_told_at_their_place(company: Company, line: str, code: str, words: str) -> None:
    """Unknown paths with the nearest names, unknown forms with the allowed ones; exit 3."""
    stores(company, line)
    company.declare(ONE)
    ended = company.run("validate")
    told = ended.out + ended.err
    assert (ended.code, code in told, words in told) == (3, True, True), told
    assert "reconciler.yaml:3:" in told
    if code == "S117" and "nme" in line:
        assert "Did you mean name" in told


def test_environments_add_their_own_forms(company: Company) -> None:
    """Merged member by member, as all settings are."""
    company.sandbox.switch(normalise=KEPT)
    stores(
        company,
        'stores: { name: [upper, squeeze], "*.email": lower }',
        "environments: { production: { api: { stores: { attributes.REGION: upper } } } }",
    )
    company.declare(ONE)
    assert notes(run(company)) == []


def test_the_layout_of_a_phone_number_is_at_rest_with_and_without_state(company: Company) -> None:
    """Applied three times in another layout, with nothing to write."""
    company.sandbox.switch(normalise="mainContact.phone1:digits")
    text = 'number: "1"\nname: Elv Fisk AS\nmainContact: { phone1: +47 22 33 44 55 }\n'
    company.declare(text)
    assert run(company)["results"][0]["normalised"] == []
    company.declare(text.replace("+47 22 33 44 55", "0047 22 334 455"))
    for _ in range(3):
        assert run(company)["results"] == []
        forget(company)


def test_another_layout_of_a_phone_number_or_an_id_is_no_change_and_told_as_a_note(company: Company) -> None:
    """With and without a state; nothing is sent, however often it is applied."""
    company.sandbox.switch(normalise="mainContact.phone1:digits")
    customer = 'number: "1"\nname: Elv Fisk AS\ncorporateId: "923 456 783"\nmainContact: { phone1: %s }\n'
    company.declare(customer % "+47 22 33 44 55")
    run(company)
    company.declare(customer.replace("923 456 783", "923456783") % "0047 22334455")
    for forgetful in (False, True):
        if forgetful:
            forget(company)
        plan = company.plan()
        (note,) = [problem for problem in plan["diagnostics"] if problem["code"] == "P539"]
        assert (note["severity"], note["summary"]) == (
            "note",
            "1: the ERP has the same value in another layout, which is no change: corporateId, mainContact.phone1",
        )
        assert (company.undone(), run(company)["results"]) == ({}, [])
