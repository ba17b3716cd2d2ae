"""What is known of managed customers from earlier runs: their number, and the values last applied to them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import Path
from typing import TypeAlias, TypeVar

from reconciler.core.normalise import number_key
from reconciler.core.rules import Memory, Target
from reconciler.resources.customer import CUSTOMER
from reconciler.resources.values import Scalar, Values
from reconciler.state.sqlite.database import Database, target_id
from reconciler.state.sqlite.foreign_errors import decoded
from reconciler.state.value_json import decode, encode

_COLUMNS = "number_key, number, ref, internal_id, applied_at, run, applied, normalised"
_PUT = f"""
    INSERT INTO known (target, resource, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (target, resource, number_key) DO UPDATE SET
        number = excluded.number, ref = excluded.ref, internal_id = excluded.internal_id,
        applied_at = excluded.applied_at, run = excluded.run, applied = excluded.applied,
        normalised = excluded.normalised
"""  # noqa: S608 - put together from constants
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
    def pairs(self) -> dict[str, tuple[object, object]]:
        """The normalised values as the planner takes them: path to (sent, stored)."""
        return {path: (pair.sent, pair.stored) for path, pair in self.normalised.items()}


class LoadedKnown(Mapping[str, Known]):
    """The known customers by `number_key`, as of the moment of loading.

    A record is decoded only when it is asked for; asking raises StateError when it makes no sense.
    """

    def __init__(self, rows: Iterable[_Row], path: Path) -> None:
        self._rows = {row[0]: row for row in rows}
        self._path = path

    def __getitem__(self, key: str) -> Known:
        row = self._rows[key]
        with decoded(self._path):
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
        return Memory(
            self.numbers(),
            _Lazily(self, self._rows.keys(), lambda known: known.applied),
            identities,
            _Lazily(self, changed.keys(), lambda known: known.pairs),
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
        self._target = (target.tenant_id, target.base_url)

    def load(self) -> LoadedKnown:
        """All of them; none where there is no state yet. Raises StateError."""
        rows: list[_Row] = []
        with self._database.read() as db:
            if db is not None:
                rows = db.execute(
                    f"SELECT {_COLUMNS} FROM known WHERE resource = ? AND target = "  # noqa: S608 - from constants
                    "(SELECT id FROM target WHERE tenant_id = ? AND base_url = ?)",
                    (self._resource, *self._target),
                ).fetchall()
        return LoadedKnown(rows, self._database.path)

    def record(self, customers: Iterable[Known]) -> None:
        """Add or replace them, all or none. A ref moves to the customer that has it now. Raises StateError."""
        rows = sorted(map(_row, customers), key=itemgetter(0))  # SQLite adds in order much faster
        if rows:
            self._database.write(lambda db: self._put(db, rows))

    def _put(self, db: sqlite3.Connection, rows: list[_Row]) -> None:
        target = target_id(db, self._target)
        try:
            db.executemany(_PUT, [(target, self._resource, *row) for row in rows])
        except sqlite3.IntegrityError:  # a ref stands at another customer: seldom, and looking first costs each time
            refs = [(target, self._resource, row[2]) for row in rows if row[2] is not None]
            db.executemany("UPDATE known SET ref = NULL WHERE target = ? AND resource = ? AND ref = ?", refs)
            db.executemany(_PUT, [(target, self._resource, *row) for row in rows])

    def forget(self, numbers: Iterable[str]) -> None:
        """Drop the customers with these numbers; a number that is not known is passed over. Raises StateError."""
        keys = [number_key(number) for number in numbers]

        def drop(db: sqlite3.Connection) -> None:
            target = target_id(db, self._target)
            places = [(target, self._resource, key) for key in keys]
            db.executemany(f"DELETE FROM known WHERE {_ONE}", places)  # noqa: S608 - put together from constants

        if keys and self._database.exists():
            self._database.write(drop)

    def rename(self, key: str, new_number: str) -> None:
        """The customer has another number now; what was known under that one is dropped. Raises StateError."""
        new_key = number_key(new_number)

        def move(db: sqlite3.Connection) -> None:
            place = (target_id(db, self._target), self._resource)
            if not db.execute(f"SELECT 1 FROM known WHERE {_ONE}", (*place, key)).fetchone():  # noqa: S608 - constants
                return
            if new_key != key:
                db.execute(f"DELETE FROM known WHERE {_ONE}", (*place, new_key))  # noqa: S608 - constants
            db.execute(
                f"UPDATE known SET number_key = ?, number = ? WHERE {_ONE}",  # noqa: S608 - constants
                (new_key, new_number, *place, key),
            )

        if self._database.exists():
            self._database.write(move)


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
