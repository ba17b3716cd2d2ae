"""One database for several companies and for machines that are new."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import psycopg
import pytest

from reconciler.core.rules import Target
from reconciler.core.shared_state import SharedState
from reconciler.state.store import open_store
from tests.acceptance.conftest import Company
from tests.acceptance.test_shared_state import DECLARED, schema
from tests.database_proxy import proxied
from tests.unit.state.plans import TARGET, plan_of

__all__ = ["schema"]

_STORED = """
    SELECT (SELECT sum(octet_length(packed)) FROM "@".live), (SELECT sum(octet_length(applied)) FROM "@".known)
"""
"""Bytes of the values alone, without what stands beside them: of the snapshot, and those last applied."""


def test_a_company_is_not_delayed_by_the_runs_of_others_in_the_same_database(
    company: Company, schema: SharedState
) -> None:
    """Of a first company one run is in the middle of a write, and another one waits for its lock; a second company has
    a run in the middle of a write, too. A third one applies from beginning to end before any of them goes on."""
    company.settings(f"state_schema: {schema.schema}")
    company.declare(DECLARED)
    waits, has_its_turn = threading.Event(), threading.Event()

    def wait_in_line() -> None:
        with (
            open_store(schema, place=_place("first")) as store,
            store.lock("apply", timeout=600, waiting=lambda _holder: waits.set()),
        ):
            has_its_turn.set()

    waiting = threading.Thread(target=wait_in_line, daemon=True)
    with running(schema, "second"), running(schema, "first"):
        waiting.start()
        assert waits.wait(60)
        applied = company.run("apply", "--auto-approve")
        assert applied.code == 0, applied.err
        assert len(company.bodies()) == 12
        assert company.run("plan").code == 0
        assert not has_its_turn.is_set()
    assert has_its_turn.wait(60)
    waiting.join(60)


def _place(tenant: str) -> Target:
    return replace(TARGET, tenant_id=tenant)


@contextmanager
def running(schema: SharedState, tenant: str) -> Iterator[None]:
    """A run of that company that has recorded what it is about to send."""
    plan = replace(plan_of(1), tenant_id=tenant)
    with open_store(schema, place=_place(tenant)) as store, store.lock("apply"):
        store.runs.begin(plan).intend(plan.actions[0].label)
        yield


def test_a_plan_on_a_new_machine_asks_the_erp_three_times_at_most_and_reads_the_rest_from_the_database(
    company: Company, schema: SharedState, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each row of the snapshot passes once, as bytes, which are half of what they are as text. What was applied passes
    for the customers that differ, and for no others."""
    count = 300
    company.settings(f"state_schema: {schema.schema}", page_size=20)
    company.store.seed(count, 1)
    exported = company.run("export", "--out", str(company.folder / "customers"))
    assert exported.code == 0, exported.err
    assert company.apply().code == 0
    company.plan()
    fresh = Company.__new__(Company)
    fresh.folder, fresh.sandbox, fresh._capture = company.folder.with_name("new"), company.sandbox, company._capture
    shutil.copytree(company.folder, fresh.folder, ignore=shutil.ignore_patterns(".reconciler"))
    before = len(company.sandbox.requests)
    with proxied(schema) as proxy:
        monkeypatch.setenv("RECONCILER_STATE", proxy.url)
        plan = fresh.plan()
        received = proxy.traffic.received
        asked = [request for request in company.sandbox.requests[before:] if "token" not in str(request)]
        company.store.edit("10007", {"name": "Renamed by a clerk AS"})
        (action,) = fresh.plan()["actions"]
        received_then = proxy.traffic.received - received
    assert plan["summary"]["unchanged"] == count
    assert (plan["refresh"]["mode"], len(asked)) == ("incremental", 2), "a full one takes 15 pages"
    assert [(change["path"], change["cause"]) for change in action["changes"]] == [("name", "drift")]
    with psycopg.connect(schema.url) as db:
        snapshot, applied = map(float, db.execute(_STORED.replace("@", schema.schema).encode()).fetchone() or (0, 0))
    assert applied > 0.5 * snapshot, "or else the next line would not notice"
    assert max(received, received_then) < 1.3 * snapshot
