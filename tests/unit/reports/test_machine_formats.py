"""SARIF, JUnit, Code Quality, annotations, the Terraform widget: valid, within limits, and nothing in them acts."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import jsonschema_rs
import pytest
import xmlschema

from reconciler.core.diagnostics import Diagnostic, Severity, Source
from reconciler.core.plan import Cause, Outcome
from reconciler.reports.findings import SETTINGS, findings
from reconciler.reports.formats import github, gitlab_codequality, gitlab_terraform, junit, sarif
from reconciler.reports.safe_text import escaped, visible
from reconciler.reports.view.plan import of_plan
from reconciler.reports.view.report import Report
from reconciler.reports.view.run import of_run
from reconciler.reports.view.validation import of_validation
from tests.unit.reports import samples

DATA = Path(__file__).parents[2] / "data"
REPORTS: dict[str, Callable[[], Report]] = {
    **samples.REPORTS,
    **{f"hostile_{name}": make for name, make in samples.HOSTILE_REPORTS.items()},
    "big": lambda: of_plan(samples.big(5_000)),
}
every = pytest.mark.parametrize("case", REPORTS)


@cache
def report_of(case: str) -> Report:
    """Each report once."""
    return REPORTS[case]()


@cache
def json_schema(name: str) -> Any:
    """A published JSON Schema, ready to check."""
    return jsonschema_rs.validator_for(json.loads((DATA / name).read_bytes()))


@cache
def junit_schema() -> xmlschema.XMLSchema:
    """The published XML Schema."""
    return xmlschema.XMLSchema(DATA / "junit.xsd")


def many(count: int) -> Report:
    """A validation with so many errors, each in its own line of a file."""
    return of_validation(
        tuple(
            Diagnostic(Severity.ERROR, "D301", f'unknown member "m{at}"', source=Source("a.yaml", at + 1, 3))
            for at in range(count)
        ),
        count,
    )


# ---- findings ----


def test_a_finding_keeps_its_fingerprint_when_lines_move_and_values_change() -> None:
    """So that an alert stays the same one."""

    def prints(line: int, value: str, credit: int) -> list[str]:
        problem = Diagnostic(
            Severity.ERROR, "D302", f'status must be a word, not "{value}"', source=Source("a", line, 1)
        )
        drift = samples.action("1", "N", samples.change("creditLimit", credit, 7, line=line, cause=Cause.DRIFT))
        return [each.fingerprint for each in findings(of_plan(samples.plan(drift, diagnostics=(problem,))))]

    assert prints(3, "yes", 1) == prints(90, 'no, "really"'.replace('"', '\\"'), 2)
    assert len(set(prints(3, "yes", 1))) == 2


@every
def test_fingerprints_are_unique(case: str) -> None:
    """GitLab shows only the first of those that are alike."""
    found = [each.fingerprint for each in findings(report_of(case))]
    assert len(set(found)) == len(found)


def test_the_worst_findings_come_first() -> None:
    """Errors before warnings before notes; of drifted customers the riskiest."""
    found = findings(report_of("big"))
    assert [each.risk for each in found] == sorted((each.risk for each in found), reverse=True)
    severities = [each.severity for each in findings(report_of("hostile_plan"))]
    assert severities == sorted(severities, key=list(Severity).index)


def test_a_plans_changes_are_no_findings() -> None:
    """What somebody asked for raises no alarm."""
    assert findings(report_of("plan_none")) == []
    assert {each.rule for each in findings(report_of("plan_creates"))} == {"P507"}


def test_a_muted_field_is_no_part_of_a_finding() -> None:
    """The alert stands at the first field that is not accepted."""
    report = report_of("drift")
    one, two = report.customers[1].fields
    customer = replace(report.customers[1], fields=(replace(one, muted=True), two))
    (found,) = findings(replace(report, customers=(customer,)))
    assert one.path not in found.message
    assert found.source == two.source


# ---- SARIF ----


@every
def test_sarif_fits_its_schema(case: str) -> None:
    """SARIF 2.1.0, as OASIS publishes it."""
    json_schema("sarif-schema-2.1.0.json").validate(json.loads(sarif.render(report_of(case))))


@every
def test_each_sarif_result_has_a_place_that_github_takes(case: str) -> None:
    """A relative path, percent-encoded, under the root of the repository."""
    for result in json.loads(sarif.render(report_of(case)))["runs"][0]["results"]:
        (place,) = result["locations"]
        location = place["physicalLocation"]["artifactLocation"]
        assert re.fullmatch(r"[A-Za-z0-9._~/%-]+", location["uri"])
        assert location["uriBaseId"] == "%SRCROOT%"
        assert place["physicalLocation"]["region"]["startLine"] >= 1


def test_sarif_keeps_the_5000_that_are_shown_and_says_how_many_are_left_out() -> None:
    """The worst ones."""
    problems = many(6_000)
    worst = replace(problems, refusals=samples.refused_by_guard().refusals)
    run = json.loads(sarif.render(worst))["runs"][0]
    assert len(run["results"]) == 5_000
    assert [each["ruleId"] for each in run["results"][:3]] == ["guard-volume", "guard-policy", "guard-lifecycle"]
    assert "1,003 more findings" in run["invocations"][0]["toolExecutionNotifications"][-1]["message"]["text"]


def test_alerts_of_two_environments_do_not_close_each_other() -> None:
    """Each has a category of its own."""
    report = report_of("drift")
    other = replace(report, header=replace(report.header, environment="test/æ"))
    found = [json.loads(sarif.render(each))["runs"][0]["automationDetails"]["id"] for each in (report, other)]
    assert found == ["reconciler/drift/production/", "reconciler/drift/test%2F%C3%A6/"]


def test_an_absolute_path_is_a_file_uri() -> None:
    """Of a file outside of the repository."""
    report = of_validation((Diagnostic(Severity.ERROR, "Y201", "x", source=Source("/etc/a b.yaml", 1, 1)),), 1)
    (result,) = json.loads(sarif.render(report))["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": "file:///etc/a%20b.yaml"}


# ---- GitLab ----


@every
def test_code_quality_fits_its_schema(case: str) -> None:
    """As GitLab documents it."""
    issues = json.loads(gitlab_codequality.render(report_of(case)))
    json_schema("gitlab-codequality.schema.json").validate(issues)
    assert len(issues) == len(findings(report_of(case)))


def test_a_finding_without_a_place_is_shown_at_the_settings() -> None:
    """GitLab wants a file, and a volume guard stands there."""
    issue = json.loads(gitlab_codequality.render(report_of("plan_refused")))[0]
    assert issue["severity"] == "blocker"
    assert issue["location"] == {"path": SETTINGS, "lines": {"begin": 1}}


def test_the_terraform_widget_takes_three_numbers() -> None:
    """And nothing is ever deleted."""
    assert json.loads(gitlab_terraform.render(report_of("plan_mixed"))) == {"create": 1, "update": 4, "delete": 0}
    assert json.loads(gitlab_terraform.render(report_of("big"))) == {"create": 500, "update": 4_500, "delete": 0}


# ---- GitHub ----

COMMAND = re.compile(r"::(error|warning|notice) ([^:]*)::(.*)")


def commands(data: bytes) -> list[tuple[str, dict[str, str], str]]:
    """The lines as the runner reads them: every one must be a command."""
    found = []
    for line in data.decode().splitlines():
        match = COMMAND.fullmatch(line)
        assert match, line
        properties = dict(part.split("=", 1) for part in match[2].split(","))
        found.append((match[1], {name: unquote(value) for name, value in properties.items()}, unquote(match[3])))
    return found


@every
def test_annotations_stay_within_what_github_keeps(case: str) -> None:
    """Ten of each type, the last notice with the headline and the number that is left out."""
    report = report_of(case)
    found = commands(github.render(report))
    assert max(Counter(word for word, _, _ in found).values()) <= 10
    assert {name for _, properties, _ in found for name in properties} <= {"file", "line", "col", "title"}
    word, properties, text = found[-1]
    assert (word, properties["title"]) == ("notice", f"reconciler {report.kind.value}")
    assert text.startswith(visible(report.headline))
    left = len(findings(report)) - (len(found) - 1)
    assert (f"{left:,} more findings" in text) == bool(left)


def test_an_annotation_stands_at_its_line_with_its_remedy() -> None:
    """In the file of the declaration."""
    word, properties, text = commands(github.render(report_of("validation_errors")))[0]
    assert (word, properties) == (
        "error",
        {"file": "customers/nordic.yaml", "line": "5", "col": "26", "title": "reconciler D302"},
    )
    assert text == 'overrideWithClassValues must be true or false, not "yes"\nWrite true.'


def test_hostile_texts_come_through_annotations_as_they_are() -> None:
    """File names with colons and commas, percent signs, commands."""
    found = commands(github.render(report_of("hostile_validation")))
    texts = {text for _, _, text in found}
    for each in samples.hostile_diagnostics():
        text = visible(each.summary)
        assert any(told.startswith(f"{text} ({text})\n{text}") for told in texts)
        assert each.source
        assert any(properties.get("file") == visible(each.source.file) for _, properties, _ in found)


# ---- JUnit ----


@every
def test_junit_fits_its_schema(case: str) -> None:
    """The one of Ant's JUnit task, which CI servers read."""
    junit_schema().validate(junit.render(report_of(case)).decode())


