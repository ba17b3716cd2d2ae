"""drift: what the ERP changed behind the declarations' back, since when, and what of it is news."""

from __future__ import annotations

import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from reconciler.config.read.schema import load_schema
from tests.acceptance.conftest import Company, Ended

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
OPTION = "--detailed-exitcode"


@pytest.fixture
def managed(company: Company) -> Company:
    """A company with two applied customers."""
    company.declare(ONE, "1.yaml")
    company.declare(TWO, "2.yaml")
    assert company.apply().code == 0
    return company


@pytest.fixture
def day(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Set the day that the command line takes for today."""

    def put(date: str) -> None:
        monkeypatch.setattr("reconciler.operations.clock.now", lambda: f"{date}T06:00:00Z")

    return put


def report(company: Company, *arguments: str, code: int = 0) -> Any:
    """The drift as JSON, which fits its schema."""
    ended = company.run("drift", OPTION, "--format", "json", *arguments)
    assert ended.code == code, ended.err + ended.out
    Draft202012Validator(load_schema("drift")).validate(ended.json)
    return ended.json


def fields(found: Any) -> dict[str, Any]:
    """The drifted fields of all customers by `number path`."""
    return {f"{each['number']} {one['path']}": one for each in found["customers"] for one in each["fields"]}


def mute(company: Company, number: str, path: str, until: str, reason: str = "agreed") -> Ended:
    return company.run("drift", "--mute", number, path, "--until", until, "--reason", reason)


def test_the_whole_story(managed: Company, day: Any) -> None:
    """A clerk's change is drift, is news once, can be muted until a day, and ends when it is accepted."""
    day("2026-03-01")
    assert report(managed)["customers"] == []
    managed.store.edit("1", {"mainAddress.city": "Bergen"})
    found = report(managed, code=2)
    assert found["summary"]["drift"] == 1
    (city,) = fields(found).values()
    assert city["path"] == "mainAddress.city"
    assert (city["applied"], city["live"], city["declared"]) == ("Oslo", "Bergen", "Oslo")
    assert (city["cause"], city["new"], city["first_seen"]) == ("drift", True, "2026-03-01T06:00:00Z")
    (customer,) = found["customers"]
    assert customer["modified_at"]
    assert customer["applied_at"]

    day("2026-03-04")
    later = report(managed, code=2)
    assert fields(later)["1 mainAddress.city"] == {**city, "new": False}
    assert later["since"] == "2026-03-01T06:00:00Z"
    assert later["history"] == [
        {"at": "2026-03-01T06:00:00Z", "fields": 1, "opened": 1, "closed": 0},
        {"at": "2026-03-04T06:00:00Z", "fields": 1, "opened": 0, "closed": 0},
    ]
    assert "(drift, since 2026-03-01, 3 days)" in managed.run("drift").out
    quiet = report(managed, "--only-new")
    assert quiet["customers"] == []
    assert quiet["summary"]["drift"] == 1

    ended = mute(managed, "1", "mainAddress.city", "2026-03-05", "moving, says Kari")
    assert ended.code == 0, ended.err
    muted = report(managed)
    assert fields(muted)["1 mainAddress.city"]["mute"]["reason"] == "moving, says Kari"
    assert (muted["summary"]["drift"], muted["summary"]["muted"]) == (0, 1)
    text = managed.run("drift").out
    assert "muted until 2026-03-05: moving, says Kari" in text
    assert "No drift: 1 muted." in text

    day("2026-03-05")
    assert report(managed)["summary"]["muted"] == 1  # the last day counts
    day("2026-03-06")
    again = report(managed, "--only-new", code=2)
    assert fields(again)["1 mainAddress.city"]["first_seen"] == "2026-03-01T06:00:00Z"
    assert [each["code"] for each in again["diagnostics"]] == ["M706"]
    assert report(managed, "--only-new")["customers"] == []

    assert managed.run("accept").code == 0
    assert report(managed)["customers"] == []


def test_who_moved_is_told_apart(managed: Company) -> None:
    """drift: the ERP; config: the declaration, which is no drift; both: the two, to different values."""
    changed = ONE.replace("1000.00", "2000.00").replace("TestRoad 13", "TestRoad 50")
    managed.declare(changed, "1.yaml")
    found = report(managed)
    assert {path: each["cause"] for path, each in fields(found).items()} == {
        "1 creditLimit": "config",
        "1 mainAddress.addressLine1": "config",
    }
    assert "No drift: 1 changed in the declarations." in managed.run("drift").out
    managed.store.edit("1", {"creditLimit": "3000", "mainAddress.city": "Bergen"})
    found = report(managed, code=2)
    assert {path: each["cause"] for path, each in fields(found).items()} == {
        "1 creditLimit": "both",
        "1 mainAddress.addressLine1": "config",
        "1 mainAddress.city": "drift",
    }
    managed.store.edit("1", {"creditLimit": "2000", "mainAddress.city": "Oslo", "mainAddress.addressLine1": "X"})
    assert list(fields(report(managed, code=2))) == ["1 mainAddress.addressLine1"]  # where both agree, there is none


def test_ignored_fields_never_drift(managed: Company) -> None:
    managed.settings("ignore: [mainAddress.city]")
    managed.declare(ONE + "lifecycle: { ignore_changes: [creditLimit] }\n", "1.yaml")
    managed.store.edit("1", {"creditLimit": "3000", "mainAddress.city": "Bergen"})
    assert report(managed)["customers"] == []


def test_without_state_the_cause_is_unknown(managed: Company) -> None:
    """It is never a guess, and it counts: it may be drift."""
    for file in (managed.folder / ".reconciler").glob("state.db*"):
        file.unlink()
    managed.store.edit("1", {"mainAddress.city": "Bergen"})
    managed.declare("number: '3'\nname: New\n", "3.yaml")
    found = report(managed, code=2)
    assert fields(found)["1 mainAddress.city"]["cause"] == "unknown"
    assert fields(found)["1 mainAddress.city"]["applied"] is None
    (missing,) = (each for each in found["customers"] if each["standing"] == "missing")
    assert (missing["cause"], missing["message"]) == ("unknown", "not in the ERP; whether it ever was is not known")
    assert found["summary"]["unknown"] == 1


def test_gone_not_created_removed_and_unmanaged_are_listed(managed: Company) -> None:
    managed.store.delete("1")
    managed.store.delete("2")
    managed.store.seed(12, 1, start=100)
    managed.declare("number: '3'\nname: New\n", "3.yaml")
    found = report(managed, code=2)
    standing = [(each["number"], each["standing"], each["cause"]) for each in found["customers"]]
    assert standing[:3] == [("1", "missing", "drift"), ("2", "missing", "drift"), ("3", "missing", "config")]
    assert [each[0] for each in standing[3:]] == [str(number) for number in range(100, 112)]
    assert {each[1] for each in standing[3:]} == {"unmanaged"}
    assert found["summary"]["coverage"] == 0
    text = managed.run("drift", "--only-new").out
    assert "gone from the ERP" not in text  # reported already
    text = managed.run("drift").out
    assert "gone from the ERP; applied" in text
    assert "not in the ERP yet: no run has created it" in text
    assert "? 12 customers unmanaged:" in text
    assert "and 2 more; --format json has all" in text
    assert "Coverage: 0% (0 managed, 12 unmanaged, 3 missing)." in text


def test_a_customer_that_lost_its_declaration_is_removed(managed: Company) -> None:
    (managed.folder / "customers/2.yaml").unlink()
    found = report(managed)
    assert [(each["number"], each["standing"]) for each in found["customers"]] == [("2", "removed")]
    assert found["summary"]["coverage"] == 0.5
    assert "? 1 customer removed from the declarations:" in managed.run("drift").out


def test_a_mute_of_everything_holds_for_a_customer_that_is_gone(managed: Company) -> None:
    managed.store.delete("1")
    managed.store.delete("2")
    assert mute(managed, "1", "*", "2999-12-31").code == 0
    assert mute(managed, "2", "name", "2999-12-31").code == 0
    found = report(managed, code=2)
    assert [each["muted"] for each in found["customers"]] == [True, False]


def test_another_live_value_is_news_with_the_old_age(managed: Company, day: Any) -> None:
    day("2026-03-01")
    managed.store.edit("1", {"mainAddress.city": "Bergen"})
    report(managed, code=2)
    day("2026-03-02")
    managed.store.edit("1", {"mainAddress.city": "Stavanger"})
    (city,) = fields(report(managed, "--only-new", code=2)).values()
    assert (city["live"], city["new"], city["first_seen"]) == ("Stavanger", True, "2026-03-01T06:00:00Z")


def test_a_look_that_is_not_recorded_leaves_the_news_to_the_report(managed: Company) -> None:
    managed.store.edit("1", {"mainAddress.city": "Bergen"})
    assert len(fields(report(managed, "--no-record", code=2))) == 1
    found = report(managed, "--only-new", code=2)
    assert found["since"] is None
    assert len(fields(found)) == 1


def test_a_target_limits_the_report_and_what_it_records(managed: Company) -> None:
    report(managed)
    managed.store.edit("1", {"mainAddress.city": "Bergen"})
    managed.store.edit("2", {"name": "Other"})
    found = report(managed, "--target", "1", code=2)
    assert list(fields(found)) == ["1 mainAddress.city"]
    assert (found["targets"], found["summary"]["coverage"], found["summary"]["managed"]) == (["1"], None, 1)
    assert found["history"] == []
    assert list(fields(report(managed, "--only-new", code=2))) == ["2 name"]


def test_a_state_that_cannot_be_written_does_not_hide_the_report(managed: Company) -> None:
    managed.store.edit("1", {"mainAddress.city": "Bergen"})
    report(managed, code=2)
    managed.store.edit("2", {"name": "Other"})
    with closing(sqlite3.connect(managed.folder / ".reconciler/state.db")) as db:
        db.execute("CREATE TRIGGER no BEFORE INSERT ON drift_seen BEGIN SELECT RAISE(ABORT, 'no'); END")
        db.commit()
    ended = managed.run("drift", OPTION)
    assert ended.code == 2
    assert '"Other"' in ended.out
    assert "Warning: This report is not recorded" in ended.err


@pytest.mark.parametrize("lost", ["report", "output"])
def test_news_that_were_not_delivered_stay_news(managed: Company, lost: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether a report's disk is full or standard output is."""
    managed.store.edit("1", {"mainAddress.city": "Bergen"})
    with monkeypatch.context() as full:
        if lost == "report":
            ended = managed.run("drift", "--only-new", "--report", "json=/dev/full")
            assert "not recorded" in ended.err
        else:
            with Path("/dev/full").open("w") as stream:
                full.setattr(sys, "stdout", stream)
                ended = managed.run("drift", "--only-new")
            assert "Standard output cannot be written: No space left on device." in ended.err
    assert ended.code == 1
    assert list(fields(report(managed, "--only-new", code=2))) == ["1 mainAddress.city"]
    assert report(managed, "--only-new")["customers"] == []


def test_drift_writes_nothing_to_the_erp(managed: Company) -> None:
    managed.store.edit("1", {"mainAddress.city": "Bergen"})
    writes = len(managed.bodies())
    report(managed, code=2)
    assert len(managed.bodies()) == writes


def test_a_renumbered_customer_is_an_error_as_in_the_plan(managed: Company) -> None:
    managed.store.renumber("1", "77")
    assert managed.run("plan").code == 3
    assert [each["code"] for each in report(managed, code=3)["diagnostics"]] == ["I413"]


def test_every_format_can_tell_a_drift(managed: Company) -> None:
    managed.store.edit("1", {"mainAddress.city": "Bergen"})
    words = ["markdown", "sarif", "junit", "github", "gitlab-codequality"]
    files = [option for word in ("text", "json", *words) for option in ("--report", f"{word}=drift.{word}")]
    ended = managed.run("drift", *files)
    assert ended.code == 0, ended.err
    assert (managed.folder / "drift.text").read_text() == ended.out
    assert json.loads((managed.folder / "drift.json").read_text())["format"] == "reconciler/drift"
    for word in words:
        assert "Bergen" in (managed.folder / f"drift.{word}").read_text(), word
    assert managed.run("drift", "--format", "gitlab-terraform").code == 64


def test_muted_drift_raises_no_alarm_in_any_format(managed: Company) -> None:
    managed.store.edit("1", {"mainAddress.city": "Bergen"})
    assert mute(managed, "1", "mainAddress.city", "2999-12-31").code == 0
    for word in ("sarif", "github", "gitlab-codequality"):
        assert "Bergen" not in managed.run("drift", "--format", word).out, word
    assert "<failure" not in managed.run("drift", "--format", "junit").out


@pytest.mark.parametrize("name", ["drift", "mutes"])
def test_the_schemas_are_printed(company: Company, name: str) -> None:
    assert company.run("schema", name).json == load_schema(name)


def test_redact_hides_personal_values(managed: Company) -> None:
    managed.store.edit("1", {"mainAddress.addressLine1": "Clerk Street 1"})
    ended = managed.run("drift", "--redact")
    assert "Clerk Street" not in ended.out
    assert "TestRoad" not in ended.out
    assert "redacted:" in ended.out


# ---- the file of mutes ----


def test_muting_keeps_what_stands_in_the_file(managed: Company) -> None:
    path = managed.folder / "drift-mutes.yaml"
    before = "# ours\n- number: 2   # Havblikk\n  path: name\n  until: 2999-01-31\n  reason: agreed\n\n# the end\n"
    path.write_text(before)
    assert mute(managed, "1", "mainAddress.city", "2999-12-31", "moving: # soon").code == 0
    new = '- number: "1"\n  path: mainAddress.city\n  until: "2999-12-31"\n  reason: "moving: # soon"\n'
    head, tail = before.split("\n\n")
    assert path.read_text() == f"{head}\n{new}\n{tail}"
    assert mute(managed, "2", "name", "2999-06-30", "agreed again").code == 0
    assert '# Havblikk\n  path: name\n  until: "2999-06-30"\n  reason: agreed again\n' in path.read_text()
    assert managed.run("validate").code == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["1", "mainAddress.town", "--until", "2999-12-31", "--reason", "x"], "names no field"),
        (["1", "name", "--until", "2020-12-31", "--reason", "x"], "is over"),
        (["1", "name", "--until", "31.12.2999", "--reason", "x"], "is no day"),
        (["9", "name", "--until", "2999-12-31", "--reason", "x"], "No declaration has the number or ref 9"),
        (["1", "name", "--until", "2999-12-31", "--reason", " "], "--mute needs"),
        (["1", "name", "--reason", "x"], "--mute needs"),
    ],
)
def test_a_mute_that_makes_no_sense_is_refused(managed: Company, arguments: list[str], message: str) -> None:
    ended = managed.run("drift", "--mute", *arguments)
    assert ended.code == 64
    assert message in ended.err
    assert not (managed.folder / "drift-mutes.yaml").exists()


