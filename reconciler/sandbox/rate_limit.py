"""The rate limit: one fixed window for the whole company (fact sheet 8)."""

from __future__ import annotations

import hashlib
import math
from collections import deque
from datetime import datetime, timedelta
from typing import Final

from reconciler.sandbox.clock import Clock
from reconciler.sandbox.switches import Switches

_SAME_SECONDS: Final = 60
_FAILED_SECONDS: Final = 300


class RateLimit:
    """Counts calls and says when the next one is too many. Limit and window may change at any time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._start: datetime | None = None
        self._used = 0
        self._blocked_until: datetime | None = None
        self._same: dict[str, deque[datetime]] = {}
        self._failed: dict[str, deque[datetime]] = {}

    def admit(self, request: bytes, switches: Switches) -> int:
        """Count a call; 0 lets it pass, a positive number is the seconds to wait (429)."""
        now = self._clock.now()
        self._roll(now, switches)
        if self._blocked_until is not None and now < self._blocked_until:
            return _seconds(self._blocked_until - now)
        if self._used >= switches.rate_limit:
            return _seconds(self._end(switches) - now)
        self._used += 1
        return self._repeated(hashlib.sha256(request).hexdigest(), now, switches)

    def failed(self, request: bytes) -> None:
        """Remember that a call failed, for the failed-request limit (Q28)."""
        self._failed.setdefault(hashlib.sha256(request).hexdigest(), deque()).append(self._clock.now())

    def block(self, seconds: float) -> None:
        """Answer 429 for `seconds`, however few calls were made."""
        self._blocked_until = self._clock.now() + timedelta(seconds=seconds)

    def restart(self) -> None:
        """A new window, and no block."""
        self._start, self._used, self._blocked_until = None, 0, None
        self._same.clear()
        self._failed.clear()

    def headers(self, switches: Switches) -> dict[str, str]:
        """The four headers of every answer (3.2); Reset is seconds, or epoch time in the old form."""
        now = self._clock.now()
        self._roll(now, switches)
        end = self._end(switches)
        reset = _seconds(end - now) if switches.rate_reset == "seconds" else math.ceil(end.timestamp())
        blocked = self._blocked_until is not None and now < self._blocked_until
        return {
            "X-RateLimit-Limit": str(switches.rate_limit),
            "X-RateLimit-Remaining": "0" if blocked else str(max(0, switches.rate_limit - self._used)),
            "X-RateLimit-Reset": str(reset),
            "X-RateLimit-Policy": "4-fixed-window",
        }

    def _roll(self, now: datetime, switches: Switches) -> None:
        if self._start is None or now < self._start or now >= self._end(switches):
            self._start, self._used = now, 0

    def _end(self, switches: Switches) -> datetime:
        start = self._start if self._start is not None else self._clock.now()
        return start + timedelta(seconds=switches.rate_window)

    def _repeated(self, key: str, now: datetime, switches: Switches) -> int:
        """The historic same-request and failed-request limits (8, Q28)."""
        wait = _window(self._failed.get(key), now, _FAILED_SECONDS, switches.failed_request_limit)
        if wait or not switches.same_request_limit:
            return wait
        seen = self._same.setdefault(key, deque())
        wait = _window(seen, now, _SAME_SECONDS, switches.same_request_limit)
        if not wait:
            seen.append(now)
        return wait


def _window(seen: deque[datetime] | None, now: datetime, seconds: int, limit: int) -> int:
    """Seconds until the sliding window has room again; 0 when it has."""
    if not seen or not limit:
        return 0
    while seen and now - seen[0] >= timedelta(seconds=seconds):
        seen.popleft()
    return 0 if len(seen) < limit else _seconds(seen[0] + timedelta(seconds=seconds) - now)


def _seconds(length: timedelta) -> int:
    return max(1, math.ceil(length.total_seconds()))
