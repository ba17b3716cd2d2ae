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
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from reconciler.core.diagnostics import Diagnostic, Severity
from reconciler.core.plan import Guard, Refusal
from reconciler.reports import view
from reconciler.reports.findings import visible_lines
from reconciler.reports.report import Entry, Report
from reconciler.reports.report_kind import Kind
from reconciler.reports.safe_text import visible

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
    name = "/".join(filter(None, ("reconciler", report.kind.value, report.place.environment)))
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
    found = re.match(r"\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-5]\d", text, re.ASCII)
    return found[0] if found else _NEVER


def _properties(report: Report) -> dict[str, str]:
    place = report.place
    known = {
        "state": report.state.value,
        "company": place.company,
        "environment": place.environment,
        "tenant_id": place.tenant_id,
        "base_url": place.base_url,
        "digest": report.digest,
        "version": place.version,
    }
    return {name: visible(value) for name, value in known.items() if value}


def _system_out(report: Report) -> str:
    """The headline, and what fails nothing."""
    mild = [each for each in report.diagnostics if each.severity is not Severity.ERROR]
    lines = [report.headline, *report.facts, *(line for each in mild for line in view.diagnostic_lines(each))]
    return "\n".join(visible(line) for line in lines if line)


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
    for each in report.refusals:
        if each.number and each.guard is not Guard.VOLUME:
            refusals.setdefault(visible(each.number), []).append(each)
    for entry in report.entries:
        yield _case(report, entry, refusals)


def _guards(report: Report) -> Iterator[_Case]:
    """The volume guards; of those and of policies whatever refuses the plan. A run passed its guards."""
    if report.kind is not Kind.PLAN:
        return
    volume = [each for each in report.refusals if each.guard is Guard.VOLUME]
    if not volume:
        for verdict in report.guards:
            yield _Case("guard", f"{verdict.name}: {verdict.found}, limit {visible(verdict.limit)}")
    for each in volume:
        yield _Case("guard", "volume", _joined(each.summary, each.remedy), "guard-volume")


def _files(diagnostics: Iterable[Diagnostic]) -> Iterator[_Case]:
    files: dict[str, list[Diagnostic]] = {}
    for each in diagnostics:
        files.setdefault(each.source.file if each.source else "", []).append(each)
    for name, found in files.items():
        errors = [each for each in found if each.severity is Severity.ERROR]
        text = _joined(*(line for each in errors for line in view.diagnostic_lines(each)))
        yield _Case("file", visible(name) or "(no file)", text, errors[0].code if errors else "")


def _case(report: Report, entry: Entry, refusals: Mapping[str, list[Refusal]]) -> _Case:
    name = " ".join(filter(None, (entry.verb, entry.label, entry.name)))
    failed = Severity.WARNING if report.kind is Kind.DRIFT else Severity.ERROR
    if entry.severity is failed:
        mine = refusals.get(entry.label, [])
        texts = [text for each in mine for text in (each.summary, each.remedy)]
        kind = f"guard-{mine[0].guard.value}" if mine else entry.outcome or entry.verb
        return _Case("customer", name, _joined(*texts, *_told(entry)), kind)
    skipped = report.kind is Kind.RUN and entry.severity is Severity.WARNING
    return _Case("customer", name, skipped=_joined(entry.message) if skipped else "")


def _told(entry: Entry) -> Iterator[str]:
    """The entry in lines."""
    yield f"{entry.label} {entry.outcome or entry.verb}{': ' if entry.message else ''}{entry.message}"
    yield from (entry.remedy, *entry.notes)
    for row in entry.rows:
        yield f"{row.path}: {row.before} → {row.after}  {view.place(row.source)}".rstrip()
    yield entry.where


def _joined(*texts: str) -> str:
    return visible_lines("\n".join(text.replace("\n", "\\n") for text in texts if text))
