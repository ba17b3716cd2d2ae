"""What anybody reads who has a copy of the database: with a key, nothing that tells a customer."""

from __future__ import annotations

import sqlite3
import zlib
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from reconciler.core.drift import Sighting
from reconciler.core.live import Live
from reconciler.core.plan import Outcome
from reconciler.core.shared_state import SharedState
from reconciler.core.snapshot import Head
from reconciler.state.journal import RunStatus, Stored
from reconciler.state.known_customers import Normalised
from reconciler.state.packing import CUSTOMER_PACKER
from reconciler.state.store import Store
from tests.unit.state.plans import TARGET, known_of, opened, plan_of

NUMBER, INTERNAL_ID, REF = "77001", 88002, "fjordmat-nord"
NAME, STREET, EMAIL, ORGANISATION = "Fjordmat Nord AS", "Elvegata 31", "anna@fjordmat.example", "923456781"
SECRETS = (NUMBER, str(INTERNAL_ID), REF, NAME, STREET, EMAIL, ORGANISATION)
VALUES = {"name": NAME, "corporateId": ORGANISATION, "mainAddress": {"addressLine1": STREET}}
VALUES |= {"mainContact": {"email": EMAIL}}
AT = "2026-01-31T12:00:00Z"


def fill(store: Store) -> None:
    """Something of one customer in each table; the journal's label, message and what was read back, too."""
    plan = plan_of(1)
    action = replace(plan.actions[0], number=NUMBER, name=NAME, request=replace(plan.actions[0].request, body=VALUES))
    journal = store.runs.begin(replace(plan, actions=(action,)))
    journal.intend(NUMBER)
    journal.finish(NUMBER, Outcome.DONE, number=NUMBER, message=f"{NAME} in {STREET} was there")
    journal.close(RunStatus.DONE, {NUMBER: [Stored("mainContact.email", EMAIL, EMAIL.upper(), True)]})
    applied = known_of(NUMBER, applied=VALUES, ref=REF, internal_id=INTERNAL_ID)
    store.known(TARGET).record([replace(applied, normalised={"name": Normalised(NAME, NAME.upper())})])
    head = Head(frozenset({"name"}), frozenset({"number"}), 1, 2, 1000, AT, AT)
    live = CUSTOMER_PACKER.pack(Live(INTERNAL_ID, NUMBER, "v", VALUES))  # type: ignore[arg-type]  # values of a customer
    store.snapshot(TARGET).replace(None, head, [live])
    store.sightings(TARGET).record(AT, {(NUMBER, "name"): Sighting(NAME, AT)})


def dump(location: Path | SharedState) -> dict[str, str]:
    """All rows of each table as text, with what is packed unpacked as far as it can be."""
    if isinstance(location, SharedState):
        with psycopg.connect(location.url) as db:
            names = db.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", (location.schema,)).fetchall()
            rows = {
                name: db.execute(f'SELECT * FROM "{location.schema}"."{name}"'.encode()).fetchall() for (name,) in names
            }
    else:
        with closing(sqlite3.connect(location)) as file:
            tables = file.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            rows = {name: file.execute(f'SELECT * FROM "{name}"').fetchall() for (name,) in tables}
    return {name: "\n".join(_readable(value) for row in found for value in row) for name, found in rows.items()}


def _readable(value: object) -> str:
    if not isinstance(value, bytes):
        return str(value)
    with suppress(zlib.error):
        value = zlib.decompress(value)
    return value.decode("utf-8", "replace") + value.hex()


def filled(location: Path | SharedState, key: bytes | None) -> dict[str, str]:
    """A dump of a state that holds something, while a run has the lock."""
    with opened(location, key=key) as store, store.lock("apply"):
        fill(store)
        return dump(location)


def test_with_a_key_no_table_holds_what_tells_a_customer(location: Path | SharedState) -> None:
    tables = filled(location, bytes(range(32)))
    assert [name for name, text in tables.items() if not text] == [], "each table was looked at with something in it"
    assert [
        (name, secret) for name, text in tables.items() for secret in SECRETS if secret.lower() in text.lower()
    ] == []


def test_without_a_key_the_same_look_finds_each_of_it(location: Path | SharedState) -> None:
    tables = filled(location, None)
    assert [secret for secret in SECRETS if not any(secret in text for text in tables.values())] == []
    told = {name for name, text in tables.items() if any(secret in text for secret in SECRETS)}
    assert {"known", "live", "entry", "run", "drift_seen"} <= told


@pytest.mark.parametrize("secret", SECRETS)
def test_no_secret_is_another_ones_part(secret: str) -> None:
    assert not [other for other in SECRETS if other != secret and secret in other]
