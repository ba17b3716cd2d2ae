"""Where the time of an unchanged plan goes: `python -m benchmarks.plan_no_op [COUNT] [MODE] [files|single]`."""

from __future__ import annotations

import contextlib
import cProfile
import io
import os
import pstats
import sys
import tempfile
from pathlib import Path

from benchmarks import world
from benchmarks.measure import cost
from reconciler.cli.shell.application import run


def main() -> int:
    """Plan COUNT customers twice with `--refresh MODE`: once as a command, once under the profiler."""
    words = dict(enumerate(sys.argv[1:]))
    count, mode, single = int(words.get(0, "10000")), words.get(1, "full"), words.get(2) == "single"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        database = world.seed(folder, count)
        world.declare(folder, database, single=single)
        with world.serving(database, rate_limit=10**8) as base:
            world.configure(folder, base)
            arguments = ["--quiet", "plan", "--refresh", mode]
            command = [sys.executable, "-m", "reconciler", *arguments]
            if mode != "full":
                cost(command, folder, world.environment())
            spent = cost(command, folder, world.environment())
            sys.stdout.write(spent.out[-400:])
            sys.stdout.write(f"wall {spent.wall:.1f} s, CPU {spent.cpu:.1f} s, peak memory {spent.peak:.0f} MB\n")
            _profile(["--chdir", str(folder), *arguments])
    return 0


def _profile(arguments: list[str]) -> None:
    os.environ.update(world.environment())
    profile = cProfile.Profile()
    with contextlib.redirect_stdout(io.TextIOWrapper(io.BytesIO())):
        profile.runcall(run, arguments)
    for order in ("tottime", "cumtime"):
        text = io.StringIO()
        pstats.Stats(profile, stream=text).sort_stats(order).print_stats(25)
        sys.stdout.write("\n".join(line[:150] for line in text.getvalue().splitlines()[6:]) + "\n")


if __name__ == "__main__":
    sys.exit(main())
