"""The state of one environment: what earlier runs applied, their journal, and the lock (docs/decisions/0003)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Protocol

from reconciler.core.errors import StateError
from reconciler.core.rules import Target
from reconciler.core.shared_state import SharedState
from reconciler.resources.customer import CUSTOMER
from reconciler.state.drift_sightings import SeenDrift
from reconciler.state.journal import RunInfo, Runs
from reconciler.state.known_customers import KnownCustomers
from reconciler.state.lock_holder import Holder
from reconciler.state.port import TARGET, Database, RunLock
from reconciler.state.process_identity import Owner, this_process
from reconciler.state.sealing import Seal
from reconciler.state.snapshot import KeptCustomers
from reconciler.state.sqlite.backend import SqliteBackend


@dataclass(frozen=True, slots=True)
class Description:
    """What there is. `size` is in bytes, with a write-ahead log; `version` is None where there is nothing.

    `snapshot` is how many live customers are kept of all tenants, and `snapshot_as_of` when that was last brought up to
    date, UTC. `sealed_with` is the id of the key that customers' values are encrypted with, None where they are not.
    """

    path: Path | SharedState
    version: int | None
    size: int
    customers: int
    runs: tuple[RunInfo, ...]
    holder: Holder | None
    snapshot: int = 0
    snapshot_as_of: str | None = None
    sealed_with: str | None = None


class Backend(Protocol):
    """What is different in each store: where it is, its database and its lock, and how all of it is deleted."""

    @property
    def location(self) -> Path | SharedState:
        """Where it is."""

    @property
    def database(self) -> Database:
        """What it is kept in."""

    @property
    def lock(self) -> RunLock:
        """One run at a time."""

    def give_up_key(self) -> None:
        """Take the state for one whose key is lost: it can be locked and cleared then, and nothing else."""

    def clear(self) -> None:
        """Delete what the state holds, whatever condition it is in; called under the lock."""


def _utc() -> datetime:
    return datetime.now(UTC)


def _silent(_holder: Holder) -> None:
    """Nobody is told whom is waited for."""


class Store:
    """The state behind a backend. Opening is lazy: what is missing is an empty state, and only a write makes it.

    Every method raises StateError, with one clear message, for a state that cannot be used; it is left as it is.
    """

    def __init__(self, backend: Backend, *, clock: Callable[[], datetime] = _utc, job: str | None = None) -> None:
        self.location = backend.location
        self.runs = Runs(backend.database, clock)
        self.database = backend.database
        self._backend = backend
        self._clock = clock
        self._job = job

    def known(self, target: Target, resource: str = CUSTOMER.name) -> KnownCustomers:
        """What is known of the customers of a tenant: its numbers mean nothing in another one."""
        return KnownCustomers(self.database, target, resource)

    def sightings(self, target: Target) -> SeenDrift:
        """What the last drift report of a tenant saw."""
        return SeenDrift(self.database, target)

    def snapshot(self, target: Target) -> KeptCustomers:
        """The local copy of a tenant's live customers."""
        return KeptCustomers(self.database, target)

    def close(self) -> None:
        """Release what is open."""
        self.database.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    # ---- the lock ----

    @contextmanager
    def lock(
        self, command: str, *, timeout: float = 0.0, waiting: Callable[[Holder], None] = _silent
    ) -> Iterator[None]:
        """Be the only run within the block; `command` says what it does, for whoever is kept out.

        timeout: seconds to wait for another run; waiting: told once whom is waited for. Raises Locked, naming who
        holds it.
        """
        owner = this_process(command, f"{self._clock():%Y-%m-%dT%H:%M:%SZ}", self._job)
        with self._backend.lock.hold(owner, timeout, waiting):
            yield

    def holder(self) -> Holder | None:
        """Who holds the lock, or None."""
        return self._backend.lock.holder()

    def unlock(self, *, force: bool = False) -> Owner | None:
        """Take away a lock that was left behind; answers whose it was. With `force` also one that may be in use
        elsewhere.

        Raises Locked when its holder runs, or may run.
        """
        return self._backend.lock.release(force=force)

    # ---- the whole ----

    def describe(self) -> Description:
        """What there is, without changing anything."""
        customers, live, as_of, sealed_with = 0, 0, None, None
        with self.database.read() as db:
            if db is not None:
                where, values = self._where()
                (customers,) = db.execute(f"SELECT count(*) FROM known{where}", values).fetchone()  # noqa: S608 - constants
                (live,) = db.execute(f"SELECT count(*) FROM live{where}", values).fetchone()  # noqa: S608 - constants
                (as_of,) = db.execute(f"SELECT max(as_of) FROM snapshot{where}", values).fetchone()  # noqa: S608
                (sealed_with,) = db.execute("SELECT max(key_id) FROM seal").fetchone()
        version, size, runs = self.database.version(), self.database.size(), self.runs.all()
        return Description(self.location, version, size, customers, runs, self.holder(), live, as_of, sealed_with)

    def _where(self) -> tuple[str, tuple[str, ...]]:
        """What a state shared by many counts of: its own place."""
        scope = self.database.scope
        return ("", ()) if scope is None else (f" WHERE target = {TARGET}", scope)

    def clear(self, *, timeout: float = 0.0) -> bool:
        """Delete the state, whatever condition it is in; answers whether there was one.

        Raises Locked while a run is on, and StateError for a file that is not ours: it is left alone.
        """
        if not self.database.exists():
            return False
        self._backend.give_up_key()
        with self.lock("state clear", timeout=timeout):
            self._backend.clear()
        return True


def open_store(
    location: Path | SharedState,
    *,
    place: Target | None = None,
    key: bytes | None = None,
    environ: Mapping[str, str] | None = None,
    clock: Callable[[], datetime] = _utc,
    timeout: float = 5.0,
    job: str | None = None,
) -> Store:
    """The state at a path or in a database.

    place: whose state, where a database holds those of several; needed for a lock there. key: what customers' values
    are encrypted with. environ: for what libpq's variables say of encryption on the way. timeout: seconds to wait for
    another program's lock on a file. job: the address of the CI job, for whoever is kept out.
    """
    seal = Seal(key)
    if isinstance(location, SharedState):
        if find_spec("psycopg") is None:
            raise StateError(
                "A state in PostgreSQL needs its driver, which is not installed",
                remedy="Install it: pip install 'visma-reconciler[postgres]'",
            )
        from reconciler.state.postgres.backend import PostgresBackend  # noqa: PLC0415 - the driver takes 0.2 s to load

        return Store(PostgresBackend(location, place, seal, environ or {}), clock=clock, job=job)
    return Store(SqliteBackend(location, seal, timeout), clock=clock, job=job)
