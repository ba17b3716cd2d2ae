"""How far the work is: on a terminal a line that gives way to everything else, in CI a line now and then.

Elsewhere, and with `--quiet`, nothing: whoever reads a pipe gets what it always got.
"""

from __future__ import annotations

import os
import stat
import sys
import time
from collections.abc import Callable
from shutil import get_terminal_size
from threading import Lock
from typing import TYPE_CHECKING

from reconciler.ci.platforms import is_ci
from reconciler.cli.shell.streams import has_status, show_status
from reconciler.core.progress import Progress
from reconciler.reports.wording import counted, duration

if TYPE_CHECKING:
    from reconciler.cli.shell.session import Session

_FIRST_DRAWN, _REDRAWN, _IN_CI = 0.5, 0.1, 30.0
"""Seconds until a line is drawn, until it is drawn again, and between lines in CI."""

_KNOWN_AFTER = 2.0
"""Seconds of work from which on a rate says something."""

_BAR, _NARROW = 24, 70


class ProgressTeller:
    """Tells of progress on standard error. Safe to use from several threads. clock: seconds."""

    def __init__(self, session: Session, clock: Callable[[], float] = time.monotonic) -> None:
        self._session = session
        self._clock = clock
        self._lock = Lock()
        self._work = ""
        self._first = self._last = 0
        self._began = self._told = 0.0
        is_log = is_ci(session.environ)
        self._is_drawn = not (session.quiet or is_log or session.environ.get("TERM") == "dumb") and _has_terminal()
        self._is_logged = not session.quiet and is_log

    def tell(self, progress: Progress) -> None:
        """Draw the line, or log it, when it is time."""
        if not (self._is_drawn or self._is_logged):
            return
        with self._lock:
            now = self._clock()
            if progress.work != self._work or progress.done < self._last:
                self._work, self._first, self._began, self._told = progress.work, progress.done, now, now
            self._last = progress.done
            if self._is_logged:
                if now - self._told >= _IN_CI:
                    self._told = now
                    self._session.say(line(progress, *self._pace(progress, now)))
                return
            if progress.done == progress.total:
                show_status("")
            elif now - self._began >= _FIRST_DRAWN and (now - self._told >= _REDRAWN or not has_status()):
                self._told = now
                show_status(drawn(progress, *self._pace(progress, now), get_terminal_size().columns - 1))

    def _pace(self, progress: Progress, now: float) -> tuple[float | None, float | None]:
        """Units a second, and seconds that are left; None as long as nothing can be said."""
        seconds, done = now - self._began, progress.done - self._first
        if seconds < _KNOWN_AFTER or done <= 0:
            return None, None
        rate = done / seconds
        return rate, None if progress.total is None else (progress.total - progress.done) / rate


def _has_terminal() -> bool:
    """Whether a line may be drawn: not where standard output goes to a program that may write to the same terminal."""
    if not sys.stderr.isatty():
        return False
    try:
        mode = os.fstat(sys.stdout.fileno()).st_mode
    except (OSError, ValueError):
        return False
    return not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode))


def line(progress: Progress, rate: float | None, left: float | None) -> str:
    """`Reading customers: 12 of 60 pages, 3.1/s, 15 s left`."""
    count = (
        f"{progress.done:,}"
        if progress.total is None
        else f"{progress.done:,} of {counted(progress.total, progress.unit)}"
    )
    unit = f" {progress.unit}s" if progress.total is None else ""
    return ", ".join([f"{progress.work}: {count}{unit}", *_rates(rate, left)])


def drawn(progress: Progress, rate: float | None, left: float | None, width: int) -> str:
    """The same with a bar, where there is room, and no longer than the width in cells."""
    text = line(progress, rate, left)
    if progress.total and width >= _NARROW:
        full = _BAR * progress.done // progress.total
        text = f"[{'#' * full}{'.' * (_BAR - full)}] {text}"
    return text[:width]


def _rates(rate: float | None, left: float | None) -> list[str]:
    rates = [] if rate is None else [f"{rate:.1f}/s" if rate >= 0.1 else f"{rate * 60:.1f}/min"]
    return [*rates, *([] if left is None else [f"{duration(left)} left"])]
