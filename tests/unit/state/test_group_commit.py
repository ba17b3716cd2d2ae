"""Threads that write at the same time share a transaction, and none waits for a later one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import cast

import pytest

from reconciler.state.group_commit import GroupCommit
from reconciler.state.port import Check, Connection, Work


class Commits:
    """Transactions that take until they are let go, and what went into each."""

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.gates: list[threading.Event] = []
        self.begun = threading.Semaphore(0)
        self.group = GroupCommit(self._transact)

    def _transact(self, works: Sequence[Work]) -> list[Check | None]:
        self.batches.append(len(works))
        gate = threading.Event()
        self.gates.append(gate)
        self.begun.release()
        assert gate.wait(10)
        return [work(cast(Connection, None)) for work in works]

    def writing(self, pool: ThreadPoolExecutor, work: Work = lambda _db: None) -> Future[None]:
        """A thread that writes; it waits for its turn when this returns."""
        before = self.waiting
        future = pool.submit(self.group.write, work)
        until(lambda: self.waiting > before)
        return future

    @property
    def waiting(self) -> int:
        return len(self.group._waiting) + sum(self.batches)

    def let_go(self) -> None:
        """Wait until the next transaction is under way, and let it commit."""
        assert self.begun.acquire(timeout=10)
        self.gates[-1].set()


def until(condition: Callable[[], bool]) -> None:
    gone = threading.Event()
    for _ in range(10_000):
        if condition():
            return
        gone.wait(0.001)
    raise AssertionError("it did not come about")


def test_whoever_waits_goes_into_the_next_transaction_together() -> None:
    commits = Commits()
    with ThreadPoolExecutor(9) as pool:
        futures = [commits.writing(pool) for _ in range(9)]
        commits.let_go()
        commits.let_go()
        for future in futures:
            future.result(10)
    assert commits.batches == [1, 8]


def test_whose_work_is_safe_goes_on_while_the_next_transaction_is_under_way() -> None:
    """Otherwise each would pay for two: its own, and the one after it."""
    commits = Commits()
    with ThreadPoolExecutor(9) as pool:
        first = commits.writing(pool)
        second = [commits.writing(pool) for _ in range(7)]
        commits.let_go()
        first.result(10)
        assert commits.begun.acquire(timeout=10)
        late = commits.writing(pool)
        commits.gates[-1].set()
        assert commits.begun.acquire(timeout=10), "the late one's transaction is under way"
        for future in second:
            future.result(10)
        assert not late.done()
        commits.gates[-1].set()
        late.result(10)
    assert commits.batches == [1, 7, 1]


def test_a_check_that_fails_is_told_to_its_own_thread_alone_and_nothing_is_written_twice() -> None:
    commits, ran = Commits(), []

    def refused() -> None:
        raise ValueError("nothing to change")

    def work(_db: Connection) -> Check:
        ran.append("bad")
        return refused

    with ThreadPoolExecutor(3) as pool:
        first = commits.writing(pool)
        good, bad = commits.writing(pool), commits.writing(pool, work)
        commits.let_go()
        commits.let_go()
        for future in (first, good):
            future.result(10)
        with pytest.raises(ValueError, match="nothing to change"):
            bad.result(10)
    assert (commits.batches, ran) == ([1, 2], ["bad"])
