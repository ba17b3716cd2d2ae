"""drift and plan can never disagree: what a plan would change is in the report, with the same cause, and vice versa."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from reconciler.config.read.declarations import load_texts
from reconciler.core.desired import Desired
from reconciler.core.drift import Drift, History, Standing
from reconciler.core.drift_detection import compute_drift
from reconciler.core.live import Live
from reconciler.core.plan import ConfigSummary, Plan, Verb
from reconciler.core.planner import compute_plan
from reconciler.core.ports import View
from reconciler.core.rules import Memory, Rules, Target
from reconciler.erp.encode import WireCodec
from reconciler.resources.customer import CUSTOMER
from reconciler.resources.grammar import Read
from reconciler.resources.values import Values, parse_path
from tests.property.declarations import fields

TARGET = Target("production", "", "t", "x")
NOW = "2026-01-31T12:00:00Z"
NUMBERS = ("11", "12")  # none of the parents that are drawn
STRANGERS = ("13", "14")
PATTERNS = ("mainAddress", "mainContact.fax", "*.addressLine1", "attributes", "creditLimit")


def _desired(numbers: list[str], drawn: list[dict[str, Any]]) -> tuple[Desired, ...]:
    written = [{"number": number, "name": "N", **values} for number, values in zip(numbers, drawn, strict=True)]
    text = json.dumps({"customers": written}, default=_number, ensure_ascii=False).replace("${", "$${")
    loaded = load_texts({"a.yaml": text.encode()}, environ={})
    assert len(loaded.desired) == len(numbers), loaded.diagnostics
    return loaded.desired


def _number(value: object) -> float:
    assert isinstance(value, Decimal)
    return float(value)


def _side(data: st.DataObject, declared: dict[str, Values]) -> dict[str, Values]:
    """One of the other two sides: the customer as declared, with other values, or not at all; and some strangers."""
    found = {}
    for number, values in declared.items():
        how = data.draw(st.sampled_from(["other", "other", "same", "none"]))
        if how != "none":
            other = _desired([number], [data.draw(fields())])[0].values if how == "other" else {}
            found[number] = {**values, **other}
    return found | {each: {"name": "N"} for each in STRANGERS if data.draw(st.booleans())}


@settings(max_examples=15, deadline=None, phases=[Phase.generate])
@given(data=st.data(), mode=st.sampled_from(["leaf", "whole"]))
def test_drift_and_plan_agree(data: st.DataObject, mode: Any) -> None:
    desired = _desired(list(NUMBERS), [data.draw(fields()) for _ in NUMBERS])
    declared = {number: each.values for number, each in zip(NUMBERS, desired, strict=True)}
    live = tuple(Live(int(number), number, "v", values) for number, values in _side(data, declared).items())
    memory = Memory(applied=_side(data, declared))
    ignore = tuple(data.draw(st.lists(st.sampled_from(PATTERNS), unique=True, max_size=2)))
    rules = Rules(ignore, mode)
    view = View(live, NOW, 1)
    plan = compute_plan(
        desired,
        view,
        WireCodec(),
        rules=rules,
        target=TARGET,
        config=ConfigSummary("", 0),
        memory=memory,
        version="0",
        created_at=NOW,
    )
    drift = compute_drift(
        desired,
        view,
        rules=rules,
        target=TARGET,
        memory=memory,
        history=History(),
        mutes=(),
        applied_at=lambda _key: None,
        version="0",
        created_at=NOW,
    )
    assert _drifted(drift) == _updated(plan)
    assert _standing(drift, Standing.MISSING) == {each.number for each in plan.actions if each.action is Verb.CREATE}
    assert (drift.summary.unmanaged, drift.summary.removed) == (plan.summary.unmanaged, plan.summary.removed)
    assert drift.diagnostics == tuple(each for each in plan.diagnostics if each.code.startswith("I41"))


def _drifted(drift: Drift) -> set[tuple[str, str, str, str, str]]:
    return {
        (each.label, one.path, one.cause.value, repr(one.live), repr(one.declared))
        for each in drift.customers
        for one in each.fields
    }


def _updated(plan: Plan) -> set[tuple[str, str, str, str, str]]:
    """The plan's changes without what only goes along: values that stay, and members that cannot be read."""
    return {
        (action.label, each.path, each.cause.value, repr(each.before), repr(each.after))
        for action in plan.actions
        if action.action is Verb.UPDATE
        for each in action.changes
        if each.before != each.after and not _is_write_only(each.path)
    }


def _is_write_only(path: str) -> bool:
    row = CUSTOMER.leaf(parse_path(path))
    return row is not None and row.where is Read.NEVER


def _standing(drift: Drift, standing: Standing) -> set[str | None]:
    return {each.number for each in drift.customers if each.standing is standing}
