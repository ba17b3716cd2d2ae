"""No write without consent: every command that there is, tried without it, leaves the ERP as it was."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from typer.main import get_command

from reconciler.cli.shell.application import app
from reconciler.cli.shell.command_list import HIDDEN, SUMMARIES
from reconciler.cli.shell.session import Session
from tests.acceptance.conftest import Company, Ended

DECLARED = """\
- {number: 1, creditLimit: 111}
- {number: 2, name: Ny AS, note: Hello}
- {ref: a, name: Numbered by the ERP, corporateId: "900000001"}
"""
LETTER = ("10000", "--date", "2026-01-31", "--level-from", "1", "--level-to", "2")

ATTEMPTS: dict[tuple[str, ...], tuple[str, ...]] = {
    ("init",): ("project",),
    ("validate",): (),
    ("fmt",): (),
    ("plan",): ("-o", "plan.json"),
    ("show",): ("RUN",),
    ("apply",): (),
    ("drift",): (),
    ("accept",): (),
    ("schema",): ("customer",),
    ("auth",): (),
    ("export",): ("-o", "exported"),
    ("import",): ("k.csv",),
    ("demo",): (),
    ("explain",): ("drift",),
    ("version",): (),
    ("customers", "list"): (),
    ("customers", "show"): ("1",),
    ("dunning-letter", "create"): LETTER,
    ("runs", "list"): (),
    ("runs", "show"): ("RUN",),
    ("runs", "resume"): (),
    ("runs", "undo"): ("RUN",),
    ("state", "show"): (),
    ("state", "unlock"): (),
    ("state", "copy"): ("--to", "copy.db"),
    ("state", "rekey"): (),
    ("state", "clear"): (),
    ("sandbox", "serve"): ("--port", "-1"),
    ("sandbox", "seed"): ("--count", "2"),
    ("sandbox", "edit"): ("10000", "gln=1"),
    ("sandbox", "create"): ("name=Clerk AS",),
    ("sandbox", "renumber"): ("10000", "10001"),
    ("sandbox", "reset"): (),
    ("fleet", "validate"): (),
    ("fleet", "init"): ("tenants.csv", "offices"),
    ("fleet", "plan"): (),
    ("fleet", "apply"): (),
    ("fleet", "drift"): (),
    ("fleet", "status"): (),
    ("mark-applied",): (),
    ("github",): ("apply",),
}
"""Arguments for each command of the registry, RUN for the newest run. `sandbox` and `demo` write to an ERP of their
own, and never to this one."""

ANSWERS = ("", "no", "y", "Yes", "YES", "yes!", "true", "j\u0435s")
"""What is not `yes`; the last one has a letter that only looks like one."""


def registry() -> dict[tuple[str, ...], Any]:
    """Every command that can be run, with what it takes."""
    root: Any = get_command(app)
    return {
        words: found for name in (*SUMMARIES, *HIDDEN) for words, found in _below(root.get_command(None, name), (name,))
    }


def _below(command: Any, words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    if not hasattr(command, "commands"):
        yield words, command
        return
    for name in command.commands:
        yield from _below(command.get_command(None, name), (*words, name))


ASKING = [words for words, command in registry().items() if "auto_approve" in {each.name for each in command.params}]


@pytest.fixture
def pending(company: Company) -> Company:
    """An ERP with an applied run that could be undone, and declarations that differ again."""
    company.sandbox.switch(numbering="mixed")
    company.store.seed(2, 1, start=1)
    company.store.seed(1, 1, start=10000)
    company.declare("[{number: 1, creditLimit: 5}, {number: 2, gln: x}]")
    assert company.apply().code == 0
    company.declare(DECLARED)
    company.sandbox.runtime.requests.clear()
    return company


def ledger(company: Company) -> tuple[Any, ...]:
    """All that a write would change: the customers, and every request but reads and those for a token."""
    writes = [each for each in company.sandbox.requests if each["method"] != "GET" and "/token" not in each["target"]]
    return list(company.store.customers()), company.store.write_log(), writes


def words_of(company: Company, command: tuple[str, ...]) -> list[str]:
    """The command with its arguments."""
    (run,) = company.run("runs", "list", "--format", "json").json["runs"]
    return [*command, *(run["id"] if each == "RUN" else each for each in ATTEMPTS[command])]


def answered(company: Company, monkeypatch: pytest.MonkeyPatch, answer: str, *words: str) -> Ended:
    """Run a command at a terminal where somebody types the answer, and whatever else is asked, that too."""
    with monkeypatch.context() as patch:
        patch.setattr(Session, "is_interactive", True)
        patch.setattr("sys.stdin", io.StringIO(f"{answer}\n" * 5))
        return company.run(*words)


def test_every_command_that_there_is_is_tried() -> None:
    assert set(ATTEMPTS) == set(registry())
    assert set(ASKING) >= {("apply",), ("runs", "undo"), ("dunning-letter", "create")}


def test_no_command_writes_where_nobody_consents(pending: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """Standard input is at its end, as in a CI job."""
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    attempts = [words_of(pending, command) for command in ATTEMPTS]
    before = ledger(pending)
    for words in attempts:
        pending.run(*words)
        assert ledger(pending) == before, words


@pytest.mark.parametrize("command", ASKING, ids=" ".join)
def test_no_other_option_is_consent(
    pending: Company, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    """Each switch but the one that means it, and all of them at once."""
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    switches = [
        each.opts[0]
        for each in registry()[command].params
        if getattr(each, "is_flag", False) and each.name not in ("auto_approve", "help")
    ]
    words, before = words_of(pending, command), ledger(pending)
    for options in (switches, *([each] for each in switches)):
        assert pending.run(*words, *options).code in (0, 64)
        assert ledger(pending) == before, options
    monkeypatch.setenv("RECONCILER_AUTO_APPROVE", "false")
    assert pending.run(*words).code == 64
    assert ledger(pending) == before


@pytest.mark.parametrize("command", ASKING, ids=" ".join)
def test_no_answer_but_yes_is_consent(
    pending: Company, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    """And `yes` is: a state that is cleared is gone, all else has written."""
    state = pending.folder / ".reconciler" / "state.db"
    words, before = words_of(pending, command), ledger(pending)
    for answer in ANSWERS:
        ended = answered(pending, monkeypatch, answer, *words)
        assert ended.code == 1, answer
        assert "Only 'yes' is accepted" in " ".join(ended.err.split())
        assert ledger(pending) == before, answer
        assert state.exists(), answer
    ended = answered(pending, monkeypatch, "yes", *words)
    assert ended.code == 0, ended.err
    assert (ledger(pending) != before) == state.exists()


def test_what_is_asked_for_consent_was_shown_first(pending: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every value that a `yes` sends stands above the question."""
    written = len(pending.store.write_log())
    refused = answered(pending, monkeypatch, "no", "apply")
    ended = answered(pending, monkeypatch, "yes", "apply")
    assert ended.code == 0, ended.err
    sent = [value for row in pending.store.write_log()[written:] for value in _values(row["body"])]
    assert len(sent) >= 5
    assert [value for value in sent if f" {_told(value)} " not in refused.out.replace("\n", " ")] == []


def _told(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str | bool) else str(value)


def _values(body: Any) -> Iterator[Any]:
    if isinstance(body, dict):
        for each in body.values():
            yield from _values(each)
    else:
        yield body
