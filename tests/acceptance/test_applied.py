"""Causes without a state: what was applied last is what a git revision declares, or what was adopted."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.acceptance.conftest import Company
from tests.acceptance.test_base import git

DECLARED = """\
- {number: "1", name: First, creditLimit: 10}
- {number: "2", name: Second, creditLimit: 20, mainContact: {email: a@example.test, phone1: "1"}}
- {number: "3", name: Third}
"""
BRANCH = "reconciler/applied/production"


def git_word(company: Company, *words: str) -> str:
    done = subprocess.run(["git", *words], cwd=company.folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def forget(company: Company) -> None:
    """A machine that has nothing but the checkout."""
    shutil.rmtree(company.folder / ".reconciler", ignore_errors=True)


def causes(company: Company, *words: str) -> dict[str, str]:
    """The cause of each field in a drift report, by customer and path."""
    report = company.run("drift", "--format", "json", *words)
    assert report.code == 0, report.err
    return {
        f"{customer['number']} {field['path']}": field["cause"]
        for customer in report.json["customers"]
        for field in customer["fields"]
    }


def planned_causes(company: Company, *words: str) -> dict[str, str]:
    plan = company.run("plan", "--format", "json", *words)
    assert plan.code == 0, plan.err
    return {
        f"{action['number']} {change['path']}": change["cause"]
        for action in plan.json["actions"]
        for change in action["changes"]
    }


@pytest.fixture
def merged(company: Company) -> Company:
    """Applied at the branch of the pipelines; then a merge, a clerk's edit, and both at one field; no state is left."""
    company.declare(DECLARED)
    git(company, "init", "-q", "-b", "main")
    git(company, "add", "customers", "reconciler.yaml")
    git(company, "commit", "-qm", "applied")
    assert company.apply().code == 0
    git(company, "branch", BRANCH)
    company.declare(DECLARED.replace("10", "11").replace('phone1: "1"', 'phone1: "2"'))
    git(company, "commit", "-qam", "merged")
    company.store.edit("2", {"creditLimit": 25, "mainContact.phone1": "3"})
    forget(company)
    return company


EXPECTED = {"1 creditLimit": "config", "2 creditLimit": "drift", "2 mainContact.phone1": "both"}


def test_without_a_state_the_branch_of_the_pipelines_tells_drift_from_what_is_not_applied_yet(merged: Company) -> None:
    assert causes(merged) == EXPECTED
    forget(merged)
    assert planned_causes(merged) == EXPECTED
    assert "P537" in merged.run("plan").out


def test_applied_takes_any_revision_as_it_stands_and_counts_before_the_state(merged: Company) -> None:
    git(merged, "branch", "-D", BRANCH)
    assert set(causes(merged).values()) == {"unknown"}
    assert causes(merged, "--applied", "HEAD^") == planned_causes(merged, "--applied", "HEAD^") == EXPECTED
    assert merged.apply().code == 0
    merged.store.edit("1", {"creditLimit": 12})
    assert causes(merged) == {"1 creditLimit": "drift"}
    assert causes(merged, "--applied", "HEAD^") == {"1 creditLimit": "both"}


def test_a_clone_has_the_branch_of_its_origin_also_without_history(merged: Company, tmp_path: Path) -> None:
    """The origin's branch counts before a local one, and a commit without its history is enough."""
    git(merged, "clone", "-q", "--depth=1", "--no-single-branch", f"file://{merged.folder}", str(tmp_path / "clone"))
    clone = Company.__new__(Company)
    clone.folder, clone.sandbox, clone._capture = tmp_path / "clone", merged.sandbox, merged._capture
    git(clone, "branch", "-q", BRANCH, "HEAD")
    assert causes(clone) == EXPECTED


def test_what_the_revision_does_not_declare_is_the_declarations_doing(merged: Company) -> None:
    """A customer that is declared since, one that a clerk deleted, and one that lost its declaration."""
    merged.declare('{number: "9", name: New}', "9.yaml")
    merged.declare(DECLARED.replace('- {number: "3", name: Third}\n', ""))
    report = merged.run("drift", "--format", "json").json
    found = {customer["number"]: (customer["standing"], customer["cause"]) for customer in report["customers"]}
    assert found["9"] == ("missing", "config")
    assert found["3"][0] == "removed"


