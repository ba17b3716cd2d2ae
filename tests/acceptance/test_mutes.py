"""Mutes: what somebody accepts for a time is neither drift nor a change, is shown, and is sent on demand alone."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

import reconciler
from reconciler.config.read.schema import load_schema
from tests.acceptance.conftest import Company

ONE = """\
number: "1"
name: Fjellheim AS
creditLimit: 1000.00
mainAddress: { addressLine1: TestRoad 13, city: Oslo }
"""
TWO = """\
number: "2"
name: Havblikk AS
"""
LINES = """\
number: "3"
name: Mandat AS
directDebitLines: [{ mandateId: M1, iban: NO9386011117947 }, { mandateId: M2, bic: DNBANOKK }]
"""


@pytest.fixture
def day(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Set the day that the command line takes for today."""

    def put(date: str) -> None:
        monkeypatch.setattr("reconciler.operations.clock.now", lambda: f"{date}T06:00:00Z")

    return put


@pytest.fixture
def managed(company: Company, day: Any) -> Company:
    """A company with two applied customers, on the first of March."""
    day("2026-03-01")
    company.declare(ONE, "1.yaml")
    company.declare(TWO, "2.yaml")
    assert company.apply().code == 0
    return company


def mute(company: Company, number: str, path: str, until: str = "2026-03-31", reason: str = "agreed") -> None:
    ended = company.run("drift", "--mute", number, path, "--until", until, "--reason", reason)
    assert ended.code == 0, ended.err


def writes(company: Company) -> int:
    return len(company.bodies())


def left(plan: Any, kind: str = "muted") -> dict[str, Any]:
    """The fields that a plan leaves alone, by `number path`."""
    return {f"{customer['number']} {one['path']}": one for customer in plan[kind] for one in customer["fields"]}


def codes(plan: Any) -> list[str]:
    return [problem["code"] for problem in plan["diagnostics"]]


def test_a_muted_field_is_left_alone_shown_and_counted_apart(managed: Company) -> None:
    """Plan and apply write nothing of it, say until when and why, and end with 0."""
    managed.store.edit("1", {"creditLimit": 5000})
    mute(managed, "1", "creditLimit")
    plan = managed.plan()
    Draft202012Validator(load_schema("plan")).validate(plan)
    assert plan["actions"] == []
    summary = plan["summary"]
    assert (summary["update"], summary["unchanged"], summary["muted"], summary["ignored"]) == (0, 1, 1, 0)
    field = left(plan)["1 creditLimit"]
    assert (field["before"], field["after"], field["cause"], field["rule"]) == (5000, 1000, "drift", "mute")
    assert (field["mute"]["until"], field["mute"]["reason"]) == ("2026-03-31", "agreed")
    text = managed.run("plan", "--detailed-exitcode")
    assert text.code == 0
    assert "muted until 2026-03-31: agreed" in text.out
    assert "1 muted" in text.out
    assert "The ERP has what is declared" not in text.out
    before = writes(managed)
    applied = managed.apply()
    assert applied.code == 0, applied.err
    assert "Nothing to apply: 1 customer differs in muted fields." in applied.out
    assert writes(managed) == before
    assert managed.run("drift", "--detailed-exitcode").code == 0


@pytest.mark.parametrize("form", ["markdown", "html"])
def test_reports_for_people_show_what_is_muted(managed: Company, form: str) -> None:
    """Markdown and HTML name the field, the day and the reason."""
    managed.store.edit("1", {"creditLimit": 5000})
    mute(managed, "1", "creditLimit")
    out = managed.run("plan", "--format", form).out
    assert "creditLimit" in out
    assert "muted until 2026-03-31: agreed" in out.replace("\\", "")
    assert "1 muted" in out


def test_the_run_report_names_what_was_left_alone(managed: Company) -> None:
    """Beside what it wrote."""
    managed.store.edit("1", {"creditLimit": 5000})
    mute(managed, "1", "creditLimit")
    managed.declare(TWO.replace("Havblikk", "Havgap"), "2.yaml")
    ended = managed.run("apply", "--auto-approve", "--format", "json")
    assert ended.code == 0, ended.err
    assert left(ended.json) == left(managed.plan())
    assert [result["number"] for result in ended.json["results"]] == ["2"]


