"""The GitHub story: the action's own script, the real commands and ERP; only GitHub's service is played."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.ci_runner import Runner
from tests.acceptance.conftest import Company
from tests.postgres_server import empty_schema

MARKER = "<!-- reconciler:plan:production -->"
BEFORE = "[{number: 1, creditLimit: 100}, {number: 2, creditLimit: 200}]"
AFTER = "[{number: 1, creditLimit: 111}, {number: 2, creditLimit: 200}]"


COMMIT = "c0" * 20


@pytest.fixture
def runner(company: Company, tmp_path: Path) -> Runner:
    """What main declares is applied; a branch changes customer 1."""
    company.store.seed(3, 1, start=1)
    company.declare(BEFORE)
    assert company.apply().code == 0
    company.declare(AFTER)
    return Runner(company, tmp_path / "runner")


def _merged(runner: Runner) -> dict[str, str]:
    runner.tell(merged={COMMIT: 7})
    return runner.push(COMMIT)


def _limits(company: Company) -> list[str]:
    return [str(company.store.customer(number)["creditLimit"]) for number in ("1", "2")]


def test_from_the_pull_request_to_the_erp(company: Company, runner: Runner) -> None:
    """The plan stands in one comment; a second push updates it; the merge applies what it shows, a rerun nothing."""
    company.declare(BEFORE)
    runner.git("init", "-q")
    runner.commit("main")
    company.declare(AFTER)
    runner.commit("the merge, as GitHub checks it out")
    before = len(company.bodies())
    planned = runner.step(runner.pull_request(), command="plan", base="HEAD^1")
    assert planned.code == 0, planned.err
    assert (planned.outputs["exit-code"], planned.outputs["changes"]) == ("2", "1")
    [first] = runner.comments()
    assert first.splitlines()[:2] == [MARKER, f"<!-- reconciler:reviewed:{planned.outputs['digest']} -->"]
    assert first.count(MARKER) == 1
    assert "this branch" in first
    assert first.splitlines()[2:] == planned.summary.removeprefix(f"{MARKER}\n").rstrip("\n").splitlines()

    company.declare(AFTER.replace("111", "122"))
    again = runner.step(runner.pull_request(), command="plan", base="HEAD^1")
    [second] = runner.comments()
    assert again.outputs["digest"] in second
    assert planned.outputs["digest"] not in second
    assert len(company.bodies()) == before

    head = runner.commit("the merge")
    job = _merged(runner)
    applied = runner.step(job, command="apply")
    assert applied.code == 0, applied.err
    assert (applied.outputs["exit-code"], applied.outputs["pending"]) == ("0", "false")
    assert runner.github["branches"] == {"reconciler/applied/production": head}
    assert _limits(company) == ["122", "200"]
    assert "Applied: 0 created, 1 updated" in applied.out

    rerun = runner.step(job, command="apply")
    assert (rerun.code, rerun.outputs["changes"]) == (0, "0")
    assert len(company.bodies()) == before + 1


def test_what_changed_since_the_review_waits_for_an_approval_of_exactly_that(company: Company, runner: Runner) -> None:
    runner.step(runner.pull_request(), command="plan")
    job = _merged(runner)
    company.store.edit("2", {"creditLimit": 999})
    before = len(company.bodies())
    stopped = runner.step(job, command="apply")
    assert (stopped.code, stopped.outputs["pending"], stopped.outputs["exit-code"]) == (4, "true", "4")
    assert "Not applied" in stopped.summary
    assert "999" in stopped.summary
    company.store.edit("1", {"creditLimit": 5})
    late = runner.step(job, command="apply", digest=stopped.outputs["digest"])
    assert (late.code, late.outputs["pending"]) == (4, "true")
    assert len(company.bodies()) == before
    approved = runner.step(job, command="apply", digest=late.outputs["digest"])
    assert approved.code == 0, approved.err
    assert _limits(company) == ["111", "200"]


@pytest.mark.parametrize("who", ["nobody", "a stranger", "a customer's name"])
def test_only_the_workflows_own_comment_is_a_review(company: Company, runner: Runner, who: str) -> None:
    """Not a comment that somebody else wrote, nor a line that looks like a digest among the data."""
    digest = runner.step(runner.pull_request(), command="plan", comment="false").outputs["digest"]
    line = f"<!-- reconciler:reviewed:{digest} -->"
    bodies = {
        "nobody": [],
        "a stranger": [{"id": 1, "user": {"login": "mallory"}, "body": f"{MARKER}\n{line}"}],
        "a customer's name": [{"id": 1, "user": {"login": "github-actions[bot]"}, "body": f"{MARKER}\n\n{line}"}],
    }
    runner.tell(comments={"7": bodies[who]})
    before = len(company.bodies())
    stopped = runner.step(_merged(runner), command="apply")
    assert (stopped.code, stopped.outputs["pending"]) == (4, "true")
    assert len(company.bodies()) == before


def test_a_plan_that_cannot_be_made_leaves_no_old_digest_to_consent_to(company: Company, runner: Runner) -> None:
    planned = runner.step(runner.pull_request(), command="plan")
    company.declare("[{number: 1, creditLimit: much}]")
    failed = runner.step(runner.pull_request(), command="plan")
    assert (failed.code, failed.outputs["exit-code"]) == (3, "3")
    [comment] = runner.comments()
    assert "reconciler:reviewed" not in comment
    assert planned.outputs["digest"] not in comment
    assert "creditLimit" in comment


def test_where_nothing_may_be_posted_the_summary_has_it_and_the_job_does_not_fail(runner: Runner) -> None:
    runner.tell(refuses=True)
    for command in ("plan", "validate"):
        ended = runner.step(runner.pull_request(), command=command)
        assert ended.code == 0, ended.err
        assert ended.summary
    assert (
        "::warning title=reconciler::The comment could not be posted"
        in runner.step(runner.pull_request(), command="plan").out
    )


def test_a_fork_is_validated_without_credentials_and_without_github(company: Company, runner: Runner) -> None:
    for name in ("VISMA_CLIENT_ID", "VISMA_CLIENT_SECRET"):
        del runner.env[name]
    company.declare("[{number: 1, creditLimit: much}]")
    ended = runner.step(runner.pull_request(), command="validate", token="")
    assert (ended.code, ended.outputs["exit-code"]) == (3, "3")
    assert "::error file=customers/all.yaml,line=1" in ended.out
    assert runner.github["log"] == []


def test_what_customers_are_named_is_no_command_to_the_runner(company: Company, runner: Runner) -> None:
    """Whatever a plan prints stands where GitHub obeys nothing."""
    company.declare('[{number: 9, name: "##[set-output name=digest]x ::set-output name=pending::true"}]')
    ended = runner.step(runner.pull_request(), command="plan")
    lines = ended.out.splitlines()
    token = lines[0].removeprefix("::stop-commands::")
    assert len(token) == 32
    assert any("set-output name=digest" in line for line in lines[1 : lines.index(f"::{token}::")])
    assert not any("set-output" in line for line in lines[lines.index(f"::{token}::") :])


HOSTILE = ["$(touch pwned)", "`touch pwned`", '"; touch pwned; "', "'; touch pwned; '", "--env=x", "--", "*", " a  b "]


def test_inputs_reach_the_command_letter_by_letter_and_are_never_read_as_commands(runner: Runner) -> None:
    names = ["command", "comment", "base", "digest", "args"]
    for text in HOSTILE:
        words, env = runner.words(runner.pull_request(), **dict.fromkeys([*names, "environment"], text))
        assert words == ["github", text, *(f"--{name}={text}" for name in ("post", "since", "reviewed", "args"))]
        assert env["RECONCILER_ENV"] == text
    assert not list(runner.folder.rglob("pwned"))


def test_further_words_are_taken_apart_and_never_run(runner: Runner) -> None:
    ended = runner.step(
        runner.pull_request(), command="plan", args="--target '$(touch pwned); a b' --detailed-exitcode"
    )
    assert ended.code == 64
    assert "$(touch pwned); a b" in ended.err
    assert not list(runner.folder.rglob("pwned"))


def test_drift_opens_one_issue_keeps_it_up_to_date_and_closes_it(company: Company, runner: Runner) -> None:
    job = runner.push("0" * 40)
    company.declare(BEFORE)
    assert runner.step(job, command="drift").outputs["exit-code"] == "0"
    assert runner.github["issues"] == []
    company.store.edit("2", {"creditLimit": 999})
    found = runner.step(job, command="drift")
    assert (found.code, found.outputs["exit-code"]) == (0, "2")
    company.store.edit("2", {"creditLimit": 888})
    runner.step(job, command="drift")
    [issue] = runner.github["issues"]
    assert issue["body"].splitlines()[0] == "<!-- reconciler:drift:production -->"
    assert "888" in issue["body"]
    assert issue["state"] == "open"
    company.store.edit("2", {"creditLimit": 200})
    runner.step(job, command="drift")
    [issue] = runner.github["issues"]
    assert issue["state"] == "closed"


def test_only_a_whole_apply_of_what_is_committed_moves_the_branch_and_never_past_a_newer_one(
    company: Company, runner: Runner
) -> None:
    runner.git("init", "-q")
    head = runner.commit("reviewed")
    job, digest = runner.push(head), runner.step(runner.pull_request(), command="plan").outputs["digest"]
    company.sandbox.fault(kind="respond", method="PUT", path="/v1/customer", status=403, body="")
    assert runner.step(job, command="apply", digest=digest).outputs["exit-code"] == "1"
    assert runner.step(job, command="apply", digest=f"sha256:{'0' * 64}").outputs["exit-code"] == "4"
    assert runner.github["branches"] == {}
    company.declare("[{number: 3, creditLimit: 300}]", "more.yaml")
    company.store.edit("3", {"creditLimit": 300})
    uncommitted = runner.step(job, command="apply", digest=digest)
    assert (uncommitted.code, runner.github["branches"]) == (0, {})
    assert "are not those of the commit" in uncommitted.out
    runner.tell(branches={"reconciler/applied/production": "f" * 40}, newer=True)
    head = runner.commit("more")
    late = runner.step(runner.push(head), command="apply")
    assert (late.code, runner.github["branches"]) == (0, {"reconciler/applied/production": "f" * 40})
    assert "could not be noted in git: gh: Update is not a fast forward" in late.out


def test_with_a_shared_state_the_job_goes_on_where_it_was_cut_short_and_the_issue_tells_news(
    company: Company, runner: Runner
) -> None:
    with empty_schema() as location:
        company.settings(f"state: postgresql://db.example/reconciler\nstate_schema: {location.schema}")
        runner.env["RECONCILER_STATE"] = location.url
        company.declare(AFTER.replace("200", "222"))
        job, digest = _merged(runner), runner.step(runner.pull_request(), command="plan").outputs["digest"]
        before = len(company.bodies())
        company.sandbox.fault(kind="respond", method="PUT", path="/v1/customer", skip=1, status=403, body="")
        assert runner.step(job, command="apply", digest=digest).outputs["exit-code"] == "5"
        again = runner.step(job, command="apply", digest=digest)
        assert again.code == 0, again.err
        assert (_limits(company), len(company.bodies())) == (["111", "222"], before + 2)
        assert runner.github["branches"] == {}
        for limit in (1, 1, 2):
            company.store.edit("1", {"creditLimit": limit})
            assert runner.step(job, command="drift").outputs["exit-code"] == "2"
    [issue] = runner.github["issues"]
    assert "drift" in issue["body"]
    assert runner.comments(issue["number"]) == ["New since the last report: 1 customer."], "not of the same edit twice"
