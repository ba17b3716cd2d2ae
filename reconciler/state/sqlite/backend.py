"""A SQLite file as the state of one environment, and the lock file beside it."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from reconciler.state.sealing import Seal
from reconciler.state.sqlite.database import SIDE_FILES, Database, beside, is_ours
from reconciler.state.sqlite.foreign_errors import foreign, translated
from reconciler.state.sqlite.lock import LockFile


class SqliteBackend:
    """Fulfils `store.Backend`."""

    def __init__(self, path: Path, seal: Seal, timeout: float) -> None:
        self.location = path
        self.database = Database(path, seal=seal, timeout=timeout)
        self.lock = LockFile(beside(path, ".lock"))

    def give_up_key(self) -> None:
        """The lock is a file beside it, and the file is deleted as a whole."""

    def clear(self) -> None:
        """Delete the file. Raises StateError for one that is not ours: it is left alone."""
        with translated(self.location):
            self.database.close()
            if not is_ours(self.location):
                raise foreign(self.location)
            for suffix in ("", *SIDE_FILES, ".cache"):  # older versions kept a cache
                beside(self.location, suffix).unlink(missing_ok=True)
            with suppress(PermissionError):  # Windows deletes no open file; it goes when the lock is released
                beside(self.location, ".lock").unlink(missing_ok=True)
