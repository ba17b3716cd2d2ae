"""Ctrl-C and SIGTERM during an apply: finish what is in flight, start nothing new, say what is not done.

Twice: do not wait for what is in flight either; the rest is said and recorded all the same.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from reconciler.core.errors import NotSent
from reconciler.exit_codes import Exit

if TYPE_CHECKING:
    from reconciler.cli.shell.session import Session


class Stopping:
    """Whether a signal asked the run to stop, and the exit code that it stands for."""

    def __init__(self) -> None:
        self.exit_code: int | None = None
        self._asked = threading.Event()
        self._at_once = False

    def ask(self, code: Exit) -> None:
        """Stop as soon as what is in flight has ended; asked again, without waiting for that."""
        self._at_once = self.is_set()
        self.exit_code = int(code)
        self._asked.set()

    def is_set(self) -> bool:
        """Whether to stop."""
        return self.exit_code is not None

    def is_at_once(self) -> bool:
        """Whether not to wait for what is in flight."""
        return self._at_once

    def sleep(self, seconds: float) -> None:
        """Sleep, but not longer than until the run is stopped. Raises NotSent then."""
        if self._asked.wait(seconds):
            raise NotSent("the run was stopped while it waited")


@contextmanager
def stop_signals(session: Session, stopping: Stopping) -> Iterator[None]:
    """Within the block signals only ask to stop, a second one at once; a third interrupts whatever hangs then."""

    def asked(number: int, _frame: object) -> None:
        if stopping.is_at_once():
            raise KeyboardInterrupt
        stopping.ask(Exit.INTERRUPTED if number == signal.SIGINT else Exit.TERMINATED)
        message = "Ending at once." if stopping.is_at_once() else "Stopping: finishing the requests in flight ..."
        with suppress(RuntimeError):  # the signal came while the message of the first one was being written
            session.say(message)

    before = {number: signal.signal(number, asked) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
