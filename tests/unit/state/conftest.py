"""Both stores: a test that takes `location` runs against a SQLite file, and against a schema of a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.core.shared_state import SharedState
from tests.postgres_server import empty_schema


@pytest.fixture(params=["sqlite", "postgres"])
def location(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path | SharedState]:
    """Where a state may be that is not there yet."""
    if request.param == "sqlite":
        yield tmp_path / "state.db"
        return
    with empty_schema() as schema:
        yield schema


@pytest.fixture
def shared() -> Iterator[SharedState]:
    """A schema of the PostgreSQL that is not there yet."""
    with empty_schema() as schema:
        yield schema
