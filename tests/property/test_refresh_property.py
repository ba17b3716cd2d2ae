"""An incremental plan is the plan of a full read, whatever clerks and authors did in between, and however the ERP
answers the open questions; what it hides from its own time stamps shows within the promised number of runs."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from reconciler.config.read.declarations import Loaded
from reconciler.config.settings import Settings, load_settings
from reconciler.core.normalise import number_key
from reconciler.core.plan import Plan
from reconciler.core.rules import Memory, Target
from reconciler.core.snapshot import Policy
from reconciler.erp.customers import Customers, open_customers
from reconciler.operations.declarations import read
from reconciler.operations.pipeline import comparison_of, heading_of, make_plan, refresh_and_compute, updated
from reconciler.operations.refresh import Refreshing
from reconciler.sandbox import Sandbox
from reconciler.sandbox.record_writes import create
from reconciler.state.store import Store, open_store
from tests.access import access_to

COUNT, PAGE_SIZE, RUNS, STEPS = 23, 5, 4, 6
EXAMPLES = 30 if os.environ.get("HYPOTHESIS_PROFILE", "steady") == "steady" else 1000
TARGET = Target("production", "", "sandbox", "x")
START = datetime(2026, 3, 1, tzinfo=UTC)

SWITCHES = st.fixed_dictionaries(
    {
        "timestamp_zone": st.sampled_from(["none", "Z", "offset"]),
        "zone_offset_minutes": st.sampled_from([0, 60, -300, 840]),
        "filter_zone_minutes": st.sampled_from([0, 120, -120, 840, -720]),
        "timestamp_digits": st.sampled_from([0, 3, 6]),
        "list_order": st.sampled_from(["number", "internal_id", "modified"]),
        "greater_is_strict": st.booleans(),
        "noop_put_touches": st.booleans(),
        "nulls": st.sampled_from(["omit", "send"]),
        "list_details": st.sampled_from(["expand", "always"]),
        "version_in_single": st.sampled_from(["both", "header", "body"]),
    }
)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox(tmp_path_factory.mktemp("erp") / "sandbox.db") as found:
        yield found


@pytest.fixture(scope="module")
def erp(sandbox: Sandbox) -> Iterator[Customers]:
    with open_customers(access_to(sandbox), page_size=PAGE_SIZE, parallelism=1, trust_env=False) as customers:
        yield customers


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("company")
    (folder / "reconciler.yaml").write_text("{version: 1, customers: ['*.json.yaml'], on_removed: deactivate}")
    return load_settings(folder / "reconciler.yaml", environment=None, environ={})


class World:
    """An ERP with its clerk, an author with declarations, and two ways to plan."""

    def __init__(self, sandbox: Sandbox, erp: Customers, company: Settings, store: Store) -> None:
        self.sandbox, self.erp, self.company, self.store = sandbox, erp, company, store
        self.created = 0
        self.declared: list[dict[str, Any]] = []
        self.memory = Memory()

    def begin(self, switches: dict[str, Any], seed: int) -> None:
        """An ERP with customers of every age, half of them declared as they are."""
        self.sandbox.switch(rate_limit=10**8, nested_edits_touch=True, require_postal_code=False, **switches)
        self.sandbox.store.reset()
        self.sandbox.store.clock.set(START)
        self.sandbox.store.seed(COUNT, seed, start=1)
        for number in range(1, COUNT, 2):
            self.declare(number)

    def declare(self, number: int, **more: Any) -> None:
        """Declare a customer as the ERP has it, and more of it."""
        self.undeclare(number)
        known = self.sandbox.store.customer(str(number)) if self.sandbox.store.has(str(number)) else None
        name = known["name"] if known else "New"
        city = known["mainAddress"]["city"] if known else "Oslo"
        self.declared.append({"number": str(number), "name": name, "mainAddress": {"city": city}, **more})

    def undeclare(self, number: int) -> None:
        self.declared = [each for each in self.declared if each.get("number") != str(number)]

    def clerk(self, what: str, number: int, text: str) -> None:  # noqa: PLR0912 - a table of what can happen
        """One thing that happens; what cannot is passed over."""
        store = self.sandbox.store
        known = str(number) if store.has(str(number)) else None
        match what:
            case "edit" if known:
                store.edit(known, {"name": text})
            case "nested" if known:
                store.edit(known, {"mainAddress.city": text, "attributes.REGION": text})
            case "account" if known:
                store.edit(known, {"glAccounts.salesAccount": text})
            case "note" if known:
                store.edit(known, {"note": text})
            case "delete" if known:
                store.delete(known)
            case "replace" if known:
                store.delete(known)
                self.clerk("create", number, text)
            case "renumber" if known:
                store.renumber(known, f"9{number}{text}"[:12])
            case "create":
                self.created += 1
                body = {"number": 500 + self.created, "name": text, "corporateId": f"C{number}"}
                wrapped = {name: {"value": str(value)} for name, value in body.items()}
                create(store, json.dumps(wrapped).encode())
            case "wait":
                store.clock.advance(number * 3600)
            case "skew":
                store.clock.advance(-number * 1800)
            case "declare":
                self.declare(number)
            case "undeclare":
                self.undeclare(number)
            case "account wanted":
                self.declare(number, glAccounts={"salesAccount": "3000"})
            case "note wanted":
                self.declare(number, note=text)
            case "change":
                self.declare(number, gln=text)
            case "ref":
                ref = {"ref": f"r{number}", "name": text, "corporateId": f"C{number}", "match": ["corporateId"]}
                self.declared = [each for each in self.declared if each.get("ref") != ref["ref"]] + [ref]
            case "remember":
                self.memory = self.remembered()
            case "apply":
                self.store.snapshot(TARGET).doubt([str(number)])
                self.clerk("edit", number, text)

    def remembered(self) -> Memory:
        """What an apply would have recorded just now."""
        rows = {str(row["number"]): row for row in self.sandbox.store.customers()}
        refs = {each["ref"]: each["corporateId"] for each in self.declared if "ref" in each}
        found = {
            ref: number for ref, wanted in refs.items() for number in rows if rows[number]["corporateId"] == wanted
        }
        managed = {each["number"] for each in self.declared if "number" in each} & rows.keys() | set(found.values())
        return Memory(
            found,
            {number_key(number): {"name": rows[number]["name"]} for number in managed},
            {number_key(number): int(rows[number]["internalId"]) for number in managed},
        )

    def plan(self, mode: str) -> Plan:
        """The plan, from the snapshot or without it."""
        (self.company.root / "all.json.yaml").write_text(json.dumps({"customers": self.declared}))
        loaded: Loaded = read(self.company, environ={})
        assert {diagnostic.code for diagnostic in loaded.diagnostics} <= {"D331"}, loaded.diagnostics
        now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
        kept = self.store.snapshot(TARGET) if mode == "incremental" else None
        live = Refreshing(loaded.desired, self.memory, now, kept, Policy(verify_runs=RUNS))
        made, _ = refresh_and_compute(
            live,
            self.erp,
            mode,
            lambda view: make_plan(
                self.company,
                loaded,
                comparison_of(self.company, loaded, view, self.memory),
                heading_of(TARGET, now),
            ),
            updated,
        )
        return made


def essence(plan: Plan) -> Any:
    return plan.summary, plan.actions, plan.diagnostics, plan.refresh.customers


STEP = st.tuples(
    st.sampled_from(
        [
            *("edit", "nested", "account", "note", "delete", "replace", "renumber", "create", "wait", "skew"),
            *("declare", "undeclare", "account wanted", "note wanted", "change", "ref", "apply", "remember"),
        ]
    ),
    st.integers(1, COUNT),
    st.sampled_from(["A", "B", "3000"]),
)


@settings(max_examples=EXAMPLES, phases=[Phase.generate])
@given(switches=SWITCHES, seed=st.integers(0, 9), steps=st.lists(st.lists(STEP, max_size=4), max_size=STEPS))
def test_an_incremental_plan_is_the_plan_of_a_full_read(
    sandbox: Sandbox, erp: Customers, company: Settings, tmp_path_factory: pytest.TempPathFactory,
    switches: dict[str, Any], seed: int, steps: list[list[tuple[str, int, str]]],
) -> None:  # fmt: skip
    with open_store(tmp_path_factory.mktemp("state") / "state.db") as store:
        world = World(sandbox, erp, company, store)
        world.begin(switches, seed)
        for step in steps:
            found = world.plan("incremental")
            assert essence(found) == essence(world.plan("full")), found.refresh
            for what, number, text in step:
                world.clerk(what, number, text)
        found = world.plan("incremental")
        assert essence(found) == essence(world.plan("full")), found.refresh


@settings(max_examples=EXAMPLES // 2, phases=[Phase.generate])
@given(
    switches=SWITCHES,
    seed=st.integers(0, 9),
    steps=st.lists(STEP, max_size=12),
    back=st.integers(0, 400),
    silent=st.booleans(),
)
def test_what_no_time_stamp_shows_is_seen_within_the_promised_runs(
    sandbox: Sandbox, erp: Customers, company: Settings, tmp_path_factory: pytest.TempPathFactory,
    switches: dict[str, Any], seed: int, steps: list[tuple[str, int, str]], back: int, silent: bool,
) -> None:  # fmt: skip
    with open_store(tmp_path_factory.mktemp("state") / "state.db") as store:
        world = World(sandbox, erp, company, store)
        world.begin(switches, seed)
        world.plan("incremental")
        world.plan("incremental")
        sandbox.switch(nested_edits_touch=not silent)
        sandbox.store.clock.set(START - timedelta(days=back))
        for what, number, text in steps:
            world.clerk(what, number, text)
        sandbox.switch(nested_edits_touch=True)
        for _ in range(RUNS):
            found = world.plan("incremental")
        assert essence(found) == essence(world.plan("full")), found.refresh
