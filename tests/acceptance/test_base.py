"""`plan --base`: a pull request shows which changes are its own."""

from __future__ import annotations

import subprocess

import pytest

from tests.acceptance.conftest import Company

FIRST = 'number: "1"\nname: First\ncreditLimit: 10\n'
SECOND = 'number: "2"\nname: Second\nmainContact:\n  email: a@example.test\n  phone1: "1"\n'


def git(company: Company, *arguments: str) -> None:
    done = subprocess.run(
        ["git", "-c", "user.name=N", "-c", "user.email=n@example.test", *arguments],
        cwd=company.folder,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture
def branch(company: Company) -> Company:
    """Two customers, applied; then one change merged, one made by a clerk, and one on the branch."""
    company.declare(FIRST, "1.yaml")
    company.declare(SECOND, "2.yaml")
    git(company, "init", "-q", "-b", "main")
    git(company, "add", "customers", "reconciler.yaml")
    git(company, "commit", "-qm", "one")
    assert company.apply().code == 0
    company.declare(SECOND.replace('phone1: "1"', 'phone1: "2"'), "2.yaml")
    git(company, "commit", "-qam", "merged")
    git(company, "checkout", "-qb", "feature")
    company.declare(FIRST.replace("10", "20"), "1.yaml")
    git(company, "commit", "-qam", "branch")
    company.store.edit("2", {"mainContact.email": "clerk@example.test"})
    return company


def origins(plan: object) -> dict[str, str | None]:
    assert isinstance(plan, dict)
    return {change["path"]: change["origin"] for action in plan["actions"] for change in action["changes"]}


def test_each_change_is_labelled_with_where_it_comes_from(branch: Company) -> None:
    made = branch.run("plan", "--base", "main", "--format", "json").json
    assert origins(made) == {"creditLimit": "branch", "mainContact.email": "drift", "mainContact.phone1": "merged"}
    shown = branch.run("plan", "--base", "main").out
    for words in ("(this branch)", "(merged but not applied)", "(drift)", "Origin: this branch (1 customer)"):
        assert words in shown


def test_without_a_base_no_origin_is_claimed(branch: Company) -> None:
    assert set(origins(branch.plan()).values()) == {None}


def test_without_state_merged_and_drift_are_not_told_apart(branch: Company) -> None:
    for file in branch.folder.glob(".reconciler/state*"):
        file.unlink()
    made = branch.run("plan", "--base", "main", "--format", "json").json
    assert origins(made) == {"creditLimit": "branch", "mainContact.email": "outside", "mainContact.phone1": "outside"}


def test_fail_outside_refuses_what_the_branch_does_not_make(branch: Company) -> None:
    ended = branch.run("plan", "--base", "main", "--fail-outside")
    assert ended.code == 4
    assert "1 customer has changes that are not this branch's: 2" in ended.out
    alone = branch.run("plan", "--base", "main", "--fail-outside", "--target", "1")
    assert alone.code == 0, alone.out


def test_what_others_merged_since_is_not_the_branchs(branch: Company) -> None:
    git(branch, "checkout", "-q", "main")
    branch.declare('number: "3"\nname: Third\n', "3.yaml")
    git(branch, "add", "customers")
    git(branch, "commit", "-qm", "later")
    git(branch, "checkout", "-q", "feature")
    made = branch.run("plan", "--base", "main", "--format", "json").json
    assert origins(made)["creditLimit"] == "branch"
    assert {action["number"] for action in made["actions"]} == {"1", "2"}


def test_a_base_with_errors_does_not_stop_the_branch_that_corrects_it(branch: Company) -> None:
    git(branch, "checkout", "-q", "main")
    branch.declare(FIRST + "wrong: 1\n", "1.yaml")
    git(branch, "commit", "-qam", "broken")
    git(branch, "checkout", "-qb", "repair")
    branch.declare(FIRST, "1.yaml")
    git(branch, "commit", "-qam", "repaired")
    ended = branch.run("plan", "--base", "main")
    assert ended.code == 0
    assert "P525" in ended.out
    assert 'unknown member "wrong"' in ended.out
    assert branch.run("plan", "--base", "main", "--fail-outside").code == 4


@pytest.mark.parametrize("ref", ["nowhere", "--output=stolen", "main:customers", ""])
def test_a_revision_that_is_none_is_wrong_usage(branch: Company, ref: str) -> None:
    ended = branch.run("plan", f"--base={ref}")
    assert ended.code == 64
    assert "git knows no revision" in ended.err
    assert not (branch.folder / "stolen").exists()


def test_fail_outside_needs_a_base(branch: Company) -> None:
    assert branch.run("plan", "--fail-outside").code == 64
