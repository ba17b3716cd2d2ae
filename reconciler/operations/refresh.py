"""The live side of a plan: read in full, brought up to date from the snapshot, or taken from it as it is.

Why an incremental read misses nothing, or what it may miss and for how long, is argued in `core.snapshot`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from reconciler.core.desired import Desired
from reconciler.core.doubts import SURE, Doubts, Unreadable
from reconciler.core.errors import NotFound, Rejected, StateError, TornView, UnexpectedAnswer, WrongUsage
from reconciler.core.live import Live, PackedLive
from reconciler.core.normalise import match_key, number_key
from reconciler.core.plan import Reading
from reconciler.core.planner import incomplete, need_of
from reconciler.core.ports import DeclaredCustomers, Erp, Need, Snapshot, Spent, View
from reconciler.core.renumbering import former_key
from reconciler.core.rules import Memory
from reconciler.core.snapshot import Head, Kept, Policy, disproof, pages, pages_to_verify, since, too_old, watermark
from reconciler.core.some_names import some_names
from reconciler.erp.decode import unreadable
from reconciler.reports.wording import counted
from reconciler.resources.customer import CUSTOMER
from reconciler.resources.grammar import Resource
from reconciler.state.packing import CUSTOMER_PACKER


class _InFullError(Exception):
    """The snapshot cannot be brought up to date; the message says why."""


@dataclass(slots=True)
class Refreshing:
    """Reads the live customers for the declarations, and keeps the snapshot; one for each plan.

    now: UTC, ISO 8601. tell: hears of a snapshot that could not be kept; the plan is no worse for that.
    """

    desired: Sequence[Desired]
    memory: Memory
    now: str = ""
    snapshot: Snapshot | None = None
    policy: Policy = field(default_factory=Policy)
    tell: Callable[[StateError], None] = lambda error: None
    resource: Resource = CUSTOMER
    _need: Need = field(init=False)
    _reads: Need = field(init=False)
    _fresh: dict[int, PackedLive] = field(init=False, default_factory=dict)
    _head: Head | None = field(init=False, default=None)
    _doubts: Doubts = field(init=False, default=SURE)

    def __post_init__(self) -> None:
        need = need_of(self.desired, self.resource)
        self._need = self._reads = replace(need, meant=_meant(self.desired, self.memory, need))

    def view(self, erp: Erp, mode: str = "full") -> View:
        """The live customers. mode: `full`, or `incremental`, which falls back to it. Raises ErpErrors, StateError."""
        before = erp.spent()
        kept = self.snapshot.load(self.policy.verify_runs) if self.snapshot is not None and mode != "full" else None
        if kept is None or not kept.customers:
            return self._full(erp, before, self._known_head())
        try:
            return self._incremental(erp, kept, before)
        except (_InFullError, UnexpectedAnswer) as why:
            return self._full(erp, before, kept.head, str(why))

    def offline(self) -> View:
        """The live customers as the snapshot has them; nothing is asked. Raises WrongUsage when it does not suffice."""
        kept = self.snapshot.load(self.policy.verify_runs) if self.snapshot is not None else None
        if kept is None:
            raise WrongUsage(
                "--refresh none needs a snapshot, and none is kept yet",
                remedy="Leave it out: the ERP is then read, and a snapshot is kept.",
            )
        customers = kept.customers.values()
        if (
            not kept.head.has(self._need.fields, self._meant.known_by)
            or any(map(self._is_thin, customers))
            or incomplete(self.desired, customers, self.memory, self._need)
        ):
            raise WrongUsage(
                "The snapshot does not have all that the declarations name", remedy="Plan once without --refresh none."
            )
        reading = Reading("none", all_read_at=kept.head.all_read_at)
        return View(tuple(customers), kept.head.as_of, 0, reading=reading)

    def confirmed(self, erp: Erp, view: View, numbers: Collection[str]) -> View | None:
        """The view with these customers read anew, where it rests on the snapshot for them; None where it does not."""
        if view.reading.mode != "incremental" or self._head is None:
            return None
        wanted = {number_key(number) for number in numbers}
        unsure = [
            live for live in view.customers if number_key(live.number) in wanted and live.internal_id not in self._fresh
        ]
        if not unsure:
            return None
        before = erp.spent()
        customers = {live.internal_id: live for live in view.customers}
        try:
            self._read_singly(erp, unsure, view.reading.list_requests or 1)
            self._complete(erp, customers | self._fresh)
        except (_InFullError, UnexpectedAnswer) as why:
            found = self._full(erp, before, self._head, str(why))
        else:
            self._update(self._head, {})
            found = _view(customers | self._fresh, view.as_of, view.reading, before, erp.spent())
        return replace(found, requests=view.requests + found.requests)

    # ---- in full ----

    def _full(self, erp: Erp, before: Spent, known: Head | None, reason: str = "") -> View:
        self._reads = self._need
        view = erp.refresh(self._need, self._packed)
        self._fresh = {live.internal_id: self._packed(live) for live in view.customers}
        self._doubts = self._asked(erp, view.doubts)
        self._complete(erp, self._fresh, self._doubt)
        for row in self._doubts.unreadable:
            if row.internal_id is not None:
                self._fresh.pop(row.internal_id, None)
        size, known_by = max(1, view.page_size), self._meant.known_by
        doubts = 0 if known is None else known.doubts
        self._head = Head(self._need.fields, known_by, 1, 1, size, view.as_of, view.as_of, doubts)
        if self.snapshot is not None:
            # one that may lack customers is none: it has nothing, and not even what a plan offline would need
            head = self._head if self._doubts.is_sure else replace(self._head, fields=frozenset())
            kept = self._fresh.values() if self._doubts.is_sure else ()
            self._save(partial(self.snapshot.replace, known, head, kept))
        found = _view(self._fresh, view.as_of, replace(view.reading, reason=reason), before, erp.spent())
        return replace(found, doubts=self._doubts)

    def _asked(self, erp: Erp, doubts: Doubts) -> Doubts:
        """The doubts once the ERP was asked for each declared number that a short list lacks."""
        if not doubts.is_short:
            return doubts
        known = {number_key(live.number) for live in self._fresh.values()}
        declared = [each.number or self.memory.numbers.get(each.ref or "") for each in self.desired]
        declared += [each.lifecycle.renumbered_from for each in self.desired]
        wanted = {number_key(number): number for number in declared if number is not None}
        absent, lost = set[str](), list[Unreadable]()
        for key, number in wanted.items():
            if key in known:
                continue
            try:
                live = self._packed(erp.customer(number, self._need))
            except NotFound:
                absent.add(key)
            except UnexpectedAnswer as error:
                lost.append(Unreadable(str(error), number=number))
            else:
                self._fresh[live.internal_id] = live
        return replace(doubts.with_unreadable(lost), absent=frozenset(absent))

    # ---- incrementally ----

    def _incremental(self, erp: Erp, kept: Kept, before: Spent) -> View:
        head, known = kept.head, kept.customers
        mark = watermark(known.values())
        if not head.has(self._need.fields, self._meant.known_by):
            new = sorted((self._need.fields - head.fields) | (self._meant.known_by - head.known_by))
            raise _InFullError(f"the snapshot has no {some_names(new)}")
        why = too_old(head, self.now, self.policy)
        if mark is None or why:
            raise _InFullError(why or "no customer tells when it was modified")
        start = since(mark, self.now)
        self._reads = replace(self._need, fields=head.fields)
        changed = self._packed_all(_changed(erp, start, self._reads, max(len(known) // 2, head.page_size)))
        numbers = pages_to_verify(head, len(known), self.policy.verify_runs)
        batches = [erp.list_page(number, head.page_size, self._reads) for number in numbers]
        again = self._packed_all(live for batch in batches for live in batch.customers)
        unseen = sum(_moved_unseen(known.get(each), live) for each, live in again.items() if each not in changed)
        self._fresh = changed | again
        merged = known | self._fresh
        if why := disproof(merged, self._fresh, changed, [batch.total for batch in batches], mark):
            raise _InFullError(why)
        listed = pages(len(merged), head.page_size)
        due = [live for live in merged.values() if live.internal_id in kept.due or self._is_thin(live)]
        self._read_singly(erp, [live for live in due if live.internal_id not in self._fresh], listed)
        self._complete(erp, merged | self._fresh)
        self._head = replace(head, sequence=head.sequence + 1, next_page=numbers[-1] + 1, as_of=self.now)
        self._update(head, known)
        runs = self.policy.verify_runs
        reading = Reading("incremental", "", head.all_read_at, start, len(changed), len(again), unseen, runs, listed)
        return _view(merged | self._fresh, self.now, reading, before, erp.spent())

    def _read_singly(self, erp: Erp, customers: Sequence[Live], at_most: int) -> None:
        """Read them one by one; raises _InFullError when that costs more than the list, or one is not what it was."""
        if len(customers) > at_most:
            many, few = counted(len(customers), "customer"), counted(at_most, "request")
            raise _InFullError(f"the whole list takes {few}, and {many} would have to be read again one by one")
        try:
            found = erp.customers([live.number for live in customers], self._reads) if customers else ()
        except NotFound as error:
            raise _InFullError("a customer is gone") from error
        if [live.internal_id for live in found] != [live.internal_id for live in customers]:
            raise _InFullError("two customers have changed their numbers")
        self._fresh |= self._packed_all(found)

    def _complete(
        self, erp: Erp, customers: Mapping[int, Live], lose: Callable[[Live, UnexpectedAnswer], None] | None = None
    ) -> None:
        """Add the members that only single reads bring; the row's version stays, being the older one.

        lose: takes a customer whose single read is of a wrong shape; without it that is raised.
        """
        lacking = incomplete(self.desired, customers.values(), self.memory, self._reads)
        if not lacking:
            return
        by_number = {live.number: live for live in customers.values()}
        for number, wanted in lacking:
            row = by_number[number]
            try:
                single = erp.customer(number, wanted)
            except UnexpectedAnswer as error:
                if lose is None:
                    raise
                lose(row, error)
                continue
            values, line_ids = {**single.values, **row.values}, {**single.line_ids, **row.line_ids}
            self._fresh[row.internal_id] = self._packed(row.with_values(values, line_ids))

    def _doubt(self, live: Live, error: UnexpectedAnswer) -> None:
        """Its row is sound, but not what it shows by itself."""
        self._doubts = self._doubts.with_unreadable([unreadable(live, str(error))])

    # ---- the snapshot ----

    @property
    def _meant(self) -> DeclaredCustomers:
        assert self._need.meant is not None, "set from the start"
        return self._need.meant

    def _packed(self, live: Live) -> PackedLive:
        if isinstance(live, PackedLive):
            return live
        return CUSTOMER_PACKER.pack(live, whole=self._meant.has(live.number, live.values))

    def _packed_all(self, customers: Iterable[Live]) -> dict[int, PackedLive]:
        return {live.internal_id: self._packed(live) for live in customers}

    def _is_thin(self, live: PackedLive) -> bool:
        """Whether it is kept with less than the declarations need: it was not meant when it was read."""
        return not live.whole and self._meant.has(live.number, live.values if self._meant.matches else {})

    def _known_head(self) -> Head | None:
        return self.snapshot.head() if self.snapshot is not None else None

    def _update(self, before: Head, known: Mapping[int, PackedLive]) -> None:
        if self.snapshot is None or self._head is None:
            return
        same = {each for each, live in self._fresh.items() if _is_kept(known.get(each), live)}
        read = [live for each, live in self._fresh.items() if each not in same]
        self._save(partial(self.snapshot.update, before, self._head, read, same))

    def _save(self, work: Callable[[], None]) -> None:
        try:
            work()
        except StateError as error:
            self.tell(error)


def _meant(desired: Iterable[Desired], memory: Memory, need: Need) -> DeclaredCustomers:
    numbers = {*memory.applied, *(number_key(number) for number in memory.numbers.values())}
    matches: set[tuple[str, str]] = set()
    resource = need.resource
    known_by = resource.always | (need.fields & resource.recognised_by)
    for each in desired:
        if each.number is not None:
            numbers.add(number_key(each.number))
            numbers.update(filter(None, [former_key(each)]))
            continue
        known_by |= frozenset(each.match)
        matches |= {(name, key) for name in each.match if (key := match_key(name, each.values.get(name), resource))}
    return DeclaredCustomers(frozenset(numbers), frozenset(matches), known_by, resource)


def _changed(erp: Erp, start: str, need: Need, at_most: int) -> tuple[Live, ...]:
    try:
        found = erp.modified_since(start, need, at_most=at_most)
    except (Rejected, TornView) as error:
        raise _InFullError("the ERP does not tell what changed") from error
    if found is None:
        raise _InFullError("about as much has changed as there is")
    return found


def _moved_unseen(known: PackedLive | None, live: PackedLive) -> bool:
    """Whether the customer has other values than before under the same time stamp (Q10)."""
    return (
        known is not None
        and known.modified == live.modified
        and known.whole == live.whole
        and known.packed != live.packed
        and known.values != live.values
    )


def _is_kept(known: PackedLive | None, live: PackedLive) -> bool:
    return known is not None and (known.packed, known.version, known.modified, known.number, known.whole) == (
        live.packed,
        live.version,
        live.modified,
        live.number,
        live.whole,
    )


def _view(customers: Mapping[int, Live], as_of: str, reading: Reading, before: Spent, after: Spent) -> View:
    return View(
        tuple(customers[each] for each in sorted(customers)),
        as_of,
        after.requests - before.requests,
        after.limit,
        after.remaining,
        after.reset_seconds,
        reading=reading,
    )
