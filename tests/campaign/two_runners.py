"""Two machines apply at once, again and again: `python -m tests.campaign.two_runners [COUNT]` says how it ended.

One must apply, and the other end with exit code 6 and name the process that holds the lock. In the end the ERP has each
customer once.
"""

from __future__ import annotations

import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from reconciler.sandbox import Sandbox
from tests.campaign.forker import Ended, Forker
from tests.campaign.world import World, environ_for
from tests.postgres_server import empty_schema

ROWS = [{"number": str(number), "name": f"Numbered {number} AS"} for number in range(101, 107)]
LATENCY_MS = 150


class Runners:
    """Two machines with the same checkout, and their ERP."""

    def __init__(self, world: World, other: Forker) -> None:
        self.world = world
        self.machines = (world.forker, other)

    def race(self) -> list[str]:
        """Let both apply at once; what is wrong with how it ended."""
        with empty_schema() as at:
            self.world.renew()
            self.world.configure(nested_edits_touch=True, parallelism=1, state_schema=at.schema)
            self.world.declare(ROWS)
            start = threading.Barrier(2)

            def apply(machine: Forker) -> Ended:
                start.wait(30)
                words = ("--chdir", str(self.world.folder), "apply", "--auto-approve")
                return machine.run(*words, environ={"RECONCILER_STATE": at.url})

            with ThreadPoolExecutor(2) as pool:
                runs = [pool.submit(apply, machine) for machine in self.machines]
                processes: list[set[int]] = [set(), set()]
                while not all(run.done() for run in runs):
                    for seen, machine in zip(processes, self.machines, strict=True):
                        seen.add(machine.child)
                    time.sleep(0.005)
            return list(self._wrong([run.result() for run in runs], processes))

    def _wrong(self, ends: list[Ended], processes: list[set[int]]) -> Iterator[str]:
        codes = [end.code for end in ends]
        if sorted(codes) != [0, 6]:
            yield f"exit codes {codes}: {ends[0].err[-300:]} {ends[1].err[-300:]}"
            return
        loser = codes.index(6)
        (holder,) = processes[1 - loser] - {0}
        if f"process {holder}" not in ends[loser].err:
            yield f"process {holder} is not named: {ends[loser].err[-300:]}"
        counts = Counter(row["name"] for row in self.world.sandbox.store.customers())
        if counts != Counter(row["name"] for row in ROWS):
            yield f"the ERP has {dict(counts)}"


@contextmanager
def runners() -> Iterator[Runners]:
    """Set it up, and take it down."""
    with tempfile.TemporaryDirectory() as name:
        folders = [Path(name) / each for each in ("company", "one", "two")]
        for folder in folders:
            folder.mkdir()
        with Sandbox(Path(name) / "erp" / "sandbox.db") as sandbox:
            sandbox.switch(require_postal_code=False, rate_limit=10**8, latency_ms=LATENCY_MS)
            environ = environ_for(sandbox, Path(name))
            with Forker(folders[1], environ) as one, Forker(folders[2], environ) as two:
                yield Runners(World(folders[0], sandbox, one), two)


def main(arguments: list[str]) -> int:
    """Race COUNT times, 20 unless said otherwise; 1 when one ends otherwise than it must."""
    count = int(arguments[0]) if arguments else 20
    bad = 0
    with runners() as both:
        for at in range(1, count + 1):
            wrong = both.race()
            bad += bool(wrong)
            print(f"{at:3} {wrong or 'one applied, the other named it'}", flush=True)
    print(f"{count} races, {count - bad} as they must be, {bad} not.")
    return 1 if bad or not count else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
