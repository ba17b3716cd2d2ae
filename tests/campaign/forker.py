"""Run the command line many times without starting Python anew: a clean process that forks one child for each command.

The server reads the words of a command and the variables for it, a line of JSON, forks, and answers with the child's
number, then with how it ended (a negative number is a signal). A child can be killed at any moment without
anything being torn down in it, as with a real SIGKILL; it has no thread, connection or handle of another command.
"""

from __future__ import annotations

import importlib
import itertools
import json
import os
import pkgutil
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import reconciler


@dataclass(frozen=True)
class Ended:
    """How a command ended: `code` is negative for a signal; the processor's `seconds`, and the `kilobytes` at most."""

    code: int
    out: str
    err: str
    seconds: float = 0.0
    kilobytes: int = 0


class Forker:
    """Starts commands; use it as a context manager. `environ` is the environment of all of them.

    module: the server; another one than this can get ready in its own way before it calls `serve`.
    """

    def __init__(self, folder: Path, environ: dict[str, str], module: str = __name__) -> None:
        self.folder = folder
        self._module = module
        self._environ = environ
        self.child = 0

    def __enter__(self) -> Forker:
        self._server = subprocess.Popen(
            [sys.executable, "-m", self._module, str(self.folder)],
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

    def run(self, *words: str, environ: dict[str, str] | None = None, kill_at: str = "", fork: bool = True) -> Ended:
        """Run one command to its end.

        fork: in a process of its own, to be killed or measured; else in the server, in half the time, and neither of
        the other two has a meaning. environ: what is set for this one beside the others' environment. kill_at: the
        moment to die at, see `_arm`.
        """
        assert self._server.stdin
        assert self._server.stdout
        self._server.stdin.write(json.dumps([words, environ or {}, kill_at, fork]) + "\n")
        self._server.stdin.flush()
        self.child = int(self._server.stdout.readline())
        code, seconds, kilobytes = json.loads(self._server.stdout.readline())
        self.child = 0
        out, err = ((self.folder / name).read_text(encoding="utf-8", errors="replace") for name in ("out", "err"))
        return Ended(code, out, err, seconds, kilobytes)

    def kill(self) -> None:
        """SIGKILL for the command that runs; called from another thread."""
        if self.child:
            os.kill(self.child, signal.SIGKILL)


def serve(folder: Path, prepare: Callable[[], None] = lambda: None) -> int:
    """The server's loop; it keeps its own input and output, commands get others.

    prepare: called in each child before its command.
    """
    _warm()
    questions, answers = os.fdopen(os.dup(0), encoding="utf-8"), os.fdopen(os.dup(1), "w", encoding="utf-8")
    for line in questions:
        words, environ, kill_at, fork = json.loads(line)
        _redirect(folder)
        child = os.fork() if fork else 0
        if fork and child == 0:
            code = 70
            try:
                prepare()
                os.environ.update(environ)
                if kill_at:
                    _arm(*kill_at.split(":"))
                code = _run(words)
            finally:
                os._exit(code)
        print(child, file=answers, flush=True)
        print(json.dumps(_ended(child) if child else (_run(words), 0.0, 0)), file=answers, flush=True)
    return 0


def _run(words: list[str]) -> int:
    """The command's exit code; an exception that it lets through is told as Python would."""
    from reconciler.cli.shell.application import run

    try:
        return int(run(words))
    except Exception:  # noqa: BLE001 (whatever it is)
        traceback.print_exc()
        return 70
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


def _ended(child: int) -> tuple[int, float, int]:
    _, status, used = os.wait4(child, 0)
    return os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime, used.ru_maxrss


def _warm() -> None:
    """Import what commands import, once; the sandbox is none of theirs."""
    for module in pkgutil.walk_packages(reconciler.__path__, "reconciler."):
        if not module.name.startswith(("reconciler.sandbox", "reconciler.__main__", "reconciler.cli.commands.sandbox")):
            importlib.import_module(module.name)
    for name in ("httpcore", "jsonschema", "rich.console", "typer._adapters"):
        importlib.import_module(name)


def _arm(what: str, nth: str, when: str) -> None:
    """Let this process die before or after the nth call of a method of the journal, as in "intend:3:before"."""
    from reconciler.state.journal import Journal, Runs
    from reconciler.state.known_customers import KnownCustomers

    owner = {"begin": Runs, "record": KnownCustomers}.get(what, Journal)
    inner, calls = getattr(owner, what), itertools.count(1)

    def wrapped(*words: Any, **named: Any) -> Any:
        mine = next(calls) == int(nth)
        if mine and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = inner(*words, **named)
        if mine and when == "after":
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, what, wrapped)


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
