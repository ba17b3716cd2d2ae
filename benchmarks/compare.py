"""All figures side by side in one run: `python -m benchmarks.compare [--large] [--once] [--write]`.

--large adds 100,000 customers (ten minutes more). --once runs each case once, not twice. --write puts the table and the
chart into docs/. Ratios are what counts: absolute times are this machine's on that day.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from benchmarks import chart, peers, world
from benchmarks.measure import Cost, apart, best, cost

ROOT = Path(__file__).resolve().parent.parent
PLAN = [sys.executable, "-m", "reconciler", "plan"]
CASES = ("full", "incremental")
FINE = (0, 4)  # a plan of 10 % may be refused by a guard: it is made all the same


@dataclass(frozen=True)
class Row:
    """One measured case."""

    case: str
    customers: int
    cost: Cost


@dataclass(frozen=True)
class Ratio:
    """One target: what was measured against what, and the bound that it must keep. `least`: at least, else at most."""

    what: str
    value: float
    bound: float
    least: bool = False

    @property
    def met(self) -> bool:
        """Whether the target is met."""
        return self.value >= self.bound if self.least else self.value <= self.bound


def main() -> int:
    """Measure, print, and write when asked to."""
    sizes = [1_000, 10_000, *([100_000] if "--large" in sys.argv else [])]
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as name:
        for size in sizes:
            for row in plans(Path(name) / str(size), size):
                rows.append(row)
                _tell(row)
        for row in others(Path(name), Path(name) / "1000" / "erp.db"):
            rows.append(row)
            _tell(row)
        ratios = [*targets({(row.case, row.customers): row.cost for row in rows}), throughput(Path(name))]
    for each in ratios:
        bound = f"{'at least' if each.least else 'at most'} {each.bound:g}"
        _say(f"{'met ' if each.met else 'MISS'}  {each.what}: {each.value:.2f} ({bound})")
    if "--write" in sys.argv:
        chart.write(ROOT / "docs", rows, ratios)
    return 0


def plans(folder: Path, size: int) -> Iterator[Row]:
    """Full and incremental plans of one size, and the floor."""
    folder.mkdir()
    database = apart(world.seed, folder, size)
    runs = 1 if "--once" in sys.argv or size > 10_000 else 2
    with world.serving(database, rate_limit=10**8) as base:
        for single in (False, True) if size > 10_000 else (False,):
            layout = "one file" if single else "a file each"
            project = folder / layout.replace(" ", "-")
            for changed in (0.0, 0.01, 0.1) if size <= 10_000 else (0.0,):
                apart(world.declare, project, database, changed=changed, single=single)
                world.configure(project, base)
                for case, words, times in (
                    ("full", ["--refresh", "full"], runs),
                    ("incremental", ["--refresh", "incremental"], runs),
                ):
                    spent = best(times, [*PLAN, *words], project, world.environment(), fine=FINE)
                    _check(spent, "No changes." if not changed else "to update")
                    yield Row(f"{case}, {changed:.0%} changed, {layout}", size, spent)
            apart(world.declare, project, database, single=single)
            floor = [sys.executable, "-m", "benchmarks.floor", str(project), base]
            spent = best(runs, floor, ROOT, world.environment())
            _check(spent, " 0 differ")
            yield Row(f"floor, {layout}", size, spent)


def _check(spent: Cost, wanted: str) -> None:
    """What was measured must have done its work."""
    if wanted not in spent.out:
        raise RuntimeError(f"the measured command did not say {wanted!r}:\n{spent.out[-2000:]}")


def others(folder: Path, database: Path) -> Iterator[Row]:
    """The peers, and starting up. database: the ERP of 1,000 customers."""
    runs = 1 if "--once" in sys.argv else 2
    found = (
        ("octoDNS", 10_000, peers.octodns(folder / "octodns", 10_000, runs)),
        ("Terraform", 1_000, peers.terraform(folder / "terraform", database, runs)),
    )
    for case, size, spent in found:
        if spent is not None:
            yield Row(case, size, spent)
    for case, words in (
        ("python -c pass", ["-c", "pass"]),
        ("--version", ["-m", "reconciler", "--version"]),
        ("--help", ["-m", "reconciler", "--help"]),
    ):
        tries = [cost([sys.executable, *words], folder, world.environment()) for _ in range(9)]
        yield Row(case, 0, min(tries, key=lambda each: each.wall))


def targets(found: dict[tuple[str, int], Cost]) -> Iterator[Ratio]:
    """The promised ratios, as far as both sides were measured."""
    files, single = "0% changed, a file each", "0% changed, one file"
    full = found[f"full, {files}", 10_000]
    yield Ratio(
        "CPU of a full no-op plan of 10,000, over the floor's", full.cpu / found["floor, a file each", 10_000].cpu, 3
    )
    if octodns := found.get(("octoDNS", 10_000)):
        yield Ratio("wall time of the same, over octoDNS' for 10,000 records", full.wall / octodns.wall, 1 / 3)
    if terraform := found.get(("Terraform", 1_000)):
        ours = found[f"full, {files}", 1_000]
        yield Ratio(
            "Terraform's no-op plan of 1,000, over ours (wall time)", terraform.wall / ours.wall, 15, least=True
        )
    nothing = found["python -c pass", 0]
    yield Ratio("--version, over python -c pass (wall time)", found["--version", 0].wall / nothing.wall, 6)
    yield Ratio("--help, over python -c pass (wall time)", found["--help", 0].wall / nothing.wall, 12)
    if (f"full, {files}", 100_000) not in found:
        return
    large = found[f"full, {files}", 100_000]
    yield Ratio("100,000 against 10,000, wall time", large.wall / full.wall, 11)
    for layout, what, bound in ((single, "one file", 700), (files, "a file each", 500)):
        peaks = [found[f"{case}, {layout}", 100_000].peak for case in CASES]
        yield Ratio(f"peak memory at 100,000, {what}, MB, the most of all cases", max(peaks), bound)
    warm = found[f"incremental, {files}", 100_000]
    yield Ratio("requests of a warm incremental plan of 100,000", warm.requests, 3)
    yield Ratio("CPU of the same, over the full plan's", warm.cpu / large.cpu, 0.15)


def throughput(folder: Path, count: int = 1_000, latency_ms: int = 50, parallelism: int = 8) -> Ratio:
    """Updates a second of an apply with latency, as a share of the ideal. What planning takes is not counted."""
    project = folder / "apply"
    project.mkdir()
    database = world.seed(project, count)
    world.declare(project, database, changed=1.0)
    with world.serving(database, rate_limit=10**8, latency_ms=latency_ms) as base:
        world.configure(project, base, f", parallelism: {parallelism}")
        command = [sys.executable, "-m", "reconciler", "plan", "-o", "plan.json"]
        cost(command, project, world.environment(), fine=FINE)
        report = cost(
            [sys.executable, "-m", "reconciler", "apply", "plan.json", "--log-level", "info", "--log-format", "json"],
            project,
            world.environment(),
        )
    return Ratio(
        f"updates a second, {latency_ms} ms latency, {parallelism} in flight, over the ideal",
        _rate(report.out, count) / (parallelism * 1000 / latency_ms),
        0.9,
        least=True,
    )


def _rate(log: str, count: int) -> float:
    """Updates a second from the first PUT's answer to the last one's, as the log tells."""
    times = []
    for line in log.splitlines():
        if line.startswith("{") and "PUT " in line:
            times.append(datetime.fromisoformat(json.loads(line)["time"]).timestamp())
    if len(times) < count:
        raise RuntimeError(f"{len(times)} of {count} updates were logged:\n{log[-2000:]}")
    return (len(times) - 1) / (max(times) - min(times))


def _tell(row: Row) -> None:
    spent = row.cost
    figures = f"wall {spent.wall:7.2f} s  CPU {spent.cpu:7.2f} s  peak {spent.peak:5.0f} MB  requests {spent.requests}"
    _say(f"{row.customers:>7,}  {row.case:<45} {figures}")


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
