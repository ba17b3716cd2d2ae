"""Filters: what is sent is never narrower than what was asked, and what is kept is exactly that."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.errors import WrongUsage
from reconciler.core.filters import Filters, Sieve, parse_attributes, parse_bounds, parse_status, parse_text
from reconciler.core.live import Live
from reconciler.core.timestamps import read_moment, render_moment
from reconciler.resources.values import Values

ZERO = datetime(1, 1, 1)  # noqa: DTZ001  # wall clocks have no zone
moments = st.datetimes(min_value=ZERO, max_value=datetime(9999, 12, 31, 23, 59, 59))  # noqa: DTZ001 (wall-clock times have no zone)


def live(values: Values | None = None, modified: str | None = None, created: str | None = None) -> Live:
    return Live(1, "1", None, {"number": "1", **(values or {})}, modified, created)


@given(moments)
def test_moments_are_read_and_written_as_the_calendar_has_them(moment: datetime) -> None:
    found = read_moment(moment.isoformat(sep=" "))
    assert found is not None
    assert found.offset is None
    assert found.wall == (moment - ZERO) // timedelta(microseconds=1) * 10
    assert render_moment(found.wall, 3) == moment.isoformat(sep=" ", timespec="milliseconds")
    assert render_moment(found.wall, None) == moment.date().isoformat()


@given(moments.filter(lambda one: 2 < one.year < 9998), st.integers(-14 * 60, 14 * 60))
def test_zone_marks_are_read(moment: datetime, minutes: int) -> None:
    zoned = moment.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    found = read_moment(zoned.isoformat())
    assert found is not None
    assert found.utc == (zoned.astimezone(UTC).replace(tzinfo=None) - ZERO) // timedelta(microseconds=1) * 10


@given(st.dates().map(str) | st.text(max_size=30) | st.from_regex(r"\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d)?", fullmatch=True))
def test_only_dates_that_exist_are_moments(text: str) -> None:
    try:
        exists = datetime.fromisoformat(text.strip()) is not None and len(text.strip()) in (10, 19)
    except ValueError:
        exists = False
    if exists or not text.strip().isascii():
        return
    if read_moment(text) is not None:
        assert "." in text or text.strip()[-1] in "Zz" or "+" in text or text.count("-") > 2


@pytest.mark.parametrize(
    ("text", "sent", "condition"),
    [
        ("> 2026-01-31", "2026-01-30", ">="),
        (">=2026-01-31 12:00:00", "2026-01-30 12:00:00", ">="),
        ("< 2026-01-31 12:00:00.25", "2026-02-01 12:00:00.250", "<="),
        ("<= 2026-12-31", "2027-01-01", "<="),
        ("> 2026-01-31T12:00:00", "2026-01-30 12:00:00", ">="),
        ("> 2026-01-31T12:00:00+02:00", "2026-01-30 10:00:00", ">="),
        ("> 2026-01-31 00:00:00.5Z", "2026-01-30 00:00:00.500", ">="),
        ("> 2026-01-31-0130", "2026-01-30 01:30:00", ">="),
        (">= 0001-01-01", "0001-01-01", ">="),
        ("<= 9999-12-31 00:00:00", "9999-12-31 00:00:00", "<="),
    ],
)
def test_times_are_sent_wider_and_in_the_form_that_was_written(text: str, sent: str, condition: str) -> None:
    parameters = Filters(created=parse_bounds("--created", text)).parameters()
    assert parameters == {"createdDateTime": sent, "createdDateTimeCondition": condition}


@given(st.sampled_from([">", ">=", "<", "<="]), moments, moments)
def test_what_is_asked_is_always_among_what_is_sent(condition: str, limit: datetime, seen: datetime) -> None:
    (bound,) = parse_bounds("--modified", f"{condition} {limit.isoformat(sep=' ', timespec='milliseconds')}")
    if bound.holds(seen.isoformat()):
        assert bound.sent().holds(seen.isoformat())


def test_the_lower_of_two_conditions_is_sent() -> None:
    bounds = parse_bounds("--modified", "< 2026-02-02, >= 2026-01-02")
    assert Filters(modified=bounds).parameters()["lastModifiedDateTime"] == "2026-01-01"


def test_the_margin_that_was_asked_for_is_no_broken_promise_and_what_lies_beyond_is() -> None:
    sieve = Sieve(Filters(modified=parse_bounds("--modified", "> 2026-01-31 12:00:00")))
    assert sieve.keeps(live(modified="2026-01-31T12:00:00.001"))
    assert not sieve.keeps(live(modified="2026-01-31T12:00:00"))
    assert not sieve.keeps(live(modified="2026-01-30T12:00:00"))
    assert sieve.dropped == 0
    assert not sieve.keeps(live(modified="2020-01-01T00:00:00"))
    assert sieve.dropped == 3
    assert not sieve.keeps(live(modified=None))


def test_a_class_is_judged_here_and_breaks_no_promise() -> None:
    filters = Filters(customer_class=" nl ".strip())
    sieve = Sieve(filters)
    assert filters.parameters() == {}
    assert filters.fields == {"customerClassId"}
    assert sieve.keeps(live({"customerClassId": "NL"}))
    assert not sieve.keeps(live({"customerClassId": "1"}))
    assert sieve.dropped == 0


def test_a_name_that_is_not_sent_is_judged_here() -> None:
    assert Filters(name="bygg").parameters() == {"name": "bygg"}
    filters = Filters(name="BYGG", name_is_sent=False)
    sieve = Sieve(filters)
    assert filters.parameters() == {}
    assert sieve.keeps(live({"name": "Fjord Bygg AS"}))
    assert not sieve.keeps(live({"name": "Fjord AS"}))
    assert sieve.dropped == 0


def test_texts_are_equal_but_for_case_and_blanks() -> None:
    sieve = Sieve(Filters(equal={"email": "Post@X.no"}))
    assert sieve.keeps(live({"mainContact": {"email": "post@x.no "}}))
    assert not sieve.keeps(live({"mainContact": {"email": None}}))
    assert not sieve.keeps(live({"mainContact": {"email": "other@x.no"}}))
    assert sieve.dropped == 2


@pytest.mark.parametrize(
    ("word", "held", "is_kept"),
    [
        ("REGION=NORTH", "NORTH", True),
        ("region=north", "NORTH", True),
        ("REGION=NORTH,SOUTH", "SOUTH", True),
        ("REGION=NORTH", "SOUTH", False),
        ("REGION=NORTH", None, False),
        ("REGION=A", "A,B", True),
        ("REGION=1", "True", True),
        ("REGION=0", "True", False),
        ("REGION=2026-01-31", "2026-01-31T00:00:00", True),
        ("REGION=a=b", "a=b", True),
    ],
)
def test_attributes_are_judged_as_the_api_describes_its_filter(word: str, held: str | None, is_kept: bool) -> None:
    sieve = Sieve(Filters(attributes=parse_attributes([word])))
    assert sieve.keeps(live({"attributes": {"REGION": held, "OTHER": "x"}})) is is_kept
    assert not sieve.keeps(live())


def test_attributes_are_sent_as_json() -> None:
    filters = Filters(attributes=parse_attributes(["REGION=NORTH, SOUTH", 'Å"=1', "REGION=EAST"]))
    assert json.loads(filters.parameters()["attributes"]) == {"REGION": "NORTH,SOUTH,EAST", 'Å"': "1"}


def test_nothing_given_is_no_filter() -> None:
    assert Filters().parameters() == {}
    assert Sieve(Filters()).keeps(live())


@pytest.mark.parametrize("text", ["", "2026-01-31", "> ", "> 2026-13-01", ">> 2026-01-01", "> 2026-01-01 1:00:00", ","])
def test_what_is_no_condition_is_wrong_usage(text: str) -> None:
    with pytest.raises(WrongUsage, match="--modified"):
        parse_bounds("--modified", text)


def test_a_status_in_any_case_is_the_apis_word() -> None:
    assert parse_status(" onhold ") == "OnHold"
    with pytest.raises(WrongUsage, match="Sleeping"):
        parse_status("Sleeping")
    with pytest.raises(WrongUsage, match="--name is blank"):
        parse_text("--name", " ")