def test_until_and_reason_alone_are_wrong_usage(managed: Company) -> None:
    assert managed.run("drift", "--until", "2999-12-31").code == 64


def test_a_broken_file_of_mutes_is_told_with_its_place_and_stops_the_report(managed: Company) -> None:
    (managed.folder / "drift-mutes.yaml").write_text(
        "- number: 1\n  path: mainAddress.town\n  until: 31.12.2999\n  reason: x\n  who: me\n- 7\n"
    )
    requests = len(managed.sandbox.requests)
    for command in ("validate", "drift", "plan", "apply"):
        ended = managed.run(command, *(["--auto-approve"] if command == "apply" else []))
        assert ended.code == 3
        said = ended.out + ended.err
        assert 'drift-mutes.yaml:2:9: M704 "mainAddress.town" in path names no field' in said
        assert "drift-mutes.yaml:3:10: M705" in said
        assert 'drift-mutes.yaml:5:3: M701 unknown member "who"' in said
        assert "drift-mutes.yaml:6:3: M702 a mute must be a mapping" in said
    told = managed.run("drift", "--format", "json").json
    assert (told["format"], told["summary"]["error"]) == ("reconciler/validation", 4)
    assert len(managed.sandbox.requests) == requests


def test_the_settings_name_the_file_of_mutes(managed: Company) -> None:
    managed.settings("drift: { mutes: accepted/drift.yaml }")
    assert mute(managed, "2", "name", "2999-12-31").code == 0
    file: Path = managed.folder / "accepted/drift.yaml"
    assert "path: name" in file.read_text()
    managed.store.edit("2", {"name": "Other"})
    assert report(managed)["summary"]["muted"] == 1


