"""`reconciler runs`: what earlier applies did, going on with one, taking one back."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from reconciler.cli.shell.session import Session
from reconciler.core.errors import StateError
from reconciler.core.plan import Outcome
from reconciler.core.timeouts import CUT_OFF, LONGEST_ANSWER
from reconciler.state.journal import Journal
from reconciler.state.known_customers import KnownCustomers
from tests.acceptance.conftest import Company, Ended

THREE = "[{number: 1, creditLimit: 111}, {number: 2, creditLimit: 222}, {number: 3, creditLimit: 333}]"


@pytest.fixture
def three(company: Company) -> Company:
    """Three customers without credit limits of ours."""
    company.store.seed(3, 1, start=1)
    for number in "123":
        company.store.edit(number, {"creditLimit": 5})
    company.declare(THREE)
    return company


def runs(company: Company) -> list[dict[str, Any]]:
    ended = company.run("runs", "list", "--format", "json")
    assert ended.code == 0, ended.err
    found: list[dict[str, Any]] = ended.json["runs"]
    return found


def newest(company: Company) -> str:
    return str(runs(company)[0]["id"])


def limits(company: Company) -> list[str]:
    return [str(company.store.customer(number)["creditLimit"]) for number in company.store.numbers()]


def cut_short(company: Company, *, method: str = "PUT", skip: int = 0, **fault: Any) -> Ended:
    """An apply that the ERP stops taking part in."""
    company.sandbox.fault(
        method=method, path="/v1/customer", skip=skip, **{"kind": "respond", "status": 403, "body": "", **fault}
    )
    return company.run("apply", "--auto-approve", "--parallelism", "1")


# ---- list and show ----


def test_without_runs_there_is_nothing_to_list_or_to_go_on_with(company: Company) -> None:
    assert runs(company) == []
    assert "no runs" in company.run("runs", "list").err
    ended = company.run("runs", "resume")
    assert (ended.code, company.bodies()) == (0, [])
    assert "no run to go on with" in ended.err
    assert not (company.folder / ".reconciler" / "state.db").exists()


def test_a_run_is_gone_on_with_for_its_own_reviewed_changes_alone(three: Company) -> None:
    """A pipeline must not send what another commit asked for."""
    digest = three.plan()["changes_digest"]
    assert cut_short(three, skip=1).code == 5
    sent = len(three.bodies())
    other = three.run("runs", "resume", "--digest", f"sha256:{'0' * 64}")
    assert (other.code, len(three.bodies())) == (0, sent)
    assert "other changes than the reviewed ones" in other.err
    assert three.run("runs", "resume", "--digest", "sha256:12").code == 64
    assert three.run("runs", "resume", "--digest", digest).code == 0
    assert limits(three) == ["111", "222", "333"]


def test_the_list_shows_the_newest_first_and_how_each_ended(three: Company) -> None:
    assert three.apply().code == 0
    three.declare(THREE.replace("222", "221").replace("333", "332"))
    assert cut_short(three).code == 1
    second, first = runs(three)
    assert (first["status"], first["outcomes"], first["open"]) == ("done", {"done": 3}, 0)
    assert (second["status"], second["outcomes"]) == ("failed", {"failed": 1, "skipped": 1})
    text = three.run("runs", "list").out.splitlines()
    assert text[0].split() == ["RUN", "STARTED", "STATUS", "ENVIRONMENT", "ACTIONS"]
    assert text[1].startswith(second["id"])
    assert text[1].endswith("  1 failed, 1 not sent")
    assert text[2].endswith("  3 done")


@pytest.mark.parametrize("command", [["runs", "show"], ["show"]], ids=" ".join)
def test_show_repeats_what_apply_showed(three: Company, command: list[str]) -> None:
    three.store.edit("2", {"creditLimit": 6})
    three.run("plan", "-o", "plan.json")
    three.store.edit("2", {"creditLimit": 999})
    applied = three.run("apply", "plan.json")
    assert applied.code == 5
    three.sandbox.runtime.requests.clear()
    shown = three.run(*command, newest(three))
    assert shown.code == 0, shown.err
    assert three.sandbox.requests == []
    assert f"Run {newest(three)} (partial)" in shown.out
    for line in ("✓ 1 updated", "✗ 2 conflict", "✓ 3 updated", "Applied: 0 created, 2 updated, 1 conflict."):
        assert line in applied.out
        assert line in shown.out
    as_json = three.run(*command, newest(three), "--format", "json").json
    assert [each["outcome"] for each in as_json["results"]] == ["done", "conflict", "done"]
    assert as_json["summary"]["done"] == 2


def test_a_run_that_does_not_exist_is_wrong_usage(three: Company) -> None:
    for words in (["runs", "show"], ["show"], ["runs", "resume"], ["runs", "undo", "--auto-approve"]):
        ended = three.run(*words, "20260131T120000Z-ffff")
        assert ended.code == 64, ended.err
        assert "runs list" in ended.err


# ---- resume ----


def test_resume_does_what_is_left_and_asks_nothing(three: Company) -> None:
    assert cut_short(three, skip=1).code == 5
    assert limits(three) == ["111", "5", "5"]
    ended = three.run("runs", "resume")
    assert ended.code == 0, ended.err
    assert limits(three) == ["111", "222", "333"]
    assert len(three.bodies()) == 3
    assert "1 of 3 actions done" in ended.err
    shown, _, results = ended.out.partition("✓")
    assert "~ 2" in shown
    assert "~ 1" not in shown
    assert "3 updated" in results
    assert runs(three)[0]["status"] == "done"
    assert len(runs(three)) == 1
    again = three.run("runs", "resume")
    assert (again.code, len(three.bodies())) == (0, 3)


def test_resume_leaves_what_a_clerk_changed_since(three: Company) -> None:
    cut_short(three, skip=1)
    three.store.edit("1", {"creditLimit": 777})
    three.store.edit("3", {"creditLimit": 888})
    ended = three.run("runs", "resume")
    assert ended.code == 5
    assert "creditLimit is now 888" in ended.out
    assert limits(three) == ["777", "222", "888"]
    drift = three.plan()["actions"]
    assert [(each["number"], each["changes"][0]["cause"]) for each in drift] == [("1", "drift"), ("3", "unknown")]


def test_resume_passes_the_volume_guard_that_was_passed_before(three: Company) -> None:
    three.settings("guards: {updates: 1}")
    three.sandbox.fault(kind="respond", method="PUT", skip=1, status=403, body="")
    assert three.run("apply", "--auto-approve", "--force", "--parallelism", "1").code == 5
    assert three.run("runs", "resume").code == 0
    assert limits(three) == ["111", "222", "333"]


def test_resume_of_another_tenants_run_is_refused(three: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    cut_short(three, skip=1)
    run = newest(three)
    monkeypatch.setenv("VISMA_TENANT_ID", "another")
    ended = three.run("runs", "resume", run)
    assert ended.code == 4
    assert "tenant" in ended.err
    assert "no run to go on with" in three.run("runs", "resume").err


def test_a_run_that_was_overtaken_is_not_gone_on_with(company: Company) -> None:
    """Its customers without number may have been created by the other one."""
    company.sandbox.switch(numbering="automatic")
    company.declare("[{ref: a, name: A, corporateId: '1'}, {ref: b, name: B, corporateId: '2'}]")
    assert cut_short(company, method="POST", skip=1).code == 5
    overtaken = newest(company)
    assert company.apply().code == 0
    ended = company.run("runs", "resume", overtaken)
    assert ended.code == 4
    assert newest(company) in ended.err
    assert company.store.count() == 2
    assert "no run to go on with" in company.run("runs", "resume").err


def test_a_saved_plan_that_was_begun_goes_on_where_it_ended(company: Company) -> None:
    company.sandbox.switch(numbering="automatic")
    company.declare("[{ref: a, name: A, corporateId: '1'}, {ref: b, name: B, corporateId: '2'}]")
    company.run("plan", "-o", "plan.json")
    company.sandbox.fault(kind="respond", method="POST", path="/v1/customer", skip=1, status=403, body="")
    assert company.run("apply", "plan.json", "--parallelism", "1").code == 5
    assert company.run("apply", "plan.json").code == 0
    assert company.store.count() == 2
    assert len(runs(company)) == 1
    ended = company.run("apply", "plan.json")
    assert ended.code == 4
    assert company.store.count() == 2


def lose(company: Company) -> None:
    """The ERP takes a create whose answer is lost, and then cannot be asked what became of it."""
    company.sandbox.fault(kind="reset", method="POST", path="/v1/customer", when="after")
    company.sandbox.fault(kind="reset", method="GET", path="createdDateTime", count=0)
    company.sandbox.fault(kind="reset", method="GET", path="/v1/customer/7", count=0)
    assert company.run("apply", "--auto-approve").code == 5
    assert runs(company)[0]["outcomes"] == {Outcome.UNKNOWN: 1}
    company.sandbox.runtime.faults.clear()


@pytest.mark.parametrize("command", [["apply", "--auto-approve"], ["runs", "resume"]], ids=" ".join)
@pytest.mark.parametrize(("identity", "label"), [("ref: a", "ref a"), ("number: 7", "7")])
def test_a_create_whose_end_is_unknown_is_waited_for(
    company: Company, command: list[str], identity: str, label: str
) -> None:
    """For as long as the ERP may be at work on it: the ERP may number it, although it has a number."""
    company.sandbox.switch(numbering="mixed")
    company.declare(f"{{{identity}, name: A, corporateId: '1'}}")
    lose(company)
    waited: list[float] = []
    ended = sleeping(company, waited, *command)
    assert ended.code == 0, ended.err
    assert [LONGEST_ANSWER - 30 < each <= LONGEST_ANSWER for each in waited] == [True]
    assert LONGEST_ANSWER > CUT_OFF == 240
    assert f"Waiting 5 min: the ERP may still be creating {label} of run" in ended.err
    assert company.store.count() == 1
    assert len(company.bodies()) == 1


def test_the_wait_is_a_setting_and_no_wait_stops_instead_and_leaves_the_run_resumable(company: Company) -> None:
    company.sandbox.switch(numbering="automatic")
    company.declare("{ref: a, name: A, corporateId: '1'}")
    lose(company)
    slow(company, 600)
    for command in (["apply", "--auto-approve"], ["runs", "resume"]):
        ended = company.run(*command, "--no-wait")
        assert ended.code == 1
        assert "may still be creating ref a" in ended.err
        assert "Try again in 10 min" in ended.err
    slow(company, 1)
    time.sleep(1)
    waited: list[float] = []
    assert sleeping(company, waited, "runs", "resume").code == 0
    assert (waited, company.store.count()) == ([], 1)


def test_an_erp_that_was_seen_to_keep_numbers_is_not_waited_for(company: Company) -> None:
    company.declare("[{number: 6, name: B}, {number: 7, name: A}]")
    company.sandbox.fault(kind="reset", method="POST", path="/v1/customer", when="after", skip=1)
    company.sandbox.fault(kind="reset", method="GET", path="/v1/customer/7", count=0)
    assert company.run("apply", "--auto-approve", "--parallelism", "1").code == 5
    company.sandbox.runtime.faults.clear()
    waited: list[float] = []
    assert sleeping(company, waited, "runs", "resume").code == 0
    assert waited == []


def test_a_look_alike_of_the_same_day_is_not_taken_for_what_a_saved_plan_was_to_create(company: Company) -> None:
    company.sandbox.switch(numbering="automatic")
    company.settings("guards: {duplicates: warning}")
    company.declare("{ref: a, name: A, corporateId: '1', match: [accountReference], accountReference: ours}")
    company.declare("{ref: b, name: A, corporateId: '1', accountReference: a clerk's}", "clerk.yaml")
    assert company.run("apply", "--auto-approve", "--target", "b").code == 0
    (company.folder / "customers" / "clerk.yaml").unlink()
    (clerks,) = company.store.numbers()
    company.run("plan", "-o", "plan.json")
    company.sandbox.fault(kind="reset", method="POST", path="/v1/customer", when="before")
    ended = company.run("apply", "plan.json")
    assert ended.code == 5, ended.out
    assert "1 unclear" in ended.out
    slow(company, 1)
    ended = company.run("apply", "plan.json")
    assert ended.code == 0, ended.out + ended.err
    assert company.store.count() == 2
    assert company.store.customer(clerks)["accountReference"] == "a clerk's"


def slow(company: Company, seconds: int) -> None:
    """The ERP may be at work on a request for so long."""
    path = company.folder / "reconciler.yaml"
    company.settings()
    path.write_text(path.read_text().replace("page_size", f"longest_answer: {seconds}, page_size"))


def sleeping(company: Company, waited: list[float], *command: str) -> Ended:
    """The command, with sleeps that only note how long they were to be."""
    from reconciler.cli.shell.stopping import Stopping

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Stopping, "sleep", lambda _self, seconds: waited.append(seconds))
        return company.run(*command)


def test_a_lookup_that_fails_leaves_the_write_unclear_and_never_failed(company: Company) -> None:
    slow(company, 1)
    company.declare("{number: 7, name: A}")
    company.sandbox.fault(kind="reset", method="POST", path="/v1/customer", when="after")
    company.sandbox.fault(kind="respond", status=403, method="GET", path="/v1/customer/7", count=0)
    ended = company.run("apply", "--auto-approve")
    assert ended.code == 5
    assert "1 unclear" in ended.out
    company.sandbox.runtime.faults.clear()
    assert company.run("runs", "resume").code == 0
    assert len(company.bodies()) == 1


def test_a_create_that_the_erp_renumbered_is_never_created_again(company: Company) -> None:
    """Its answer is lost, and its number finds nothing: neither the run, nor a resume, nor a new apply doubles it."""
    company.sandbox.switch(numbering="automatic")
    company.declare("{number: 7, name: A, corporateId: '1'}")
    slow(company, 1)
    company.sandbox.fault(kind="reset", method="POST", path="/v1/customer", when="after")
    ended = company.apply()
    assert (ended.code, len(company.bodies())) == (5, 1)
    (own,) = company.store.numbers()
    assert f"a customer like it was created in the meantime: {own}" in ended.out
    company.run("plan", "-o", "plan.json")
    for command, code in ((["runs", "resume"], 5), (["apply", "--auto-approve"], 4), (["apply", "plan.json"], 4)):
        ended = company.run(*command)
        assert (ended.code, len(company.bodies())) == (code, 1), ended
        assert own in ended.out + ended.err
    company.declare(f"{{number: {own}, name: A, corporateId: '1'}}")
    assert "No changes" in company.run("plan").out
    both = f'lifecycle: {{same_as: ["{own}"]}}'
    company.declare(f"{{number: 7, name: A, corporateId: '1', overrideNumberSeries: true, {both}}}")
    assert company.run("apply", "--auto-approve", "--force").code in (0, 5)
    assert company.store.count() == 2


STORED_OTHERWISE = {
    "an id as digits": ("{ref: a, name: A, corporateId: NO 911 111 111 MVA}", "corporateId:digits"),
    "the name of a number": ("{number: 500, name: Fjord}", "name:upper"),
}


def test_a_create_whose_name_the_erp_stored_in_capitals_is_found_by_its_name(company: Company) -> None:
    company.sandbox.switch(numbering="automatic", normalise="name:upper")
    slow(company, 1)
    company.declare("{ref: a, name: Fjord, match: [name]}")
    company.sandbox.fault(kind="reset", method="POST", path="/v1/customer", when="after")
    assert company.apply().code == 5
    company.apply()
    assert company.store.count() == 1


@pytest.mark.parametrize(("declared", "normalise"), STORED_OTHERWISE.values(), ids=STORED_OTHERWISE)
def test_a_create_whose_name_or_id_the_erp_stored_otherwise_is_never_created_again(
    company: Company, declared: str, normalise: str
) -> None:
    """Its answer is lost, and nothing declared finds it: what may be it is named, and nothing is created beside it."""
    company.sandbox.switch(numbering="automatic", normalise=normalise)
    slow(company, 1)
    company.declare(declared)
    company.sandbox.fault(kind="reset", method="POST", path="/v1/customer", when="after")
    ended = company.apply()
    assert (ended.code, len(company.bodies())) == (5, 1), ended.out
    (own,) = company.store.numbers()
    for command, code in ((["apply", "--auto-approve"], 4), (["runs", "resume"], 5)):
        ended = company.run(*command)
        assert (ended.code, len(company.bodies())) == (code, 1), ended
        assert own in ended.out + ended.err
    company.store.edit(own, {"name": "Somebody else's", "corporateId": "1"})
    assert company.run("apply", "--auto-approve").code in (0, 5)
    assert company.store.count() == 2, "what does not look like it hinders nothing"


def test_a_look_alike_from_before_the_unclear_create_does_not_hinder_it(company: Company) -> None:
    company.sandbox.switch(numbering="automatic")
    slow(company, 1)
    company.declare("{ref: b, name: FJORD, corporateId: '2'}", "clerk.yaml")
    assert company.apply().code == 0
    (company.folder / "customers" / "clerk.yaml").unlink()
    company.declare("{ref: a, name: Fjord, match: [gln], gln: '1'}")
    company.sandbox.fault(kind="reset", method="POST", path="/v1/customer", when="before")
    assert company.apply().code == 5
    ended = company.apply()
    assert ended.code == 0, ended.err
    assert company.store.count() == 2


@pytest.mark.parametrize("kind", ["reset", "hang"])
def test_two_creates_that_look_alike_and_are_both_lost_are_both_found(company: Company, kind: str) -> None:
    company.sandbox.switch(numbering="automatic")
    company.settings()
    path = company.folder / "reconciler.yaml"
    path.write_text(path.read_text().replace("page_size", "timeout: 1, longest_answer: 1, page_size"))
    company.declare("[{ref: a, name: A, match: [gln], gln: '1'}, {ref: b, name: A, match: [gln], gln: '2'}]")
    company.sandbox.fault(kind=kind, method="POST", path="/v1/customer", when="after", count=2)
    company.apply()
    ended = company.run("runs", "resume")
    assert ended.code == 0, ended.out + ended.err
    assert sorted(company.store.customer(number)["gln"] for number in company.store.numbers()) == ["1", "2"]
    assert len(company.bodies()) == 2
    assert company.undone() == {}


# ---- undo ----


def business(company: Company, number: str) -> dict[str, Any]:
    """The customer without what every write changes."""
    found = company.store.customer(number)
    return {name: value for name, value in found.items() if name not in ("lastModifiedDateTime", "timeStamp")}


def test_undo_restores_the_values_from_before(three: Company) -> None:
    three.store.edit("1", {"gln": "old", "mainAddress.city": "Bergen"})
    three.declare("[{number: 1, creditLimit: 111, gln: new, mainAddress: {city: Oslo}}, {number: 2, creditLimit: 222}]")
    before = [business(three, number) for number in "12"]
    assert three.apply().code == 0
    ended = three.run("runs", "undo", newest(three), "--auto-approve")
    assert ended.code == 0, ended.err
    assert [business(three, number) for number in "12"] == before
    assert "gln" in ended.out
    assert "declarations still ask" in ended.err
    assert runs(three)[0]["status"] == "done"
    assert [each["changes"][0]["cause"] for each in three.plan()["actions"]] == ["config", "config"]
    again = three.run("runs", "undo", runs(three)[1]["id"], "--auto-approve")
    assert again.code == 0, again.err
    assert "No changes" in again.out
    back = three.run("runs", "undo", newest(three), "--auto-approve")
    assert back.code == 0, back.err
    assert three.undone() == {}


def test_undo_leaves_what_somebody_changed_since_and_says_so(three: Company) -> None:
    three.apply()
    three.store.edit("2", {"creditLimit": 999})
    three.store.edit("3", {"gln": "else"})
    ended = three.run("runs", "undo", newest(three), "--auto-approve")
    assert ended.code == 0, ended.err
    assert limits(three) == ["5", "999", "5"]
    assert three.store.customer("3")["gln"] == "else"
    assert "P521" in ended.out
    assert "2: creditLimit was changed since the run wrote it, so it is left as it is" in ended.out


def test_undo_says_what_it_cannot_take_back(company: Company) -> None:
    company.store.seed(1, 1, start=1)
    company.declare("[{number: 1, creditLimit: 7, accountReference: x}, {number: 2, name: New}]")
    had = company.store.customer("1")
    assert company.apply().code == 0
    ended = company.run("runs", "undo", newest(company), "--auto-approve")
    assert ended.code == 0, ended.err
    assert "P523" in ended.out
    assert "1 customer was created, which cannot be undone" in ended.out
    assert company.store.customer("2").get("status") != "Inactive"
    assert company.store.customer("1").get("accountReference") == had.get("accountReference")
    run = runs(company)[1]["id"]
    ended = company.run("runs", "undo", run, "--deactivate-creates", "--auto-approve")
    assert ended.code == 0, ended.err
    assert company.store.customer("2")["status"] == "Inactive"
    ended = company.run("runs", "undo", run, "--deactivate-creates", "--auto-approve")
    assert "No changes" in ended.out


def test_undo_brings_lines_back_and_takes_new_ones_away(company: Company) -> None:
    company.store.seed(1, 1, start=1)
    lines = "{number: 1, directDebitLines: {complete: true, lines: [%s]}}"
    company.declare(lines % "{mandateId: A, maxAmount: 100}, {mandateId: B, iban: NL39RABO0300065264}, {mandateId: C}")
    assert company.apply().code == 0
    before = company.store.customer("1")["directDebitLines"]
    company.declare(lines % "{mandateId: A, maxAmount: 250.5}, {mandateId: D, iban: NO9386011117947}, {mandateId: C}")
    assert company.apply().code == 0
    assert company.store.customer("1")["directDebitLines"] != before
    ended = company.run("runs", "undo", newest(company), "--auto-approve")
    assert ended.code == 0, ended.err

    def keyed(found: list[dict[str, Any]]) -> Any:
        return sorted(
            ({k: v for k, v in line.items() if k != "id"} for line in found), key=lambda line: line["mandateId"]
        )

    assert keyed(company.store.customer("1")["directDebitLines"]) == keyed(before)
    ended = company.run("runs", "undo", newest(company), "--auto-approve")
    assert ended.code == 0, ended.err
    assert company.undone() == {}


def test_undo_of_many_updates_needs_no_force(company: Company) -> None:
    company.settings("guards: {updates: 100%}")
    company.store.seed(12, 1, start=1)
    for number in range(1, 13):
        company.store.edit(str(number), {"creditLimit": 5})
    company.declare("[" + ",".join(f"{{number: {n}, creditLimit: 6}}" for n in range(1, 13)) + "]")
    assert company.apply().code == 0
    company.settings()
    ended = company.run("runs", "undo", newest(company), "--auto-approve")
    assert ended.code == 0, ended.err
    assert set(limits(company)) == {"5"}


def test_undo_asks_or_saves_and_else_does_nothing(three: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    three.apply()
    run, written = newest(three), len(three.bodies())
    ended = three.run("runs", "undo", run)
    assert ended.code == 64
    assert "--auto-approve" in ended.err
    ended = three.run("runs", "undo", run, "-o", "undo.json", "--format", "json")
    assert ended.code == 0, ended.err
    saved = json.loads((three.folder / "undo.json").read_text(encoding="utf-8"))
    assert [each["changes"][0]["after"] for each in saved["actions"]] == [5, 5, 5]
    assert ended.json == saved
    monkeypatch.setattr(Session, "is_interactive", True)
    monkeypatch.setattr("typer.prompt", lambda *_, **__: "y")
    assert three.run("runs", "undo", run).code == 1
    assert len(three.bodies()) == written
    monkeypatch.undo()
    monkeypatch.setenv("VISMA_CLIENT_ID", three.sandbox.client_id)
    monkeypatch.setenv("VISMA_CLIENT_SECRET", three.sandbox.client_secret)
    assert three.run("apply", "undo.json").code == 0
    assert limits(three) == ["5", "5", "5"]


def test_undo_restores_only_under_the_version_that_it_saw(three: Company) -> None:
    three.apply()
    three.run("runs", "undo", newest(three), "-o", "undo.json")
    three.store.edit("2", {"gln": "clerk"})
    assert three.run("apply", "undo.json").code == 5
    assert limits(three) == ["5", "222", "5"]


def test_the_hint_to_a_saved_plan_can_be_obeyed_and_is_not_given_where_it_cannot(three: Company) -> None:
    three.settings("environments: {other: {}}")
    assert three.run("--env", "other", "apply", "--auto-approve").code == 0
    run = three.run("--env", "other", "runs", "list", "--format", "json").json["runs"][0]["id"]
    ended = three.run("--env", "other", "runs", "undo", run, "-o", "my undo.json")
    assert "Apply it with: reconciler --env other apply 'my undo.json'" in ended.err
    three.settings("environments: {other: {guards: {policies: [{message: never, schema: {not: {}}}]}}}")
    ended = three.run("--env", "other", "runs", "undo", run, "-o", "undo.json")
    assert ended.code == 4
    assert (three.folder / "undo.json").exists()
    assert "Apply it" not in ended.err


def test_only_as_many_runs_are_kept_as_the_settings_say(three: Company) -> None:
    three.settings("keep_runs: 2")
    for limit in (6, 7, 8):
        three.declare(f"{{number: 1, creditLimit: {limit}}}")
        assert three.apply().code == 0
    assert len(runs(three)) == 2


# ---- what saved plans have in common with resumed ones: they come out of JSON ----


def test_a_whole_amount_in_a_saved_plan_is_the_amount_that_is_read_back(three: Company) -> None:
    three.run("plan", "-o", "plan.json")
    ended = three.run("apply", "plan.json")
    assert ended.code == 0, ended.err
    assert "stored" not in ended.out
    assert three.undone() == {}


def test_a_line_that_a_saved_plan_deleted_can_be_inserted_by_the_next_one(company: Company) -> None:
    company.store.seed(1, 1, start=1)
    for lines in (
        "{mandateId: A, iban: NL39RABO0300065264}",
        "{mandateId: B}",
        "{mandateId: A, iban: NL91ABNA0417164300}",
    ):
        company.declare(f"{{number: 1, directDebitLines: {{complete: true, lines: [{lines}]}}}}")
        assert company.run("plan", "-o", "plan.json").code == 0
        ended = company.run("apply", "plan.json")
        assert ended.code == 0, ended.err
    assert company.undone() == {}


# ---- what the ERP stored otherwise than it was sent ----


def test_an_old_run_still_tells_what_the_erp_stored_in_another_form(three: Company) -> None:
    three.sandbox.switch(normalise="name:upper")
    three.declare("{number: 1, name: Fjord, creditLimit: 7}")
    ended = three.apply()
    assert ended.code == 0, ended.out
    told = '1 name: sent "Fjord", the ERP stored "FJORD"'
    assert told in ended.out
    assert told in three.run("runs", "show", newest(three)).out
    (result,) = three.run("show", newest(three), "--format", "json").json["results"]
    assert [(each["before"], each["after"]) for each in result["normalised"]] == [("Fjord", "FJORD")]
    assert result["not_taken"] == []
    assert three.undone() == {}


def test_the_form_that_the_erp_gave_a_new_customer_is_remembered_although_its_answer_told_no_version(
    company: Company,
) -> None:
    """It was not changed since it was created, say its times."""
    company.sandbox.switch(normalise="name:upper")
    company.declare("{number: 7, name: Fjord}")
    assert 'sent "Fjord", the ERP stored "FJORD"' in company.apply().out
    assert company.undone() == {}


@pytest.mark.parametrize("digits", [0, 6])
def test_a_form_in_doubt_is_planned_anew_and_never_called_drift(
    company: Company, monkeypatch: pytest.MonkeyPatch, digits: int
) -> None:
    """Times in whole seconds do not tell whether somebody changed it; others tell that somebody did."""
    from reconciler.operations import writing

    read = writing.read_back

    def read_later(*arguments: Any, **options: Any) -> Any:
        if digits:
            company.store.edit("7", {"gln": "a clerk's"})
        return read(*arguments, **options)

    company.sandbox.switch(normalise="name:upper", timestamp_digits=digits)
    company.declare("{number: 7, name: Fjord}")
    monkeypatch.setattr(writing, "read_back", read_later)
    assert company.apply().code == 0
    (change,) = company.plan()["actions"][0]["changes"]
    assert (change["path"], change["cause"]) == ("name", "config")


def test_what_was_not_read_back_before_the_kill_is_read_back_by_resume(
    three: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    three.sandbox.switch(normalise="name:upper")
    three.declare("[{number: 1, name: Fjord}, {number: 2, name: Fjell}]")

    def killed(*_: Any, **__: Any) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr("reconciler.operations.writing.read_back", killed)
        assert three.apply().code == 1
    three.store.edit("2", {"gln": "a clerk's"})
    ended = three.run("runs", "resume")
    assert ended.code == 0, ended.err
    assert '1 name: sent "Fjord", the ERP stored "FJORD"' in ended.out
    assert '2 name: sent "Fjell", the ERP stored "FJELL"' in ended.out, "a clerk's edit does not hide a form of ours"
    assert three.undone() == {}


def test_what_a_clerk_changed_in_a_customer_that_resume_finds_is_not_taken_for_the_erps_form(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    company.declare("{number: 7, name: A, gln: '1'}")

    def killed(*_: Any, **__: Any) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr("reconciler.state.journal.Journal.finish", killed)
        assert company.apply().code == 1
    company.store.edit("7", {"gln": "a clerk's"})
    ended = company.run("runs", "resume")
    assert ended.code == 5, "what stands there is no form of what was sent"
    assert "✓ 7 found: the answer to its create was lost" in ended.out
    assert "✓ 7 found" in company.run("runs", "show", newest(company)).out
    assert [each["path"] for each in company.plan()["actions"][0]["changes"]] == ["gln"]
    assert "gln" in company.run("drift").out


def test_ctrl_c_while_reading_back_loses_nothing(three: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    three.sandbox.switch(normalise="name:upper")
    three.declare("{number: 1, name: Fjord}")

    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("reconciler.apply.readback._read", interrupted)
        ended = three.apply()
    assert ended.code == 130
    assert "✓ 1 updated" in ended.out
    assert "could not be read back: the run was stopped" in ended.out
    assert (runs(three)[0]["status"], runs(three)[0]["outcomes"]) == ("interrupted", {"done": 1})
    ended = three.run("runs", "resume")
    assert ended.code == 0
    assert "FJORD" in ended.out
    assert len(three.bodies()) == 1


def test_a_run_that_could_not_be_read_back_is_done_in_part_until_resume_has_read_it(three: Company) -> None:
    three.declare("{number: 1, creditLimit: 7}")
    three.sandbox.fault(kind="respond", status=403, body="", method="GET", path="/v1/customer/1", count=0)
    ended = three.apply()
    assert (ended.code, len(three.bodies())) == (5, 1)
    assert "could not be read back" in ended.out
    assert "runs resume" in ended.out
    assert runs(three)[0]["status"] == "partial"
    assert three.run("runs", "resume").code == 5
    three.sandbox.runtime.faults.clear()
    assert three.run("runs", "resume").code == 0
    assert (runs(three)[0]["status"], len(three.bodies())) == ("done", 1)


def test_of_many_that_were_not_sent_the_first_are_named(company: Company) -> None:
    company.declare("[" + ",".join(f"{{number: {number}, name: A}}" for number in range(100, 115)) + "]")
    ended = cut_short(company, method="POST", skip=2)
    assert "✗ 12 not sent: " in ended.out
    assert f"\n    {', '.join(map(str, range(103, 113)))}, and 2 more\n" in ended.out


@pytest.mark.parametrize(
    ("declared", "how", "told"),
    [
        ("creditLimit: 7", {"creditLimit": "keep"}, "1 creditLimit not taken: sent 7, the ERP has 5"),
        ("gln: '70'", {"gln": {"set": None}}, '1 gln not taken: sent "70", the ERP has (none)'),
        ("gln: null", {"gln": {"set": "80"}}, '1 gln not taken: sent (none), the ERP has "80"'),
    ],
    ids=["kept", "nothing", "not cleared"],
)
def test_a_value_that_the_erp_did_not_take_is_no_success(
    three: Company, declared: str, how: dict[str, Any], told: str
) -> None:
    three.store.edit("1", {"gln": "60"})
    three.declare(f"{{number: 1, {declared}, accountReference: ours}}")
    three.sandbox.fault(kind="normalise", method="PUT", values=how)
    ended = three.apply()
    assert ended.code == 5
    assert f"✗ {told}" in ended.out
    assert "the ERP stored" not in ended.out
    assert runs(three)[0]["status"] == "partial"
    shown = three.run("runs", "show", newest(three), "--format", "json").json["results"][0]
    assert (len(shown["not_taken"]), shown["normalised"]) == (1, [])
    assert len(three.plan()["actions"]) == 1, "it is not forgotten"
    assert three.apply().code == 0
    assert three.undone() == {}


def test_undo_heeds_the_lifecycle_of_the_declarations(company: Company) -> None:
    company.declare("{number: 1, name: A, creditLimit: 10}")
    assert company.apply().code == 0
    company.declare("{number: 1, name: A, creditLimit: 20}")
    assert company.apply().code == 0
    run_id = company.run("runs", "list", "--format", "json").json["runs"][0]["id"]
    company.declare("{number: 1, name: A, creditLimit: 20, lifecycle: {prevent_update: true}}")
    ended = company.run("runs", "undo", run_id, "--auto-approve")
    assert ended.code == 4, ended
    assert "prevent_update" in ended.out + ended.err
    assert str(company.store.customer("1")["creditLimit"]) == "20"


# ---- what cannot be recorded ----


@pytest.mark.parametrize("part", [(KnownCustomers, "record"), (Journal, "close")])
def test_a_run_whose_end_cannot_be_recorded_reports_what_it_did_and_is_not_called_done(
    three: Company, monkeypatch: pytest.MonkeyPatch, part: tuple[type, str]
) -> None:
    def full_disk(*_: object, **__: object) -> None:
        raise StateError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(*part, full_disk)
        ended = three.run("apply", "--auto-approve", "--format", "json")
    assert ended.code == 5, ended.err
    assert [result["outcome"] for result in ended.json["results"]] == ["done"] * 3
    (problem,) = ended.json["diagnostics"]
    assert (problem["code"], problem["severity"]) == ("A615", "error")
    assert "the disk is full" in problem["summary"]
    assert "runs resume" in problem["remedy"]

    resumed = three.run("runs", "resume")
    assert resumed.code == 0, resumed.err
    assert [run["status"] for run in runs(three)] == ["done"]
    assert len(three.bodies()) == 3, "nothing is sent twice"
