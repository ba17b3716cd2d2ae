"""`fleet plan` against a loop over `reconciler plan`: `python -m benchmarks.fleet [COMPANIES] [CUSTOMERS] [JOBS]`.

Counts the CPU of all processes that a command starts, and the peak memory of the one that was started. Linux only.
"""

from __future__ import annotations

import ctypes
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks import world

_SERVERS = 2
_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER: workers whose parent is gone are this process's to wait for, with their CPU


@dataclass(frozen=True)
class Spent:
    """wall and cpu in seconds, peak in MB."""

    wall: float
    cpu: float
    peak: float


def spent(command: list[str], folder: Path) -> Spent:
    """Run the command, and wait for all that it left behind. Raises RuntimeError when it fails."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    process = subprocess.Popen(
        command, cwd=folder, env=world.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{command} ended with {process.returncode} in {folder}")
    for child in _orphans(os.getpid()):
        with suppress(ChildProcessError):
            os.waitpid(child, 0)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Spent(wall, cpu, used.ru_maxrss / 1024)


def _orphans(parent: int) -> list[int]:
    """The children that are no server of an ERP."""
    listed = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return [int(child) for child in listed if b"multiprocessing" in Path(f"/proc/{child}/cmdline").read_bytes()]


def build(root: Path, companies: int, customers: int, stack: ExitStack) -> list[Path]:
    """The fleet: companies that have what their ERP has, on a few servers."""
    folders = []
    for server in range(_SERVERS):
        template = root / f"server-{server}"
        template.mkdir()
        database = world.seed(template, customers)
        world.declare(template, database)
        base = stack.enter_context(world.serving(database, rate_limit=10**8, tenants="any"))
        world.configure(template, base)
        for at in range(server, companies, _SERVERS):
            folder = root / "companies" / f"company-{at:04}"
            shutil.copytree(template, folder, ignore=shutil.ignore_patterns("erp.db*"))
            settings = folder / "reconciler.yaml"
            settings.write_text(settings.read_text().replace("tenant_id: sandbox", f"tenant_id: {folder.name}"))
            folders.append(folder)
    (root / "fleet.yaml").write_text("version: 1\ncompanies: [companies/*]\n")
    return folders


def loop(folders: list[Path]) -> Spent:
    """Plan one company after the other."""
    all_spent = [spent([sys.executable, "-m", "reconciler", "--quiet", "plan"], folder) for folder in folders]
    return Spent(sum(one.wall for one in all_spent), sum(one.cpu for one in all_spent), all_spent[0].peak)


def main() -> int:
    """Print a line for each way, first with nothing kept (all is read), then with a snapshot."""
    words = dict(enumerate(map(int, sys.argv[1:])))
    companies, customers, jobs = words.get(0, 200), words.get(1, 500), words.get(2, os.cpu_count() or 1)
    ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        root = Path(name)
        folders = build(root, companies, customers, stack)
        fleet = [sys.executable, "-m", "reconciler", "--quiet", "fleet", "plan", "--jobs", str(jobs)]
        sys.stdout.write(f"{companies} companies of {customers} customers, {jobs} jobs\n")
        for way, act in (("loop", lambda: loop(folders)), ("fleet", lambda: spent(fleet, root))):
            for folder in folders:
                shutil.rmtree(folder / ".reconciler", ignore_errors=True)
            for state in ("nothing kept", "snapshot"):
                cost = act()
                sys.stdout.write(
                    f"{way:6} {state:13} wall {cost.wall:6.1f} s  CPU {cost.cpu:6.1f} s  peak {cost.peak:4.0f} MB\n"
                )
                sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
