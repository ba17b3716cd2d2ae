"""JUnit XML: what a test report of a CI server can show. A pending change passes; what needs a person fails.

The testcases are the customers, and beside them the guards and the files with problems:

- validation: one for each file with a problem, failed by errors; one for all declarations when there is none;
- plan: one for each customer to be written, failed when it is refused; one for each guard; files as above;
- run: one for each action, failed by a conflict, a failure or an unclear answer, skipped when it was not sent;
- drift: one for each customer that the report names, failed unless it only informs.

Written with the standard library: junitparser leaves out elements that the published schema wants and puts totals where
it has none, and takes lxml, which refuses other texts, when that happens to be there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from reconciler.core.diagnostics import Diagnostic, Severity
from reconciler.core.plan import Guard, Refusal
from reconciler.reports.report_kind import ReportKind
from reconciler.reports.safe_text import visible
from reconciler.reports.view.report import CustomerRow, Report
from reconciler.reports.wording import diagnostic_lines, file_and_line

_NEVER = "1970-01-01T00:00:00"


@dataclass(frozen=True, slots=True)
class _Case:
    """One testcase. failure: why, the first line in short; skipped: why not."""

    group: str
    name: str
    failure: str = ""
    kind: str = ""
    skipped: str = ""


def render(report: Report, *, max_chars: int | None = None) -> bytes:
    """One testsuite, all customers in it. max_chars is of no use here: readers of JUnit set no limit."""
    cases = list(_cases(report)) or [_Case(report.kind.value, visible(report.headline))]
    root = ET.Element("testsuites")
    suite = ET.SubElement(root, "testsuite", _attributes(report, cases))
    properties = ET.SubElement(suite, "properties")
    for name, value in _properties(report).items():
        ET.SubElement(properties, "property", name=name, value=value)
    for case in cases:
        _write(suite, case)
    ET.SubElement(suite, "system-out").text = _system_out(report)
    ET.SubElement(suite, "system-err")
    ET.indent(root)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def _attributes(report: Report, cases: list[_Case]) -> dict[str, str]:
    name = "/".join(filter(None, ("reconciler", report.kind.value, report.header.environment)))
    return {
        "package": "reconciler",
        "id": "0",
        "name": name,
        "timestamp": _timestamp(report.created_at),
        "hostname": "localhost",
        "tests": str(len(cases)),
        "failures": str(sum(bool(case.failure) for case in cases)),
        "errors": "0",
        "skipped": str(sum(bool(case.skipped) for case in cases)),
        "time": "0",
    }


def _timestamp(text: str) -> str:
    """Without a zone, as the schema wants it; the ones of reports are UTC."""
    time = re.match(r"\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-5]\d", text, re.ASCII)
    return time[0] if time else _NEVER


def _properties(report: Report) -> dict[str, str]:
    header = report.header
    values = {
        "state": report.state.value,
        "company": header.company,
        "environment": header.environment,
        "tenant_id": header.tenant_id,
        "base_url": header.base_url,
        "digest": report.digest,
        "version": header.version,
    }
    return {name: visible(value) for name, value in values.items() if value}


def _system_out(report: Report) -> str:
    """The headline, and what fails nothing."""
    mild = [diagnostic for diagnostic in report.diagnostics if diagnostic.severity is not Severity.ERROR]
    problems = (line for diagnostic in mild for line in diagnostic_lines(diagnostic))
    return _joined(report.headline, report.origins, *report.sentences, *problems)


def _write(suite: ET.Element, case: _Case) -> None:
    node = ET.SubElement(suite, "testcase", name=case.name, classname=f"reconciler.{case.group}", time="0")
    if case.failure:
        first = case.failure.partition("\n")[0]
        ET.SubElement(node, "failure", message=first, type=case.kind).text = case.failure
    elif case.skipped:
        ET.SubElement(node, "skipped", message=case.skipped)


def _cases(report: Report) -> Iterator[_Case]:
    yield from _guards(report)
    yield from _files(report.diagnostics)
    refusals: dict[str, list[Refusal]] = {}
    for refusal in report.refusals:
        if refusal.number and refusal.guard is not Guard.VOLUME:
            refusals.setdefault(visible(refusal.number), []).append(refusal)
    for row in report.customers:
        yield _customer(report, row, refusals.get(row.label, ()))


def _guards(report: Report) -> Iterator[_Case]:
    """The volume guards; of those and of policies whatever refuses the plan. A run passed its guards."""
    if report.kind is not ReportKind.PLAN:
        return
    volume = [refusal for refusal in report.refusals if refusal.guard is Guard.VOLUME]
    if not volume:
        for verdict in report.guards:
            yield _Case("guard", f"{verdict.name}: {verdict.found}, limit {visible(verdict.limit)}")
    for refusal in volume:
        yield _Case("guard", "volume", _reason(refusal), "guard-volume")


def _reason(refusal: Refusal) -> str:
    return _joined(visible(refusal.summary), visible(refusal.remedy))


def _files(diagnostics: Iterable[Diagnostic]) -> Iterator[_Case]:
    files: dict[str, list[Diagnostic]] = {}
    for diagnostic in diagnostics:
        files.setdefault(diagnostic.source.file if diagnostic.source else "", []).append(diagnostic)
    for name, problems in files.items():
        errors = [problem for problem in problems if problem.severity is Severity.ERROR]
        text = _joined(*(line for error in errors for line in diagnostic_lines(error)))
        yield _Case("file", visible(name) or "(no file)", text, errors[0].code if errors else "")


def _customer(report: Report, row: CustomerRow, refusals: Sequence[Refusal]) -> _Case:
    name = " ".join(filter(None, (row.verb, row.label, row.name)))
    fails = Severity.WARNING if report.kind is ReportKind.DRIFT else Severity.ERROR
    if row.severity is fails:
        kind = f"guard-{refusals[0].guard.value}" if refusals else row.outcome or row.verb
        return _Case("customer", name, _joined(*map(_reason, refusals), *_lines(row)), kind)
    not_sent = report.kind is ReportKind.RUN and row.severity is Severity.WARNING
    return _Case("customer", name, skipped=row.message if not_sent else "")


def _lines(row: CustomerRow) -> Iterator[str]:
    yield f"{row.label} {row.outcome or row.verb}{': ' if row.message else ''}{row.message}"
    yield from (row.remedy, *row.remarks)
    for field in row.fields:
        yield f"{field.path}: {field.before} → {field.after}  {file_and_line(field.source)}".rstrip()
    yield file_and_line(row.source)


def _joined(*lines: str) -> str:
    return "\n".join(filter(None, lines))
