"""GitHub Actions: findings as annotations, by workflow commands on standard output.

GitHub keeps ten annotations of a type from a step: beyond that the worst are shown, and the closing notice says how
many are not. Every line is a command of ours with its text escaped, so that nothing in a value can be one: the runner
also obeys `##[...]` in the middle of a plain line.
"""

from __future__ import annotations

from collections import Counter

from reconciler.core.diagnostics import Severity
from reconciler.reports.findings import Finding, findings
from reconciler.reports.safe_text import visible
from reconciler.reports.view.report import Report

_MOST = 10
_WORDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def render(report: Report, *, max_chars: int | None = None) -> bytes:
    """Workflow commands, at most ten of each type, the last a notice with the headline. max_chars is of no use here."""
    room = Counter({Severity.ERROR: _MOST, Severity.WARNING: _MOST, Severity.NOTE: _MOST - 1})
    annotations, left_out = [], 0
    for finding in findings(report):
        if room[finding.severity]:
            room[finding.severity] -= 1
            annotations.append(_annotation(finding))
        else:
            left_out += 1
    return ("\n".join([*annotations, _closing(report, left_out)]) + "\n").encode()


def _annotation(finding: Finding) -> str:
    place = f"file={_property(finding.file)},line={finding.line},col={finding.column}," if finding.source else ""
    title = _property(f"reconciler {finding.rule}")
    return f"::{_WORDS[finding.severity]} {place}title={title}::{_data(finding.text)}"


def _closing(report: Report, left_out: int) -> str:
    text = visible(report.headline)
    if left_out:
        text += f"\n{left_out:,} more findings are not shown as annotations: GitHub takes {_MOST} of each type."
    return f"::notice title={_property('reconciler ' + report.kind.value)}::{_data(text)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
