"""The fleet's report for a spreadsheet: a line for each company, those that need a look first."""

from __future__ import annotations

from reconciler.core.fleet import FleetReport
from reconciler.reports.csv_lines import BOM, line
from reconciler.reports.fleet.words import outcome_word

_COUNTS = ("creates", "updates", "renumbers", "held back", "removed", "drift", "both", "unknown", "missing", "errors")
_COLUMNS = ("company", "folder", "environment", "labels", "outcome", "exit code", *_COUNTS)
_MORE = ("drift since", "reason", "remedy", "last apply", "last apply status", "ERP read", "drift reported", "lock")
_COSTS = ("requests", "requests left", "seconds", "document")


def render(report: FleetReport, *, max_chars: int | None = None) -> bytes:
    """The lines; see `csv_lines` for what a spreadsheet needs."""
    lines = [BOM + line((*_COLUMNS, *_MORE, *_COSTS))]
    for company in report.companies:
        state = company.state
        kept = (
            (state.run_started_at, state.run_status, state.read_at, state.reported_at, state.holder)
            if state
            else (None,) * 5
        )
        lines.append(
            line(
                (
                    company.name,
                    company.folder,
                    company.environment,
                    ", ".join(f"{label}={value}" for label, value in company.labels.items()),
                    outcome_word(report.work, company.outcome),
                    company.exit_code,
                    *(company.summary.get(word, 0) for word in _COUNTS),
                    company.drift_since,
                    company.reason,
                    company.remedy,
                    *kept,
                    company.requests,
                    company.remaining,
                    round(company.seconds),
                    ", ".join(company.documents.values()),
                )
            )
        )
    return "".join(lines).encode()
