"""A schema of a PostgreSQL database as the state: read in one view, written in shared transactions, under a fence."""

from __future__ import annotations

import hashlib
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, Protocol

import psycopg
from psycopg.pq import TransactionStatus

from reconciler.core.errors import StateError
from reconciler.core.rules import Target
from reconciler.core.shared_state import SharedState
from reconciler.core.threads import run_in_daemon_thread
from reconciler.state import migrations
from reconciler.state.group_commit import GroupCommit
from reconciler.state.port import Check, Connection, Cursor, Place, Work
from reconciler.state.postgres.connecting import answered_within, at_once, connect
from reconciler.state.postgres.foreign_errors import damaged, lost, translated
from reconciler.state.postgres.pooler import refuse_shared_sessions
from reconciler.state.postgres.tables import has_table, migrate, version, version_and_key
from reconciler.state.sealed_with import KEY_ID, claim, fits, rekeyed
from reconciler.state.sealing import Seal

_VALUE = re.compile(r"\?")
_REGAIN_FOR, _PAUSE = 15.0, 0.5  # seconds
_LONGEST = 120.0
"""Seconds until a database that does not answer counts as lost. 100,000 customers are read by one statement, and
written in one transaction."""


@dataclass(frozen=True, slots=True)
class Fence:
    """What proves that this run still holds its lock: the token of the holder, and the backend that has the lock."""

    key: int
    token: str
    pid: int

    @property
    def values(self) -> tuple[object, ...]:
        """The values of `STANDS`."""
        return self.key, self.token, self.pid, *halves(self.key)


STANDS = """
    SELECT 1 FROM lock_holder WHERE place = %s AND token = %s AND EXISTS (
        SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND pid = %s AND classid::bigint = %s AND objid::bigint = %s
            AND objsubid = 1 AND granted
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    ) FOR SHARE OF lock_holder
"""
"""Whoever takes the lock next changes the row, and so waits for the transactions that it still protects."""

_FENCED = f"SELECT 1 / count(*) FROM ({STANDS}) AS standing".encode()  # noqa: S608 - constants
_SEALED = b"SELECT 1 / count(*) FROM (SELECT max(key_id) AS id FROM seal) AS key WHERE id IS NOT DISTINCT FROM %s::text"
"""These divide by zero where what they ask for is not so, and with that end the transaction before its commit."""


_BEGIN_VIEW = b"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"


def _ended(db: psycopg.Connection[Any]) -> Iterator[bytes]:
    """The statement that ends the transaction which the session is in, if it is in one."""
    if db.info.transaction_status is not TransactionStatus.IDLE:
        yield b"ROLLBACK"


class Transaction:
    """A `port.Connection` over psycopg's."""

    def __init__(self, db: psycopg.Connection[Any]) -> None:
        self._db = db

    def execute(self, statement: str, values: Sequence[Any] = (), /) -> Cursor:
        """Run a statement; within a pipeline its answer is waited for when it is looked at."""
        return self._db.execute(_adapted(statement), values or None)

    def executemany(self, statement: str, rows: Iterable[Sequence[Any]], /) -> object:
        """Run a statement once for each row of values."""
        with self._db.cursor() as cursor:
            cursor.executemany(_adapted(statement), rows)
        return None


class _View(Transaction):
    """One that only reads, a statement at a time."""

    def execute(self, statement: str, values: Sequence[Any] = (), /) -> Cursor:
        """Run a statement; bytes arrive as they are, not twice as long as text."""
        with answered_within(self._db, _LONGEST):
            return self._db.execute(_adapted(statement), values or None, binary=True)


@lru_cache(maxsize=256)
def _adapted(statement: str) -> bytes:
    return _VALUE.sub("%s", statement).encode()


