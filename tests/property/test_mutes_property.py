"""Muted fields are never sent: for random declarations, live customers and mutes, until somebody asks for them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from reconciler.apply.executor import execute
from reconciler.config.settings import Settings
from reconciler.core.mutes import NO_MUTES, ActiveMutes, Mute
from reconciler.core.patterns import covers, patterns
from reconciler.core.plan import Outcome, Plan
from reconciler.core.ports import Need
from reconciler.core.rules import Target
from reconciler.erp.customers import Customers
from reconciler.operations.declarations import read
from reconciler.operations.pipeline import comparison_of, heading_of, make_plan, refresh
from reconciler.operations.writing import NoJournal
from reconciler.resources.customer import CUSTOMER
from reconciler.resources.grammar import Group
from reconciler.resources.values import Values, get, parse_path, render_path
from reconciler.sandbox import Sandbox
from tests.property.declarations import fields
from tests.property.test_street_property import _declare, _settings, erp, folder, sandbox  # noqa: F401 (fixtures)

COUNT = 8
DAY = "2026-01-31"


class Street:
    """Plan and apply with mutes, as the pipeline does."""

    def __init__(self, found: Settings, customers: Customers) -> None:
        self._settings, self._erp = found, customers

    def plan(self, mutes: ActiveMutes = NO_MUTES, *, include_muted: bool = False) -> Plan:
        loaded = read(self._settings, environ={})
        comparison = comparison_of(self._settings, loaded, refresh(loaded, self._erp))
        rules = replace(comparison.rules, mutes=mutes, include_muted=include_muted)
        heading = heading_of(Target("production", "", "sandbox", "x"), f"{DAY}T12:00:00Z")
        return make_plan(self._settings, loaded, replace(comparison, rules=rules), heading)

    def apply(self, plan: Plan) -> None:
        results = list(execute(plan, self._erp, NoJournal(), parallelism=4, since=plan.refresh.as_of))
        assert all(result.outcome is Outcome.DONE for result in results), [result.message for result in results]

    def held(self, number: str, names: frozenset[str]) -> Values:
        need = Need.of([(number, names)])
        return self._erp.customer(number, need).unpacked().values


@st.composite
def muting(draw: st.DrawFn, plan: Plan) -> list[Mute]:
    """Mutes of some of what the plan would change: the field, its group, or all of the customer.

    Of lines the whole list: the ERP refuses some that are changed by half, such as with two default mandates.
    """
    mutes = []
    for action in plan.actions:
        for change in action.changes:
            path = parse_path(change.path)
            row = CUSTOMER.fields[path[0]]
            is_line = isinstance(row, Group) and row.is_lines
            choices = [render_path(path[:1]), "*", *([] if is_line else [change.path] * 3)]
            if draw(st.integers(0, 3)) == 0:
                mutes.append(Mute(action.number or "", draw(st.sampled_from(choices)), DAY, "why"))
    return mutes


def _covered(mutes: list[Mute], number: str, path: tuple[str, ...]) -> bool:
    own = tuple(mute.path for mute in mutes if mute.number == number)
    return any(covers(pattern, path) for pattern in patterns(own))


@pytest.mark.timeout(600)
@settings(max_examples=20, phases=[Phase.generate])
@given(data=st.data(), mode=st.sampled_from(["leaf", "whole"]))
def test_a_muted_field_is_never_sent_unless_it_is_asked_for(
    sandbox: Sandbox,  # noqa: F811
    erp: Customers,  # noqa: F811
    folder: Path,  # noqa: F811
    data: st.DataObject,
    mode: str,
) -> None:
    """What is muted keeps its value and is shown; all else is applied; asked for, the muted is applied too."""
    sandbox.store.reset()
    sandbox.store.seed(COUNT, data.draw(st.integers(0, 99), "seed"), start=1)
    declared = []
    for number in range(1, COUNT + 1):
        values = data.draw(fields(), f"customer {number}")
        if number <= 2:
            values.pop("parentRecordNumber", None)
        declared.append({"number": str(number), **values})
    _declare(folder, declared)
    street = Street(_settings(folder, sandbox, mode), erp)
    mutes = data.draw(muting(street.plan()), "mutes")
    active = ActiveMutes(mutes, DAY)
    plan = street.plan(active)
    for action in plan.actions:
        moved = [change for change in action.changes if change.before != change.after]
        assert [change.path for change in moved if _covered(mutes, action.number or "", parse_path(change.path))] == []
    left = [
        (customer.number, parse_path(field.path), field.before) for customer in plan.muted for field in customer.fields
    ]
    street.apply(plan)
    followers = {name for names in CUSTOMER.mirrors.values() for name in names}
    for number, path, before in left:
        if path[0] not in followers:  # an address that is not written may follow the main one, in the ERP
            assert get(street.held(number, frozenset({path[0]})), path) == before
    again = street.plan(active)
    assert again.is_empty, [(action.number, action.changes) for action in again.actions]
    street.apply(street.plan(active, include_muted=True))
    assert street.plan().is_empty
