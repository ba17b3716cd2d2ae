"""What only a shared state has: several companies, sessions that can be lost, and a way that can be wrong."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import psycopg
import pytest

from reconciler.core.errors import Locked, StateError
from reconciler.core.plan import Outcome
from reconciler.core.shared_state import SharedState
from reconciler.state import migrations
from reconciler.state.lock_holder import Life
from reconciler.state.postgres.connecting import tls_mode, tls_warning
from reconciler.state.postgres.database import advisory_key, halves
from reconciler.state.postgres.tables import adapted, migrate
from reconciler.state.store import open_store
from tests.postgres_server import argument_of
from tests.transaction_pooler import TransactionPooler
from tests.unit.state.plans import TARGET, known_of, opened, plan_of, start_child, unfinished

OTHER = replace(TARGET, tenant_id="another")


def end_sessions(location: SharedState, condition: str) -> None:
    """End the sessions that hold an advisory lock, or the others."""
    with psycopg.connect(location.url) as db:
        db.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'reconciler' AND pid "
            f"{condition} (SELECT pid FROM lock_table)".replace(
                "lock_table", f'"{location.schema}".lock_holder'
            ).encode()
        )


def test_another_company_is_neither_held_up_nor_seen_nor_closed_as_dead(shared: SharedState) -> None:
    with opened(shared) as one, open_store(shared, place=OTHER) as other, one.lock("apply"):
        journal = one.runs.begin(plan_of(1))
        one.known(TARGET).record([known_of("1")])
        with other.lock("apply"):
            assert other.runs.close_dead(other.runs.all()) == other.runs.all() == ()
            assert dict(other.known(OTHER).load()) == {}
        assert [run.id for run in unfinished(one)] == [journal.run_id]


def test_clearing_one_company_leaves_the_others(shared: SharedState) -> None:
    with opened(shared) as one, open_store(shared, place=OTHER) as other:
        for store, target in ((one, TARGET), (other, OTHER)):
            store.known(target).record([known_of("1")])
            store.runs.begin(replace(plan_of(1), tenant_id=target.tenant_id))
        assert one.clear() is True
        assert (len(one.known(TARGET).load()), one.runs.all()) == (0, ())
        assert (len(other.known(OTHER).load()), len(other.runs.all())) == (1, 1)


def test_the_holder_is_who_holds_it_and_ends_with_its_process(shared: SharedState) -> None:
    child = start_child("hold", argument_of(shared))
    assert child.stdout is not None
    assert child.stdout.readline() == "held\n"
    with opened(shared) as store:
        with pytest.raises(Locked, match=f"process {child.pid}"), store.lock("apply"):
            pass
        with pytest.raises(Locked):
            store.unlock(force=True)  # it surely runs, here
        child.kill()
        child.communicate()
        with store.lock("apply"):
            holder = store.holder()
            assert holder is not None
            assert holder.owner is not None
            assert (holder.life, holder.owner.pid) == (Life.RUNNING, os.getpid())
        assert store.holder() is None


def test_a_run_whose_lock_is_gone_can_record_no_intent(shared: SharedState) -> None:
    """Its other session is fine; still nothing may be sent."""
    with opened(shared) as store, opened(shared) as next_one, store.lock("apply"):
        journal = store.runs.begin(plan_of(2))
        journal.intend("0")
        end_sessions(shared, "IN")
        with next_one.lock("apply"):
            with pytest.raises(StateError, match="lost"):
                journal.intend("1")
            with pytest.raises(StateError, match="lost"):
                journal.finish("0", Outcome.DONE)
            assert journal.catch_up() is False, "somebody else had the lock"
        (entry,) = next_one.runs.get(journal.run_id).entries
        assert entry.is_open


def test_a_lock_that_nobody_else_took_is_taken_again_for_what_was_in_flight(shared: SharedState) -> None:
    with opened(shared) as store:
        with store.lock("apply"):
            journal = store.runs.begin(plan_of(2))
            journal.intend("0")
            end_sessions(shared, "IN")
            with pytest.raises(StateError, match="lost"):
                journal.finish("0", Outcome.DONE)
            with pytest.raises(StateError):
                journal.intend("1")
            assert journal.catch_up() is True
        (entry,) = store.runs.get(journal.run_id).entries
        assert entry.outcome is Outcome.DONE


@pytest.mark.parametrize(("size", "in_turn"), [(1, False), (20, False), (1, True), (2, True), (3, True), (20, True)])
def test_a_pooler_in_transaction_mode_is_refused_with_the_reason(shared: SharedState, size: int, in_turn: bool) -> None:
    """However many backends it has, and whichever of them it gives next."""
    pooler = TransactionPooler(shared, size, in_turn=in_turn)
    try:
        with opened(pooler.location) as store, pytest.raises(StateError, match="transaction mode"), store.lock("apply"):
            pass
    finally:
        pooler.close()


def test_whoever_waits_while_another_one_makes_the_tables_finds_them(shared: SharedState) -> None:
    key = advisory_key("migrate", shared.schema)
    waits = "SELECT 1 FROM pg_locks WHERE classid::bigint = %s AND objid::bigint = %s AND NOT granted"
    with opened(shared) as store, psycopg.connect(shared.url) as db, ThreadPoolExecutor(1) as pool:
        db.execute(f'SET search_path TO "{shared.schema}"'.encode())
        db.execute("SELECT pg_advisory_xact_lock(%s)", (key,))
        recording = pool.submit(store.known(TARGET).record, [known_of("1")])
        while db.execute(waits, halves(key)).fetchone() is None:
            time.sleep(0.01)
        migrate(db, shared, key)
        db.commit()
        recording.result(60)
        assert dict(store.known(TARGET).load()) == {"1": known_of("1")}


def test_tables_of_a_newer_version_are_refused_and_left_alone(shared: SharedState) -> None:
    with opened(shared) as store:
        store.known(TARGET).record([known_of("1")])
    with psycopg.connect(shared.url) as db:
        db.execute(f'UPDATE "{shared.schema}".state_version SET version = 999'.encode())
    for use in (lambda store: store.known(TARGET).load(), lambda store: store.known(TARGET).record([known_of("2")])):
        with opened(shared) as store, pytest.raises(StateError, match="schema version 999"):
            use(store)


def test_each_step_of_the_tables_is_said_in_the_words_of_postgresql() -> None:
    for statement in (statement for step in migrations.MIGRATIONS for statement in step):
        words = adapted(statement)
        assert not any(word in words for word in ("WITHOUT ROWID", "INTEGER", "BLOB"))


@pytest.mark.parametrize(
    ("url", "environ", "mode"),
    [
        ("postgresql://db.example/x", {}, "verify-full"),
        ("postgresql://db.example/x?sslmode=require", {}, "require"),
        ("postgresql://db.example/x", {"PGSSLMODE": "verify-ca"}, "verify-ca"),
        ("postgresql://localhost/x", {}, None),
        ("postgresql://127.0.0.1:5433/x", {}, None),
        ("postgresql://[::1]/x", {}, None),
        ("postgresql:///x?host=/run/postgresql", {}, None),
        ("postgresql://localhost,db.example/x", {}, "verify-full"),
        ("postgresql:///x", {"PGHOST": "db.example"}, "verify-full"),
    ],
)
def test_the_way_is_encrypted_and_proven_unless_it_stays_on_this_machine(
    url: str, environ: dict[str, str], mode: str | None
) -> None:
    location = SharedState(url)
    assert tls_mode(location, environ) == mode
    assert bool(tls_warning(location, environ)) == (mode in ("require", "verify-ca"))


@pytest.mark.parametrize("mode", ["disable", "allow", "prefer", "nonsense"])
def test_a_way_that_anybody_could_read_is_refused(mode: str) -> None:
    with pytest.raises(StateError, match="would not be encrypted"):
        tls_mode(SharedState("postgresql://db.example/x"), {"PGSSLMODE": mode})


def test_no_message_shows_a_password(shared: SharedState) -> None:
    location = SharedState("postgresql://anna:hush@127.0.0.1:1/x?sslmode=disable", "s")
    with opened(location) as store, pytest.raises(StateError) as caught:
        store.known(TARGET).load()
    assert "hush" not in f"{caught.value} {caught.value.remedy} {location!r} {location} {caught.value.__cause__!r}"
