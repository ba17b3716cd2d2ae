"""Reports through the command line: every format of one run, fitted, valid, and inert."""

from __future__ import annotations

import json
import os
import re
import unicodedata
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema_rs
import pytest
import xmlschema

from reconciler.reports.safe_text import visible
from tests.acceptance.conftest import Company
from tests.unit.reports.samples import HOSTILE
from tests.unit.reports.test_markdown import Page

DATA = Path(__file__).parents[1] / "data"


def declared(count: int) -> str:
    """New customers, three lines each."""
    return "".join(f'- number: "{10_000 + at}"\n  name: Customer {at}\n  creditLimit: {at}\n' for at in range(count))


def _yaml(text: str) -> str:
    """A double-quoted scalar without interpolation."""
    return json.dumps(text.replace("${", "$${"), ensure_ascii=False)


def check_json(file: Path, schema: str) -> object:
    """The file's content, which must fit the published schema."""
    content = json.loads(file.read_bytes())
    jsonschema_rs.validator_for(json.loads((DATA / schema).read_bytes())).validate(content)
    return content


def test_one_plan_is_written_in_every_format(company: Company) -> None:
    """From one reading of the ERP; only the owner may read the files."""
    company.declare(declared(3))
    forms = ("markdown", "sarif", "junit", "github", "gitlab-codequality", "gitlab-terraform")
    words = [word for form in forms for word in ("--report", f"{form}={company.folder / form}")]
    ended = company.run("plan", *words)
    assert ended.code == 0, ended.err
    assert ended.out.count("Plan: 3 to create") == 1
    page = Page((company.folder / "markdown").read_bytes())
    assert [row[1] for row in page.rows] == ["10000 Customer 0", "10001 Customer 1", "10002 Customer 2"]
    assert page.rows[1][2] == "Credit limit creditLimit: 1"
    assert page.rows[1][4] == "customers/all.yaml:4"
    check_json(company.folder / "sarif", "sarif-schema-2.1.0.json")
    check_json(company.folder / "gitlab-codequality", "gitlab-codequality.schema.json")
    xmlschema.XMLSchema(DATA / "junit.xsd").validate((company.folder / "junit").read_text())
    assert json.loads((company.folder / "gitlab-terraform").read_bytes()) == {"create": 3, "update": 0, "delete": 0}
    assert (company.folder / "github").read_text().endswith("unmanaged.\n")
    assert {(company.folder / form).stat().st_mode & 0o777 for form in forms} == {0o600}


def test_markdown_is_fitted_to_the_limit_given(company: Company) -> None:
    """And sums up by field whoever has no row."""
    company.declare(declared(40))
    whole = company.run("plan", "--format", "markdown").out
    assert len(Page(whole.encode()).rows) == 40
    fitted = company.run("plan", "--format", "markdown", "--max-chars", "4000").out
    page = Page(fitted.encode())
    assert len(fitted.encode()) <= 4_000
    assert f"the other {40 - len(page.rows)} of 40 customers are summed up by field" in fitted
    assert 0 < len(page.rows) < 40