def test_a_revision_decides_no_write(merged: Company) -> None:
    """on_removed: deactivate needs a run that managed the customer; a branch that anybody may push is none."""
    merged.settings("on_removed: deactivate")
    merged.declare(DECLARED.replace('- {number: "3", name: Third}\n', ""))
    with_branch = merged.plan()
    forget(merged)
    git(merged, "branch", "-D", BRANCH)
    without = merged.plan()
    assert with_branch["changes_digest"] == without["changes_digest"]
    assert [action["number"] for action in with_branch["actions"]] == ["2"]


def test_a_renumbered_customer_is_known_by_its_former_number(merged: Company) -> None:
    """Before it has its new number in the ERP, and after."""
    merged.declare('{number: "100", name: First, creditLimit: 11, lifecycle: {renumbered_from: "1"}}')
    merged.store.edit("1", {"name": "A clerk's"})
    expected = {"100 creditLimit": "config", "100 name": "drift"}
    before = planned_causes(merged)
    assert {name: cause for name, cause in before.items() if name != "100 number"} == expected
    forget(merged)
    merged.store.renumber("1", "100")
    assert planned_causes(merged) == expected


def test_accept_takes_what_the_erp_moved_and_leaves_what_is_not_applied_yet(merged: Company) -> None:
    assert merged.run("accept").code == 0
    text = (merged.folder / "customers" / "all.yaml").read_text(encoding="utf-8")
    assert "creditLimit: 11" in text
    assert "creditLimit: 25" in text


@pytest.mark.parametrize("change", ["broken", "gone", "link"])
def test_a_revision_that_cannot_be_read_is_told_and_causes_are_unknown(merged: Company, change: str) -> None:
    git(merged, "checkout", "-q", BRANCH)
    file = merged.folder / "customers" / "all.yaml"
    if change == "broken":
        merged.declare("- {number: '1', wrong: 1}")
    elif change == "gone":
        git(merged, "rm", "-q", "reconciler.yaml")
    else:
        outside = merged.folder.parent / "outside.yaml"
        outside.write_text(DECLARED, encoding="utf-8")
        file.unlink()
        file.symlink_to(outside)
    git(merged, "commit", "-qam", change)
    git(merged, "checkout", "-q", "main")
    report = merged.run("drift", "--detailed-exitcode")
    assert report.code == 2
    assert "P536" in report.out
    assert set(causes(merged).values()) == {"unknown"}


@pytest.mark.parametrize("ref", ["nowhere", "--output=stolen", "HEAD:customers", "", "HEAD^{tree}", "a\x00b"])
def test_a_revision_that_is_none_is_wrong_usage(merged: Company, ref: str) -> None:
    for command in ("plan", "drift"):
        ended = merged.run(command, f"--applied={ref}")
        assert ended.code == 64, ended.err
    assert not (merged.folder / "stolen").exists()


def test_defaults_and_cleared_fields_of_the_revision_count(company: Company) -> None:
    """As they stand there: defaults of its settings, and a field that it clears."""
    company.settings("defaults: {creditLimit: 50}")
    company.declare('[{number: "1", name: First, mainContact: {email: ""}}]')
    git(company, "init", "-q", "-b", "main")
    git(company, "add", "customers", "reconciler.yaml")
    git(company, "commit", "-qm", "applied")
    assert company.apply().code == 0
    git(company, "branch", BRANCH)
    company.settings("defaults: {creditLimit: 60}")
    company.store.edit("1", {"mainContact.email": "clerk@example.test"})
    forget(company)
    assert causes(company) == {"1 creditLimit": "config", "1 mainContact.email": "drift"}


# ---- the branch ----


