"""The fleet's report for a terminal or a log: a line for each company that needs a look, and what is below it."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from reconciler.core.fleet import CompanyOutcome, CompanyReport, FleetReport
from reconciler.reports.fleet.words import (
    TONES,
    facts,
    further_problems,
    headline,
    left_out,
    needs_look,
    outcome_word,
    title,
)
from reconciler.reports.safe_text import visible
from reconciler.reports.wording import counted, diagnostic_lines

_STYLES = {"bad": "bold red", "warn": "bold yellow", "info": "bold cyan", "good": "bold green"}
_COLUMN = max(map(len, CompanyOutcome)) + 2


def fleet_lines(report: FleetReport) -> Iterator[Text]:
    """The lines. Companies that are as they should be are only counted."""
    yield Text(f"{title(report)}: {headline(report)}", style="bold")
    for problem in report.diagnostics:
        yield Text(diagnostic_lines(problem)[0])
    for company in filter(needs_look, report.companies):
        yield from _company(report, company)
    quiet = sum(not needs_look(company) for company in report.companies)
    if quiet:
        yield Text(f"{counted(quiet, 'company', 'companies')} without anything to do.", style="dim")
    if report.digest:
        yield Text(f"Changes: {report.digest}")


def _company(report: FleetReport, company: CompanyReport) -> Iterator[Text]:
    word = outcome_word(report.work, company.outcome)
    details = "; ".join(facts(report, company))
    yield Text.assemble(
        (f"{word:<{_COLUMN}}", _STYLES[TONES[company.outcome]]),
        (visible(company.name), "bold"),
        f"  {visible(details)}" if details else "",
    )
    indent = " " * 4
    if company.reason:
        yield Text(f"{indent}{visible(company.reason)}")
    if company.remedy:
        yield Text(f"{indent}→ {visible(company.remedy)}")
    for problem in further_problems(company):
        yield Text(f"{indent}{diagnostic_lines(problem)[0]}")
    if company.diagnostics_left_out:
        yield Text(f"{indent}{left_out(company.diagnostics_left_out, 'problem')}")
    for line in company.lines:
        yield Text(f"{indent}{visible(line)}")
    if company.lines_left_out:
        yield Text(f"{indent}{left_out(company.lines_left_out, 'customer')}")
    for what, file in company.documents.items():
        yield Text(f"{indent}{what}: {visible(file)}", style="dim")


def render(report: FleetReport, *, max_chars: int | None = None) -> bytes:
    """The lines as a file."""
    return "".join(f"{line.plain}\n" for line in fleet_lines(report)).encode()
