"""Mutes on a day: which run, which ended, and what they cover."""

from __future__ import annotations

import pytest

from reconciler.core.desired import Lifecycle
from reconciler.core.mutes import ActiveMutes, Mute, names_of
from tests.unit.core.test_planner import declared, live

MUTES = (
    Mute("1", "mainAddress", "2026-03-31", "a"),
    Mute("1", "mainAddress.city", "2026-04-30", "b"),
    Mute("berg", "*", "2026-03-31", "c"),
    Mute("1", "directDebitLines.M1.iban", "2026-03-31", "d"),
    Mute("1", "attributes.region", "2026-03-31", "e"),
)


@pytest.mark.parametrize(
    ("day", "path", "running", "ended"),
    [
        ("2026-03-31", "mainAddress.city", "b", None),  # the one that holds longest
        ("2026-04-01", "mainAddress.city", "b", "a"),
        ("2026-05-01", "mainAddress.city", None, "b"),
        ("2026-03-01", "name", None, None),
        ("2026-03-01", "directDebitLines.M1", "d", None),  # the line goes with its member
        ("2026-03-01", "directDebitLines.M1.bic", None, None),
        ("2026-03-01", "directDebitLines.M2", None, None),
        ("2026-03-01", "attributes.REGION", "e", None),
        ("2026-03-01", "", None, None),  # only `*` covers that a customer is gone
    ],
)
def test_a_mute_holds_to_its_last_day_for_what_it_covers(
    day: str, path: str, running: str | None, ended: str | None
) -> None:
    """And is known as ended afterwards."""
    mutes = ActiveMutes(MUTES, day)
    found, over = mutes.find(("1",), path), mutes.ended(("1",), path)
    assert ((found and found.reason), (over and over.reason)) == (running, ended)


def test_a_customer_is_named_by_both_numbers_and_its_ref() -> None:
    """Numbers in any case, as everywhere."""
    mutes = ActiveMutes((*MUTES, Mute("a-17", "gln", "2026-03-31", "f")), "2026-03-01")
    assert mutes.find(names_of(declared("A-17")), "gln") is not None
    assert mutes.find(names_of(declared(ref="berg", name="B"), live("9")), "name") is not None
    assert mutes.find((None, "berg"), "") is not None
    assert mutes.find((None,), "name") is None


def test_a_mute_goes_on_when_its_customer_is_renumbered() -> None:
    renumbered = declared("2", lifecycle=Lifecycle(renumbered_from="1"))
    assert ActiveMutes(MUTES, "2026-03-01").find(names_of(renumbered), "mainAddress") is not None
