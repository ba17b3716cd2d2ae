"""What a reader must look at, as one list that every machine's format takes: annotations, alerts, code quality.

A finding is not a change: a plan's creates and updates are what somebody asked for, and thousands of alerts would hide
the few that matter. Findings are

- the diagnostics, each by its code;
- the refusals of a plan: `guard-volume`, `guard-policy`, `guard-lifecycle`;
- the actions of a run that did not end well: `exists-already`, `conflict`, `failed`, `unclear`, `not-sent`;
- customers that were changed in the ERP and not in the declarations: `drift`, from a plan and from a drift report;
  there also `missing`, `removed`, `unmanaged` where the report says that they need a look.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from hashlib import sha256

from reconciler.core.codes import CODES
from reconciler.core.diagnostics import Diagnostic, Severity, Source
from reconciler.core.plan import Guard, Refusal
from reconciler.reports.fitting import cut
from reconciler.reports.report_kind import ReportKind
from reconciler.reports.safe_text import visible
from reconciler.reports.view.report import CustomerRow, FieldRow, Report
from reconciler.reports.wording import counted

RULES: dict[str, str] = {
    "guard-volume": "The plan writes more customers than the guards allow.",
    "guard-policy": "An action breaks a policy.",
    "guard-lifecycle": "An action breaks the customer's own lifecycle rule.",
    "exists-already": "A customer to create is there already, made by another hand.",
    "conflict": "The customer was changed in the ERP since the plan was made, and was left alone.",
    "failed": "The ERP did not take an action.",
    "unclear": "An action was sent, and no usable answer came.",
    "not-sent": "An action was not sent, because something before it did not succeed.",
    "drift": "A managed field was changed in the ERP and not in the declarations.",
    "missing": "A declared customer is not in the ERP.",
    "removed": "A customer that was managed is no longer declared.",
    "unmanaged": "A customer in the ERP was never declared.",
}
"""The rules beside `core.codes.CODES`."""

SETTINGS = "reconciler.yaml"
"""Where a finding without a place of its own is shown: most are about the settings, and platforms require a file."""

_FIELDS, _VALUE = 10, 300
_DRIFT_CAUSES = ("drift", "both")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to look at. All texts are visible already.

    rule: a key of CODES or RULES. what: what it is about, without values and line numbers, so that it stays the same
    from run to run. fingerprint: made from rule, file and `what`, unique in its report. risk: the higher, the earlier.
    """

    rule: str
    severity: Severity
    message: str
    remedy: str
    source: Source | None
    what: str
    risk: int = 0
    fingerprint: str = ""

    @property
    def file(self) -> str:
        """The file, as it is written in reports."""
        return visible(self.source.file) if self.source else SETTINGS

    @property
    def line(self) -> int:
        """From 1; 1 where no place is known."""
        return max(1, self.source.line) if self.source else 1

    @property
    def column(self) -> int:
        """From 1, in characters; 1 where no place is known."""
        return max(1, self.source.column) if self.source else 1

    @property
    def text(self) -> str:
        """The message and what to do."""
        return f"{self.message}\n{self.remedy}" if self.remedy else self.message


def meaning(rule: str) -> str:
    """What the rule says, in one sentence."""
    return CODES.get(rule) or RULES.get(rule, "")


def findings(report: Report) -> list[Finding]:
    """Every finding: errors, then warnings, then notes; in each the riskiest first, else in the report's order."""
    unordered = [*map(_of_refusal, report.refusals), *map(_of_diagnostic, report.diagnostics), *_of_customers(report)]
    severities = list(Severity)
    ordered = sorted(unordered, key=lambda finding: (severities.index(finding.severity), -finding.risk))
    return list(_with_fingerprints(ordered))


def _with_fingerprints(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Of two that are alike in rule, file and `what`, the second is the second in every run."""
    seen: Counter[str] = Counter()
    for finding in findings:
        key = "\0".join((finding.rule, finding.file, finding.what))
        seen[key] += 1
        yield replace(finding, fingerprint=sha256(f"{key}\0{seen[key]}".encode()).hexdigest())


def _of_diagnostic(diagnostic: Diagnostic) -> Finding:
    detail = f" ({visible(diagnostic.detail)})" if diagnostic.detail else ""
    summary, remedy = visible(diagnostic.summary), visible(diagnostic.remedy)
    what = _QUOTED.sub('""', summary)
    return Finding(diagnostic.code, diagnostic.severity, summary + detail, remedy, diagnostic.source, what)


def _of_refusal(refusal: Refusal) -> Finding:
    of_all = refusal.guard is Guard.VOLUME
    return Finding(
        f"guard-{refusal.guard.value}",
        Severity.ERROR,
        visible(refusal.summary),
        visible(refusal.remedy),
        refusal.source,
        "" if of_all else visible(refusal.number or ""),
        1_000 if of_all else 500,
    )


def _of_customers(report: Report) -> Iterator[Finding]:
    for row in report.customers:
        if report.kind is ReportKind.PLAN:
            if any(field.cause in _DRIFT_CAUSES for field in row.fields):
                yield _of_drift(row, "drift")
        elif row.severity is not Severity.NOTE:
            yield _of_result(row) if report.kind is ReportKind.RUN else _of_drift(row, _drift_rule(row))


def _of_result(row: CustomerRow) -> Finding:
    message = "\n".join([f"{row.label} {row.outcome}: {row.message}", *row.remarks])
    rule = row.outcome.replace(" ", "-")
    return Finding(rule, row.severity, message, row.remedy, row.source, row.label, row.risk)


def _drift_rule(row: CustomerRow) -> str:
    return row.verb if row.verb in RULES else "drift"


def _of_drift(row: CustomerRow, rule: str) -> Finding:
    """One finding for a customer, at its first drifted field: whoever looks at one field looks at all of them."""
    drifted = [
        field for field in row.fields if (field.symbol == "!" or field.cause in _DRIFT_CAUSES) and not field.muted
    ]
    left_out = len(drifted) - _FIELDS
    more = [f"and {counted(left_out, 'more field')}"] if left_out > 0 else []
    head = " ".join(filter(None, (row.label, row.name)))
    message = "\n".join([f"{head}: {row.message or meaning(rule)}", *map(_field, drifted[:_FIELDS]), *more])
    source = next((field.source for field in drifted if field.source), row.source)
    return Finding(rule, Severity.WARNING, message, row.remedy, source, row.label, row.risk)


def _field(field: FieldRow) -> str:
    """A plan's field goes from live to declared; a drift's to live, from applied or, of an unknown cause, declared."""
    first, second = ("applied was", "the ERP holds") if field.symbol == "!" else ("the ERP holds", "declared is")
    if field.symbol == "!" and field.cause == "unknown":
        first = "declared is"
    path, before, after = (cut(text, _VALUE) for text in (field.path, field.before, field.after))
    return f"{path}: {first} {before}, {second} {after}"
