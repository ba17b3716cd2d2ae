"""What every command shares: the streams, and the project with whoever sits at the terminal as its listener."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from reconciler.cli.shell.listener import TerminalListener
from reconciler.cli.shell.streams import failure
from reconciler.core.errors import ReportError
from reconciler.operations.project import Project
from reconciler.reports.safe_text import visible

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from reconciler.config.settings import Settings
    from reconciler.reports.redact import Redactor

_NARROWEST, _WIDEST = 20, 6  # cells; digits


@dataclass(frozen=True)
class Session:
    """The global options, and what follows from them. Only the command line reads the process environment."""

    config: Path | None
    environment: str | None
    color: bool | None
    quiet: bool
    environ: Mapping[str, str]
    redact: bool = False
    max_chars: int | None = None
    unwritten: list[ReportError] = field(default_factory=list)
    """The reports that could not be written."""
    undelivered: list[OSError] = field(default_factory=list)
    """Why standard output did not take all, once that was told."""

    # ---- streams ----

    @cached_property
    def out(self) -> Console:
        """Standard output: results only."""
        return _console(self, stderr=False)

    @cached_property
    def err(self) -> Console:
        """Standard error: progress, prompts, problems."""
        return _console(self, stderr=True)

    @property
    def width(self) -> int | None:
        """Cells of the terminal that results go to; None where there is none, and lines are not cut."""
        return _width(self.environ) if sys.stdout.isatty() or "COLUMNS" in self.environ else None

    def print(self, lines: Iterable[Text]) -> None:
        """Results, a line each, to standard output."""
        if self.width is None and not _is_styled(self, sys.stdout):  # rich's console takes long to import
            sys.stdout.writelines(f"{line.plain}\n" for line in lines)
            sys.stdout.flush()
            return
        width = self.width
        for line in lines:
            for part in [line] if width is None else folded(line, self.out, width):
                self.out.print(part, soft_wrap=width is None, highlight=False)

    def say(self, message: str) -> None:
        """Progress to standard error, each line made harmless; silent with --quiet."""
        if self.quiet:
            return
        message = "\n".join(map(visible, message.split("\n")))
        if _is_styled(self, sys.stderr):
            self.err.print(message, markup=False, highlight=False, soft_wrap=True)
        else:
            sys.stderr.write(f"{message}\n")
            sys.stderr.flush()

    @property
    def is_delivered(self) -> bool:
        """Whether standard output took all that was written to it so far."""
        return failure(sys.stdout) is None

    def tell_undelivered(self, outcome: str = "", *, is_written: bool = False) -> None:
        """Say once on standard error, also with --quiet, that standard output did not take all, and the outcome.

        A reader that left wanted no more. Anything else, such as a full disk, is an error of the command, unless the
        ERP was written to (is_written): then the exit code says how that went.
        """
        error = failure(sys.stdout)
        if error is None or self.undelivered:
            return
        self.undelivered.append(error)
        is_closed = isinstance(error, BrokenPipeError)
        why = "was closed before all was written" if is_closed else f"cannot be written: {error.strerror}"
        message = f"Standard output {why}. {outcome}".rstrip()
        if is_closed or is_written:
            self.warn(message)
        else:
            self.miss(ReportError(message))

    def warn(self, text: str) -> None:
        """A warning on standard error, also with --quiet."""
        self.err.print("Warning: ", style="bold yellow", end="")
        self.err.print(visible(text), soft_wrap=True)

    def miss(self, error: ReportError) -> None:
        """Tell of a report that could not be written, also with --quiet, and go on."""
        self.unwritten.append(error)
        self.err.print("Error: ", style="bold red", end="")
        self.err.print(visible(str(error)), soft_wrap=True)

    def write(self, data: bytes) -> None:
        """Machine-readable results to standard output, as they are."""
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()

    @property
    def is_interactive(self) -> bool:
        """Whether a person can be asked."""
        return sys.stdin.isatty() and sys.stderr.isatty() and "CI" not in self.environ

    # ---- the project ----

    @cached_property
    def listener(self) -> TerminalListener:
        """What operations tell and ask, on this terminal."""
        return TerminalListener(self)

    @cached_property
    def project(self) -> Project:
        """The project of the chosen settings and environment. Raises InvalidInput or WrongUsage."""
        return Project.open(
            self.config or Path.cwd(),
            env=self.environment,
            environ=self.environ,
            listener=self.listener,
        )

    @property
    def settings(self) -> Settings:
        """The settings of the chosen environment. Raises InvalidInput or WrongUsage."""
        return self.project.settings

    @cached_property
    def redactor(self) -> Redactor | None:
        """What replaces personal data in all that is shown, with `--redact`."""
        if not self.redact:
            return None
        from reconciler.cli.shell.redaction import redaction_key  # noqa: PLC0415 - for --redact alone
        from reconciler.reports.redact import Redactor  # noqa: PLC0415

        return Redactor(redaction_key(self))


def folded(line: Text, console: Console, width: int) -> Iterator[Text]:
    """A line that is too long, as lines that are all indented like its start."""
    indent = len(line.plain) - len(line.plain.lstrip(" "))
    if line.cell_len <= width or not 0 < indent < width // 2:
        yield line
        return
    for part in line[indent:].wrap(console, width - indent):
        part.pad_left(indent)
        yield part


def _is_plain(session: Session) -> bool:
    return session.color is False or "NO_COLOR" in session.environ


def _is_forced(session: Session) -> bool:
    return bool(session.environ.get("FORCE_COLOR")) or session.color is True


def _is_styled(session: Session, stream: TextIO) -> bool:
    """Whether what goes to the stream is coloured."""
    return not _is_plain(session) and (_is_forced(session) or stream.isatty())


def _console(session: Session, *, stderr: bool) -> Console:
    from rich.console import Console  # noqa: PLC0415 - it takes long to import, and most output does without

    stream = sys.stderr if stderr else sys.stdout
    return Console(
        file=stream,
        no_color=_is_plain(session),
        force_terminal=True if _is_forced(session) and not _is_plain(session) else None,
        color_system="standard" if _is_styled(session, stream) else None,
        markup=False,
        highlight=False,
        emoji=False,
        legacy_windows=False,
        width=_width(session.environ),
    )


def _width(environ: Mapping[str, str]) -> int:
    columns = environ.get("COLUMNS", "")
    fits = columns.isascii() and columns.isdecimal() and len(columns) < _WIDEST and int(columns) >= _NARROWEST
    return int(columns) if fits else shutil.get_terminal_size((80, 24)).columns
