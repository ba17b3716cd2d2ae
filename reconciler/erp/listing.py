"""The list of customers, read page by page and whole (fact sheet 5, 6)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from reconciler.core.doubts import SURE, Doubts, Unreadable
from reconciler.core.errors import TornView, UnexpectedAnswer
from reconciler.core.live import Live
from reconciler.core.normalise import number_key
from reconciler.core.ports import Need
from reconciler.core.progress import Progress
from reconciler.erp.bodies import rows_of
from reconciler.erp.decode import Json, decode_row, is_older, row_names, strange_members
from reconciler.erp.ordered_pool import in_order
from reconciler.erp.paths import CUSTOMERS
from reconciler.erp.transport import Transport
from reconciler.resources.customer import CUSTOMER
from reconciler.resources.grammar import Group

READS = 3
"""How often the whole list is read before it counts as torn."""

MAX_PAGES: Final = 10_000


_REMEDY = "Raise api.page_size, or limits.pages in the settings, if there are so many customers."


MAX_UNREADABLE: Final = 1_000
"""With more rows than that of a wrong shape, it is not the rows: this ERP speaks another language."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the list: the API's rows, or what was made of them; their internal ids as the API has them; `total`,
    how many customers it says there are, or None; how many rows have which member that this version does not know."""

    rows: list[Any]
    ids: list[object]
    total: int | None
    strange: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Whole:
    """Customers, each once, by internal id, how long the list's pages were, and why that may not be all."""

    customers: tuple[Live, ...]
    page_size: int
    doubts: Doubts = SURE


