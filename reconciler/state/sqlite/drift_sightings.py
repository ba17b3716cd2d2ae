"""What the last drift report saw, so that the next one knows ages and news. Never a value, only its digest."""

from __future__ import annotations

import sqlite3
from collections.abc import Set as AbstractSet
from typing import TypeAlias

from reconciler.core.drift import History, Sighting, Sightings
from reconciler.core.rules import Target
from reconciler.state.sqlite.database import Database

_Row: TypeAlias = "tuple[str, str, str, str, int]"
_TARGET = "(SELECT id FROM target WHERE tenant_id = ? AND base_url = ?)"
_ALL = f"SELECT number_key, path, live, first_seen, muted FROM drift_seen WHERE target = {_TARGET}"  # noqa: S608 (constants)
_SINCE = f"SELECT reported_at FROM drift_report WHERE target = {_TARGET}"  # noqa: S608 (constants)
_PUT = "INSERT OR REPLACE INTO drift_seen (target, number_key, path, live, first_seen, muted) VALUES (?, ?, ?, ?, ?, ?)"
_DROP = "DELETE FROM drift_seen WHERE target = ? AND number_key = ? AND path = ?"


class SeenDrift:
    """The differences in one tenant of one ERP as the last report had them.

    Needs no lock of a run: each recording is one transaction, and of two reports at once the later one counts.
    """

    def __init__(self, database: Database, target: Target) -> None:
        self._database = database
        self._target = (target.tenant_id, target.base_url)

    def load(self) -> History:
        """All of them; none where there is no state yet. Raises StateError."""
        with self._database.read() as db:
            if db is None:
                return History()
            since = db.execute(_SINCE, self._target).fetchone()
            return History(since[0] if since else None, self._rows(db))

    def _rows(self, db: sqlite3.Connection) -> dict[tuple[str, str], Sighting]:
        rows: list[_Row] = db.execute(_ALL, self._target).fetchall()
        return {(key, path): Sighting(live, first, bool(muted)) for key, path, live, first, muted in rows}

    def record(self, at: str, found: Sightings, *, within: AbstractSet[str] | None = None) -> None:
        """Put what a report of that time saw in place of what was seen before. Raises StateError.

        within: the customers that the report looked at, where it was not all of them; then what is known of the others
        stays, and the last whole report remains the last one.
        """

        def put(db: sqlite3.Connection) -> None:
            db.execute("INSERT OR IGNORE INTO target (tenant_id, base_url) VALUES (?, ?)", self._target)
            (target,) = db.execute(f"SELECT id FROM {_TARGET}", self._target).fetchone()  # noqa: S608 (constants)
            before = self._rows(db)  # only what changed is written: there may be 100,000 that nobody declared
            gone = [place for place in before if place not in found and (within is None or place[0] in within)]
            new = [(place, each) for place, each in found.items() if before.get(place) != each]
            db.executemany(_DROP, [(target, *place) for place in gone])
            db.executemany(_PUT, [(target, *place, each.live, each.first_seen, each.muted) for place, each in new])
            if within is None:
                db.execute("INSERT OR REPLACE INTO drift_report (target, reported_at) VALUES (?, ?)", (target, at))

        self._database.write(put)
