"""`--redact`: no personal value in anything that is shown, and two reports can still be compared."""

from __future__ import annotations

import json
import re

import pytest

from reconciler.reports.redact import Redactor
from tests.acceptance.conftest import Company

PERSONAL = {
    "name": "Kari Nordmann AS",
    "corporateId": "914778271",
    "postal": "2609",
    "email": "kari.nordmann@example.test",
    "phone": "+4790011223",
    "street": "Hemmelig vei 7",
    "city": "Lillehammer",
    "note": "Pays late; her sister decides",
    "attribute": "Kari's own words",
    "attention": "Ola Nordmann",
}
DECLARED = f"""\
number: "10000"
name: {PERSONAL["name"]}
corporateId: "{PERSONAL["corporateId"]}"
creditLimit: 1234
note: {PERSONAL["note"]}
mainAddress: {{ addressLine1: "{PERSONAL["street"]}", postalCode: "2609", city: {PERSONAL["city"]}, countryId: NO }}
mainContact: {{ email: {PERSONAL["email"]}, phone1: "{PERSONAL["phone"]}", attention: {PERSONAL["attention"]} }}
attributes: {{ SEGMENT: "{PERSONAL["attribute"]}" }}
"""
KEY = "an own key of enough characters"


@pytest.fixture
def shop(company: Company, monkeypatch: pytest.MonkeyPatch) -> Company:
    monkeypatch.setenv("RECONCILER_REDACT_KEY", KEY)
    company.declare(DECLARED)
    return company


def leaks(*texts: str) -> set[str]:
    return {name for name, value in PERSONAL.items() if any(value in text for text in texts)}


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_redacted_plan_and_run_show_no_personal_value(shop: Company, form: str) -> None:
    report = shop.folder / "report"
    planned = shop.run("plan", "--redact", "--format", form, "--report", f"json={report}")
    assert planned.code == 0
    assert {"1234", "10000"} <= set(planned.out.replace(chr(34), " ").replace(",", " ").split())
    assert not leaks(planned.out, planned.err, report.read_text())
    applied = shop.run("apply", "--auto-approve", "--redact", "--format", form)
    assert applied.code == 0, applied.err
    assert not leaks(applied.out, applied.err)


def test_what_the_erp_did_not_take_is_redacted_too(shop: Company) -> None:
    shop.sandbox.switch(normalise="corporateId:keep")
    applied = shop.run("apply", "--auto-approve", "--redact")
    assert applied.code == 5
    assert "corporateId not taken" in applied.out
    assert not leaks(applied.out, applied.err)


def test_the_fixture_does_show_them_without_redact(shop: Company) -> None:
    assert leaks(shop.run("plan", "--format", "json").out) == set(PERSONAL)


def test_conflicts_failures_and_past_runs_are_redacted_too(shop: Company) -> None:
    assert shop.apply().code == 0
    shop.declare(DECLARED.replace(PERSONAL["city"], "Bergen by").replace("1234", "99"))
    shop.run("plan", "-o", str(shop.folder / "plan.json"))
    shop.store.edit("10000", {"mainAddress.city": PERSONAL["city"] + " S"})
    ended = shop.run("apply", str(shop.folder / "plan.json"), "--redact")
    assert ended.code == 5
    assert not leaks(ended.out, ended.err)
    assert "Bergen by" not in ended.out
    run_id = json.loads(shop.run("runs", "list", "--format", "json").out)["runs"][0]["id"]
    for command in (["show", run_id], ["runs", "show", run_id], ["show", str(shop.folder / "plan.json")]):
        for form in ("text", "json"):
            shown = shop.run(*command, "--redact", "--format", form)
            assert shown.code == 0
            assert not leaks(shown.out, shown.err)
            assert "Bergen by" not in shown.out


def test_errors_of_declarations_quote_no_value(shop: Company) -> None:
    shop.declare(DECLARED + f"status: {PERSONAL['name']}\n{PERSONAL['attention']}: 1\n")
    for command in (["validate"], ["plan"], ["validate", "--format", "json"]):
        ended = shop.run(*command, "--redact")
        assert ended.code == 3
        assert not leaks(ended.out, ended.err)
        assert "all.yaml" in ended.out + ended.err, "the place is still told"


