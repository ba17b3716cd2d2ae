"""How the database is reached: encrypted unless it is on this machine, and with a session of one's own."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg

from reconciler.core.errors import StateError
from reconciler.core.shared_state import SharedState, are_local
from reconciler.core.threads import run_in_daemon_thread
from reconciler.state.postgres.foreign_errors import translated

VERIFIED = "verify-full"
_UNVERIFIED = ("require", "verify-ca")
_MODES = ("disable", "allow", "prefer", *_UNVERIFIED, VERIFIED)

_KEEP_ALIVE: dict[str, Any] = {
    "connect_timeout": 10,
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,  # milliseconds; a write that nobody confirms ends the session
}

LONGEST_ANSWER = 10.0
"""Seconds until a session that does not answer a short question counts as gone."""

_LONG_LIVED = """
    SELECT set_config(name, value, false)
    FROM (VALUES ('tcp_keepalives_idle', '10'), ('tcp_keepalives_interval', '5'), ('tcp_keepalives_count', '3'),
        ('idle_session_timeout', '0')) AS wanted (name, value)
    WHERE name IN (SELECT name FROM pg_settings)
"""
"""So that the server ends the session of a machine that vanished within half a minute, and no other."""


def tls_mode(location: SharedState, environ: Mapping[str, str]) -> str | None:
    """libpq's `sslmode`, None where libpq's default will do. Raises StateError for a way that anybody could read."""
    mode = location.parameters.get("sslmode") or environ.get("PGSSLMODE") or None
    if _is_local(location, environ):
        return mode
    if mode is None:
        return VERIFIED
    if mode not in (*_UNVERIFIED, VERIFIED):
        known = "" if mode in _MODES else ", which libpq does not know"
        raise StateError(
            f"The way to the state {location} would not be encrypted: sslmode is {mode}{known}",
            remedy="Leave sslmode and PGSSLMODE out, or set verify-full.",
        )
    return mode


def _is_local(location: SharedState, environ: Mapping[str, str]) -> bool:
    """Whether the way stays on this machine, with what libpq's variables add to the address."""
    if not location.is_local or environ.get("PGSERVICE") or not are_local(environ.get("PGHOSTADDR", "")):
        return False
    return bool(location.hosts) or are_local(environ.get("PGHOST", ""))


def tls_warning(location: SharedState, environ: Mapping[str, str]) -> str:
    """What is to be warned of, or nothing. Raises as `tls_mode` does."""
    mode = tls_mode(location, environ)
    if _is_local(location, environ) or mode not in _UNVERIFIED:
        return ""
    return f"The state {location} is reached with sslmode {mode}, which does not prove who answers: verify-full does."


def connect(location: SharedState, environ: Mapping[str, str], *, long_lived: bool = False) -> psycopg.Connection[Any]:
    """A session whose transactions begin where the code says so. Raises StateError.

    long_lived: for one that must last as long as the run, and end with it.
    """
    settings = dict(_KEEP_ALIVE)
    mode = tls_mode(location, environ)
    if mode is not None:
        settings["sslmode"] = mode
    if mode == VERIFIED and not _has_root(location, environ):
        settings["sslrootcert"] = "system"
    with translated(location):
        db = psycopg.connect(location.url, autocommit=True, application_name="reconciler", **settings)
        try:
            with answered_within(db, LONGEST_ANSWER):
                _prepare(db, location, long_lived=long_lived)
        except BaseException:
            db.close()
            raise
    return db


def at_once(*openers: Callable[[], psycopg.Connection[Any]]) -> list[psycopg.Connection[Any]]:
    """The sessions that are opened, all at the same time; none where one cannot be. Raises StateError."""
    opening = [run_in_daemon_thread(opener) for opener in openers]
    problems = [problem for session in opening if (problem := session.exception()) is not None]
    if problems:
        for session in opening:
            if session.exception() is None:
                session.result().close()
        raise problems[0]
    return [session.result() for session in opening]


def _prepare(db: psycopg.Connection[Any], location: SharedState, *, long_lived: bool) -> None:
    with db.pipeline():
        db.execute("SELECT set_config('search_path', %s, false)", (f'"{location.schema}"',))
        if long_lived:
            db.execute(_LONG_LIVED)
        shown = db.execute("SHOW synchronous_commit")
    row = shown.fetchone()
    if row is not None and row[0] == "off":  # a journal that may be lost is none
        db.execute("SET synchronous_commit = on")


@contextmanager
def answered_within(db: psycopg.Connection[Any], seconds: float) -> Iterator[None]:
    """Within the block, a server that is connected and answers nothing is hung up on after so many seconds: psycopg
    itself would wait forever."""
    watch = threading.Timer(seconds, _hang_up, (db,))
    watch.daemon = True
    watch.start()
    try:
        yield
    finally:
        watch.cancel()


def _hang_up(db: psycopg.Connection[Any]) -> None:
    with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(db.fileno())) as connection:
        connection.shutdown(socket.SHUT_RDWR)


def _has_root(location: SharedState, environ: Mapping[str, str]) -> bool:
    named = location.parameters.get("sslrootcert") or environ.get("PGSSLROOTCERT")
    return bool(named) or (Path.home() / ".postgresql" / "root.crt").exists()
