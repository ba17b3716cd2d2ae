"""What psycopg and PostgreSQL complain about, as StateError with a remedy. No message shows a password."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from reconciler.core.errors import StateError
from reconciler.core.shared_state import SharedState

_DATABASE = "Check the database, and that this machine reaches it; then run again."
_BY_STATE = {
    "28": ("refuses the user", "Check PGUSER and PGPASSWORD, or the address in RECONCILER_STATE."),
    "3D": ("does not exist", "Create the database, or correct its name in `state:`."),
    "42501": (
        "does not permit this",
        "Grant the role what docs/state.md names: the use of the schema, and of the tables in it.",
    ),
    "53100": ("cannot grow: the disk is full", "Free some space; what was recorded before is kept."),
    "53300": ("takes no more connections", "End other sessions, or raise max_connections."),
    "57": ("ended the session", _DATABASE),
    "25006": ("is read-only", "It is a standby, or has just become one: name the primary."),
    "42P01": ("lacks a table", "Restore the schema, or remove it: the next apply makes a new one."),
    "40": ("refused a transaction", "Run again."),
}


@contextmanager
def translated(location: SharedState) -> Iterator[None]:
    """Within the block, what psycopg complains about becomes StateError."""
    try:
        yield
    except psycopg.Error as error:
        raise _from_psycopg(location, error) from None  # the original could quote the address


def damaged(location: SharedState, why: str) -> StateError:
    """What is stored makes no sense."""
    return StateError(
        f"The state {location} is damaged: {why}",
        remedy="Restore it from a backup, or remove it with `reconciler state clear`: the next apply starts a new one.",
    )


def newer(location: SharedState, found: int, known: int) -> StateError:
    """The tables were made by a later version of this program."""
    return StateError(
        f"The state {location} has schema version {found}; this version of reconciler knows {known}",
        remedy="Use the newer version of reconciler that made it.",
    )


def lost(location: SharedState) -> StateError:
    """The session that held the lock is gone."""
    return StateError(
        f"The lock of the state {location} is lost: its session has ended, or another run took over",
        remedy=_DATABASE,
    )


def _from_psycopg(location: SharedState, error: psycopg.Error) -> StateError:
    state = error.sqlstate or ""
    for prefix, (what, remedy) in _BY_STATE.items():
        if state.startswith(prefix):
            return StateError(f"The state {location} {what} ({_first_line(error)})", remedy=remedy)
    if isinstance(error, psycopg.OperationalError) and not state:
        return StateError(f"The state {location} cannot be reached ({_first_line(error)})", remedy=_DATABASE)
    if isinstance(error, psycopg.ProgrammingError) and not state:  # may quote the address
        return StateError(f"The address of the state {location} is not one that libpq takes", remedy="Correct it.")
    return StateError(f"The state {location} could not be read or written ({_first_line(error)})", remedy=_DATABASE)


def _first_line(error: psycopg.Error) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