class Listing:
    """Reads the list, up to `parallelism` pages at once, `most` in all. The ERP may cut the `page_size` asked for.

    strange: how many customers have which member that this version does not know, in the reading that saw most.
    """

    def __init__(
        self,
        transport: Transport,
        page_size: int,
        parallelism: int,
        most: int = MAX_PAGES,
        progress: Callable[[Progress], None] = lambda progress: None,
    ) -> None:
        self._transport = transport
        self._page_size = page_size
        self._parallelism = parallelism
        self._most = most
        self._progress = progress
        self.strange: Counter[str] = Counter()

    def whole(
        self,
        need: Need,
        filters: Mapping[str, str] | None = None,
        *,
        keep: Callable[[Live], Live] = lambda live: live,
        at_most: int | None = None,
    ) -> Whole | None:
        """All customers, or those that a filter lets through. Raises ErpErrors; TornView if the list never agrees.

        A reading that does not agree with the ERP's count is repeated without it, to the first empty page, and with
        other pages: what is lost where two pages meet is then another row. Two such readings that are the same say that
        it is the count that is wrong (docs/decisions/0028-one-bad-row.md).

        keep: what is kept of each customer while the rest is read. at_most: None is the answer when there are more.
        """
        for tally in readings():
            customers = dict[int, Live]()
            made = partial(_kept, need=need, keep=keep)
            for page in self.pages(filters or {}, expand_flags(need), row_names(need), made, tally):
                for live in tally.take(page.rows, page.total):
                    customers[live.internal_id] = live
                if at_most is not None and max(len(customers), page.total or 0) > at_most:
                    return None
            if tally.is_whole:
                sound = (customers[key] for key in sorted(customers) if key not in tally.rivals)
                return Whole(tuple(sound), tally.page_size, tally.doubts)
        raise AssertionError("the last reading is whole or torn")

    def pages(
        self,
        filters: Mapping[str, str],
        expand: Iterable[str] = (),
        names: frozenset[str] | None = None,
        made: Callable[[Json, str], object] | None = None,
        reading: Tally | None = None,
    ) -> Iterator[Page]:
        """The API's own rows page by page; both paging parameters are always sent (fact sheet 6).

        names: the members of the rows that are wanted, None for all; the others cost no memory and little time. made:
        what becomes of each row and its place, by the thread that fetched it: pages that wait for their turn hold no
        more than that. reading: what is made of it, which says how long pages are and where the list ends.

        The first page's length, not the size asked for, says how long pages are: the ERP cuts sizes silently.
        """
        parameters = {**filters, **dict.fromkeys(expand, "true")}
        asked = (reading.asked if reading else None) or self._page_size
        first = self.page(1, asked, parameters, names, made)
        size, strange = len(first.rows), Counter(first.strange)
        last = -(-(first.total or 0) // max(1, size))
        self._tell(1, last or None)
        yield first
        if last > self._most:
            raise UnexpectedAnswer(
                f"The list of customers has {last} pages of {size}: more than {self._most}", remedy=_REMEDY
            )
        read, end = partial(self.page, size=size, parameters=parameters, names=names, made=made), first
        for number, page in enumerate(in_order(read, range(2, last + 1), self._parallelism), 2):
            self._tell(number, last)
            strange.update(page.strange)
            end = page
            yield page
        is_full = len(end.rows) == (size if last > 1 else asked)  # then it may not be the last one
        if first.total is None or is_full or (reading is not None and reading.before is not None):
            for page in self._until_empty(end, read, max(2, last + 1)):
                strange.update(page.strange)
                yield page
        self.strange |= strange

    def _tell(self, number: int, last: int | None) -> None:
        self._progress(Progress("Reading customers", "page", number, last))

    def page(
        self,
        number: int,
        size: int,
        parameters: Mapping[str, str],
        names: frozenset[str] | None = None,
        made: Callable[[Json, str], object] | None = None,
    ) -> Page:
        """One page; `number` counts from 1. names, made: as in `pages`."""
        query = {"pageNumber": str(number), "pageSize": str(size), **parameters}
        answer = self._transport.get(CUSTOMERS, _query(query))
        rows = rows_of(CUSTOMERS, answer, names, CUSTOMER.mirrors)
        strange = strange_members(answer.body, rows)
        ids = [row.get("internalId") if type(row) is dict else row for row in rows]
        total = _page_total(rows)
        del answer  # as each row below: several pages are in hand at once
        if made is not None:
            for at, row in enumerate(rows):
                rows[at] = made(row, f"row {at + 1} of page {number}")
        return Page(rows, ids, total, strange)

    def _until_empty(self, page: Page, read: Callable[[int], Page], start: int) -> Iterator[Page]:
        """The pages after one when no count says where the list ends: until one is empty or repeats the last one."""
        for number in range(start, self._most + 2):
            before, page = page, read(number) if page.rows else page
            self._tell(number, None)
            if not page.rows or page.ids == before.ids:
                return
            yield page
        raise UnexpectedAnswer(f"The list of customers did not end after {self._most} pages", remedy=_REMEDY)


class _Seen(NamedTuple):
    """What a reading keeps of a row."""

    number: str
    version: str | None


@dataclass(slots=True)
class Tally:
    """What one reading of a list has seen: rows may shift or repeat while it is paged (fact sheet 6, Q3).

    rivals: internal ids that several numbers have, with these. before: the reading before it.
    """

    before: Tally | None = field(default=None, repr=False)

    seen: dict[int, _Seen] = field(default_factory=dict)
    unreadable: dict[object, Unreadable] = field(default_factory=dict)
    page_size: int = 0
    rivals: dict[int, set[str]] = field(default_factory=dict)
    totals: set[int] = field(default_factory=set)
    last_total: int | None = None

    def take(self, rows: Sequence[Live | Unreadable], total: int | None) -> list[Live]:
        """The customers of a page that are new; of a repeated one the newest version, else the one read last."""
        taken: list[Live] = []
        self.page_size = self.page_size or len(rows)
        for live in rows:
            if isinstance(live, Unreadable):
                self.unreadable[live.key] = live
                continue
            known = self.seen.get(live.internal_id)
            if known is not None and number_key(known.number) != number_key(live.number):
                self.rivals.setdefault(live.internal_id, {known.number}).add(live.number)
            if known is None or not is_older(live.version, known.version):
                self.seen[live.internal_id] = _Seen(live.number, live.version)
                taken.append(live)
        if len(self.unreadable) > MAX_UNREADABLE:
            reason = next(iter(self.unreadable.values())).reason
            raise UnexpectedAnswer(f"More than {MAX_UNREADABLE:,} rows of the list cannot be read: {reason}")
        if total is not None:
            self.totals.add(total)
            self.last_total = total
        return taken

    @property
    def count(self) -> int:
        """How many customers were read, with those that cannot be read."""
        lost = sum(key not in self.seen for key in self.unreadable)
        return len(self.seen) + lost + sum(len(numbers) - 1 for numbers in self.rivals.values())

    @property
    def agrees(self) -> bool:
        """Whether the totals of all pages are one, and the number of customers read; without totals, yes."""
        return self.totals <= {self.count}

    @property
    def asked(self) -> int | None:
        """The size of the pages to ask for, None for that of the settings: other pages than in the reading before, so
        that what is lost where two pages meet is another row."""
        return None if self.before is None else self.before.page_size - 1 if self.before.page_size > 1 else 2

    @property
    def is_whole(self) -> bool:
        """Whether it is the list. The last reading raises TornView if it is not."""
        other = self.before
        if self.agrees and self._lacks_nothing:
            return True
        is_sure = (
            self._lacks_nothing or self.agrees
        )  # what an earlier reading saw, and two with the count lack, is gone
        if other is not None and other.before is not None and is_sure and self._confirms(other):
            return True
        if other is not None and other.before is not None:
            raise self.torn()
        return False

    @property
    def _lacks_nothing(self) -> bool:
        """Whether it has all that the readings before saw: what one of them saw is there."""
        other = self.before
        while other is not None:
            if not other.seen.keys() <= self.seen.keys():
                return False
            other = other.before
        return True

    def _confirms(self, other: Tally) -> bool:
        """Whether another reading, with other pages, saw the same customers and the same totals."""
        return (
            (self.page_size != other.page_size or self.page_size == self.count == 1)
            and self.totals == other.totals
            and self.seen.keys() == other.seen.keys()
            and len(self.unreadable) == len(other.unreadable)
        )

    @property
    def doubts(self) -> Doubts:
        """What of it is not surely known."""
        several = (
            Unreadable(
                f"customers {', '.join(sorted(numbers))} have the same internalId", number=number, internal_id=identity
            )
            for identity, numbers in self.rivals.items()
            for number in sorted(numbers)
        )
        count = None if self.agrees else max(self.totals)
        return Doubts((*self.unreadable.values(), *several), count, self.count)

    @property
    def disagreement(self) -> str:
        """What does not fit."""
        if len(self.totals) > 1:
            return f"the number of customers went from {min(self.totals)} to {max(self.totals)} meanwhile"
        return f"{self.count} different customers were read, but the ERP counts {self.last_total}"

    def torn(self) -> TornView:
        """The error after the last reading."""
        return TornView(
            f"The list of customers changed under each of {READS} readings: {self.disagreement}",
            remedy="Try again when fewer customers are being changed.",
        )


def readings() -> Iterator[Tally]:
    """The tallies of readings, one after the other, until one `is_whole`; that of the last raises if it is not."""
    tally = None
    for _ in range(READS):
        tally = Tally(before=tally)
        yield tally


def expand_flags(need: Need) -> tuple[str, ...]:
    """The list parameters that bring the needed groups (fact sheet 5, Q19)."""
    rows = (need.resource.fields.get(name) for name in sorted(need.fields))
    return tuple(row.expand for row in rows if isinstance(row, Group) and row.expand)


def _page_total(rows: Iterable[object]) -> int | None:
    """`metadata.totalCount` stands in each row, and nowhere else (fact sheet 6): what most rows of the page say.

    One row may be of a wrong shape. 0 beside rows says nothing.
    """
    totals = Counter(total for row in rows if (total := _total(row)) is not None)
    return max(totals, key=lambda total: (totals[total], total)) if totals else None


def _total(row: object) -> int | None:
    metadata = row.get("metadata") if isinstance(row, dict) else None
    total = metadata.get("totalCount") if isinstance(metadata, dict) else None
    return total if isinstance(total, int) and not isinstance(total, bool) and total > 0 else None


def _kept(row: Json, place: str, need: Need, keep: Callable[[Live], Live]) -> Live | Unreadable:
    live = decode_row(row, need, place)
    return live if isinstance(live, Unreadable) else keep(live)


def _query(parameters: Mapping[str, str]) -> str:
    """Blanks as %20 and operators encoded (fact sheet 5.1); `=` stays literal (5, attributes)."""
    return "&".join(f"{name}={quote(value, safe='')}" for name, value in parameters.items())
