"""The state's SQLite file: made lazily, looked at before it is touched, written in durable transactions.

A file that is not ours, newer or damaged is never changed: it is read through a read-only connection first, which
cannot even fold its write-ahead log into it. (Python's own `open` must stay away from the file: closing it would drop
the locks that SQLite holds in this process.)
"""

from __future__ import annotations

import os
import sqlite3
import stat
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from reconciler.core.errors import StateError
from reconciler.core.rules import Target
from reconciler.state import migrations
from reconciler.state.group_commit import GroupCommit
from reconciler.state.port import Check, Connection, Place, Work
from reconciler.state.sealed_with import check_readable, check_still_sealed, claim
from reconciler.state.sealing import Seal
from reconciler.state.sqlite.foreign_errors import damaged, foreign, newer, no_file, translated

APPLICATION_ID = int.from_bytes(b"Recn", "big")
"""Marks a SQLite file as ours."""

SIDE_FILES = ("-wal", "-shm", "-journal")
_OTHERS = 0o077

_MAGIC = b"SQLite format 3\0"  # https://www.sqlite.org/fileformat2.html, section 1.3
_HEADER = 100
_APPLICATION = slice(68, 72)
_SMALLEST_PAGE = 512


class Database:
    """One SQLite file. Safe for threads; other processes may read at any time, and write under the run's lock.

    It holds one environment. Fulfils `port.Database`. `timeout`: seconds to wait for another program's lock on the
    file.
    """

    scope: Place | None = None

    def __init__(self, path: Path, *, seal: Seal | None = None, timeout: float = 5.0) -> None:
        self.path = path
        self.seal = seal or Seal()
        self._timeout = timeout
        self._reader: sqlite3.Connection | None = None
        self._writer: sqlite3.Connection | None = None
        self._reading = threading.Lock()
        self._commits = GroupCommit(self._transact)

    def place(self, target: Target) -> Place:
        """The file's environment needs no name."""
        return "", target.tenant_id, target.base_url

    def lock_tables(self, db: Connection) -> None:
        """One who writes has the file alone."""

    def damaged(self, why: str) -> StateError:
        """What to raise for stored values that make no sense."""
        return damaged(self.path, why)

    def regain(self) -> bool:
        """The lock ends with the process, so nobody else had it; whether writing works is seen by trying."""
        return True

    def size(self) -> int:
        """How much it takes, in bytes, with the write-ahead log."""
        files = (self.path, *(beside(self.path, suffix) for suffix in SIDE_FILES))
        with translated(self.path):
            return sum(file.stat().st_size for file in files if file.exists())

    @property
    def is_open(self) -> bool:
        """Whether it was read or written since it was last closed."""
        return self._reader is not None or self._writer is not None

    # ---- reading ----

    def exists(self) -> bool:
        """Whether there is a file with something in it."""
        with translated(self.path):
            return has_content(self.path)

    def version(self) -> int | None:
        """The schema version of the file, None where there is none. Raises StateError when it is not ours."""
        if not self.exists():
            return None
        with translated(self.path):
            if self.path.stat().st_size < _SMALLEST_PAGE:
                raise foreign(self.path)
            db = _connect(self.path, "ro", self._timeout)
            try:
                return _version(db, self.path)
            finally:
                db.close()

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection | None]:
        """One consistent view of the file; None where there is no file yet. Never makes one. Raises StateError."""
        with self._reading, translated(self.path):
            db = self._opened_reader()
            if db is None:
                yield None
                return
            db.execute("BEGIN")
            try:
                yield db
            finally:
                with suppress(sqlite3.Error):
                    db.execute("ROLLBACK")

    def _opened_reader(self) -> sqlite3.Connection | None:
        if self._reader is None and has_content(self.path):
            self._check_version()
            reader = _connect(self.path, "ro", self._timeout)
            try:
                check_readable(reader, self.seal, str(self.path))
            except BaseException:
                reader.close()
                raise
            self._reader = reader
        return self._reader

    # ---- writing ----

    def write(self, work: Work) -> None:
        """Run the work in a transaction that is on the disk when this returns. Raises StateError: nothing is kept then.

        What other threads want written meanwhile goes into the same transaction: they share the one wait for the disk.
        """
        self._commits.write(work)

    def _transact(self, works: Sequence[Work]) -> list[Check | None]:
        with translated(self.path):
            db = self._opened_writer()
            db.execute("BEGIN IMMEDIATE")
            try:
                check_still_sealed(db, self.seal, str(self.path))
                checks = [work(db) for work in works]
                db.execute("COMMIT")
                return checks
            finally:
                if db.in_transaction:
                    with suppress(sqlite3.Error):
                        db.execute("ROLLBACK")

    def _opened_writer(self) -> sqlite3.Connection:
        """The connection that writes; it makes the file when there is none, and refuses one with damage."""
        if self._writer is None:
            create(self.path)
            self._check_version()
            _check_pages(self.path, self._timeout)
            _keep_private(self.path)
            writer = _connect(self.path, "rw", self._timeout)
            try:
                claim(writer, self.seal, str(self.path))
            except BaseException:
                writer.close()
                raise
            self._writer = writer
        return self._writer

    def _check_version(self) -> None:
        """Refuse what is not ours or newer; bring what is older up to date."""
        found = self.version() or 0
        if found > migrations.newest():
            raise newer(self.path, found, migrations.newest())
        if found < migrations.newest():
            _check_pages(self.path, self._timeout)
            db = _connect(self.path, "rw", self._timeout)
            try:
                migrate(db)
            finally:
                db.close()

    def close(self) -> None:
        """Release the file; using it again opens it again."""
        with self._reading, self._commits.alone(), translated(self.path):
            for db in (self._reader, self._writer):  # the writer last: it folds the log into the file
                if db is not None:
                    db.close()
            self._reader = self._writer = None


