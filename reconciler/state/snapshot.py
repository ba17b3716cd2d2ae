# ruff: noqa: S608  # SQL is put together from constants; values are bound
"""The snapshot in the state: live customers as they were last read, packed, a row each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias
from zlib import crc32

import msgspec

from reconciler.core.live import PackedLive
from reconciler.core.rules import Target
from reconciler.core.snapshot import Head, Kept
from reconciler.resources.values import Path as FieldPath
from reconciler.resources.values import Values
from reconciler.state.packing import CUSTOMER_PACKER
from reconciler.state.port import TARGET, Check, Connection, Database, Place, decoded, lists_of, target_id
from reconciler.state.sealing import Seal

_DOUBTED = -(2**31)
"""Stands for the run in which a customer was read: long before any."""

_ROW = "internal_id, number, version, modified, packed, whole"
_PUT = f"""
    INSERT INTO live (target, {_ROW}, sum, seen) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (target, internal_id) DO UPDATE SET
        number = excluded.number, version = excluded.version, modified = excluded.modified, packed = excluded.packed,
        whole = excluded.whole, sum = excluded.sum, seen = excluded.seen
"""
_DOUBT = f"UPDATE live SET seen = ? WHERE target = {TARGET} AND number IN"
_TABLE = "live"
ALL_COLUMNS = f"target, {_ROW}, sum, seen"


class KeptCustomers:
    """The snapshot of one tenant of one ERP. Fulfils `core.ports.Snapshot`."""

    def __init__(self, database: Database, target: Target) -> None:
        self._database = database
        self._target = database.place(target)

    def load(self, verify_runs: int) -> Kept | None:
        """What is kept, or None, also where something in it is not as it was written. verify_runs: see `Kept.due`."""
        seal = self._database.seal
        with decoded(self._database), self._database.read() as db:
            head = None if db is None else _head(db, self._target)
            if db is None or head is None:
                return None
            unpack_row = _Unpacking(self._database)
            rows = db.execute(
                f"SELECT seen, sum, {_ROW} FROM live WHERE target = {TARGET} ORDER BY internal_id", self._target
            )
            customers: dict[int, PackedLive] = {}
            due: set[int] = set()
            for seen, its_sum, *row in rows:
                if its_sum != _sum(row):
                    return None
                live = _live(seal, row, unpack_row)
                customers[live.internal_id] = live
                if seen <= head.sequence + 1 - verify_runs:
                    due.add(live.internal_id)
            return Kept(head, customers, frozenset(due))

    def head(self) -> Head | None:
        """What is known of the snapshot as a whole, or None."""
        with self._database.read() as db:
            return None if db is None else _head(db, self._target)

    def replace(self, before: Head | None, head: Head, customers: Iterable[PackedLive]) -> None:
        """Keep these customers instead of all others; all were read in the run `head.sequence`.

        Nothing when another run has replaced, updated or doubted `before` meanwhile.
        """

        seal = self._database.seal

        def work(db: Connection) -> Check | None:
            target = target_id(db, self._target)
            if _head(db, self._target) != before:
                return None
            db.execute("DELETE FROM live WHERE target = ?", (target,))
            db.executemany(_PUT, (_columns(seal, target, live, head.sequence) for live in customers))
            _put_head(db, target, head)
            return None

        self._database.write(work)

    def update(self, before: Head, head: Head, read: Iterable[PackedLive], same: Iterable[int]) -> None:
        """Keep what an incremental run read; nothing when another run has changed or doubted `before` meanwhile."""

        seal = self._database.seal

        def work(db: Connection) -> Check | None:
            target = target_id(db, self._target)
            if _head(db, self._target) != before:
                return None
            db.executemany(_PUT, (_columns(seal, target, live, head.sequence) for live in read))
            seen = ((head.sequence, target, seal.hashed_number(_TABLE, internal_id)) for internal_id in same)
            db.executemany("UPDATE live SET seen = ? WHERE target = ? AND internal_id = ?", seen)
            _put_head(db, target, head)
            return None

        self._database.write(work)

    def doubt(self, numbers: Iterable[str]) -> None:
        """The customers with these numbers are written to: each is read again before it is relied on."""
        seal = self._database.seal
        wanted = [seal.hashed(_TABLE, number) for number in numbers]
        if not wanted:
            return

        def work(db: Connection) -> Check | None:
            for places, some in lists_of(wanted):
                db.execute(f"{_DOUBT} ({places})", (_DOUBTED, *self._target, *some))
            db.execute(f"UPDATE snapshot SET doubts = doubts + 1 WHERE target = {TARGET}", self._target)
            return None

        self._database.write(work)

    def size(self) -> int:
        """How many customers are kept."""
        with self._database.read() as db:
            found = db and db.execute(f"SELECT count(*) FROM live WHERE target = {TARGET}", self._target).fetchone()
        return int(found[0]) if found else 0


def _sum(row: Sequence[Any]) -> int:
    """A check sum over the columns of `_ROW`."""
    *plain, packed, whole = row
    return crc32(repr((*plain, bool(whole))).encode(), crc32(packed if isinstance(packed, bytes) else b""))


def _live(seal: Seal, row: Sequence[Any], unpack_row: Unpack) -> PackedLive:
    internal_id, number, version, modified, packed, whole = row
    if seal.is_on:
        internal_id, number, packed = msgspec.msgpack.decode(seal.open(_TABLE, packed))
    return PackedLive(internal_id, number, version, modified, packed, bool(whole), unpack_row)


def recoded(old: Seal, new: Seal, row: Sequence[Any]) -> tuple[Any, ...]:
    """A row of `ALL_COLUMNS`, sealed with another key."""
    target, *plain, _sum_before, seen = row
    return _columns(new, target, _live(old, plain, CUSTOMER_PACKER.unpack), seen)


def _columns(seal: Seal, target: int, live: PackedLive, seen: int) -> tuple[object, ...]:
    internal_id, number, packed = live.internal_id, live.number, live.packed
    if seal.is_on:
        packed = seal.seal(_TABLE, msgspec.msgpack.encode((internal_id, number, packed)))
        internal_id, number = seal.hashed_number(_TABLE, internal_id), seal.hashed(_TABLE, number)
    row = (internal_id, number, live.version, live.modified, packed, int(live.whole))
    return (target, *row, _sum(row), seen)


Unpack: TypeAlias = "Callable[[bytes], tuple[Values, Mapping[FieldPath, str]]]"


class _Unpacking:
    """`unpack` with what makes no sense told as damage of the state."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def __call__(self, data: bytes) -> tuple[Values, dict[FieldPath, str]]:
        with decoded(self._database):
            values, line_ids = CUSTOMER_PACKER.unpack(data)
        return values, dict(line_ids)


