"""Workers of a fleet are killed while they apply: `python -m tests.campaign.fleet_kills [KILLS] [WORKERS] [SEED]`.

A scheduler, worker processes and a shared state in PostgreSQL, as on many machines. Round after round declarations
change, the fleet is planned with 2 and with all workers, and `fleet apply --on` writes while SIGKILL hits one worker
after the other. After each round every company must be as declared, nothing may have been created twice, and each
company's journal must have one run more, which is done. Wants the extra `fleet`.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import Any

from distributed import Client

from reconciler.core.rules import Target
from reconciler.core.shared_state import SharedState
from reconciler.state.store import open_store
from tests.acceptance.fleet_folder import CREDENTIALS, FleetFolder
from tests.postgres_server import empty_schema

COMPANIES, CUSTOMERS, MOST_ROUNDS, MOST_APPLIES = 12, 6, 30, 3
ROOT = Path(__file__).resolve().parents[2]
LATENCY_MS = 40
GAP = (1.0, 3.0)
"""Seconds between two kills: a scheduler gives up a task whose worker died four times."""

DECLARATION = """\
{key}
name: {name}
mainAddress: {{addressLine1: Road {round}, postalCode: "0150", city: Oslo, countryId: "NO"}}
"""


@dataclass
class Cluster:
    """A scheduler and its workers, each started as `dask scheduler` and `dask worker` start them."""

    address: str
    client: Any

    @classmethod
    @contextmanager
    def running(cls, workers: int, state: SharedState, folder: Path, **variables: str) -> Iterator[Cluster]:
        """Workers have the credentials in their environment, and are replaced when they die. What they and the
        scheduler say is in `folder/log`."""
        folder.mkdir()
        file, dask = folder / "scheduler.json", [sys.executable, "-W", "ignore", "-m", "dask"]
        environ = os.environ | CREDENTIALS | {"RECONCILER_STATE": state.url, "PYTHONPATH": str(ROOT)} | variables
        words = [
            [*dask, "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(file)],
            [*dask, "worker", "--scheduler-file", str(file), "--nthreads", "1", "--nworkers", str(workers)],
        ]
        with ExitStack() as stack:
            log = stack.enter_context((folder / "log").open("wb"))
            for line in words:
                process = subprocess.Popen(line, cwd=folder, env=environ, stdout=log, stderr=log)
                stack.callback(process.wait)
                stack.callback(process.terminate)
                while not file.is_file() and process.poll() is None:
                    time.sleep(0.1)
            client = stack.enter_context(Client(scheduler_file=str(file), set_as_default=False))
            client.wait_for_workers(workers, timeout=120)
            yield cls(str(client.scheduler.address), client)

    def pids(self) -> list[int]:
        """The workers that the scheduler knows: one that dies before it has started is not replaced."""
        return list(self.client.run(os.getpid, on_error="ignore").values())


@dataclass
class Fleet:
    """The companies, their ERPs, and what is declared of each."""

    folder: FleetFolder
    state: SharedState
    rounds: int = 0
    declared: dict[str, dict[str, int]] = field(default_factory=dict)

    def build(self) -> None:
        """Companies with ERPs of their own, without customers."""
        for at in range(COMPANIES):
            name = f"company-{at:02}"
            own = f"state: postgresql:///postgres\nstate_schema: {self.state.schema}"
            file = self.folder.company(name, more=own, customers=0) / "reconciler.yaml"
            text = file.read_text().replace("page_size:", "longest_answer: 1, page_size:")
            file.write_text(text, encoding="utf-8")
            self.folder.erps[name].switch(latency_ms=LATENCY_MS)
            self.declared[name] = {}

    def change(self) -> None:
        """Declare another address of every customer, and a few new customers; the ERP numbers every third."""
        self.rounds += 1
        for name, declared in self.declared.items():
            new = CUSTOMERS if self.rounds == 1 else 1
            declared |= {f"Customer {name} {len(declared) + at}": 0 for at in range(new)}
            for at, customer in enumerate(declared):
                declared[customer] = self.rounds
                key = f'number: "{10_000 + at}"' if at % 3 else f'ref: customer-{at}\ncorporateId: "{910_000_000 + at}"'
                text = DECLARATION.format(key=key, name=customer, round=self.rounds)
                file = self.folder.folder / f"companies/{name}/customers/{at}.yaml"
                file.write_text(text, encoding="utf-8")

    def wrong(self) -> Iterator[str]:
        """What is not as it must be after a round."""
        for name, declared in self.declared.items():
            store = self.folder.erps[name].store
            live = {str(row["name"]): str(row["mainAddress"]["addressLine1"]) for row in store.customers()}
            if live != {customer: f"Road {when}" for customer, when in declared.items()}:
                yield f"{name}: the ERP has {live}"
            created = Counter(str(write["body"]["name"]) for write in store.write_log() if write["method"] == "POST")
            if doubled := {customer: count for customer, count in created.items() if count > 1}:
                yield f"{name}: created more than once: {doubled}"
            place = Target("production", "Test AS", "sandbox", self.folder.erps[name].base_url)
            with open_store(self.state, place=place, environ=os.environ) as journal:
                runs = [run.status.value for run in journal.runs.all()]
            if runs != ["done"] * self.rounds:
                yield f"{name}: {self.rounds} rounds, and the journal has {runs}"

    def command(self, running: Cluster, *words: str) -> Any:
        """Run `reconciler fleet ...` on the cluster as a process; its report and its exit code."""
        line = [sys.executable, "-m", "reconciler", "--quiet", "fleet", *words, "--on", running.address]
        ended = subprocess.run(
            [*line, "--format", "json"], cwd=self.folder.folder, capture_output=True, text=True, check=False
        )
        if not ended.stdout.startswith("{"):
            raise RuntimeError(f"{words} ended with {ended.returncode}: {ended.stderr[-2000:]}")
        return json.loads(ended.stdout), ended.returncode


@dataclass
class Killer:
    """Sends SIGKILL to a worker at random, again and again, while a block runs."""

    running: Cluster
    wanted: int
    chance: random.Random
    kills: int = 0

    @contextmanager
    def at_work(self) -> Iterator[None]:
        done = Event()
        thread = Thread(target=self._kill, args=(done,))
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def _kill(self, done: Event) -> None:
        while self.kills < self.wanted and not done.wait(self.chance.uniform(*GAP)):
            if pids := self.running.pids():
                os.kill(self.chance.choice(pids), signal.SIGKILL)
                self.kills += 1


def seen(report: Any) -> Any:
    """What must not depend on the number of workers."""
    facts = ("name", "outcome", "summary", "lines", "changes_digest", "diagnostics")
    return report["digest"], [{fact: company[fact] for fact in facts} for company in report["companies"]]


def play(wanted: int, workers: int, *, seed: int = 1) -> Iterator[str]:
    """Rounds until so many workers were killed; what went wrong. Prints a line for each round."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        state = stack.enter_context(empty_schema())
        fleet = Fleet(FleetFolder(Path(name), stack), state)
        fleet.build()
        running = stack.enter_context(Cluster.running(workers, state, fleet.folder.folder / "all"))
        two = stack.enter_context(Cluster.running(2, state, fleet.folder.folder / "two"))
        killer = Killer(running, wanted, random.Random(seed))
        applies = 0
        while killer.kills < wanted and fleet.rounds < MOST_ROUNDS:
            fleet.change()
            plan, _ = fleet.command(running, "plan", "-o", "plans")
            if seen(plan) != seen(fleet.command(two, "plan")[0]):
                yield f"round {fleet.rounds}: {workers} workers plan otherwise than 2"
            before, began = killer.kills, time.monotonic()
            with killer.at_work():
                for _ in range(MOST_APPLIES):
                    report, code = fleet.command(running, "apply", "plans")
                    applies += 1
                    if not code:
                        break
            wrong = list(fleet.wrong())
            yield from wrong
            outcomes = Counter(company["outcome"] for company in report["companies"])
            sys.stdout.write(
                f"round {fleet.rounds:2}: {killer.kills - before} killed, {time.monotonic() - began:.0f} s,"
                f" exit {code}, {dict(outcomes)}{', wrong' if wrong else ''}\n"
            )
            sys.stdout.flush()
        customers = sum(map(len, fleet.declared.values()))
        sys.stdout.write(
            f"{killer.kills} kills among {workers} workers in {fleet.rounds} rounds, with {applies} `fleet apply`;"
            f" {COMPANIES} companies, {customers} customers, {COMPANIES * fleet.rounds} runs in the journals.\n"
        )
        if killer.kills < wanted:
            yield f"only {killer.kills} of {wanted} kills"


def main(arguments: list[str]) -> int:
    """1 when anything is not as it must be."""
    wanted, workers, seed = (*map(int, arguments), *(20, 4, 1)[len(arguments) :])
    wrong = list(play(wanted, workers, seed=seed))
    sys.stdout.write("".join(f"WRONG {line}\n" for line in wrong) or "All as it must be.\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
