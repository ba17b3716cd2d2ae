"""What the stores of the state share, and what each does in its own way: a database, and the lock of a run.

The statements stand once, in the modules beside this one, in the SQL that SQLite and PostgreSQL both speak; `?` stands
for a value. `tables.py` has the tables.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol, TypeAlias

import msgspec

from reconciler.core.errors import StateError
from reconciler.core.rules import Target
from reconciler.state.lock_holder import Holder
from reconciler.state.process_identity import Owner
from reconciler.state.sealing import Seal


class Cursor(Protocol):
    """The answer to a statement."""

    @property
    def rowcount(self) -> int:
        """How many rows it changed; known when the work's check is called."""

    def fetchone(self) -> Any:
        """The next row, or None."""

    def fetchall(self) -> list[Any]:
        """All rows."""

    def __iter__(self) -> Iterator[Any]:
        """The rows."""


class Connection(Protocol):
    """A transaction that is going on."""

    def execute(self, statement: str, values: Sequence[Any] = ..., /) -> Cursor:
        """Run a statement."""

    def executemany(self, statement: str, rows: Iterable[Sequence[Any]], /) -> object:
        """Run a statement once for each row of values."""


Check: TypeAlias = Callable[[], None]
Work: TypeAlias = Callable[[Connection], Check | None]
"""What is written in a transaction. It may answer a check, which is called once that is safe, and raises when there was
nothing to change: looking at each answer at once would cost a round trip each."""

Place: TypeAlias = "tuple[str, str, str]"
"""Environment, tenant and base URL: numbers mean something only within one."""


class Database(Protocol):
    """The database of a store. Every method raises StateError. Safe for threads."""

    seal: Seal
    """What keeps customers' values from other readers."""

    @property
    def is_open(self) -> bool:
        """Whether it was read or written since it was last closed, and so could be read with the key."""

    @property
    def scope(self) -> Place | None:
        """The place whose runs are looked at, where the database holds those of several; None for all that there is."""

    def place(self, target: Target) -> Place:
        """The target as the database knows it."""

    def exists(self) -> bool:
        """Whether there is anything."""

    def version(self) -> int | None:
        """The version of the tables, None where there are none."""

    def size(self) -> int:
        """How much it takes, in bytes."""

    def read(self) -> AbstractContextManager[Connection | None]:
        """One consistent view; None where there is nothing yet. Never makes anything."""

    def write(self, work: Work) -> None:
        """Run the work in a transaction that is safe when this returns; when it raises, nothing is kept."""

    def lock_tables(self, db: Connection) -> None:
        """Within a transaction that writes: nobody else writes until its end."""

    def damaged(self, why: str) -> StateError:
        """What to raise for stored values that make no sense."""

    def regain(self) -> bool:
        """Whether, after a write failed, writing is possible again, and nobody else held the lock since."""

    def close(self) -> None:
        """Release it; using it again opens it again."""


class RunLock(Protocol):
    """The lock of a run: one for each place. Every method raises StateError."""

    def hold(self, owner: Owner, timeout: float, waiting: Callable[[Holder], None]) -> AbstractContextManager[None]:
        """Hold it within the block. Raises Locked when another run still has it after `timeout` seconds.

        waiting: told once whom is waited for.
        """

    def holder(self) -> Holder | None:
        """Who holds it, or None. Changes nothing."""

    def release(self, *, force: bool = False) -> Owner | None:
        """Take away what a holder left behind; answers whose it was. force: also from one that may still run.

        Raises Locked.
        """


@contextmanager
def decoded(database: Database) -> Iterator[None]:
    """Within the block, a stored value that makes no sense becomes StateError."""
    try:
        yield
    except (msgspec.MsgspecError, ValueError, TypeError) as error:  # zlib.error is told by the journal
        raise database.damaged(str(error)) from error


_MOST = 5000
"""Values in one statement: both databases take more."""


def lists_of(values: Collection[str]) -> Iterator[tuple[str, list[str]]]:
    """The values in parts that a statement takes, each with its places for `IN (...)`."""
    some = list(values)
    for start in range(0, len(some), _MOST):
        part = some[start : start + _MOST]
        yield ", ".join("?" * len(part)), part


TARGET = "(SELECT id FROM target WHERE environment = ? AND tenant_id = ? AND base_url = ?)"
"""The id of a place in a statement; it is NULL where nothing was recorded yet."""


def target_id(db: Connection, place: Place) -> int:
    """The id of a place; it is given one when it has none. Within a transaction that writes."""
    db.execute(
        "INSERT INTO target (environment, tenant_id, base_url) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        place,
    )
    (found,) = db.execute(f"SELECT id FROM target WHERE id = {TARGET}", place).fetchone()  # noqa: S608 - constants
    return int(found)
