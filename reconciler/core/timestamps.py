"""Moments as the ERP and its date filters write them (fact sheet 5.1, 11.9): wall clock, sometimes with a zone mark.

Pure arithmetic on the proleptic Gregorian calendar, in ticks of 100 nanoseconds, the ERP's own unit. The zone of a
text without a mark is unknown (Q11); nothing here guesses one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

SECOND = 10_000_000
DAY = 86_400 * SECOND
_MINUTE = 60 * SECOND
_LAST_DAY = 3_652_058  # 9999-12-31, counted from 0001-01-01
_TEXT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[ Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?)?(?:([Zz])|([+-])(\d\d):?(\d\d))?", re.ASCII
)
_BEFORE = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365)
"""Days before each month of a common year; months count from 0."""


@dataclass(frozen=True, slots=True)
class Moment:
    """`wall`: ticks of the wall clock since 0001-01-01. `offset`: minutes ahead of UTC, None without a zone mark."""

    wall: int
    offset: int | None = None

    @property
    def utc(self) -> int:
        """Ticks since 0001-01-01 in UTC; a moment without a zone mark is taken as UTC."""
        return self.wall - (self.offset or 0) * _MINUTE


def read_moment(text: str) -> Moment | None:
    """The moment that a text names, or None. A date alone is the midnight that starts it (fact sheet 5.1).

    >>> read_moment("0001-01-02").wall == DAY, read_moment("2026-02-30")
    (True, None)
    """
    found = _TEXT.fullmatch(text.strip())
    if found is None:
        return None
    year, month, day = int(found[1]), int(found[2]), int(found[3])
    hour, minute, second = (int(found[at] or 0) for at in (4, 5, 6))
    days = _days(year, month, day)
    if days is None or hour > 23 or minute > 59 or second > 59:
        return None
    fraction = int((found[7] or "").ljust(7, "0")[:7])
    wall = days * DAY + (hour * 3600 + minute * 60 + second) * SECOND + fraction
    return Moment(wall, 0 if found[8] else _offset(found)) if _is_zone(found) else None


def render_moment(wall: int, digits: int | None) -> str:
    """The wall clock in a form that the API's filters take: `digits` of the second's fraction, None for a date alone.

    What lies outside the years 1 to 9999 becomes their first or last day. Finer parts are cut.

    >>> render_moment(read_moment("2026-01-31 12:00:00.25").wall - DAY, 3), render_moment(DAY, None)
    ('2026-01-30 12:00:00.250', '0001-01-02')
    """
    days, ticks = divmod(wall, DAY)
    date = _date(min(max(days, 0), _LAST_DAY))
    if digits is None:
        return date
    seconds, fraction = divmod(ticks, SECOND)
    clock = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return f"{date} {clock}" + (f".{fraction:07d}"[: digits + 1] if digits else "")


def _is_zone(found: re.Match[str]) -> bool:
    """Whether the zone mark, if any, is one that a clock can have: at most 14 hours."""
    return found[9] is None or (int(found[11]) < 60 and int(found[10]) * 60 + int(found[11]) <= 14 * 60)


def _offset(found: re.Match[str]) -> int | None:
    if found[9] is None:
        return None
    minutes = int(found[10]) * 60 + int(found[11])
    return -minutes if found[9] == "-" else minutes


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _days(year: int, month: int, day: int) -> int | None:
    """Days from 0001-01-01 to the date, or None when there is no such date."""
    if year < 1 or not 1 <= month <= 12 or day < 1:
        return None
    leap = _is_leap(year)
    if day > _BEFORE[month] - _BEFORE[month - 1] + (leap and month == 2):
        return None
    return _days_before(year) + _BEFORE[month - 1] + (leap and month > 2) + day - 1


def _days_before(year: int) -> int:
    before = year - 1
    return before * 365 + before // 4 - before // 100 + before // 400


def _date(days: int) -> str:
    """The date so many days after 0001-01-01."""
    year = days * 400 // 146_097 + 1
    while _days_before(year) > days:
        year -= 1
    while _days_before(year + 1) <= days:
        year += 1
    rest = days - _days_before(year)
    leap = _is_leap(year)
    month = next(at for at in range(12, 0, -1) if _BEFORE[at - 1] + (leap and at > 2) <= rest)
    return f"{year:04d}-{month:02d}-{rest - _BEFORE[month - 1] - (leap and month > 2) + 1:02d}"
