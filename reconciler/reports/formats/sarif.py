"""SARIF 2.1.0 for code scanning: findings as results, each at its place in the declarations.

GitHub shows 5,000 results of a run and refuses more than 25,000: the first 5,000, the worst, are written, and a
notification of the run says how many are not. A result's fingerprint holds neither values nor lines, so that an alert
stays the same one when a line moves. Every result has a place, since GitHub refuses one without.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import msgspec

from reconciler.core.diagnostics import Severity
from reconciler.core.safe_json import inert_json
from reconciler.reports.findings import Finding, findings, meaning
from reconciler.reports.report_kind import ReportKind
from reconciler.reports.safe_text import visible
from reconciler.reports.view.report import Report

_MOST = 5_000
_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def render(report: Report, *, max_chars: int | None = None) -> bytes:
    """One run. The plan's own changes are no results, see `reports.findings`. max_chars is of no use here."""
    every = findings(report)
    shown = every[:_MOST]
    rules = sorted({finding.rule for finding in shown})
    run = {
        "tool": {"driver": _driver(report, rules, shown)},
        "automationDetails": {"id": _category(report)},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"%SRCROOT%": {"description": {"text": "The root of the repository."}}},
        "invocations": [_invocation(report, len(every) - len(shown))],
        "results": [_result(finding, rules) for finding in shown],
    }
    document = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return inert_json(msgspec.json.format(msgspec.json.encode(document).decode(), indent=2) + "\n").encode()


def _category(report: Report) -> str:
    """What keeps the alerts of one environment from closing those of another."""
    environment = quote(report.header.environment, safe="")
    return "/".join(filter(None, ("reconciler", report.kind.value, environment))) + "/"


def _driver(report: Report, rules: list[str], shown: list[Finding]) -> dict[str, Any]:
    levels = {finding.rule: finding.severity for finding in reversed(shown)}
    return {
        "name": "reconciler",
        "version": report.header.version,
        "rules": [
            {
                "id": rule,
                "shortDescription": {"text": meaning(rule) or rule},
                "defaultConfiguration": {"level": levels[rule].value},
            }
            for rule in rules
        ],
    }


def _invocation(report: Report, left_out: int) -> dict[str, Any]:
    """Whether it worked, which for a run means that all was written; the headline, and what was left out."""
    notes = [_notification("note", visible(report.headline))]
    if left_out:
        notes.append(
            _notification("warning", f"{left_out:,} more findings, the least severe, are left out of this file.")
        )
    failed = report.kind is ReportKind.RUN and any(row.severity is Severity.ERROR for row in report.customers)
    return {"executionSuccessful": not failed, "toolExecutionNotifications": notes}


def _notification(level: str, text: str) -> dict[str, Any]:
    return {"level": level, "message": {"text": text}}


def _result(finding: Finding, rules: list[str]) -> dict[str, Any]:
    return {
        "ruleId": finding.rule,
        "ruleIndex": rules.index(finding.rule),
        "level": finding.severity.value,
        "message": {"text": finding.text},
        "locations": [{"physicalLocation": _location(finding)}],
        "partialFingerprints": {"reconciler/v1": finding.fingerprint},
    }


def _location(finding: Finding) -> dict[str, Any]:
    path = finding.file.removeprefix("./")
    place: dict[str, Any] = {"uri": quote(path, safe="/")}
    if path.startswith("/"):
        place["uri"] = f"file://{place['uri']}"
    else:
        place["uriBaseId"] = "%SRCROOT%"
    return {"artifactLocation": place, "region": {"startLine": finding.line, "startColumn": finding.column}}
