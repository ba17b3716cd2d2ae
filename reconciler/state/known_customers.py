"""What is known of managed customers from earlier runs: their number, and the values last applied to them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, TypeAlias

import msgspec

from reconciler.core.normalise import number_key
from reconciler.core.rules import Memory, Target
from reconciler.resources.customer import CUSTOMER
from reconciler.resources.values import Scalar, Values
from reconciler.state.port import TARGET, Check, Connection, Database, decoded, lists_of, target_id
from reconciler.state.sealing import Seal
from reconciler.state.value_json import decode, encode

COLUMNS = "number_key, number, ref, internal_id, applied_at, run, applied, normalised"
_PUT = f"""
    INSERT INTO known (target, resource, {COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (target, resource, number_key) DO UPDATE SET
        number = excluded.number, ref = excluded.ref, internal_id = excluded.internal_id,
        applied_at = excluded.applied_at, run = excluded.run, applied = excluded.applied,
        normalised = excluded.normalised
"""  # noqa: S608 - put together from constants
_TABLE = "known"
BASELINE = "baseline"
"""In the place of a run: nothing was applied to the customer, it was only adopted as it was."""
_ONE = "target = ? AND resource = ? AND number_key = ?"

_Row: TypeAlias = "tuple[str, str, str | None, int | None, str, str | None, str, str]"
_Head: TypeAlias = "tuple[str, str, str | None, int | None, str, bool]"
"""Who a customer is: number_key, number, ref, internal_id, normalised, and whether nothing was applied to it yet."""
_HEAD = f"number_key, number, ref, internal_id, normalised, coalesce(run, '') = '{BASELINE}'"
_Last: TypeAlias = "tuple[str, str | None, str]"
"""What was applied to it: applied_at, run, applied."""
_LAST = "applied_at, run, applied"
_WIDTH = 6
"""Columns of `_HEAD`."""
_OF_ALL = f"WHERE resource = ? AND target = {TARGET}"


@dataclass(frozen=True, slots=True)
class Normalised:
    """A value that the ERP changed on the way: what was sent, and what it stored."""

    sent: Scalar | Values
    stored: Scalar | Values


@dataclass(frozen=True, slots=True)
class Known:
    """One managed customer as the last apply left it.

    `applied` has the shape of a declaration and holds what was declared then, None for what was cleared. `normalised`
    is by path as `render_path` writes it. `applied_at` is UTC, ISO 8601; `run` the id of the run, where there was one.
    With `BASELINE` as its run, it is a customer as it was adopted: `applied` holds all that was read of it.
    """

    number: str
    applied: Values
    applied_at: str
    ref: str | None = None
    internal_id: int | None = None
    normalised: Mapping[str, Normalised] = field(default_factory=dict)
    run: str | None = None

    @property
    def key(self) -> str:
        """The number in the form in which two numbers are the same."""
        return number_key(self.number)

    @property
    def is_baseline(self) -> bool:
        """Whether nothing was applied to it yet."""
        return self.run == BASELINE


class LoadedKnown(Mapping[str, Known]):
    """The known customers by `number_key`, as of the moment of loading.

    What was applied to one is read when it is asked for, unless it was loaded; `recall` reads that of many at once. A
    record is decoded when it is asked for. Asking raises StateError when it makes no sense, or cannot be read.
    """

    def __init__(
        self,
        heads: Iterable[_Head],
        lasts: Mapping[str, _Last],
        read: Callable[[Collection[str], int], Mapping[str, _Last]],
        database: Database,
    ) -> None:
        self._heads = {head[0]: head for head in heads}
        self._lasts = dict(lasts)
        self._read = read
        self._database = database

    def __getitem__(self, key: str) -> Known:
        head = self._heads[key]
        if key not in self._lasts:
            self.recall([key])
        with decoded(self._database):
            return _known(head, self._lasts[key])

    def __iter__(self) -> Iterator[str]:
        return iter(self._heads)

    def __len__(self) -> int:
        return len(self._heads)

    def __contains__(self, key: object) -> bool:
        return key in self._heads

    def recall(self, keys: Iterable[str]) -> None:
        """Read at once what was applied to these customers, if they are known and it was not read yet.

        What somebody else has applied since the loading counts; a customer forgotten since is not known any more.
        """
        lacking = [key for key in dict.fromkeys(keys) if key in self._heads and key not in self._lasts]
        if not lacking:
            return
        self._lasts |= self._read(lacking, len(self._heads))
        for key in lacking:
            if key not in self._lasts:
                del self._heads[key]

    def has(self, row: _Row) -> bool:
        """Whether all of the row is kept, but for the time and the run."""
        key, number, ref, internal_id, _, _, applied, normalised = row
        head, last = self._heads.get(key), self._lasts.get(key)
        if head is None or last is None:
            return False
        return (*head[:5], last[2]) == (key, number, ref, internal_id, normalised, applied)

    def is_adopted(self, key: str) -> bool:
        """Whether it is known, and nothing was applied to it yet."""
        head = self._heads.get(key)
        return head is not None and head[5]

    def numbers(self) -> dict[str, str]:
        """The number of each ref."""
        return {head[2]: head[1] for head in self._heads.values() if head[2] is not None}

    def memory(self) -> Memory:
        """What the planner wants to know; the applied values are decoded when it asks."""
        heads = self._heads
        identities = {key: head[3] for key, head in heads.items() if head[3] is not None}
        with decoded(self._database):
            pairs = {key: _pairs(head[4]) for key, head in heads.items() if head[4] != _NONE}
        managed = {key for key, head in heads.items() if not head[5]}
        return Memory(
            self.numbers(),
            _Applied(self, managed),
            identities,
            {key: {path: (pair.sent, pair.stored) for path, pair in of_one.items()} for key, of_one in pairs.items()},
            _Applied(self, heads.keys()),
            self.recall,
        )


_NONE = "{}"


class _Applied(Mapping[str, Values]):
    """What was last applied to some of the known customers, by `number_key`."""

    def __init__(self, known: LoadedKnown, keys: Collection[str]) -> None:
        self._known = known
        self._keys = keys

    def __getitem__(self, key: str) -> Values:
        if key not in self._keys:
            raise KeyError(key)
        return self._known[key].applied

    def __contains__(self, key: object) -> bool:
        return key in self._keys

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)


class KnownCustomers:
    """The known customers, or records of another resource, of one tenant of one ERP. Write under the run's lock."""

    def __init__(self, database: Database, target: Target, resource: str = CUSTOMER.name) -> None:
        self._database = database
        self._resource = resource
        self._target = database.place(target)
        self._place = (resource, *self._target)

    def load(self, *, whole: bool = True) -> LoadedKnown:
        """All of them; none where there is no state yet. Raises StateError.

        whole: with what was applied to each, which is most of what there is; else that is read when it is asked for.
        """
        with decoded(self._database), self._database.read() as db:
            if db is None:
                return LoadedKnown((), {}, self._read, self._database)
            columns = f"{_HEAD}, {_LAST}" if whole else _HEAD
            rows = db.execute(f"SELECT {columns} FROM known {_OF_ALL}", self._place).fetchall()  # noqa: S608 - constants
            seal = self._database.seal
            heads = [_opened_head(seal, row) if seal.is_on else row[:_WIDTH] for row in rows]
            lasts = self._opened_lasts((head[0], *row[_WIDTH:]) for head, row in zip(heads, rows, strict=True) if whole)
        return LoadedKnown(heads, lasts, self._read, self._database)

    def _read(self, keys: Collection[str], total: int) -> dict[str, _Last]:
        with decoded(self._database), self._database.read() as db:
            return {} if db is None else self._lasts(db, keys, total)

    def _lasts(self, db: Connection, keys: Collection[str], total: int) -> dict[str, _Last]:
        """What was applied to these customers, of so many in total."""
        statement = f"SELECT number_key, {_LAST} FROM known {_OF_ALL}"  # noqa: S608 - constants
        stored = {self._key(key): key for key in keys}
        if 2 * len(keys) >= total:
            rows = db.execute(statement, self._place).fetchall()
        else:
            rows = []
            for places, some in lists_of(stored):
                rows += db.execute(f"{statement} AND number_key IN ({places})", (*self._place, *some)).fetchall()
        return self._opened_lasts((stored[hashed], *last) for hashed, *last in rows if hashed in stored)

    def _opened_lasts(self, rows: Iterable[tuple[Any, ...]]) -> dict[str, _Last]:
        open_text = self._database.seal.open_text
        return {key: (at, run, open_text(_of_one(key), applied)) for key, at, run, applied in rows}

    def record(self, customers: Iterable[Known], previous: LoadedKnown | None = None) -> None:
        """Add or replace them, all or none. A ref moves to the customer that has it now. Raises StateError.

        previous: all of them as they are kept: then of those that stay the same only the time and the run are written.
        """
        rows = sorted(map(_row, customers), key=itemgetter(0))  # SQLite adds in order much faster
        kept = [row for row in rows if previous is not None and previous.has(row)]
        keys = {row[0] for row in kept}
        new = [row for row in rows if row[0] not in keys]

        def put(db: Connection) -> Check | None:
            self._date(db, kept)
            return self._put(db, new) if new else None

        if rows:
            self._database.write(put)

    def _date(self, db: Connection, rows: Iterable[_Row]) -> None:
        """Write by which run they were left as they are, and when."""
        keys: dict[tuple[str, str | None], list[str]] = {}
        for row in rows:
            keys.setdefault((row[4], row[5]), []).append(self._key(row[0]))
        statement = f"UPDATE known SET applied_at = ?, run = ? {_OF_ALL}"  # noqa: S608 - constants
        for dated, of_one_date in keys.items():
            for places, some in lists_of(of_one_date):
                db.execute(f"{statement} AND number_key IN ({places})", (*dated, *self._place, *some))

    def _put(self, db: Connection, rows: list[_Row]) -> Check | None:
        place, seal = (target_id(db, self._target), self._resource), self._database.seal
        if seal.is_on:
            rows = [_sealed(seal, row) for row in rows]
        db.executemany(
            "UPDATE known SET ref = NULL WHERE target = ? AND resource = ? AND ref = ? AND number_key <> ?",
            [(*place, row[2], row[0]) for row in rows if row[2] is not None],
        )
        db.executemany(_PUT, [(*place, *row) for row in rows])
        return None

    def forget(self, numbers: Iterable[str]) -> None:
        """Drop the customers with these numbers; a number that is not known is passed over. Raises StateError."""
        keys = [self._key(number_key(number)) for number in numbers]

        def drop(db: Connection) -> Check | None:
            place = (target_id(db, self._target), self._resource)
            db.executemany(f"DELETE FROM known WHERE {_ONE}", [(*place, key) for key in keys])  # noqa: S608 - constants
            return None

        if keys and self._database.exists():
            self._database.write(drop)

    def rename(self, key: str, new_number: str) -> None:
        """The customer has another number now; what was known under that one is dropped. Raises StateError."""

        def move(db: Connection) -> Check | None:
            place, seal = (target_id(db, self._target), self._resource), self._database.seal
            old = (*place, self._key(key))
            row = db.execute(f"SELECT {COLUMNS} FROM known WHERE {_ONE}", old).fetchone()  # noqa: S608 - constants
            if row is None:
                return None
            if seal.is_on:
                row = _opened(seal, row)
            db.execute(f"DELETE FROM known WHERE {_ONE}", old)  # noqa: S608 - constants
            return self._put(db, [(number_key(new_number), new_number, *row[2:])])

        if self._database.exists():
            self._database.write(move)

    def _key(self, key: str) -> str:
        return self._database.seal.hashed(_TABLE, key)


def _of_one(key: str) -> str:
    return f"{_TABLE} {key}"


def _sealed(seal: Seal, row: _Row) -> _Row:
    """The row as it stands in the database: hashes of what is looked for; who it is in place of the number; and what
    was applied, bound to its customer."""
    key, number, ref, internal_id, applied_at, run, applied, normalised = row
    ref_hash = None if ref is None else seal.hashed("ref", ref)
    head = seal.seal_text(_TABLE, msgspec.json.encode((key, number, ref, internal_id, normalised)).decode())
    return seal.hashed(_TABLE, key), head, ref_hash, None, applied_at, run, seal.seal_text(_of_one(key), applied), _NONE


def _opened_head(seal: Seal, head: Sequence[Any]) -> _Head:
    key, number, ref, internal_id, normalised = msgspec.json.decode(seal.open_text(_TABLE, head[1]))
    return key, number, ref, internal_id, normalised, head[5]


def _opened(seal: Seal, row: _Row) -> _Row:
    key, number, ref, internal_id, normalised = msgspec.json.decode(seal.open_text(_TABLE, row[1]))
    return key, number, ref, internal_id, row[4], row[5], seal.open_text(_of_one(key), row[6]), normalised


def recoded(old: Seal, new: Seal, row: Sequence[Any]) -> tuple[Any, ...]:
    """A row with its target and resource, sealed with another key."""
    target, resource, *rest = row
    plain = _opened(old, tuple(rest)) if old.is_on else tuple(rest)
    return target, resource, *(_sealed(new, plain) if new.is_on else plain)


def _row(known: Known) -> _Row:
    normalised = {path: {"sent": pair.sent, "stored": pair.stored} for path, pair in known.normalised.items()}
    return (
        known.key,
        known.number,
        known.ref,
        known.internal_id,
        known.applied_at,
        known.run,
        encode(known.applied),
        encode(normalised) if normalised else _NONE,
    )


def _known(head: _Head, last: _Last) -> Known:
    _, number, ref, internal_id, normalised, _ = head
    applied_at, run, applied = last
    return Known(number, decode(applied), applied_at, ref, internal_id, _pairs(normalised), run)


def _pairs(normalised: str) -> dict[str, Normalised]:
    pairs = decode(normalised).items()
    return {path: Normalised(**pair) for path, pair in pairs}  # type: ignore[arg-type]  # written from such pairs
