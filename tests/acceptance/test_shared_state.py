"""One state for many machines: each folder here is a machine that has nothing but the checkout and the address."""

from __future__ import annotations

import base64
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import psycopg
import pytest

from reconciler.core.shared_state import SharedState
from reconciler.state.sealing import KEY_VARIABLE, NEW_KEY_VARIABLE
from tests.acceptance.conftest import Company
from tests.acceptance.test_kill import ended, started
from tests.database_proxy import DatabaseProxy, proxied
from tests.postgres_server import empty_schema

DECLARED = "\n".join(
    f'- {{number: "{number}", name: Fjordmat {number} AS, corporateId: "9{number}01",'
    f" mainContact: {{email: anna{number}@fjordmat.no}}, mainAddress: {{city: Bodin}}}}"
    for number in range(10000, 10012)
)
Machine = Callable[[str], Company]

IMPATIENT = """
import sys
from reconciler.__main__ import main
from reconciler.state.postgres import database
database._REGAIN_FOR = 1.0  # seconds until a database that is gone is given up
sys.exit(main())
"""


@pytest.fixture
def schema(monkeypatch: pytest.MonkeyPatch) -> Iterator[SharedState]:
    """An empty schema that RECONCILER_STATE leads to."""
    with empty_schema() as location:
        monkeypatch.setenv("RECONCILER_STATE", location.url)
        yield location


@pytest.fixture
def machine(company: Company, schema: SharedState, capfd: pytest.CaptureFixture[str]) -> Machine:
    """A new machine with the same checkout."""
    company.settings(f"state_schema: {schema.schema}")
    company.declare(DECLARED)

    def new(name: str) -> Company:
        folder = company.folder.with_name(name)
        shutil.copytree(company.folder, folder, ignore=shutil.ignore_patterns(".reconciler"))
        other = Company.__new__(Company)
        other.folder, other.sandbox, other._capture = folder, company.sandbox, capfd
        return other

    return new


def written(company: Company, at_least: int) -> None:
    """Wait until the ERP took so many writes."""
    until = time.monotonic() + 30
    while len(company.bodies()) < at_least:
        assert time.monotonic() < until
        time.sleep(0.02)


def given_up_soon(proxy: DatabaseProxy) -> dict[str, Any]:
    """For `started`: a process that reaches its state that way, and does not wait long for it to come back."""
    return {"program": ("-c", IMPATIENT), "RECONCILER_STATE": proxy.url}


def numbers(company: Company) -> list[str]:
    ended_list = company.run("customers", "list", "--format", "json")
    return sorted(customer["number"] for customer in ended_list.json)


def test_a_run_of_one_machine_is_known_to_the_others(machine: Machine) -> None:
    first, second = machine("one"), machine("two")
    said = "No earlier run is known in the shared state."
    assert said in first.run("apply", "--auto-approve").err
    second.declare("{number: '20000', name: New, corporateId: '920000'}", "new.yaml")
    later = second.run("apply", "--auto-approve", "--target", "20000")
    assert later.code == 0, later.err
    assert said not in later.err


def test_the_second_run_is_told_who_holds_the_lock_and_may_wait_for_it(machine: Machine) -> None:
    first, second = machine("one"), machine("two")
    first.sandbox.switch(latency_ms=500)
    job = {"CI_JOB_URL": "https://gitlab.example/job/7"}
    process = started(first, "apply", "--auto-approve", "--parallelism", "1", **job)
    written(first, 1)
    refused = second.run("apply", "--auto-approve")
    assert refused.code == 6
    for part in (f"process {process.pid}", "apply", "since 20", "https://gitlab.example/job/7", "--lock-timeout"):
        assert part in refused.err
    lock = second.run("state", "show", "--format", "json").json["lock"]
    assert (lock["holder"], lock["pid"], lock["job"]) == ("running", process.pid, job["CI_JOB_URL"])
    waiting = started(second, "apply", "--auto-approve", "--lock-timeout", "60")
    assert waiting.stderr is not None
    assert any("Waiting up to" in line for line in waiting.stderr)
    first.sandbox.switch(latency_ms=0)
    assert ended(process).code == 0
    assert ended(waiting).code == 0
    assert len(second.bodies()) == 12


