"""Where changes come from, seen from a pull request."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.core.attribution import attributed, by_origins, outside
from reconciler.core.diagnostics import Source
from reconciler.core.plan import (
    Action,
    Budget,
    Cause,
    Change,
    ConfigSummary,
    Guard,
    Origin,
    Plan,
    Refresh,
    Request,
    Summary,
    Verb,
)

HERE = Source("customers/a.yaml", 1, 1)


def action(number: str | None, *changes: Change, ref: str | None = None, verb: Verb = Verb.UPDATE) -> Action:
    return Action(verb, number, ref, "Name", HERE, changes, Request("PUT", "/v1/customer/1", "v", {}))


def change(path: str, after: object, cause: Cause = Cause.CONFIG) -> Change:
    return Change(path, "before", after, cause, HERE)


def plan(*actions: Action) -> Plan:
    return Plan(
        "1", "2026-01-31T12:00:00Z", "test", "Demo AS", "t", "https://example.test", ConfigSummary("sha256:0", 1),
        Refresh("full", "2026-01-31T12:00:00Z", 1, 1), Summary(), actions, (), Budget(1),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("theirs", "origin"),
    [
        (None, Origin.BRANCH),
        (change("city", "Oslo"), Origin.BRANCH),
        (change("name", "another"), Origin.BRANCH),
        (change("name", "after"), Origin.MERGED),
        (change("name", "after", Cause.BOTH), Origin.MERGED),
        (change("name", "after", Cause.DRIFT), Origin.DRIFT),
        (change("name", "after", Cause.UNKNOWN), Origin.OUTSIDE),
    ],
)
def test_a_change_is_the_branchs_unless_the_base_asks_for_the_same(theirs: Change | None, origin: Origin) -> None:
    base = plan(action("1", theirs)) if theirs else plan()
    (found,) = attributed(plan(action("1", change("name", "after"))), base).actions
    assert [each.origin for each in found.changes] == [origin]


def test_customers_are_told_apart_by_number_and_by_ref() -> None:
    theirs = plan(action(" a1", change("name", "x")), action(None, change("name", "y"), ref="shop", verb=Verb.CREATE))
    ours = plan(
        action("A1", change("name", "x")),
        action("B1", change("name", "x")),
        action("900", change("name", "y"), ref="shop", verb=Verb.CREATE),
        action("900", change("name", "y"), ref="shop"),
    )
    found = [each.changes[0].origin for each in attributed(ours, theirs).actions]
    assert found == [Origin.MERGED, Origin.BRANCH, Origin.MERGED, Origin.BRANCH]


def test_changes_from_outside_the_branch_are_a_refusal_that_cannot_be_forced() -> None:
    made = attributed(
        plan(action("1", change("name", "x")), action("2", change("name", "y"))), plan(action("2", change("name", "y")))
    )
    refusal = outside(made)
    assert refusal is not None
    assert refusal.guard is Guard.POLICY
    assert refusal.summary.endswith(": 2")
    assert by_origins(made) == {(Origin.BRANCH,): 1, (Origin.MERGED,): 1}


def test_a_value_that_is_only_carried_along_is_no_change_from_outside() -> None:
    held = replace(change("name", "before"), before="before")
    assert outside(attributed(plan(action("1", held)), plan(action("1", held)))) is None


def test_a_plan_without_a_base_has_no_origins() -> None:
    assert by_origins(plan(action("1", change("name", "x")))) == {}


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (1, "1 customer has changes that are not this branch's: 1"),
        (10, "10 customers have changes that are not this branch's: 1, 2, 3, 4, 5, 6, 7, 8, 9, 10"),
        (12, "12 customers have changes that are not this branch's: 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 2 more"),
    ],
)
def test_what_is_not_the_branchs_is_refused_and_ten_are_named(count: int, said: str) -> None:
    merged = replace(change("name", "after"), origin=Origin.MERGED)
    found = outside(plan(*(action(str(at), merged) for at in range(1, count + 1))))
    assert found is not None
    assert (found.guard, found.summary) == (Guard.POLICY, said)
