"""A schema of a PostgreSQL database as the state of one environment, and the advisory lock of that place."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.core.rules import Target
from reconciler.core.shared_state import SharedState
from reconciler.state.port import TARGET, Check, Connection
from reconciler.state.postgres.database import PostgresDatabase
from reconciler.state.postgres.lock import SessionLock
from reconciler.state.sealing import Seal

_BY_TARGET = ("known", "live", "snapshot", "drift_seen", "drift_report", "drift_count")
_RUNS = "environment = ? AND tenant_id = ? AND base_url = ?"


class PostgresBackend:
    """Fulfils `store.Backend`."""

    def __init__(self, location: SharedState, place: Target | None, seal: Seal, environ: Mapping[str, str]) -> None:
        self.location = location
        self.database = PostgresDatabase(location, place, seal, environ)
        self.lock = SessionLock(location, self.database)

    def clear(self) -> None:
        """Delete what is known of this place; the others' stays."""
        scope = self.database.scope
        assert scope is not None, "a lock has a place"

        def delete(db: Connection) -> Check | None:
            for table in _BY_TARGET:
                db.execute(f"DELETE FROM {table} WHERE target = {TARGET}", scope)  # noqa: S608 - constants
            db.execute(f"DELETE FROM entry WHERE run IN (SELECT id FROM run WHERE {_RUNS})", scope)  # noqa: S608
            db.execute(f"DELETE FROM run WHERE {_RUNS}", scope)  # noqa: S608 - constants
            db.execute(f"DELETE FROM target WHERE {_RUNS}", scope)  # noqa: S608 - constants
            return None

        self.database.write(delete)
