"""What every format says of a fleet and of a company. Foreign texts are as they came: a format makes them harmless."""

from __future__ import annotations

from datetime import datetime

from reconciler.core.diagnostics import Diagnostic
from reconciler.core.fleet import CompanyOutcome, CompanyReport, CompanyState, FleetReport, Work
from reconciler.reports.wording import counted, moment

TITLES = {
    Work.VALIDATE: "Fleet validation",
    Work.PLAN: "Fleet plan",
    Work.APPLY: "Fleet apply",
    Work.DRIFT: "Fleet drift",
    Work.STATUS: "Fleet status",
}
TONES = {
    CompanyOutcome.FAILED: "bad",
    CompanyOutcome.PARTIAL: "bad",
    CompanyOutcome.NOT_PLANNED: "bad",
    CompanyOutcome.REFUSED: "bad",
    CompanyOutcome.INVALID: "bad",
    CompanyOutcome.LOCKED: "warn",
    CompanyOutcome.STOPPED: "warn",
    CompanyOutcome.CHANGES: "info",
    CompanyOutcome.DRIFT: "warn",
    CompanyOutcome.APPLIED: "good",
    CompanyOutcome.CLEAN: "good",
}
_PARTIAL = {Work.STATUS: "open run"}
"""What an outcome is called where the usual word would mislead."""
_PLURALS = ("creates", "updates", "renumbers", "errors", "declarations")


def title(report: FleetReport) -> str:
    """The word above the report."""
    return TITLES[report.work]


def outcome_word(work: Work, outcome: CompanyOutcome) -> str:
    """What the outcome is called."""
    return _PARTIAL.get(work, outcome.value) if outcome is CompanyOutcome.PARTIAL else outcome.value


def headline(report: FleetReport) -> str:
    """`200 companies: 1 failed, 3 changes, 196 clean`"""
    counts = ", ".join(f"{count:,} {outcome_word(report.work, outcome)}" for outcome, count in report.counts.items())
    return f"{counted(len(report.companies), 'company', 'companies')}: {counts or 'none'}"


def needs_look(company: CompanyReport) -> bool:
    """Whether there is anything to say of it beside that it is as it should be."""
    return company.outcome is not CompanyOutcome.CLEAN or company.state is not None or bool(company.diagnostics)


def counts(company: CompanyReport) -> str:
    """`3 creates, 1 update, 10 unchanged`"""
    return ", ".join(_count(word, count) for word, count in company.summary.items())


def _count(word: str, count: int) -> str:
    return counted(count, word.removesuffix("s")) if word in _PLURALS else f"{count:,} {word}"


def further_problems(company: CompanyReport) -> list[Diagnostic]:
    """The problems that the reason does not tell of already."""
    return [problem for problem in company.diagnostics if problem.summary not in company.reason]


def facts(report: FleetReport, company: CompanyReport) -> list[str]:
    """Counts, drift's age, the state, the budget; each a few words."""
    parts = [counts(company)]
    if company.drift_since:
        parts.append(f"drift since {moment(company.drift_since)}{_age(company.drift_since, report.created_at)}")
    if company.state is not None:
        parts += _state(company.state)
    if company.remaining is not None and company.limit is not None:
        parts.append(f"{company.remaining:,} of {counted(company.limit, 'API request')} left")
    return [part for part in parts if part]


def _age(since: str, now: str) -> str:
    try:
        days = (datetime.fromisoformat(now) - datetime.fromisoformat(since)).days
    except (ValueError, TypeError):
        return ""
    return f" ({counted(days, 'day')})" if days > 0 else ""


def _state(state: CompanyState) -> list[str]:
    applied = (
        f"last apply {moment(state.run_started_at)} ({state.run_status})" if state.run_started_at else "never applied"
    )
    read = f"ERP read {moment(state.read_at)}" if state.read_at else "ERP never read"
    drift = f"{counted(state.drifted, 'drifted field')} on {moment(state.reported_at)}" if state.reported_at else ""
    held = f"locked by {state.holder}" if state.holder else ""
    return [part for part in (applied, read, drift, held) if part]


def left_out(count: int, noun: str) -> str:
    """`and 12 more customers`"""
    return f"and {counted(count, f'more {noun}')}"


def hint(report: FleetReport) -> str:
    """What to do next, with commands between backticks; empty where there is nothing."""
    if report.work is Work.PLAN and report.digest:
        return (
            "Review the plans, then apply all of these changes: `reconciler fleet apply DIR` with the folder of"
            f" `fleet plan -o DIR`, or `reconciler fleet apply --digest {report.digest}`."
        )
    return ""
