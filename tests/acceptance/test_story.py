"""The whole story of a repository, as people and a pipeline live it."""

from __future__ import annotations

import json
import subprocess
from decimal import Decimal

from tests.acceptance.conftest import Company

FJORD = 'number: "1"\nname: Fjord AS\ncreditLimit: 100   # agreed in March\n'
FJELL = 'number: "2"\nname: Fjell AS\n'


def git(company: Company, *arguments: str) -> None:
    person = ("-c", "user.name=Ola", "-c", "user.email=ola@example.test")
    subprocess.run(["git", *person, *arguments], cwd=company.folder, check=True, capture_output=True)


def commit(company: Company, message: str) -> None:
    git(company, "add", "customers", "reconciler.yaml")
    git(company, "commit", "-qm", message)


def test_branch_plan_comment_merge_apply_clerk_drift_accept_empty_plan(company: Company) -> None:
    fjord = company.declare(FJORD, "1.yaml")
    git(company, "init", "-q", "-b", "main")
    commit(company, "the first customer")
    assert company.apply().code == 0

    git(company, "checkout", "-qb", "more-credit")
    company.declare(FJORD.replace("100", "250"), "1.yaml")
    company.declare(FJELL, "2.yaml")
    commit(company, "more credit, and a new customer")
    reviewed = company.run(
        "plan", "--base", "main", "--detailed-exitcode", "-o", "plan.json", "--report", "markdown=comment.md"
    )
    assert reviewed.code == 2, reviewed.err
    comment = (company.folder / "comment.md").read_text(encoding="utf-8")
    digest = json.loads((company.folder / "plan.json").read_text(encoding="utf-8"))["changes_digest"]
    assert comment.startswith("<!-- reconciler:plan:production -->\n")
    for words in (
        "1 to create, 1 to update",
        "this branch",
        "100 → 250\u00a0NOK, ×2.5",
        "customers/1.yaml",
        "Fjell AS",
        digest,
    ):
        assert words in comment, words
    assert len(company.bodies()) == 1, "a review writes nothing"

    git(company, "checkout", "-q", "main")
    git(company, "merge", "-q", "--no-ff", "-m", "merged", "more-credit")
    applied = company.run("apply", "--digest", digest)
    assert applied.code == 0, applied
    assert "Applied: 1 created, 1 updated." in applied.out
    assert company.undone() == {}

    company.store.edit("1", {"creditLimit": 300})
    drifted = company.run("drift", "--detailed-exitcode", "--format", "json")
    assert drifted.code == 2
    (customer,) = [each for each in drifted.json["customers"] if each["fields"]]
    (field,) = customer["fields"]
    assert (customer["number"], field["path"], field["cause"]) == ("1", "creditLimit", "drift")
    assert (Decimal(str(field["applied"])), Decimal(str(field["live"]))) == (250, 300)

    assert company.run("accept", "1").code == 0
    assert "creditLimit: 300   # agreed in March" in fjord.read_text(encoding="utf-8")
    writes = len(company.bodies())
    assert company.undone() == {}
    assert company.run("drift", "--detailed-exitcode").code == 0
    assert len(company.bodies()) == writes
