"""What a drift report saw comes back in the next one."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.core.drift import DriftCount, History, Sighting
from reconciler.core.errors import StateError
from reconciler.core.shared_state import SharedState
from reconciler.state.store import Store
from tests.unit.state.plans import TARGET, opened

ONE = {("1", "name"): Sighting("aa", "2026-01-01T00:00:00Z"), ("2", ""): Sighting("b", "2026-01-02T00:00:00Z", True)}
AT = "2026-01-02T00:00:00Z"
LATER = "2026-01-03T00:00:00Z"
LATEST = "2026-01-04T00:00:00Z"


@pytest.fixture
def store(location: Path | SharedState) -> Iterator[Store]:
    with opened(location) as found:
        yield found


def test_nothing_is_known_before_the_first_report_and_asking_makes_no_file(store: Store) -> None:
    assert store.sightings(TARGET).load() == History()
    assert not store.database.exists()


def test_what_is_recorded_comes_back_and_replaces_what_was_seen_before(store: Store) -> None:
    seen = store.sightings(TARGET)
    seen.record(AT, ONE)
    counts = [DriftCount(AT, 1)]
    assert seen.load() == History(AT, ONE, tuple(counts))
    changed = {("1", "name"): Sighting("cc", "2026-01-01T00:00:00Z"), ("3", "gln"): Sighting("d", LATER)}
    seen.record(LATER, changed)
    counts.append(DriftCount(LATER, 2, opened=1, closed=0))
    assert seen.load() == History(LATER, changed, tuple(counts))
    seen.record(LATEST, {})
    counts.append(DriftCount(LATEST, 0, opened=0, closed=2))
    assert seen.load() == History(LATEST, {}, tuple(counts))


def test_what_is_muted_or_said_of_a_whole_customer_is_no_field_that_differs(store: Store) -> None:
    seen = store.sightings(TARGET)
    seen.record(AT, ONE)
    seen.record(LATER, {("1", "name"): replace(ONE["1", "name"], muted=True), ("3", ""): Sighting("c", LATER)})
    assert seen.load().counts == (DriftCount(AT, 1), DriftCount(LATER, 0, opened=0, closed=1))


def test_the_counts_of_the_last_sixty_reports_are_kept(store: Store) -> None:
    seen = store.sightings(TARGET)
    for day in range(62):
        seen.record(f"2026-01-01T00:00:{day:02}Z", {})
    counts = seen.load().counts
    assert (len(counts), counts[0].at, counts[-1].at) == (60, "2026-01-01T00:00:02Z", "2026-01-01T00:00:61Z")


def test_a_report_on_some_customers_leaves_the_others_and_the_last_whole_report(store: Store) -> None:
    seen = store.sightings(TARGET)
    seen.record(AT, ONE)
    seen.record(LATER, {}, within={"1"})
    assert seen.load() == History(AT, {("2", ""): ONE["2", ""]}, (DriftCount(AT, 1),))


def test_each_tenant_has_its_own(store: Store) -> None:
    store.sightings(TARGET).record(AT, ONE)
    assert store.sightings(replace(TARGET, tenant_id="other")).load() == History()


def test_a_file_of_the_first_version_gets_the_tables(tmp_path: Path) -> None:
    store = opened(tmp_path / "state.db")
    store.sightings(TARGET).record(AT, ONE)
    store.close()
    db = sqlite3.connect(tmp_path / "state.db")
    tables = ("drift_seen", "drift_report", "drift_count", "snapshot", "live")
    db.executescript("".join(f"DROP TABLE {table};" for table in tables))
    db.executescript("".join(f"ALTER TABLE entry DROP COLUMN {column};" for column in ("version", "resource")))
    db.executescript("DROP TABLE seal; PRAGMA user_version = 1")
    db.close()
    assert store.sightings(TARGET).load() == History()
    store.close()


def test_what_cannot_be_recorded_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "state.db").write_bytes(b"something else, long enough to be looked at" * 50)
    with pytest.raises(StateError), opened(tmp_path / "state.db") as store:
        store.sightings(TARGET).record(AT, ONE)
