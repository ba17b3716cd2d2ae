"""How many actions are under way at once: the requests are bounded, and intents are recorded ahead of them.

A worker that records must not keep a request from going out. So while `parallelism` requests are in flight, the intents
of the next actions are recorded already: of as many as keep the requests going, by how long the one and the other take,
and of fewer than twice `parallelism`; with 1, of none. After a kill these are open, too, although they were not sent.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

_WEIGHT = 0.2
"""Of the latest duration in a mean."""

_SLACK = 1.5
"""Durations vary, and intents become safe several at a time."""


class Lanes:
    """What is under way in a run. Safe for threads. parallelism: how many requests may be in flight."""

    def __init__(self, parallelism: int) -> None:
        self.moved = threading.Event()
        """Set when an action was answered: another may begin."""
        self.halted = ""
        """Why nothing more may be sent, or nothing."""
        self._parallelism = max(1, parallelism)
        self._requests = threading.BoundedSemaphore(self._parallelism)
        self._lock = threading.Lock()
        self._unanswered = 0
        self._recording = self._answering = 0.0  # mean seconds

    def halt(self, reason: str) -> None:
        """Send nothing more; the first reason stands."""
        with self._lock:
            self.halted = self.halted or reason

    @property
    def room(self) -> int:
        """How many more actions may begin."""
        with self._lock:
            return self._parallelism + self._ahead - self._unanswered

    @property
    def _ahead(self) -> int:
        if not self._answering:
            return 0
        wanted = math.ceil(_SLACK * self._parallelism * self._recording / self._answering)
        return min(2 * (self._parallelism - 1), wanted)

    def enter(self) -> None:
        """An action begins."""
        with self._lock:
            self._unanswered += 1

    def leave(self) -> None:
        """It is answered, or will not be sent."""
        with self._lock:
            self._unanswered -= 1
        self.moved.set()

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Within the block an intent is recorded."""
        begun = time.monotonic()
        yield
        with self._lock:
            self._recording = _mean(self._recording, time.monotonic() - begun)

    @contextmanager
    def request(self) -> Iterator[None]:
        """Within the block requests are sent, one at a time; it begins when fewer than `parallelism` are in flight."""
        with self._requests:
            yield

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Within the block an action is sent, and its answer waited for."""
        begun = time.monotonic()
        yield
        with self._lock:
            self._answering = _mean(self._answering, time.monotonic() - begun)


def _mean(mean: float, seconds: float) -> float:
    return seconds if not mean else mean + _WEIGHT * (seconds - mean)
