"""A real `apply` killed at every boundary, stopped by signals, and started twice: nothing twice, nothing lost."""

from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from reconciler.cli.shell.session import Session
from reconciler.cli.shell.stopping import Stopping, stop_signals
from reconciler.sandbox import app as gateway
from tests.acceptance.conftest import Company, Ended
from tests.campaign.forker import Forker

DECLARED = """\
- {number: 1, creditLimit: 111}
- {number: 2, creditLimit: 222}
- {number: 20, name: Child, parentRecordNumber: 30}
- {number: 30, name: Parent, customerClassId: "1"}
- {ref: a, name: Numbered by the ERP, corporateId: "900000001"}
- {ref: b, name: Numbered too, corporateId: "900000002", parentRecordNumber: {ref: a}}
"""
ACTIONS = 6
REQUESTS = 3 + ACTIONS + 1  # token, list, classes; the writes; the list again
ERPS_OWN = 100000  # where the ERP's number series starts


@dataclass(frozen=True)
class Point:
    """Where the process dies: before or after the nth call of `what`, a request or a method of the journal."""

    what: str
    nth: int
    when: str
    parallelism: int = 1

    def __str__(self) -> str:
        return f"{self.when} {self.what} {self.nth}" + (f" of {self.parallelism}" if self.parallelism > 1 else "")


def _points() -> list[Point]:
    sides = ("before", "after")
    found = [Point("request", nth, when) for nth in range(1, REQUESTS + 1) for when in sides]
    found += [Point("request", nth, when, 4) for nth in range(4, 4 + ACTIONS) for when in sides]
    found += [
        Point(what, nth, when) for what in ("intend", "finish") for nth in range(1, ACTIONS + 1) for when in sides
    ]
    found += [Point(what, 1, when) for what in ("begin", "record", "close") for when in sides]
    return found


POINTS = _points()


def test_at_least_sixty_points_are_tried() -> None:
    print(f"{len(POINTS)} kill points")
    assert len(set(POINTS)) >= 60


@pytest.fixture
def mixed(company: Company) -> Company:
    """Two live customers to update, and an ERP that numbers whom the declarations do not."""
    company.sandbox.switch(numbering="mixed", number_start=ERPS_OWN)
    company.store.seed(2, 1, start=1)
    for number in "12":
        company.store.edit(number, {"creditLimit": 5})
    company.declare(DECLARED)
    return company


def started(
    company: Company, *words: str, program: tuple[str, ...] = ("-m", "reconciler"), **environ: str
) -> subprocess.Popen[str]:
    """A real process in the company's folder. program: what Python is given instead of the package."""
    return subprocess.Popen(
        [sys.executable, *program, "--chdir", str(company.folder), *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        env={**os.environ, **environ},
    )


def ended(process: subprocess.Popen[str]) -> Ended:
    """How it ended, soon."""
    out, err = process.communicate(timeout=60)
    return Ended(process.returncode, out, err)


Kill = Callable[[Company, Point, list[str]], None]


@pytest.fixture(scope="module")
def forker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forker]:
    with Forker(tmp_path_factory.mktemp("forker"), {}) as found:
        yield found


@pytest.fixture
def kill(forker: Forker, monkeypatch: pytest.MonkeyPatch) -> Kill:
    """Start the command in a process of its own and kill it at the point; the point must be reached."""

    def killed(company: Company, point: Point, command: list[str]) -> None:
        hangup = gateway.wait_for_hangup

        async def struck(receive: Any, seconds: float) -> None:
            forker.kill()
            await hangup(receive, seconds)

        kill_at = ""
        if point.what == "request":
            monkeypatch.setattr(gateway, "wait_for_hangup", struck)
            company.sandbox.fault(kind="hang", when=point.when, skip=point.nth - 1, seconds=30)
        else:
            kill_at = f"{point.what}:{point.nth}:{point.when}"
        secrets = {name: os.environ[name] for name in ("VISMA_CLIENT_ID", "VISMA_CLIENT_SECRET")}
        how = forker.run("--chdir", str(company.folder), *command, kill_at=kill_at, environ=secrets)
        assert how.code == -signal.SIGKILL, f"{point} was not reached: {how}"
        monkeypatch.setattr(gateway, "wait_for_hangup", hangup)
        company.sandbox.runtime.faults.clear()

    return killed