def advisory_key(*names: str) -> int:
    """A key of an advisory lock, 64 bits with a sign. The database is part of the lock itself."""
    digest = hashlib.sha256("\0".join(("reconciler", *names)).encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


class Regained(Protocol):
    """What can take a lost lock again."""

    def __call__(self) -> bool:
        """Whether the lock is held again, and was nobody else's since. Raises StateError."""


class PostgresDatabase:
    """The state of one place in a schema that holds those of many. Fulfils `port.Database`."""

    def __init__(self, location: SharedState, place: Target | None, seal: Seal, environ: Mapping[str, str]) -> None:
        self.location = location
        self.seal = seal
        self.scope: Place | None = None if place is None else self.place(place)
        self.fence: Fence | None = None
        self.take_lock_again: Regained | None = None
        self._environ = environ
        self._lost: StateError | None = None
        self._reader: psycopg.Connection[Any] | None = None
        self._readable: psycopg.Connection[Any] | None = None
        self._writer: psycopg.Connection[Any] | None = None
        self._reading = threading.Lock()
        self._commits = GroupCommit(self._transact)

    def place(self, target: Target) -> Place:
        """One environment of one tenant of one ERP."""
        return target.environment, target.tenant_id, target.base_url

    def key(self, purpose: str) -> int:
        """The key of a lock of this place."""
        return advisory_key(purpose, self.location.schema, *(self.scope or ()))

    def lock_tables(self, db: Connection) -> None:
        """Whoever writes has looked at the key first, and so is waited for, or waits."""
        db.execute("LOCK TABLE seal, known, live, drift_seen, run, entry IN ACCESS EXCLUSIVE MODE")

    def damaged(self, why: str) -> StateError:
        """What to raise for stored values that make no sense."""
        return damaged(self.location, why)

    def session(self, *, long_lived: bool = False) -> psycopg.Connection[Any]:
        """A session of its own. Raises StateError."""
        return connect(self.location, self._environ, long_lived=long_lived)

    @property
    def is_open(self) -> bool:
        """Whether it was read or written since it was last closed."""
        return self._readable is not None or self._writer is not None

    # ---- reading ----

    def exists(self) -> bool:
        """Whether there are tables."""
        return self.version() is not None

    def version(self) -> int | None:
        """The version of the tables, None where there are none."""
        with self._reading, translated(self.location):
            found: int | None = self._with_reader(lambda db: version(db, self.location.schema))
            return found

    def sealed_with(self) -> str | None:
        """The id of the key that values are sealed with, whichever key is at hand; None without one."""

        def ask(db: psycopg.Connection[Any]) -> Any:
            if not has_table(db, self.location.schema, "seal"):
                return None
            return db.execute(KEY_ID.encode()).fetchone()

        with self._reading, translated(self.location):
            row = self._with_reader(ask)
        return None if row is None else row[0]

    def size(self) -> int:
        """How much the schema takes, in bytes: of all places."""
        tables = (
            "SELECT coalesce(sum(pg_total_relation_size(oid)), 0) FROM pg_class WHERE relkind = 'r' AND relnamespace = "
        )
        with self._reading, translated(self.location):
            row = self._with_reader(
                lambda db: db.execute(
                    f"{tables}to_regnamespace(%s)".encode(), (f'"{self.location.schema}"',)
                ).fetchone()
            )
        return int(row[0]) if row else 0

    def _with_reader(self, ask: Callable[[psycopg.Connection[Any]], Any]) -> Any:
        """What the database answers; a session that ended since it was last used is opened again."""
        if self._reader is not None:
            with suppress(psycopg.OperationalError), answered_within(self._reader, _LONGEST):
                return ask(self._reader)
            self._reader.close()
            self._reader = None
        self._reader = self.session()
        with answered_within(self._reader, _LONGEST):
            return ask(self._reader)

    @contextmanager
    def read(self) -> Iterator[Connection | None]:
        """One consistent view; None where there is nothing yet. Raises StateError."""
        with self._reading, translated(self.location):
            if not self._with_reader(self._begin_view):
                yield None
                return
            db = self._reader
            assert db is not None
            try:
                yield _View(db)
            finally:
                with suppress(psycopg.Error):
                    db.execute("ROLLBACK")

    def _begin_view(self, db: psycopg.Connection[Any]) -> bool:
        """Begin a transaction that only reads; a session is asked once what it will read, in the same round trip.

        False where there are no tables. Older ones are brought up to date.
        """
        if self._readable is db:
            db.execute(_BEGIN_VIEW)
            return True
        found, key_id = version_and_key(db, self.location.schema, _BEGIN_VIEW)
        if found == migrations.newest():
            try:
                fits(key_id, Transaction(db), self.seal, str(self.location))
            except StateError:
                db.execute("ROLLBACK")
                raise
            self._readable = db
            return True
        db.execute("ROLLBACK")
        if found is None:
            return False
        migrate(db, self.location, advisory_key("migrate", self.location.schema))  # refuses newer ones
        return self._begin_view(db)

    # ---- writing ----

    def write(self, work: Work) -> None:
        """Run the work in a transaction that is safe when this returns. Raises StateError: nothing is kept then.

        Works of other threads go into the same transaction, and their statements into the same round trip.
        """
        self._commits.write(work)

    def open_for_run(self) -> psycopg.Connection[Any]:
        """New sessions to read and to write with, and one for the lock of a run; the tables are made if they are
        missing. Raises StateError, also behind a pooler that keeps no session."""
        with self._reading, self._commits.alone(), translated(self.location):
            self._close()
            lock, reader, writer = at_once(partial(self.session, long_lived=True), self.session, self.session)
            try:
                refuse_shared_sessions(lock, (reader, writer), self.location)
                ending = run_in_daemon_thread(partial(reader.execute, "ROLLBACK"))
                self._make_ready(writer)
                ending.result()
            except BaseException:
                for db in (lock, reader, writer):
                    db.close()
                raise
            self._reader, self._writer = reader, writer
        return lock

    def _transact(self, works: Sequence[Work]) -> list[Check | None]:
        if self._lost is not None:
            raise self._lost
        try:
            with translated(self.location):
                return self._perform(works)
        except StateError as error:
            if self._writer is not None and self._writer.closed:
                self._writer = None
                if self.fence is not None:
                    self._lost = error
            raise

    def _perform(self, works: Sequence[Work]) -> list[Check | None]:
        """Nothing is waited for before the commit: all of it takes one round trip, unless a work looks at an answer."""
        db = self._opened_writer()
        try:
            with answered_within(db, _LONGEST), db.pipeline():
                db.execute("BEGIN")
                # one writer at a time for a place, as with a file: what is compared before it is replaced stands
                db.execute("SELECT pg_advisory_xact_lock(%s)", (self.key("write"),))
                self._guard(db)
                transaction = Transaction(db)
                checks = [work(transaction) for work in works]
                db.execute("COMMIT")
        except psycopg.errors.DivisionByZero:
            db.rollback()
            raise self._why_refused(db) from None
        except BaseException:
            with suppress(psycopg.Error):
                db.rollback()
            raise
        return checks

    def _guard(self, db: psycopg.Connection[Any]) -> None:
        """Under a run's lock nothing is written once it is lost: what could not be recorded must not be sent. Nor once
        the state is sealed with another key. The server itself refuses the transaction then."""
        db.execute(_SEALED, (self.seal.key_id,))
        if self.fence is not None:
            db.execute(_FENCED, self.fence.values)

    def _why_refused(self, db: psycopg.Connection[Any]) -> StateError:
        """Why the server refused a transaction at its guard."""
        if self.fence is not None and db.execute(STANDS.encode(), self.fence.values).fetchone() is None:
            self._lost = lost(self.location)
            return self._lost
        return rekeyed(str(self.location))

    def _opened_writer(self) -> psycopg.Connection[Any]:
        if self._writer is None or self._writer.closed:
            db = self.session()
            try:
                self._make_ready(db)
            except BaseException:
                db.close()
                raise
            self._writer = db
        return self._writer

    def _make_ready(self, db: psycopg.Connection[Any]) -> None:
        """Tables of this version, and this key: mostly they are there, which one round trip tells."""
        with answered_within(db, _LONGEST):
            found, key_id = version_and_key(db, self.location.schema, *_ended(db))
            if found == migrations.newest() and fits(key_id, Transaction(db), self.seal, str(self.location)):
                return
            with db.transaction():
                migrate(db, self.location, advisory_key("migrate", self.location.schema))
                claim(Transaction(db), self.seal, str(self.location))

    def regain(self) -> bool:
        """Wait some seconds for the database; whether the run may record again, as the only one since."""
        until = time.monotonic() + _REGAIN_FOR
        while self.take_lock_again is not None:
            try:
                if not self.take_lock_again():
                    return False
            except StateError:
                if time.monotonic() > until:
                    return False
                time.sleep(_PAUSE)
                continue
            self._lost = None
            return True
        return False

    def released(self) -> None:
        """The lock is given back: writes are fenced no more."""
        self.fence = self.take_lock_again = self._lost = None

    def close(self) -> None:
        """End the sessions; using it again opens them again."""
        with self._reading, self._commits.alone():
            self._close()

    def _close(self) -> None:
        for db in (self._reader, self._writer):
            if db is not None:
                db.close()
        self._reader = self._writer = self._readable = None


def halves(key: int) -> tuple[int, int]:
    """The key as `pg_locks` shows it: `classid` and `objid`."""
    return key >> 32 & 0xFFFFFFFF, key & 0xFFFFFFFF
