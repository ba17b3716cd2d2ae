"""Each action of a plan once, parents first, each intent before its write; and what stops a run is told."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest

from reconciler.apply import executor
from reconciler.apply.executor import EarlierTry, Interruption, execute
from reconciler.apply.lanes import Lanes
from reconciler.apply.presence import Presence
from reconciler.core.diagnostics import Source
from reconciler.core.doubts import SURE, Doubts, Unreadable
from reconciler.core.errors import AuthenticationFailed, ErpError, NotFound, Rejected, StateError
from reconciler.core.live import Live
from reconciler.core.plan import Action, Cause, Change, Outcome, Plan, Request, Result, Verb
from reconciler.core.ports import Erp, Need, Sent, Touched

AT = Source("a.yaml", 1, 1)


def create(number: str | None, *parents: str, ref: str | None = None) -> Action:
    changes = (Change("name", None, "A", Cause.CONFIG, AT), Change("corporateId", None, "91", Cause.CONFIG, AT))
    request = Request("POST", "/v1/customer", None, {"number": number or ref})
    return Action(Verb.CREATE, number, ref, "A", AT, changes, request, depends_on=parents, match=("corporateId",))


def update(number: str, path: str = "creditLimit") -> Action:
    change = Change(path, "old", "new", Cause.CONFIG, AT)
    return Action(Verb.UPDATE, number, None, "A", AT, (change,), Request("PUT", number, "v1", {"number": number}))


def plan(*actions: Action) -> Plan:
    found = object.__new__(Plan)  # of a plan, only its actions are sent
    object.__setattr__(found, "actions", actions)
    return found


@dataclass
class World:
    """An ERP and a journal that note in one list what happens; `answers` holds what is not a success."""

    answers: Mapping[str, ErpError] = field(default_factory=dict)
    live: Mapping[str, Live] = field(default_factory=dict)
    log: list[tuple[str, str]] = field(default_factory=list)
    finished: list[tuple[Any, ...]] = field(default_factory=list)
    doubts: Doubts = SURE
    gate: threading.Event | None = None
    begun: threading.Event = field(default_factory=threading.Event)
    flying: int = 0
    most: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def send(self, request: Request) -> Sent:
        number = str(request.body["number"])
        with self.lock:
            self.log.append(("send", number))
            self.flying += 1
            self.most = max(self.most, self.flying)
        self.begun.set()
        if self.gate is not None:
            self.gate.wait(10)
        with self.lock:
            self.flying -= 1
        if number in self.answers:
            raise self.answers[number]
        return Sent(number, f"{number}-v2")

    def customer(self, number: str, need: Need) -> Live:
        self.log.append(("read", number))
        if number not in self.live:
            raise NotFound(number, status=404)
        return self.live[number]

    def created_since(self, moment: str, need: Need) -> list[Live]:
        self.log.append(("since", moment))
        return list(self.live.values())

    def touched_since(self, moment: str, need: Need) -> Touched:
        return Touched(tuple(self.live.values()), self.doubts)

    def intend(self, label: str) -> None:
        self.log.append(("intend", label))

    def finish(
        self, label: str, outcome: Outcome, *, number: Any = None, message: str = "", version: Any = None
    ) -> None:
        self.log.append(("finish", label))
        self.finished.append((label, outcome, number, message, version))

    def run(self, *actions: Action, parallelism: int = 1, **more: Any) -> list[Result]:
        since = "2026-01-31T12:00:00Z"
        return list(execute(plan(*actions), cast(Erp, self), self, parallelism=parallelism, since=since, **more))


def ends(results: list[Result]) -> list[tuple[str, str, str]]:
    return [(each.action.label, str(each.outcome), each.message) for each in results]


def test_each_write_has_its_intent_before_it_and_its_outcome_after_it() -> None:
    world = World()
    results = world.run(create("1"), update("2"))
    assert ends(results) == [("1", "done", ""), ("2", "done", "")]
    assert world.log == [
        ("intend", "1"), ("send", "1"), ("finish", "1"), ("intend", "2"), ("send", "2"), ("finish", "2"),
    ]  # fmt: skip
    assert world.finished == [("1", Outcome.DONE, "1", "", "1-v2"), ("2", Outcome.DONE, "2", "", "2-v2")]


def test_nothing_to_do_is_nothing() -> None:
    assert World().run() == []


@pytest.mark.parametrize(("parallelism", "most"), [(0, 1), (1, 1), (2, 2), (3, 3)])
def test_at_most_so_many_writes_are_in_flight_and_at_least_one(parallelism: int, most: int) -> None:
    gate = threading.Event()
    world = World(gate=gate)
    threading.Thread(target=lambda: (world.begun.wait(10), _until(lambda: world.flying >= most), gate.set())).start()
    results = world.run(*(create(str(at)) for at in range(6)), parallelism=parallelism)
    assert sorted(each.action.label for each in results) == list("012345")
    assert world.most == most


def _until(condition: Any) -> None:
    for _ in range(1000):
        if condition():
            return
        threading.Event().wait(0.01)
    raise AssertionError("it did not happen")


def test_a_child_is_sent_after_its_parent_and_another_meanwhile_in_the_plans_order() -> None:
    world = World()
    results = world.run(create("30"), create("20", "30"), create("10"))
    assert [each.action.label for each in results] == ["30", "20", "10"]
    world = World()
    results = world.run(create("20", "30"), create("10"), create("30"), create("40", "30"))
    assert [each.action.label for each in results] == ["10", "30", "20", "40"]


def test_what_a_failed_parent_leaves_is_skipped_down_to_the_grandchild_and_journalled() -> None:
    world = World({"1": Rejected("400", status=400)})
    results = world.run(create("1"), create("3", "2"), create("2", "1"), create("4"))
    assert sorted(ends(results)) == [
        ("1", "failed", "400"),
        ("2", "skipped", "its parent 1 was not created."),
        ("3", "skipped", "its parent 2 was not created."),
        ("4", "done", ""),
    ]
    assert ("2", Outcome.SKIPPED, None, "its parent 1 was not created.", None) in world.finished
    assert {label for what, label in world.log if what == "intend"} == {"1", "4"}
    assert next(each for each in results if each.action.label == "2").number == "2"


def test_a_parent_outside_the_plan_holds_nothing_back() -> None:
    assert ends(World().run(create("2", "1"))) == [("2", "done", "")]


def test_a_stopped_run_starts_nothing_more_and_says_so_for_each() -> None:
    world = World()
    results = world.run(create("1"), create("2"), create("3"), interruption=Interruption(lambda: bool(world.finished)))
    assert ends(results) == [
        ("1", "done", ""), ("2", "skipped", "the run was stopped."), ("3", "skipped", "the run was stopped."),
    ]  # fmt: skip
    assert world.finished[1:] == [(label, Outcome.SKIPPED, None, "the run was stopped.", None) for label in ("2", "3")]


def test_once_the_erp_refuses_the_credentials_nothing_more_is_sent_and_the_first_reason_stands() -> None:
    world = World({"1": AuthenticationFailed("401")})
    results = world.run(
        create("1"), create("2", "1"), create("3"), interruption=Interruption(lambda: len(world.log) > 3)
    )
    assert ends(results)[1:] == [
        ("2", "skipped", "the ERP refuses the credentials."), ("3", "skipped", "the ERP refuses the credentials."),
    ]  # fmt: skip
    assert [label for what, label in world.log if what == "send"] == ["1"]


def test_what_an_earlier_try_did_is_taken_as_it_is_and_not_sent_again() -> None:
    done, failed = Result(create("1"), Outcome.DONE, "1"), Result(create("5"), Outcome.FAILED, None, "no")
    world = World()
    results = world.run(
        create("1"), create("2", "1"), create("5"), create("6", "5"), earlier=EarlierTry({"1": done, "5": failed})
    )
    assert results[:2] == [done, failed]
    assert sorted(ends(results[2:])) == [("2", "done", ""), ("6", "skipped", "its parent 5 was not created.")]
    assert [label for what, label in world.log if what == "send"] == ["2"]


def test_a_create_of_an_earlier_try_is_not_repeated_beside_the_same_customer_under_another_name() -> None:
    """What is open is looked up as its own doing, and then as any other create: a clerk may have entered it since."""
    clerks = Live(7, "70", "v1", {"number": "70", "name": "Another", "corporateId": "91"})
    world = World(live={"70": clerks})
    (result,) = world.run(create(None, ref="new"), earlier=EarlierTry(open_labels={"ref new"}))
    assert (result.outcome, result.number) == (Outcome.EXISTS, "70")
    assert not [entry for entry in world.log if entry[0] == "send"]


def test_where_the_list_is_short_only_a_number_that_the_erp_does_not_have_is_created() -> None:
    world = World(doubts=Doubts(count=3, read=2))
    results = world.run(create(None, ref="new"), create("5"))
    assert [result.outcome for result in results] == [Outcome.SKIPPED, Outcome.DONE]
    assert "the ERP counts 3 customers, and its list has 2" in results[0].message


def test_a_row_that_cannot_be_read_counts_in_every_spelling_of_its_ids() -> None:
    row = Unreadable("a wrong shape", number="70", ids={"corporateId": "NO923456789MVA", "vatRegistrationId": ""})
    action = create("5")
    action = replace(action, changes=(replace(action.changes[0]), replace(action.changes[1], after="923 456 789")))
    (result,) = World(doubts=Doubts((row,))).run(action)
    assert (result.outcome, "likely the same organisation" in result.message) == (Outcome.SKIPPED, True)


def test_twins_are_neither_what_the_run_updates_nor_what_same_as_names() -> None:
    same = {number: Live(at, number, "v", {"corporateId": "91"}) for at, number in enumerate(["a1", "70", "80", "90"])}
    done = replace(create("A1"), same_as=("80",))
    presence = Presence(cast(Erp, World(live=same)), (done, update("90")), "2026-01-31T12:00:00Z")
    (double,) = presence.doubled([Result(done, Outcome.DONE, "A1")])
    assert "70, entered or changed at the same time, has the same corporateId" in double.summary
    assert "80" not in double.summary


def test_what_an_earlier_try_created_is_not_taken_for_another_create() -> None:
    """Two declarations with the same ids: the customer of the first is not the second's."""
    held = Live(1, "100000", "v1", {"name": "A", "corporateId": "91"}, created="2026-01-31T12:00:01Z")
    done = Result(create(None, ref="a"), Outcome.DONE, "100000")
    world = World(live={"100000": held})
    world.run(create(None, ref="a"), create(None, ref="b"), earlier=EarlierTry({"ref a": done}, {"ref b"}))
    assert [label for what, label in world.log if what == "send"] == ["b"]
    world = World(live={"100000": held})
    (found,) = world.run(create(None, ref="b"), earlier=EarlierTry(open_labels={"ref b"}))
    assert (found.outcome, found.number) == (Outcome.DONE, "100000")
    assert [label for what, label in world.log if what == "send"] == []


