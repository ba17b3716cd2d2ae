"""Tasks go to an executor as there is room, results come as they end, and what kills its worker is found out."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import contextmanager
from typing import Any

import pytest

from reconciler.core.fleet import EXIT_CODES, CompanyOutcome, CompanyReport, Work
from reconciler.fleet.engine import run_tasks
from reconciler.fleet.tasks import Task, TaskResult


def task(name: str) -> Task:
    return Task(name, name, Work.VALIDATE, {})


class AtOnce(Executor):
    """Ends each task when it is sent. One of them kills the worker, and all that was sent breaks with it."""

    def __init__(self, deadly: str, seen: list[str]) -> None:
        self._deadly = deadly
        self._seen = seen
        self._is_broken = False

    def submit(self, act: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        if self._is_broken:
            raise BrokenExecutor
        (sent,) = arguments
        self._seen.append(sent.name)
        future: Future[Any] = Future()
        if sent.name == self._deadly:
            self._is_broken = True
            future.set_exception(BrokenExecutor())
        else:
            outcome = CompanyOutcome.CLEAN
            future.set_result(TaskResult(CompanyReport(sent.name, sent.name, outcome, EXIT_CODES[outcome])))
        return future


class Workers:
    """An engine that counts how often it was started, and what it was sent."""

    jobs = 2
    room = 4

    def __init__(self, deadly: str = "") -> None:
        self.deadly = deadly
        self.starts = 0
        self.seen: list[str] = []
        self.is_stopped = False

    @contextmanager
    def executor(self) -> Iterator[Executor]:
        self.starts += 1
        yield AtOnce(self.deadly, self.seen)

    def stop(self) -> None:
        self.is_stopped = True


def interrupted(results: Generator[TaskResult]) -> Iterator[TaskResult]:
    """What comes after somebody pressed Ctrl-C."""
    yield results.throw(KeyboardInterrupt)
    yield from results


def outcomes(engine: Workers, names: str) -> dict[str, str]:
    results = list(run_tasks(engine, map(task, names)))
    assert len(results) == len(names)
    return {result.report.name: result.report.outcome.value for result in results}


def test_every_task_has_one_result() -> None:
    engine = Workers()
    assert outcomes(engine, "abcdefgh") == dict.fromkeys("abcdefgh", "clean")
    assert engine.starts == 1


@pytest.mark.parametrize("deadly", "adh")
def test_a_task_that_kills_each_worker_is_told_and_the_others_are_done(deadly: str) -> None:
    engine = Workers(deadly)
    assert outcomes(engine, "abcdefgh") == dict.fromkeys("abcdefgh", "clean") | {deadly: "failed"}
    assert engine.seen.count(deadly) == 3


def test_tasks_are_made_only_when_there_is_room() -> None:
    """Thousands of companies are never in memory together."""
    made: list[str] = []

    def tasks() -> Iterator[Task]:
        for at in range(100):
            made.append(str(at))
            yield task(str(at))

    results = run_tasks(Workers(), tasks())
    next(results)
    assert len(made) <= Workers.room
    results.close()


def test_an_interruption_stops_the_workers_and_is_raised_after_their_results() -> None:
    engine = Workers()
    results = run_tasks(engine, map(task, "abcdefgh"))
    next(results)
    ended: list[TaskResult] = []
    with pytest.raises(KeyboardInterrupt):
        ended.extend(interrupted(results))
    assert engine.is_stopped
