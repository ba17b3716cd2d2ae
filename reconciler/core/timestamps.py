"""Moments as the ERP and its date filters write them (fact sheet 5.1, 11.9): wall clock, sometimes with a zone mark.

Moments are ticks of 100 nanoseconds, the ERP's own unit, of which `datetime` would lose a digit. The zone of a text
without a mark is unknown (Q11); nothing here guesses one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

SECOND = 10_000_000
DAY = 86_400 * SECOND
_MINUTE = 60 * SECOND
_TEXT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[ Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?)?(?:([Zz])|([+-])(\d\d):?(\d\d))?", re.ASCII
)


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
    match = _TEXT.fullmatch(text.strip())
    if match is None:
        return None
    hour, minute, second = (int(match[at] or 0) for at in (4, 5, 6))
    if hour > 23 or minute > 59 or second > 59 or not _is_zone(match):
        return None
    try:
        midnight = start_of(date(int(match[1]), int(match[2]), int(match[3])))
    except ValueError:  # there is no such day
        return None
    fraction = int((match[7] or "").ljust(7, "0")[:7])
    wall = midnight + (hour * 3600 + minute * 60 + second) * SECOND + fraction
    return Moment(wall, 0 if match[8] else _offset(match))


def start_of(day: date) -> int:
    """The midnight that starts the day, in ticks since 0001-01-01."""
    return (day.toordinal() - 1) * DAY


def render_moment(wall: int, digits: int | None) -> str:
    """The wall clock in a form that the API's filters take: `digits` of the second's fraction, None for a date alone.

    What lies outside the years 1 to 9999 becomes their first or last day. Finer parts are cut.

    >>> render_moment(read_moment("2026-01-31 12:00:00.25").wall - DAY, 3), render_moment(DAY, None)
    ('2026-01-30 12:00:00.250', '0001-01-02')
    """
    days, ticks = divmod(wall, DAY)
    day = date.fromordinal(min(max(days + 1, date.min.toordinal()), date.max.toordinal())).isoformat()
    if digits is None:
        return day
    seconds, fraction = divmod(ticks, SECOND)
    clock = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return f"{day} {clock}" + (f".{fraction:07d}"[: digits + 1] if digits else "")


def _is_zone(match: re.Match[str]) -> bool:
    """Whether the zone mark, if any, is one that a clock can have: at most 14 hours."""
    return match[9] is None or (int(match[11]) < 60 and int(match[10]) * 60 + int(match[11]) <= 14 * 60)


def _offset(match: re.Match[str]) -> int | None:
    if match[9] is None:
        return None
    minutes = int(match[10]) * 60 + int(match[11])
    return -minutes if match[9] == "-" else minutes
