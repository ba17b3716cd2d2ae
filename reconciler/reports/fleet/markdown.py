"""The fleet's report as a comment on a pull request: what needs a look first, details folded, cut where it must fit."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.core.fleet import CompanyReport, FleetReport
from reconciler.reports.fitting import COMMENT_LIMITS, Room, cut
from reconciler.reports.fleet.words import (
    facts,
    further_problems,
    headline,
    hint,
    left_out,
    needs_look,
    outcome_word,
    title,
)
from reconciler.reports.gfm import block, code, is_plain, prose, quiet, ticked
from reconciler.reports.wording import counted, diagnostic_lines

_TEXT, _NAME = 500, 120
_FOOT = 400
"""Bytes that are kept free for what stands at the end."""


def render(report: FleetReport, *, max_chars: int | None = None) -> bytes:
    """The comment. Companies that do not fit are counted; each stands in the table before details are spent on any."""
    room = Room((COMMENT_LIMITS["github"] if max_chars is None else max_chars) - _FOOT)
    marker = f"<!-- reconciler:fleet-{report.work.value} -->"
    parts = [marker, f"## {title(report)}", f"**{prose(headline(report))}**"]
    for problem in report.diagnostics:
        parts.append(prose(cut(diagnostic_lines(problem)[0], _TEXT)))
    parts = [part for part in parts if room.takes(part)]
    shown = [company for company in report.companies if needs_look(company)]
    parts += _table(report, shown, room)
    details, folded = [], 0
    for company in shown:
        text = _details(company)
        if text and room.takes(text):
            details.append(text)
        elif text:
            folded += 1
    parts += details
    if folded:
        parts.append(f"The details of {counted(folded, 'company', 'companies')} are left out here.")
    calm = len(report.companies) - len(shown)
    if calm:
        parts.append(f"{counted(calm, 'company', 'companies')} without anything to do.")
    if text := hint(report):
        parts.append(ticked(text))
    parts.append(f"Made by reconciler {code(report.reconciler_version)} at {code(report.created_at)}.")
    return ("\n\n".join(parts) + "\n").encode()


def _table(report: FleetReport, companies: list[CompanyReport], room: Room) -> Iterator[str]:
    if not companies:
        return
    rows = ["| Company | Outcome | What |", "| --- | --- | --- |"]
    room.takes("\n".join(rows))
    for at, company in enumerate(companies):
        what = "; ".join([*facts(report, company), *([company.reason] if company.reason else [])])
        word = outcome_word(report.work, company.outcome)
        row = f"| {quiet(cut(company.name, _NAME))} | {word} | {prose(cut(what, _TEXT))} |"
        if not room.takes(row):
            yield "\n".join(rows)
            yield left_out(len(companies) - at, "company").replace("companys", "companies")
            return
        rows.append(row)
    yield "\n".join(rows)


def _details(company: CompanyReport) -> str:
    """What is folded below the company's name; empty where the table says all."""
    lines = [*company.lines, *([left_out(company.lines_left_out, "customer")] if company.lines_left_out else [])]
    problems = [" ".join(filter(None, diagnostic_lines(problem))) for problem in further_problems(company)]
    if company.diagnostics_left_out:
        problems.append(left_out(company.diagnostics_left_out, "problem"))
    if not (lines or problems or company.remedy):
        return ""
    parts = [
        *([f"→ {prose(cut(company.remedy, _TEXT))}"] if company.remedy else []),
        *(["\n".join(f"- {prose(cut(text, _TEXT))}" for text in problems)] if problems else []),
        *([block([cut(line, _TEXT) for line in lines], "")] if lines else []),
    ]
    name = cut(company.name, _NAME)  # the words on a fold are HTML: plain ones only
    summary, above = (name, []) if is_plain(name) else ("Details", [quiet(name)])
    return "\n\n".join([f"<details>\n<summary>{summary}</summary>", *above, *parts, "</details>"])
