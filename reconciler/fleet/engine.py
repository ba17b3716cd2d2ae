"""Where tasks run: behind `concurrent.futures.Executor`, whatever stands behind that.

Tasks are packed when there is room for them, and results are handed on as they come, so that thousands of companies
are never in memory together. A worker that dies is replaced, and its task goes to another one.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import threading
from collections.abc import Generator, Iterable, Iterator, Mapping
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    as_completed,
    wait,
)
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.context import BaseContext
from pathlib import Path
from typing import Any, Protocol

from reconciler.core.fleet import EXIT_CODES, CompanyOutcome, CompanyReport
from reconciler.fleet.tasks import Task, TaskResult
from reconciler.fleet.worker import WorkPlace, perform, work_at
from reconciler.garbage import collect_seldom

_TRIES = 3
"""So often a task is sent to a worker: twice the worker died, and it may be the task that kills it."""


class Engine(Protocol):
    """What tasks run on."""

    @property
    def jobs(self) -> int:
        """How many run at a time; known once there is an executor."""

    @property
    def room(self) -> int:
        """How many are sent at a time: those that run, and what a worker has at hand when it has ended one."""

    def executor(self) -> AbstractContextManager[Executor]:
        """Workers that are ready for `worker.perform`; anew after they broke."""

    def stop(self) -> None:
        """Have the workers begin nothing new, and end what they write cleanly."""


@dataclass
class Processes:
    """Processes of this machine. home: the fleet's folder. environ: what the workers take credentials from.

    They start from one server process that has loaded everything once, where the system has that.
    """

    jobs: int
    home: Path
    environ: Mapping[str, str]
    _context: BaseContext = field(init=False)
    _stopping: Any = field(init=False)

    def __post_init__(self) -> None:
        method = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
        self._context = multiprocessing.get_context(method)
        if method == "forkserver":
            self._context.set_forkserver_preload([perform.__module__])
        self._stopping = self._context.Event()

    @property
    def room(self) -> int:
        """The pool runs no more than its `jobs`, and the next ones wait for them."""
        return 2 * self.jobs

    @contextmanager
    def executor(self) -> Iterator[Executor]:
        """The pool; its end waits for what is being written."""
        arguments = (dict(self.environ), str(self.home), self._stopping)
        pool = ProcessPoolExecutor(self.jobs, self._context, initializer=_start, initargs=arguments)
        try:
            yield pool
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def stop(self) -> None:
        """See `Engine`."""
        self._stopping.set()


def _start(environ: dict[str, str], home: str, stopping: Any) -> None:
    """The first thing in a worker: Ctrl-C is the coordinating process's to answer, and with that gone it stops."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.environ.update(environ)  # what the HTTP client and the database driver read for themselves
    collect_seldom()
    gc.freeze()
    working = threading.Lock()
    # Without the collection, garbage of one company after the other stays: 0.3 MB each.
    work_at(WorkPlace(environ, Path(home), stopping.is_set, working, after=gc.collect))
    threading.Thread(target=_follow_parent, args=(stopping, working), daemon=True).start()


def _follow_parent(stopping: Any, working: threading.Lock) -> None:
    """With the coordinating process gone nobody hears of results: end cleanly what is being written, and go."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        stopping.set()
        with working:
            os._exit(0)


@dataclass
class _Sent:
    task: Task
    tries: int = 1


def run_tasks(engine: Engine, tasks: Iterable[Task]) -> Generator[TaskResult]:
    """The result of each task, as they come.

    What comes while results are waited for (Ctrl-C) has the workers end cleanly what they began; their results are
    handed on, and then it is raised.
    """
    dispatch = _Dispatch(engine, iter(tasks))
    while not dispatch.is_done:
        with engine.executor() as executor:
            try:
                yield from dispatch.results(executor)
            except BrokenExecutor:
                yield from dispatch.lost()
            except (KeyboardInterrupt, SystemExit) as interruption:
                engine.stop()
                yield from dispatch.rest()
                raise interruption from None


@dataclass
class _Dispatch:
    """What was sent, and what is to be sent."""

    engine: Engine
    tasks: Iterator[Task]
    is_done: bool = False
    _sent: dict[Future[TaskResult], _Sent] = field(default_factory=dict)
    _again: list[_Sent] = field(default_factory=list)

    def results(self, executor: Executor) -> Iterator[TaskResult]:
        """Until all is done. Raises BrokenExecutor when a worker died."""
        while True:
            self._send(executor)
            if not self._sent:
                self.is_done = True
                return
            done, _ = wait(self._sent, return_when=FIRST_COMPLETED)
            for future in done:
                result = _result(future, self._sent[future])
                del self._sent[future]
                yield result

    def _send(self, executor: Executor) -> None:
        while len(self._sent) < self._room:
            following = self._again.pop(0) if self._again else next(map(_Sent, self.tasks), None)
            if following is None:
                return
            try:
                self._sent[executor.submit(perform, following.task)] = following
            except BrokenExecutor:
                self._again.append(following)
                raise

    @property
    def _room(self) -> int:
        """One by one, it shows which task kills its worker."""
        is_repeating = bool(self._again) or any(sent.tries > 1 for sent in self._sent.values())
        return 1 if is_repeating else self.engine.room

    def lost(self) -> Iterator[TaskResult]:
        """What came before the worker died, and what was sent too often; the rest is sent again."""
        for future, sent in self._sent.items():
            if future.done() and not future.cancelled() and future.exception() is None:
                yield future.result()
            elif sent.tries >= _TRIES:
                yield _dead(sent.task)
            else:
                self._again.append(_Sent(sent.task, sent.tries + 1))
        self._sent.clear()

    def rest(self) -> Iterator[TaskResult]:
        """The results of what is under way, once it has ended."""
        for future in as_completed(list(self._sent)):
            with suppress(BrokenExecutor, CancelledError):
                yield future.result()


def _result(future: Future[TaskResult], sent: _Sent) -> TaskResult:
    """Raises BrokenExecutor. What else an executor raises is about that task: a cluster gave it up."""
    try:
        return future.result()
    except BrokenExecutor:
        raise
    except Exception as error:  # noqa: BLE001 - one company's failure is its result
        return _dead(sent.task, f"No worker came to an end with it: {type(error).__name__}: {error}")


def _dead(
    task: Task, reason: str = f"The worker died {_TRIES} times: it was killed, or had too little memory."
) -> TaskResult:
    outcome = CompanyOutcome.FAILED
    report = CompanyReport(
        name=task.name,
        folder=task.folder,
        outcome=outcome,
        exit_code=EXIT_CODES[outcome],
        environment=task.environment or "",
        labels=task.labels,
        reason=reason,
        remedy="Run the command for this company alone (--only), with --jobs 1.",
    )
    return TaskResult(report)
