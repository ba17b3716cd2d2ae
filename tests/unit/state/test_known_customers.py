"""What is known of customers comes back exactly."""

from __future__ import annotations

import sqlite3
import time
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.errors import StateError
from reconciler.core.rules import Target
from reconciler.core.shared_state import SharedState
from reconciler.state.known_customers import Known, Normalised
from reconciler.state.migrations import MIGRATIONS
from reconciler.state.plan_file import dumps
from reconciler.state.store import Store
from reconciler.state.value_json import decode, encode
from tests.unit.state.plans import TARGET, known_of, opened, plan_of, run_statement

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
decimals = st.decimals(allow_nan=False, allow_infinity=False)
leaves = st.one_of(texts, st.booleans(), st.integers(), decimals, st.none())
values = st.dictionaries(texts, st.recursive(leaves, lambda below: st.dictionaries(texts, below, max_size=4)))


def exact(value: Any) -> Any:
    """The value with everything that == lets pass: the type, a decimal's digits, the order of keys."""
    if isinstance(value, dict):
        return [(key, exact(below)) for key, below in value.items()]
    return type(value), repr(value)


@given(values)
def test_any_values_come_back_the_very_same(given: dict[str, Any]) -> None:
    assert exact(decode(encode(given))) == exact(given)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_amount_is_not_stored(number: str) -> None:
    with pytest.raises(ValueError, match="no amount"):
        encode({"creditLimit": Decimal(number)})


WHOLE = Known(
    number="a-17 ",
    applied={
        "name": "Fjellheim \0 AS",
        "creditLimit": Decimal("100"),
        "discount": Decimal("1.50"),
        "gln": None,
        "printInvoices": False,
        "creditDaysPastDue": 30,
        "attributes": {"A.B": "x"},
        "contacts": {},
    },
    applied_at="2026-01-31T12:00:00Z",
    ref="acme",
    internal_id=5001,
    normalised={"mainContact.phone1": Normalised("+47 1", "+471"), "creditLimit": Normalised(Decimal("1.005"), None)},
    run="20260131T120000Z-ab12",
)


def test_a_customer_comes_back_as_it_was_recorded(location: Path | SharedState) -> None:
    with opened(location) as store:
        store.known(TARGET).record([WHOLE])
    with opened(location) as store:
        loaded = store.known(TARGET).load()
    assert dict(loaded) == {"A-17": WHOLE}
    assert exact(loaded["A-17"].applied) == exact(WHOLE.applied)
    assert "A-17" in loaded
    assert "a-17" not in loaded


def test_recording_again_replaces_all_of_it(location: Path | SharedState) -> None:
    with opened(location) as store:
        store.known(TARGET).record([WHOLE])
        again = known_of("A-17", applied={"gln": "7"})
        store.known(TARGET).record([again])
        assert dict(store.known(TARGET).load()) == {"A-17": again}


@pytest.mark.parametrize("key", [None, bytes(32)])
def test_of_customers_that_stay_the_same_only_the_time_and_the_run_are_written(
    location: Path | SharedState, key: bytes | None
) -> None:
    with opened(location, key=key) as store:
        known = store.known(TARGET)
        known.record([WHOLE, known_of("1", ref="a"), known_of("2", ref="b")])
        before = _stored(store)
        later = {"applied_at": "2026-03-01T00:00:00Z", "run": "later"}
        new = [replace(WHOLE, **later), known_of("1", ref="b", **later), known_of("2", applied={"name": "B"}, **later)]
        known.record(new, known.load())
        assert dict(known.load()) == {customer.key: customer for customer in new}
        if key is not None:  # sealed anew it would look otherwise
            assert len(before & _stored(store)) == 1


def _stored(store: Store) -> set[str]:
    with store.database.read() as db:
        assert db is not None
        return {str(row[0]) for row in db.execute("SELECT applied FROM known").fetchall()}


def test_a_ref_belongs_to_the_customer_that_had_it_last(location: Path | SharedState) -> None:
    with opened(location) as store:
        known = store.known(TARGET)
        known.record([known_of("1", ref="acme"), known_of("2", ref="other"), known_of("3")])
        known.record([known_of("1", ref="other"), known_of("2", ref="acme")])
        assert known.load().numbers() == {"other": "1", "acme": "2"}
        known.record([known_of("3", ref="acme")])
        assert known.load().numbers() == {"other": "1", "acme": "3"}


