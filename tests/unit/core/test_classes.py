"""What a plan says of customer classes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reconciler.core.classes import ClassAttribute, CustomerClass, class_notes, class_values, touches_classes
from reconciler.core.desired import Lifecycle
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


TYPES = CustomerClass(
    "T", "Types", False,
    (ClassAttribute("REGION", "", False, "Combo", "", ("NORTH", "SOUTH")),
     ClassAttribute("CHANNEL", "", False, "MultiSelectCombo", "", ("WEB", "EDI")),
     ClassAttribute("VIP", "", False, "Checkbox", ""), ClassAttribute("SINCE", "", False, "Datetime", ""),
     ClassAttribute("FREE", "", False, "Combo", ""), ClassAttribute("EXTREF", "", False, "Text", "")),
)  # fmt: skip


@pytest.mark.parametrize(
    ("attribute", "value", "code", "remedy"),
    [
        ("REGOIN", "NORTH", "P518", "Did you mean REGION?"),
        ("XYZ", "1", "P518", "Its attributes are CHANNEL, EXTREF"),
        ("REGION", "NORHT", "P519", "Did you mean NORTH?"),
        ("REGION", "?", "P519", "Its values are NORTH, SOUTH."),
        ("CHANNEL", "WEB,EDl", "P519", "Did you mean EDI?"),
        ("VIP", "true", "P519", "Write 1."),
        ("VIP", "nei", "P519", "Write 0."),
        ("VIP", "2", "P519", "Write 1 or 0."),
        ("SINCE", "14.01.2025", "P519", "Write 2025-01-14."),
        ("SINCE", "31/12/2025", "P519", "Write 2025-12-31."),
        ("SINCE", "30.02.2025", "P519", "Write a date such as"),
        ("REGION", "NORTH", "", ""), ("CHANNEL", "WEB, EDI", "", ""), ("VIP", "1", "", ""), ("FREE", "x", "", ""),
        ("SINCE", "2025-01-14", "", ""), ("SINCE", "2025-01-14T00:00:00", "", ""), ("EXTREF", "true", "", ""),
    ],
)  # fmt: skip
def test_an_attribute_is_held_against_its_class(attribute: str, value: str, code: str, remedy: str) -> None:
    """Unless the declaration says that it is meant."""
    new = declared(name="A", customerClassId="T", attributes={attribute: value})
    actions = plan_of(new).actions
    warnings = list(class_notes(actions, {"T": TYPES}, [new]))
    assert [warning.code for warning in warnings] == ([code] if code else [])
    assert all(remedy in warning.remedy for warning in warnings)
    meant = replace(new, lifecycle=Lifecycle(as_typed=(f"attributes.{attribute}",)))
    assert list(class_notes(actions, {"T": TYPES}, [meant])) == []


def test_classes_are_read_only_for_plans_that_touch_them() -> None:
    assert touches_classes(_actions(name="A", customerClassId="1"))
    assert not touches_classes(_actions(live(name="A"), name="B"))


def test_a_class_that_cannot_be_read_is_told() -> None:
    actions = _actions(name="A", customerClassId="NL", attributes={"REGION": "NORTH"})
    (note,) = class_notes(actions, {"NL": CustomerClass("NL", "", problem="attributes is no list")})
    assert (note.code, note.summary) == ("P532", "10000: what class NL gives is not known: attributes is no list")
