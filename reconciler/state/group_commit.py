"""Threads that write at the same time share one transaction, and so the one wait until it is safe.

Whoever comes while none is under way commits at once, for all who wait. Whoever comes later waits for the next one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from reconciler.state.port import Check, Work


@dataclass(slots=True)
class _Ticket:
    """One thread's part of a transaction, and how it ended."""

    work: Work
    done: bool = False
    check: Check | None = None
    error: Exception | None = None


Transact = Callable[[Sequence[Work]], list[Check | None]]


class GroupCommit:
    """Runs works in transactions, one at a time. transact: runs these works in one transaction, or raises.

    A work may be tried twice, once with others and once alone: one that fails does not take the others along.
    """

    def __init__(self, transact: Transact) -> None:
        self._transact = transact
        self._changed = threading.Condition()
        self._is_busy = False
        self._waiting: list[_Ticket] = []

    def write(self, work: Work) -> None:
        """Run the work; it is safe when this returns. Raises what `transact` raised for it, and what its check does."""
        ticket = _Ticket(work)
        with self._changed:
            self._waiting.append(ticket)
            self._changed.wait_for(lambda: ticket.done or not self._is_busy)
            batch: list[_Ticket] = []
            if not ticket.done:
                self._is_busy = True
                batch, self._waiting = self._waiting, batch
        if batch:
            self._commit_for_all(batch, ticket)
        if ticket.error is not None:
            raise ticket.error
        if ticket.check is not None:
            ticket.check()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Within the block nothing is written."""
        with self._changed:
            self._changed.wait_for(lambda: not self._is_busy)
            self._is_busy = True
        try:
            yield
        finally:
            self._end_turn([])

    def _commit_for_all(self, batch: list[_Ticket], own: _Ticket) -> None:
        try:
            self._commit(batch)
        finally:  # after Ctrl-C the others' work is still to be done, by themselves
            self._end_turn([other for other in batch if not other.done and other is not own])

    def _end_turn(self, undone: list[_Ticket]) -> None:
        with self._changed:
            self._waiting[:0] = undone
            self._is_busy = False
            self._changed.notify_all()

    def _commit(self, batch: list[_Ticket]) -> None:
        try:
            checks = self._transact([ticket.work for ticket in batch])
        except Exception as error:  # noqa: BLE001 - it is handed to the thread whose work it was
            if len(batch) > 1:
                for ticket in batch:
                    self._commit([ticket])
                return
            batch[0].error, checks = error, [None]
        for ticket, check in zip(batch, checks, strict=True):
            ticket.check, ticket.done = check, True