def test_the_same_value_has_the_same_word_and_another_key_another(
    shop: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    def words() -> list[str]:
        return re.findall(r"redacted:[0-9a-f]{12}", shop.run("plan", "--redact").out)

    first = words()
    assert len(set(first)) > 5
    assert first == words()
    monkeypatch.setenv("RECONCILER_REDACT_KEY", KEY + "!")
    assert not set(first) & set(words())


def test_a_project_makes_its_own_key_once_and_keeps_it_private(shop: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RECONCILER_REDACT_KEY")
    first = shop.run("plan", "--redact").out
    key = shop.folder / ".reconciler" / "redact.key"
    assert key.stat().st_mode & 0o777 == 0o600
    again = shop.run("plan", "--redact").out
    assert re.findall("redacted:.{12}", first) == re.findall("redacted:.{12}", again)
    assert key.read_text() not in first


def test_a_key_that_could_be_guessed_is_refused(shop: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECONCILER_REDACT_KEY", "short")
    ended = shop.run("plan", "--redact")
    assert ended.code == 64
    assert "too short" in ended.err
    assert "short" not in ended.err.replace("too short", "")


def test_a_redacted_plan_can_be_shown_and_not_applied(shop: Company) -> None:
    saved = shop.folder / "redacted.json"
    shop.run("plan", "--redact", "--report", f"json={saved}")
    assert shop.run("show", str(saved)).code == 0
    ended = shop.run("apply", str(saved))
    assert ended.code == 4
    assert "redacted" in ended.err
    assert list(shop.store.customers()) == []


def test_a_saved_plan_stays_whole_when_what_is_shown_is_redacted(shop: Company) -> None:
    saved = shop.folder / "plan.json"
    shop.run("plan", "--redact", "-o", str(saved))
    assert shop.run("apply", str(saved)).code == 0
    assert shop.undone() == {}


def test_the_key_of_a_mandate_is_hidden_in_paths_bodies_and_messages(shop: Company) -> None:
    lines = "directDebitLines:\n  - {mandateId: MANDATE77, iban: NO9386011117947, isDefault: true}\n"
    shop.declare(DECLARED + lines)
    shown = shop.run("plan", "--redact", "--format", "json")
    assert shown.code == 0, shown.err
    assert shop.apply().code == 0
    shop.declare(DECLARED + lines.replace("true", "false"))
    again = shop.run("plan", "--redact", "--format", "json")
    assert again.json["actions"]
    for text in (shown.out, shown.err, again.out, again.err):
        assert "MANDATE77" not in text
        assert "NO9386011117947" not in text


def test_what_an_erp_or_a_person_writes_in_free_words_is_hidden() -> None:
    redactor = Redactor(KEY.encode())
    said = redactor.text(
        "the customer's phone '+4790011223' is wrong; directDebitLines.MANDATE77.iban cannot be cleared"
    )
    assert "+4790011223" not in said
    assert "MANDATE77" not in said
    assert "customer's phone" in said


def test_a_plan_saved_beside_a_redacted_report_is_said_to_hold_the_real_values(shop: Company) -> None:
    ended = shop.run("plan", "--redact", "-o", "plan.json")
    assert "Saved the plan, with the real values, to plan.json." in ended.err
    assert "with the real values" not in shop.run("plan", "-o", "plan.json").err


def test_the_erp_s_own_words_are_redacted_since_they_may_name_another_customer(shop: Company) -> None:
    body = '{"message": "Already used by Olsen AS: see Hansen"}'
    for form in ("text", "json"):
        shop.sandbox.fault(method="POST", path="/v1/customer", status=400, body=body)
        ended = shop.run("apply", "--auto-approve", "--redact", "--format", form)
        assert ended.code != 0
        assert "400 Bad Request: (the ERP's words are redacted: redacted:" in ended.out
        assert "Olsen" not in ended.out + ended.err
        assert "Hansen" not in ended.out + ended.err


def test_a_message_grows_no_faster_than_what_is_hidden_in_it_whatever_the_values_are() -> None:
    """The words that stand for values are never searched for other values."""
    word = "redacted:"
    values = {word[start:end] for start in range(len(word)) for end in range(start + 3, len(word) + 1)}
    text = Redactor(b"0" * 16).text("redacted: red", values)
    assert len(text) < 100


@pytest.mark.parametrize(
    "text",
    [
        'name "\\"Ola\\" AS" has quotes',
        "add 'directDebitLines[\"Ola/1\"].iban' to",
        'is "Ola',
        "Its reason: 'it\\'s \"Ola\"'.",
    ],
)
def test_what_is_quoted_is_hidden_whatever_quotes_it_holds(text: str) -> None:
    assert "Ola" not in Redactor(b"0" * 16).text(text)
