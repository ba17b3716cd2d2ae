"""Threads that take one task after another."""

from __future__ import annotations

import threading

import pytest

from reconciler.core.threads import DaemonThreads


def test_works_are_under_way_at_the_same_time_on_threads_that_end_with_the_process() -> None:
    threads, both = DaemonThreads(), threading.Barrier(3, timeout=30)
    assert threads.run(threading.current_thread).result().daemon
    for _ in range(2):
        threads.run(both.wait)
    both.wait()  # breaks unless both are under way
    threads.close()


def test_a_failure_is_handed_to_who_asks_and_the_thread_goes_on() -> None:
    threads = DaemonThreads()
    with pytest.raises(ZeroDivisionError):
        threads.run(lambda: 1 // 0).result()
    assert threads.run(lambda: 7).result() == 7
    threads.close()


def test_threads_end_once_they_are_closed_and_done() -> None:
    threads, may_end = DaemonThreads(), threading.Event()
    idle = threads.run(threading.current_thread).result()
    busy = threads.run(threading.current_thread).result()
    last = threads.run(may_end.wait)
    threads.close()
    may_end.set()
    assert last.result() is True
    for thread in (idle, busy):
        thread.join(30)
        assert not thread.is_alive()