def test_other_fields_of_the_customer_are_written(managed: Company) -> None:
    """A mute covers its field and no other."""
    managed.store.edit("1", {"creditLimit": 5000, "mainAddress.city": "Bergen"})
    mute(managed, "1", "creditLimit")
    plan = managed.plan()
    assert [change["path"] for action in plan["actions"] for change in action["changes"]] == ["mainAddress.city"]
    assert (plan["summary"]["update"], plan["summary"]["muted"]) == (1, 1)
    assert managed.apply().code == 0
    assert managed.store.customer("1")["creditLimit"] == 5000


def test_a_mute_of_everything_mutes_the_customer(managed: Company) -> None:
    """`*` covers every field, the status of a removed customer too."""
    managed.store.edit("1", {"creditLimit": 5000, "mainAddress.city": "Bergen"})
    mute(managed, "1", "*")
    plan = managed.plan()
    assert plan["actions"] == []
    assert left(plan).keys() == {"1 creditLimit", "1 mainAddress.city"}


def test_muted_fields_are_sent_on_demand(managed: Company) -> None:
    """`--include-muted` writes them, says so, and is a part of what is agreed to."""
    managed.store.edit("1", {"creditLimit": 5000, "mainAddress.city": "Bergen"})
    mute(managed, "1", "creditLimit")
    without = managed.plan()
    ended = managed.run("plan", "--include-muted", "--format", "json")
    plan = ended.json
    assert (plan["include_muted"], without["include_muted"]) == (True, False)
    assert plan["changes_digest"] != without["changes_digest"]
    assert "P534" in codes(plan)
    for reviewed, options in ((plan, ()), (without, ("--include-muted",))):
        refused = managed.run("apply", "--digest", reviewed["changes_digest"], *options)
        assert refused.code == 4, refused.err
    assert managed.store.customer("1")["creditLimit"] == 5000
    done = managed.run("apply", "--include-muted", "--digest", plan["changes_digest"])
    assert done.code == 0, done.err
    assert managed.store.customer("1")["creditLimit"] == 1000


def test_a_saved_plan_is_applied_as_it_stands_on_any_day(managed: Company, day: Any) -> None:
    """What is muted is decided on the plan's day; `--include-muted` does not change a saved plan."""
    managed.store.edit("1", {"creditLimit": 5000, "mainAddress.city": "Bergen"})
    mute(managed, "1", "creditLimit")
    assert managed.run("plan", "-o", "plan.json").code == 0
    day("2026-04-02")
    wrong = managed.run("apply", "plan.json", "--include-muted")
    assert (wrong.code, "Give --include-muted when planning." in wrong.err) == (64, True)
    done = managed.run("apply", "plan.json")
    assert done.code == 0, done.err
    row = managed.store.customer("1")
    assert (row["creditLimit"], row["mainAddress"]["city"]) == (5000, "Oslo")


def test_an_ended_mute_is_an_ordinary_difference_with_a_note(managed: Company, day: Any) -> None:
    """From the day after its last one."""
    managed.store.edit("1", {"creditLimit": 5000})
    mute(managed, "1", "creditLimit")
    day("2026-03-31")
    assert managed.undone() == {"muted": 1}
    day("2026-04-01")
    plan = managed.plan()
    assert (codes(plan), plan["summary"]["update"], plan["muted"]) == (["P533"], 1, [])
    assert managed.apply().code == 0
    assert codes(managed.plan()) == []


def test_a_create_sends_what_is_muted(managed: Company) -> None:
    """There is nothing in the ERP that could be left alone."""
    managed.declare(TWO.replace('"2"', '"9"') + "creditLimit: 7\n", "9.yaml")
    mute(managed, "9", "*")
    assert managed.apply().code == 0
    assert managed.store.customer("9")["creditLimit"] == 7


def test_a_muted_line_is_neither_changed_nor_deleted(company: Company, day: Any) -> None:
    """Nor does a mute of one of its members let the whole line be deleted."""
    day("2026-03-01")
    company.declare(LINES, "3.yaml")
    assert company.apply().code == 0
    mute(company, "3", "directDebitLines.M1")
    mute(company, "3", "directDebitLines.M2.bic")
    company.declare(
        'number: "3"\nname: Mandat AS\ndirectDebitLines: { complete: true, lines: [{ mandateId: M9 }] }\n', "3.yaml"
    )
    plan = company.plan()
    assert left(plan).keys() == {"3 directDebitLines.M1", "3 directDebitLines.M2"}
    assert company.apply().code == 0
    kept = {line["mandateId"] for line in company.store.customer("3")["directDebitLines"]}
    assert kept == {"M1", "M2", "M9"}


