"""The list of customers, read page by page and whole (fact sheet 5, 6)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final
from urllib.parse import quote

from reconciler.core.errors import TornView, UnexpectedAnswer
from reconciler.core.live import Live
from reconciler.core.ports import Need
from reconciler.erp.bodies import rows_of
from reconciler.erp.decode import Json, decode, is_older, row_names
from reconciler.erp.ordered_pool import in_order
from reconciler.erp.paths import CUSTOMERS
from reconciler.erp.transport import Transport
from reconciler.resources.grammar import Group

READS = 3
"""How often the whole list is read before it counts as torn."""

MAX_PAGES: Final = 10_000


_REMEDY = "Raise api.page_size, or limits.pages in the settings, if there are so many customers."


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the list: the API's rows, or what was made of them; their internal ids as the API has them; `total`,
    how many customers it says there are, or None."""

    rows: list[Any]
    ids: list[object]
    total: int | None


@dataclass(frozen=True, slots=True)
class Whole:
    """Customers, each once, by internal id, and how long the list's pages were."""

    customers: tuple[Live, ...]
    page_size: int


class Listing:
    """Reads the list, up to `parallelism` pages at once, `most` in all. The ERP may cut the `page_size` asked for."""

    def __init__(self, transport: Transport, page_size: int, parallelism: int, most: int = MAX_PAGES) -> None:
        self._transport = transport
        self._page_size = page_size
        self._parallelism = parallelism
        self._most = most

    def whole(
        self,
        need: Need,
        filters: Mapping[str, str] | None = None,
        *,
        keep: Callable[[Live], Live] = lambda live: live,
        at_most: int | None = None,
    ) -> Whole | None:
        """All customers, or those that a filter lets through. Raises ErpErrors; TornView if the list never agrees.

        keep: what is kept of each customer while the rest is read. at_most: None is the answer when there are more.
        """
        tally = Tally()
        for _ in range(READS):
            tally, customers, size = Tally(), dict[int, Live](), 0
            made = partial(_kept, need=need, keep=keep)
            for page in self.pages(filters or {}, expand_flags(need), row_names(need), made):
                size = size or len(page.rows)
                for live in tally.take(page.rows, page.total):
                    customers[live.internal_id] = live
                if at_most is not None and max(len(customers), page.total or 0) > at_most:
                    return None
            if tally.agrees:
                return Whole(tuple(customers[key] for key in sorted(customers)), size)
        raise tally.torn()

    def pages(
        self,
        filters: Mapping[str, str],
        expand: Iterable[str] = (),
        names: frozenset[str] | None = None,
        made: Callable[[Json], object] | None = None,
    ) -> Iterator[Page]:
        """The API's own rows page by page; both paging parameters are always sent (fact sheet 6).

        names: the members of the rows that are wanted, None for all; the others cost no memory and little time. made:
        what becomes of each row, by the thread that fetched it: pages that wait for their turn hold no more than that.

        The first page's length, not the size asked for, says how long pages are: the ERP cuts sizes silently.
        """
        parameters = {**filters, **dict.fromkeys(expand, "true")}
        first = self.page(1, self._page_size, parameters, names, made)
        size = len(first.rows)
        yield first
        if first.total is None:
            yield from self._until_empty(first, lambda number: self.page(number, size, parameters, names, made))
        elif 0 < size < first.total:
            last = -(-first.total // size)
            if last > self._most:
                raise UnexpectedAnswer(
                    f"The list of customers has {last} pages of {size}: more than {self._most}", remedy=_REMEDY
                )
            numbers = range(2, last + 1)
            yield from in_order(
                lambda number: self.page(number, size, parameters, names, made), numbers, self._parallelism
            )

    def page(
        self,
        number: int,
        size: int,
        parameters: Mapping[str, str],
        names: frozenset[str] | None = None,
        made: Callable[[Json], object] | None = None,
    ) -> Page:
        """One page; `number` counts from 1. names, made: as in `pages`."""
        query = {"pageNumber": str(number), "pageSize": str(size), **parameters}
        rows = rows_of(CUSTOMERS, self._transport.get(CUSTOMERS, _query(query)), names)
        ids, total = [row.get("internalId") for row in rows], _total(rows[-1]) if rows else None
        return Page(rows if made is None else [made(row) for row in rows], ids, total)

    def _until_empty(self, page: Page, read: Callable[[int], Page]) -> Iterator[Page]:
        """The pages after the first when no row tells totals: until one is empty or repeats the last one."""
        size = len(page.rows)
        for number in range(2, self._most + 2):
            before, page = page, read(number) if size else page
            if not page.rows or page.ids == before.ids:
                return
            yield page
        raise UnexpectedAnswer(f"The list of customers did not end after {self._most} pages", remedy=_REMEDY)


@dataclass(slots=True)
class Tally:
    """What one reading of a list has seen: rows may shift or repeat while it is paged (fact sheet 6, Q3)."""

    versions: dict[int, str | None] = field(default_factory=dict)
    totals: set[int] = field(default_factory=set)
    last_total: int | None = None

    def take(self, customers: Iterable[Live], total: int | None) -> list[Live]:
        """The customers of a page that are new; of a repeated one the newest version, else the one read last."""
        taken = []
        for live in customers:
            known = self.versions.get(live.internal_id)
            if live.internal_id not in self.versions or not is_older(live.version, known):
                self.versions[live.internal_id] = live.version
                taken.append(live)
        if total is not None:
            self.totals.add(total)
            self.last_total = total
        return taken

    @property
    def agrees(self) -> bool:
        """Whether the totals of all pages are one, and the number of customers read; without totals, yes."""
        return self.totals <= {len(self.versions)}

    @property
    def disagreement(self) -> str:
        """What does not fit."""
        if len(self.totals) > 1:
            return f"the number of customers went from {min(self.totals)} to {max(self.totals)} meanwhile"
        return f"{len(self.versions)} different customers were read, but the ERP counts {self.last_total}"

    def torn(self) -> TornView:
        """The error after the last reading."""
        return TornView(
            f"The list of customers changed under each of {READS} readings: {self.disagreement}",
            remedy="Try again when fewer customers are being changed.",
        )


def expand_flags(need: Need) -> tuple[str, ...]:
    """The list parameters that bring the needed groups (fact sheet 5, Q19)."""
    rows = (need.resource.fields.get(name) for name in sorted(need.fields))
    return tuple(row.expand for row in rows if isinstance(row, Group) and row.expand)


def _total(row: Json) -> int | None:
    """`metadata.totalCount` stands in each row, and nowhere else (fact sheet 6)."""
    metadata = row.get("metadata")
    total = metadata.get("totalCount") if isinstance(metadata, dict) else None
    return total if isinstance(total, int) and not isinstance(total, bool) else None


def _kept(row: Json, need: Need, keep: Callable[[Live], Live]) -> Live:
    return keep(decode(row, need))


def _query(parameters: Mapping[str, str]) -> str:
    """Blanks as %20 and operators encoded (fact sheet 5.1); `=` stays literal (5, attributes)."""
    return "&".join(f"{name}={quote(value, safe='')}" for name, value in parameters.items())
