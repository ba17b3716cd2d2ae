# ruff: noqa: S608  # SQL is put together from constants; values are bound
"""The snapshot in the state: live customers as they were last read, packed, a row each."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from zlib import crc32

import msgspec

from reconciler.core.live import PackedLive
from reconciler.core.rules import Target
from reconciler.core.snapshot import Head, Kept
from reconciler.resources.values import Path as FieldPath
from reconciler.resources.values import Values
from reconciler.state.packing import CUSTOMER_PACKER
from reconciler.state.sqlite.database import Database, target_id
from reconciler.state.sqlite.foreign_errors import decoded

_DOUBTED = -(2**31)
"""Stands for the run in which a customer was read: long before any."""

_ROW = "internal_id, number, version, modified, packed, whole"
_PUT = f"INSERT OR REPLACE INTO live (target, {_ROW}, sum, seen) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
_TARGET = "(SELECT id FROM target WHERE tenant_id = ? AND base_url = ?)"
_DOUBT = f"UPDATE live SET seen = ? WHERE target = {_TARGET} AND number = ?"


class KeptCustomers:
    """The snapshot of one tenant of one ERP. Fulfils `core.ports.Snapshot`."""

    def __init__(self, database: Database, target: Target) -> None:
        self._database = database
        self._target = (target.tenant_id, target.base_url)

    def load(self, verify_runs: int) -> Kept | None:
        """What is kept, or None, also where something in it is not as it was written. verify_runs: see `Kept.due`."""
        with decoded(self._database.path), self._database.read() as db:
            head = None if db is None else _head(db, self._target)
            if db is None or head is None:
                return None
            unpack_row = _Unpacking(self._database.path)
            rows = db.execute(
                f"SELECT sum, {_ROW} FROM live WHERE target = {_TARGET} ORDER BY internal_id", self._target
            )
            customers: dict[int, PackedLive] = {}
            for its_sum, *row in rows:
                if its_sum != _sum(row):
                    return None
                customers[row[0]] = _live(row, unpack_row)
            due = db.execute(
                f"SELECT internal_id FROM live WHERE target = {_TARGET} AND seen <= ?",
                (*self._target, head.sequence + 1 - verify_runs),
            )
            return Kept(head, customers, frozenset(row[0] for row in due))

    def head(self) -> Head | None:
        """What is known of the snapshot as a whole, or None."""
        with self._database.read() as db:
            return None if db is None else _head(db, self._target)

    def replace(self, before: Head | None, head: Head, customers: Iterable[PackedLive]) -> None:
        """Keep these customers instead of all others; all were read in the run `head.sequence`.

        Nothing when another run has replaced, updated or doubted `before` meanwhile.
        """

        def work(db: sqlite3.Connection) -> None:
            target = target_id(db, self._target)
            if _head(db, self._target) != before:
                return
            db.execute("DELETE FROM live WHERE target = ?", (target,))
            db.executemany(_PUT, (_columns(target, live, head.sequence) for live in customers))
            _put_head(db, target, head)

        self._database.write(work)

    def update(self, before: Head, head: Head, read: Iterable[PackedLive], same: Iterable[int]) -> None:
        """Keep what an incremental run read; nothing when another run has changed or doubted `before` meanwhile."""

        def work(db: sqlite3.Connection) -> None:
            target = target_id(db, self._target)
            if _head(db, self._target) != before:
                return
            db.executemany(_PUT, (_columns(target, live, head.sequence) for live in read))
            seen = ((head.sequence, target, internal_id) for internal_id in same)
            db.executemany("UPDATE live SET seen = ? WHERE target = ? AND internal_id = ?", seen)
            _put_head(db, target, head)

        self._database.write(work)

    def doubt(self, numbers: Iterable[str]) -> None:
        """The customers with these numbers are written to: each is read again before it is relied on."""
        wanted = [(_DOUBTED, *self._target, number) for number in numbers]
        if not wanted or self.size() == 0:
            return

        def work(db: sqlite3.Connection) -> None:
            db.executemany(_DOUBT, wanted)
            db.execute(f"UPDATE snapshot SET doubts = doubts + 1 WHERE target = {_TARGET}", self._target)

        self._database.write(work)

    def size(self) -> int:
        """How many customers are kept."""
        with self._database.read() as db:
            found = db and db.execute(f"SELECT count(*) FROM live WHERE target = {_TARGET}", self._target).fetchone()
        return int(found[0]) if found else 0


def _sum(row: Sequence[Any]) -> int:
    """A check sum over the columns of `_ROW`."""
    *plain, packed, whole = row
    return crc32(repr((*plain, bool(whole))).encode(), crc32(packed if isinstance(packed, bytes) else b""))


def _live(row: Sequence[Any], unpack_row: _Unpacking) -> PackedLive:
    internal_id, number, version, modified, packed, whole = row
    return PackedLive(internal_id, number, version, modified, packed, bool(whole), unpack_row)


class _Unpacking:
    """`unpack` with what makes no sense told as damage of the file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __call__(self, data: bytes) -> tuple[Values, dict[FieldPath, str]]:
        with decoded(self._path):
            values, line_ids = CUSTOMER_PACKER.unpack(data)
        return values, dict(line_ids)


_HEAD = tuple[str, str, int, int, int, str, str, int]
"""What stands there in a file that nobody altered: SQLite keeps any value in any column."""


def _head(db: sqlite3.Connection, target: tuple[str, str]) -> Head | None:
    columns = "fields, known_by, sequence, next_page, page_size, all_read_at, as_of, doubts"
    row = db.execute(f"SELECT {columns} FROM snapshot WHERE target = {_TARGET}", target).fetchone()
    if row is None:
        return None
    try:
        fields, known_by, *rest = msgspec.convert(row, _HEAD)
    except msgspec.ValidationError:
        return None
    return Head(frozenset(fields.split()), frozenset(known_by.split()), *rest)


def _put_head(db: sqlite3.Connection, target: int, head: Head) -> None:
    fields, known_by = (" ".join(sorted(names)) for names in (head.fields, head.known_by))
    db.execute(
        "INSERT OR REPLACE INTO snapshot VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(target, fields, known_by, head.sequence, head.next_page, head.page_size),
            *(head.all_read_at, head.as_of, head.doubts),
        ),
    )


def _columns(target: int, live: PackedLive, seen: int) -> tuple[object, ...]:
    row = (live.internal_id, live.number, live.version, live.modified, live.packed, live.whole)
    return (target, *row, _sum(row), seen)
