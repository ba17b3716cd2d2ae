"""Standard output that nobody reads: what is written, recorded and answered is the same as with a reader."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.conftest import Company, Ended
from tests.acceptance.test_kill import wait_for

CUSTOMERS = 6
DECLARED = "".join(f"- {{number: {number}, name: Customer {number}}}\n" for number in range(1, CUSTOMERS + 1))
SURROUNDINGS: list[dict[str, str]] = [{}, {"COLUMNS": "100"}, {"FORCE_COLOR": "1", "PYTHONUNBUFFERED": "1"}]
CLOSED = "Standard output was closed before all was written."

surrounded = pytest.mark.parametrize("environ", SURROUNDINGS, ids=["plain", "COLUMNS", "FORCE_COLOR"])
briefly = pytest.mark.parametrize("environ", SURROUNDINGS[:2], ids=["plain", "COLUMNS"])


def begun(company: Company, *words: str, **options: Any) -> subprocess.Popen[bytes]:
    """A real process, whose standard output is a pipe unless the options say otherwise."""
    environ = options.pop("environ", {})
    streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    command = [sys.executable, "-m", "reconciler", "--chdir", str(company.folder), *words]
    return subprocess.Popen(command, env={**os.environ, **environ}, **streams)


def ended(process: subprocess.Popen[bytes]) -> Ended:
    """How it ended, once its reader is gone."""
    assert process.stderr is not None
    err = process.stderr.read().decode()
    process.stderr.close()
    return Ended(process.wait(timeout=60), "", err)


def unread(company: Company, *words: str, **environ: str) -> Ended:
    """A command whose reader left before it began."""
    reading, writing = os.pipe()
    os.close(reading)
    process = begun(company, *words, environ=environ, stdout=writing)
    os.close(writing)
    return ended(process)


def only_run(company: Company) -> Any:
    (run,) = company.run("runs", "list", "--format", "json").json["runs"]
    return run


@pytest.fixture
def declared(company: Company) -> Company:
    company.declare(DECLARED)
    return company


@surrounded
@pytest.mark.parametrize("form", ["text", "json"])
def test_an_apply_without_a_reader_writes_all_and_says_so(
    declared: Company, environ: dict[str, str], form: str
) -> None:
    how = unread(declared, "--quiet", "apply", "--auto-approve", "--format", form, **environ)
    assert how.code == 0, how
    assert how.err.count(CLOSED) == 1
    assert f"Applied: {CUSTOMERS} created, 0 updated." in how.err
    assert declared.store.count() == CUSTOMERS
    assert (only_run(declared)["status"], only_run(declared)["open"]) == ("done", 0)


@surrounded
def test_a_reader_that_leaves_after_the_first_line_stops_no_apply(declared: Company, environ: dict[str, str]) -> None:
    declared.sandbox.switch(latency_ms=100)
    process = begun(declared, "apply", "--auto-approve", "--parallelism", "1", environ=environ)
    assert process.stdout is not None
    assert process.stdout.readline()
    process.stdout.close()
    how = ended(process)
    assert how.code == 0, how
    assert f"{CLOSED} Applied: {CUSTOMERS} created, 0 updated." in how.err
    assert (only_run(declared)["status"], declared.store.count()) == ("done", CUSTOMERS)


@surrounded
def test_a_reader_that_leaves_in_mid_apply_changes_neither_the_writes_nor_the_exit_code(
    declared: Company, environ: dict[str, str]
) -> None:
    """One customer is refused: the command still ends with 5, and `runs resume` does the rest."""
    declared.sandbox.switch(latency_ms=200)
    declared.sandbox.fault(kind="respond", method="POST", status=400, body='{"message": "No."}', skip=4)
    process = begun(declared, "apply", "--auto-approve", "--parallelism", "1", environ=environ)
    assert process.stdout is not None
    wait_for(lambda: declared.store.count() >= 1)
    process.stdout.close()
    how = ended(process)
    assert how.code == 5, how
    assert f"{CLOSED} Applied: {CUSTOMERS - 1} created, 0 updated, 1 failed." in how.err
    assert (only_run(declared)["status"], declared.store.count()) == ("partial", CUSTOMERS - 1)
    declared.sandbox.switch(latency_ms=0)
    how = unread(declared, "runs", "resume", **environ)
    assert how.code == 0, how
    assert CLOSED in how.err
    assert (only_run(declared)["status"], declared.store.count()) == ("done", CUSTOMERS)


@briefly
def test_a_stopped_apply_names_runs_resume_also_without_a_reader_and_with_quiet(
    declared: Company, environ: dict[str, str]
) -> None:
    declared.sandbox.switch(latency_ms=250)
    process = begun(declared, "--quiet", "apply", "--auto-approve", "--parallelism", "1", environ=environ)
    assert process.stdout is not None
    process.stdout.close()
    wait_for(lambda: declared.store.count() >= 1)
    process.terminate()
    how = ended(process)
    assert how.code == 143, how
    assert CLOSED in how.err
    assert f"Go on with: reconciler runs resume {only_run(declared)['id']}" in how.err


@briefly
def test_nobody_reads_either_stream_and_all_is_written(declared: Company, environ: dict[str, str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    process = begun(declared, "apply", "--auto-approve", environ=environ, stdout=writing, stderr=writing)
    os.close(writing)
    assert process.wait(timeout=60) == 0
    assert (only_run(declared)["status"], declared.store.count()) == ("done", CUSTOMERS)


@briefly
@pytest.mark.parametrize(
    ("words", "code", "outcome"),
    [
        (("plan", "--detailed-exitcode"), 2, f"Plan: {CUSTOMERS} to create"),
        (("plan", "--format", "json"), 0, f"Plan: {CUSTOMERS} to create"),
        (("drift",), 0, f"Drift: {CUSTOMERS} missing."),
        (("validate",), 0, f"Valid: {CUSTOMERS} declarations."),
        (("customers", "list"), 0, ""),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_what_only_reads_keeps_its_exit_code_and_says_its_outcome(
    declared: Company, words: tuple[str, ...], code: int, outcome: str, environ: dict[str, str]
) -> None:
    how = unread(declared, *words, **environ)
    assert how.code == code, how
    assert how.err.count(CLOSED) == 1
    assert outcome in how.err
    assert "Traceback" not in how.err


def test_a_list_whose_reader_left_asks_for_no_further_page(company: Company) -> None:
    company.settings(page_size=10)
    company.store.seed(100, 1)
    assert unread(company, "customers", "list").code == 0
    pages = [request for request in company.sandbox.requests if "/customer?" in request["target"]]
    assert 1 <= len(pages) < 5, "the list has ten pages"


@pytest.mark.parametrize("command", ["apply", "runs undo"])
def test_a_plan_that_could_not_be_shown_is_never_agreed_to(declared: Company, command: str) -> None:
    """At a terminal, with standard output closed: the question is not even asked."""
    words = [command]
    if command == "runs undo":
        assert declared.apply().code == 0
        words = ["runs", "undo", only_run(declared)["id"], "--deactivate-creates"]
    bodies = len(declared.bodies())
    ours, terminal = pty.openpty()
    reading, writing = os.pipe()
    os.close(reading)
    os.write(ours, b"yes\n")
    process = begun(declared, *words, stdin=terminal, stdout=writing, stderr=terminal)
    os.close(writing)
    os.close(terminal)
    said = b""
    while b"apply that file" not in said:
        said += os.read(ours, 4096)
    code = process.wait(timeout=60)
    os.close(ours)
    assert code == 4, said
    assert b"Nothing was written: the plan could not be shown" in said
    assert b"Only 'yes' is accepted" not in said
    assert len(declared.bodies()) == bodies


@pytest.mark.parametrize("words", [("apply", "plan.json"), ("apply", "--digest", "DIGEST")], ids=["saved", "digest"])
def test_a_reviewed_plan_needs_no_reader(declared: Company, words: tuple[str, ...]) -> None:
    digest = declared.run("plan", "-o", str(declared.folder / "plan.json"), "--format", "json").json["changes_digest"]
    how = unread(declared, *(digest if word == "DIGEST" else word for word in words))
    assert how.code == 0, how
    assert declared.store.count() == CUSTOMERS


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no device that is always full")
@briefly
def test_a_full_disk_fails_what_only_reads_and_not_what_was_applied(declared: Company, environ: dict[str, str]) -> None:
    for words, code in ((("plan",), 1), (("apply", "--auto-approve"), 0), (("plan",), 1)):
        with Path("/dev/full").open("wb") as full:
            how = ended(begun(declared, *words, environ=environ, stdout=full))
        assert how.code == code, how
        assert "Standard output cannot be written: No space left on device." in how.err
        assert "Traceback" not in how.err
    assert declared.store.count() == CUSTOMERS
