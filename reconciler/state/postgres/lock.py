"""The lock of a place: an advisory lock of a session of its own, which ends with the run, however that ends.

A row beside it says who holds it. The row is believed only when the session that it names has the lock. One company's
lock holds up no other: its key is made of the schema, the environment, the tenant and the base URL.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import msgspec
import psycopg

from reconciler.core.shared_state import SharedState
from reconciler.state.lock_holder import Holder, Life, locked
from reconciler.state.postgres import connecting
from reconciler.state.postgres.connecting import answered_within
from reconciler.state.postgres.database import Fence, PostgresDatabase, halves
from reconciler.state.postgres.foreign_errors import translated
from reconciler.state.process_identity import Owner, is_here, surely_lives

_POLL = 0.5  # seconds between two tries
_PATIENCE = 0.3  # seconds for a session that is just ending
_FREED_WITHIN = 5.0  # seconds, once a session was ended by force

_HELD = """
    SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND classid::bigint = %s AND objid::bigint = %s
        AND objsubid = 1 AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
_TAKE = """
    WITH lock AS MATERIALIZED (SELECT pg_try_advisory_lock(%s) AS is_mine)
    INSERT INTO lock_holder (place, token, pid, owner) SELECT %s, %s, pg_backend_pid(), %s FROM lock WHERE is_mine
    ON CONFLICT (place) DO UPDATE SET token = excluded.token, pid = excluded.pid, owner = excluded.owner
    RETURNING pid
"""
"""Nothing is put where another session holds the lock."""


class SessionLock:
    """The lock of the place that the database is opened for. Fulfils `port.RunLock`."""

    def __init__(self, location: SharedState, database: PostgresDatabase) -> None:
        self._location = location
        self._database = database
        self._session: psycopg.Connection[Any] | None = None

    @contextmanager
    def hold(self, owner: Owner, timeout: float, waiting: Callable[[Holder], None]) -> Iterator[None]:
        """Hold it within the block. Raises Locked when another run still has it after `timeout` seconds, StateError."""
        database = self._database
        token = secrets.token_hex(16)
        self._session = database.open_for_run()
        try:
            with translated(self._location):
                self._wait(self._session, lambda: self._take(token, owner), timeout, waiting)
            database.take_lock_again = lambda: self._take_again(token, owner)
            try:
                yield
            finally:
                database.released()
                self._give_back(token)
        finally:
            self._session.close()
            self._session = None

    def _wait(
        self,
        db: psycopg.Connection[Any],
        take: Callable[[], bool],
        timeout: float,
        waiting: Callable[[Holder], None],
    ) -> None:
        until, is_told = time.monotonic() + max(timeout, _PATIENCE), False
        while not take():
            holder = self._holder(db) or Holder(None, Life.RUNNING)
            if time.monotonic() >= until:
                raise locked(holder, shared=True)
            if timeout and not is_told:
                waiting(holder)
                is_told = True
            time.sleep(min(_POLL, max(0.02, (until - time.monotonic()) / 4)))

    def _take(self, token: str, owner: Owner) -> bool:
        """Whether the lock is held now; if so, the row says by whom, and what is written from now on is fenced."""
        assert self._session is not None, "the session that is to hold it"
        pid = _answer(self._session, _TAKE, self._key, self._key, token, msgspec.json.encode(owner).decode())
        if pid is None:
            return False
        self._database.fence = Fence(self._key, token, pid)
        return True

    def _take_again(self, token: str, owner: Owner) -> bool:
        """After a loss: hold it again, unless somebody else held it meanwhile. Raises StateError."""
        if self._session is not None:
            self._session.close()
        self._session = self._database.session(long_lived=True)
        with translated(self._location):
            if _answer(self._session, "SELECT token FROM lock_holder WHERE place = %s", self._key) != token:
                return False
            if not _answer(self._session, "SELECT pg_try_advisory_lock(%s)", self._key):
                return False
            if _answer(self._session, "SELECT token FROM lock_holder WHERE place = %s", self._key) != token:
                return False
            return self._take(token, owner)

    def _give_back(self, token: str) -> None:
        """The row first: while it stands, the lock is ours. A session that is gone gave it back already."""
        if self._session is not None:
            with (
                suppress(psycopg.Error),
                answered_within(self._session, connecting.LONGEST_ANSWER),
                self._session.pipeline(),
            ):
                self._session.execute("DELETE FROM lock_holder WHERE place = %s AND token = %s", (self._key, token))
                self._session.execute("SELECT pg_advisory_unlock(%s)", (self._key,))

    @property
    def _key(self) -> int:
        return self._database.key("run")

    # ---- looking, and taking away ----

    def holder(self) -> Holder | None:
        """Who holds it, or None."""
        if not self._database.exists():
            return None
        db = self._database.session()
        try:
            with translated(self._location):
                return self._holder(db)
        finally:
            db.close()

    def _holder(self, db: psycopg.Connection[Any]) -> Holder | None:
        pid = _answer(db, _HELD, *halves(self._key))
        row = _do(db, "SELECT pid, owner FROM lock_holder WHERE place = %s", self._key).fetchone()
        owner = None if row is None else _owner(row[1])
        if pid is None:
            return None if row is None else Holder(owner, Life.ENDED)
        return Holder(owner if row is not None and row[0] == pid else None, Life.RUNNING)

    def release(self, *, force: bool = False) -> Owner | None:
        """Take away what a holder left behind; with `force` also end the session of one that may still run, unless it
        surely runs here. Raises Locked, StateError."""
        if not self._database.exists():
            return None
        db = self._database.session()
        try:
            with translated(self._location):
                return self._release(db, force=force)
        finally:
            db.close()

    def _release(self, db: psycopg.Connection[Any], *, force: bool) -> Owner | None:
        holder = self._holder(db)
        if holder is None:
            return None
        if holder.life is Life.RUNNING:
            if not force or (holder.owner and is_here(holder.owner) and surely_lives(holder.owner)):
                raise locked(holder, shared=True)
            until = time.monotonic() + _FREED_WITHIN
            while (pid := _answer(db, _HELD, *halves(self._key))) is not None:
                _do(db, "SELECT pg_terminate_backend(%s)", pid)
                if time.monotonic() > until:
                    raise locked(holder, shared=True)
                time.sleep(0.05)
        _do(db, "DELETE FROM lock_holder WHERE place = %s", self._key)
        return holder.owner


def _owner(text: str) -> Owner | None:
    try:
        return msgspec.json.decode(text, type=Owner)
    except msgspec.DecodeError:
        return None


def _answer(db: psycopg.Connection[Any], statement: str, *values: object) -> Any:
    row = _do(db, statement, *values).fetchone()
    return None if row is None else row[0]


def _do(db: psycopg.Connection[Any], statement: str, *values: object) -> psycopg.Cursor[Any]:
    with answered_within(db, connecting.LONGEST_ANSWER):
        return db.execute(statement.encode(), values or None)