def suite_of(case: str) -> ET.Element:
    """The one testsuite, its counts checked."""
    suite = ET.fromstring(junit.render(report_of(case))).find("testsuite")
    assert suite is not None
    assert int(suite.get("tests", "")) == len(suite.findall("testcase")) > 0
    assert int(suite.get("failures", "")) == len(suite.findall("testcase/failure"))
    assert int(suite.get("skipped", "")) == len(suite.findall("testcase/skipped"))
    return suite


def failures(case: str) -> dict[str, str]:
    """Type of failure by testcase."""
    found = {}
    for node in suite_of(case).findall("testcase"):
        failure = node.find("failure")
        if failure is not None:
            found[node.get("name", "")] = failure.get("type", "")
    return found


def test_a_pending_change_passes_and_a_refused_one_fails() -> None:
    """A plan with changes is not a broken build."""
    assert failures("plan_mixed") == failures("plan_none") == failures("big") == {}
    assert len(suite_of("big").findall("testcase")) == 5_002
    assert failures("plan_refused") == {
        "volume": "guard-volume",
        "update 10011 Stavanger Stål": "guard-policy",
        "update 20001 Drammen Data": "guard-lifecycle",
    }


def test_errors_fail_their_file() -> None:
    """All errors of a file in one failure; warnings fail nothing."""
    assert failures("validation_errors") == {"customers/nordic.yaml": "D302", "customers/south.yaml": "I402"}
    text = suite_of("validation_errors").findtext("testcase[@name='customers/nordic.yaml']/failure") or ""
    assert "D302" in text
    assert "customers/nordic.yaml:10:3: D301" in text
    assert "S117" in (suite_of("validation_errors").findtext("system-out") or "")