@pytest.mark.parametrize(("path", "recheck", "reads"), [
    ("mainAddress.city", True, 1), ("mainAddress.city", False, 0), ("creditLimit", True, 0),
])  # fmt: skip
def test_what_a_version_may_not_protect_is_read_again_before_it_is_sent(path: str, recheck: bool, reads: int) -> None:
    values = {"name": "A", "mainAddress": {"city": "old"}}
    world = World(live={"1": Live(1, "1", "v1", values)})  # type: ignore[dict-item]  # values of a customer
    (result,) = world.run(update("1", path), recheck_nested=recheck)
    assert result.outcome is Outcome.DONE
    assert [what for what, _ in world.log] == ["read"] * reads + ["intend", "send", "finish"]


def test_what_a_clerk_has_changed_meanwhile_is_a_conflict_without_an_intent() -> None:
    values = {"name": "A", "mainAddress": {"city": "the clerk's"}}
    world = World(live={"1": Live(1, "1", "v1", values)})  # type: ignore[dict-item]  # values of a customer
    (result,) = world.run(update("1", "mainAddress.city"))
    assert result.outcome is Outcome.CONFLICT
    assert [what for what, _ in world.log] == ["read", "finish"]
    assert world.finished[0][:2] == ("1", Outcome.CONFLICT)


