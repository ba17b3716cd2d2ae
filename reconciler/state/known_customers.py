"""What is known of managed customers from earlier runs: their number, and the values last applied to them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, TypeAlias, TypeVar

import msgspec

from reconciler.core.normalise import number_key
from reconciler.core.rules import Memory, Target
from reconciler.resources.customer import CUSTOMER
from reconciler.resources.values import Scalar, Values
from reconciler.state.port import TARGET, Check, Connection, Database, decoded, target_id
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

Part = TypeVar("Part")
_Row: TypeAlias = "tuple[str, str, str | None, int | None, str, str | None, str, str]"


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

    @property
    def pairs(self) -> dict[str, tuple[object, object]]:
        """The normalised values as the planner takes them: path to (sent, stored)."""
        return {path: (pair.sent, pair.stored) for path, pair in self.normalised.items()}


class LoadedKnown(Mapping[str, Known]):
    """The known customers by `number_key`, as of the moment of loading.

    A record is decoded only when it is asked for; asking raises StateError when it makes no sense.
    """

    def __init__(self, rows: Iterable[_Row], database: Database) -> None:
        self._rows = {row[0]: row for row in rows}
        self._database = database

    def __getitem__(self, key: str) -> Known:
        row = self._rows[key]
        with decoded(self._database):
            return _known(row)

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, key: object) -> bool:
        return key in self._rows

    def numbers(self) -> dict[str, str]:
        """The number of each ref."""
        return {row[2]: row[1] for row in self._rows.values() if row[2] is not None}

    def memory(self) -> Memory:
        """What the planner wants to know; the applied values are decoded when it asks."""
        identities = {key: row[3] for key, row in self._rows.items() if row[3] is not None}
        changed = {key: row for key, row in self._rows.items() if row[7] != _NONE}
        managed = {key: row for key, row in self._rows.items() if row[5] != BASELINE}
        return Memory(
            self.numbers(),
            _Lazily(self, managed.keys(), lambda known: known.applied),
            identities,
            _Lazily(self, changed.keys(), lambda known: known.pairs),
            _Lazily(self, self._rows.keys(), lambda known: known.applied),
        )


_NONE = "{}"


class _Lazily(Mapping[str, Part]):
    """A part of the known customers by `number_key`, decoded when it is asked for."""

    def __init__(self, known: LoadedKnown, keys: Collection[str], part: Callable[[Known], Part]) -> None:
        self._known = known
        self._keys = keys
        self._part = part

    def __getitem__(self, key: str) -> Part:
        if key not in self._keys:
            raise KeyError(key)
        return self._part(self._known[key])

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

    def load(self) -> LoadedKnown:
        """All of them; none where there is no state yet. Raises StateError."""
        rows: list[_Row] = []
        with decoded(self._database), self._database.read() as db:
            if db is not None:
                rows = db.execute(
                    f"SELECT {COLUMNS} FROM known WHERE resource = ? AND target = {TARGET}",  # noqa: S608 - constants
                    (self._resource, *self._target),
                ).fetchall()
            if self._database.seal.is_on:
                rows = [_opened(self._database.seal, row) for row in rows]
        return LoadedKnown(rows, self._database)

    def record(self, customers: Iterable[Known]) -> None:
        """Add or replace them, all or none. A ref moves to the customer that has it now. Raises StateError."""
        rows = sorted(map(_row, customers), key=itemgetter(0))  # SQLite adds in order much faster
        if rows:
            self._database.write(lambda db: self._put(db, rows))

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


def _sealed(seal: Seal, row: _Row) -> _Row:
    """The row as it stands in the database: hashes of what is looked for, and all else in one sealed value."""
    key, number, ref, internal_id, applied_at, run, applied, normalised = row
    ref_hash = None if ref is None else seal.hashed("ref", ref)
    text = msgspec.json.encode((key, number, ref, internal_id, applied, normalised)).decode()
    return seal.hashed(_TABLE, key), "", ref_hash, None, applied_at, run, seal.seal_text(_TABLE, text), _NONE


def _opened(seal: Seal, row: _Row) -> _Row:
    key, number, ref, internal_id, applied, normalised = msgspec.json.decode(seal.open_text(_TABLE, row[6]))
    return key, number, ref, internal_id, row[4], row[5], applied, normalised


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


def _known(row: _Row) -> Known:
    _, number, ref, internal_id, applied_at, run, applied, normalised = row
    return Known(
        number=number,
        applied=decode(applied),
        applied_at=applied_at,
        ref=ref,
        internal_id=internal_id,
        normalised={path: Normalised(**pair) for path, pair in decode(normalised).items()},  # type: ignore[arg-type]  # written by encode from such pairs
        run=run,
    )
