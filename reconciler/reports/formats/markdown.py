"""Markdown for a pull request, a merge request, a step summary or a mail.

It reads well on GitHub, GitLab and Azure DevOps, and stays legible where HTML is shown as text (Bitbucket): of HTML
there is only `<details>` and a hidden marker, by which a bot finds its comment again. No hostile text stands in either.
A reader of a pull request knows diffs: each customer's fields are one, and nothing in a code block is ever acted on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from reconciler.core.diagnostics import Diagnostic, Severity, Source
from reconciler.core.errors import WrongUsage
from reconciler.core.plan import Verdict
from reconciler.reports import view
from reconciler.reports.fitting import Fitted, Room, cut, fit
from reconciler.reports.gfm import block, code, is_plain, paragraph, prose, quiet, ticked
from reconciler.reports.report import Entry, Report, Row, State
from reconciler.reports.report_kind import Kind
from reconciler.reports.safe_text import visible

LIMITS = {"github": 65_000, "gitlab": 990_000, "azure": 149_000, "bitbucket": 32_000}
"""What a comment is made to fit on each platform: 65,536, 1,000,000, 150,000 and 32,768 characters less some slack."""

_LEAST = 1_000
_NAME, _TEXT, _VALUE = 120, 600, 500

_TITLES = {Kind.VALIDATION: "Validation", Kind.PLAN: "Plan", Kind.RUN: "Apply", Kind.DRIFT: "Drift"}
_CLEAN = {Kind.VALIDATION: "valid", Kind.PLAN: "no changes", Kind.RUN: "done", Kind.DRIFT: "none"}
_KEYS = {
    Kind.PLAN: "`-` is what the ERP holds, `+` what it will be told.",
    Kind.RUN: "`-` is what the ERP held, `+` what it was to be told.",
    Kind.DRIFT: "`-` is what was applied, `+` what the ERP holds now. Where the cause is unknown, `-` is what is"
    " declared; where it is config, `-` is what the ERP holds and `+` what is declared.",
}


def render(report: Report, *, max_chars: int | None = None) -> bytes:
    """The report in at most `max_chars` UTF-8 bytes, and so in at most as many characters however they are counted.

    Default: 65,000, for GitHub. What does not fit is left out by whole customers, the riskiest staying, and counted.
    Raises WrongUsage for less than 1,000.
    """
    limit = LIMITS["github"] if max_chars is None else max_chars
    if limit < _LEAST:
        raise WrongUsage(f"{limit} characters are too few for Markdown", remedy=f"Take at least {_LEAST}.")
    head = _head(report)
    room = Room(limit - _size(head) - 600)  # for headings and for what says how much was left out
    foot = _foot(report, room)
    problems = list(_problems(report, Room(room.left // 2)))
    room.left -= _size(problems)
    return ("\n\n".join([*head, *problems, *_customers(report, room), *foot]) + "\n").encode()


def _size(blocks: Iterable[str]) -> int:
    return sum(len(each.encode()) + 2 for each in blocks)


def _head(report: Report) -> list[str]:
    """The marker, the heading, the headline, and the counts where the headline does not hold them."""
    environment = report.place.environment
    of = f" for {quiet(cut(environment, 40))}" if environment else ""
    state = _CLEAN[report.kind] if report.state is State.CLEAN else report.state.value
    parts = [marker(report), f"## {_TITLES[report.kind]}{of}: {state}", f"**{prose(cut(report.headline, 300))}**"]
    if report.kind in (Kind.VALIDATION, Kind.DRIFT):
        parts.append(" · ".join(f"{prose(word)} {count:,}" for word, count in report.counts.items()))
    return [*parts, *(prose(cut(fact, _TEXT)) for fact in report.facts if _is_origin(fact))]


def _is_origin(fact: str) -> bool:
    """What a reviewer asks first: is it all this branch's? It stands under the headline."""
    return fact.startswith("Origin: ")


def marker(report: Report) -> str:
    """The hidden first line. It is the same for each report of a kind and an environment, and only for these."""
    name = re.sub(r"[^A-Za-z0-9_.]+", "-", report.place.environment).strip("-")[:60]
    return f"<!-- reconciler:{report.kind.value}:{name} -->"


