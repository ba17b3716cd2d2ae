"""What stands otherwise in the ERP than declared, found with the planner's own comparison. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from hashlib import sha256

from reconciler.core.actions import compared, currency_of, left_alone
from reconciler.core.comparison import Comparison, Heading
from reconciler.core.desired import Desired
from reconciler.core.drift import (
    Drift,
    DriftedCustomer,
    DriftedField,
    History,
    Sighting,
    Standing,
    summary_of,
)
from reconciler.core.live import Live
from reconciler.core.mutes import ActiveMutes, Mute, names_of
from reconciler.core.normalise import number_key
from reconciler.core.ordering import natural
from reconciler.core.plan import Cause, Change, LeftAlone, Refresh
from reconciler.core.removed import removed
from reconciler.core.rules import Memory, Rules
from reconciler.resources.values import get, parse_path

_LEFT = "was managed, and has no declaration any more"
_GONE = "gone from the ERP"
_NOT_YET = "not in the ERP yet: no run has created it"
_NOT_KNOWN = "not in the ERP; whether it ever was is not known"
_ORDER = {Standing.DRIFTED: 0, Standing.MISSING: 0, Standing.REMOVED: 1, Standing.UNMANAGED: 2}


def compute_drift(
    comparison: Comparison,
    *,
    heading: Heading,
    history: History,
    mutes: Sequence[Mute],
    applied_at: Callable[[str], str | None],
) -> Drift:
    """Compare, and tell apart who moved. A field stands in it exactly when a plan would change it but for mutes.

    mutes: also those whose last day is over. applied_at: when a customer (`number_key`) was last applied, UTC, ISO
    8601. With targets, what is not declared is not looked at. The day that counts for mutes is that of the heading.
    """
    notes, held_back = comparison.renumbering_notes, comparison.held_back
    spoken_for, comparison = comparison.renumberings.spoken_for, comparison.foreseen
    view, now, target = comparison.view, heading.created_at, heading.target
    look = _Look(comparison.rules, comparison.memory, history, ActiveMutes(mutes, now[:10]), applied_at, now)
    pairs = [(declaration, live) for declaration, live in comparison.paired.pairs if comparison.looks_at(declaration)]
    customers = [
        customer
        for declaration, live in pairs
        if live is None or live.internal_id in comparison.unequal
        if (customer := look.pair(declaration, live)) is not None
    ]
    if not comparison.targets:
        customers += look.undeclared(comparison, spoken_for)
    customers.sort(key=lambda customer: (_ORDER[customer.standing], natural(customer.number), customer.ref or ""))
    drift = Drift(
        reconciler_version=heading.version,
        created_at=now,
        environment=target.environment,
        company=target.company,
        tenant_id=target.tenant_id,
        base_url=target.base_url,
        refresh=Refresh(view.reading.mode, view.as_of, len(view.customers), view.requests, view.reading),
        summary=replace(
            summary_of(customers, sum(live is not None for _, live in pairs)),
            unreadable=len(view.doubts.unreadable),
            held_back=held_back,
            ignored=len(look.ignored),
        ),
        customers=tuple(customers),
        diagnostics=(*notes, *comparison.problems()),
        since=history.since,
        ignored=tuple(sorted(look.ignored, key=lambda customer: natural(customer.number))),
        targets=tuple(sorted(comparison.targets)),
    )
    if drift.targets:
        return drift
    return replace(drift, history=(*history.counts, history.count(now, sightings(drift))))


def new_only(drift: Drift) -> Drift:
    """The report without what the last one told already, and without what is muted. The summary stays whole."""
    kept = [
        replace(customer, fields=tuple(one for one in customer.fields if one.new and one.mute is None))
        for customer in drift.customers
        if customer.new and not customer.is_muted
    ]
    return replace(drift, customers=tuple(kept), ignored=(), only_new=True)


def sightings(drift: Drift) -> dict[tuple[str, str], Sighting]:
    """What the next report compares with. The drift must be whole, not `new_only`."""
    seen = {}
    for customer in drift.customers:
        first_seen = customer.first_seen or ""
        if customer.standing is not Standing.DRIFTED:
            seen[customer.key, ""] = Sighting(customer.standing.value, first_seen, customer.mute is not None)
        for one in customer.fields:
            live = fingerprint(one.live)
            seen[customer.key, one.path] = Sighting(live, one.first_seen or "", one.mute is not None)
    return seen


def looked_at(targets: frozenset[str], memory: Memory) -> frozenset[str] | None:
    """The keys of the customers that a report on the targets looks at; None where it looks at all."""
    if not targets:
        return None
    recorded = {number_key(memory.numbers[target]) for target in targets if target in memory.numbers}
    return targets | recorded | {f"ref {target}" for target in targets}


def fingerprint(value: object) -> str:
    """A digest of a live value: the same for the same value, and not to be read back.

    >>> fingerprint("Oslo") == fingerprint("Oslo"), fingerprint(1) == fingerprint("1")
    (True, False)
    """
    return sha256(_plainly(value).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _plainly(value: object) -> str:
    if isinstance(value, dict):
        return repr(sorted((key, _plainly(member)) for key, member in value.items()))
    return f"Decimal {value.normalize()}" if isinstance(value, Decimal) else repr(value)


@dataclass(frozen=True, slots=True)
class _Look:
    """One pass over the customers."""

    rules: Rules
    memory: Memory
    history: History
    mutes: ActiveMutes
    applied_at: Callable[[str], str | None]
    now: str
    ignored: list[LeftAlone] = field(default_factory=list)

    def pair(self, desired: Desired, live: Live | None) -> DriftedCustomer | None:
        """What is to be said of a declaration, if anything."""
        return self._missing(desired) if live is None else self._drifted(desired, live)

    def _drifted(self, desired: Desired, live: Live) -> DriftedCustomer | None:
        difference = compared(desired, live, self.rules, self.memory)
        if difference.ignored:
            self.ignored.append(left_alone(desired, live, difference.ignored))
        if not difference.changes:
            return None
        key = number_key(live.number)
        fields = tuple(self._field(change, desired, live) for change in difference.changes)
        return DriftedCustomer(
            Standing.DRIFTED,
            live.number,
            desired.ref,
            live.name or desired.name,
            desired.source,
            live.modified,
            self.applied_at(key),
            fields,
            min(one.first_seen or self.now for one in fields),
            any(one.new and one.mute is None for one in fields),
            currency=currency_of(difference.changes, live.unpacked().values, self.rules.resource),
        )

    def _field(self, change: Change, desired: Desired, live: Live) -> DriftedField:
        key = number_key(live.number)
        applied = self.memory.last.get(key)
        mute = self.mutes.find(names_of(desired, live), change.path)
        first_seen, new = self._seen(key, change.path, fingerprint(change.before), muted=mute is not None)
        return DriftedField(
            change.path,
            None if applied is None else get(applied, parse_path(change.path)),
            change.before,
            change.after,
            change.cause,
            change.source,
            first_seen,
            mute,
            new,
        )

    def _missing(self, desired: Desired) -> DriftedCustomer:
        number = desired.number or self.memory.numbers.get(desired.ref or "")
        key = number_key(number) if number else desired.label
        was_there = key in self.memory.last
        cause = Cause.DRIFT if was_there else Cause.CONFIG if self.memory.last else Cause.UNKNOWN
        mute = self.mutes.find((key, desired.ref), "")
        first_seen, new = self._seen(key, "", Standing.MISSING.value, muted=mute is not None)
        return DriftedCustomer(
            Standing.MISSING,
            number,
            desired.ref,
            desired.name,
            desired.source,
            applied_at=self.applied_at(key) if was_there else None,
            first_seen=first_seen,
            new=new and mute is None,
            message={Cause.DRIFT: _GONE, Cause.CONFIG: _NOT_YET}.get(cause, _NOT_KNOWN),
            cause=cause,
            mute=mute,
        )

    def undeclared(self, comparison: Comparison, spoken_for: frozenset[str]) -> Iterator[DriftedCustomer]:
        """The live customers that no declaration means: those that were managed, and the others.

        spoken_for: see `Renumberings`.
        """
        paired, view = comparison.paired, comparison.view
        taken = {live.internal_id for _, live in paired.pairs if live is not None}
        lost = removed(comparison.desired, paired, view, self.memory, spoken_for)
        for live in lost:
            taken.add(live.internal_id)
            yield self._without(Standing.REMOVED, live, _LEFT)
        for live in view.customers:
            if live.internal_id not in taken and number_key(live.number) not in spoken_for:
                yield self._without(Standing.UNMANAGED, live, "")

    def _without(self, standing: Standing, live: Live, message: str) -> DriftedCustomer:
        key = number_key(live.number)
        first_seen, new = self._seen(key, "", standing.value, muted=False)
        applied_at = self.applied_at(key) if standing is Standing.REMOVED else None
        return DriftedCustomer(
            standing,
            live.number,
            None,
            live.name,
            None,
            live.modified,
            applied_at,
            first_seen=first_seen,
            new=new,
            message=message,
        )

    def _seen(self, key: str, path: str, live: str, *, muted: bool) -> tuple[str, bool]:
        """When it was first seen, and whether it is news."""
        last = self.history.sightings.get((key, path))
        if last is None:
            return self.now, True
        return last.first_seen, last.live != live or (last.muted and not muted)
