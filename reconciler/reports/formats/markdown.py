"""Markdown for a pull request, a merge request, a step summary or a mail.

It reads well on GitHub, GitLab and Azure DevOps, and stays legible where HTML is shown as text (Bitbucket): of HTML
there is only `<details>` and a hidden marker, by which a bot finds its comment again. No hostile text stands in either.
A reader of a pull request knows diffs: each customer's fields are one, and nothing in a code block is ever acted on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import takewhile

from reconciler.core.diagnostics import Diagnostic, Severity, Source
from reconciler.core.errors import WrongUsage
from reconciler.core.plan import Verdict
from reconciler.reports.fitting import COMMENT_LIMITS, Fitted, Room, cut, fit, length_note
from reconciler.reports.gfm import block, code, is_plain, paragraph, prose, quiet, ticked
from reconciler.reports.report_kind import ReportKind
from reconciler.reports.safe_text import visible
from reconciler.reports.view.report import CustomerRow, FieldRow, Report, ReportState
from reconciler.reports.wording import ORIGINS, TITLES, counted, line_beside, refusal_text

_LEAST = 1_000
_NAME, _TEXT, _VALUE = 120, 600, 500

_OVERWRITES = ("drift", "both", "outside")
_CLEAN = {
    ReportKind.VALIDATION: "valid",
    ReportKind.PLAN: "no changes",
    ReportKind.RUN: "done",
    ReportKind.DRIFT: "none",
}
_KEYS = {
    ReportKind.PLAN: "`-` is what the ERP holds, `+` what it will be sent.",
    ReportKind.RUN: "`-` is what the ERP held, `+` what it was to be sent.",
    ReportKind.DRIFT: "`-` is what was applied, `+` what the ERP holds now. Where the cause is unknown, `-` is what is"
    " declared; where it is config, `-` is what the ERP holds and `+` what is declared.",
}


def render(report: Report, *, max_chars: int | None = None) -> bytes:
    """The report in at most `max_chars` UTF-8 bytes, and so in at most as many characters however they are counted.

    Default: 65,000, for GitHub. What does not fit is left out by whole customers, the riskiest staying, and counted.
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
    left_alone = list(_left_alone(report, Room(room.left // 4)))
    room.left -= _size(left_alone)
    return ("\n\n".join([*head, *problems, *_customers(report, room), *left_alone, *foot]) + "\n").encode()


def _size(blocks: Iterable[str]) -> int:
    return sum(len(block.encode()) + 2 for block in blocks)


def _head(report: Report) -> list[str]:
    """The marker, the heading, the headline, and the counts where the headline does not hold them."""
    environment = report.header.environment
    of = f" for {quiet(cut(environment, 40))}" if environment else ""
    state = _CLEAN[report.kind] if report.state is ReportState.CLEAN else report.state.value
    parts = [marker(report), f"## {TITLES[report.kind]}{of}: {state}", f"**{prose(cut(report.headline, 300))}**"]
    if report.kind in (ReportKind.VALIDATION, ReportKind.DRIFT):
        parts.append(" · ".join(f"{prose(word)} {count:,}" for word, count in report.counts.items()))
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
    hint = paragraph(ticked(cut(report.hint, _TEXT)))
    return [*([hint] if hint and room.takes(hint) else []), "---", "\n".join(f"- {line}" for line in taken)]


def _guard(guard: Verdict) -> str:
    exceeded = "" if guard.passed else ": exceeded"
    return f"Guard {prose(guard.name)}: {guard.found:,}, limit {prose(cut(guard.limit, _NAME))}{exceeded}."


def _problems(report: Report, room: Room) -> Iterator[str]:
    """What refuses the plan, then errors, warnings and notes."""
    refusals = [
        f"- **{refusal.guard.value}**{_at(refusal.source)}: {prose(cut(refusal_text(refusal), _TEXT))}"
        for refusal in report.refusals
    ]
    ranked = sorted(report.diagnostics, key=lambda problem: list(Severity).index(problem.severity))
    for title, lines in (("### Refused", refusals), ("### Problems", list(map(_problem, ranked)))):
        if lines:
            taken = [line for line in lines if room.takes(line)]
            left_out = len(lines) - len(taken)
            more = [f"- and {left_out:,} more, left out here"] if left_out else []
            yield f"{title}\n\n" + "\n".join(taken + more)


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


def _customers(report: Report, room: Room) -> Iterator[str]:
    """One table of the customers, then each one's diff; the riskiest first in both."""
    if not report.customers:
        return
    ranked = sorted(report.customers, key=lambda row: -row.risk)
    with_origin = any(field.origin for row in ranked for field in row.fields)
    columns = ["action", "customer", "name", *(["origin"] if with_origin else []), "fields", "where"]
    fitted = fit(ranked, lambda row: _line(row, with_origin=with_origin), lambda row: _details(row, report.kind), room)
    yield "### Customers"
    if fitted.left_out or fitted.cut:
        yield _left_out(fitted, len(ranked))
    if fitted.rows:
        yield "\n".join([f"| {' | '.join(columns)} |", f"|{' --- |' * len(columns)}", *fitted.rows])
    if fitted.details:
        yield _KEYS.get(report.kind, "")
        yield from fitted.details


def _left_alone(report: Report, room: Room) -> Iterator[str]:
    """What differs and is not written, with the reason; what does not fit is counted."""
    lines = [_left_line(row, field) for row in report.left_alone for field in row.fields]
    if not lines:
        return
    taken = list(takewhile(room.takes, lines))
    more = [f"- and {len(lines) - len(taken):,} more, left out here"] if len(taken) < len(lines) else []
    yield "### Left alone\n\n" + "\n".join(taken + more)


def _left_line(row: CustomerRow, field: FieldRow) -> str:
    before, after = _window(field.before, field.after)
    who = " ".join(quiet(cut(text, _NAME)) for text in (row.label, row.name) if text)
    why = "; ".join(cut(note, _TEXT) for note in field.notes)
    return f"- {who}: {code(cut(field.path, _NAME))} is {code(before)}, declared {code(after)} ({prose(why)})"


def _left_out(fitted: Fitted, count: int) -> str:
    parts = []
    if fitted.left_out == count:
        parts.append(f"No room for {'the customer' if count == 1 else f'any of the {count:,} customers'} here")
    elif fitted.left_out:
        parts.append(f"{fitted.left_out:,} of {count:,} customers are left out here, the riskiest changes are shown")
    if fitted.cut:
        parts.append(f"{counted(fitted.cut, 'customer')} in the table without fields, which do not fit")
    return f"**{'; '.join(parts)}.** The whole is in the reports `json` and `html`."


def _line(row: CustomerRow, *, with_origin: bool) -> str:
    paths = [code(cut(field.path, 60)) for field in row.fields[:3]]
    more = f" +{len(row.fields) - 3}" if len(row.fields) > 3 else ""
    verb = f"{row.verb}: {row.outcome}" if row.outcome else row.verb
    sign = f"{row.symbol} " if row.verb == "renumber" else ""  # it is rare: the others are told by their word
    refused = ", refused" if row.severity is Severity.ERROR and not row.outcome else ""
    origins = dict.fromkeys(_signed(field.origin) for field in row.fields if field.origin)
    cells = [
        sign + prose(verb) + refused,
        quiet(cut(row.label, _NAME)),
        quiet(cut(row.name, _NAME)) if row.name else "",
        *([", ".join(origins)] if with_origin else []),
        ", ".join(paths) + more,
        code(_file_and_line(row.source)) if row.source else "",
    ]
    return f"| {' | '.join(cells)} |"


def _signed(reason: str) -> str:
    """A cause or an origin in words; with a sign where somebody's work in the ERP may be overwritten."""
    return ("⚠ " if reason in _OVERWRITES else "") + ORIGINS.get(reason, reason)


def _details(row: CustomerRow, kind: ReportKind) -> str:
    """The fields of one customer, or nothing. Only plain words stand in the summary, which is HTML."""
    names = [cut(text, _NAME) for text in (row.label, row.name) if text]
    plain = [name for name in names if is_plain(name)]
    texts = [" ".join(map(quiet, names)) if len(plain) < len(names) else ""]
    texts += [prose(cut(text, _TEXT)) for text in (row.message, row.remedy, *row.remarks)]
    body = [paragraph(text) for text in texts if text]
    if row.fields:
        body.append(block(line for field in row.fields for line in _diff(field, row, kind)))
    if not body:
        return ""
    count = f": {counted(len(row.fields), 'field')}" if row.fields else ""
    summary = f"<summary>{' '.join([row.verb, *plain])}{count}</summary>"
    return "\n\n".join([f"<details>\n{summary}", *body, "</details>"])


def _diff(field: FieldRow, row: CustomerRow, kind: ReportKind) -> Iterator[str]:
    """One field as lines of a diff: its path with place and cause, then before and after."""
    before, after = _window(field.before, field.after)
    path = cut(field.path, 2 * _NAME)
    tail = ", ".join(filter(None, (_short_place(field.source, row.source), *_reasons(field, kind))))
    if field.symbol == "+" and row.symbol == "+":
        yield f"+ {path} = {after}" + (f"  ({tail})" if tail else "")
        return
    yield f"@@ {path} @@ {tail}".rstrip()
    if field.symbol == "=":
        yield f"  {after}  (sent so that it stays)"
    else:
        if field.symbol != "+":
            yield f"- {before}"
        yield f"+ {after}"
    yield from (f"# {cut(note, _TEXT)}" for note in field.notes)


def _reasons(field: FieldRow, kind: ReportKind) -> list[str]:
    """Origin and cause in words; outside of drift, the first that tells of the ERP's change has the sign."""
    reasons = field.reasons(kind)
    first = "" if kind is ReportKind.DRIFT else next((reason for reason in reasons if reason in _OVERWRITES), "")
    return [_signed(reason) if reason == first else ORIGINS.get(reason, reason) for reason in reasons]


def _short_place(source: Source | None, home: Source | None) -> str:
    place = line_beside(source, home)
    return f"line {place[1:]}" if place.startswith(":") else cut(place, _NAME)


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
    part, note = text[start : start + _VALUE], length_note(text)
    end = "…" if start + _VALUE < len(text) else ""
    return f"{'…' if start else ''}{part}" + ("" if part.endswith(note) else f"{end} {note}")
