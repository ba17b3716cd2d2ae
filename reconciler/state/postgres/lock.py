"""The lock of a place: an advisory lock of a session of its own, which ends with the run, however that ends.

A row beside it says who holds it. The row is believed only when the session that it names has the lock. One company's
lock holds up no other: its key is made of the schema, the environment, the tenant and the base URL.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from typing import Any

import msgspec
import psycopg

from reconciler.core.errors import StateError
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
_PUT = """
    INSERT INTO lock_holder (place, token, pid, owner) VALUES (%s, %s, %s, %s)
    ON CONFLICT (place) DO UPDATE SET token = excluded.token, pid = excluded.pid, owner = excluded.owner
"""


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
        self._session = database.session(long_lived=True)
        try:
            with translated(self._location):
                refuse_shared_sessions(self._session, database.session, self._location)
            database.open()
            with translated(self._location):
                self._wait(self._session, timeout, waiting)
                self._note(self._session, token, owner)
            database.take_lock_again = lambda: self._take_again(token, owner)
            try:
                yield
            finally:
                database.released()
                self._give_back(token)
        finally:
            self._session.close()
            self._session = None

    def _wait(self, db: psycopg.Connection[Any], timeout: float, waiting: Callable[[Holder], None]) -> None:
        until, is_told = time.monotonic() + max(timeout, _PATIENCE), False
        while not _answer(db, "SELECT pg_try_advisory_lock(%s)", self._key):
            holder = self._holder(db) or Holder(None, Life.RUNNING)
            if time.monotonic() >= until:
                raise locked(holder, shared=True)
            if timeout and not is_told:
                waiting(holder)
                is_told = True
            time.sleep(min(_POLL, max(0.02, (until - time.monotonic()) / 4)))

    def _note(self, db: psycopg.Connection[Any], token: str, owner: Owner) -> None:
        """Say who holds it, and fence what is written from now on."""
        pid = _answer(db, "SELECT pg_backend_pid()")
        _do(db, _PUT, self._key, token, pid, msgspec.json.encode(owner).decode())
        self._database.fence = Fence(self._key, token, pid)

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
            self._note(self._session, token, owner)
        return True

    def _give_back(self, token: str) -> None:
        """The row first: while it stands, the lock is ours. A session that is gone gave it back already."""
        if self._session is not None:
            with suppress(psycopg.Error):
                _do(self._session, "DELETE FROM lock_holder WHERE place = %s AND token = %s", self._key, token)
                _do(self._session, "SELECT pg_advisory_unlock(%s)", self._key)

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


def refuse_shared_sessions(
    db: psycopg.Connection[Any], another: Callable[[], psycopg.Connection[Any]], location: SharedState
) -> None:
    """Raise StateError behind a pooler in transaction mode: it gives the session that holds a lock to others, too.

    While others are within a transaction, this one must keep its backend, and share it with none of them. One other
    does not tell enough: of two backends that a pooler gives in turn, each would look as if it were kept.
    """
    with ExitStack() as stack:
        others = [stack.enter_context(closing(another())) for _ in range(2)]
        mine = _answer(db, "SELECT pg_backend_pid()")
        for other in others:
            begun = _do(other, "BEGIN; SELECT pg_backend_pid()")
            begun.nextset()
            if begun.fetchone() == (mine,) or _answer(db, "SELECT pg_backend_pid()") != mine:
                raise StateError(
                    f"The state {location} is behind a pooler in transaction mode, which keeps no session: the lock"
                    " would be given to others",
                    remedy="Name the database itself, or a pool in session mode.",
                )
