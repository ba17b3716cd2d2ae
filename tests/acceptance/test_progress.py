"""How far the work is shows on a terminal and in the log of a CI job, and is never in the way of anything else."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from reconciler.cli.shell.progress import ProgressTeller
from reconciler.cli.shell.session import Session
from reconciler.cli.shell.streams import steady_streams
from reconciler.core.progress import Progress

Read = Callable[[], str]
_MARK = b"<read>"


def _session(*, quiet: bool = False, **environ: str) -> Session:
    return Session(config=None, environment=None, color=None, quiet=quiet, environ=environ)


def _work(session: Session, seconds: float, steps: int = 4) -> None:
    """Read pages, all but the last one, each of which takes so long."""
    clock = iter(at * seconds for at in range(steps))
    teller = ProgressTeller(session, clock=lambda: next(clock))
    for page in range(steps):
        teller.tell(Progress("Reading customers", "page", page, steps))


@contextmanager
def _terminal(patch: pytest.MonkeyPatch, results: int) -> Iterator[Read]:
    """Standard error is a terminal, and gives what it got since it was last asked. results: standard output."""
    ours, theirs = os.openpty()

    def read() -> str:
        os.write(theirs, _MARK)  # a terminal hands on what it got a moment later
        got = b""
        while not got.endswith(_MARK):
            got += os.read(ours, 1 << 16)
        return got.removesuffix(_MARK).decode()

    with os.fdopen(theirs, "w") as errors, os.fdopen(results, "w") as out, patch.context() as patched:
        patched.setattr(sys, "stderr", errors)
        patched.setattr(sys, "stdout", out)
        patched.setenv("COLUMNS", "100")
        yield read
    os.close(ours)


@pytest.fixture
def file(tmp_path: Path) -> int:
    """An open file for standard output."""
    return os.open(tmp_path / "out", os.O_WRONLY | os.O_CREAT)


def test_on_a_terminal_a_bar_gives_way_to_what_is_written(monkeypatch: pytest.MonkeyPatch, file: int) -> None:
    with _terminal(monkeypatch, file) as read, steady_streams():
        _work(_session(), seconds=1.5)
        bars = read().split("\r\x1b[2K")
        assert bars[0] == "[######..................] Reading customers: 1 of 4 pages"
        assert bars[-1] == "[##################......] Reading customers: 3 of 4 pages, 0.7/s, 2 s left"
        sys.stderr.write("Warning\n")
        sys.stderr.flush()
        assert read() == "\r\x1b[2KWarning\r\n"


def test_a_bar_leaves_nothing_behind_when_the_command_ends(monkeypatch: pytest.MonkeyPatch, file: int) -> None:
    with _terminal(monkeypatch, file) as read:
        with steady_streams():
            _work(_session(), seconds=1)
            assert read()
        assert read() == "\r\x1b[2K"


@pytest.mark.parametrize(
    "session", [_session(quiet=True), _session(TERM="dumb"), _session(quiet=True, CI="1")], ids=["quiet", "dumb", "CI"]
)
def test_who_wants_no_progress_gets_none(session: Session, monkeypatch: pytest.MonkeyPatch, file: int) -> None:
    with _terminal(monkeypatch, file) as read, steady_streams():
        _work(session, seconds=100)
        assert read() == ""


def test_fast_work_draws_nothing(monkeypatch: pytest.MonkeyPatch, file: int) -> None:
    with _terminal(monkeypatch, file) as read, steady_streams():
        _work(_session(), seconds=0.1)
        assert read() == ""


def test_no_bar_is_drawn_beside_a_pipe_whose_program_may_write_to_the_same_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reader, writer = os.pipe()
    with _terminal(monkeypatch, writer) as read, steady_streams():
        _work(_session(), seconds=100)
        assert read() == ""
    assert os.read(reader, 1) == b""
    os.close(reader)


def test_in_ci_a_line_now_and_then_says_how_far_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    _work(_session(CI="true"), seconds=12, steps=6)
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "Reading customers: 3 of 6 pages, 5.0/min, 36 s left\n")


def test_a_redirected_command_outside_of_ci_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    _work(_session(), seconds=100)
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "")
