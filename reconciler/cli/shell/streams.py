"""Standard output and standard error that may lose their reader: a write that fails is remembered and stops nothing.

An apply must go on without a reader, and so must its accounting. So no caller sees an OSError from these streams; who
needs to know whether all was taken asks `failure`.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TextIO, cast

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


_STATUS: list[TextIO] = []
"""The terminal's stream at whose foot a status line stands, if one does."""

_ERASED = "\r\x1b[2K"


def show_status(text: str) -> None:
    """Draw a line on standard error, a terminal, that gives way to whatever is written next; nothing with no text."""
    _give_way()
    if text:
        sys.stderr.write(text)
        sys.stderr.flush()
        _STATUS.append(sys.stderr)


def has_status() -> bool:
    """Whether a status line stands: anything written since it was drawn has erased it."""
    return bool(_STATUS)


def _give_way() -> None:
    """Erase the status line."""
    while _STATUS:
        stream = _STATUS.pop()
        stream.write(_ERASED)
        stream.flush()


class Stream(io.BufferedIOBase):
    """The bytes of a text stream. Once a write fails, all further ones go nowhere; `error` says why."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        super().__init__()
        self.error: OSError | None = None
        self._text = text
        self._attempt(text.flush)

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return self._text.isatty()

    def fileno(self) -> int:
        return self._text.fileno()

    def write(self, data: ReadableBuffer, /) -> int:
        view = memoryview(data).cast("B")
        self._attempt(lambda: self._write_whole(view))
        return view.nbytes

    def flush(self) -> None:
        self._attempt(self._text.buffer.flush)

    def _write_whole(self, view: memoryview) -> None:
        """An unbuffered stream may take a part only."""
        if _STATUS and self.isatty():
            _give_way()
        buffer, taken = cast(BinaryIO, self._text.buffer), 0
        while taken < view.nbytes:
            taken += buffer.write(view[taken:])

    def _attempt(self, act: Callable[[], object]) -> None:
        if self.error is None:
            try:
                act()
            except OSError as error:
                self.error = error
                _lead_nowhere(self._text)


def _lead_nowhere(text: io.TextIOWrapper) -> None:
    """What the stream still holds goes to the null device, or the interpreter's own last flush would fail once more."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    with suppress(OSError, ValueError):
        os.dup2(nowhere, text.fileno())
    os.close(nowhere)


def failure(stream: TextIO) -> OSError | None:
    """Why the stream did not take all that was written to it; None if it did."""
    with suppress(ValueError):
        stream.flush()
    buffer = getattr(stream, "buffer", None)
    return buffer.error if isinstance(buffer, Stream) else None


@contextmanager
def steady_streams() -> Iterator[None]:
    """Within the block no write to a standard stream fails, neither for its reader nor for a character.

    A closed stream is nowhere, and a character that the locale does not have is escaped.
    """
    if sys.stdin is None:
        sys.stdin = Path(os.devnull).open()  # noqa: SIM115 - it stays open as long as the process
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = _steady(sys.stdout), _steady(sys.stderr)
    try:
        yield
    finally:
        _give_way()
        for stream in (sys.stdout, sys.stderr):
            failure(stream)  # flushes it
        sys.stdout, sys.stderr = before


def _steady(stream: TextIO | None) -> TextIO:
    if stream is None:
        return Path(os.devnull).open("w")
    if not isinstance(stream, io.TextIOWrapper) or isinstance(stream.buffer, Stream):
        return stream
    return io.TextIOWrapper(
        Stream(stream),  # type: ignore[type-var]  # it has what a text stream calls
        encoding=stream.encoding,
        errors="backslashreplace",
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )
