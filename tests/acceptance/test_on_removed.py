"""on_removed: deactivate without a record of earlier runs says that it can do nothing, and what it needs."""

from __future__ import annotations

from typing import Any

import pytest

from tests.acceptance.conftest import Company

TWO = '- { number: "1", name: A }\n- { number: "2", name: B }\n'


def warned(plan: Any) -> list[dict[str, Any]]:
    return [problem for problem in plan["diagnostics"] if problem["code"] == "P535"]


@pytest.fixture
def removing(company: Company) -> Company:
    """Two applied customers, of which one is not declared any more."""
    company.settings("on_removed: deactivate")
    company.declare(TWO)
    assert company.apply().code == 0
    company.declare('- { number: "1", name: A }\n')
    return company


def test_a_plan_without_state_says_that_nothing_is_deactivated(removing: Company) -> None:
    """A warning with the remedy, in the text too; plan and exit code stay as they are."""
    for file in (removing.folder / ".reconciler").glob("state*"):
        file.unlink()
    plan = removing.plan()
    (warning,) = warned(plan)
    assert (plan["actions"], warning["severity"]) == ([], "warning")
    assert "Keep the state" in warning["remedy"]
    assert "on_removed: deactivate does nothing here" in removing.run("plan").out


def test_with_a_state_nothing_is_said(removing: Company) -> None:
    """What was managed is known, and goes to Inactive."""
    plan = removing.plan()
    assert warned(plan) == []
    assert [action["changes"][0]["after"] for action in plan["actions"]] == ["Inactive"]


def test_nothing_is_said_where_removed_customers_stay(company: Company) -> None:
    """`on_removed: ignore` needs no state, and a plan of some customers looks at no others."""
    company.declare(TWO)
    assert warned(company.plan()) == []
    company.settings("on_removed: deactivate")
    ended = company.run("plan", "--target", "1", "--format", "json")
    assert warned(ended.json) == []
