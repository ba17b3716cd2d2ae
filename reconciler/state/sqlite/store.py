"""The state of one environment: what earlier runs applied, their journal, and the lock (docs/decisions/0003)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from reconciler.core.rules import Target
from reconciler.resources.customer import CUSTOMER
from reconciler.state.process_identity import Owner, this_process
from reconciler.state.sqlite import lock as locking
from reconciler.state.sqlite.database import SIDE_FILES, Database, beside, is_ours
from reconciler.state.sqlite.drift_sightings import SeenDrift
from reconciler.state.sqlite.foreign_errors import foreign, translated
from reconciler.state.sqlite.journal import RunInfo, Runs
from reconciler.state.sqlite.known_customers import KnownCustomers
from reconciler.state.sqlite.lock import Holder
from reconciler.state.sqlite.snapshot import KeptCustomers


@dataclass(frozen=True, slots=True)
class Description:
    """What there is. `size` is in bytes, with the write-ahead log; `version` is None where there is no file.

    `snapshot` is how many live customers are kept of all tenants, and `snapshot_as_of` when that was last brought up to
    date, UTC.
    """

    path: Path
    version: int | None
    size: int
    customers: int
    runs: tuple[RunInfo, ...]
    holder: Holder | None
    snapshot: int = 0
    snapshot_as_of: str | None = None


def _utc() -> datetime:
    return datetime.now(UTC)


class Store:
    """The state at a path. Opening is lazy: a missing file is an empty state, and only a write makes it.

    Every method raises StateError, with one clear message, for a file that cannot be used; the file is left as it is.
    """

    def __init__(self, path: Path, *, clock: Callable[[], datetime] = _utc, timeout: float = 5.0) -> None:
        self.path = path
        self._clock = clock
        self._database = Database(path, timeout=timeout)
        self.runs = Runs(self._database, clock)

    def known(self, target: Target, resource: str = CUSTOMER.name) -> KnownCustomers:
        """What is known of the customers of a tenant: its numbers mean nothing in another one."""
        return KnownCustomers(self._database, target, resource)

    def sightings(self, target: Target) -> SeenDrift:
        """What the last drift report of a tenant saw."""
        return SeenDrift(self._database, target)

    def snapshot(self, target: Target) -> KeptCustomers:
        """The local copy of a tenant's live customers."""
        return KeptCustomers(self._database, target)

    def close(self) -> None:
        """Release the file."""
        self._database.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    # ---- the lock ----

    @property
    def _lock(self) -> Path:
        return beside(self.path, ".lock")

    @contextmanager
    def lock(self, command: str) -> Iterator[None]:
        """Be the only run within the block; `command` says what it does, for whoever is kept out.

        Raises Locked, naming who holds it.
        """
        with locking.hold(self._lock, this_process(command, f"{self._clock():%Y-%m-%dT%H:%M:%SZ}")):
            yield

    def holder(self) -> Holder | None:
        """Who holds the lock, or None."""
        return locking.holder(self._lock)

    def unlock(self, *, force: bool = False) -> Owner | None:
        """Take away a lock that was left behind; answers whose it was. With `force` also that of another machine.

        Raises Locked when its holder runs, or may run.
        """
        return locking.release(self._lock, force=force)

    # ---- the whole ----

    def describe(self) -> Description:
        """What there is, without changing anything."""
        customers, live, as_of = 0, 0, None
        with self._database.read() as db:
            if db is not None:
                (customers,) = db.execute("SELECT count(*) FROM known").fetchone()
                (live,) = db.execute("SELECT count(*) FROM live").fetchone()
                (as_of,) = db.execute("SELECT max(as_of) FROM snapshot").fetchone()
        version, size = self._database.version(), self._size()
        return Description(self.path, version, size, customers, self.runs.all(), self.holder(), live, as_of)

    def _size(self) -> int:
        files = (self.path, *(beside(self.path, suffix) for suffix in SIDE_FILES))
        with translated(self.path):
            return sum(file.stat().st_size for file in files if file.exists())

    def clear(self) -> bool:
        """Delete the state, whatever condition it is in; answers whether there was one.

        Raises Locked while a run is on, and StateError for a file that is not ours: it is left alone.
        """
        if not self._database.exists():
            return False
        with self.lock("state clear"), translated(self.path):
            self.close()
            if not is_ours(self.path):
                raise foreign(self.path)
            for suffix in ("", *SIDE_FILES, ".cache"):  # older versions kept a cache
                beside(self.path, suffix).unlink(missing_ok=True)
            with suppress(PermissionError):  # Windows deletes no open file; it goes when the lock is released
                self._lock.unlink(missing_ok=True)
        return True