def _foot(report: Report, room: Room) -> list[str]:
    """Guards, freshness, budget, where it was made, what to do next."""
    place = report.place
    names = [place.company, place.environment, place.tenant_id, place.base_url]
    lines = [
        *(_guard(each) for each in report.guards),
        *(prose(cut(fact, _TEXT)) for fact in report.facts if not _is_origin(fact)),
        " · ".join(quiet(cut(name, _NAME)) for name in names if name),
        f"Made by reconciler {code(cut(place.version, _NAME))}"
        + (f" at {code(report.created_at)}" if report.created_at else "")
        + (f", digest {code(report.digest)}" if report.digest else "")
        + ".",
        "Personal data was replaced." if report.redacted else "",
    ]
    taken = [paragraph(line) for line in lines if line and room.takes(f"- {line}")]
    hint = paragraph(ticked(cut(report.hint, _TEXT)))
    return [*([hint] if hint and room.takes(hint) else []), "---", "\n".join(f"- {line}" for line in taken)]


def _guard(each: Verdict) -> str:
    exceeded = "" if each.passed else ": exceeded"
    return f"Guard {prose(each.name)}: {each.found:,}, limit {prose(cut(each.limit, _NAME))}{exceeded}."


def _problems(report: Report, room: Room) -> Iterator[str]:
    """What refuses the plan, then errors, warnings and notes."""
    refusals = [
        f"- **{each.guard.value}**{_at(each.source)}: {prose(cut(view.refusal_text(each), _TEXT))}"
        for each in report.refusals
    ]
    ranked = sorted(report.diagnostics, key=lambda each: list(Severity).index(each.severity))
    for title, lines in (("### Refused", refusals), ("### Problems", [_problem(each) for each in ranked])):
        if lines:
            taken = [line for line in lines if room.takes(line)]
            left = len(lines) - len(taken)
            more = [f"- and {left:,} more, left out here"] if left else []
            yield f"{title}\n\n" + "\n".join(taken + more)


def _problem(each: Diagnostic) -> str:
    detail = f" ({prose(cut(visible(each.detail), _TEXT))})" if each.detail else ""
    remedy = f" → {prose(cut(visible(each.remedy), _TEXT))}" if each.remedy else ""
    summary = prose(cut(visible(each.summary), _TEXT))
    return f"- **{each.severity.value}** {each.code}{_at(each.source, each.source)}: {summary}{detail}{remedy}"


def _at(source: Source | None, column: Source | None = None) -> str:
    if source is None:
        return ""
    where = f"{cut(visible(source.file), _NAME)}:{source.line}"
    return " " + code(f"{where}:{column.column}" if column else where)


def _customers(report: Report, room: Room) -> Iterator[str]:
    """One table of the customers, then each one's diff; the riskiest first in both."""
    if not report.entries:
        return
    ranked = sorted(report.entries, key=lambda each: -each.risk)
    with_origin = report.kind is not Kind.DRIFT and any(row.origin for each in ranked for row in each.rows)
    columns = ["action", "customer", "name", *(["origin"] if with_origin else []), "fields", "where"]
    fitted = fit(
        ranked, lambda each: _row(each, with_origin=with_origin), lambda each: _details(each, report.kind), room
    )
    yield "### Customers"
    if fitted.left_out or fitted.cut:
        yield _left_out(fitted, len(ranked))
    if fitted.rows:
        yield "\n".join([f"| {' | '.join(columns)} |", f"|{' --- |' * len(columns)}", *fitted.rows])
    if fitted.details:
        yield _KEYS.get(report.kind, "")
        yield from fitted.details


def _left_out(fitted: Fitted, count: int) -> str:
    parts = []
    if fitted.left_out == count:
        parts.append(f"No room for {'the customer' if count == 1 else f'any of the {count:,} customers'} here")
    elif fitted.left_out:
        parts.append(f"{fitted.left_out:,} of {count:,} customers are left out here, the riskiest changes are shown")
    if fitted.cut:
        parts.append(f"{view.counted(fitted.cut, 'customer')} in the table without fields, which do not fit")
    return f"**{'; '.join(parts)}.** The whole is in the reports `json` and `html`."


