"""What a reader must look at, as one list that every machine's format takes: annotations, alerts, code quality.

A finding is not a change: a plan's creates and updates are what somebody asked for, and thousands of alerts would hide
the few that matter. Findings are

- the diagnostics, each by its code;
- the refusals of a plan: `guard-volume`, `guard-policy`, `guard-lifecycle`;
- the actions of a run that did not end well: `conflict`, `failed`, `unclear`, `not-sent`;
- customers that the ERP changed behind the declarations' back: `drift`, from a plan and from a drift report; there also
  `missing`, `removed`, `unmanaged` where the report says that they need a look.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import sha256

from reconciler.core.codes import CODES
from reconciler.core.diagnostics import Diagnostic, Severity, Source
from reconciler.core.plan import Guard, Refusal
from reconciler.reports import view
from reconciler.reports.fitting import cut
from reconciler.reports.report import Entry, Report, Row
from reconciler.reports.report_kind import Kind
from reconciler.reports.safe_text import escaped, visible

RULES: dict[str, str] = {
    "guard-volume": "The plan writes more customers than the guards allow.",
    "guard-policy": "An action breaks a policy.",
    "guard-lifecycle": "An action breaks the customer's own lifecycle rule.",
    "conflict": "The customer was changed in the ERP since the plan was made, and was left as it is there.",
    "failed": "The ERP did not take an action.",
    "unclear": "No usable answer came to an action that was sent.",
    "not-sent": "An action was not sent, because something before it did not succeed.",
    "drift": "The ERP changed a managed field behind the declarations' back.",
    "missing": "A declared customer is not in the ERP.",
    "removed": "A customer that was managed has no declaration any more.",
    "unmanaged": "A customer in the ERP was never declared.",
}
"""The rules beside `core.codes.CODES`."""

SETTINGS = "reconciler.yaml"
"""Where a finding without a place of its own is shown: most are about the settings, and platforms want a file."""

_FIELDS, _VALUE = 10, 300
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
    found = [*map(_of_refusal, report.refusals), *map(_of_diagnostic, report.diagnostics), *_of_entries(report)]
    ranks = list(Severity)
    return _told_apart(sorted(found, key=lambda each: (ranks.index(each.severity), -each.risk)))


def _told_apart(found: list[Finding]) -> list[Finding]:
    """With fingerprints: the second of two that are alike in rule, file and `what` is the second in every run."""
    seen: Counter[str] = Counter()
    done = []
    for each in found:
        key = "\0".join((each.rule, each.file, each.what))
        seen[key] += 1
        done.append(replace(each, fingerprint=sha256(f"{key}\0{seen[key]}".encode()).hexdigest()))
    return done


def _of_diagnostic(each: Diagnostic) -> Finding:
    detail = f" ({visible(each.detail)})" if each.detail else ""
    summary = visible(each.summary)
    what = _QUOTED.sub('""', summary)
    return Finding(each.code, each.severity, summary + detail, visible(each.remedy), each.source, what)


def _of_refusal(each: Refusal) -> Finding:
    what = each.number if each.number and each.guard is not Guard.VOLUME else ""
    summary = visible(each.summary)
    risk = 1_000 if each.guard is Guard.VOLUME else 500
    rule = f"guard-{each.guard.value}"
    return Finding(rule, Severity.ERROR, summary, visible(each.remedy), each.source, visible(what), risk)


def _of_entries(report: Report) -> Iterator[Finding]:
    for entry in report.entries:
        if report.kind is Kind.PLAN:
            if any(row.cause in ("drift", "both") for row in entry.rows):
                yield _of_drift(entry, "drift")
        elif entry.severity is not Severity.NOTE:
            yield _of_result(entry) if report.kind is Kind.RUN else _of_drift(entry, _drift_rule(entry))


def _of_result(entry: Entry) -> Finding:
    notes = "".join(f"\n{note}" for note in entry.notes)
    message = f"{entry.label} {entry.outcome}: {entry.message}{notes}"
    rule = entry.outcome.replace(" ", "-")
    return Finding(rule, entry.severity, message, entry.remedy, entry.source, entry.label, entry.risk)


def _drift_rule(entry: Entry) -> str:
    return entry.verb if entry.verb in RULES else "drift"


def _of_drift(entry: Entry, rule: str) -> Finding:
    """One finding for a customer, at its first drifted field: whoever looks at one field looks at all of them."""
    drifted = [row for row in entry.rows if (row.symbol == "!" or row.cause in ("drift", "both")) and not row.muted]
    fields = [_field(row) for row in drifted[:_FIELDS]]
    more = [f"and {view.counted(len(drifted) - _FIELDS, 'more field')}"] if len(drifted) > _FIELDS else []
    head = " ".join(filter(None, (entry.label, entry.name)))
    message = "\n".join([f"{head}: {entry.message or meaning(rule)}", *fields, *more])
    source = next((row.source for row in drifted if row.source), entry.source)
    return Finding(rule, Severity.WARNING, visible_lines(message), entry.remedy, source, entry.label, entry.risk)


def _field(row: Row) -> str:
    """A plan's row goes from live to declared; a drift's to live, from applied or, of an unknown cause, declared."""
    first, second = ("applied was", "the ERP holds") if row.symbol == "!" else ("the ERP holds", "declared is")
    if row.symbol == "!" and row.cause == "unknown":
        first = "declared is"
    before, after = cut(row.before, _VALUE), cut(row.after, _VALUE)
    return f"{cut(row.path, _VALUE)}: {first} {before}, {second} {after}"


def visible_lines(text: str) -> str:
    """Each line visible; the line ends are ours."""
    return "\n".join(escaped(line) for line in text.split("\n"))
