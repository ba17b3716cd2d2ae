"""Plans, customers and child processes to try the state with."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from reconciler.core.diagnostics import Source
from reconciler.core.plan import Action, Budget, ConfigSummary, Plan, Refresh, Request, Summary, Verb
from reconciler.core.rules import Target
from reconciler.core.shared_state import SharedState
from reconciler.state.journal import RunInfo
from reconciler.state.known_customers import Known
from reconciler.state.plan_file import seal
from reconciler.state.port import Connection
from reconciler.state.store import Store, open_store

TARGET = Target("production", "Demo AS", "tenant", "https://api.finance.visma.net")
ROOT = Path(__file__).parents[3]
NOBODY = 65534
"""A user that owns nothing; tests may run as root, whom no permission keeps out."""


def plan_of(count: int) -> Plan:
    """A sealed plan of so many updates, labelled 0, 1, 2 ..."""
    at = Source("customers/a.yaml", 1, 1)
    actions = tuple(
        Action(
            Verb.UPDATE,
            str(number),
            None,
            "Fjellheim",
            at,
            (),
            Request("PUT", f"/v1/customer/{number}", "AAAA", {"name": {"value": "Fjellheim"}}),
        )
        for number in range(count)
    )
    plan = Plan(
        "1.0",
        "2026-01-31T12:00:00Z",
        TARGET.environment,
        TARGET.company,
        TARGET.tenant_id,
        TARGET.base_url,
        ConfigSummary("sha256:0", count),
        Refresh("full", "2026-01-31T11:59:58Z", count, 1),
        Summary(update=count),
        actions,
        (),
        Budget(count),
    )
    return seal(plan)


def unfinished(store: Store) -> list[RunInfo]:
    """The runs that were never closed, the newest first."""
    return [run for run in store.runs.all() if run.is_unfinished]


def known_of(number: str = "10000", **more: object) -> Known:
    """A known customer."""
    return Known(**{"number": number, "applied": {"name": "A"}, "applied_at": "2026-01-31T12:00:00Z"} | more)


def start_child(*arguments: str) -> subprocess.Popen[str]:
    """Another process that works on a state: see child.py."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.unit.state.child", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


def opened(location: Path | SharedState, **options: Any) -> Store:
    """The state at the location, of the place that plans here are for."""
    return open_store(location, place=TARGET, **options)


def run_statement(store: Store, statement: str) -> None:
    """Change the database behind the store's back."""

    def work(db: Connection) -> None:
        db.execute(statement)

    store.database.write(work)
