"""Threads that write at the same time share one transaction, and so the one wait until it is safe."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from reconciler.state.port import Connection, Work


@dataclass(slots=True)
class _Ticket:
    """One thread's part of a transaction, and how it ended."""

    work: Work
    done: bool = False
    error: Exception | None = None


class GroupCommit:
    """Runs works in transactions, one at a time. transact: runs these works in one transaction, or raises.

    A work may be tried twice, once with others and once alone: one that fails does not take the others along.
    """

    def __init__(self, transact: Callable[[Sequence[Work]], None]) -> None:
        self.turn = threading.Lock()
        self._transact = transact
        self._arriving = threading.Lock()
        self._waiting: list[_Ticket] = []

    def write(self, work: Work) -> None:
        """Run the work; it is safe when this returns. Raises what `transact` raised for it."""
        ticket = _Ticket(work)
        with self._arriving:
            self._waiting.append(ticket)
        with self.turn:
            if not ticket.done:
                with self._arriving:
                    batch, self._waiting = self._waiting, []
                try:
                    self._commit(batch)
                finally:  # after Ctrl-C the others' work is still to be done, by themselves
                    with self._arriving:
                        self._waiting[:0] = [other for other in batch if not other.done and other is not ticket]
        if ticket.error is not None:
            raise ticket.error

    def _commit(self, batch: list[_Ticket]) -> None:
        try:
            self._transact([ticket.work for ticket in batch])
        except Exception as error:  # noqa: BLE001 - it is handed to the thread whose work it was
            if len(batch) > 1:
                for ticket in batch:
                    self._commit([ticket])
                return
            batch[0].error = error
        for ticket in batch:
            ticket.done = True


def perform(works: Sequence[Work], db: Connection) -> None:
    """Run the works in a transaction, and then their checks."""
    checks = [work(db) for work in works]
    for check in checks:
        if check is not None:
            check()
