# ruff: noqa: S608  # SQL is put together from constants; values are bound
"""A state as rows: sealed with another key, or copied into another state."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from reconciler.core.errors import WrongUsage
from reconciler.core.rules import Target
from reconciler.state import drift_sightings, journal, known_customers, snapshot
from reconciler.state.port import Check, Connection, Database, Place, decoded, target_id
from reconciler.state.sealed_with import record
from reconciler.state.sealing import Seal
from reconciler.state.store import Store

_Row: TypeAlias = Sequence[Any]
_Recode: TypeAlias = Callable[[Seal, Seal, _Row], _Row]


def _as_is(_old: Seal, _new: Seal, row: _Row) -> _Row:
    return row


@dataclass(frozen=True, slots=True)
class _Table:
    """A table that is copied. by: its column that says whose a row is, a target or a run. recode: another key."""

    name: str
    columns: str
    by: str
    recode: _Recode = _as_is


_RUN = "id, environment, tenant_id, base_url, digest, actions, started_at, finished_at, status, plan"

_TABLES = (
    _Table("known", f"target, resource, {known_customers.COLUMNS}", "target", known_customers.recoded),
    _Table("snapshot", f"target, {snapshot.HEAD_COLUMNS}", "target"),
    _Table("live", snapshot.ALL_COLUMNS, "target", snapshot.recoded),
    _Table("drift_report", "target, reported_at", "target"),
    _Table("drift_count", drift_sightings.COUNT_COLUMNS, "target"),
    _Table("drift_seen", drift_sightings.COLUMNS, "target", drift_sightings.recoded),
    _Table("run", _RUN, "id", journal.recoded_run),
    _Table("entry", f"run, {journal.ENTRY_COLUMNS}", "run", journal.recoded_entry),
)


def reseal(store: Store, new: Seal) -> str | None:
    """Seal all that a state holds with another key, of all places; answers the key's id. Under the run's lock.

    In one transaction: whoever reads meanwhile sees the one or the other. Raises StateError.
    """
    database = store.database
    old = database.seal

    def work(db: Connection) -> Check | None:
        database.lock_tables(db)
        with decoded(database):
            tables = [table for table in _TABLES if table.recode is not _as_is]
            # all of it first: a run that is deleted takes its entries along
            rows = {table: db.execute(f"SELECT {table.columns} FROM {table.name}").fetchall() for table in tables}
            for table in tables:
                db.execute(f"DELETE FROM {table.name}")
                _insert(db, table, [table.recode(old, new, row) for row in rows[table]])
        record(db, new)
        return None

    database.write(work)
    database.seal = new
    return new.key_id


def copy_all(source: Store, to: Store, target: Target) -> int:
    """Copy what one state holds of a place to another, which must hold nothing of it; answers how many rows.

    Raises WrongUsage, StateError.
    """
    if to.runs.all() or len(to.known(target).load(whole=False)) or to.snapshot(target).size():
        raise WrongUsage(f"There is something in {to.location} already", remedy="Copy to an empty state.")
    rows = _rows(source.database, target)
    count = 0

    def work(db: Connection) -> Check | None:
        nonlocal count
        count = 0
        its_id = target_id(db, to.database.place(target))
        for table in _TABLES:
            recoded = [table.recode(source.database.seal, to.database.seal, row) for row in rows[table.name]]
            if table.by == "target":
                recoded = [(its_id, *row[1:]) for row in recoded]
            _insert(db, table, recoded)
            count += len(recoded)
        return None

    with decoded(source.database):
        to.database.write(work)
    return count


def _rows(database: Database, target: Target) -> dict[str, list[_Row]]:
    """What the state holds of a place, by table."""
    place = database.place(target)
    with database.read() as db:
        if db is None:
            return {table.name: [] for table in _TABLES}
        return {
            table.name: db.execute(f"SELECT {table.columns} FROM {table.name} {where}", values).fetchall()
            for table in _TABLES
            for where, values in (_of(table, place, target),)
        }


def _of(table: _Table, place: Place, target: Target) -> tuple[str, Place]:
    if table.by == "target":
        of_place = "environment = ? AND tenant_id = ? AND base_url = ?"
        return f"WHERE target = (SELECT id FROM target WHERE {of_place})", place
    runs = "SELECT id FROM run WHERE environment = ? AND tenant_id = ? AND base_url = ?"
    return f"WHERE {table.by} IN ({runs})", (target.environment, target.tenant_id, target.base_url)


def _insert(db: Connection, table: _Table, rows: Sequence[_Row]) -> None:
    places = ", ".join("?" for _ in table.columns.split(","))
    db.executemany(f"INSERT INTO {table.name} ({table.columns}) VALUES ({places})", rows)
