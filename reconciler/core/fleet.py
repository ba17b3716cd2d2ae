"""A fleet: many companies, what came of each, and in which order they need a look. Values and pure functions."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from reconciler.core.diagnostics import Diagnostic

FORMAT = "reconciler/fleet"
FORMAT_VERSION = "1.0"
"""Minor versions only add."""


class Work(StrEnum):
    """What is done for each company."""

    VALIDATE = "validate"
    PLAN = "plan"
    APPLY = "apply"
    DRIFT = "drift"
    STATUS = "status"


class CompanyOutcome(StrEnum):
    """What came of a company, in the order in which it needs a look."""

    FAILED = "failed"
    PARTIAL = "partial"  # applied in part
    NOT_PLANNED = "not planned"  # an apply of saved plans: there is none of this company, which was not touched
    REFUSED = "refused"
    INVALID = "invalid"
    LOCKED = "locked"
    STOPPED = "stopped"  # by a signal, before it began or on the way
    CHANGES = "changes"
    DRIFT = "drift"
    APPLIED = "applied"
    CLEAN = "clean"


EXIT_CODES: Mapping[CompanyOutcome, int] = {
    CompanyOutcome.FAILED: 1,
    CompanyOutcome.PARTIAL: 5,
    CompanyOutcome.NOT_PLANNED: 5,
    CompanyOutcome.REFUSED: 4,
    CompanyOutcome.INVALID: 3,
    CompanyOutcome.LOCKED: 6,
    CompanyOutcome.STOPPED: 130,
    CompanyOutcome.CHANGES: 2,
    CompanyOutcome.DRIFT: 2,
    CompanyOutcome.APPLIED: 0,
    CompanyOutcome.CLEAN: 0,
}
"""The exit code of each, as the command for one company has it with --detailed-exitcode."""

WORST_FIRST = (1, 5, 4, 3, 6, 2, 0)

_RANKS = {outcome: rank for rank, outcome in enumerate(CompanyOutcome)}
_WEIGHTS = ("creates", "renumbers", "updates", "missing", "drift", "both", "unknown", "config")


@dataclass(frozen=True, slots=True)
class CompanyState:
    """What the state keeps of a company. Times are UTC, ISO 8601, None where nothing is recorded.

    run: the newest run, with its status and its start. read_at: when a plan or a report last read the ERP.
    reported_at: when drift was last reported; drifted: fields that differed then, muted ones left out. holder: who
    holds the lock. open_runs: runs that `runs resume` goes on with.
    """

    run: str | None = None
    run_status: str | None = None
    run_started_at: str | None = None
    read_at: str | None = None
    reported_at: str | None = None
    drifted: int = 0
    holder: str | None = None
    open_runs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CompanyReport:
    """What came of one company.

    folder: below the fleet's. reason, remedy: why it is not as it should be, in one sentence each. summary: counts, by
    what is counted. lines: the first changed customers, of which `lines_left_out` more were changed; so with
    diagnostics. documents: files below the output folder, by what they are. changes_digest: that of a plan that has
    changes. drift_since: when the oldest drift was first seen. requests: calls to the ERP's API; remaining, limit: what
    the ERP said of its window. seconds: how long it took.
    """

    name: str
    folder: str
    outcome: CompanyOutcome
    exit_code: int
    environment: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""
    remedy: str = ""
    summary: Mapping[str, int] = field(default_factory=dict)
    lines: tuple[str, ...] = ()
    lines_left_out: int = 0
    diagnostics: tuple[Diagnostic, ...] = ()
    diagnostics_left_out: int = 0
    documents: Mapping[str, str] = field(default_factory=dict)
    changes_digest: str = ""
    drift_since: str | None = None
    requests: int = 0
    limit: int | None = None
    remaining: int | None = None
    seconds: float = 0.0
    state: CompanyState | None = None


@dataclass(frozen=True, slots=True)
class FleetReport:
    """What came of all companies, the ones that need a look first.

    diagnostics: of fleet.yaml. digest: over the changes of all plans; empty where nothing changes. interrupted: the
    exit code of the signal that stopped it.
    """

    work: Work
    reconciler_version: str
    created_at: str
    companies: tuple[CompanyReport, ...]
    diagnostics: tuple[Diagnostic, ...] = ()
    digest: str = ""
    interrupted: int | None = None
    format: str = FORMAT
    format_version: str = FORMAT_VERSION

    @property
    def counts(self) -> dict[CompanyOutcome, int]:
        """How many companies ended in each way, those that need a look first; only what there is."""
        counts = Counter(company.outcome for company in self.companies)
        return {outcome: counts[outcome] for outcome in CompanyOutcome if counts[outcome]}

    def exit_code(self, *, detailed: bool) -> int:
        """The worst of all companies. Without `detailed`, changes and drift are nothing to exit for."""
        if self.interrupted is not None:
            return self.interrupted
        codes = {company.exit_code for company in self.companies}
        code = next((code for code in WORST_FIRST if code in codes), 0)
        return 0 if code == EXIT_CODES[CompanyOutcome.CHANGES] and not detailed else code


def in_order(companies: Iterable[CompanyReport]) -> tuple[CompanyReport, ...]:
    """The companies in the order in which they need a look: by outcome, then by how much there is, then by name."""
    return tuple(sorted(companies, key=_urgency))


def _urgency(company: CompanyReport) -> tuple[int, int, str, str]:
    weight = sum(company.summary.get(word, 0) for word in _WEIGHTS)
    return _RANKS[company.outcome], -weight, company.drift_since or "~", company.name


def fleet_digest(companies: Iterable[CompanyReport]) -> str:
    """One digest over the changes of all plans that have any; empty when none has.

    >>> fleet_digest([])
    ''
    """
    changes = sorted((company.name, company.changes_digest) for company in companies if company.changes_digest)
    if not changes:
        return ""
    return f"sha256:{hashlib.sha256(json.dumps(changes).encode()).hexdigest()}"


_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d|fleet)(\..*)?")
_LONGEST = 80


def folder_name(name: str) -> str:
    """The name of a company's folder: as it is called, where every file system takes that; else what it takes of it,
    with a digest of the name. It is one part of a path, never `..`, and never `fleet.json`.

    >>> folder_name("Bjørn & Co AS"), folder_name("../../etc")
    ('Bjørn & Co AS', 'etc-74ccf3c5b4c1')
    """
    kept = "".join(char if char.isalnum() or char in " &._-+" else "-" for char in unicodedata.normalize("NFC", name))
    kept = kept[:_LONGEST].strip(" .-")
    if kept == name and not _RESERVED.fullmatch(kept):
        return name
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return f"{kept}-{digest}" if kept else digest
