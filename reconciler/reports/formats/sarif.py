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
from reconciler.reports.report import Report
from reconciler.reports.report_kind import Kind
from reconciler.reports.safe_text import visible

_MOST = 5_000
_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def render(report: Report, *, max_chars: int | None = None) -> bytes:
    """One run. The plan's own changes are no results, see `reports.findings`. max_chars is of no use here."""
    found = findings(report)
    shown = found[:_MOST]
    rules = sorted({each.rule for each in shown})
    run = {
        "tool": {"driver": _driver(report, rules, shown)},
        "automationDetails": {"id": _category(report)},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"%SRCROOT%": {"description": {"text": "The root of the repository."}}},
        "invocations": [_invocation(report, len(found) - len(shown))],
        "results": [_result(each, rules) for each in shown],
    }
    document = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return inert_json(msgspec.json.format(msgspec.json.encode(document).decode(), indent=2) + "\n").encode()


def _category(report: Report) -> str:
    """What keeps the alerts of one environment from closing those of another."""
    environment = quote(report.place.environment, safe="")
    return "/".join(filter(None, ("reconciler", report.kind.value, environment))) + "/"


def _driver(report: Report, rules: list[str], shown: list[Finding]) -> dict[str, Any]:
    levels = {each.rule: each.severity for each in reversed(shown)}
    return {
        "name": "reconciler",
        "version": report.place.version,
        "rules": [
            {
                "id": rule,
                "shortDescription": {"text": meaning(rule) or rule},
                "defaultConfiguration": {"level": levels[rule].value},
            }
            for rule in rules
        ],
    }


def _invocation(report: Report, left: int) -> dict[str, Any]:
    """Whether it worked, which for a run means that all was written; the headline, and what was left out."""
    notes = [_notification("note", visible(report.headline))]
    if left:
        notes.append(_notification("warning", f"{left:,} more findings, the least severe, are left out of this file."))
    failed = report.kind is Kind.RUN and any(each.severity is Severity.ERROR for each in report.entries)
    return {"executionSuccessful": not failed, "toolExecutionNotifications": notes}


def _notification(level: str, text: str) -> dict[str, Any]:
    return {"level": level, "message": {"text": text}}


def _result(each: Finding, rules: list[str]) -> dict[str, Any]:
    return {
        "ruleId": each.rule,
        "ruleIndex": rules.index(each.rule),
        "level": each.severity.value,
        "message": {"text": each.text},
        "locations": [{"physicalLocation": _location(each)}],
        "partialFingerprints": {"reconciler/v1": each.fingerprint},
    }


def _location(each: Finding) -> dict[str, Any]:
    path = each.file.removeprefix("./")
    place: dict[str, Any] = {"uri": quote(path, safe="/")}
    if path.startswith("/"):
        place["uri"] = f"file://{place['uri']}"
    else:
        place["uriBaseId"] = "%SRCROOT%"
    return {"artifactLocation": place, "region": {"startLine": each.line, "startColumn": each.column}}
