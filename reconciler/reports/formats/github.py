"""GitHub Actions: findings as annotations, by workflow commands on standard output.

GitHub keeps ten annotations of a type from a step: beyond that the worst are shown, and the closing notice says how
many are not. Every line is a command of ours with its text escaped, so that nothing in a value can be one: the runner
also obeys `##[...]` in the middle of a plain line.
"""

from __future__ import annotations

from collections import Counter

from reconciler.core.diagnostics import Severity
from reconciler.reports.findings import Finding, findings
from reconciler.reports.report import Report
from reconciler.reports.safe_text import visible

_EACH = 10
_WORDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def render(report: Report, *, max_chars: int | None = None) -> bytes:
    """Workflow commands, at most ten of each type, the last a notice with the headline. max_chars is of no use here."""
    room = Counter({Severity.ERROR: _EACH, Severity.WARNING: _EACH, Severity.NOTE: _EACH - 1})
    shown, left = [], 0
    for each in findings(report):
        if room[each.severity]:
            room[each.severity] -= 1
            shown.append(_annotation(each))
        else:
            left += 1
    return ("\n".join([*shown, _closing(report, left)]) + "\n").encode()


def _annotation(each: Finding) -> str:
    place = f"file={_property(each.file)},line={each.line},col={each.column}," if each.source else ""
    return f"::{_WORDS[each.severity]} {place}title={_property('reconciler ' + each.rule)}::{_data(each.text)}"


def _closing(report: Report, left: int) -> str:
    text = visible(report.headline)
    if left:
        text += f"\n{left:,} more findings are not shown as annotations: GitHub takes {_EACH} of each type."
    return f"::notice title={_property('reconciler ' + report.kind.value)}::{_data(text)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
