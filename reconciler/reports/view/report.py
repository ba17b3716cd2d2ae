"""What a report says, before any format.

All texts in rows, header and sentences are harmless on a terminal already (`reports.safe_text`): formats only escape
what their own syntax needs. Diagnostics, refusals and guards are as in the plan, and not made visible yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from reconciler._version import __version__
from reconciler.core.diagnostics import Diagnostic, Severity, Source
from reconciler.core.plan import Refusal
from reconciler.core.plan import Verdict as GuardVerdict
from reconciler.reports.report_kind import ReportKind


class ReportState(StrEnum):
    """How it stands, as one word for a badge; `Report.headline` says it in a sentence."""

    CLEAN = "clean"  # nothing to do, valid, all done, no drift
    CHANGES = "changes"  # something is to be written, or drifted
    REFUSED = "refused"  # a guard or a policy says no
    INVALID = "invalid"  # errors in the declarations or in the plan
    PARTIAL = "partial"  # a run with conflicts, failures or unclear answers
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class FieldRow:
    """One field. symbol: + set, ~ change, - clear, = sent so that it stays, ! drifted.

    before, after: values as `safe_text.shown` writes them; for drift the value that was applied and the live one.
    cause: config, drift, both, unknown or "". origin: branch, merged, drift, outside or "". notes: further facts, a
    short text each. muted: drift that somebody accepts for now.
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
    hint: what to do next, or "". digest: of the plan. redacted: whether personal data was replaced.
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
    redacted: bool = False

    @property
    def errors(self) -> int:
        """How many diagnostics are errors."""
        return sum(diagnostic.severity is Severity.ERROR for diagnostic in self.diagnostics)

    @property
    def sentences(self) -> tuple[str, ...]:
        """`as_of`, `facts`, and that not every unmanaged customer has a row."""
        unlisted, _ = self.unlisted
        listed = self.counts.get("unmanaged", 0) - unlisted
        total = f"{listed + unlisted:,} unmanaged customers"
        cut = (f"Of {total} the first {listed:,} are listed; JSON has all.",) if unlisted else ()
        return (*self.as_of, *self.facts, *cut)
