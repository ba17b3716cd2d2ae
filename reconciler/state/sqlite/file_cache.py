"""What was read of unchanged files, in a SQLite file beside the state (`state.db.cache`, mode 0600).

It is a file of its own, not a table of the state: the state is checked page by page before it is written to, it is
written under the run's lock and waits for the disk, and damage to it is an error. Of this file nothing is precious. One
that cannot be used is as good as none, and one that is damaged is begun anew; a file that is not ours is left alone.
"""

from __future__ import annotations

import hashlib
import logging
import os
import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from reconciler.core.errors import StateError
from reconciler.file_flags import NO_LINK, NO_WAIT
from reconciler.state.sqlite.database import beside, connect, has_content, is_ours
from reconciler.state.sqlite.migrations import APPLICATION_ID

LOG = logging.getLogger("reconciler")

SUFFIX = ".cache"
LIMIT = 256 * 2**20
"""Bytes of entries at most."""

_VERSION = 1
_SLACK = 8 * 2**20
_WAIT = 2.0  # seconds for another run to finish with the file
_SUM = 16
_SMALLEST = 512
_DAMAGE = (
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_ERROR,  # a table that there is not
    sqlite3.SQLITE_FORMAT,
    sqlite3.SQLITE_CONSTRAINT,  # an index that lies
)

_PRAGMAS = ("synchronous = OFF", "trusted_schema = OFF", "cell_size_check = ON", "temp_store = MEMORY")
_TABLE = "CREATE TABLE IF NOT EXISTS entry (key BLOB PRIMARY KEY, data BLOB NOT NULL)"
_BYTES = "SELECT coalesce(sum(length(data)), 0) FROM entry"
_OF_USED = " WHERE key IN (SELECT key FROM temp.used)"


class FileCache:
    """The cache beside a state. writes: whether it may make and change the file; else it only reads what there is."""

    def __init__(self, state: Path, *, writes: bool, limit: int = LIMIT, timeout: float = _WAIT) -> None:
        self.path = beside(state, SUFFIX)
        self._writes = writes
        self._limit = limit
        self._timeout = timeout
        self._is_usable = True

    def get(self, keys: Sequence[bytes]) -> Mapping[bytes, bytes]:
        """What is kept under the keys, whole."""
        found: dict[bytes, bytes] = {}
        if keys and self._is_usable:
            with self._forgiving():
                if has_content(self.path) and _is_ours(self.path):
                    with closing(self._connect()) as db:
                        found = dict(_entries(db, keys))
        return found

    def put(self, entries: Mapping[bytes, bytes], used: Collection[bytes]) -> None:
        """Keep the entries, as far as the limit allows; drop those not used when they are more than the used ones."""
        if self._writes and self._is_usable:
            with self._forgiving():
                if self._prepare():
                    with closing(self._connect()) as db:
                        _begin(db)
                        self._store(db, entries, used)
                        db.execute("COMMIT")

    def _store(self, db: sqlite3.Connection, entries: Mapping[bytes, bytes], used: Collection[bytes]) -> None:
        db.execute("CREATE TEMP TABLE used (key BLOB PRIMARY KEY)")
        db.executemany("INSERT OR IGNORE INTO temp.used VALUES (?)", ((key,) for key in used))
        db.executemany("DELETE FROM entry WHERE key = ?", ((key,) for key in entries))  # one that was damaged
        room = self._limit - _count(db, _BYTES + _OF_USED)
        db.executemany("INSERT INTO entry VALUES (?, ?)", _summed(entries, room))
        if _count(db, _BYTES) > min(2 * _count(db, _BYTES + _OF_USED) + _SLACK, self._limit):
            db.execute("DELETE FROM entry WHERE key NOT IN (SELECT key FROM temp.used)")

    def _prepare(self) -> bool:
        """Make the file, private, unless it is there; whether it is ours."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | NO_LINK | NO_WAIT, 0o600))
        if has_content(self.path) and not _is_ours(self.path):
            return False
        if self.path.stat().st_mode & 0o077:  # a copied one
            self.path.chmod(0o600)
        return True

    def _connect(self) -> sqlite3.Connection:
        """Who may write also mends what a killed run left half done; SQLite does so when it opens the file."""
        return connect(self.path, "rw" if self._writes else "ro", self._timeout, _PRAGMAS)

    @contextmanager
    def _forgiving(self) -> Iterator[None]:
        """Whatever is wrong with the file, the run goes on without it."""
        try:
            yield
        except (sqlite3.Error, OSError, StateError, ValueError) as error:  # SQLite's own message may be no UTF-8
            LOG.info("The cache %s is not used: %s", self.path, error)
            code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
            is_damaged = isinstance(error, sqlite3.Error | ValueError) and code in _DAMAGE
            self._is_usable = is_damaged and self._writes and _delete(self.path)


def size(state: Path) -> int:
    """The bytes of the cache beside a state; 0 where there is none."""
    try:
        return beside(state, SUFFIX).stat().st_size
    except OSError:
        return 0


def clear(state: Path) -> bool:
    """Delete the cache beside a state; answers whether there was one of ours."""
    return _delete(beside(state, SUFFIX))


def _delete(path: Path) -> bool:
    with suppress(OSError, StateError):
        if has_content(path) and _is_ours(path):
            for suffix in ("", "-journal"):
                beside(path, suffix).unlink(missing_ok=True)
            return True
    return False


def _is_ours(path: Path) -> bool:
    """Whether it is ours, or the beginning of a database that is too short to be anybody's."""
    return is_ours(path) or (path.stat().st_size < _SMALLEST and path.read_bytes().startswith(b"SQLite"))


def _count(db: sqlite3.Connection, question: str) -> int:
    (found,) = db.execute(question).fetchone()
    return int(found)


def _begin(db: sqlite3.Connection) -> None:
    """Begin to write, into a new file or one of this version."""
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version == 0:
        db.execute("PRAGMA auto_vacuum = FULL")  # what is dropped makes the file smaller
    db.execute("BEGIN IMMEDIATE")
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version == 0:
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute(f"PRAGMA user_version = {_VERSION}")
        db.execute(_TABLE)
    elif version != _VERSION:
        raise sqlite3.DatabaseError("it is of another version")


def _entries(db: sqlite3.Connection, keys: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
    marks = ",".join("?" * len(keys))
    for key, data in db.execute(f"SELECT key, data FROM entry WHERE key IN ({marks})", keys):  # noqa: S608 - marks only
        if isinstance(data, bytes) and _sum(key, data[_SUM:]) == data[:_SUM]:
            yield key, data[_SUM:]


def _summed(entries: Mapping[bytes, bytes], limit: int) -> Iterator[tuple[bytes, bytes]]:
    for key, data in entries.items():
        limit -= len(data)
        if limit >= 0:
            yield key, _sum(key, data) + data


def _sum(key: bytes, data: bytes) -> bytes:
    """What tells an entry from a damaged one. It guards against accidents: who can write here owns the state too."""
    found = hashlib.blake2b(key, digest_size=_SUM)
    found.update(data)
    return found.digest()
