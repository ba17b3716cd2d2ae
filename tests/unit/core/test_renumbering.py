"""Which renumberings are due, done or refused, and what is compared once they are done."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.core.comparison import Comparison
from reconciler.core.desired import Desired, Lifecycle
from reconciler.core.diagnostics import Diagnostic, Severity
from reconciler.core.doubts import Doubts, Unreadable
from reconciler.core.live import Live
from reconciler.core.plan import Cause, Guard, Plan, Refusal, Verb
from reconciler.core.ports import View
from reconciler.core.renumbering import Renumberings, renumberings, under_present_numbers
from reconciler.core.rules import Memory, Rules
from tests.unit.core.test_planner import declared, live, plan_of


def wish(number: str, former: str, **values: Any) -> Desired:
    """A declaration that gives the customer of the former number another one."""
    return declared(number, lifecycle=Lifecycle(renumbered_from=former), **values)


def known(**identities: int) -> Memory:
    """What a state knows: by number, the internal id."""
    keys = {key.removeprefix("n"): identity for key, identity in identities.items()}
    return Memory({}, {key: {"name": key} for key in keys}, keys)


def one(identity: int, number: str, **values: Any) -> Live:
    return Live(identity, number, "AAAA", values)


def resolved(*desired: Desired, customers: list[Live], memory: Memory | None = None) -> Renumberings:
    return renumberings(desired, customers, memory or Memory())


def due(found: Renumberings) -> list[tuple[str, str]]:
    return [(each.live.number, each.number) for each in found.due]


def refused(found: Renumberings) -> list[str]:
    """The summaries of what refuses the plan (exit 4)."""
    assert all(isinstance(problem, Refusal) and problem.guard is Guard.LIFECYCLE for _, problem in found.refused)
    return list(dict.fromkeys(problem.summary for _, problem in found.refused))


def wrong(found: Renumberings) -> list[str]:
    """The codes of errors."""
    problems = [problem for _, problem in found.refused]
    assert all(isinstance(problem, Diagnostic) and problem.severity is Severity.ERROR for problem in problems)
    return [problem.code for problem in problems if isinstance(problem, Diagnostic)]


def test_a_customer_that_has_the_former_number_is_to_be_renumbered() -> None:
    found = resolved(wish("B2", " a1"), declared("3"), customers=[one(1, "A1"), one(3, "3")])
    assert due(found) == [("A1", "B2")]
    assert found.refused == []


def test_nobody_is_renumbered_who_does_not_ask_for_it() -> None:
    assert resolved(declared("2"), customers=[one(1, "1")]).is_nothing


@pytest.mark.parametrize("memory", [known(n2=1), known(n1=1), known(n2=1, n1=9)])
def test_a_customer_that_has_the_new_number_is_done(memory: Memory) -> None:
    found = resolved(wish("2", "1"), customers=[one(1, "2")], memory=memory)
    assert (found.due, found.refused) == ([], [])
    assert [(note.code, note.severity) for note in found.notes] == [("P515", Severity.NOTE)]


def test_where_nothing_recorded_says_that_it_is_the_customer_a_warning_does() -> None:
    """A former number that is mistyped is nobody's too, and the new one then perhaps a stranger's."""
    (note,) = resolved(wish("20000", "1000"), customers=[one(5, "20000")], memory=Memory()).notes
    assert (note.code, note.severity) == ("P515", Severity.WARNING)
    assert note.remedy == "Check that 20000 is the customer you mean, then remove renumbered_from."


@pytest.mark.parametrize("number", ["1", "2"])
def test_a_customer_with_another_id_is_not_the_one_to_renumber_unless_it_is_recorded(number: str) -> None:
    """Whether its number is still to be changed, or seems to be changed already."""
    declaration = wish("2", "1", corporateId="911111111")
    stranger = one(1, number, corporateId="922222222")
    (summary,) = refused(resolved(declaration, customers=[stranger]))
    assert summary == (
        f"{number} is perhaps not the customer that is to be renumbered from 1 to 2:"
        " its corporateId is '922222222', and declared is '911111111'"
    )
    for key in ("n1", "n2"):
        assert resolved(declaration, customers=[stranger], memory=known(**{key: 1})).refused == []
    for ids in ({"corporateId": "911 111 111"}, {"corporateId": None}, {"vatRegistrationId": "922222222"}):
        assert resolved(declaration, customers=[one(1, number, **ids)]).refused == []


def _unreadable(number: str | None, internal_id: int | None = None) -> Doubts:
    return Doubts((Unreadable("a wrong shape", number=number, internal_id=internal_id),))


@pytest.mark.parametrize(
    ("customers", "doubts", "memory"),
    [
        ([one(5, "2")], _unreadable("1"), Memory()),
        ([one(5, "2")], Doubts(count=3, read=2), Memory()),
        ([one(5, "2")], _unreadable("7", 1), known(n1=1)),
        ([], _unreadable("1"), Memory()),
        ([one(1, "1")], _unreadable("2"), Memory()),
        ([one(1, "1")], _unreadable(None), Memory()),
    ],
)
def test_a_renumbering_is_held_back_where_one_of_its_numbers_is_not_surely_known(
    customers: list[Live], doubts: Doubts, memory: Memory
) -> None:
    found = renumberings([wish("2", "1")], customers, memory, doubts)
    assert (found.due, found.notes) == ([], [])
    assert [problem.code for problem in found.diagnostics] == ["P529"]


def test_what_cannot_be_read_does_not_concern_numbers_that_are_known() -> None:
    beside, short = _unreadable("9"), Doubts(count=3, read=2, absent=frozenset({"1", "2"}))
    for doubts in (beside, short):
        assert due(renumberings([wish("2", "1")], [one(1, "1")], Memory(), doubts)) == [("1", "2")]
        done = renumberings([wish("2", "1")], [one(1, "2")], known(n1=1), doubts)
        assert [note.severity for note in done.notes] == [Severity.NOTE]


def test_a_held_back_renumbering_counts_among_what_is_held_back() -> None:
    view = View((one(1, "1"),), "", 1, doubts=_unreadable("2"))
    assert Comparison((wish("2", "1"),), view, Rules(), Memory()).held_back == 1
    beside = Comparison((wish("2", "1"), declared("3", line=3)), view, Rules(), Memory(), frozenset({"3"}))
    assert (beside.held_back, beside.renumbering_notes) == (0, ())


def test_it_is_done_too_when_the_former_number_is_another_customers_by_now() -> None:
    found = resolved(wish("2", "1"), customers=[one(1, "2"), one(5, "1")], memory=known(n2=1))
    assert [note.code for note in found.notes] == ["P515"]
    assert found.numbers == {}  # a parent 1 is the other one


@pytest.mark.parametrize("memory", [Memory(), known(n1=5), known(n1=5, n2=1)])
def test_a_number_that_another_customer_has_is_taken(memory: Memory) -> None:
    found = resolved(wish("2", "1"), customers=[one(1, "2"), one(5, "1")], memory=memory)
    assert refused(found) == ["1 cannot be renumbered to 2: another customer has that number"]


@pytest.mark.parametrize("memory", [Memory(), known(n1=1, n2=2)])
def test_a_swap_is_refused(memory: Memory) -> None:
    found = resolved(wish("2", "1"), wish("1", "2"), customers=[one(1, "1"), one(2, "2")], memory=memory)
    assert found.due == []
    assert refused(found) == [
        "1 and 2 cannot swap their numbers in one plan",
        "2 and 1 cannot swap their numbers in one plan",
    ]


@pytest.mark.parametrize("memory", [Memory(), known(n1=1, n2=2, n3=3)])
def test_a_circle_is_refused(memory: Memory) -> None:
    customers = [one(1, "1"), one(2, "2"), one(3, "3")]
    found = resolved(wish("2", "1"), wish("3", "2"), wish("1", "3"), customers=customers, memory=memory)
    assert found.due == []
    assert len(refused(found)) == 3


def test_of_a_chain_only_the_end_can_be_done() -> None:
    found = resolved(wish("2", "1"), wish("3", "2"), customers=[one(1, "1"), one(2, "2")])
    assert due(found) == [("2", "3")]
    assert refused(found) == ["1 cannot be renumbered to 2 while 2 is to be renumbered to 3"]


def test_a_chain_that_was_done_is_done() -> None:
    found = resolved(wish("2", "1"), wish("3", "2"), customers=[one(1, "2"), one(2, "3")], memory=known(n2=1, n3=2))
    assert (found.due, found.refused) == ([], [])
    assert len(found.notes) == 2


def test_a_number_is_not_used_again_by_the_plan_that_frees_it() -> None:
    found = resolved(wish("2", "1"), declared("1", line=9), customers=[one(1, "1")])
    assert refused(found) == ["1 is declared (customers/a.yaml:9:1), and its customer is to be renumbered to 2"]


def test_two_declarations_cannot_renumber_one_customer() -> None:
    found = resolved(wish("2", "1"), wish("3", "1"), customers=[one(1, "1")])
    assert due(found) == [("1", "2")]
    assert refused(found) == ["3 and 2 (customers/a.yaml:1:1) are both to be renumbered from 1"]


def test_a_customer_that_the_erp_has_under_neither_number_is_an_error() -> None:
    assert wrong(resolved(wish("2", "1"), customers=[one(9, "9")])) == ["I418"]


def test_a_customer_that_a_clerk_gave_a_third_number_is_an_error_that_names_it() -> None:
    found = resolved(wish("2", "1"), customers=[one(1, "9")], memory=known(n1=1))
    assert wrong(found) == ["I413"]
    assert "9" in str(found.refused[0][1])


@pytest.mark.parametrize("number", ["1", "2"])
def test_whoever_was_given_one_of_the_numbers_since_is_not_taken_for_the_customer(number: str) -> None:
    found = resolved(wish("2", "1"), customers=[one(1, "9"), one(5, number)], memory=known(n1=1))
    assert wrong(found) == ["I413"]


# ---- what is compared ----


def test_an_update_goes_to_the_new_number_behind_the_renumbering() -> None:
    plan = plan_of(wish("20000", "10000", name="B"), live=(live(name="A"),))
    renumbering, update = plan.actions
    assert (renumbering.action, renumbering.former, renumbering.number) == (Verb.RENUMBER, "10000", "20000")
    assert renumbering.numbers == ("10000", "20000")
    assert (update.action, update.number, update.depends_on) == (Verb.UPDATE, "20000", (renumbering.label,))
    assert update.request.path == "/v1/customer/20000"
    assert update.request.if_match == "AAAAAAAAB9E="
    assert (plan.summary.renumber, plan.summary.update, plan.summary.unchanged) == (1, 1, 0)


def test_what_was_recorded_under_the_former_number_tells_the_cause() -> None:
    memory = Memory({}, {"10000": {"name": "A"}}, {"10000": live().internal_id})
    plan = plan_of(wish("20000", "10000", name="A"), live=(live(name="Clerk"),), memory=memory)
    assert plan.actions[1].changes[0].cause is Cause.DRIFT
    assert plan.removed == ()


def test_children_are_compared_with_the_parents_new_number() -> None:
    child = declared("3", parentRecordNumber="20000")
    plan = plan_of(wish("20000", "10000"), child, live=(live(), live("3", parentRecordNumber="10000")))
    assert [action.action for action in plan.actions] == [Verb.RENUMBER]
    assert plan.summary.unchanged == 1


def test_a_new_child_waits_for_the_renumbering_and_an_old_number_is_taken_for_the_new_one() -> None:
    child = declared("3", name="Child", parentRecordNumber="10000")
    plan = plan_of(wish("20000", "10000"), child, live=(live(),))
    _, create = plan.actions
    assert create.depends_on == ("10000 → 20000",)
    assert create.request.body["parentRecordNumber"] == {"value": "20000"}
    assert [diagnostic.code for diagnostic in plan.diagnostics] == ["P516"]


def test_a_target_brings_the_renumbering_that_it_waits_for() -> None:
    child = declared("3", name="Child", parentRecordNumber="20000")
    plan = plan_of(wish("20000", "10000"), child, declared("4", name="D"), live=(live(),), targets=frozenset({"3"}))
    assert [action.label for action in plan.actions] == ["10000 → 20000", "3"]


def test_prevent_update_refuses_a_renumbering_too() -> None:
    declaration = declared("2", name="A", lifecycle=Lifecycle(prevent_update=True, renumbered_from="1"))
    plan = plan_of(declaration, live=(live("1", name="A"),))
    assert [(refusal.guard, refusal.number) for refusal in plan.refusals] == [(Guard.LIFECYCLE, "2")]


def _refused_plan(**more: Any) -> Plan:
    return plan_of(wish("2", "1", name="A"), live=(live("1", name="A"), live("2", name="B")), **more)


def test_nothing_is_planned_for_a_declaration_whose_renumbering_is_refused() -> None:
    plan = _refused_plan(memory=Memory({}, {"1": {}, "2": {}}), rules=Rules(deactivate_removed=True))
    assert (plan.actions, plan.removed) == ((), ())
    assert [refusal.number for refusal in plan.refusals] == ["2"]
    assert len(_refused_plan(targets=frozenset({"2"})).refusals) == 1
    assert _refused_plan(targets=frozenset({"5"})).refusals == ()


def test_nobody_is_put_below_a_customer_whose_renumbering_is_refused() -> None:
    """A new child is held back, and its own children with it; a live one keeps the parent that it has."""
    children = (
        declared("3", name="New", parentRecordNumber="2"),
        declared("4", name="Live", parentRecordNumber="2"),
        declared("5", name="Below", parentRecordNumber="3"),
    )
    customers = (live("1", name="A"), live("2", name="B"), live("4", name="Live", parentRecordNumber=None))
    targets = frozenset({"3", "4", "5"})
    plan = plan_of(wish("2", "1", name="A"), *children, live=customers, targets=targets)
    assert (plan.actions, plan.refusals) == ((), ())
    why = "its parent 2 is not settled (1 cannot be renumbered to 2: another customer has that number (B))"
    assert [(problem.code, problem.summary) for problem in plan.diagnostics if problem.code != "P503"] == [
        ("P529", f"3 is held back: {why}"),
        ("P529", "5 is held back: its parent 3 is not settled (it is held back itself)"),
        ("P529", f"4 keeps the parent that it has: {why}"),
    ]


def test_the_customers_of_a_refused_renumbering_stay_live_for_all_others() -> None:
    """A target beside a refused renumbering is held against the customers that it names, as against any other."""
    beside = (declared("5", name="C", corporateId="91"), declared("1", name="New", line=7))
    customers = (live("1", name="A", corporateId="91"), live("2", name="B"))
    plan = plan_of(wish("2", "1", name="A"), *beside, live=customers, targets=frozenset({"5"}))
    assert [problem.code for problem in plan.diagnostics] == ["P511", "P503"]
    assert [refusal.guard for refusal in plan.refusals] == [Guard.DUPLICATE]
    plan = plan_of(wish("2", "1", name="A"), *beside, live=customers, targets=frozenset({"1"}))
    assert (plan.actions, [refusal.guard for refusal in plan.refusals]) == ((), [Guard.LIFECYCLE])


def test_the_memory_that_is_compared_has_each_customer_once() -> None:
    desired, customers = (wish("2", "1"),), (one(1, "1"), one(3, "3"))
    normalised: dict[str, dict[str, tuple[object, object]]] = {"1": {"name": ("a", "A")}}
    memory = Memory({"r": "1"}, {"1": {"name": "A"}, "3": {}}, {"1": 1, "3": 3}, normalised, {"1": {"name": "B"}})
    after = Comparison(desired, View(customers, "", 1), Rules(), memory).foreseen.memory
    assert after.numbers == {"r": "2"}
    assert (dict(after.applied), len(after.applied)) == ({"3": {}, "2": {"name": "A"}}, 2)
    assert (dict(after.identities), dict(after.normalised)) == ({"3": 3, "2": 1}, {"2": {"name": ("a", "A")}})
    assert dict(after.last) == {"2": {"name": "B"}}
    assert "1" not in after.applied
    with pytest.raises(KeyError):
        after.applied["1"]


def test_a_declaration_finds_its_customer_before_it_is_renumbered() -> None:
    declarations, customers = [wish("2", "1"), declared("3")], [one(1, "1"), one(3, "3")]
    found = under_present_numbers(declarations, renumberings(declarations, customers, Memory()))
    assert [declaration.number for declaration in found] == ["1", "3"]