def test_two_customers_with_one_ref_are_refused_whole(location: Path | SharedState) -> None:
    with opened(location) as store:
        with pytest.raises(StateError):
            store.known(TARGET).record([known_of("1", ref="acme"), known_of("2", ref="acme")])
        assert len(store.known(TARGET).load()) == 0


def test_forgetting_and_renaming_find_the_customer_by_any_spelling(location: Path | SharedState) -> None:
    with opened(location) as store:
        known = store.known(TARGET)
        known.record([known_of("a1", ref="acme"), known_of("b2"), known_of("c3", applied={"name": "C"})])
        known.forget([" A1 ", "unknown"])
        known.rename("C3", "b2")
        known.rename("GONE", "d4")
        assert dict(known.load()) == {"B2": known_of("b2", applied={"name": "C"})}
        known.rename("B2", "B2")
        assert known.load()["B2"].number == "B2"


def test_another_tenant_or_another_erp_knows_nothing_of_it(location: Path | SharedState) -> None:
    others = [
        Target("production", "Demo AS", "another", TARGET.base_url),
        Target("production", "Demo AS", TARGET.tenant_id, "http://localhost:1"),
    ]
    with opened(location) as store:
        store.known(TARGET).record([known_of("1", ref="acme")])
        for each in others:
            assert len(store.known(each).load()) == 0
            store.known(each).record([known_of("2", ref="acme")])
            store.known(each).forget(["1"])
        assert store.known(TARGET).load().numbers() == {"acme": "1"}


def test_a_record_that_makes_no_sense_is_reported_when_it_is_asked_for_and_not_before(
    location: Path | SharedState,
) -> None:
    with opened(location) as store:
        store.known(TARGET).record([known_of("1", ref="acme"), known_of("2")])
        run_statement(store, "UPDATE known SET applied = '{' WHERE number = '1'")
    with opened(location) as store:
        memory = store.known(TARGET).load().memory()
        assert memory.numbers == {"acme": "1"}
        assert memory.applied["2"] == {"name": "A"}
        with pytest.raises(StateError, match="damaged"):
            memory.applied.get("1")


def test_the_planner_gets_the_numbers_of_refs_and_the_values_last_applied(location: Path | SharedState) -> None:
    with opened(location) as store:
        store.known(TARGET).record([WHOLE, known_of("2")])
        memory = store.known(TARGET).load().memory()
    assert dict(memory.numbers) == {"acme": "a-17 "}
    assert memory.applied["A-17"] == WHOLE.applied
    assert memory.applied.get("9") is None
    assert set(memory.applied) == {"A-17", "2"}


