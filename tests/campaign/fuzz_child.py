"""The server of commands for fuzzing: each runs under limits, and no wait takes time.

A command may use so much of the processor, of memory and of the disk; what goes on for longer than `PATIENCE` is a
hang, whatever it waits for. `time.sleep` only moves the clock: an ERP that asks for a day is obeyed at once.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import importlib
import io
import os
import pkgutil
import resource
import signal
import ssl
import sys
import time
from pathlib import Path

PATIENCE = 45
"""Seconds until a command counts as hanging."""

PROCESSOR = 30
MEMORY = 3 * 2**30
"""Bytes of addresses. What is really used is measured, see `fuzz_world.MOST`."""

DISK = 2**29


def prepare() -> None:
    """Set the limits, in a child."""
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR, PROCESSOR + 1))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (DISK, DISK))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.alarm(PATIENCE)


class _Clock:
    """The machine's clock, but for the waits that were skipped."""

    def __init__(self) -> None:
        self.skipped = 0.0
        self._time = time.time

    def time(self) -> float:
        return self._time() + self.skipped

    def sleep(self, seconds: float) -> None:
        if seconds < 0:
            raise ValueError("sleep length must be non-negative")
        self.skipped += seconds


def _hurry() -> None:
    """Before anything is imported that keeps `time.sleep` for itself."""
    clock = _Clock()
    for name in ("time", "sleep"):
        setattr(time, name, getattr(clock, name))
    from reconciler.cli.shell.stopping import Stopping

    setattr(Stopping, "sleep", lambda _stopping, seconds: clock.sleep(seconds))  # noqa: B010 - its type is another


def _warm() -> None:
    """Import all that commands import: a child must not do it anew for each."""
    import reconciler
    from reconciler.erp.transport import open_client

    for each in pkgutil.walk_packages(reconciler.__path__, "reconciler."):
        if not each.name.startswith(("reconciler.sandbox", "reconciler.__main__")):
            importlib.import_module(each.name)
    setattr(ssl, "create_default_context", functools.cache(ssl.create_default_context))  # noqa: B010 - it takes 0.1 s
    open_client(parallelism=1, timeout=1, trust_env=True).close()
    for name in ("rich.console", "rich.text", "jsonschema", "http.cookiejar", "deepdiff", "encodings.idna"):
        importlib.import_module(name)
    from reconciler.cli.shell.application import run

    here = Path.cwd()
    with contextlib.redirect_stdout(io.StringIO()):
        run(["--chdir", str(Path(__file__).parents[2] / "examples" / "company"), "--quiet", "validate"])
    os.chdir(here)
    gc.freeze()


if __name__ == "__main__":
    _hurry()
    from tests.campaign.forker import serve

    _warm()
    os.environ.setdefault("COLUMNS", "100")
    sys.exit(serve(Path(sys.argv[1]), prepare))
