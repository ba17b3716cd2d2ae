"""What a plan says of customer classes."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.core.classes import ClassAttribute, CustomerClass, class_notes, class_values, touches_classes
from reconciler.core.live import Live
from reconciler.core.plan import Action
from tests.unit.core.test_planner import declared, live, plan_of

NL = CustomerClass(
    "NL", "Netherlands", True,
    (ClassAttribute("REGION", "", True, "Combo", ""), ClassAttribute("SEGMENT", "", False, "Combo", "SMB")),
    {"vatZoneId": "03", "defaultPaymentMethod": {"paymentMethodId": "4"}, "invoiceOrdersSeparately": False},
)  # fmt: skip


def _actions(*held: Live, **values: Any) -> tuple[Action, ...]:
    return plan_of(declared(**values), live=held).actions


def test_a_class_gives_what_its_read_tells() -> None:
    assert class_values(NL) == {
        "vatZoneId": "03",
        "defaultPaymentMethod": {"paymentMethodId": "4"},
        "invoiceOrdersSeparately": False,
        "attributes": {"SEGMENT": "SMB"},
    }


def test_a_new_customer_is_told_what_its_class_sets_but_not_what_is_declared() -> None:
    actions = _actions(name="A", customerClassId="NL", overrideWithClassValues=True, vatZoneId="01")
    (brought, required) = class_notes(actions, {"NL": NL})
    assert brought.code == "P507"
    assert "vatZoneId" not in brought.summary
    assert 'attributes.SEGMENT "SMB"' in brought.summary
    assert (required.code, "REGION" in required.summary) == ("P509", True)


@pytest.mark.parametrize("attributes", [{"REGION": "NORTH"}])
def test_without_override_a_class_brings_nothing_to_tell(attributes: dict[str, str]) -> None:
    actions = _actions(name="A", customerClassId="NL", attributes=attributes)
    assert list(class_notes(actions, {"NL": NL})) == []


def test_a_class_change_changes_the_class_alone() -> None:
    actions = _actions(live(name="A", customerClassId="1"), name="A", customerClassId="NL")
    (note,) = class_notes(actions, {"NL": NL})
    assert note.code == "P510"
    assert "only the class changes" in note.summary


def test_a_class_that_the_erp_does_not_have_is_named_with_those_that_it_has() -> None:
    actions = _actions(name="A", customerClassId="XX")
    (warning,) = class_notes(actions, {"NL": NL})
    assert warning.code == "P508"
    assert "NL" in warning.remedy


def test_classes_are_read_only_for_plans_that_touch_them() -> None:
    assert touches_classes(_actions(name="A", customerClassId="1"))
    assert not touches_classes(_actions(live(name="A"), name="B"))
