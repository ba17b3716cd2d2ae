"""The kept customers: doubted by their number, without looking through all of them."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

from reconciler.core.live import Live
from reconciler.core.shared_state import SharedState
from reconciler.core.snapshot import Head
from reconciler.state import snapshot
from reconciler.state.packing import CUSTOMER_PACKER
from tests.unit.state.plans import TARGET, opened

HEAD = Head(frozenset({"name"}), frozenset({"number"}), 1, 2, 1000, "2026-01-31T12:00:00Z", "2026-01-31T12:00:00Z")


def filled(location: Path | SharedState) -> Path | SharedState:
    customers = (CUSTOMER_PACKER.pack(Live(each, f"N{each}", "v", {"name": "A"}), whole=True) for each in range(5))
    with opened(location) as store:
        store.snapshot(TARGET).replace(None, HEAD, customers)
    return location


def test_the_doubted_customers_are_due_and_no_others(location: Path | SharedState) -> None:
    with opened(filled(location)) as store:
        kept = store.snapshot(TARGET)
        kept.doubt(["N1", "N3", "unknown"])
        loaded = kept.load(verify_runs=100)
    assert loaded is not None
    assert loaded.due == {1, 3}


def test_a_number_is_doubted_by_an_index_not_by_a_scan(tmp_path: Path) -> None:
    path = filled(tmp_path / "state.db")
    with sqlite3.connect(path) as db:
        values = (0, "", TARGET.tenant_id, TARGET.base_url, "N1")
        steps = [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {snapshot._DOUBT} (?)", values)]
    db.close()
    assert any("live" in step and "number=?" in step for step in steps), steps
    assert not any(step.startswith("SCAN") for step in steps), steps


def test_who_read_before_a_doubt_keeps_nothing_of_it(location: Path | SharedState) -> None:
    """An apply doubts what it writes to; a plan that read earlier and saves later must not take the doubt away."""
    with opened(filled(location)) as store:
        kept = store.snapshot(TARGET)
        before = kept.head()
        assert before == HEAD
        kept.doubt(["N2"])
        later = replace(HEAD, sequence=2)
        kept.update(before, later, [], [2])
        kept.replace(before, later, [])
        loaded = kept.load(verify_runs=100)
    assert loaded is not None
    assert loaded.due == {2}
    assert loaded.head == replace(HEAD, doubts=1)
    assert len(loaded.customers) == 5


def test_who_read_after_a_doubt_keeps_what_it_read(location: Path | SharedState) -> None:
    with opened(filled(location)) as store:
        kept = store.snapshot(TARGET)
        kept.doubt(["N2"])
        before = kept.head()
        assert before is not None
        kept.update(before, replace(before, sequence=2), [], [2])
        loaded = kept.load(verify_runs=100)
    assert loaded is not None
    assert loaded.due == frozenset()
