"""Run the command line many times without starting Python anew: a clean process that forks one child for each command.

The server reads a JSON array of words a line, forks, and answers with the child's number, then with how it ended (a
negative number is a signal). A child can be killed at any moment without anything being torn down in it, as with a real
SIGKILL; it has no thread, connection or handle of another command.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType


@dataclass(frozen=True)
class Ended:
    """How a command ended: `code` is negative for a signal."""

    code: int
    out: str
    err: str


class Forker:
    """Starts commands; use it as a context manager. `environ` is the environment of all of them."""

    def __init__(self, folder: Path, environ: dict[str, str]) -> None:
        self.folder = folder
        self._environ = environ
        self.child = 0

    def __enter__(self) -> Forker:
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.campaign.forker", str(self.folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **self._environ},
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server.stdin
        assert self._server.stdout
        self._server.stdin.close()
        self._server.stdout.close()
        self._server.wait(timeout=30)

    def run(self, *words: str) -> Ended:
        """Run one command to its end."""
        assert self._server.stdin
        assert self._server.stdout
        self._server.stdin.write(json.dumps(words) + "\n")
        self._server.stdin.flush()
        self.child = int(self._server.stdout.readline())
        code = int(self._server.stdout.readline())
        self.child = 0
        out, err = ((self.folder / name).read_text(encoding="utf-8", errors="replace") for name in ("out", "err"))
        return Ended(code, out, err)

    def kill(self) -> None:
        """SIGKILL for the command that runs; called from another thread."""
        if self.child:
            os.kill(self.child, signal.SIGKILL)


def serve(folder: Path) -> int:
    """The server's loop."""
    from reconciler.cli.app import run

    _warm()
    for line in sys.stdin:
        words = json.loads(line)
        child = os.fork()
        if child == 0:
            _redirect(folder)
            code = 70
            try:
                code = run(words)
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(code)
        print(child, flush=True)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)
    return 0


def _warm() -> None:
    """Import what commands import, once."""
    import reconciler.apply.readback
    import reconciler.bookkeeping
    import reconciler.cli.applying
    import reconciler.cli.resuming
    import reconciler.erp.customers
    import reconciler.pipeline
    import reconciler.state.store  # noqa: F401 (imported for the children)


def _redirect(folder: Path) -> None:
    for handle, name in ((1, "out"), (2, "err")):
        file = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(file, handle)
        os.close(file)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)


if __name__ == "__main__":
    sys.exit(serve(Path(sys.argv[1])))
