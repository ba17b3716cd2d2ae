"""A parent that is named by ref is found for certain, or its child is not written as if it had none."""

from __future__ import annotations

from reconciler.core.doubts import Doubts, Unreadable
from reconciler.core.identity import pair
from reconciler.resources.values import NumberOf
from tests.unit.core.test_planner import declared, live, plan_of
from tests.unit.core.test_renumbering import wish

HEAD = declared("1", ref="head", name="Head")
HEADS_ROW = Doubts((Unreadable("a wrong shape", number="1", ids={"corporateId": "", "vatRegistrationId": ""}),))
BELOW = {"parentRecordNumber": NumberOf("head")}


def test_a_new_child_is_held_back_with_a_parent_that_is_held_back_and_so_is_its_own_child() -> None:
    child = declared("2", ref="child", name="Child", line=2, **BELOW)
    grandchild = declared("3", name="Grandchild", line=3, parentRecordNumber=NumberOf("child"))
    pairing = pair([HEAD, grandchild, child, declared("4", name="D", line=4)], [], doubts=HEADS_ROW)
    assert [declaration.number for declaration, _ in pairing.pairs] == ["4"]
    assert [problem.code for problem in pairing.diagnostics] == ["P529"] * 3
    assert "3 is held back: its parent, ref child, could not be found" in pairing.diagnostics[1].summary


def test_a_live_child_keeps_its_parent_and_a_warning_says_so() -> None:
    child = declared("2", name="Child", line=2, **BELOW)
    pairing = pair([HEAD, child], [live("2", name="Old", parentRecordNumber="9")], doubts=HEADS_ROW)
    assert [dict(declaration.values) for declaration, _ in pairing.pairs] == [{"name": "Child"}]
    assert "2 keeps the parent that it has" in pairing.diagnostics[1].summary


def test_a_child_is_not_created_without_the_parent_whose_renumbering_is_refused() -> None:
    parent = wish("20", "10", ref="head", name="Head")
    child = declared("30", name="Child", **BELOW)
    plan = plan_of(parent, child, live=(live("10"), live("20")), targets=frozenset({"30"}))
    assert (plan.actions, [problem.code for problem in plan.diagnostics]) == ((), ["P529", "P503"])
