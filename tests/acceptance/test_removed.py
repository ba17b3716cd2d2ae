"""Customers that were managed and lost their declaration: named in the plan, and forgotten once that is applied."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from reconciler.core.plan import FORMAT_VERSION
from reconciler.reports.redact import Redactor
from reconciler.state import plan_file
from tests.acceptance.conftest import Company

THREE = "[{number: 1, name: A}, {number: 2, name: B}, {number: 3, name: C}]"
WITHOUT_3 = THREE.replace(", {number: 3, name: C}", "")


@pytest.mark.parametrize("on_removed", ["ignore", "deactivate"])
def test_a_saved_plan_ends_the_management_of_removed_customers_too(company: Company, on_removed: str) -> None:
    company.settings(f"on_removed: {on_removed}")
    company.declare(THREE)
    assert company.apply().code == 0
    company.declare(WITHOUT_3)
    assert company.run("plan", "-o", "plan.json").code == 0
    saved = json.loads((company.folder / "plan.json").read_bytes())
    assert saved["format_version"] == FORMAT_VERSION
    assert saved["removed"] == [{"number": "3", "name": "C"}]
    (hidden,) = Redactor(b"k" * 16).plan(plan_file.read(company.folder / "plan.json")).removed
    assert (hidden.number, hidden.name[:9]) == ("3", "redacted:")
    assert company.run("apply", "plan.json").code == 0
    after = company.plan()
    assert (after["removed"], after["summary"]["removed"], after["diagnostics"]) == ([], 0, [])


def test_a_removed_customer_that_is_inactive_already_is_forgotten_at_the_next_apply(company: Company) -> None:
    company.settings("on_removed: deactivate")
    company.declare(THREE)
    assert company.apply().code == 0
    company.store.edit("3", {"status": "Inactive"})
    company.declare(WITHOUT_3)
    assert company.plan()["removed"] == [{"number": "3", "name": "C"}]
    assert company.apply().code == 0
    assert company.plan()["removed"] == []


def test_a_customer_whose_deactivation_failed_is_tried_again(company: Company) -> None:
    company.settings("on_removed: deactivate")
    company.declare(THREE)
    assert company.apply().code == 0
    company.declare(WITHOUT_3)
    assert company.run("plan", "-o", "plan.json").code == 0
    company.store.edit("3", {"name": "Clerk"})
    assert company.run("apply", "plan.json").code == 5
    assert [each["number"] for each in company.plan()["actions"]] == ["3"]


def test_a_targeted_plan_removes_nobody(company: Company) -> None:
    company.declare(THREE)
    assert company.apply().code == 0
    company.declare(WITHOUT_3)
    assert company.run("plan", "--target", "1", "-o", "plan.json").code == 0
    assert company.run("apply", "plan.json").code == 0
    assert company.plan()["removed"] == [{"number": "3", "name": "C"}]


def test_an_old_saved_plan_does_not_forget_what_is_declared_and_applied_again(company: Company) -> None:
    company.declare(THREE)
    assert company.apply().code == 0
    company.declare(WITHOUT_3)
    company.run("plan", "-o", "plan.json")
    altered = plan_file.read(company.folder / "plan.json")
    old = replace(altered, refresh=replace(altered.refresh, as_of="2020-01-01T00:00:00Z"))
    plan_file.write(plan_file.seal(old), company.folder / "plan.json")
    assert company.run("apply", "plan.json").code == 0
    assert company.plan()["removed"] == [{"number": "3", "name": "C"}]


@pytest.mark.parametrize("version", ["1.0", "1.99"])
def test_a_plan_file_of_another_minor_format_is_applied_once_and_shown(company: Company, version: str) -> None:
    company.declare(THREE)
    assert company.run("plan", "-o", "plan.json").code == 0
    other = json.loads((company.folder / "plan.json").read_bytes()) | {"format_version": version}
    if version == "1.0":
        for name in ("removed", "redacted", "changes_digest"):
            other.pop(name, None)
        for change in (change for action in other["actions"] for change in action["changes"]):
            change.pop("origin", None)
    else:
        other["later"] = {"added": True}
    other["digest"] = plan_file._digest(other)
    (company.folder / "plan.json").write_text(json.dumps(other))
    assert company.run("apply", "plan.json").code == 0
    (run,) = company.run("runs", "list", "--format", "json").json["runs"]
    assert company.run("runs", "show", run["id"]).code == 0
    assert company.undone() == {}
    assert company.run("apply", "plan.json").code == 4


@pytest.mark.parametrize("declared", ["{number: ab-1, name: A", "{number: ab-1, ref: own, name: A"])
def test_all_that_is_declared_is_remembered_where_the_number_differs_in_case(company: Company, declared: str) -> None:
    """The next plan knows that the ERP changed a field, also one that the apply had no need to write."""
    company.declare("{number: AB-1, name: A}")
    assert company.apply().code == 0
    company.run("state", "clear", "--auto-approve")
    company.declare(declared + ", gln: '70'}")
    assert company.apply().code == 0
    company.store.edit("AB-1", {"name": "Clerk"})
    assert [(each["path"], each["cause"]) for each in company.plan()["actions"][0]["changes"]] == [("name", "drift")]
