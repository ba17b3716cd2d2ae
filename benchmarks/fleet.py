"""`fleet plan` against a loop over `reconciler plan`: `python -m benchmarks.fleet [COMPANIES] [CUSTOMERS] [JOBS]`.

Generates the companies, on a few servers of the built-in ERP. Counts the CPU of all processes that a command starts,
but never of a server, and the peak memory of the command's own process and of its largest worker. Then `fleet plan`
for a quarter and for half of the companies, and for ten times as many of 5 customers: does memory grow with them?

--write puts the table into docs/performance.md. Linux only.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks import world
from benchmarks.measure import apart, put_into_page

_SERVERS = 2
_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER: workers whose parent is gone are this process's to wait for, with their CPU
_MANY, _SMALL = 10, 5
_BOUND = 1 / 3
_COMMAND = [sys.executable, "-m", "reconciler", "--quiet"]
_HEAD = (
    "| Companies | Customers each | Command | State | Wall, s | CPU, s | Command's peak, MB | Worker's peak, MB |",
    "| ---: | ---: | --- | --- | ---: | ---: | ---: | ---: |",
)


@dataclass(frozen=True)
class Spent:
    """wall and cpu in seconds; the peaks of the command's process and of the largest worker in MB."""

    wall: float
    cpu: float
    peak: float
    worker: float = 0.0


def spent(command: list[str], folder: Path) -> Spent:
    """Run the command, and wait for all that it left behind. Raises RuntimeError when it fails."""
    own, before, started = _children(), resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    with tempfile.TemporaryFile() as sink:
        process = subprocess.Popen(command, cwd=folder, env=world.environment(), stdout=sink, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            sink.seek(0)
            raise RuntimeError(
                f"{command} ended with {process.returncode} in {folder}:\n{sink.read().decode()[-2000:]}"
            )
    worker = 0.0
    for child in _children() - own:
        with suppress(ChildProcessError):
            worker = max(worker, os.wait4(child, 0)[2].ru_maxrss / 1024)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Spent(wall, cpu, used.ru_maxrss / 1024, worker)


def _children() -> set[int]:
    """What this process would wait for: servers, and what a command left behind."""
    parent = os.getpid()
    return {int(child) for child in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()}


@dataclass(frozen=True)
class Fleet:
    """Companies that have what their ERP has, on a few servers."""

    root: Path
    customers: int
    jobs: int
    folders: list[Path]

    @classmethod
    def build(cls, root: Path, companies: int, customers: int, jobs: int, stack: ExitStack) -> Fleet:
        """Make them, and start the servers."""
        folders = []
        for server in range(_SERVERS):
            template = root / f"server-{server}"
            template.mkdir(parents=True)
            database = apart(world.seed, template, customers)
            apart(world.declare, template, database)
            base = stack.enter_context(world.serving(database, rate_limit=10**8, tenants="any"))
            world.configure(template, base)
            for at in range(server, companies, _SERVERS):
                folder = root / "companies" / f"company-{at:05}"
                shutil.copytree(template, folder, ignore=shutil.ignore_patterns("erp.db*"))
                settings = folder / "reconciler.yaml"
                settings.write_text(settings.read_text().replace("tenant_id: sandbox", f"tenant_id: {folder.name}"))
                folders.append(folder)
        return cls(root, customers, jobs, sorted(folders))

    def forget(self) -> None:
        """Have no state kept."""
        for folder in self.folders:
            shutil.rmtree(folder / ".reconciler", ignore_errors=True)

    def loop(self) -> Spent:
        """Plan one company after the other."""
        costs = [spent([*_COMMAND, "plan"], folder) for folder in self.folders]
        return Spent(
            sum(cost.wall for cost in costs), sum(cost.cpu for cost in costs), max(cost.peak for cost in costs)
        )

    def plan(self, companies: int | None = None) -> Spent:
        """`fleet plan` of so many companies; None for all."""
        names = [folder.relative_to(self.root).as_posix() for folder in self.folders[:companies]]
        (self.root / "fleet.yaml").write_text(f"version: 1\ncompanies: {json.dumps(names)}\n")
        return spent([*_COMMAND, "fleet", "plan", "--jobs", str(self.jobs)], self.root)

    def line(self, companies: int, command: str, state: str, cost: Spent) -> str:
        """A row of the table."""
        worker = f"{cost.worker:.0f}" if cost.worker else ""
        cells = [f"{companies:,}", str(self.customers), command, state, f"{cost.wall:.1f}", f"{cost.cpu:.1f}"]
        return f"| {' | '.join([*cells, f'{cost.peak:.0f}', worker])} |"


def compared(fleet: Fleet) -> Iterator[str]:
    """A line for each way, first with nothing kept (all is read), then with a snapshot; and the share of the CPU."""
    costs: dict[str, float] = {}
    count = len(fleet.folders)
    for command, act in (("loop over plan", fleet.loop), ("fleet plan", fleet.plan)):
        fleet.forget()
        for state in ("nothing kept", "snapshot"):
            cost = act()
            costs[f"{command}, {state}"] = cost.cpu
            yield fleet.line(count, command, state, cost)
    for part in (count // 2, count // 4):
        yield fleet.line(part, "fleet plan", "snapshot", fleet.plan(part))
    for state in ("nothing kept", "snapshot"):
        share = costs[f"fleet plan, {state}"] / costs[f"loop over plan, {state}"]
        verdict = "met" if share <= _BOUND else "**missed**"
        yield f"{state}: `fleet plan` takes {share:.3f} of the loop's CPU; the bound is a third: {verdict}."


def many(fleet: Fleet) -> Iterator[str]:
    """Small companies: a quarter of them, then all."""
    for companies in (len(fleet.folders) // 4, len(fleet.folders)):
        fleet.forget()
        yield fleet.line(companies, "fleet plan", "nothing kept", fleet.plan(companies))


def main() -> int:
    """Measure, print, and write when asked to."""
    words = dict(enumerate(int(word) for word in sys.argv[1:] if word != "--write"))
    companies, customers, jobs = words.get(0, 200), words.get(1, 500), words.get(2, os.cpu_count() or 1)
    ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)
    lines = list(_HEAD)
    sys.stdout.write("\n".join(lines) + "\n")
    with tempfile.TemporaryDirectory() as name:
        for folder, count, each, measure in (
            ("large", companies, customers, compared),
            ("many", companies * _MANY, _SMALL, many),
        ):
            with ExitStack() as stack:
                for line in measure(Fleet.build(Path(name) / folder, count, each, jobs, stack)):
                    lines.append(line)
                    sys.stdout.write(f"{line}\n")
                    sys.stdout.flush()
    rows = [line for line in lines if line.startswith("|")]
    verdicts = [f"- {line}" for line in lines if not line.startswith("|")]
    if "--write" in sys.argv:
        put_into_page("fleet", [*rows, "", *verdicts])
    return 0


if __name__ == "__main__":
    sys.exit(main())
