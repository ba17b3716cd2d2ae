"""Whoever hears what an operation does and is asked before it writes: a terminal, a service, or nobody."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from reconciler.reports.safe_text import visible
from reconciler.reports.wording import duration

if TYPE_CHECKING:
    from reconciler.core.plan import Plan, Result
    from reconciler.core.progress import Progress


class Listener:
    """Hears nothing, agrees to nothing and never stops: override what you need.

    `say`, `progress`, `waiting` and `sleep` may be called from several threads. A method that raises ends the operation
    where it is, as a kill would: the journal then knows what is open, and `resume` goes on from there.
    """

    def say(self, message: str) -> None:
        """One line of progress."""

    def warn(self, message: str) -> None:
        """One line that also matters to those who want no progress."""

    def progress(self, progress: Progress) -> None:
        """How far a longer piece of work is: often, in quick succession, and from several threads."""

    def waiting(self, seconds: float, reason: str) -> None:
        """The operation is going to wait: for the rate window, another try, or an ERP that may still be at work."""
        self.say(f"Waiting {duration(seconds)}: {visible(reason)}")

    def sleep(self, seconds: float) -> None:
        """Wait. Raises NotSent to end the operation instead."""
        time.sleep(seconds)

    def show(self, plan: Plan) -> None:
        """What is going to be written, before anybody is asked."""

    def ask(self, question: str) -> bool:
        """Whether to do what the question says. It ends with a question mark."""
        return False

    def result(self, result: Result) -> None:
        """One action has ended: in the plan's order, each as soon as all before it have."""

    def read_back(self, results: Sequence[Result]) -> None:
        """The results once more, with what the ERP stored in another form than it was sent, or did not take."""

    # ---- stopping ----

    def writing(self) -> AbstractContextManager[None]:
        """Entered while requests are in flight: there an interruption should be a wish to stop, not an exception."""
        return nullcontext()

    def stop_requested(self) -> int | None:
        """Whether to begin nothing new, and the number that the report gives for it: 128 plus that of the signal."""
        return None

    def abandon_requested(self) -> bool:
        """Whether not to wait for what is in flight either."""
        return False

    def interrupted(self, interruption: BaseException) -> None:
        """Customers were being read back when it came. Raise it, or have `stop_requested` say so from now on."""
        raise interruption