def beside(path: Path, suffix: str) -> Path:
    """The file's companion of that suffix."""
    return path.with_name(path.name + suffix)


def has_content(path: Path) -> bool:
    """Whether there is a file with something in it. Raises OSError, StateError when it is no file."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return False
    if not stat.S_ISREG(found.st_mode):
        raise no_file(path)
    return found.st_size > 0


def is_ours(path: Path) -> bool:
    """Whether the file's first bytes say that it is ours, whatever is wrong with the rest. None may have it open."""
    with path.open("rb") as file:
        header = file.read(_HEADER)
    return header.startswith(_MAGIC) and header[_APPLICATION] == APPLICATION_ID.to_bytes(4, "big")


def create(path: Path) -> None:
    """Make the file with its tables, mode 0600, unless it is there. Raises StateError.

    It is made beside and renamed, so that no half-made one is ever seen. A log that a deleted database left behind
    would be read into the new one: it goes first.
    """
    with translated(path):
        if has_content(path):
            return
        from filelock import FileLock  # noqa: PLC0415 (25 ms, and the file is made but once)

        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = beside(path, ".new.lock")
        with FileLock(lock, mode=0o600):  # two that make it at once would delete each other's log
            if not has_content(path):
                for suffix in SIDE_FILES:
                    beside(path, suffix).unlink(missing_ok=True)
                new = beside(path, ".new")
                _build(new)
                new.replace(path)
                _sync_folder(path.parent)
            with suppress(PermissionError):  # Windows deletes no open file; filelock does it there, after the release
                lock.unlink(missing_ok=True)


def _build(new: Path) -> None:
    for suffix in ("", *SIDE_FILES):
        beside(new, suffix).unlink(missing_ok=True)  # of one who was killed here
    os.close(os.open(new, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))  # SQLite's -wal and -shm take the mode over
    db = _connect(new, "rw", 0)
    try:
        migrate(db)
        db.execute("PRAGMA journal_mode = WAL")
    finally:
        db.close()


def migrate(db: sqlite3.Connection) -> None:
    """Bring the tables to the newest version, in one transaction: whole or not at all."""
    db.execute("BEGIN IMMEDIATE")
    try:
        (done,) = db.execute("PRAGMA user_version").fetchone()
        for step in migrations.MIGRATIONS[done:]:
            for statement in step:
                db.execute(statement)
        if done < migrations.newest():
            db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            db.execute(f"PRAGMA user_version = {migrations.newest()}")
        db.execute("COMMIT")
    finally:
        if db.in_transaction:
            db.execute("ROLLBACK")


def _sync_folder(folder: Path) -> None:
    """The file's name is on the disk when this returns. Windows opens no folder, and needs none of this."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _connect(path: Path, mode: str, timeout: float) -> sqlite3.Connection:
    """A connection; `mode` is SQLite's "ro" or "rw". Transactions begin where the code says so."""
    return connect(path, mode, timeout, _PRAGMAS)


_PRAGMAS = (
    "synchronous = FULL",  # a commit is on the disk, not only on its way
    "cache_size = -16000",  # KiB: most writes stay in memory until they are committed
    "trusted_schema = OFF",
    "cell_size_check = ON",
)


def connect(path: Path, mode: str, timeout: float, pragmas: Iterable[str]) -> sqlite3.Connection:
    """A connection with the pragmas set, closed again when the file refuses one of them. Raises sqlite3.Error.

    `mode` is SQLite's "ro" or "rw", `timeout` in seconds. Any thread may use it: the callers' locks guard it.
    """
    db = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=timeout,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        for pragma in pragmas:
            db.execute(f"PRAGMA {pragma}")
    except BaseException:
        db.close()
        raise
    return db


def _version(db: sqlite3.Connection, path: Path) -> int:
    (application,) = db.execute("PRAGMA application_id").fetchone()
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION_ID:
        raise foreign(path)
    return int(version)


def _check_pages(path: Path, timeout: float) -> None:
    """Refuse a damaged file before anything is written to it (0.1 s for 100,000 customers)."""
    db = _connect(path, "ro", timeout)
    try:
        found = [row[0] for row in db.execute("PRAGMA quick_check(1)")]
    finally:
        db.close()
    if found != ["ok"]:
        raise damaged(path, str(found[0]) if found else "it cannot be checked")


def _keep_private(path: Path) -> None:
    """A state that was copied here may be readable for all; it holds personal data."""
    for each in (path, *(beside(path, suffix) for suffix in SIDE_FILES)):
        with suppress(OSError):
            if each.stat().st_mode & _OTHERS:
                each.chmod(0o600)
