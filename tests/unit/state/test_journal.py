"""The journal: after a kill at any moment it tells what was going to be sent, and what ended how."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from reconciler.core.errors import Refused, StateError, WrongUsage
from reconciler.core.plan import Outcome
from reconciler.core.shared_state import SharedState
from reconciler.state.journal import RunStatus, Stored
from reconciler.state.plan_file import dumps
from reconciler.state.store import Store, open_store
from tests.postgres_server import argument_of
from tests.unit.state.child import JOURNALED
from tests.unit.state.plans import opened, plan_of, run_statement, start_child, unfinished

STORED = Stored("name", "Sent", "SENT", taken=True)
KEPT = Stored("creditLimit", Decimal("100"), None, taken=False)


class Clock:
    """Each reading is a little later."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 31, 12, 0, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=10)
        return self.now


@pytest.fixture
def store(location: Path | SharedState) -> Iterator[Store]:
    with opened(location, clock=Clock()) as store:
        yield store


def test_a_run_tells_its_plan_and_each_actions_story(store: Store) -> None:
    with store:
        plan = plan_of(5)
        journal = store.runs.begin(plan)
        journal.intend("0")
        journal.finish("0", Outcome.DONE, number="0", version="AAAA")
        journal.intend("1")
        journal.finish("1", Outcome.FAILED, message="The ERP said no")
        journal.intend("2")
        journal.finish("3", Outcome.SKIPPED, message="Not sent: its parent 1 was not created.")
        journal.close(RunStatus.PARTIAL, {"0": [STORED, KEPT]})
        record = store.runs.get(journal.run_id)
    info = record.info
    assert info.id.startswith("20260131T120000Z-")
    assert (info.started_at, info.finished_at, info.status) == (
        "2026-01-31T12:00:00Z",
        "2026-01-31T12:00:00Z",
        RunStatus.PARTIAL,
    )
    assert (info.tenant_id, info.base_url, info.environment) == (plan.tenant_id, plan.base_url, plan.environment)
    assert (info.digest, info.actions) == (plan.digest, 5)
    assert info.open == 1
    assert info.outcomes == {Outcome.DONE: 1, Outcome.FAILED: 1, Outcome.SKIPPED: 1}
    assert record.plan() == plan
    assert record.plan_bytes == dumps(plan)
    assert [(each.position, each.label, each.outcome, each.is_open) for each in record.entries] == [
        (0, "0", Outcome.DONE, False),
        (1, "1", Outcome.FAILED, False),
        (2, "2", None, True),
        (3, "3", Outcome.SKIPPED, False),
    ]
    done, failed, _, skipped = record.entries
    assert done.intent_at == "2026-01-31T12:00:00.020Z"
    assert done.finished_at == "2026-01-31T12:00:00.030Z"
    assert (done.number, done.version, done.message) == ("0", "AAAA", "")
    assert done.read_back == (STORED, KEPT)
    assert failed.message == "The ERP said no"
    assert skipped.intent_at is None


def test_a_run_is_unfinished_until_it_is_closed(store: Store) -> None:
    with store:
        first = store.runs.begin(plan_of(1))
        second = store.runs.begin(plan_of(1))
        assert {run.id for run in unfinished(store)} == {first.run_id, second.run_id}
        first.close(RunStatus.PARTIAL)
        assert [run.id for run in unfinished(store)] == [second.run_id]
        closed = store.runs.get(first.run_id).info
        assert (closed.status, closed.finished_at) == (RunStatus.PARTIAL, "2026-01-31T12:00:00Z")


def test_a_run_that_was_killed_is_taken_up_again_and_nothing_that_is_done_can_be_sent_twice(store: Store) -> None:
    with store:
        journal = store.runs.begin(plan_of(3))
        for label in ("0", "1", "2"):
            journal.intend(label)
        journal.finish("0", Outcome.DONE)
        journal.finish("1", Outcome.UNKNOWN)
        again = store.runs.resume(journal.run_id)
        with pytest.raises(ValueError, match="done already"):
            again.intend("0")
        for label in ("1", "2"):
            again.intend(label)
            again.finish(label, Outcome.DONE)
        again.close(RunStatus.DONE)
        assert store.runs.get(again.run_id).info.outcomes == {Outcome.DONE: 3}
        assert unfinished(store) == []


