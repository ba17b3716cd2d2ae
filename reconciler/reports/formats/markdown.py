"""Markdown for a pull request, a merge request, a step summary or a mail.

It reads well on GitHub, GitLab and Azure DevOps, and stays legible where HTML is shown as text (Bitbucket): of HTML
there is only `<details>` and a hidden marker, by which a bot finds its comment again. No hostile text stands in either.
Identical changes are one row (`reports.markdown_changes`), and nothing in a code block is ever acted on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from reconciler.core.diagnostics import Diagnostic, Severity, Source
from reconciler.core.errors import WrongUsage
from reconciler.core.plan import Verdict
from reconciler.reports.fitting import COMMENT_LIMITS, Room, cut
from reconciler.reports.gfm import block, code, paragraph, prose, quiet, ticked
from reconciler.reports.markdown_changes import changes, fold, left_alone
from reconciler.reports.report_kind import ReportKind
from reconciler.reports.safe_text import visible
from reconciler.reports.view.glossary import glossary
from reconciler.reports.view.problems import Problem, problems_of
from reconciler.reports.view.report import Report, ReportState
from reconciler.reports.view.risk import order_of
from reconciler.reports.wording import ORIGINS, TITLES, counted, refusal_text
from reconciler.resources.customer import CUSTOMER

_LEAST = 1_000
_NAME, _TEXT = 120, 600

_CLEAN = {
    ReportKind.VALIDATION: "valid",
    ReportKind.PLAN: "no changes",
    ReportKind.RUN: "done",
    ReportKind.DRIFT: "none",
}


def render(report: Report, *, max_chars: int | None = None) -> bytes:
    """The report in at most `max_chars` UTF-8 bytes, and so in at most as many characters however they are counted.

    Default: 65,000, for GitHub. Customers whose row does not fit are summed up by field, the riskiest keep theirs.
    Raises WrongUsage for less than 1,000.
    """
    limit = COMMENT_LIMITS["github"] if max_chars is None else max_chars
    if limit < _LEAST:
        raise WrongUsage(f"{limit:,} characters are too few for Markdown", remedy=f"Allow at least {_LEAST:,}.")
    head = _head(report)
    room = Room(limit - _size(head) - 600)  # for headings and for what says how much was left out
    foot = _foot(report, room)
    problems = list(_problems(report, Room(room.left // 2)))
    room.left -= _size(problems)
    left = list(left_alone(report, Room(room.left // 4)))
    room.left -= _size(left)
    return ("\n\n".join([*filter(None, head), *problems, *changes(report, room), *left, *foot]) + "\n").encode()


def _size(blocks: Iterable[str]) -> int:
    return sum(len(block.encode()) + 2 for block in blocks)


def _head(report: Report) -> list[str]:
    """The marker, the heading, the headline, and the counts where the headline does not hold them."""
    environment = report.header.environment
    of = f" for {quiet(cut(environment, 40))}" if environment else ""
    state = _CLEAN[report.kind] if report.state is ReportState.CLEAN else report.state.value
    parts = [marker(report), f"## {TITLES[report.kind]}{of}: {state}", f"**{prose(cut(report.headline, 300))}**"]
    if report.kind in (ReportKind.VALIDATION, ReportKind.DRIFT):
        counts = " · ".join(f"{prose(word)} {count:,}" for word, count in report.told_counts.items())
        parts.append(f"Customers: {counts}" if counts and report.kind is ReportKind.DRIFT else counts)
    if report.warning:  # what a reviewer must not miss
        parts.insert(2, f"**⚠ {prose(cut(report.warning, _TEXT))}**")
    if report.scope:
        parts.append(prose(cut(report.scope, _TEXT)))
    if report.origins:  # what a reviewer asks first: is it all this branch's?
        parts.append(prose(cut(report.origins, _TEXT)))
    return parts


def marker(report: Report) -> str:
    """The hidden first line. It is the same for each report of a kind and an environment, and only for these."""
    name = re.sub(r"[^A-Za-z0-9_.]+", "-", report.header.environment).strip("-")[:60]
    return f"<!-- reconciler:{report.kind.value}:{name} -->"


def _foot(report: Report, room: Room) -> list[str]:
    """Guards, freshness, budget, where it was made, what to do next."""
    header = report.header
    names = [header.company, header.environment, header.tenant_id, header.base_url]
    lines = [
        *map(_guard, report.guards),
        *(prose(cut(sentence, _TEXT)) for sentence in report.sentences),
        " · ".join(quiet(cut(name, _NAME)) for name in names if name),
        f"Made by reconciler {code(cut(header.version, _NAME))}"
        + (f" at {code(report.created_at)}" if report.created_at else "")
        + (f", digest {code(report.digest)}" if report.digest else "")
        + ".",
        "Personal data was replaced." if report.redacted else "",
    ]
    taken = [paragraph(line) for line in lines if line and room.takes(f"- {line}")]
    words = _glossary(report)
    hint = paragraph(ticked(cut(report.hint, _TEXT)))
    return [
        *([words] if words and room.takes(words) else []),
        *([hint] if hint and room.takes(hint) else []),
        "---",
        "\n".join(f"- {line}" for line in taken),
    ]


def _glossary(report: Report) -> str:
    """What the words mean, folded; our own words alone."""
    words = glossary(report)
    lines = [f"- **{ORIGINS.get(word, word)}**: {prose(meaning)}" for word, meaning in words]
    if not lines:
        return ""
    order = f"The order: {order_of(CUSTOMER)}"
    return "\n\n".join(["<details>\n<summary>What the words mean</summary>", "\n".join(lines), order, "</details>"])


def _guard(guard: Verdict) -> str:
    exceeded = "" if guard.passed else ": exceeded"
    return f"Guard {prose(guard.name)}: {guard.found:,}, limit {prose(cut(guard.limit, _NAME))}{exceeded}."


def _problems(report: Report, room: Room) -> Iterator[str]:
    """What refuses the plan, then errors, warnings and notes."""
    refusals = [
        f"- **{refusal.guard.value}**{_at(refusal.source)}: {prose(cut(refusal_text(refusal), _TEXT))}"
        for refusal in report.refusals
    ]
    ranked = sorted(problems_of(report), key=lambda problem: list(Severity).index(problem.diagnostic.severity))
    lines_of_problems = [_problem(problem.diagnostic) for problem in ranked]
    for title, lines in (("### Refused", refusals), ("### Problems", lines_of_problems)):
        if lines:
            taken = [line for line in lines if room.takes(line)]
            left_out = len(lines) - len(taken)
            more = [f"- and {left_out:,} more, left out here"] if left_out else []
            yield f"{title}\n\n" + "\n".join(taken + more)
    for problem in ranked:
        listed = _customers_of(problem)
        if listed and room.takes(listed):
            yield listed


def _customers_of(problem: Problem) -> str:
    """The customers that share a problem, each with its place, folded; nothing for a problem of one."""
    if not problem.customers:
        return ""
    summary = f"{problem.diagnostic.code}: {counted(len(problem.customers), 'customer')}"
    return fold(summary, [block([cut(customer, _TEXT) for customer in problem.customers], "text")])


def _problem(problem: Diagnostic) -> str:
    summary, detail, remedy = (
        prose(cut(visible(text), _TEXT)) for text in (problem.summary, problem.detail, problem.remedy)
    )
    text = summary + (f" ({detail})" if problem.detail else "") + (f" → {remedy}" if problem.remedy else "")
    return f"- **{problem.severity.value}** {problem.code}{_at(problem.source, with_column=True)}: {text}"


def _at(source: Source | None, *, with_column: bool = False) -> str:
    if source is None:
        return ""
    return " " + code(_file_and_line(source) + (f":{source.column}" if with_column else ""))


def _file_and_line(source: Source) -> str:
    """Where a long name leaves the line in sight."""
    return f"{cut(visible(source.file), _NAME)}:{source.line}"
