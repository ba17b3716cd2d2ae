"""What each store of the state costs: `python -m benchmarks.state_stores [--no-fresh] [--write]`.

An apply of 400 updates, a plan and a drift report, with a SQLite file, and with a PostgreSQL that is 0, 20 and 40 ms
away (a round trip; a proxy delays and counts what passes). The ERP takes 50 ms for each request, and 8 are in flight.

The share of the ideal is given twice. `journal`: the executor and the journal with an ERP that only takes time; the
ideal is 400 x 50 ms / 8. `whole`: the command, from when it sends the first write to the last answer of what it reads
back; its ideal has these reads in addition, one after the other. The second needs a machine that has nothing else to
do: client, ERP and database share it. `fresh` plans 10,000 customers on a machine that only knows the database.

Wants `pip install '.[dev]'` for the database. --write puts the tables into docs/performance.md.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import cast

from benchmarks import world
from benchmarks.measure import Cost, apart, cost, put_into_page
from reconciler.apply.executor import execute
from reconciler.core.plan import Outcome, Request
from reconciler.core.ports import Erp, Sent
from reconciler.state.store import open_store
from tests.database_proxy import DatabaseProxy, Traffic, proxied
from tests.postgres_server import empty_schema
from tests.unit.state.plans import TARGET, plan_of

COUNT, ERP_MS, PARALLELISM = 400, 50, 8
AWAY_MS = (0, 20, 40)
FRESH, DIFFERING = 10_000, 5
HEAD = (
    "| State | Case | Wall, s | CPU, s | Round trips | KB | Share, journal | Share, whole |",
    "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |",
)
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
        time.sleep(0.1)  # what is still on its way through the proxy
        passed, self.proxy.traffic = self.proxy.traffic, Traffic()
        return passed


@dataclass(frozen=True)
class Row:
    """One measured case. share: of the ideal, for an apply; journal: the same without the rest of the command."""

    store: str
    case: str
    cost: Cost
    traffic: Traffic
    share: float = 0.0
    journal: float = 0.0


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


def commands(folder: Path, place: Place) -> Iterator[Row]:
    """An apply of COUNT updates whose plan is there, and then a plan and a drift report without differences."""
    environment = world.environment() | place.environment
    cost([*COMMAND, "plan", "--refresh", "full", "-o", "plan.json"], folder, environment, fine=FINE)
    place.passed()
    log = ["--log-level", "info", "--log-format", "json"]
    spent = cost([*COMMAND, "apply", "plan.json", *log], folder, environment, fine=FINE)
    took, ideal = writing_seconds(spent.out)
    yield Row(place.name, f"apply of {COUNT}", spent, place.passed(), ideal / took, journal_share(place, folder))
    place.passed()
    for word in ("plan", "drift"):
        spent = cost([*COMMAND, word], folder, environment, fine=FINE)
        yield Row(place.name, f"{word}, {COUNT} customers", spent, place.passed())


def writing_seconds(log: str) -> tuple[float, float]:
    """(what it took, the ideal): from when the first write was sent to the last answer of what reads back."""
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    times = [(datetime.fromisoformat(line["time"]).timestamp(), line["message"]) for line in lines]
    puts = [moment for moment, message in times if "PUT " in message]
    if len(puts) != COUNT:
        raise RuntimeError(f"{len(puts)} of {COUNT} updates were logged:\n{log[-2000:]}")
    after = [moment for moment, message in times if "GET " in message and moment > max(puts)]
    took = max(puts + after) - min(puts) + ERP_MS / 1000
    return took, COUNT * ERP_MS / 1000 / PARALLELISM + len(after) * ERP_MS / 1000


class _Waiting:
    """An ERP that takes its time, and does nothing else."""

    def send(self, request: Request) -> Sent:
        """Take what an answer takes."""
        time.sleep(ERP_MS / 1000)  # what is measured beside it
        return Sent("1", "v2")


def journal_share(place: Place, folder: Path) -> float:
    """The share of the ideal that the executor and the journal reach with an ERP that only takes time."""
    location = folder / "journal.db" if place.proxy is None else place.proxy.location
    with open_store(location, place=TARGET) as store, store.lock("apply"):
        plan = plan_of(COUNT)
        journal = store.runs.begin(plan)
        begun = time.perf_counter()
        ended = list(
            execute(plan, cast(Erp, _Waiting()), journal, parallelism=PARALLELISM, since="2026-01-31T12:00:00Z")
        )
        seconds = time.perf_counter() - begun
    if {result.outcome for result in ended} != {Outcome.DONE}:
        raise RuntimeError("not all of it was sent")
    return COUNT * ERP_MS / 1000 / PARALLELISM / seconds


def fresh(folder: Path) -> Iterator[Row]:
    """A plan of FRESH customers on a machine that has only the database: none of them differs, and then some do."""
    folder.mkdir()
    database = apart(world.seed, folder, FRESH)
    apart(world.declare, folder, database, single=True)
    with empty_schema() as schema, proxied(schema) as proxy, world.serving(database, rate_limit=10**8) as base:
        place = Place("PostgreSQL", {"RECONCILER_STATE": proxy.url}, f"state_schema: {schema.schema}\n", proxy)
        configure(folder, place, base)
        environment = world.environment() | place.environment
        cost([*COMMAND, "apply", "--auto-approve"], folder, environment)
        for differing in (0, DIFFERING):
            if differing:
                apart(world.declare, folder, database, changed=differing / FRESH, single=True)
            new = folder.with_name(f"new-{differing}")
            shutil.copytree(folder, new, ignore=shutil.ignore_patterns(".reconciler", "erp.db*"))
            place.passed()
            spent = cost([*COMMAND, "plan", "-o", "plan.json"], new, environment, fine=FINE)
            traffic, plan = place.passed(), json.loads((new / "plan.json").read_bytes())
            case = (
                f"plan of {FRESH:,} with {differing} differences, new machine, {plan['refresh']['requests']} requests"
            )
            if len(plan["actions"]) != differing:
                raise RuntimeError(f"{len(plan['actions'])} of {differing} differences were planned")
            yield Row(place.name, case, spent, traffic)


def configure(folder: Path, place: Place, base: str) -> None:
    """Settings of a company whose ERP is at `base`, and whose state is there."""
    world.configure(folder, base, f", parallelism: {PARALLELISM}")
    with (folder / "reconciler.yaml").open("a") as settings:
        settings.write(place.settings)


def main() -> int:
    """Measure, print, and write when asked to."""
    rows: list[Row] = []
    print(*HEAD, sep="\n", flush=True)
    with tempfile.TemporaryDirectory() as name, places(Path(name)) as stores:
        for at, place in enumerate(stores):
            folder = Path(name) / f"apply-{at}"
            folder.mkdir()
            database = apart(world.seed, folder, COUNT)
            apart(world.declare, folder, database, changed=1.0)
            with world.serving(database, rate_limit=10**8, latency_ms=ERP_MS) as base:
                configure(folder, place, base)
                for row in commands(folder, place):
                    rows.append(row)
                    print(_line(row), flush=True)
        if "--no-fresh" not in sys.argv:
            for row in fresh(Path(name) / "fresh"):
                rows.append(row)
                print(_line(row), flush=True)
    if "--write" in sys.argv:
        put_into_page("state", (*HEAD, *map(_line, rows)))
    return 0


def _line(row: Row) -> str:
    traffic, shares = row.traffic, [f"{share:.0%}" if share else "" for share in (row.journal, row.share)]
    passed = (
        [f"{traffic.round_trips}", f"{(traffic.sent + traffic.received) / 1000:,.0f}"] if traffic.sent else ["", ""]
    )
    cells = [row.store, row.case, f"{row.cost.wall:.1f}", f"{row.cost.cpu:.1f}", *passed, *shares]
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    sys.exit(main())