@pytest.mark.parametrize("key", [None, bytes(32)])
def test_what_was_applied_is_read_for_the_customers_that_are_asked_for_and_of_many_at_once(
    location: Path | SharedState, key: bytes | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = [known_of(str(number), applied={"name": f"Number {number}"}) for number in range(9)]
    with opened(location, key=key) as store:
        store.known(TARGET).record([WHOLE, *others])
        loaded = store.known(TARGET).load(whole=False)
        reads: list[None] = []
        read = store.database.read
        monkeypatch.setattr(store.database, "read", lambda: reads.append(None) or read())
        memory = loaded.memory()
        assert (len(memory.applied), memory.numbers, memory.identities) == (10, {"acme": "a-17 "}, {"A-17": 5001})
        assert memory.normalised["A-17"]["creditLimit"] == (Decimal("1.005"), None)
        assert reads == []
        memory.recall(["A-17", "3", "unknown"])
        assert (loaded["A-17"], memory.applied["3"]) == (WHOLE, {"name": "Number 3"})
        assert len(reads) == 1
        assert memory.applied["4"] == {"name": "Number 4"}
        assert len(reads) == 2
        memory.recall(memory.applied)
        assert dict(loaded) == {other.key: other for other in (WHOLE, *others)}
        assert len(reads) == 3


def test_a_customer_that_was_forgotten_since_the_loading_is_not_known_any_more(location: Path | SharedState) -> None:
    with opened(location) as store:
        known = store.known(TARGET)
        known.record([known_of("1"), known_of("2"), known_of("3")])
        loaded = known.load(whole=False)
        known.forget(["2"])
        memory = loaded.memory()
        memory.recall(["2"])
        assert memory.last.get("2") is None
        assert dict(loaded) == {"1": known_of("1"), "3": known_of("3")}


def test_a_sealed_value_put_onto_another_customer_is_refused(location: Path | SharedState) -> None:
    with opened(location, key=bytes(32)) as store:
        store.known(TARGET).record([known_of("1"), known_of("2", applied={"name": "B"})])
        run_statement(store, "UPDATE known SET applied = (SELECT max(applied) FROM known)")
        loaded = store.known(TARGET).load(whole=False)
        with pytest.raises(StateError, match="altered"):
            loaded.recall(["1", "2"])


def test_what_one_process_records_another_store_sees_at_once(location: Path | SharedState) -> None:
    with opened(location) as one, opened(location) as other:
        assert len(other.known(TARGET).load()) == 0
        one.known(TARGET).record([known_of("1")])
        assert len(other.known(TARGET).load()) == 1
        one.known(TARGET).record([known_of("2")])
        assert len(other.known(TARGET).load()) == 2


def test_many_customers_are_recorded_and_loaded_in_a_few_statements(location: Path | SharedState) -> None:
    applied = {
        "name": "Fjellheim AS",
        "mainAddress": {"addressLine1": "Road 13", "city": "Oslo", "postalCode": "0101", "countryId": "NO"},
        "mainContact": {"email": "post@example.com", "phone1": "+4712345678"},
        "creditLimit": Decimal("1000"),
        "attributes": {"REGION": "NORTH"},
    }
    count = 20_000
    many = [known_of(str(at), applied=applied, ref=f"r{at}") for at in range(count)]
    with opened(location) as store:
        start = time.perf_counter()
        store.known(TARGET).record(many)
        recorded = time.perf_counter()
        loaded = store.known(TARGET).load()
        memory = loaded.memory()
        read = time.perf_counter()
        slim = store.known(TARGET).load(whole=False)
        slim.recall(str(at) for at in range(0, count, 3))
    print(f"\n{count:,} customers: recorded in {recorded - start:.2f} s, loaded in {read - recorded:.2f} s")
    assert len(loaded) == len(memory.numbers) == count
    assert memory.applied["19999"] == slim["19998"].applied == applied


def test_a_file_from_before_resources_keeps_its_customers_and_its_journal(tmp_path: Path) -> None:
    location = tmp_path / "state.db"
    with opened(location) as store:
        store.known(TARGET).record([WHOLE])
        plan = plan_of(1)
        store.runs.begin(plan, dumps(plan)).intend(plan.actions[0].label)
    db = sqlite3.connect(location)
    db.execute("ALTER TABLE known RENAME TO newer")
    for table in (statement for statement in MIGRATIONS[0] if "CREATE TABLE known" in statement):
        db.execute(table)
    columns = "target, number_key, number, ref, internal_id, applied_at, run, applied, normalised"
    db.execute(f"INSERT INTO known SELECT {columns} FROM newer")
    db.executescript(
        "DROP TABLE seal; DROP TABLE drift_count; DROP TABLE newer; ALTER TABLE entry DROP COLUMN resource;"
        "PRAGMA user_version = 3"
    )
    db.close()
    with opened(location) as store:
        assert dict(store.known(TARGET).load()) == {"A-17": WHOLE}
        again = known_of("A-17", ref="acme")
        store.known(TARGET).record([again])
        assert dict(store.known(TARGET).load()) == {"A-17": again}
        (info,) = store.runs.all()
        assert [entry.resource for entry in store.runs.get(info.id).entries] == ["customer"]


def test_records_of_another_resource_are_kept_apart(location: Path | SharedState) -> None:
    with opened(location) as store:
        customers, others = store.known(TARGET), store.known(TARGET, "warehouse")
        customers.record([WHOLE])
        others.record([known_of("A-17", ref="acme", applied={"gln": "1"})])
        assert dict(customers.load()) == {"A-17": WHOLE}
        assert customers.load().numbers() == {"acme": WHOLE.number}
        assert others.load().numbers() == {"acme": "A-17"}
        others.forget(["A-17"])
        others.rename("A-17", "B")
        assert (dict(customers.load()), dict(others.load())) == ({"A-17": WHOLE}, {})
