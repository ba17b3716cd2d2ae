"""One database for several companies and for machines that are new."""

from __future__ import annotations

import shutil
from pathlib import Path

import psycopg
import pytest

from reconciler.core.shared_state import SharedState
from reconciler.sandbox import Sandbox
from tests.acceptance.conftest import Company
from tests.acceptance.test_kill import started
from tests.acceptance.test_shared_state import DECLARED, schema, written
from tests.database_proxy import proxied

__all__ = ["schema"]

_STORED = """
    SELECT (SELECT sum(octet_length(packed)) FROM "@".live) + (SELECT sum(octet_length(applied)) FROM "@".known)
"""
"""Bytes of the values alone, without what stands beside them."""


def test_a_company_is_not_delayed_by_the_run_of_another_one_in_the_same_database(
    company: Company, schema: SharedState, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    company.settings(f"state_schema: {schema.schema}")
    company.declare(DECLARED)
    company.sandbox.switch(latency_ms=300)
    first = started(company, "apply", "--auto-approve", "--parallelism", "1")
    written(company, 1)
    company.sandbox.switch(latency_ms=120_000)
    with Sandbox(tmp_path / "other" / "sandbox.db") as sandbox:
        sandbox.switch(company_country="")
        folder = tmp_path / "another"
        folder.mkdir()
        another = Company(folder, sandbox, capfd)
        another.settings(f"state_schema: {schema.schema}")
        another.declare(DECLARED)
        applied = another.run("apply", "--auto-approve")
        assert applied.code == 0, applied.err
        assert len(another.bodies()) == 12
        assert another.run("plan").code == 0
    assert first.poll() is None, "the first company's run is still on"
    assert company.run("state", "show", "--format", "json").json["lock"]["holder"] == "running"
    first.kill()
    first.communicate()
    company.sandbox.switch(latency_ms=0)


def test_a_plan_on_a_new_machine_asks_the_erp_three_times_at_most_and_reads_the_rest_from_the_database(
    company: Company, schema: SharedState, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each row passes once, as bytes, which are half of what they are as text."""
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
    assert plan["summary"]["unchanged"] == count
    assert (plan["refresh"]["mode"], len(asked)) == ("incremental", 2), "a full one takes 15 pages"
    with psycopg.connect(schema.url) as db:
        (stored,) = db.execute(_STORED.replace("@", schema.schema).encode()).fetchone() or (0,)
    assert received < 1.3 * float(stored)
