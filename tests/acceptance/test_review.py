"""What a reviewer and a controller get, through the command line: authors, spreadsheets, notifications."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys

import openpyxl
import pytest

from reconciler.operations.git import Git
from tests.acceptance.conftest import Company
from tests.unit.operations.test_notify import SECRET, Hook, hook

__all__ = ["hook"]

ONE = '- number: "1"\n  name: Fjell AS\n  currencyId: NOK\n  creditLimit: {limit}\n'


@pytest.fixture
def credited(company: Company) -> Company:
    """A customer with a credit limit, whose declaration asks for thirty times as much."""
    company.declare(ONE.format(limit=25_000))
    assert company.apply().code == 0
    company.declare(ONE.format(limit=750_000))
    return company


def commit(company: Company, author: str) -> str:
    """Commit all; the commit's short id."""
    git = Git(company.folder, {"HOME": str(company.folder), "PATH": "/usr/bin:/bin"}, timeout=30)
    for words in (
        ("init", "-q"),
        ("add", "-A"),
        ("-c", f"user.name={author}", "-c", "user.email=a@b", "commit", "-qm", "more credit"),
    ):
        assert git.run(*words).returncode == 0
    return git.word("rev-parse", "HEAD")[:8]


def test_the_comment_says_what_changes_why_to_look_and_who_asked(credited: Company) -> None:
    made = commit(credited, "Kari @octocat Nordmann")
    text = credited.run("plan", "--format", "markdown").out
    assert "Credit limit `creditLimit`: 25\u00a0000 → 750\u00a0000\u00a0NOK, ×30 | credit limit ×30 |" in text
    assert f"`customers/all.yaml:1`, `Kari @octocat Nordmann` `{made}` |" in text


def test_a_saved_plan_that_is_shown_names_who_wrote_its_lines(credited: Company) -> None:
    """As the comment did, whatever became of the files since; not where it was made of lines that are not committed."""
    (credited.folder / ".gitignore").write_text(".reconciler/\n", encoding="utf-8")
    made = commit(credited, "Kari Nordmann")
    assert credited.run("plan", "-o", "plan.json").code == 0
    credited.declare("# moved\n\n" + ONE.format(limit=1))
    for form in ("markdown", "html", "csv"):
        text = credited.run("show", "plan.json", "--format", form).out
        assert all(word in text for word in ("Kari Nordmann", made)), form
        assert "Kari" not in credited.run("show", "plan.json", "--format", form, "--redact").out
    assert credited.run("plan", "-o", "dirty.json").code == 0
    assert "Kari" not in credited.run("show", "dirty.json", "--format", "markdown").out
    (credited.folder / "reconciler.yaml").unlink()
    ended = credited.run("show", "plan.json", "--format", "markdown")
    assert (ended.code, "Kari" in ended.out) == (0, False)


def test_redacted_reports_name_no_author(credited: Company) -> None:
    made = commit(credited, "Kari Nordmann")
    for form in ("markdown", "html", "csv"):
        text = credited.run("plan", "--redact", "--format", form).out
        assert "Kari" not in text
        assert made in text


def test_a_change_of_the_erp_that_is_overwritten_is_a_headline(credited: Company) -> None:
    credited.declare(ONE.format(limit=25_000))
    credited.store.edit("1", {"creditLimit": 9_000})
    for form in ("markdown", "html"):
        assert (
            "Applying also overwrites 1 customer that was changed in the ERP (1 field)."
            in credited.run("plan", "--format", form).out
        )


def test_a_plan_and_a_drift_report_are_spreadsheets(credited: Company) -> None:
    """The same lines in CSV and in a workbook."""
    credited.store.edit("1", {"creditLimit": 9_000})
    for command in ("plan", "drift"):
        ended = credited.run(command, "--format", "csv", "--report", "xlsx=out.xlsx")
        assert ended.code == 0, ended.err
        assert ended.out.startswith("\ufeffOrder;Customer;")
        (row,) = csv.DictReader(io.StringIO(ended.out.removeprefix("\ufeff"), newline=""), delimiter=";")
        assert (row["Customer"], row["Field"], row["Currency"]) == ("1", "Credit limit", "NOK")
        page = openpyxl.load_workbook(credited.folder / "out.xlsx").worksheets[0]
        assert [cell.value for cell in page[1]] == list(row)
        assert page["G2"].value in (9_000, 25_000)
        assert (credited.folder / "out.xlsx").stat().st_mode & 0o777 == 0o600


