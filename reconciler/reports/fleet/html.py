"""The fleet's report as one page that opens from disk and needs nothing from anywhere (see `formats.html`)."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from reconciler.core.diagnostics import Diagnostic
from reconciler.core.fleet import CompanyOutcome, CompanyReport, FleetReport
from reconciler.reports.fleet.words import TONES, facts, further_problems, headline, hint, left_out, outcome_word, title
from reconciler.reports.formats.html import assets, chart, template

_SIGNS = {"bad": "✗", "warn": "!", "info": "●", "good": "✓"}


@dataclass(frozen=True, slots=True)
class _Item:
    """One company as the page shows it. at: the number of its outcome in the filter."""

    company: CompanyReport
    word: str
    tone: str
    sign: str
    at: int
    facts: tuple[str, ...]
    problems: tuple[Diagnostic, ...]
    more: tuple[str, ...]
    links: tuple[tuple[str, str], ...]


def render(report: FleetReport, *, max_chars: int | None = None) -> bytes:
    """The page, UTF-8. It is a file and holds the whole, whatever a comment may take."""
    outcomes = list(report.counts)
    tone = TONES[outcomes[0]] if outcomes else "good"
    counts = {outcome_word(report.work, outcome): count for outcome, count in report.counts.items()}
    page = template("fleet.html").render(
        **assets(),
        report=report,
        title=title(report),
        headline=headline(report),
        tone=tone,
        sign=_SIGNS[tone],
        word=outcome_word(report.work, outcomes[0]) if outcomes else "clean",
        chart=chart("Companies", counts, len(counts)),
        counts=counts,
        hint=hint(report),
        items=[_item(report, company, outcomes) for company in report.companies],
    )
    return page.encode()


def _item(report: FleetReport, company: CompanyReport, outcomes: list[CompanyOutcome]) -> _Item:
    tone = TONES[company.outcome]
    more = (
        *([left_out(company.diagnostics_left_out, "problem")] if company.diagnostics_left_out else []),
        *([left_out(company.lines_left_out, "customer")] if company.lines_left_out else []),
    )
    return _Item(
        company,
        outcome_word(report.work, company.outcome),
        tone,
        _SIGNS[tone],
        outcomes.index(company.outcome),
        tuple(facts(report, company)),
        tuple(further_problems(company)),
        more,
        tuple((what, quote(file)) for what, file in company.documents.items()),
    )
