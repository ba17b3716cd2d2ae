"""Drift: a managed field whose live value differs from what was last applied (contract 1). Values only."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from reconciler.core.diagnostics import Diagnostic, Source
from reconciler.core.plan import Cause, Refresh

FORMAT = "reconciler/drift"
FORMAT_VERSION = "1.0"


class Standing(StrEnum):
    """How a customer stands between the declarations and the ERP."""

    DRIFTED = "drifted"  # managed, live, and some managed field differs
    MISSING = "missing"  # declared, and not there: gone from the ERP, or not created yet
    REMOVED = "removed"  # was managed, is live, and has no declaration any more
    UNMANAGED = "unmanaged"  # live, never declared


@dataclass(frozen=True, slots=True)
class Mute:
    """Drift that somebody accepts for a time: `until` is a date (YYYY-MM-DD, the last day), `source` the mute file."""

    number: str
    path: str
    until: str
    reason: str
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class DriftedField:
    """One managed field that differs. None means no value.

    applied: what was last applied, where that is known. live: what the ERP holds. declared: what is asked for now.
    first_seen: UTC, ISO 8601, when a report first saw this difference. mute: set when it is accepted for now.
    new: whether the last report did not have it.
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


@dataclass(frozen=True, slots=True)
class DriftedCustomer:
    """One customer that is not as declared. `modified_at` is the record's lastModifiedDateTime as the ERP writes it."""

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

    @property
    def label(self) -> str:
        """What to call the customer in messages."""
        return self.number or f"ref {self.ref}"


@dataclass(frozen=True, slots=True)
class DriftSummary:
    """Customers: managed (declared and live), unmanaged, missing, removed; drifted ones by cause of their fields.

    One customer may count in several of drift, config, both, unknown; muted ones have no other difference.
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

    @property
    def coverage(self) -> float | None:
        """managed ÷ (managed + unmanaged + missing); None for an empty ERP without declarations."""
        whole = self.managed + self.unmanaged + self.missing
        return self.managed / whole if whole else None


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
    format: str = FORMAT
    format_version: str = FORMAT_VERSION