def short_wait(company: Company) -> None:
    """What the ERP may still be creating is waited for a second, not five minutes."""
    path = company.folder / "reconciler.yaml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("page_size", "longest_answer: 1, page_size"), encoding="utf-8"
    )


def puts(company: Company, number: str) -> int:
    return sum(row["method"] == "PUT" and row["number"] == number for row in company.store.write_log())


def assert_as_desired(company: Company) -> None:
    """The live customers are what is declared, each once, and the ERP saw no create that was not needed."""
    assert company.undone() == {}
    customers = {each["number"]: each for each in company.store.customers()}
    assert sorted(each["name"] for number, each in customers.items() if number not in ("1", "2")) == [
        "Child",
        "Numbered by the ERP",
        "Numbered too",
        "Parent",
    ]
    assert {"1", "2", "20", "30"} < set(customers)
    assert customers["20"]["parentRecordNumber"] == "30"
    by_name = {customer["name"]: customer for customer in customers.values()}
    assert by_name["Numbered too"]["parentRecordNumber"] == by_name["Numbered by the ERP"]["number"]
    assert [str(customers[number]["creditLimit"]) for number in "12"] == ["111", "222"]
    posts = [row["number"] for row in company.store.write_log() if row["method"] == "POST"]
    assert len(posts) == len(set(posts)) == 4
    assert puts(company, "1") == 1


@pytest.mark.parametrize(("at", "point"), list(enumerate(POINTS)), ids=str)
def test_killed_at_any_moment_the_work_is_completed_with_nothing_twice(
    mixed: Company, kill: Kill, at: int, point: Point
) -> None:
    kill(mixed, point, ["apply", "--auto-approve", "--parallelism", str(point.parallelism)])
    short_wait(mixed)
    was_updated = puts(mixed, "2")
    resumes = (point.nth + (point.when == "after")) % 2 == 0  # every second point, on both sides
    clerk = at % 3 == 0
    if clerk:
        mixed.store.edit("2", {"creditLimit": 999} if resumes else {"gln": "CLERK"})
    if resumes:
        again = mixed.run("runs", "resume")
        begun = "no run to go on with" not in again.err
        assert again.code in ((0, 5) if clerk else (0,)), again
        if clerk:
            assert str(mixed.store.customer("2")["creditLimit"]) == "999"
        if clerk or not begun:
            assert mixed.apply().code == 0
    else:
        again = mixed.apply()
        assert again.code == 0, again
        if clerk:
            assert mixed.store.customer("2")["gln"] == "CLERK"
    assert_as_desired(mixed)
    assert puts(mixed, "2") == 1 + (clerk and resumes and was_updated)
    statuses = [each["status"] for each in mixed.run("runs", "list", "--format", "json").json["runs"]]
    assert set(statuses) <= {"done", "interrupted", "partial"}


@pytest.mark.parametrize("nth", range(1, 5))
def test_a_resume_that_is_killed_too_is_resumed(mixed: Company, kill: Kill, nth: int) -> None:
    kill(mixed, Point("intend", nth, "after"), ["apply", "--auto-approve", "--parallelism", "1"])
    short_wait(mixed)
    for _ in range(2):
        kill(mixed, Point("finish", 1, "before"), ["runs", "resume", "--parallelism", "1"])
    assert mixed.run("runs", "resume").code == 0
    assert_as_desired(mixed)
    assert len(mixed.bodies()) == ACTIONS


def test_what_a_killed_run_may_have_done_is_shown(mixed: Company, kill: Kill) -> None:
    kill(mixed, Point("finish", 3, "before"), ["apply", "--auto-approve", "--parallelism", "1"])
    (run,) = mixed.run("runs", "list", "--format", "json").json["runs"]
    assert (run["status"], run["open"], run["outcomes"]) == ("killed", 1, {"done": 2})
    assert mixed.run("runs", "list").out.splitlines()[1].endswith("2 done, 3 not sent, 1 unclear")
    shown = mixed.run("show", run["id"]).out
    assert "it may or may not be done" in shown
    assert "3 not sent: The run ended before it." in shown
    assert f"→ reconciler runs resume {run['id']}" in shown
    assert f"not finished: {run['id']}" in mixed.run("state", "show").out
    assert mixed.apply().code == 0
    older = mixed.run("runs", "list", "--format", "json").json["runs"][1]
    assert (older["id"], older["status"]) == (run["id"], "interrupted")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["SIGINT", "SIGTERM"])
