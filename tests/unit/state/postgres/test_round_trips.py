"""How often a run waits for the database: with 20 ms to it, each round trip delays the first write or the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from reconciler.core.plan import Outcome
from reconciler.core.shared_state import SharedState
from reconciler.state.journal import RunStatus
from tests.database_proxy import DatabaseProxy, Traffic, proxied
from tests.unit.state.plans import TARGET, known_of, opened, plan_of


@pytest.fixture
def way(shared: SharedState) -> Iterator[DatabaseProxy]:
    """The way to tables that are there, and know two customers."""
    with opened(shared) as store:
        store.known(TARGET).record([known_of("1"), known_of("2")])
    with proxied(shared) as proxy:
        yield proxy


def test_each_step_of_a_run_takes_no_more_round_trips_than_it_needs(way: DatabaseProxy) -> None:
    taken: dict[str, int] = {}

    def count(step: str, work: Callable[[], object]) -> None:
        way.traffic = Traffic()
        work()
        taken[step] = way.traffic.round_trips

    with opened(way.location) as store:
        lock = store.lock("apply")
        count("lock", lock.__enter__)
        count("what earlier runs left", lambda: store.runs.close_dead(store.runs.all()))
        count("begin", lambda: store.runs.begin(plan_of(40), keep=10))
        count("what is written to", lambda: store.snapshot(TARGET).doubt(map(str, range(40))))
        journal = store.runs.begin(plan_of(40))
        count("intent", lambda: journal.intend("0"))
        count("outcome", lambda: journal.finish("0", Outcome.DONE))
        known = store.known(TARGET)
        count("what was applied before", known.load)
        previous = known.load()
        customers = [known_of(str(number)) for number in range(40)]
        count("what is applied now", lambda: known.record(customers, previous))
        count("end", lambda: journal.close(RunStatus.DONE, {str(number): () for number in range(40)}))
        count("unlock", lambda: lock.__exit__(None, None, None))
    assert taken == {
        "lock": 14,  # nine in sequence: three sessions are opened at the same time
        "what earlier runs left": 3,
        "begin": 2,
        "what is written to": 1,
        "intent": 1,
        "outcome": 1,
        "what was applied before": 3,
        "what is applied now": 2,
        "end": 1,
        "unlock": 1,
    }