_HEAD = tuple[str, str, int, int, int, str, str, int]
"""What stands there in a file that nobody altered: SQLite keeps any value in any column."""

HEAD_COLUMNS = "fields, known_by, sequence, next_page, page_size, all_read_at, as_of, doubts"
_PUT_HEAD = f"""
    INSERT INTO snapshot (target, {HEAD_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (target) DO UPDATE SET
        fields = excluded.fields, known_by = excluded.known_by, sequence = excluded.sequence,
        next_page = excluded.next_page, page_size = excluded.page_size, all_read_at = excluded.all_read_at,
        as_of = excluded.as_of, doubts = excluded.doubts
"""


def _head(db: Connection, target: Place) -> Head | None:
    row = db.execute(f"SELECT {HEAD_COLUMNS} FROM snapshot WHERE target = {TARGET}", target).fetchone()
    if row is None:
        return None
    try:
        fields, known_by, *rest = msgspec.convert(row, _HEAD)
    except msgspec.ValidationError:
        return None
    return Head(frozenset(fields.split()), frozenset(known_by.split()), *rest)


def _put_head(db: Connection, target: int, head: Head) -> None:
    fields, known_by = (" ".join(sorted(names)) for names in (head.fields, head.known_by))
    row = (fields, known_by, head.sequence, head.next_page, head.page_size, head.all_read_at, head.as_of, head.doubts)
    db.execute(_PUT_HEAD, (target, *row))
