"""Reading only what changed: what is asked for, and what proves that nothing was missed. Pure.

A snapshot of the ledger is brought up to date by one list call with a filter on `lastModifiedDateTime`. Whether that is
enough rests on things that the API leaves open (fact sheet 14); here is what each of them is met with.

**From when on.** The watermark is the greatest time stamp of the ERP's own rows, so that the ERP's clock is compared
with itself. The local clock can only lower it: a row that a wrong clock dated into the future would otherwise hide all
edits until then. From it a day is taken off (`since`), which covers

* the zone in which a filter is read (Q11): at most 14 hours from that of the rows; where a row tells its zone, the
  earlier one of its wall clock and UTC counts;
* `>=` or `>`, and equal time stamps (Q12): rows at the watermark come again, and replace themselves;
* rows written while the last list was read, a clock that is set back for the winter, servers that disagree by hours,
  transactions that end after a later one: what is written late bears a time stamp within the day.

**Whether the filter works** (Q13, Q14, and an ERP that ignores parameters): of the rows that bear the watermark one
must be in the answer. Then the ERP's threshold is not after it, whatever its zone. Rows that do not satisfy the filter
do no harm: they are fresh too.

**Whether anything vanished or appeared.** The unfiltered list tells how many customers there are; the old rows and the
fresh ones together, by internal id, must be as many. A deletion that meets a creation does not hide behind it, since
the new row is among the fresh ones. A renumbered customer keeps its internal id and gets a new time stamp; should it
get none, two customers may seem to have one number, which is no proof either.

**What no time stamp shows** (Q10: edits of addresses, contacts, attributes; a clock set back by more than a day; a
deletion and a creation that both escape): each run reads some pages of the list again, so that every customer is read
within `verify_runs` runs. Pages shift, and their order is unknown (Q3): each customer bears the run in which it was
last read, and one that is due is read by itself. So is one that an apply wrote to, or meant to.

**What is about to be written.** A customer for which the plan has an update is read by itself before the plan is shown,
unless this run read it: the plan shows no change that is none, and its `If-Match` is as good as that of a full read.

Where a proof fails, or reading singly would cost more than the list, all is read in full. So a snapshot costs no
correctness but this: an edit that the ERP hides may be missed for that number of runs, and is still not overwritten.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from reconciler.core.live import Live, PackedLive
from reconciler.core.timestamps import DAY, SECOND, read_moment, render_moment, start_of

SLACK = 8
"""One run in so many is left over for pages that shift while they are read in turn."""


@dataclass(frozen=True, slots=True)
class Policy:
    """max_age: seconds after which all is read in full. verify_runs: within how many runs each customer is read."""

    max_age: int = 86_400
    verify_runs: int = 60


@dataclass(frozen=True, slots=True)
class Head:
    """What is known of the snapshot as a whole.

    fields: what its whole customers were read with; known_by: what all of them were. sequence: 1 for the run that read
    the whole list, and so on. next_page: where the next run reads again. page_size: how long the list's pages are.
    all_read_at, as_of: when the whole list was last read, and when the snapshot was last brought up to date (UTC, ISO
    8601). doubts: how often customers were doubted so far; who read before a doubt does not keep what it read.
    """

    fields: frozenset[str]
    known_by: frozenset[str]
    sequence: int
    next_page: int
    page_size: int
    all_read_at: str
    as_of: str
    doubts: int = 0

    def has(self, fields: Collection[str], known_by: Collection[str]) -> bool:
        """Whether it was read with what is needed now."""
        return self.fields.issuperset(fields) and self.known_by.issuperset(known_by)


@dataclass(frozen=True, slots=True)
class Kept:
    """A snapshot as it was loaded. `due`: internal ids of the customers that the next run must read."""

    head: Head
    customers: dict[int, PackedLive]
    due: frozenset[int]


@dataclass(frozen=True, slots=True)
class Watermark:
    """The greatest time stamp of the rows, as ticks in the earlier reading of its zone, and the rows that bear it."""

    ticks: int
    bearers: frozenset[int]


def watermark(customers: Iterable[Live]) -> Watermark | None:
    """The watermark of the rows; None when none has a time stamp that can be read."""
    bearers: dict[str, list[int]] = {}
    for live in customers:
        if live.modified is not None:
            bearers.setdefault(live.modified, []).append(live.internal_id)
    moments = {text: moment for text in bearers if (moment := read_moment(text)) is not None}
    if not moments:
        return None
    top = max(moment.utc for moment in moments.values())
    texts = [text for text, moment in moments.items() if moment.utc == top]
    wall = min(moments[text].wall for text in texts)
    return Watermark(min(wall, top), frozenset(one for text in texts for one in bearers[text]))


def since(mark: Watermark, now: str) -> str:
    """The moment to ask for changes from, as a filter takes it. now: UTC, ISO 8601; it can only lower it."""
    clock = read_moment(now)
    ticks = mark.ticks if clock is None else min(mark.ticks, clock.utc)
    return render_moment(ticks - DAY, 0)


def created_since(customers: Collection[Live], now: str) -> str:
    """No customer that is created from now on bears an earlier time of creation, whatever the difference of the clocks.

    The ERP's own clock has reached the time stamps of its rows; where there are none, all that will be there is new.
    now: UTC, ISO 8601; it can only lower it. Nothing is dated before 1900: not every database takes earlier dates.
    """
    mark, clock = watermark(customers), read_moment(now)
    known = [] if clock is None else [clock.utc]
    if mark is not None:
        known.append(mark.ticks)
    elif not customers:
        known.append(_FIRST)
    return render_moment(max(_FIRST, min(known, default=_FIRST)), 0).replace(" ", "T") + "Z"


_FIRST = start_of(date(1900, 1, 2))


def pages(count: int, size: int) -> int:
    """How many pages so many customers take."""
    return -(-count // max(1, size))


def pages_to_verify(head: Head, count: int, verify_runs: int) -> tuple[int, ...]:
    """The pages of the list that a run reads again; at least one, since it also tells how many customers there are."""
    last = max(1, pages(count, head.page_size))
    runs = max(1, verify_runs - -(-verify_runs // SLACK))
    first = head.next_page if 1 <= head.next_page <= last else 1
    return tuple((first - 1 + step) % last + 1 for step in range(min(last, -(-last // runs))))


def too_old(head: Head, now: str, policy: Policy) -> str:
    """Why the snapshot is not to be relied on any more, or nothing. A clock that was set back counts as too old."""
    then, clock = read_moment(head.all_read_at), read_moment(now)
    age = clock.utc - then.utc if then is not None and clock is not None else -1
    return "" if 0 <= age <= policy.max_age * SECOND else "the last full read is longer ago than refresh.max_age"


def disproof(
    merged: Mapping[int, Live],
    fresh: Mapping[int, Live],
    changed: Collection[int],
    totals: Collection[int | None],
    mark: Watermark,
) -> str:
    """Why the merged customers are not surely those of the ERP, or nothing.

    fresh: what this run read, by internal id. changed: those that came by the filter. totals: how many customers the
    pages of the list counted.
    """
    if mark.bearers.isdisjoint(changed):
        return "the ERP's answer lacks the customer that was modified last"
    if not totals or None in totals:
        return "the ERP does not tell how many customers there are"
    if set(totals) != {len(merged)}:
        found = ", ".join(f"{total:,}" for total in sorted({total for total in totals if total is not None}))
        return f"the ERP counts {found} customers, and {len(merged):,} are known"
    numbers = {live.number for live in fresh.values()}
    if sum(live.number in numbers for live in merged.values()) != len(fresh):
        return "two customers seem to have one number"
    return ""