def test_live_customers_are_a_workbook(credited: Company) -> None:
    words = ["--chdir", str(credited.folder), "customers", "list", "--format", "xlsx", "--fields", "number,creditLimit"]
    done = subprocess.run([sys.executable, "-m", "reconciler", *words], capture_output=True, check=True)
    page = openpyxl.load_workbook(io.BytesIO(done.stdout)).worksheets[0]
    assert list(page.iter_rows(values_only=True)) == [("number", "creditLimit"), ("1", 25_000)]


def test_live_customers_are_csv_for_a_spreadsheet(credited: Company) -> None:
    ended = credited.run("customers", "list", "--format", "csv", "--fields", "number,name,creditLimit")
    assert ended.out.splitlines()[0] == "\ufeffnumber;name;creditLimit"
    assert ended.out.splitlines()[1].startswith("1;Fjell AS;25000")


def test_a_validation_is_no_spreadsheet(company: Company) -> None:
    company.declare(ONE.format(limit=1))
    assert company.run("validate", "--format", "csv").code == 64


@pytest.mark.parametrize("service", ["slack", "teams", "webhook"])
def test_the_summary_of_plan_apply_and_drift_is_posted(
    credited: Company, hook: Hook, monkeypatch: pytest.MonkeyPatch, service: str
) -> None:
    """And the address stands in no output, file or log."""
    monkeypatch.setenv("RECONCILER_NOTIFY_URL", hook.url)
    ends = [
        credited.run("--log-level", "debug", "plan", "--notify", service, "-o", "plan.json", "--report", "html=a.html"),
        credited.run("--log-level", "debug", "apply", "plan.json", "--notify", service, "--report", "json=run.json"),
    ]
    credited.store.edit("1", {"creditLimit": 9_000})
    ends.append(credited.run("--log-level", "debug", "drift", "--notify", service))
    assert [ended.code for ended in ends] == [0, 0, 0]
    assert len(hook.bodies) == 3
    plan, run, drift = (json.dumps(body, ensure_ascii=False) for body in hook.bodies)
    assert "1 Fjell AS: credit limit ×30" in plan
    assert "Applied: 0 created, 1 updated." in run
    assert "Drift: 1 changed in the ERP" in drift
    for ended in ends:
        assert f"Notified {service}." in ended.err
        assert SECRET not in ended.out + ended.err
    files = [path.read_bytes() for path in credited.folder.rglob("*") if path.is_file()]
    assert not any(SECRET.encode() in content for content in files)


def test_a_redacted_command_posts_no_name(credited: Company, hook: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECONCILER_NOTIFY_URL", hook.url)
    assert credited.run("plan", "--redact", "--notify", "slack").code == 0
    assert "Fjell" not in json.dumps(hook.bodies)


@pytest.mark.parametrize("status", [404, 500])
def test_a_chat_that_fails_changes_no_exit_code(
    credited: Company, hook: Hook, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    """It is a warning."""
    monkeypatch.setenv("RECONCILER_NOTIFY_URL", hook.url)
    hook.status = status
    ended = credited.run("plan", "--notify", "slack", "--detailed-exitcode")
    assert ended.code == 2
    assert f"Not notified: The webhook of RECONCILER_NOTIFY_URL answered {status}" in ended.err
    monkeypatch.delenv("RECONCILER_NOTIFY_URL")
    ended = credited.run("plan", "--notify", "slack", "--detailed-exitcode")
    assert ended.code == 2
    assert "Not notified: RECONCILER_NOTIFY_URL is not set" in ended.err


def test_nothing_to_do_is_no_news_for_a_chat(company: Company, hook: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECONCILER_NOTIFY_URL", hook.url)
    company.declare(ONE.format(limit=1))
    assert company.apply().code == 0
    assert "Nothing to tell slack." in company.run("plan", "--notify", "slack").err
    assert hook.bodies == []
