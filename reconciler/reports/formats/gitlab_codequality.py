"""GitLab Code Quality: findings as a list of issues, which a merge request shows beside the lines.

Shape: https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format. Without a finding the list is empty,
which GitLab reads as "nothing to improve".
"""

from __future__ import annotations

import msgspec

from reconciler.core.diagnostics import Severity
from reconciler.core.safe_json import inert_json
from reconciler.reports.findings import Finding, findings
from reconciler.reports.view.report import Report

_SEVERITIES = {Severity.ERROR: "critical", Severity.WARNING: "major", Severity.NOTE: "info"}


def render(report: Report, *, max_chars: int | None = None) -> bytes:
    """JSON. All findings, the worst first: GitLab sets no number. max_chars is of no use here."""
    issues = [_issue(finding) for finding in findings(report)]
    return inert_json(msgspec.json.format(msgspec.json.encode(issues).decode(), indent=2) + "\n").encode()


def _issue(finding: Finding) -> dict[str, object]:
    return {
        "description": finding.text,
        "check_name": finding.rule,
        "fingerprint": finding.fingerprint,
        "severity": "blocker" if finding.rule.startswith("guard-") else _SEVERITIES[finding.severity],
        "location": {"path": finding.file.removeprefix("./"), "lines": {"begin": finding.line}},
    }
