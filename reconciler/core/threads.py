"""Work on threads that end with the process: what hangs in one must not keep a stopped run from ending."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import TypeVar

T = TypeVar("T")


def run_in_daemon_thread(work: Callable[[], T]) -> Future[T]:
    """The work's result or failure to come. An executor's threads would be waited for at the end of the process."""
    future: Future[T] = Future()
    threading.Thread(target=_run, args=(work, future), daemon=True).start()
    return future


class DaemonThreads:
    """Threads that take one task after another: starting a thread can take longer than its task. Safe for threads.

    There are never more of them than were busy at one time.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[SimpleQueue[Callable[[], None] | None]] = []
        self._is_closed = False

    def run(self, work: Callable[[], T]) -> Future[T]:
        """The work's result or failure to come."""
        future: Future[T] = Future()

        def task() -> None:
            _run(work, future)

        with self._lock:
            inbox = self._idle.pop() if self._idle else None
        if inbox is None:
            inbox = SimpleQueue()
            threading.Thread(target=self._serve, args=(inbox,), daemon=True).start()
        inbox.put(task)
        return future

    def close(self) -> None:
        """End those that have nothing to do, and the others once they are done; nobody waits for that."""
        with self._lock:
            self._is_closed = True
            for inbox in self._idle:
                inbox.put(None)

    def _serve(self, inbox: SimpleQueue[Callable[[], None] | None]) -> None:
        while (task := inbox.get()) is not None:
            task()
            with self._lock:
                if self._is_closed:
                    return
                self._idle.append(inbox)


def _run(work: Callable[[], T], future: Future[T]) -> None:
    try:
        future.set_result(work())
    except BaseException as error:  # noqa: BLE001 - it is handed to whoever asks for the result
        future.set_exception(error)
