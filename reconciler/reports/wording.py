"""Words and sentences that several reports and commands share."""

from __future__ import annotations

import re

from reconciler.core.diagnostics import Diagnostic, Severity, Source
from reconciler.core.plan import Outcome, Refusal
from reconciler.reports.report_kind import ReportKind
from reconciler.reports.safe_text import visible

ORIGINS = {"branch": "this branch", "merged": "merged but not applied", "drift": "drift", "outside": "merged or drift"}
"""How reports word a change's origin."""

TITLES = {
    ReportKind.VALIDATION: "Validation",
    ReportKind.PLAN: "Plan",
    ReportKind.RUN: "Apply",
    ReportKind.DRIFT: "Drift",
}
"""The word above each report."""

OUTCOMES: dict[Outcome, str] = {
    Outcome.DONE: "done",
    Outcome.EXISTS: "exists already",
    Outcome.CONFLICT: "conflict",
    Outcome.FAILED: "failed",
    Outcome.SKIPPED: "not sent",
    Outcome.UNKNOWN: "unclear",
}


def counted(number: int, noun: str, plural: str = "") -> str:
    """`1 request`, `2 requests`, `12,000 requests`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def moment(text: str) -> str:
    """A time stamp for people: `2026-01-31 12:00:05 UTC`; without a zone, that of the ERP's clock is said.

    >>> moment("2026-01-31T12:00:05Z"), moment("2026-01-31T12:00:05.37"), moment("soon")
    ('2026-01-31 12:00:05 UTC', "2026-01-31 12:00:05 (the ERP's clock)", 'soon')
    """
    stamp = _STAMP.fullmatch(text)
    if stamp is None:
        return text
    day, time, zone = stamp.groups()
    return f"{day} {time}" + (" UTC" if zone in ("Z", "+00:00") else f" UTC{zone}" if zone else _CLOCK)


def on_whose_clock(stamp: str) -> str:
    """A time stamp of the ERP to the second, and that it is of the ERP's clock if it names no zone.

    >>> on_whose_clock("2026-01-31T12:00:05.37"), on_whose_clock("2026-01-31T12:00:05Z"), on_whose_clock("")
    ("2026-01-31T12:00:05 (the ERP's clock)", '2026-01-31T12:00:05Z', '')
    """
    time = _STAMP.fullmatch(stamp)
    return stamp if time is None else f"{time[1]}T{time[2]}{time[3] or _CLOCK}"


def moments(text: str) -> str:
    """A sentence with its time stamps for people.

    >>> moments("Since the last report, of 2026-01-31T12:00:05Z, nothing is new.")
    'Since the last report, of 2026-01-31 12:00:05 UTC, nothing is new.'
    """
    return _STAMP.sub(lambda stamp: moment(stamp[0]), text)


_CLOCK = " (the ERP's clock)"
_STAMP = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d(?::\d\d)?)(?:\.\d+)?(?:(Z|[+-]\d\d:\d\d)| \(the ERP's clock\))?")
_QUOTED = re.compile(r'"((?! )[^"\\]*[^"\\ ])"')


def unquoted(shown: str) -> str:
    """A shown value for a place that sets values apart by itself: without quotes, unless they tell something.

    >>> unquoted('"14"'), unquoted('" 14"'), unquoted('""'), unquoted('"true"')
    ('14', '" 14"', '""', '"true"')
    """
    text = _QUOTED.fullmatch(shown)
    return shown if text is None or text[1] in ("true", "false", "(none)") else text[1]


def duration(seconds: float) -> str:
    """`40 s`, `12 min`, `1 h 5 min`."""
    if seconds > 10_000_000:
        return "months"
    whole = round(seconds)
    if whole < 120:
        return f"{whole} s"
    hours, minutes = divmod(round(whole / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def file_and_line(source: Source | None) -> str:
    """`file:line`, or nothing."""
    return "" if source is None else f"{visible(source.file)}:{source.line}"


def line_beside(source: Source | None, home: Source | None) -> str:
    """`:line` in the file of `home`, `file:line` in another, or nothing."""
    if source is not None and home is not None and source.file == home.file:
        return f":{source.line}"
    return file_and_line(source)


def diagnostic_lines(diagnostic: Diagnostic) -> tuple[str, str]:
    """`file:line:column: CODE message` and the remedy."""
    source = diagnostic.source
    where = f"{file_and_line(source)}:{source.column}: " if source else ""
    detail = f" ({visible(diagnostic.detail)})" if diagnostic.detail else ""
    severity = "" if diagnostic.severity is Severity.ERROR else f"{diagnostic.severity.value}: "
    return f"{where}{diagnostic.code} {severity}{visible(diagnostic.summary)}{detail}", visible(diagnostic.remedy)


def refusal_text(refusal: Refusal) -> str:
    """What refuses the plan, and what to do."""
    return f"{visible(refusal.summary)}. {visible(refusal.remedy)}".strip()
