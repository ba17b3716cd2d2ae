"""Drift: the planner's own differences, with ages, news and mutes."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from reconciler.core.comparison import Comparison
from reconciler.core.desired import Desired
from reconciler.core.drift import Drift, DriftSummary, History, Sighting, Standing
from reconciler.core.drift_detection import compute_drift, fingerprint, looked_at, new_only, sightings
from reconciler.core.live import Live
from reconciler.core.mutes import Mute
from reconciler.core.plan import Cause
from reconciler.core.ports import View
from reconciler.core.rules import Memory, Rules
from tests.unit.core.test_planner import HEADING, declared, live

NOW = "2026-01-31T12:00:00Z"
BEFORE = "2026-01-29T06:00:00Z"


def drift_of(*desired: Desired, live: tuple[Live, ...] = (), mutes: tuple[Mute, ...] = (), **more: Any) -> Drift:
    history = more.pop("history", History())
    view = View(live, "2026-01-31T11:59:58Z", 1)
    comparison = Comparison(desired, view, more.pop("rules", Rules()), more.pop("memory", Memory()), **more)
    return compute_drift(comparison, heading=HEADING, history=history, mutes=mutes, applied_at=lambda _key: BEFORE)


KNOWN = Memory(applied={"10000": {"name": "A", "creditLimit": Decimal(100)}})
MOVED = live(name="B", creditLimit=Decimal(100))


def muted(path: str, until: str = "2026-01-31", number: str = "10000") -> Mute:
    return Mute(number, path, until, "because")


def test_what_a_report_saw_is_no_news_in_the_next() -> None:
    first = drift_of(declared(name="A"), live=(MOVED,), memory=KNOWN)
    assert first.customers[0].new
    second = drift_of(declared(name="A"), live=(MOVED,), memory=KNOWN, history=History(BEFORE, sightings(first)))
    assert not second.customers[0].new
    assert second.customers[0].first_seen == NOW
    assert new_only(second).customers == ()
    assert not new_only(second).alerts
    assert second.alerts


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("name", "name"),
        ("*", "attributes.REGION"),
        ("attributes", "attributes.REGION"),
        ("attributes.*", 'attributes["A.B"]'),
        ('attributes["A.B"]', 'attributes["A.B"]'),
    ],
)
def test_a_mute_covers_its_field_and_what_is_below(pattern: str, path: str) -> None:
    wanted = {"name": "A", "attributes": {"REGION": "N", "A.B": "x"}}
    found = drift_of(declared(**wanted), live=(live(name="B", attributes={}),), mutes=(muted(pattern),))
    held = {each.path for each in found.customers[0].fields if each.mute}
    assert path in held
    assert ("name" in held) == (pattern in ("name", "*"))


def test_a_mute_ends_after_its_last_day_and_only_counts_for_its_customer() -> None:
    for mute, holds in (
        (muted("name"), True),
        (muted("name", "2026-01-30"), False),
        (muted("name", number="10001"), False),
        (muted("name", number=" 10000 "), True),
    ):
        found = drift_of(declared(name="A"), live=(MOVED,), memory=KNOWN, mutes=(mute,))
        assert found.alerts is not holds, mute
        assert found.summary.muted == holds


def test_drift_is_news_again_when_its_mute_ends() -> None:
    held = drift_of(declared(name="A"), live=(MOVED,), memory=KNOWN, mutes=(muted("name"),))
    history = History(BEFORE, sightings(held))
    assert history.sightings["10000", "name"].muted
    assert drift_of(declared(name="A"), live=(MOVED,), memory=KNOWN, history=history).customers[0].new
    still = drift_of(declared(name="A"), live=(MOVED,), memory=KNOWN, history=history, mutes=(muted("name"),))
    assert not still.customers[0].new


def test_a_muted_field_does_not_hide_its_neighbour() -> None:
    found = drift_of(declared(name="A", creditLimit=Decimal(5)), live=(MOVED,), memory=KNOWN, mutes=(muted("name"),))
    assert [(each.path, bool(each.mute)) for each in found.customers[0].fields] == [
        ("name", True),
        ("creditLimit", False),
    ]
    assert not found.customers[0].is_muted
    assert not found.alerts  # what is left is the declaration's own change
    assert [each.path for each in new_only(found).customers[0].fields] == ["creditLimit"]


def test_what_only_the_declaration_changed_is_no_drift() -> None:
    found = drift_of(declared(name="C"), live=(live(name="A"),), memory=KNOWN)
    assert found.customers[0].fields[0].cause is Cause.CONFIG
    assert not found.alerts


def test_a_missing_customer_with_a_ref_is_known_by_its_recorded_number() -> None:
    anna = replace(declared(None, ref="anna", name="Anna"), match=())
    memory = Memory(numbers={"anna": "77"}, applied={"77": {"name": "Anna"}})
    (gone,) = drift_of(anna, memory=memory).customers
    assert (gone.number, gone.cause, gone.key) == ("77", Cause.DRIFT, "77")
    (new,) = drift_of(anna, memory=KNOWN).customers
    assert (new.number, new.cause, new.key) == (None, Cause.CONFIG, "ref anna")
    assert looked_at(frozenset({"anna"}), memory) == {"anna", "77", "ref anna"}


def test_targets_leave_out_what_is_not_declared() -> None:
    others = (MOVED, live("900", name="X"))
    found = drift_of(declared(name="A"), declared("10001", name="Y"), live=others, targets=frozenset({"10000"}))
    assert [each.number for each in found.customers] == ["10000"]
    assert (found.summary.managed, found.summary.missing, found.coverage) == (1, 0, None)


def test_customers_stand_in_one_order_whatever_the_input() -> None:
    lives = tuple(live(str(number), name="N") for number in (900, 1000, 20, 5))
    memory = Memory(applied={"1000": {}, "5": {}, "7": {"name": "x"}})
    found = drift_of(declared("7", name="x"), declared("20", name="A"), live=lives, memory=memory)
    assert [(each.number, each.standing) for each in found.customers] == [
        ("7", Standing.MISSING),
        ("20", Standing.DRIFTED),
        ("5", Standing.REMOVED),
        ("1000", Standing.REMOVED),
        ("900", Standing.UNMANAGED),
    ]
    assert found.summary.coverage == 1 / 5
    assert drift_of(declared("20", name="A"), declared("7", name="x"), live=lives[::-1], memory=memory) == found


def test_an_empty_erp_without_declarations_has_no_coverage() -> None:
    assert DriftSummary().coverage is None
    assert DriftSummary(managed=3, unmanaged=1).coverage == 0.75


def test_a_digest_tells_values_apart_and_amounts_not_by_their_digits() -> None:
    values = [None, True, 1, "1", "", Decimal("1.50"), {"a": "1"}, {"a": 1}, {}]
    assert len({fingerprint(each) for each in values}) == len(values)
    assert fingerprint(Decimal("1.5")) == fingerprint(Decimal("1.50"))
    assert fingerprint({"a": "1", "b": None}) == fingerprint({"b": None, "a": "1"})
    assert "Oslo" not in fingerprint("Oslo")


def test_a_sighting_holds_no_value() -> None:
    seen = sightings(drift_of(declared(name="A"), live=(live(name="Secret"), live("900")), memory=KNOWN))
    assert set(seen) == {("10000", "name"), ("900", "")}
    assert all(isinstance(each, Sighting) and "Secret" not in str(each) for each in seen.values())


def test_who_is_not_declared_is_told_with_all_that_is_known_and_is_no_news_twice() -> None:
    lives = (live("900", name="Left"), live("901", name="Other"))
    memory = Memory(applied={"900": {}})
    first = drift_of(live=lives, memory=memory)
    told = [
        (each.number, each.ref, each.name, each.applied_at, each.message, each.first_seen, each.new)
        for each in first.customers
    ]
    assert told == [
        ("900", None, "Left", BEFORE, "was managed, and has no declaration any more", NOW, True),
        ("901", None, "Other", None, "", NOW, True),
    ]
    again = drift_of(live=lives, memory=memory, history=History(BEFORE, sightings(first)))
    assert [each.new for each in again.customers] == [False, False]
    lost_now = drift_of(live=lives, memory=Memory(applied={"901": {}}), history=History(BEFORE, sightings(first)))
    assert [(each.number, each.new) for each in lost_now.customers] == [("901", True), ("900", True)]


@pytest.mark.parametrize(
    ("memory", "cause", "message", "applied_at"),
    [
        (KNOWN, Cause.DRIFT, "gone from the ERP", BEFORE),
        (Memory(applied={"9": {}}), Cause.CONFIG, "not in the ERP yet: no run has created it", None),
        (Memory(), Cause.UNKNOWN, "not in the ERP; whether it ever was is not known", None),
    ],
)
def test_a_missing_customer_is_told_with_what_is_known(
    memory: Memory, cause: Cause, message: str, applied_at: str | None
) -> None:
    (found,) = drift_of(declared(name="A"), memory=memory).customers
    assert (found.cause, found.message, found.applied_at, found.name) == (cause, message, applied_at, "A")
    assert found.alerts is (cause is not Cause.CONFIG)


def test_each_count_of_the_summary_is_of_its_own_kind() -> None:
    """One customer of each cause, in numbers that differ."""
    applied = {"name": "A", "gln": "1", "creditLimit": Decimal(1)}
    numbers = {Cause.DRIFT: 2, Cause.CONFIG: 3, Cause.BOTH: 4, Cause.UNKNOWN: 5}
    wanted = {Cause.DRIFT: "A", Cause.CONFIG: "B", Cause.BOTH: "B", Cause.UNKNOWN: "B"}
    held = {Cause.DRIFT: "C", Cause.CONFIG: "A", Cause.BOTH: "C", Cause.UNKNOWN: "C"}
    desired, lives, known = [], [live("7000"), live("8000")], {"8000": {}}
    for cause, count in numbers.items():
        for _ in range(count):
            number = str(100 + len(desired))
            desired.append(declared(number, name=wanted[cause]))
            lives.append(live(number, name=held[cause]))
            if cause is not Cause.UNKNOWN:
                known[number] = applied
    gone = [declared(str(number), name="A") for number in range(500, 506)]
    summary = drift_of(
        *desired, *gone, live=tuple(lives), memory=Memory(applied=known), mutes=(muted("name", number="100"),)
    ).summary
    assert summary == DriftSummary(
        managed=14, unmanaged=1, missing=6, removed=1, drift=1, config=3, both=4, unknown=5, muted=1, new=21
    )