def test_what_a_run_did_not_do_fails_and_what_it_did_not_try_is_skipped() -> None:
    """By outcome."""
    assert set(failures("run_conflict").values()) == {"conflict", "failed", "unclear"}
    run = samples.mixed_with_conflict()
    skipped = replace(run.results[0], outcome=Outcome.SKIPPED, message="its parent failed")
    report = of_run(replace(run, results=(skipped,)))
    (node,) = ET.fromstring(junit.render(report)).findall("testsuite/testcase")
    assert [(child.tag, child.get("message")) for child in node] == [("skipped", "its parent failed")]


@pytest.mark.parametrize("case", [f"hostile_{name}" for name in samples.HOSTILE_REPORTS])
def test_hostile_texts_come_through_junit_as_they_are(case: str) -> None:
    """Control characters, which XML has not, are visible escapes."""
    suite = suite_of(case)
    told = "\n".join([*(each.get("name", "") for each in suite.findall("testcase")), *suite.itertext()])
    for text in samples.HOSTILE.values():
        assert visible(text) in told
    assert {each.tag for each in suite.iter()} <= {
        "testsuite", "properties", "property", "testcase", "failure", "system-out", "system-err"
    }  # fmt: skip


def test_a_report_without_a_usable_time_is_valid_still() -> None:
    """A plan file may have been edited: its time is not under the digest."""
    report = replace(report_of("plan_mixed"), created_at='2026-99-99"><x/>')
    junit_schema().validate(junit.render(report).decode())


# ---- all of them ----


@pytest.mark.parametrize("render", [gitlab_codequality.render, sarif.render, junit.render, github.render])
@pytest.mark.parametrize("case", [f"hostile_{name}" for name in samples.HOSTILE_REPORTS])
def test_no_character_that_steers_a_terminal_or_a_parser_is_written(render: Callable[..., bytes], case: str) -> None:
    """Whatever the format, its bytes are text and line ends; only annotations begin with a command, our own."""
    for line in render(report_of(case)).decode().split("\n"):
        text = line.removeprefix("::") if render is github.render else line
        assert escaped(text) == text


@pytest.mark.parametrize("render", [gitlab_codequality.render, sarif.render])
def test_hostile_texts_come_through_json_as_they_are(render: Callable[..., bytes]) -> None:
    """In full: the 10,000 characters too."""
    told = "\n".join(strings(json.loads(render(report_of("hostile_run")))))
    for text in samples.HOSTILE.values():
        assert visible(text) in told


def strings(value: Any) -> Iterator[str]:
    """Every text in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from strings(each)
