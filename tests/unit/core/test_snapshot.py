"""What is asked for after a snapshot, and what proves that nothing was missed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.live import Live
from reconciler.core.snapshot import (
    Head,
    Policy,
    Watermark,
    created_since,
    disproof,
    pages,
    pages_to_verify,
    since,
    too_old,
    watermark,
)
from reconciler.core.timestamps import DAY, SECOND, read_moment

NOON = "2026-03-01T12:00:00"
HEAD = Head(frozenset({"name"}), frozenset({"number"}), 3, 1, 10, f"{NOON}Z", f"{NOON}Z")


def live(internal_id: int, modified: str | None = NOON, number: str = "") -> Live:
    return Live(internal_id, number or str(internal_id), "v", {}, modified)


def ticks(text: str) -> int:
    found = read_moment(text)
    assert found is not None
    return found.utc


def test_the_watermark_is_the_latest_stamp_with_all_that_bear_it() -> None:
    mark = watermark([live(1, "2026-02-28T12:00:00"), live(2), live(3), live(4, None), live(5, "yesterday")])
    assert mark == Watermark(ticks(NOON), frozenset({2, 3}))


def test_stamps_of_several_zones_are_compared_as_moments() -> None:
    mark = watermark([live(1, f"{NOON}+02:00"), live(2, "2026-03-01T11:00:00Z"), live(3, "2026-03-01T10:00:00Z")])
    assert mark is not None
    assert mark.bearers == {2}


@pytest.mark.parametrize("zone", ["Z", "+05:00", "-05:00"])
def test_where_a_row_tells_its_zone_the_earlier_of_its_readings_counts(zone: str) -> None:
    mark = watermark([live(1, NOON + zone)])
    assert mark is not None
    assert mark.ticks == min(ticks(NOON), ticks(NOON + zone))


def test_without_any_stamp_there_is_no_watermark() -> None:
    assert watermark([live(1, None), live(2, "soon")]) is None
    assert watermark([]) is None


def test_changes_are_asked_for_from_a_day_before() -> None:
    mark = Watermark(ticks(NOON), frozenset({1}))
    assert since(mark, "2026-05-01T00:00:00Z") == "2026-02-28 12:00:00"


@pytest.mark.parametrize(
    ("rows", "moment"),
    [
        ([live(1), live(2, "2026-02-01T12:00:00")], "2026-03-01T12:00:00Z"),  # the ERP's clock is behind ours
        ([live(1, "2031-01-01T00:00:00")], "2026-05-01T00:00:00Z"),  # it is ahead, or one row is wrong
        ([], "1900-01-02T00:00:00Z"),  # nothing tells how late it is there, and all that comes is new
        ([live(1, None)], "2026-05-01T00:00:00Z"),
        ([live(1, "0001-01-01T00:00:00")], "1900-01-02T00:00:00Z"),  # as .NET writes no date at all
    ],
)
def test_what_is_created_later_is_not_dated_before_by_either_clock(rows: list[Live], moment: str) -> None:
    assert created_since(rows, "2026-05-01T00:00:00Z") == moment


def test_a_row_from_the_future_does_not_hide_the_edits_until_then() -> None:
    mark = Watermark(ticks("2031-01-01T00:00:00"), frozenset({1}))
    assert since(mark, f"{NOON}Z") == "2026-02-28 12:00:00"


def test_a_clock_that_cannot_be_read_lowers_nothing() -> None:
    mark = Watermark(ticks(NOON), frozenset({1}))
    assert since(mark, "") == "2026-02-28 12:00:00"


@given(count=st.integers(0, 5000), size=st.integers(1, 500), runs=st.integers(1, 80), start=st.integers(-3, 900))
def test_every_page_is_read_again_within_the_runs(count: int, size: int, runs: int, start: int) -> None:
    last = max(1, pages(count, size))
    seen: set[int] = set()
    at = start
    for _ in range(runs):
        head = Head(HEAD.fields, HEAD.known_by, 3, at, size, NOON, NOON)
        numbers = pages_to_verify(head, count, runs)
        assert numbers
        assert all(1 <= number <= last for number in numbers)
        seen.update(numbers)
        at = numbers[-1] + 1
    assert seen == set(range(1, last + 1))


def test_one_run_reads_all_pages_when_it_is_to_verify_all() -> None:
    assert pages_to_verify(HEAD, 45, 1) == (1, 2, 3, 4, 5)


@pytest.mark.parametrize(
    ("now", "fits"),
    [
        ("2026-03-02T12:00:00Z", True),
        ("2026-03-02T12:00:01Z", False),
        (f"{NOON}Z", True),
        ("2026-03-01T11:59:59Z", False),  # set back: nobody knows how long ago the reading was
        ("", False),
    ],
)
def test_a_snapshot_is_good_for_its_age(now: str, fits: bool) -> None:
    assert (too_old(HEAD, now, Policy()) == "") is fits
    assert DAY == 86_400 * SECOND


def proof(**changed: object) -> str:
    """What is found wrong with three known customers of which the last was fresh, unless something is `changed`."""
    merged = {each: live(each) for each in (1, 2, 3)}
    given: dict[str, object] = {
        "merged": merged,
        "fresh": {3: merged[3]},
        "changed": {3},
        "totals": [3, 3],
        "mark": Watermark(ticks(NOON), frozenset({2, 3})),
    }
    return disproof(**{**given, **changed})  # type: ignore[arg-type]


def test_what_fits_is_not_disproved() -> None:
    assert proof() == ""


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"changed": set()}, "lacks the customer that was modified last"),
        ({"changed": {1}}, "lacks the customer that was modified last"),
        ({"totals": []}, "does not tell how many"),
        ({"totals": [3, None]}, "does not tell how many"),
        ({"totals": [4]}, "the ERP counts 4 customers, and 3 are known"),
        ({"totals": [3, 4]}, "the ERP counts 3, 4 customers"),
        ({"fresh": {3: live(3, number="1")}, "merged": {1: live(1), 2: live(2), 3: live(3, number="1")}}, "one number"),
    ],
)
def test_each_doubt_is_a_disproof(changed: dict[str, object], why: str) -> None:
    assert why in proof(**changed)


def test_a_snapshot_serves_only_what_it_was_read_with() -> None:
    assert HEAD.has({"name"}, {"number"})
    assert not HEAD.has({"name", "gln"}, {"number"})
    assert not HEAD.has({"name"}, {"number", "corporateId"})