def test_what_is_gone_when_it_is_read_again_is_not_sent_and_says_why() -> None:
    (result,) = World().run(update("1", "mainAddress.city"))
    assert (result.outcome, result.number) == (Outcome.FAILED, "1")
    assert result.message.startswith("the ERP has no customer 1 any more")


def test_what_hangs_does_not_keep_the_process_from_ending() -> None:
    world = World()
    daemons: list[bool] = []
    world.intend = lambda label: daemons.append(threading.current_thread().daemon)  # type: ignore[method-assign]
    world.run(create("1"))
    assert daemons == [True]


def test_an_abandoned_run_leaves_what_is_in_flight_open_and_does_not_wait_for_it() -> None:
    gate = threading.Event()
    world = World(gate=gate)
    try:
        results = world.run(
            create("1"), create("2"), interruption=Interruption(world.begun.is_set, world.begun.is_set), parallelism=1
        )
    finally:
        gate.set()
    left, skipped = sorted(results, key=lambda each: each.action.label)
    assert ends([left, skipped]) == [
        ("1", "unknown", "the run was ended while it was being written: it may or may not be done"),
        ("2", "skipped", "the run was stopped."),
    ]
    assert (left.number, left.remedy) == ("1", "Go on with the run: it is looked up first.")
    assert [label for what, label in world.log if what == "intend"] == ["1"]
    _until(lambda: world.flying == 0)
    assert [each[0] for each in world.finished] == ["2"], "its intent stays open"