def test_a_ref_is_muted_by_its_ref(company: Company) -> None:
    company.sandbox.switch(numbering="automatic")
    company.declare("ref: anna\nname: Anna\ncorporateId: '911'\n")
    assert company.apply().code == 0
    (number,) = (each["number"] for each in company.run("customers", "list", "--format", "json").json)
    company.store.edit(number, {"name": "Other"})
    report(company, code=2)
    assert mute(company, "anna", "name", "2999-12-31").code == 0
    assert report(company)["summary"]["muted"] == 1


def test_an_apply_that_changes_nothing_makes_causes_known(company: Company) -> None:
    """What was there as declared when something was applied is known from then on."""
    company.store.seed(2, 1, start=1)
    assert company.run("export").code == 0
    assert company.apply().code == 0
    company.store.edit("1", {"name": "Other"})
    assert fields(report(company, code=2))["1 name"]["cause"] == "drift"


@pytest.mark.parametrize("saved", [True, False])
def test_a_value_that_the_erp_did_not_take_is_not_said_to_have_been_changed_there(
    managed: Company, *, saved: bool
) -> None:
    managed.sandbox.switch(normalise="corporateId:keep,mainAddress.city:keep")
    managed.declare(ONE.replace("city: Oslo", "city: Bergen") + "corporateId: '910'\n", "1.yaml")
    if saved:  # then the declarations are not at hand
        assert managed.run("plan", "-o", "plan.json").code == 0
        assert managed.run("apply", "plan.json").code == 5
    else:
        assert managed.apply().code == 5
    (action,) = managed.plan()["actions"]
    causes = {each["path"]: each["cause"] for each in action["changes"]}
    assert causes == {"corporateId": "config", "mainAddress.city": "config"}
    assert {path: each["cause"] for path, each in fields(report(managed)).items()} == {
        f"1 {path}": cause for path, cause in causes.items()
    }


def test_a_customer_whose_new_value_was_not_taken_is_not_said_to_have_drifted(company: Company) -> None:
    company.sandbox.switch(normalise="corporateId:keep")
    company.declare(ONE + "corporateId: '910'\n", "1.yaml")
    assert company.apply().code == 5
    (action,) = company.plan()["actions"]
    assert [each["cause"] for each in action["changes"]] == ["config"]
