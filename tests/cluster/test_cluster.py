"""A fleet on a Dask scheduler with worker processes: `pip install -e '.[test,fleet]'`, then `pytest tests/cluster`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from distributed import LocalCluster

from reconciler.core.errors import WrongUsage
from reconciler.core.fleet import FleetReport
from reconciler.core.rules import Target
from reconciler.fleet.cluster import Cluster, _check_versions
from reconciler.fleet.fleet import Fleet
from reconciler.state.store import open_store
from tests.acceptance.fleet_folder import CREDENTIALS, FleetFolder, fleet_folder
from tests.postgres_server import empty_schema

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def fleet(tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[FleetFolder]:
    with fleet_folder(tmp_path, capfd, monkeypatch) as folder:
        yield folder


@contextmanager
def cluster(workers: int, **environ: str) -> Iterator[LocalCluster]:
    """Worker processes with the credentials in their environment."""
    with LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        processes=True,
        dashboard_address=":0",
        env=CREDENTIALS | environ,
        silence_logs=50,
    ) as running:
        yield running


def opened(fleet: FleetFolder, running: LocalCluster) -> Fleet:
    return Fleet.open(fleet.folder, environ={}, jobs=4, on=running.scheduler_address)


def seen(report: FleetReport) -> Any:
    return [(company.name, company.outcome, dict(company.summary), company.lines) for company in report.companies]


def test_a_cluster_plans_as_this_machine_does(fleet: FleetFolder) -> None:
    for name in ("a", "b"):
        fleet.company(name, customers=3)
    fleet.company("broken", base_url="http://127.0.0.1:9")
    fleet.declare("broken", "bad", "name: [")
    here = Fleet.open(fleet.folder, environ=CREDENTIALS, jobs=2).plan()
    for workers in (2, 4):
        with cluster(workers) as running:
            there = opened(fleet, running).plan()
        assert seen(there) == seen(here)
        assert there.digest == here.digest


def test_no_more_companies_are_worked_on_at_a_time_than_jobs_says(fleet: FleetFolder) -> None:
    """However many workers the scheduler has."""
    fleet.company("a", base_url="http://127.0.0.1:9")
    with cluster(2) as running:
        for jobs, most in ((1, 1), (None, 2)):
            engine = Cluster(running.scheduler_address, jobs)
            with engine.executor():
                assert (engine.jobs, engine.room) == (most, most)


def test_applying_on_other_machines_wants_a_shared_state(fleet: FleetFolder) -> None:
    fleet.company("a")
    fleet.run("plan", "-o", "plans")
    with cluster(1) as running:
        report = opened(fleet, running).apply(fleet.folder / "plans")
    assert report.companies[0].outcome.value == "refused"
    assert "shared state" in report.companies[0].reason
    assert fleet.names("a") == []


def test_workers_that_are_killed_leave_nothing_doubled_and_nothing_undone(fleet: FleetFolder) -> None:
    """Each company is as declared, and has one run in the journal, whatever is killed meanwhile."""
    names = ("a", "b", "c")
    with empty_schema() as state:
        for name in names:
            fleet.company(
                name, customers=8, more=f"state: {state.url.replace('postgres:@', '')}\nstate_schema: {state.schema}"
            )
            text = (fleet.folder / f"companies/{name}/reconciler.yaml").read_text()
            (fleet.folder / f"companies/{name}/reconciler.yaml").write_text(
                text.replace("company: Test AS", name_line(name))
            )
            fleet.erps[name].switch(latency_ms=20)
        with cluster(2, RECONCILER_STATE=state.url) as running:
            there = opened(fleet, running)
            there.plan(fleet.folder / "plans")
            done, killed = Event(), list[int]()
            killer = Thread(target=kill, args=(running, done, killed))
            killer.start()
            report = there.apply(fleet.folder / "plans")
            done.set()
            killer.join()
            assert killed
        assert {company.name: company.outcome.value for company in report.companies} == dict.fromkeys(names, "applied")
        for name in names:
            assert fleet.names(name) == sorted(f"Customer {name}-{at}" for at in range(8))
            place = Target("production", name, "sandbox", fleet.erps[name].base_url)
            with open_store(state, place=place, environ=os.environ) as store:
                assert [run.status.value for run in store.runs.all()] == ["done"]


def name_line(name: str) -> str:
    return f"company: {name}"


def kill(running: LocalCluster, done: Event, killed: list[int]) -> None:
    """SIGKILL to one worker after the other while the fleet is applied; the cluster starts new ones.

    Three times: Dask gives up a task whose worker died a fourth time.
    """
    while len(killed) < 3 and not done.wait(0.5):
        pids = [nanny.pid for nanny in running.workers.values() if nanny.pid not in (None, *killed)]
        for pid in pids[:1]:
            os.kill(pid, signal.SIGKILL)
            killed.append(pid)


def test_a_worker_of_another_version_gets_no_work() -> None:
    with pytest.raises(WrongUsage, match=r"has reconciler 0\.0\.9"):
        _check_versions({"tcp://one": "0.0.9"})
    with pytest.raises(WrongUsage, match="no worker"):
        _check_versions({})


def test_without_a_scheduler_the_command_says_so(fleet: FleetFolder) -> None:
    fleet.company("a", base_url="http://127.0.0.1:9")
    words = [sys.executable, "-m", "reconciler", "fleet", "plan", "--on", "tcp://127.0.0.1:9"]
    ended = subprocess.run(words, cwd=fleet.folder, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "no scheduler at tcp://127.0.0.1:9" in ended.stderr
