"""A process of its own that works on a state, to be killed or to be in the way.

child hold STATE             take the lock, say so, and wait
child journal STATE SENT     apply a plan in four threads, noting each write in the file SENT
child fill STATE             record customers until the disk is full, then journal
child use STATE              read, then write, saying how each ends
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from reconciler.core.errors import ReconcilerError, StateError
from reconciler.core.plan import Outcome
from reconciler.core.shared_state import SharedState
from reconciler.state.journal import RunStatus
from tests.postgres_server import location_of
from tests.unit.state.plans import NOBODY, TARGET, known_of, opened, plan_of

JOURNALED = 2000


def hold(state: Path | SharedState) -> None:
    with opened(state) as store, store.lock("apply plan.json"):
        print("held", flush=True)
        time.sleep(60)


def journal(state: Path | SharedState, sent: Path) -> None:
    with opened(state) as store, store.lock("apply"), sent.open("ab", buffering=0) as wire:
        print("started", flush=True)
        run = store.runs.begin(plan_of(JOURNALED))
        print(run.run_id, flush=True)

        def perform(label: str) -> None:
            run.intend(label)
            wire.write(f"{label}\n".encode())
            run.finish(label, Outcome.DONE, number=label, version=f"v{label}")

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(perform, map(str, range(JOURNALED))))
        run.close(RunStatus.DONE)


def fill(state: Path | SharedState) -> None:
    with opened(state) as store:
        run = store.runs.begin(plan_of(3))
        run.intend("0")
        try:
            for at in range(1000):
                store.known(TARGET).record([known_of(str(at * 100 + each)) for each in range(100)])
        except StateError as error:
            print(error)
        print(len(store.known(TARGET).load()) % 100, [entry.label for entry in store.runs.get(run.run_id).entries])


def use(state: Path | SharedState) -> None:
    with tempfile.TemporaryDirectory() as folder, opened(Path(folder) / "state.db") as store:
        store.known(TARGET).record([known_of("1")])  # what is imported late is imported: nobody may read Python's files
        store.known(TARGET).load()
    if os.geteuid() == 0:
        os.setgroups([])
        os.setegid(NOBODY)
        os.seteuid(NOBODY)
    with opened(state) as store:
        for name, act in (
            ("read", lambda: store.known(TARGET).load()),
            ("write", lambda: store.known(TARGET).record([known_of("2")])),
        ):
            try:
                act()
                print(name, "fine")
            except ReconcilerError as error:
                print(name, type(error).__name__, error)


if __name__ == "__main__":
    {"hold": hold, "journal": journal, "fill": fill, "use": use}[sys.argv[1]](*map(location_of, sys.argv[2:]))  # type: ignore[operator]
