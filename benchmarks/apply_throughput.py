"""Writes a second with latency: how much of the ideal `parallelism / latency` an apply reaches."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from reconciler.apply.executor import execute
from reconciler.core.diagnostics import Source
from reconciler.core.live import Live
from reconciler.core.plan import Action, Budget, Cause, Change, ConfigSummary, Plan, Refresh, Summary, Verb
from reconciler.core.ports import Need
from reconciler.erp.auth import Access
from reconciler.erp.customers import open_customers
from reconciler.erp.encode import WireCodec
from reconciler.sandbox import Sandbox
from reconciler.state.store import open_store

COUNT, LATENCY_MS, PARALLELISM = 400, 200, 8
HOME = Source("customers.yaml", 1, 1)


def main() -> int:
    """Update COUNT customers, journaled, and print the share of the ideal."""
    with tempfile.TemporaryDirectory() as folder, Sandbox(Path(folder) / "sandbox.db") as sandbox:
        sandbox.store.seed(COUNT, 1)
        sandbox.switch(rate_limit=10**8)
        access = Access(
            sandbox.base_url, sandbox.token_url, sandbox.tenant_id, sandbox.client_id, sandbox.client_secret
        )
        with (
            open_customers(access, parallelism=PARALLELISM, trust_env=False) as erp,
            open_store(Path(folder) / "state.db") as store,
        ):
            view = erp.refresh(Need(frozenset({"gln"}), {}))
            plan = _plan(view.customers)
            sandbox.switch(latency_ms=LATENCY_MS)
            journal = store.runs.begin(plan)
            started = time.perf_counter()
            done = sum(1 for _ in execute(plan, erp, journal, parallelism=PARALLELISM, since=view.as_of))
            seconds = time.perf_counter() - started
    ideal = PARALLELISM * 1000 / LATENCY_MS
    sys.stdout.write(
        f"{done} updates in {seconds:.2f} s: {done / seconds:.1f} a second,"
        f" {done / seconds / ideal:.0%} of the ideal {ideal:.0f}\n"
    )
    return 0


def _plan(customers: tuple[Live, ...]) -> Plan:
    wire = WireCodec()
    actions = tuple(
        Action(
            Verb.UPDATE,
            live.number,
            None,
            live.name,
            HOME,
            (Change("gln", live.values.get("gln"), "7000000000001", Cause.CONFIG, HOME),),
            wire.update(live, {"gln": "7000000000001"}, ()),
        )
        for live in customers
    )
    return Plan(
        "0", "2026-01-31T12:00:00Z", "sandbox", "", "sandbox", "x", ConfigSummary("", len(actions)),
        Refresh("full", "2026-01-31T12:00:00Z", len(actions), 1), Summary(update=len(actions)), actions, (), Budget(0),
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