def test_what_a_mute_held_back_is_not_taken_for_applied(managed: Company, day: Any) -> None:
    """The declaration moved while the field was muted: afterwards the cause is the declaration, not the ERP."""
    mute(managed, "1", "creditLimit")
    managed.declare(ONE.replace("1000.00", "3000.00").replace("Oslo", "Bergen"), "1.yaml")
    assert managed.apply().code == 0
    day("2026-04-01")
    (action,) = managed.plan()["actions"]
    assert [(change["path"], change["cause"]) for change in action["changes"]] == [("creditLimit", "config")]


def test_guards_and_policies_see_what_is_written_alone(managed: Company) -> None:
    """A muted difference is no update; with `--include-muted` it is one."""
    managed.settings("guards: { updates: 0 }")
    managed.store.edit("1", {"creditLimit": 5000})
    mute(managed, "1", "creditLimit")
    assert managed.run("plan").code == 0
    assert managed.run("plan", "--include-muted").code == 4


def test_undo_takes_back_what_was_written_and_no_more(managed: Company) -> None:
    """A mute does not keep a run from being taken back."""
    managed.store.edit("1", {"creditLimit": 5000})
    mute(managed, "1", "creditLimit")
    ended = managed.run("apply", "--include-muted", "--auto-approve")
    assert ended.code == 0, ended.err
    run = managed.run("runs", "list", "--format", "json").json["runs"][0]["id"]
    assert managed.run("runs", "undo", run, "--auto-approve").code == 0
    assert managed.store.customer("1")["creditLimit"] == 5000
    assert left(managed.plan()).keys() == {"1 creditLimit"}


def test_a_removed_customer_under_a_mute_stays_as_it_is(managed: Company, day: Any) -> None:
    """`on_removed: deactivate` waits until the mute ends."""
    managed.settings("on_removed: deactivate")
    (managed.folder / "customers" / "2.yaml").unlink()
    (managed.folder / "drift-mutes.yaml").write_text(
        '- { number: "2", path: status, until: 2026-03-31, reason: sold }\n', encoding="utf-8"
    )
    plan = managed.plan()
    assert (plan["actions"], left(plan).keys()) == ([], {"2 status"})
    assert managed.apply().code == 0
    day("2026-04-01")
    assert [action["number"] for action in managed.plan()["actions"]] == ["2"]


def test_mutes_with_errors_stop_the_plan(managed: Company) -> None:
    """A mute that cannot be read could let something be written that somebody wants left alone."""
    (managed.folder / "drift-mutes.yaml").write_text('- { number: "1", path: nme }\n', encoding="utf-8")
    ended = managed.run("plan")
    assert (ended.code, "M704" in ended.err + ended.out) == (3, True)


def test_redacted_plans_hide_what_is_left_alone(managed: Company) -> None:
    """Values, names and reasons; paths and days stay."""
    managed.store.edit("1", {"mainAddress.city": "Hemmeligby"})
    mute(managed, "1", "mainAddress.city", reason="Kari asked")
    out = managed.run("plan", "--redact", "--format", "json").out
    for word in ("Hemmeligby", "Kari", "Fjellheim"):
        assert word not in out
    assert left(json.loads(out)).keys() == {"1 mainAddress.city"}


def test_the_library_leaves_muted_fields_alone(managed: Company) -> None:
    """As the command line does, and takes `include_muted`."""
    managed.store.edit("1", {"creditLimit": 5000})
    mute(managed, "1", "creditLimit")
    environ = {"VISMA_CLIENT_ID": managed.sandbox.client_id, "VISMA_CLIENT_SECRET": managed.sandbox.client_secret}
    with reconciler.Project.open(managed.folder, environ=environ) as project:
        assert project.plan().is_empty
        assert project.apply(consent=True).results == ()
        with pytest.raises(reconciler.WrongUsage):
            project.apply(project.plan(), consent=True, include_muted=True)
        run = project.apply(consent=True, include_muted=True)
    assert [result.number for result in run.results] == ["1"]
