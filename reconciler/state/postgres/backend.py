"""A schema of a PostgreSQL database as the state of one environment, and the advisory lock of that place."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.core.rules import Target
from reconciler.core.shared_state import SharedState
from reconciler.state.port import TARGET, Check, Connection
from reconciler.state.postgres.database import PostgresDatabase
from reconciler.state.postgres.lock import SessionLock
from reconciler.state.sealed_with import IS_EMPTY
from reconciler.state.sealing import LostKey, Seal

_BY_TARGET = ("known", "live", "snapshot", "drift_seen", "drift_report", "drift_count")
_RUNS = "environment = ? AND tenant_id = ? AND base_url = ?"


class PostgresBackend:
    """Fulfils `store.Backend`."""

    def __init__(self, location: SharedState, place: Target | None, seal: Seal, environ: Mapping[str, str]) -> None:
        self.location = location
        self.database = PostgresDatabase(location, place, seal, environ)
        self.lock = SessionLock(location, self.database)

    def give_up_key(self) -> None:
        """Take the key for lost: what is deleted need not be read."""
        key_id = self.database.sealed_with()
        self.database.seal = Seal() if key_id is None else LostKey(key_id)

    def clear(self) -> None:
        """Delete what is known of this place; the others' stays. With the last place the key goes, too."""
        scope = self.database.scope
        assert scope is not None, "a lock has a place"

        def delete(db: Connection) -> Check | None:
            self.database.lock_tables(db)
            for table in _BY_TARGET:
                db.execute(f"DELETE FROM {table} WHERE target = {TARGET}", scope)  # noqa: S608 - constants
            db.execute(f"DELETE FROM entry WHERE run IN (SELECT id FROM run WHERE {_RUNS})", scope)  # noqa: S608
            db.execute(f"DELETE FROM run WHERE {_RUNS}", scope)  # noqa: S608 - constants
            db.execute(f"DELETE FROM target WHERE {_RUNS}", scope)  # noqa: S608 - constants
            db.execute(f"DELETE FROM seal WHERE {IS_EMPTY}")  # noqa: S608 - constants
            return None

        self.database.write(delete)
