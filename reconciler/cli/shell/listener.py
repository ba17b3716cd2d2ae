"""The terminal as a listener: progress and questions on standard error, results on standard output, Ctrl-C to stop."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager
from shutil import get_terminal_size
from textwrap import fill
from typing import TYPE_CHECKING

import typer

from reconciler.cli.shell.progress import ProgressTeller
from reconciler.cli.shell.stopping import Stopping, stop_signals
from reconciler.cli.shell.streams import failure
from reconciler.core.errors import Refused
from reconciler.exit_codes import Exit
from reconciler.operations.listener import Listener

if TYPE_CHECKING:
    from reconciler.cli.shell.session import Session
    from reconciler.core.plan import Plan, Result
    from reconciler.core.progress import Progress


class TerminalListener(Listener):
    """Tells and asks whoever started the command. `form` is the format of standard output."""

    def __init__(self, session: Session) -> None:
        self.form = "text"
        self.has_shown = False
        self._session = session
        self._stopping = Stopping()
        self._progress = ProgressTeller(session)

    def say(self, message: str) -> None:
        self._session.say(message)

    def warn(self, message: str) -> None:
        self._session.warn(message)

    def progress(self, progress: Progress) -> None:
        self._progress.tell(progress)

    def sleep(self, seconds: float) -> None:
        self._stopping.sleep(seconds)

    def show(self, plan: Plan) -> None:
        """On standard error when standard output is for a machine."""
        from reconciler.cli.shell.output import plan_document  # noqa: PLC0415 - only what writes shows a plan here

        session, document = self._session, plan_document(self._session, plan)
        if self.form == "text":
            session.print(document.lines(session.width))
        else:
            for line in document.lines(None):
                session.err.print(line, soft_wrap=True)
        self.has_shown = self._is_shown()

    def _is_shown(self) -> bool:
        """Whether the stream that a plan goes to took all of it."""
        return failure(sys.stdout if self.form == "text" else sys.stderr) is None

    def ask(self, question: str) -> bool:
        """Only `yes` counts, as in Terraform. Raises Refused when the plan, or the question, could not be shown."""
        if not self._is_shown() or failure(sys.stderr) is not None:
            raise Refused(
                "Nothing was written: the plan could not be shown, so nobody can agree to it",
                remedy="Save it with `plan -o FILE`, review it with `show FILE`, and apply that file.",
            )
        text = fill(
            f"{question} Only 'yes' is accepted.",
            get_terminal_size().columns,
            break_long_words=False,
            break_on_hyphens=False,
        )
        typer.echo(f"\n{text}", err=True)
        return bool(typer.prompt("Answer", default="", show_default=False, err=True).strip() == "yes")

    def result(self, result: Result) -> None:
        from reconciler.reports.formats.text import result_lines  # noqa: PLC0415 - only what writes has results

        if self.form == "text":
            redactor = self._session.redactor
            self._session.print(result_lines(redactor.result(result) if redactor else result))

    def read_back(self, results: Sequence[Result]) -> None:
        from reconciler.reports.formats.text import stored_lines  # noqa: PLC0415 - only what writes has results

        if self.form != "text":
            return
        redactor = self._session.redactor
        shown = [redactor.result(result) for result in results] if redactor else results
        self._session.print(line for result in shown for line in stored_lines(result))

    # ---- stopping ----

    def writing(self) -> AbstractContextManager[None]:
        return stop_signals(self._session, self._stopping)

    def stop_requested(self) -> int | None:
        return self._stopping.exit_code

    def abandon_requested(self) -> bool:
        return self._stopping.is_at_once()

    def interrupted(self, interruption: BaseException) -> None:
        """SystemExit is what SIGTERM raises where nothing is in flight."""
        self._stopping.ask(Exit.INTERRUPTED if isinstance(interruption, KeyboardInterrupt) else Exit.TERMINATED)