def test_the_branch_moves_to_what_is_committed_and_forward_alone(company: Company, tmp_path: Path) -> None:
    """What cannot be noted is a warning: what was applied is applied."""

    def marked() -> str:
        found = git_word(company, "ls-remote", "origin", f"refs/heads/{BRANCH}").partition("\t")[0]
        return "" if not found else git_word(company, "log", "-1", "--format=%s", found)

    company.declare(DECLARED)
    git(company, "init", "-q", "-b", "main")
    git(company, "init", "-q", "--bare", str(tmp_path / "origin"))
    git(company, "remote", "add", "origin", str(tmp_path / "origin"))
    for name in ("first", "second"):
        git(company, "add", "customers", "reconciler.yaml")
        git(company, "commit", "-q", "--allow-empty", "-m", name)
        ended = company.run("mark-applied")
        assert (ended.code, marked()) == (0, name), ended.err
    git(company, "checkout", "-q", "HEAD^")
    older = company.run("mark-applied")
    assert (older.code, marked()) == (0, "second")
    assert "Warning" in older.err
    assert "a newer apply moved it" in older.err
    git(company, "checkout", "-q", "main")
    git(company, "commit", "-q", "--allow-empty", "-m", "third")
    company.declare(DECLARED.replace("10", "11"))
    assert "are not those of the commit" in company.run("mark-applied").err
    assert "on this machine alone" in company.run("--env", "sandbox", "mark-applied").err
    assert marked() == "second"


def test_a_remote_that_cannot_be_reached_is_told_without_its_credentials(merged: Company) -> None:
    git(merged, "remote", "add", "origin", "http://anna:hush-hush@127.0.0.1:9/x.git")
    ended = merged.run("mark-applied")
    assert ended.code == 0
    assert "could not be noted in git" in ended.err
    assert "hush-hush" not in ended.err + ended.out


# ---- adopting ----


def test_the_first_drift_after_an_export_is_drift(company: Company) -> None:
    company.store.seed(3, 1, start=1)
    assert company.run("export").code == 0
    company.store.edit("2", {"creditLimit": 77})
    assert causes(company) == {"2 creditLimit": "drift"}
    assert company.run("drift", "--format", "json").json["customers"][0]["applied_at"] is None


def test_the_first_drift_after_a_plan_without_changes_is_drift(company: Company) -> None:
    company.store.seed(2, 1, start=1)
    company.declare('[{number: "1", creditLimit: 100}, {number: "2", creditLimit: 200}]')
    for number, limit in (("1", 100), ("2", 200)):
        company.store.edit(number, {"creditLimit": limit})
    assert company.undone() == {}
    company.store.edit("2", {"creditLimit": 77})
    assert causes(company) == {"2 creditLimit": "drift"}


def test_what_the_pipelines_applied_counts_before_what_was_adopted_here(company: Company) -> None:
    company.store.seed(1, 1, start=1)
    company.store.edit("1", {"creditLimit": 10})
    assert company.run("export").code == 0
    file = company.folder / "customers" / "1.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("creditLimit: 10", "creditLimit: 20"), encoding="utf-8")
    git(company, "init", "-q", "-b", "main")
    git(company, "add", "customers", "reconciler.yaml")
    git(company, "commit", "-qm", "applied by a pipeline")
    company.store.edit("1", {"creditLimit": 30})
    assert causes(company) == {"1 creditLimit": "both"}
    git(company, "branch", BRANCH)
    assert causes(company) == {"1 creditLimit": "drift"}


def test_what_was_only_adopted_is_not_deactivated_when_its_declaration_goes(company: Company) -> None:
    company.settings("on_removed: deactivate")
    company.store.seed(3, 1, start=1)
    assert company.run("export").code == 0
    assert company.undone() == {}
    (company.folder / "customers" / "2.yaml").unlink()
    assert company.undone() == {}
    assert company.apply().code == 0
    (company.folder / "customers" / "3.yaml").unlink()
    assert [action["number"] for action in company.plan()["actions"]] == ["3"], "an apply makes it managed"


def test_a_new_project_from_live_knows_the_first_drift(
    company: Company, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    company.store.seed(2, 1, start=1)
    monkeypatch.setenv("VISMA_BASE_URL", company.sandbox.base_url)
    monkeypatch.setenv("VISMA_TOKEN_URL", company.sandbox.token_url)
    monkeypatch.setenv("VISMA_TENANT_ID", "sandbox")
    company.folder = tmp_path
    assert company.run("init", "new", "--from-live").code == 0
    company.folder = tmp_path / "new"
    company.store.edit("1", {"creditLimit": 77})
    assert causes(company) == {"1 creditLimit": "drift"}
