"""A state sealed with another key, or copied, holds what it held; one whose key is lost starts anew."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reconciler.core.errors import StateError, WrongUsage
from reconciler.core.shared_state import SharedState
from reconciler.state.copying import copy_all, reseal
from reconciler.state.sealing import Seal
from reconciler.state.store import Store
from tests.postgres_server import empty_schema
from tests.unit.state.plans import TARGET, known_of, opened
from tests.unit.state.test_dump import fill

KEYS = (None, bytes(range(32)), bytes(range(1, 33)))


def held(store: Store) -> dict[str, Any]:
    """All that a state holds of a place."""
    runs = [store.runs.get(run.id) for run in store.runs.all()]
    kept = store.snapshot(TARGET).load(1)
    assert kept is not None
    return {
        "known": dict(store.known(TARGET).load()),
        "runs": [(run.info, run.plan_bytes, run.entries) for run in runs],
        "head": kept.head,
        "snapshot": {key: live.unpacked() for key, live in kept.customers.items()},
        "drift": store.sightings(TARGET).load(),
    }


@pytest.mark.parametrize("key", KEYS[:2])
def test_a_state_that_is_sealed_with_another_key_holds_what_it_held(
    location: Path | SharedState, key: bytes | None
) -> None:
    with opened(location, key=key) as store, store.lock("apply"):
        fill(store)
        before = held(store)
        assert reseal(store, Seal(KEYS[2])) == Seal(KEYS[2]).key_id
        assert held(store) == before
    assert len(before["runs"][0][2]) == 1, "the journal has an entry"
    with opened(location, key=KEYS[2]) as store:
        assert held(store) == before
    with opened(location, key=key) as store, pytest.raises(StateError, match="encrypted"):
        store.known(TARGET).load()


@pytest.mark.parametrize("key", KEYS[:2])
def test_a_copy_holds_what_the_state_held_on_either_store(
    location: Path | SharedState, key: bytes | None, tmp_path: Path
) -> None:
    with empty_schema() as schema, opened(location, key=key) as store:
        with store.lock("apply"):
            fill(store)
        before = held(store)
        for place in (tmp_path / "copy.db", schema):
            with opened(place, key=KEYS[2]) as copy, copy.lock("state copy"):
                copy_all(store, copy, TARGET)
                assert held(copy) == before
                with pytest.raises(WrongUsage, match="already"):
                    copy_all(store, copy, TARGET)
        assert held(store) == before


def test_a_state_whose_key_is_lost_is_cleared_and_starts_anew(location: Path | SharedState) -> None:
    with opened(location, key=KEYS[1]) as store, store.lock("apply"):
        fill(store)
    with opened(location) as store:
        with pytest.raises(StateError, match="is encrypted"):
            store.known(TARGET).load()
        assert store.clear() is True
    with opened(location, key=KEYS[2]) as store:
        store.known(TARGET).record([known_of("1")])
        assert dict(store.known(TARGET).load()) == {"1": known_of("1")}