def test_results_that_end_together_are_told_in_the_plans_order() -> None:
    gate = threading.Event()
    world = World(gate=gate)
    threading.Thread(target=lambda: (_until(lambda: world.flying == 4), gate.set())).start()
    first = [each.action.label for each in world.run(*(create(str(at)) for at in range(4)), parallelism=4)]
    assert sorted(first) == list("0123")


def test_an_intent_that_cannot_be_recorded_is_raised_and_nothing_is_sent() -> None:
    world = World()
    world.intend = _refuse  # type: ignore[method-assign]  # a full disk
    with pytest.raises(OSError, match="disk full"):
        world.run(create("1"))
    assert world.log == []


def _refuse(label: str) -> None:
    raise OSError(f"disk full at {label}")


def test_a_result_says_which_version_its_write_made() -> None:
    (result,) = World().run(update("1"))
    assert result == replace(result, number="1", version="1-v2", message="")


# ---- intents ahead of the requests ----


def _intended(world: World) -> list[str]:
    return [label for what, label in world.log if what == "intend"]


def _opened_once(world: World, count: int, gate: threading.Event) -> None:
    """Open the gate of the requests once so many intents are recorded."""
    threading.Thread(target=lambda: (_until(lambda: len(_intended(world)) == count), gate.set())).start()


@pytest.fixture
def two_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    """Recording takes twice as long as a request."""
    monkeypatch.setattr(Lanes, "_ahead", 2)


@pytest.mark.usefixtures("two_ahead")
def test_intents_are_recorded_while_a_request_is_in_flight_and_no_more_requests_than_allowed() -> None:
    gate = threading.Event()
    world = World(gate=gate)
    _opened_once(world, 3, gate)
    results = world.run(*(create(str(at)) for at in range(5)))
    assert [each.outcome for each in results] == [Outcome.DONE] * 5
    assert world.most == 1
    assert all(world.log.index(("intend", str(at))) < world.log.index(("send", str(at))) for at in range(5))


@pytest.mark.usefixtures("two_ahead")
def test_what_was_intended_and_not_sent_when_the_run_halts_stays_unsent_and_its_end_is_recorded() -> None:
    gate = threading.Event()
    world = World({"0": AuthenticationFailed("401")}, gate=gate)
    _opened_once(world, 3, gate)
    results = world.run(*(update(str(at)) for at in range(5)))
    assert [label for what, label in world.log if what == "send"] == ["0"]
    assert {each.message for each in results[1:]} == {"the ERP refuses the credentials."}
    ended = {label: outcome for label, outcome, *_ in world.finished}
    assert ended == {"0": Outcome.FAILED} | dict.fromkeys("1234", Outcome.SKIPPED)


@pytest.mark.usefixtures("two_ahead")
def test_an_intent_that_waited_long_is_recorded_once_more_before_it_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """The lock may be lost by then, and another run may have looked the action up."""
    monkeypatch.setattr(executor, "_FRESH", -1.0)
    world = World()

    def intend(label: str) -> None:
        if label in _intended(world):
            raise StateError("the lock is lost")
        world.log.append(("intend", label))

    monkeypatch.setattr(world, "intend", intend)
    (result,) = world.run(update("1"))
    assert result.outcome is Outcome.SKIPPED
    assert "the journal cannot be written, so nothing more is sent: the lock is lost" in result.message
    assert "send" not in dict(world.log)
