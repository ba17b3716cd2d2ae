"""What each store of the state costs: `python -m benchmarks.state_stores [--write]`.

A plan, an apply of 400 updates and a drift report, with a SQLite file, and with a PostgreSQL that is 0, 20 and 40 ms
away (a round trip; a proxy delays and counts what passes). The ERP takes 50 ms for each request, and 8 are in flight.
Wants `pip install '.[dev]'` for the database. --write puts the table into docs/performance.md.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from benchmarks import world
from benchmarks.measure import apart, cost
from tests.database_proxy import DatabaseProxy, Traffic, proxied
from tests.postgres_server import empty_schema

COUNT, ERP_MS, PARALLELISM = 400, 50, 8
AWAY_MS = (0, 20, 40)
PLAN_COUNT = 10_000
COMMAND = [sys.executable, "-m", "reconciler"]
FINE = (0, 2, 4, 5)


@dataclass(frozen=True)
class Place:
    """A store to measure: its name, the variables that lead to it, and the way to its database."""

    name: str
    environment: dict[str, str]
    settings: str
    proxy: DatabaseProxy | None

    def passed(self) -> Traffic:
        """What has passed since it was last asked."""
        if self.proxy is None:
            return Traffic()
        time.sleep(0.1)
        passed, self.proxy.traffic = self.proxy.traffic, Traffic()
        return passed


@dataclass(frozen=True)
class Row:
    """One measured case. share: of the ideal, for an apply."""

    store: str
    case: str
    wall: float
    requests: int
    traffic: Traffic
    share: float | None = None


@contextmanager
def places(folder: Path) -> Iterator[list[Place]]:
    """A SQLite file, and ways of different length to one PostgreSQL."""
    with ExitStack() as stack:
        stores = [Place("SQLite", {"RECONCILER_STATE": str(folder / "state.db")}, "", None)]
        for ms in AWAY_MS:
            schema = stack.enter_context(empty_schema())
            way = stack.enter_context(proxied(schema, ms / 1000))
            leads = {"RECONCILER_STATE": way.url}
            stores.append(Place(f"PostgreSQL, {ms} ms", leads, f"state_schema: {way.schema}\n", way))
        yield stores


def applies(folder: Path, place: Place, base: str) -> Row:
    """An apply of COUNT updates whose plan is there."""
    environment = world.environment() | place.environment
    cost([*COMMAND, "plan", "--refresh", "full", "-o", "plan.json"], folder, environment, fine=FINE)
    place.passed()
    log = ["--log-level", "info", "--log-format", "json"]
    report = cost([*COMMAND, "apply", "plan.json", *log], folder, environment, fine=FINE)
    took, ideal = writing_seconds(report.out)
    return Row(place.name, f"apply of {COUNT}", report.wall, report.requests, place.passed(), ideal / took)


def writing_seconds(log: str) -> tuple[float, float]:
    """(what it took, the ideal): from when the first write was sent to the end of the last request, which reads back.

    The ideal keeps PARALLELISM writes in flight, and sends the requests that read back, which the apply made, one after
    the other.
    """
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    times = [(datetime.fromisoformat(line["time"]).timestamp(), line["message"]) for line in lines]
    puts = [moment for moment, message in times if "PUT " in message]
    if len(puts) != COUNT:
        raise RuntimeError(f"{len(puts)} of {COUNT} updates were logged:\n{log[-2000:]}")
    after = [moment for moment, message in times if "GET " in message and moment > max(puts)]
    took = max(puts + after) - min(puts) + ERP_MS / 1000
    return took, COUNT * ERP_MS / 1000 / PARALLELISM + len(after) * ERP_MS / 1000


def main() -> int:
    """Measure, print, and write when asked to."""
    with tempfile.TemporaryDirectory() as name, places(Path(name)) as stores:
        for at, place in enumerate(stores):
            folder = Path(name) / f"apply-{at}"
            folder.mkdir()
            database = apart(world.seed, folder, COUNT)
            apart(world.declare, folder, database, changed=1.0)
            with world.serving(database, rate_limit=10**8, latency_ms=ERP_MS) as base:
                world.configure(folder, base, f", parallelism: {PARALLELISM}")
                with (folder / "reconciler.yaml").open("a") as settings:
                    settings.write(place.settings)
                print(applies(folder, place, base), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
