"""Foreign exceptions of the state, SQLite's and the system's, as StateError with a remedy."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reconciler.core.errors import StateError

_START_ANEW = (
    "Move it away, or delete it with `reconciler state clear`: the next apply starts a new one. "
    "Lost are speed, drift attribution and undo, nothing in the ERP."
)
_BUSY = (
    "is held by another program",
    "Close what has it open, such as a database browser or a backup, and try again.",
)
_READ_ONLY = ("is read-only", "Make the file and its folder writable: SQLite writes beside the file too.")
_FULL = ("cannot grow: the disk is full", "Free some space, and run again; what was recorded before is kept.")
_DAMAGED = ("is damaged", _START_ANEW)
_CLOSED = ("cannot be opened", "Check that it is a file, and that you may read and write it and its folder.")
_FAILED = ("could not be read or written", "Check the disk; the state must be on a local one, not on a network share.")
_NO_DATABASE = ("is no SQLite database", "Move it away, or name another file with `state:` in the settings.")

_BY_CODE = {
    sqlite3.SQLITE_BUSY: _BUSY,
    sqlite3.SQLITE_LOCKED: _BUSY,
    sqlite3.SQLITE_READONLY: _READ_ONLY,
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: _NO_DATABASE,
    sqlite3.SQLITE_CANTOPEN: _CLOSED,
    sqlite3.SQLITE_PERM: _CLOSED,
    sqlite3.SQLITE_AUTH: _CLOSED,
    sqlite3.SQLITE_IOERR: _FAILED,
    sqlite3.SQLITE_PROTOCOL: _FAILED,
}


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Within the block, what SQLite or the system complains about the file becomes StateError."""
    try:
        yield
    except sqlite3.ProgrammingError:
        raise  # a defect of this program, not of the file
    except sqlite3.Error as error:
        raise _from_sqlite(path, error) from error
    except UnicodeDecodeError as error:  # SQLite quotes a damaged schema in its message, which is then no text
        raise damaged(path, "its schema is no text") from error
    except OSError as error:
        raise StateError(f"The state {path} {_CLOSED[0]}: {error.strerror or error}", remedy=_CLOSED[1]) from error


def damaged(path: Path, why: str) -> StateError:
    """The file is ours, and what it holds makes no sense."""
    return StateError(f"The state {path} {_DAMAGED[0]}: {why}", remedy=_DAMAGED[1])


def foreign(path: Path) -> StateError:
    """The file is another program's SQLite database, or too short for one."""
    return StateError(f"{path} is not reconciler's state, but another program's file", remedy=_NO_DATABASE[1])


def no_file(path: Path) -> StateError:
    """Something else than a file stands there."""
    return StateError(f"The state {path} {_CLOSED[0]}: it is no file", remedy=_CLOSED[1])


def newer(path: Path, found: int, known: int) -> StateError:
    """The file was written by a later version of this program."""
    return StateError(
        f"The state {path} has schema version {found}; this version of reconciler knows {known}",
        remedy="Use the newer version of reconciler that wrote it, or move the file away.",
    )


def _from_sqlite(path: Path, error: sqlite3.Error) -> StateError:
    """By SQLite's primary result code; what has none, such as text that is no UTF-8, or a missing table, is damage."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
    what, remedy = _BY_CODE.get(code, _DAMAGED)
    return StateError(f"The state {path} {what} ({error})", remedy=remedy)
