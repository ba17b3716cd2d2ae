"""What the last drift report saw, so that the next one knows ages and news. Never a value, only its digest."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Any

import msgspec

from reconciler.core.drift import DriftCount, History, Sighting, Sightings
from reconciler.core.rules import Target
from reconciler.state.port import TARGET, Check, Connection, Database, decoded, target_id
from reconciler.state.sealing import Seal

COLUMNS = "target, number_key, path, live, first_seen, muted"
_ALL = f"SELECT number_key, path, live, first_seen, muted FROM drift_seen WHERE target = {TARGET}"  # noqa: S608 (constants)
_SINCE = f"SELECT reported_at FROM drift_report WHERE target = {TARGET}"  # noqa: S608 (constants)
_PUT = """
    INSERT INTO drift_seen (target, number_key, path, live, first_seen, muted) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (target, number_key, path) DO UPDATE SET
        live = excluded.live, first_seen = excluded.first_seen, muted = excluded.muted
"""
_DROP = "DELETE FROM drift_seen WHERE target = ? AND number_key = ? AND path = ?"
_REPORTED = """
    INSERT INTO drift_report (target, reported_at) VALUES (?, ?)
    ON CONFLICT (target) DO UPDATE SET reported_at = excluded.reported_at
"""
_TABLE = "drift_seen"

COUNT_COLUMNS = "target, reported_at, fields, opened, closed"
_KEPT = 60
"""So many of the last reports are counted."""
_COUNTS = f"""
    SELECT reported_at, fields, opened, closed FROM drift_count WHERE target = {TARGET} ORDER BY reported_at
"""  # noqa: S608 (constants)
_COUNT = f"""
    INSERT INTO drift_count ({COUNT_COLUMNS}) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (target, reported_at) DO UPDATE SET
        fields = excluded.fields, opened = excluded.opened, closed = excluded.closed
"""  # noqa: S608 (constants)
_FORGET = """
    DELETE FROM drift_count WHERE target = ? AND reported_at NOT IN (
        SELECT reported_at FROM drift_count WHERE target = ? ORDER BY reported_at DESC LIMIT ?
    )
"""


class SeenDrift:
    """The differences in one tenant of one ERP as the last report had them.

    Needs no lock of a run: each recording is one transaction, and of two reports at once the later one counts.
    """

    def __init__(self, database: Database, target: Target) -> None:
        self._database = database
        self._target = database.place(target)

    def load(self) -> History:
        """All of them; none where there is no state yet. Raises StateError."""
        with self._database.read() as db:
            if db is None:
                return History()
            return self._history(db)

    def _history(self, db: Connection) -> History:
        since = db.execute(_SINCE, self._target).fetchone()
        counts = (DriftCount(*row) for row in db.execute(_COUNTS, self._target).fetchall())
        return History(since[0] if since else None, self._rows(db), tuple(counts))

    def _rows(self, db: Connection) -> dict[tuple[str, str], Sighting]:
        seal, rows = self._database.seal, db.execute(_ALL, self._target).fetchall()
        if seal.is_on:
            with decoded(self._database):
                rows = [(*msgspec.json.decode(seal.open_text(_TABLE, row[2])), *row[3:]) for row in rows]
        return {(key, path): Sighting(live, first, bool(muted)) for key, path, live, first, muted in rows}

    def _place(self, place: tuple[str, str]) -> tuple[str, str]:
        return _hashed(self._database.seal, place)

    def _live(self, place: tuple[str, str], live: str) -> str:
        return _sealed(self._database.seal, place, live)

    def record(self, at: str, found: Sightings, *, within: AbstractSet[str] | None = None) -> None:
        """Put what a report of that time saw in place of what was seen before. Raises StateError.

        within: the customers that the report looked at, where it was not all of them; then what is known of the others
        stays, and the last whole report remains the last one.
        """

        def put(db: Connection) -> Check | None:
            target = target_id(db, self._target)
            history = self._history(db)
            before = history.sightings  # only what changed is written: there may be 100,000 that nobody declared
            gone = [place for place in before if place not in found and (within is None or place[0] in within)]
            new = [
                (target, *self._place(place), self._live(place, seen.live), seen.first_seen, int(seen.muted))
                for place, seen in found.items()
                if before.get(place) != seen
            ]
            db.executemany(_DROP, [(target, *self._place(place)) for place in gone])
            db.executemany(_PUT, new)
            if within is None:
                db.execute(_REPORTED, (target, at))
                count = history.count(at, found)
                db.execute(_COUNT, (target, at, count.fields, count.opened, count.closed))
                db.execute(_FORGET, (target, target, _KEPT))
            return None

        self._database.write(put)


def _hashed(seal: Seal, place: tuple[str, str]) -> tuple[str, str]:
    number, path = place
    return seal.hashed("customer", number), seal.hashed("path", path)


def _sealed(seal: Seal, place: tuple[str, str], live: str) -> str:
    """What stands for the digest of a value: without a key it could be tried out, and it also keeps the place."""
    return seal.seal_text(_TABLE, msgspec.json.encode([*place, live]).decode()) if seal.is_on else live


def recoded(old: Seal, new: Seal, row: Sequence[Any]) -> tuple[Any, ...]:
    """A row of `COLUMNS`, sealed with another key."""
    target, number, path, live, first_seen, muted = row
    if old.is_on:
        number, path, live = msgspec.json.decode(old.open_text(_TABLE, live))
    place = (number, path)
    return target, *_hashed(new, place), _sealed(new, place, live), first_seen, muted