@pytest.mark.parametrize("outcome", [Outcome.SKIPPED, Outcome.CONFLICT, Outcome.FAILED])
def test_what_ended_before_it_was_sent_is_kept_without_an_intent(store: Store, outcome: Outcome) -> None:
    with store:
        journal = store.runs.begin(plan_of(1))
        journal.finish("0", outcome, message="why")
        (entry,) = store.runs.get(journal.run_id).entries
        assert (entry.outcome, entry.intent_at) == (outcome, None)


def test_that_an_action_is_done_or_unclear_without_an_intent_is_a_defect(store: Store) -> None:
    with store:
        journal = store.runs.begin(plan_of(1))
        for outcome in (Outcome.DONE, Outcome.UNKNOWN):
            with pytest.raises(ValueError, match="without an intent"):
                journal.finish("0", outcome)
        assert store.runs.get(journal.run_id).entries == ()
        with pytest.raises(KeyError):
            journal.intend("no such label")


def test_run_ids_are_unique_and_sort_by_time(location: Path | SharedState) -> None:
    clock = Clock()
    with opened(location, clock=clock) as store:
        for _ in range(30):
            store.runs.begin(plan_of(0))
        clock.now += timedelta(hours=1)
        last = store.runs.begin(plan_of(0)).run_id
        ids = [run.id for run in store.runs.all()]
    assert len(set(ids)) == 31
    assert ids == sorted(ids, reverse=True)
    assert ids[0] == last


def test_a_run_that_there_is_not_is_wrong_usage(store: Store) -> None:
    with store:
        for _ in range(2):
            with pytest.raises(WrongUsage, match="no run 2026"):
                store.runs.get("2026")
            with pytest.raises(WrongUsage):
                store.runs.resume("2026")
            store.runs.begin(plan_of(0))


def test_the_bytes_of_the_plan_file_are_kept_as_they_were_read(store: Store) -> None:
    with store:
        journal = store.runs.begin(plan_of(0), b'{"format": "reconciler/plan", "format_version": "9.0"}')
        record = store.runs.get(journal.run_id)
        assert record.plan_bytes == b'{"format": "reconciler/plan", "format_version": "9.0"}'
        with pytest.raises(Refused, match=journal.run_id):
            record.plan()


def test_an_intent_that_cannot_be_recorded_says_so_before_anything_is_sent(store: Store) -> None:
    with store:
        journal = store.runs.begin(plan_of(2))
        run_statement(store, "DROP TABLE entry")
        with pytest.raises(StateError):
            journal.intend("0")


def test_after_a_kill_at_any_moment_each_write_has_an_intent_and_each_outcome_too(
    location: Path | SharedState, tmp_path: Path
) -> None:
    for turn, begun in enumerate((0, 3, 25, 60)):
        sent = tmp_path / f"{turn}.sent"
        child = start_child("journal", argument_of(location), str(sent))
        assert child.stdout is not None
        child.stdout.readline()
        run_id = child.stdout.readline().strip()
        while sent.stat().st_size < 2 * begun:  # a label and a line's end are two bytes or more
            time.sleep(0.001)
        child.kill()
        child.communicate()
        written = sent.read_text().split()
        with opened(location) as store:
            assert [run.id for run in unfinished(store)] == [run_id]
            record = store.runs.get(run_id)
            assert record.plan() == plan_of(JOURNALED)
            for entry in record.entries:
                assert entry.intent_at is not None
                assert entry.label == str(entry.position)
                if entry.outcome is None:
                    assert (entry.finished_at, entry.number, entry.read_back) == (None, None, None)
                else:
                    assert entry.outcome is Outcome.DONE
                    assert entry.finished_at is not None
                    assert (entry.number, entry.version) == (entry.label, f"v{entry.label}")
            assert set(written) <= {entry.label for entry in record.entries}
            assert {entry.label for entry in record.entries if not entry.is_open} <= set(written)
            assert sum(entry.is_open for entry in record.entries) <= 4
            assert store.holder() is not None
            with store.lock("apply"):  # the kill freed it
                again = store.runs.resume(run_id)
                for entry in record.entries:
                    if entry.is_open:
                        again.intend(entry.label)
                        again.finish(entry.label, Outcome.DONE)
                again.close(RunStatus.DONE)
            assert store.runs.get(run_id).info.open == 0
        assert begun // 2 <= len(record.entries) < JOURNALED