def test_a_run_that_lost_its_database_sends_nothing_more_and_is_resumed_on_another_machine(
    machine: Machine, schema: SharedState
) -> None:
    first, second = machine("one"), machine("two")
    first.sandbox.switch(latency_ms=80)
    with proxied(schema) as proxy:
        process = started(first, "apply", "--auto-approve", "--parallelism", "2", **given_up_soon(proxy))
        written(first, 2)
        proxy.cut()
        stopped = ended(process)
    sent = len(first.bodies())
    assert sent < 12
    assert stopped.code == 5, stopped.err
    assert "The state was lost during the run" in stopped.out + stopped.err
    assert "runs resume" in stopped.out + stopped.err
    first.sandbox.switch(latency_ms=0)
    resumed = second.run("runs", "resume")
    assert resumed.code == 0, resumed.err
    assert len(second.bodies()) == 12
    assert second.plan()["summary"]["create"] == 0


def test_a_run_whose_outcome_could_not_be_recorded_is_not_called_done(machine: Machine, schema: SharedState) -> None:
    """Also when the ERP did all of it."""
    first, second = machine("one"), machine("two")
    first.sandbox.switch(latency_ms=400)
    with proxied(schema) as proxy:
        process = started(first, "apply", "--auto-approve", "--parallelism", "12", **given_up_soon(proxy))
        written(first, 12)
        proxy.cut()
        stopped = ended(process)
    assert stopped.code == 5, stopped.err
    assert "A615" in stopped.out + stopped.err
    first.sandbox.switch(latency_ms=0)
    resumed = second.run("runs", "resume")
    assert resumed.code == 0, resumed.err
    assert len(second.bodies()) == 12, "nothing is sent twice"


def test_a_database_that_comes_back_soon_gets_what_was_in_flight(machine: Machine, schema: SharedState) -> None:
    first, second = machine("one"), machine("two")
    first.sandbox.switch(latency_ms=80)
    with proxied(schema) as proxy:
        process = started(first, "apply", "--auto-approve", "--parallelism", "2", RECONCILER_STATE=proxy.url)
        written(first, 2)
        proxy.cut()
        time.sleep(0.5)
        proxy.mend()
        stopped = ended(process)
    assert stopped.code == 5, stopped.err
    (run,) = second.run("runs", "list", "--format", "json").json["runs"]
    assert (run["status"], run["open"]) == ("partial", 0), "what was in flight is journaled"
    assert second.run("runs", "resume").code == 0
    assert len(second.bodies()) == 12


def dump(schema: SharedState) -> str:
    """All rows of all tables, as text, with what is packed unpacked as far as it can be."""
    with psycopg.connect(schema.url) as db:
        tables = db.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", (schema.schema,)).fetchall()
        rows = [
            row
            for (table,) in tables
            for row in db.execute(f'SELECT * FROM "{schema.schema}"."{table}"'.encode()).fetchall()
        ]
    return "\n".join(_readable(value) for row in rows for value in row)


def _readable(value: object) -> str:
    if not isinstance(value, bytes):
        return str(value)
    import zlib

    with suppress(zlib.error):
        value = zlib.decompress(value)
    return value.decode("utf-8", "replace") + value.hex()


