"""The sandbox's time: real, or set and advanced for rehearsals and tests."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta


def utc_now() -> datetime:
    """The machine's time in UTC."""
    return datetime.now(UTC)


class Clock:
    """Answers `now()`; `set` stops it at a moment, `advance` moves it, `release` returns to the source."""

    def __init__(self, source: Callable[[], datetime] = utc_now) -> None:
        self._source = source
        self._fixed: datetime | None = None
        self._ahead = timedelta()

    def now(self) -> datetime:
        """The present moment in UTC."""
        base = self._fixed if self._fixed is not None else self._source().astimezone(UTC)
        return base + self._ahead

    def set(self, moment: datetime) -> None:
        """Stop at `moment`; without zone it is taken as UTC."""
        self._fixed = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        self._ahead = timedelta()

    def advance(self, seconds: float) -> None:
        """Move forward (or back) by seconds, whether stopped or running."""
        self._ahead += timedelta(seconds=seconds)

    def release(self) -> None:
        """Follow the source again."""
        self._fixed, self._ahead = None, timedelta()


def moment_text(moment: datetime) -> str:
    """How moments are stored: UTC, no zone mark, six digits, so that text order is time order."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