def _row(entry: Entry, *, with_origin: bool) -> str:
    paths = [code(cut(row.path, 60)) for row in entry.rows[:3]]
    more = f" +{len(entry.rows) - 3}" if len(entry.rows) > 3 else ""
    verb = f"{entry.verb}: {entry.outcome}" if entry.outcome else entry.verb
    where = f"{cut(visible(entry.source.file), _NAME)}:{entry.source.line}" if entry.source else ""
    cells = [
        prose(verb) + (", refused" if entry.severity is Severity.ERROR and not entry.outcome else ""),
        quiet(cut(entry.label, _NAME)),
        quiet(cut(entry.name, _NAME)) if entry.name else "",
        *([", ".join(dict.fromkeys(_origin(row.origin) for row in entry.rows if row.origin))] if with_origin else []),
        ", ".join(paths) + more,
        code(where) if where else "",
    ]
    return f"| {' | '.join(cells)} |"


def _origin(word: str) -> str:
    """A cause or an origin in words; with a sign where somebody's work in the ERP may be overwritten."""
    return ("⚠ " if word in ("drift", "both", "outside") else "") + view.ORIGINS.get(word, word)


def _details(entry: Entry, kind: Kind) -> str:
    """The fields of one customer, or nothing. Only plain words stand in the summary, which is HTML."""
    label, name = (cut(text, _NAME) for text in (entry.label, entry.name))
    said = [text for text in (label, name) if text and is_plain(text)]
    count = f": {view.counted(len(entry.rows), 'field')}" if entry.rows else ""
    texts = [f"{quiet(label)} {quiet(name)}" if len(said) < len([each for each in (label, name) if each]) else ""]
    texts += [prose(cut(visible(text), _TEXT)) for text in (entry.message, entry.remedy, *entry.notes)]
    body = [paragraph(text) for text in texts if text]
    if entry.rows:
        body.append(block(line for row in entry.rows for line in _diff(row, entry, kind)))
    if not body:
        return ""
    summary = f"<summary>{' '.join([entry.verb, *said])}{count}</summary>"
    return "\n\n".join([f"<details>\n{summary}", *body, "</details>"])


def _diff(row: Row, entry: Entry, kind: Kind) -> Iterator[str]:
    """One field as lines of a diff: its path with place and cause, then before and after."""
    before, after = _window(row.before, row.after)
    path = cut(row.path, 2 * _NAME)
    signed = str if kind is Kind.DRIFT else _origin
    origin = signed(row.origin)
    told = [_short_place(row.source, entry.source), origin]
    usual = (row.origin,) if kind is Kind.DRIFT else (row.origin, "config", "unknown")
    told.append("" if row.cause in usual else row.cause if origin.startswith("⚠") else signed(row.cause))
    tail = ", ".join(filter(None, told))
    if row.symbol == "+" and entry.symbol == "+":
        yield f"+ {path} = {after}" + (f"  ({tail})" if tail else "")
        return
    yield f"@@ {path} @@ {tail}".rstrip()
    if row.symbol == "=":
        yield f"  {after}  (sent so that it stays)"
    else:
        if row.symbol != "+":
            yield f"- {before}"
        yield f"+ {after}"
    yield from (f"# {cut(note, _TEXT)}" for note in row.notes)


def _short_place(source: Source | None, home: Source | None) -> str:
    if source is None:
        return ""
    return f"line {source.line}" if home and source.file == home.file else cut(view.place(source), _NAME)


def _window(before: str, after: str) -> tuple[str, str]:
    """Two values cut to a readable length, so that what differs in them stays in sight."""
    if max(len(before), len(after)) <= _VALUE:
        return before, after
    same = next((at for at, (one, two) in enumerate(zip(before, after, strict=False)) if one != two), 0)
    start = max(0, same - 40) if same > _VALUE - 100 else 0
    return _part(before, start), _part(after, start)


def _part(text: str, start: int) -> str:
    if len(text) <= _VALUE:
        return text
    end = start + _VALUE
    return f"{'…' if start else ''}{text[start:end]}{'…' if end < len(text) else ''} ({len(text):,} characters)"
