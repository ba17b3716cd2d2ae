"""What a report says, before any format.

All texts in rows, header and sentences are harmless on a terminal already (`reports.safe_text`): formats only escape
what their own syntax needs. Diagnostics, refusals and guards are as in the plan, and not made visible yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

from reconciler._version import __version__
from reconciler.core.diagnostics import Diagnostic, Severity, Source
from reconciler.core.drift import DriftCount
from reconciler.core.plan import Refusal
from reconciler.core.plan import Verdict as GuardVerdict
from reconciler.reports.report_kind import ReportKind
from reconciler.reports.view.amounts import AmountChange


class ReportState(StrEnum):
    """How it stands, as one word for a badge; `Report.headline` says it in a sentence."""

    CLEAN = "clean"  # nothing to do, valid, all done, no drift
    CHANGES = "changes"  # something is to be written, or drifted
    REFUSED = "refused"  # a guard or a policy says no
    INVALID = "invalid"  # errors in the declarations or in the plan
    PARTIAL = "partial"  # a run with conflicts, failures or unclear answers
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class LineAuthor:
    """Who last changed a line of a declaration, as git tells: visible texts. commit: its short id, or ""."""

    name: str
    commit: str = ""


Authors: TypeAlias = Mapping[tuple[str, int], LineAuthor]
"""By file, as the plan names it, and line from 1."""


@dataclass(frozen=True, slots=True)
class FieldRow:
    """One field. symbol: + set, ~ change, - clear, = sent so that it stays, ! drifted.

    before, after: values as `safe_text.shown` writes them; for drift the value that was applied and the live one.
    cause: config, drift, both, unknown or "". origin: branch, merged, drift, outside or "". notes: further facts, a
    short text each. muted: drift that somebody accepts for now.
    title: what people call the field, or "". values: before and after as they are, not made visible. amount: both
    values as people read money, for a field that is an amount. risk: the higher, the earlier a change of it must be
    seen; stakes: why, in a few words, or "". author: who wrote the line. days: how many days old a drift is. is_prose:
    whether a part of the value tells something, unlike that of an id or of a word of the ERP.
    """

    symbol: str
    path: str
    before: str
    after: str
    cause: str = ""
    origin: str = ""
    source: Source | None = None
    notes: tuple[str, ...] = ()
    muted: bool = False
    title: str = ""
    values: tuple[Any, Any] = (None, None)
    amount: AmountChange | None = None
    risk: int = 0
    stakes: str = ""
    author: LineAuthor | None = None
    days: int | None = None
    is_prose: bool = True

    @property
    def told(self) -> tuple[str, str]:
        """Before and after as people read them: amounts with separators and currency, all else as it is shown."""
        return (self.amount.before, self.amount.after) if self.amount else (self.before, self.after)

    @property
    def name(self) -> str:
        """What people call the field: its title, or the path of one that has none."""
        return self.title or self.path

    @property
    def is_overwriting(self) -> bool:
        """Whether it replaces what somebody changed in the ERP."""
        return self.cause in ("drift", "both") and self.before != self.after

    def reasons(self, kind: ReportKind) -> tuple[str, ...]:
        """Its origin and cause, each once. Outside of drift, a cause that goes without saying is left out."""
        expected = ("",) if kind is ReportKind.DRIFT else ("", "config", "unknown")
        cause = () if self.cause in (*expected, self.origin) else (self.cause,)
        return (*filter(None, (self.origin,)), *cause)


@dataclass(frozen=True, slots=True)
class CustomerRow:
    """One customer. symbol: + create, ~ update, ! drifted, - missing, ? not declared; verb says it in a word.

    severity: how much it needs a look: ERROR for what failed or is refused, WARNING for drift and conflicts.
    risk: the higher, the earlier it must be seen; formats that must leave something out keep the riskiest.
    outcome, sentence, message, remedy, stored, not_taken: of a run's action: a word of `wording.OUTCOMES`; how it
    ended, in one sentence; why; what to do; values that the ERP stored in another form, and those it did not take.
    modified, new, muted: of a drifted one: the record's time stamp to the second or ""; whether the last report did not
    have it; whether all of it is accepted for now.
    stakes: why it must be seen as early as `risk` says, the weightiest reason first. days: how many days old the drift
    is.
    """

    symbol: str
    verb: str
    label: str
    name: str
    fields: tuple[FieldRow, ...] = ()
    source: Source | None = None
    severity: Severity = Severity.NOTE
    risk: int = 0
    outcome: str = ""
    message: str = ""
    remedy: str = ""
    notes: tuple[str, ...] = ()
    sentence: str = ""
    stored: tuple[str, ...] = ()
    not_taken: tuple[str, ...] = ()
    modified: str = ""
    new: bool = False
    muted: bool = False
    stakes: tuple[str, ...] = ()
    days: int | None = None

    @property
    def authors(self) -> tuple[LineAuthor, ...]:
        """Who wrote the lines of its fields, each once."""
        return tuple(dict.fromkeys(field.author for field in self.fields if field.author))

    @property
    def remarks(self) -> tuple[str, ...]:
        """All that is to be said beside message and fields."""
        return self.notes + self.stored + self.not_taken


@dataclass(frozen=True, slots=True)
class Header:
    """Which ERP it is about, and which version of reconciler says so; empty for a validation."""

    company: str = ""
    environment: str = ""
    tenant_id: str = ""
    base_url: str = ""
    version: str = __version__


@dataclass(frozen=True, slots=True)
class Report:
    """What any format says.

    headline: one sentence. counts: what was counted, in the order to show it (`{"create": 1, "update": 2, ...}`);
    tally: the same in words, for a plan. as_of: sentences on the age of the data, and on what news is measured against.
    origins: one sentence on the origins of a plan's changes, or "". facts: further sentences; details: more of them,
    for formats with room. left_alone: customers with fields that differ and are not written, muted or ignored (for a
    drift the ignored alone, since muted ones are among its customers). unlisted: unmanaged customers without a row, and
    how many of these are new.
    hint: what to do next, or "". warning: what a reader must know before anything else, or "". scope: how much it is,
    in customers and in fields. digest: of the plan. redacted: whether personal data was replaced. history: of a drift,
    what the last reports counted, the oldest first.
    """

    kind: ReportKind
    state: ReportState
    headline: str
    counts: Mapping[str, int]
    customers: tuple[CustomerRow, ...] = ()
    left_alone: tuple[CustomerRow, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    guards: tuple[GuardVerdict, ...] = ()
    tally: str = ""
    origins: str = ""
    as_of: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    details: tuple[str, ...] = ()
    unlisted: tuple[int, int] = (0, 0)
    header: Header = Header()
    created_at: str = ""
    digest: str = ""
    hint: str = ""
    warning: str = ""
    scope: str = ""
    redacted: bool = False
    history: tuple[DriftCount, ...] = ()

    @property
    def errors(self) -> int:
        """How many diagnostics are errors."""
        return sum(diagnostic.severity is Severity.ERROR for diagnostic in self.diagnostics)

    @property
    def told_counts(self) -> dict[str, int]:
        """What was counted and is not zero, by the words that people read: `held back`."""
        return {name.replace("_", " "): count for name, count in self.counts.items() if count}

    @property
    def sentences(self) -> tuple[str, ...]:
        """`as_of`, `facts`, and that not every unmanaged customer has a row."""
        unlisted, _ = self.unlisted
        listed = self.counts.get("unmanaged", 0) - unlisted
        total = f"{listed + unlisted:,} unmanaged customers"
        cut = (f"Of {total} the first {listed:,} are listed; JSON has all.",) if unlisted else ()
        return (*self.as_of, *self.facts, *cut)