def test_a_signal_finishes_what_is_in_flight_and_tells_what_is_not_done(
    mixed: Company, number: signal.Signals, code: int
) -> None:
    mixed.sandbox.switch(latency_ms=250)
    process = started(mixed, "apply", "--auto-approve", "--parallelism", "2")
    wait_for(lambda: len(mixed.bodies()) >= 2)
    process.send_signal(number)
    how = ended(process)
    mixed.sandbox.switch(latency_ms=0)
    assert how.code == code, how
    assert "Stopping: finishing the requests in flight" in how.err
    assert "Traceback" not in how.err
    done = len(re.findall("^✓", how.out, re.MULTILINE))
    unsent = sum(map(int, re.findall("^✗ ([0-9]+) not sent: the run was stopped", how.out, re.MULTILINE)))
    assert done == len(mixed.bodies()), how.out
    assert (done + unsent, unsent > 0) == (ACTIONS, True), how.out
    (run,) = mixed.run("runs", "list", "--format", "json").json["runs"]
    assert f"reconciler runs resume {run['id']}" in how.err
    assert (run["status"], run["open"], run["outcomes"]) == ("interrupted", 0, {"done": done, "skipped": unsent})
    assert mixed.run("runs", "resume").code == 0
    assert_as_desired(mixed)
    assert len(mixed.bodies()) == ACTIONS


def test_a_second_signal_ends_a_hanging_request_at_once_and_loses_nothing(mixed: Company) -> None:
    """What is done is shown and recorded, what is in flight stays open, and the run is resumed."""
    mixed.sandbox.fault(kind="hang", method="PUT", when="after", skip=1, seconds=40)
    process = started(mixed, "apply", "--auto-approve", "--parallelism", "1")
    wait_for(lambda: len(mixed.bodies()) >= 2)
    begun = time.monotonic()
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    while "Stopping" not in process.stderr.readline():
        pass
    process.send_signal(signal.SIGINT)
    how = ended(process)
    assert time.monotonic() - begun < 20, "it waited for the hanging request"
    assert how.code == 130, how
    assert "Traceback" not in how.err
    assert "✓ 1 updated" in how.out
    assert "✗ 2 unclear" in how.out
    assert "it may or may not be done" in how.out
    assert re.search(r"^✗ 4 not sent: the run was stopped\.\n    30, ref a, 20, ref b$", how.out, re.MULTILINE), how.out
    assert "Applied: 0 created, 1 updated, 4 not sent, 1 unclear." in how.out
    (run,) = mixed.run("runs", "list", "--format", "json").json["runs"]
    assert f"reconciler runs resume {run['id']}" in how.err
    assert (run["status"], run["open"], run["outcomes"]) == ("interrupted", 1, {"done": 1, "skipped": 4})
    mixed.sandbox.runtime.faults.clear()
    assert mixed.run("runs", "resume").code == 0
    assert_as_desired(mixed)
    assert len(mixed.bodies()) == ACTIONS


def test_of_two_applies_started_together_one_applies_and_the_other_names_it(mixed: Company) -> None:
    mixed.sandbox.switch(latency_ms=200)
    processes = [started(mixed, "apply", "--auto-approve") for _ in range(2)]
    ends = [ended(process) for process in processes]
    mixed.sandbox.switch(latency_ms=0)
    assert sorted(each.code for each in ends) == [0, 6], ends
    (loser,) = (each for each in ends if each.code == 6)
    (winner,) = (process.pid for process, each in zip(processes, ends, strict=True) if each.code == 0)
    assert f"process {winner}" in loser.err
    assert re.search(r"since \d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z", loser.err)
    assert_as_desired(mixed)
    assert len(mixed.bodies()) == ACTIONS


def wait_for(condition: Callable[[], bool], seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.01)


def test_a_second_signal_while_the_first_one_is_being_told_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error there would end the apply as one of its own, once the hanging request has its answer."""

    class Stream(io.RawIOBase):
        told = b""

        def writable(self) -> bool:
            return True

        def write(self, data: Any) -> int:
            self.told += bytes(data)
            if self.told == bytes(data):
                signal.raise_signal(signal.SIGINT)
            return len(data)

    stream, stopping = Stream(), Stopping()
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(io.BufferedWriter(stream)))
    with stop_signals(Session(None, None, None, quiet=False, environ={}), stopping):
        signal.raise_signal(signal.SIGINT)
    assert stopping.is_at_once()
    assert stream.told.startswith(b"Stopping: ")