def test_with_a_key_no_table_tells_a_customer_and_a_wrong_key_is_said(
    machine: Machine, schema: SharedState, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = machine("one")
    note = first.run("plan")
    assert f"{KEY_VARIABLE} encrypts them" in note.err
    assert first.apply().code == 0
    first.run("drift")
    secrets = ("Fjordmat", "anna10", "Bodin", "10007", "91000701")
    assert all(secret in dump(schema) for secret in secrets), "without a key all of it can be read"

    keys = [base64.b64encode(os.urandom(32)).decode() for _ in range(2)]
    monkeypatch.setenv(KEY_VARIABLE, keys[0])
    assert "is not encrypted" in first.run("runs", "list").err
    monkeypatch.delenv(KEY_VARIABLE)
    monkeypatch.setenv(NEW_KEY_VARIABLE, keys[0])
    rekeyed = first.run("state", "rekey")
    assert rekeyed.code == 0, rekeyed.err
    monkeypatch.delenv(NEW_KEY_VARIABLE)
    assert "is encrypted" in first.run("runs", "list").err
    with monkeypatch.context() as bare:
        bare.delenv("VISMA_CLIENT_ID", raising=False)
        for words in (("plan",), ("drift",), ("accept",), ("apply", "--auto-approve"), ("runs", "resume")):
            said = first.run(*words).err
            assert f"{KEY_VARIABLE} is not set" in said.splitlines()[0], "before anything else that is missing"
            assert "can read customers' values" not in said, "they are encrypted"

    monkeypatch.setenv(KEY_VARIABLE, keys[0])
    first.store.edit("10003", {"name": "Fjordmat Nord AS"})
    assert first.plan()["summary"]["update"] == 1
    first.run("drift")
    assert first.apply().code == 0
    assert len(first.run("runs", "list", "--format", "json").json["runs"]) == 2
    text = dump(schema)
    assert not [secret for secret in secrets if secret in text]

    monkeypatch.setenv(KEY_VARIABLE, keys[1])
    wrong = first.run("plan")
    assert wrong.code == 1
    assert "encrypted with the key" in wrong.err
    assert keys[0] not in wrong.err + rekeyed.err


def test_on_a_standby_a_plan_is_made_and_nothing_is_applied(
    machine: Machine, schema: SharedState, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that is behind knows less of causes, and no more; nothing can be recorded there."""
    first, second = machine("one"), machine("two")
    assert first.apply().code == 0
    first.store.edit("10003", {"name": "Fjordmat Nord AS"})
    sent = len(first.bodies())
    monkeypatch.setenv("RECONCILER_STATE", f"{schema.url}&options=-c%20default_transaction_read_only%3Don")
    planned = second.run("plan")
    assert "(drift)" in planned.out
    assert "could not be kept" in planned.err
    refused = second.run("apply", "--auto-approve")
    assert refused.code == 1
    assert "name the primary" in refused.err
    assert len(second.bodies()) == sent


def test_a_local_state_moves_to_the_database_and_back(
    company: Company, schema: SharedState, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each time what goes on from there has all of it: causes, the snapshot, and a run to undo."""
    monkeypatch.delenv("RECONCILER_STATE")
    company.settings(f"state_schema: {schema.schema}")
    company.declare(DECLARED)
    assert company.apply().code == 0
    company.declare(DECLARED.replace("Fjordmat 10003 AS", "Fjordmat Nord AS"))
    assert company.apply().code == 0
    company.plan()
    copied = company.run("state", "copy", "--to", schema.url)
    assert copied.code == 0, copied.err
    assert company.run("state", "copy", "--to", schema.url).code == 64
    before = company.run("runs", "list", "--format", "json").json["runs"]
    monkeypatch.setenv("RECONCILER_STATE", schema.url)
    shown = company.run("state", "show", "--format", "json").json
    assert (shown["customers"], shown["runs"], shown["snapshot"]["customers"]) == (12, 2, 12)
    assert company.run("runs", "list", "--format", "json").json["runs"] == before
    company.store.edit("10007", {"name": "Renamed by a clerk AS"})
    plan = company.plan()
    assert plan["refresh"]["mode"] == "incremental", "the snapshot came along"
    assert [change["cause"] for action in plan["actions"] for change in action["changes"]] == ["drift"]
    undone = company.run("runs", "undo", before[0]["id"], "--auto-approve")
    assert undone.code == 0, undone.err
    names = {customer["number"]: customer["name"] for customer in company.store.customers()}
    assert (names["10003"], names["10007"]) == ("Fjordmat 10003 AS", "Renamed by a clerk AS")
    before = company.run("runs", "list", "--format", "json").json["runs"]
    back = company.run("state", "copy", "--to", "back.db")
    assert back.code == 0, back.err
    monkeypatch.setenv("RECONCILER_STATE", "back.db")
    assert company.run("runs", "list", "--format", "json").json["runs"] == before


def test_the_settings_take_no_password(company: Company) -> None:
    company.settings("state: postgresql://anna:hush@db.example/reconciler")
    refused = company.run("validate")
    assert refused.code == 3
    assert "S127 state holds a password" in refused.out + refused.err
    assert "hush" not in refused.out + refused.err


def test_an_unencrypted_way_to_another_machine_is_refused(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    company.settings("state: postgresql://db.example/reconciler")
    monkeypatch.setenv("PGSSLMODE", "prefer")
    refused = company.run("runs", "list")
    assert refused.code == 1
    assert "would not be encrypted" in refused.err


def test_without_its_driver_the_database_is_refused_with_what_to_install(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    company.settings("state: postgresql://db.example/reconciler")
    monkeypatch.setitem(sys.modules, "psycopg", None)
    refused = company.run("runs", "list")
    assert refused.code == 1
    assert "pip install 'visma-reconciler[postgres]'" in refused.err
