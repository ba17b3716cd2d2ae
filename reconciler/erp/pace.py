"""One budget of API calls, shared by all threads: wait for the window instead of running into its limit (fact sheet 8).

The window is fixed: so many calls until it ends. What the ERP last said of it is all that is known; calls under way are
taken as not yet counted, and one without answer as counted. When a window has ended, one call goes ahead and learns the
new one before others follow; an ERP that never says anything of a window is not waited for.

Several companies may be worked on at a time with one client. Where the ERP counts them together, each takes an equal
part of what a window has left when it comes; that others count on it shows by more calls gone than were sent here.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from reconciler.core.errors import NotSent
from reconciler.erp.budget import Window

_LEARNING = 0.05
"""Seconds between looks while another call learns the window; the answer itself wakes the waiting ones sooner."""


@dataclass(slots=True)
class Pacer:
    """Asked before each call. `clock` gives epoch seconds; `pause` waits, visibly, and may raise to stop the run.

    reserve: calls of the window that are left to others. longest: the longest wait in seconds; None for any.
    sharers: how many companies may take from the window at a time, this one among them.
    """

    clock: Callable[[], float]
    pause: Callable[[float, str], None]
    reserve: int = 0
    longest: float | None = None
    sharers: int = 1
    whose: str = "the ERP's"
    _lock: threading.Condition = field(default_factory=threading.Condition)
    _left: int | None = None
    _ends: float | None = None
    _flying: int = 0
    _learning: bool = False
    _spoken: bool = False
    _silent: bool = False
    _pausing: bool = False
    _begun_with: int = 0
    _used: int = 0
    _shared: bool = False

    def admit(self) -> None:
        """Return when a call may be sent. Raises NotSent when the wait would be too long, or the reserve is all."""
        while True:
            with self._lock:
                self._roll()
                if self._may_go():
                    self._flying += 1
                    self._learning = self._learning or self._left is None
                    return
                seconds = self._seconds_to_wait()
                if seconds is None:
                    self._lock.wait(_LEARNING)
                    continue
                self._check(seconds)
                self._pausing = True
            try:
                self.pause(seconds, self._reason())
            finally:
                with self._lock:
                    self._pausing = False
                    self._lock.notify_all()

    def learn(self, window: Window | None, retry_after: float | None = None, *, answered: bool = True) -> None:
        """Tell what came of an admitted call. retry_after: seconds, of a 429. answered: whether any answer came."""
        with self._lock:
            self._flying -= 1
            self._used += 1
            if retry_after is not None:
                self._left, self._ends = 0, self.clock() + retry_after
            elif window is not None and window.remaining is not None and window.reset_seconds is not None:
                self._spoken, self._silent = True, False
                if self._left is None and not self._learning:
                    pass  # of a call that was sent in the window before
                elif window.limit is not None and window.limit <= self.reserve:
                    self._left, self._ends = 0, None  # nothing is ever left for us
                else:
                    self._notice_sharers(window.remaining)
                    self._left = window.remaining if self._left is None else min(self._left, window.remaining)
                    self._ends = self.clock() + window.reset_seconds if self._ends is None else self._ends
            elif self._left is not None:
                self._left -= 1  # it told nothing, and may have been counted
            elif answered:
                self._silent = not self._spoken
            self._lock.notify_all()

    def _notice_sharers(self, remaining: int) -> None:
        if self._left is None:
            self._begun_with, self._used = remaining, 0
        elif self._begun_with - remaining > self._used + self._flying:
            self._shared = self.sharers > 1

    def _roll(self) -> None:
        if self._ends is not None and self.clock() >= self._ends:
            self._left, self._ends, self._learning = None, None, False

    def _may_go(self) -> bool:
        if self._left is None:
            return self._silent or self._flying == 0
        if self._has_had_its_part():
            return False
        return self._left - self._flying > self.reserve

    def _has_had_its_part(self) -> bool:
        part = max(1, (self._begun_with - self.reserve) // self.sharers)
        return self._shared and self._used + self._flying >= part

    def _seconds_to_wait(self) -> float | None:
        """None while something under way will tell more."""
        if self._flying or self._pausing or (self._left is None):
            return None
        if self._ends is None:
            raise NotSent(
                f"The whole rate limit is reserved for others (--reserve {self.reserve})",
                remedy="Reserve fewer requests than the ERP allows in a window.",
            )
        return max(0.0, self._ends - self.clock())

    def _check(self, seconds: float) -> None:
        if self.longest is not None and seconds > self.longest:
            raise NotSent(
                f"{self._reason()}; the window ends in {seconds:.0f} s",
                remedy="Go on when the window has ended.",
            )

    def _reason(self) -> str:
        reserved = f" but the {self.reserve} that are reserved" if self.reserve else ""
        part = "this company's part of " if self._has_had_its_part() else ""
        return f"{part}{self.whose} rate limit is used up{reserved}"