def test_each_write_is_durable_and_takes_milliseconds(location: Path | SharedState) -> None:
    count = 100
    with opened(location) as store:
        for threads in (1, 8):
            journal = store.runs.begin(plan_of(count))

            def perform(at: int, journal=journal) -> None:
                journal.intend(str(at))
                journal.finish(str(at), Outcome.DONE, number=str(at))

            start = time.perf_counter()
            with ThreadPoolExecutor(threads) as pool:
                list(pool.map(perform, range(count)))
            took = time.perf_counter() - start
            print(f"\n{threads} threads: {1000 * took / (2 * count):.2f} ms a journal write")
            assert store.runs.get(journal.run_id).info.outcomes == {Outcome.DONE: count}


def test_runs_of_one_second_sort_in_the_order_in_which_they_began(location: Path | SharedState) -> None:
    with opened(location, clock=lambda: datetime(2026, 1, 31, 12, tzinfo=UTC)) as store:
        begun = [store.runs.begin(plan_of(1)).run_id for _ in range(20)]
        assert [run.id for run in store.runs.all()] == begun[::-1]


def test_runs_that_were_killed_are_closed_as_interrupted(location: Path | SharedState) -> None:
    with opened(location) as store:
        assert store.runs.close_dead(store.runs.all()) == ()
        store.runs.begin(plan_of(1)).close(RunStatus.DONE)
        killed = store.runs.begin(plan_of(1))
        assert [run.id for run in store.runs.close_dead(store.runs.all())] == [killed.run_id]
        assert [run.status for run in store.runs.all()] == [RunStatus.INTERRUPTED, RunStatus.DONE]
        assert unfinished(store) == []


# ---- how many are kept ----


def test_old_runs_are_dropped_but_never_what_can_be_gone_on_with_or_undone(location: Path | SharedState) -> None:
    store = open_store(location, clock=Clock())  # of no place: it sees those of all

    def over(*, tenant: str = "t", wrote: bool, closed: bool = True) -> str:
        journal = store.runs.begin(replace(plan_of(1), tenant_id=tenant), keep=3)
        journal.intend("0")
        journal.finish("0", Outcome.DONE if wrote else Outcome.FAILED)
        if closed:
            journal.close(RunStatus.DONE if wrote else RunStatus.FAILED)
        return journal.run_id

    with store:
        running = over(wrote=False, closed=False)
        elsewhere = over(tenant="another", wrote=False)
        old = over(wrote=True)
        applied = over(wrote=True)
        later = [over(wrote=False) for _ in range(5)]
        assert [run.id for run in store.runs.all()] == [*reversed(later[-3:]), applied, elsewhere, running]
        with pytest.raises(WrongUsage):
            store.runs.get(old)
        assert store.runs.get(applied).entries[0].outcome is Outcome.DONE


def test_the_entries_of_a_dropped_run_go_with_it(store: Store) -> None:
    with store:
        for _ in range(4):
            journal = store.runs.begin(plan_of(2), keep=1)
            for label in "01":
                journal.intend(label)
                journal.finish(label, Outcome.DONE)
            journal.close(RunStatus.DONE)
    with store.database.read() as db:
        assert db is not None
        assert db.execute("SELECT count(*), count(DISTINCT run) FROM entry").fetchone() == (4, 2), (
            "the newest, and the newest that wrote"
        )
