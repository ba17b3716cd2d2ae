"""Drift: a managed field whose live value differs from what was last applied (docs/concepts.md). Values only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias

from reconciler.core.diagnostics import Diagnostic, Source
from reconciler.core.mutes import Mute
from reconciler.core.normalise import number_key
from reconciler.core.plan import Cause, LeftAlone, Refresh

FORMAT = "reconciler/drift"
FORMAT_VERSION = "1.2"
"""Minor versions only add: 1.1 `ignored`; 1.2 `history`."""


class Standing(StrEnum):
    """How a customer stands between the declarations and the ERP."""

    DRIFTED = "drifted"  # managed, live, and some managed field differs
    MISSING = "missing"  # declared, and not there: gone from the ERP, or not created yet
    REMOVED = "removed"  # was managed, is live, and has no declaration any more
    UNMANAGED = "unmanaged"  # live, never declared


@dataclass(frozen=True, slots=True)
class DriftedField:
    """One managed field that differs. None means no value.

    applied: what was last applied, where that is known. live: what the ERP holds. declared: what is asked for now.
    first_seen: UTC, ISO 8601, when a report first saw the field differ; it has differed in every report since.
    mute: set when it is accepted for now. new: whether the last report did not have it, had another live value, or had
    it muted while it is not muted any more.
    """

    path: str
    applied: Any
    live: Any
    declared: Any
    cause: Cause
    source: Source | None = None
    first_seen: str | None = None
    mute: Mute | None = None
    new: bool = True

    @property
    def alerts(self) -> bool:
        """Whether it is drift, or may be, that nobody accepted."""
        return self.mute is None and self.cause is not Cause.CONFIG


@dataclass(frozen=True, slots=True)
class DriftedCustomer:
    """One customer that is not as declared. `modified_at` is the record's lastModifiedDateTime as the ERP writes it.

    cause: of a missing one: drift when it was there, config when it is not created yet, unknown when nothing is known.
    mute: of a missing one that is accepted for now. message: what there is to say beside the fields. currency: that of
    its drifted amounts as the ERP holds them.
    """

    standing: Standing
    number: str | None
    ref: str | None
    name: str
    source: Source | None = None
    modified_at: str | None = None
    applied_at: str | None = None
    fields: tuple[DriftedField, ...] = ()
    first_seen: str | None = None
    new: bool = True
    message: str = ""
    cause: Cause | None = None
    mute: Mute | None = None
    currency: str | None = None

    @property
    def label(self) -> str:
        """What to call the customer in messages."""
        return self.number or f"ref {self.ref}"

    @property
    def key(self) -> str:
        """The form in which the state remembers the customer."""
        return number_key(self.number) if self.number else self.label

    @property
    def is_muted(self) -> bool:
        """Whether all that is to be said of it is accepted for now."""
        return self.mute is not None or (bool(self.fields) and all(field.mute for field in self.fields))

    @property
    def alerts(self) -> bool:
        """Whether the ERP moved away from what was applied, or may have: what `--detailed-exitcode` counts.

        What only the declarations changed is no drift, and neither is a customer that nobody declared.
        """
        gone = self.standing is Standing.MISSING and self.mute is None and self.cause is not Cause.CONFIG
        return gone or any(field.alerts for field in self.fields)


@dataclass(frozen=True, slots=True)
class DriftSummary:
    """Customers: managed (declared and live), unmanaged, missing, removed; drifted ones by cause of their fields.

    A customer counts once: in both when a field was changed on both sides, or one here and another there; else in
    drift, unknown or config, the first that a field of it has. Muted ones have no other difference, and count in none
    of them but, when they are gone, in missing. new: customers with something that is new and not muted.
    unreadable: rows of the ERP that cannot be read; held_back: declarations that may mean one of them. ignored:
    customers with declared fields that differ and are ignored; they may count elsewhere too.
    """

    managed: int = 0
    unmanaged: int = 0
    missing: int = 0
    removed: int = 0
    drift: int = 0
    config: int = 0
    both: int = 0
    unknown: int = 0
    muted: int = 0
    new: int = 0
    unreadable: int = 0
    held_back: int = 0
    ignored: int = 0

    @property
    def coverage(self) -> float | None:
        """managed ÷ (managed + unmanaged + missing); None for an empty ERP without declarations.

        A removed customer is live without a declaration, so it counts as unmanaged here.
        """
        whole = self.managed + self.unmanaged + self.removed + self.missing
        return self.managed / whole if whole else None


def summary_of(customers: Sequence[DriftedCustomer], managed: int) -> DriftSummary:
    """The counts of these customers."""
    standing = {one: sum(customer.standing is one for customer in customers) for one in Standing}
    causes = Counter(map(_side, customers))
    return DriftSummary(
        managed,
        standing[Standing.UNMANAGED],
        standing[Standing.MISSING],
        standing[Standing.REMOVED],
        causes[Cause.DRIFT],
        causes[Cause.CONFIG],
        causes[Cause.BOTH],
        causes[Cause.UNKNOWN],
        sum(customer.is_muted for customer in customers),
        sum(customer.new for customer in customers),
    )


def _side(customer: DriftedCustomer) -> Cause | None:
    """On which side the customer was changed, over all of its fields that are not muted; None where there are none."""
    causes = {field.cause for field in customer.fields if field.mute is None}
    if Cause.BOTH in causes or {Cause.DRIFT, Cause.CONFIG} <= causes:
        return Cause.BOTH
    return next((cause for cause in (Cause.DRIFT, Cause.UNKNOWN, Cause.CONFIG) if cause in causes), None)


@dataclass(frozen=True, slots=True)
class DriftCount:
    """How many fields a report on all customers had that differ and are not muted. at: UTC, ISO 8601.

    opened: those that the report before it did not have; closed: those that only that one had. A first report has none.
    """

    at: str
    fields: int
    opened: int = 0
    closed: int = 0


@dataclass(frozen=True, slots=True)
class Drift:
    """What stands otherwise in the ERP than declared, and who did it, as far as the state can tell."""

    reconciler_version: str
    created_at: str
    environment: str
    company: str
    tenant_id: str
    base_url: str
    refresh: Refresh
    summary: DriftSummary
    customers: tuple[DriftedCustomer, ...]
    diagnostics: tuple[Diagnostic, ...] = ()
    since: str | None = None  # when the report was made that `new` compares with
    redacted: bool = False
    only_new: bool = False  # whether the customers and fields that are not new were left out
    ignored: tuple[LeftAlone, ...] = ()  # what is declared and ignored, and differs: no drift, and not as declared
    targets: tuple[str, ...] = ()  # `--target`: only these were looked at, and nothing was counted beside them
    history: tuple[DriftCount, ...] = ()  # the last reports on all customers, and this one; none with `targets`
    format: str = FORMAT
    format_version: str = FORMAT_VERSION

    @property
    def coverage(self) -> float | None:
        """The share of customers that are managed; None where only some were looked at."""
        return None if self.targets else self.summary.coverage

    @property
    def alerts(self) -> bool:
        """Whether there is drift that nobody accepted, or what is held back; with `only_new`, new drift."""
        return bool(self.summary.held_back) or any(customer.alerts for customer in self.customers)


@dataclass(frozen=True, slots=True)
class Sighting:
    """One difference as the last report saw it. live: a digest of the live value; first_seen: UTC, ISO 8601."""

    live: str
    first_seen: str
    muted: bool = False


Sightings: TypeAlias = "Mapping[tuple[str, str], Sighting]"
"""By customer (`DriftedCustomer.key`) and path; the path is empty for what is said of the customer as a whole."""


@dataclass(frozen=True, slots=True)
class History:
    """What the last recorded report saw, and when it was made; None when there was none. counts: of the last ones."""

    since: str | None = None
    sightings: Sightings = field(default_factory=dict)
    counts: tuple[DriftCount, ...] = ()

    def count(self, at: str, seen: Sightings) -> DriftCount:
        """What a report of that time counts, which comes next."""
        now, before = _open(seen), _open(self.sightings)
        if self.since is None:
            return DriftCount(at, len(now))
        return DriftCount(at, len(now), len(now - before), len(before - now))


def _open(seen: Sightings) -> set[tuple[str, str]]:
    return {place for place, sighting in seen.items() if place[1] and not sighting.muted}