@pytest.mark.parametrize(
    ("variable", "limit"), [("BITBUCKET_BUILD_NUMBER", 32_768), ("TF_BUILD", 150_000), ("GITLAB_CI", 1_000_000)]
)
def test_markdown_fits_a_comment_of_the_platform_that_it_runs_on(
    company: Company, monkeypatch: pytest.MonkeyPatch, variable: str, limit: int
) -> None:
    """Unless another limit is given."""
    for name in ("GITHUB_ACTIONS", "GITLAB_CI", "TF_BUILD", "BITBUCKET_BUILD_NUMBER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, "1")
    company.declare(declared(300))
    page = Page(company.run("plan", "--format", "markdown").out.encode())
    assert len(page.data) <= limit
    assert (len(page.rows) == 300) == (limit > 100_000)
    assert len(company.run("plan", "--format", "markdown", "--max-chars", "3000").out.encode()) <= 3_000


def test_a_refused_plan_is_rendered_and_exits_4(company: Company) -> None:
    """With the guard first."""
    company.declare(declared(51))
    ended = company.run("plan", "--format", "github")
    assert ended.code == 4
    assert ended.out.startswith("::error title=reconciler guard-volume::")
    ended = company.run("plan", "--format", "markdown")
    assert ended.code == 4
    assert Page(ended.out.encode()).headings[:2] == ["Plan for production: refused", "Refused"]


def test_hostile_declarations_stay_inert_in_every_format(company: Company) -> None:
    """Through YAML, the plan and the real ERP's answers."""
    names = [unicodedata.normalize("NFC", visible(text)[:60]).strip() for text in HOSTILE.values()]
    lines = [f'- number: "{10_000 + at}"\n  name: {_yaml(name)}\n' for at, name in enumerate(names)]
    company.declare("".join(lines))
    page = Page(company.run("plan", "--format", "markdown").out.encode())
    assert [row[1] for row in page.rows] == [f"{len(names)} customers"], "that differ in number and name alone"
    assert [line.split("  ")[1] for line in page.diffs[0].splitlines()] == [
        unicodedata.normalize("NFC", name) for name in names
    ]
    annotations = company.run("plan", "--format", "github").out.splitlines()
    assert all(re.match(r"::(error|warning|notice) ", line) for line in annotations)
    suite = ET.fromstring(company.run("plan", "--format", "junit").out.partition("?>")[2])
    assert len(suite.findall("testsuite/testcase")) >= len(names)


def test_what_validate_finds_stands_at_its_line(company: Company) -> None:
    """In annotations, alerts and code quality alike."""
    company.declare('number: "10000"\nname: N\ncontryId: "NO"\n')
    ended = company.run("validate", "--format", "github")
    assert ended.code == 3
    assert ended.out.startswith("::error file=customers/all.yaml,line=3,col=1,title=reconciler D301::")
    run = json.loads(company.run("validate", "--format", "sarif").out)["runs"][0]
    assert run["results"][0]["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "customers/all.yaml", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 3, "startColumn": 1},
    }
    (issue,) = json.loads(company.run("validate", "--format", "gitlab-codequality").out)
    assert issue["location"] == {"path": "customers/all.yaml", "lines": {"begin": 3}}


def test_a_file_name_that_is_no_text_breaks_no_format(company: Company) -> None:
    """It is shown with escapes."""
    company.declare('number: "1"\nname: N\nx: 1\n', os.fsdecode(b"\xff\n::error::.yaml"))
    for form in ("text", "json", "markdown", "sarif", "junit", "github", "gitlab-codequality"):
        ended = company.run("validate", "--format", form)
        assert ended.code == 3, (form, ended.err)
        assert "D301" in ended.out
        assert "\n::error::.yaml" not in ended.out


def test_what_an_apply_did_is_a_test_report(company: Company) -> None:
    """A testcase for each action."""
    company.declare(declared(2))
    file = company.folder / "junit.xml"
    ended = company.run("apply", "--auto-approve", "--report", f"junit={file}")
    assert ended.code == 0, ended.err
    xmlschema.XMLSchema(DATA / "junit.xsd").validate(file.read_text())
    names = [node.get("name") for node in ET.fromstring(file.read_bytes()).findall("testsuite/testcase")]
    assert names == ["create 10000 Customer 0", "create 10001 Customer 1"]


def test_the_terraform_widget_is_of_plans_only(company: Company) -> None:
    """A usage error, before anything is read."""
    ended = company.run("validate", "--format", "gitlab-terraform")
    assert ended.code == 64
    assert "There is no format 'gitlab-terraform' here" in ended.err


def test_a_run_that_did_not_end_as_planned_is_green_in_no_report(company: Company) -> None:
    """An ERP that numbers by itself gave the new customer another number: exit code 5, and every format says so."""
    company.sandbox.switch(numbering="automatic", require_postal_code=False)
    company.declare('number: "77"\nname: Fjell AS\n')
    ended = company.run("apply", "--auto-approve", "--report", "markdown=a.md", "--report", "json=a.json")
    assert ended.code == 5, ended
    assert "done" not in (company.folder / "a.md").read_text(encoding="utf-8").splitlines()[2]
    document = json.loads((company.folder / "a.json").read_text(encoding="utf-8"))
    assert document["diagnostics"] == []
    assert document["interrupted"] is None


def test_a_long_value_is_folded_under_its_indentation(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    company.declare(f"number: '1'\nname: Fjell AS\nnote: {'word ' * 30}\n")
    folded = [line for line in company.run("plan").out.splitlines() if "word" in line]
    assert len(folded) > 2
    assert all(line.startswith("    ") and len(line) <= 60 for line in folded)
