"""What the tests of the live side share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from reconciler.erp.customers import Customers
from tests.unit.erp.scripted import Client, Scripted


@pytest.fixture
def erp() -> Iterator[Scripted]:
    """A scripted server."""
    with Scripted() as server:
        yield server


@pytest.fixture
def client(erp: Scripted) -> Client:
    """The client's settings, and what it reported."""
    return Client(erp)


@pytest.fixture
def customers(client: Client) -> Iterator[Customers]:
    """The gateway, open on the scripted server."""
    with client.open() as found:
        yield found
