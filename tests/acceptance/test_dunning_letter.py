"""`dunning-letter create`: sent once, only with consent, and judged by what the ERP answers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.acceptance.conftest import Company, Ended

ACTION = "/action/createDunningLetter"
ORDER = ("--date", "2026-01-31", "--level-from", "1", "--level-to", "2")


@pytest.fixture
def seeded(company: Company) -> Company:
    """Two customers, one of them with an odd number."""
    company.declare("[{number: 10000, name: A}, {number: A/B 7, name: B}]")
    assert company.apply().code == 0
    company.sandbox.runtime.requests.clear()
    return company


def create(company: Company, *more: str, number: str = "10000") -> Ended:
    return company.run("dunning-letter", "create", number, *ORDER, *more)


def sent(company: Company) -> list[str]:
    """The actions that were asked for."""
    return [each["target"] for each in company.sandbox.requests if ACTION in each["target"]]


def answer(company: Company, body: Any, status: int = 200) -> None:
    text = body if isinstance(body, str) else json.dumps(body)
    company.sandbox.fault(kind="respond", method="POST", path=ACTION, status=status, body=text)


def test_the_body_is_the_documented_one_unwrapped(seeded: Company) -> None:
    ended = create(seeded, "--auto-approve")
    assert ended.code == 0, ended.err
    assert seeded.bodies()[-1] == {"dunningLetterDate": "2026-01-31T00:00:00", "levelFrom": 1, "levelTo": 2}
    assert sent(seeded) == [f"/v1/customer/10000{ACTION}"]
    assert "POST /v1/customer/10000/action/createDunningLetter" in ended.out
    assert "was created" in ended.out


def test_a_number_with_reserved_characters_is_reached(seeded: Company) -> None:
    assert create(seeded, "--auto-approve", number="A/B 7").code == 0
    assert seeded.store.write_log()[-1]["number"] == "A/B 7"


def test_without_a_terminal_it_needs_auto_approve(seeded: Company) -> None:
    ended = create(seeded)
    assert ended.code == 64
    assert "--auto-approve" in ended.err
    assert sent(seeded) == []


def test_a_dry_run_shows_the_request_and_sends_nothing(seeded: Company) -> None:
    for more in (["--dry-run"], ["--dry-run", "--auto-approve"]):
        ended = create(seeded, *more)
        assert ended.code == 0, ended.err
        assert json.loads(ended.out.partition("\n")[2]) == {
            "dunningLetterDate": "2026-01-31T00:00:00", "levelFrom": 1, "levelTo": 2,
        }  # fmt: skip
    assert seeded.sandbox.requests == []


@pytest.mark.parametrize(("typed", "code", "count"), [("yes", 0, 1), ("y", 1, 0), ("", 1, 0), ("no", 1, 0)])
def test_on_a_terminal_only_yes_sends_it(
    seeded: Company, monkeypatch: pytest.MonkeyPatch, typed: str, code: int, count: int
) -> None:
    import typer

    from reconciler.cli.shell.session import Session

    monkeypatch.setattr(Session, "is_interactive", True)
    monkeypatch.setattr(typer, "prompt", lambda *_args, **_more: typed)
    ended = create(seeded)
    assert ended.code == code
    assert len(sent(seeded)) == count
    assert "Only 'yes' is accepted" in ended.err


@pytest.mark.parametrize("status", [200, 201])
@pytest.mark.parametrize("word", ["Done", "Queued", "InProcess", "done"])
def test_any_success_is_taken_and_its_result_told(seeded: Company, status: int, word: str) -> None:
    answer(seeded, {"actionId": "a-1", "actionResult": word, "errorInfo": ""}, status)
    ended = create(seeded, "--auto-approve")
    assert ended.code == 0, ended.err
    assert "dunning letter" in ended.out
    assert "a-1" in ended.out


@pytest.mark.parametrize("word", ["Failed", "Exploded\x1b[31m"])
def test_a_result_that_is_no_success_is_an_error_with_the_erps_reason_made_harmless(seeded: Company, word: str) -> None:
    answer(seeded, {"actionId": "a-1", "actionResult": word, "errorInfo": "No open\x1b]0;x\x07 documents"})
    ended = create(seeded, "--auto-approve")
    assert ended.code == 1
    assert "No open" in ended.err
    assert not {"\x1b", "\x07"} & set(ended.err + ended.out)
    assert len(sent(seeded)) == 1


def test_a_call_put_into_the_background_is_told(seeded: Company) -> None:
    answer(seeded, {"id": "job-9", "stateLocation": "https://x/v1/background/job-9"}, 202)
    ended = create(seeded, "--auto-approve")
    assert ended.code == 0
    assert "background" in ended.out
    assert "job-9" in ended.out


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "reset", "when": "after"},
        {"kind": "reset", "when": "before"},
        {"kind": "respond", "status": 502, "body": "<html>Bad Gateway</html>", "content_type": "text/html"},
        {"kind": "respond", "status": 500, "when": "after"},
        {"kind": "respond", "status": 200, "body": ""},
        {"kind": "respond", "status": 200, "body": "{}"},
        {"kind": "truncate", "bytes": 5},
    ],
    ids=["reset after", "reset before", "502", "500", "empty", "no result", "truncated"],
)
def test_an_unclear_answer_is_never_repeated_and_says_so(seeded: Company, fault: dict[str, Any]) -> None:
    seeded.sandbox.fault(method="POST", path=ACTION, **fault)
    ended = create(seeded, "--auto-approve")
    assert ended.code == 1
    assert "may or may not" in ended.err or "may be done" in ended.err
    assert len(sent(seeded)) == 1


def test_refusals_are_plain_errors(seeded: Company) -> None:
    ended = create(seeded, "--auto-approve", number="NOSUCH")
    assert ended.code == 1
    assert "404" in ended.err
    answer(seeded, {"message": "Levels are not set up."}, 400)
    ended = create(seeded, "--auto-approve")
    assert ended.code == 1
    assert "Levels are not set up." in ended.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["10000", "--date", "2026-02-30", "--level-from", "1", "--level-to", "2"],
        ["10000", "--date", "31.01.2026", "--level-from", "1", "--level-to", "2"],
        ["10000", "--date", "2026-01-31T00:00:00", "--level-from", "1", "--level-to", "2"],
        ["10000", "--date", "2026-01-31", "--level-from", "3", "--level-to", "2"],
        ["10000", "--date", "2026-01-31", "--level-from", "-1", "--level-to", "2"],
        ["10000", "--date", "2026-01-31", "--level-from", "one", "--level-to", "2"],
        ["10000", "--date", "2026-01-31", "--level-from", "1", "--level-to", "2147483648"],
        ["10000", "--date", "2026-01-31", "--level-from", "1"],
        ["10000", "--level-from", "1", "--level-to", "2"],
        ["", "--date", "2026-01-31", "--level-from", "1", "--level-to", "2"],
        ["--date", "2026-01-31", "--level-from", "1", "--level-to", "2"],
    ],
    ids=" ".join,
)
def test_a_bad_argument_is_wrong_usage_and_nothing_is_sent(seeded: Company, arguments: list[str]) -> None:
    ended = seeded.run("dunning-letter", "create", *arguments, "--auto-approve")
    assert ended.code == 64
    assert seeded.sandbox.requests == []
