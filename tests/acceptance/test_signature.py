"""`RECONCILER_PLAN_KEY`: who has the key made the plan; a digest alone says only that it is whole."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reconciler.core.errors import Refused
from reconciler.state import plan_file
from tests.acceptance.conftest import Company

KEY = "correct horse battery staple"
VARIABLE = "RECONCILER_PLAN_KEY"


@pytest.fixture
def signed(company: Company, monkeypatch: pytest.MonkeyPatch) -> Company:
    """A plan that was signed with the key, in plan.json; the key is still set."""
    monkeypatch.setenv(VARIABLE, KEY)
    company.declare("{number: 1, name: A, creditLimit: 10}")
    assert company.run("plan", "-o", "plan.json").code == 0
    return company


def saved(company: Company) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((company.folder / "plan.json").read_bytes())
    return found


def forge(company: Company, **members: Any) -> None:
    """Change the plan file, with a digest that fits: anybody can make one."""
    values = saved(company) | members
    values = {name: value for name, value in values.items() if value is not None}
    values["digest"] = plan_file._digest(values)
    (company.folder / "plan.json").write_text(json.dumps(values))


def refused(company: Company, words: str) -> None:
    for command in ("apply", "show"):
        ended = company.run(command, "plan.json")
        assert ended.code == 4, ended.err
        assert words in ended.err
        assert KEY not in ended.err
    assert company.bodies() == []


def test_a_signed_plan_is_applied_where_the_key_is(signed: Company) -> None:
    assert saved(signed)["signature"].startswith("hmac-sha256:")
    assert signed.run("show", "plan.json").code == 0
    assert signed.run("apply", "plan.json").code == 0
    assert len(signed.bodies()) == 1


def test_without_a_key_a_plan_has_no_signature_and_a_signed_one_is_applied(
    signed: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(VARIABLE)
    assert "signature" not in signed.plan()
    assert signed.run("apply", "plan.json").code == 0


def test_an_unsigned_plan_is_refused_where_a_key_is(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    company.declare("{number: 1, name: A}")
    assert company.run("plan", "-o", "plan.json").code == 0
    monkeypatch.setenv(VARIABLE, KEY)
    refused(company, "is not signed")
    assert company.run("plan", "-o", "plan.json").code == 0
    assert company.run("apply", "plan.json").code == 0


def test_a_plan_that_was_forged_with_a_fitting_digest_is_refused(signed: Company) -> None:
    action = saved(signed)["actions"][0]
    action["request"]["body"]["creditLimit"]["value"] = 1_000_000
    forge(signed, actions=[action])
    refused(signed, "was not made with this RECONCILER_PLAN_KEY, or for another plan")


@pytest.mark.parametrize("member", ["tenant_id", "base_url", "environment", "reconciler_version", "format_version"])
def test_no_member_can_be_changed_under_a_signature(signed: Company, member: str) -> None:
    forge(signed, **{member: "1.9" if member == "format_version" else "x"})
    refused(signed, "was not made with this")


@pytest.mark.parametrize("signature", ["", None, "hmac-sha256:", 7, ["x"], "\x00é", "hmac-sha256:" + "0" * 64])
def test_a_signature_that_is_none_is_refused(signed: Company, signature: object) -> None:
    forge(signed, signature=signature)
    refused(signed, "is not signed" if not signature else "was not made with this")


def test_a_signature_of_another_key_is_refused(signed: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, KEY + "!")
    refused(signed, "was not made with this")


@pytest.mark.parametrize("key", ["", "fifteen letters", " " * 40])
def test_a_key_that_could_be_guessed_is_none(signed: Company, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    """Also an empty one: a job that was not given the secret must not apply unsigned plans."""
    monkeypatch.setenv(VARIABLE, key)
    for command in (["plan"], ["apply", "plan.json"], ["show", "plan.json"]):
        ended = signed.run(*command)
        assert ended.code == 64
        assert VARIABLE in ended.err
    assert signed.bodies() == []


def test_an_undo_is_signed_too_and_a_redacted_plan_is_not(signed: Company) -> None:
    assert signed.run("apply", "plan.json").code == 0
    signed.declare("{number: 1, name: A, creditLimit: 11}")
    assert signed.apply().code == 0
    (signed.folder / "plan.json").unlink()
    newest = signed.run("runs", "list", "--format", "json").json["runs"][0]["id"]
    assert signed.run("runs", "undo", newest, "-o", "plan.json").code == 0
    assert signed.run("apply", "plan.json").code == 0
    assert "signature" not in signed.run("plan", "--redact", "--format", "json").json


def test_the_key_is_kept_nowhere(signed: Company) -> None:
    assert signed.run("apply", "plan.json").code == 0
    for file in signed.folder.rglob("*"):
        assert not file.is_file() or KEY.encode() not in file.read_bytes(), file


def test_one_byte_more_is_another_key(signed: Company) -> None:
    data = (signed.folder / "plan.json").read_bytes()
    assert plan_file.loads(data, "plan.json", KEY.encode()).signature == saved(signed)["signature"]
    with pytest.raises(Refused):
        plan_file.loads(data, "plan.json", KEY.encode() + b" ")
