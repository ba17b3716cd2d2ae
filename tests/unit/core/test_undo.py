"""Taking a run back: which values are set back, and which are left with a reason."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from reconciler.core.diagnostics import Source
from reconciler.core.live import Live
from reconciler.core.plan import Action, Cause, Change, Outcome, Plan, Request, Result, Verb
from reconciler.core.undo import Undo, concerned, undo
from tests.unit.core.test_planner import declared, live, plan_of

AT = Source("customers/a.yaml", 1, 1)


def result(*changes: tuple[str, Any, Any], outcome: Outcome = Outcome.DONE, verb: Verb = Verb.UPDATE) -> Result:
    """The result of one action on customer 10000, with changes of (path, before, after)."""
    made = tuple(Change(path, before, after, Cause.CONFIG, AT) for path, before, after in changes)
    request = Request("PUT", "/v1/customer/10000", "AAAA", {})
    return Result(Action(verb, "10000", "ours", "A", AT, made, request), outcome, "10000")


def undone(*results: Result, now: Live | None, **more: Any) -> Undo:
    options = {"normalised": {}, "deactivate_creates": False, "send_null": True} | more
    return undo(results, [] if now is None else [now], **options)


def values(found: Undo) -> dict[str, Any]:
    assert found.diagnostics == ()
    (desired,) = found.desired
    return desired.values


def left(found: Undo) -> list[tuple[str, str]]:
    """Nothing is set back, and why."""
    assert found.desired == ()
    return [(each.code, each.summary) for each in found.diagnostics]


def planned(found: Undo, now: Live) -> Plan:
    return plan_of(*found.desired, live=(now,))


def test_a_written_field_gets_its_former_value_and_the_customer_keeps_its_ref() -> None:
    found = undone(result(("mainAddress.city", "Bergen", "Oslo")), now=live(mainAddress={"city": "Oslo"}))
    assert values(found) == {"mainAddress": {"city": "Bergen"}}
    (desired,) = found.desired
    assert (desired.number, desired.ref) == ("10000", "ours")
    assert desired.locate(("mainAddress", "city")) == AT
    (action,) = planned(found, live(mainAddress={"city": "Oslo"})).actions
    assert action.request.body == {"mainAddress": {"value": {"city": {"value": "Bergen"}}}}
    assert action.request.if_match == "AAAAAAAAB9E="


def test_a_field_that_was_empty_is_cleared_if_the_api_can() -> None:
    assert values(undone(result(("gln", None, "x")), now=live(gln="x"))) == {"gln": None}
    number = undone(result(("numberOfEmployees", None, 5)), now=live(numberOfEmployees=5))
    assert values(number) == {"numberOfEmployees": None}


@pytest.mark.parametrize(
    ("path", "after"),
    [("status", "OnHold"), ("creditLimit", Decimal(5)), ("printInvoices", True), ("numberOfEmployees", 5)],
)
def test_a_field_that_was_empty_and_cannot_be_cleared_is_left(path: str, after: Any) -> None:
    found = undone(result((path, None, after)), now=live(**{path: after}), send_null=False)
    assert left(found) == [
        ("P522", f"10000: {path} had no value before the run, and cannot be cleared, so it is left as it is")
    ]


def test_a_field_that_somebody_changed_since_is_left() -> None:
    found = undone(result(("gln", "a", "b"), ("note", "x", "y")), now=live(gln="clerk", note="y"))
    assert [each.values for each in found.desired] == [{"note": "x"}]
    assert [each.code for each in found.diagnostics] == ["P521"]
    assert "10000: gln was changed since the run wrote it" in found.diagnostics[0].summary


def test_a_field_that_has_its_former_value_again_needs_nothing() -> None:
    assert undone(result(("gln", "a", "b")), now=live(gln="a")) == Undo((), ())


def test_what_the_erp_made_of_a_value_is_still_the_runs_own() -> None:
    now = live(accountReference="NO1MVA")
    written = result(("accountReference", "old", "no 1 mva"))
    pairs = {"10000": {"accountReference": ("no 1 mva", "NO1MVA")}}
    assert values(undone(written, now=now, normalised=pairs)) == {"accountReference": "old"}
    other = {"10000": {"accountReference": ("something else", "NO1MVA")}}
    assert left(undone(written, now=now, normalised=other))[0][0] == "P521"


def test_an_amount_counts_as_the_same_whether_it_was_read_from_json_or_not() -> None:
    assert values(undone(result(("creditLimit", 5, 7)), now=live(creditLimit=Decimal("7.00")))) == {
        "creditLimit": Decimal(5)
    }


def test_an_update_whose_end_is_unknown_is_judged_by_what_is_live() -> None:
    unknown = result(("gln", "a", "b"), outcome=Outcome.UNKNOWN)
    assert values(undone(unknown, now=live(gln="b"))) == {"gln": "a"}
    assert undone(unknown, now=live(gln="a")) == Undo((), ())


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.CONFLICT, Outcome.SKIPPED])
def test_what_was_not_done_is_not_undone(outcome: Outcome) -> None:
    nothing = result(("gln", "a", "b"), outcome=outcome)
    assert concerned([nothing]) == ()
    assert undone(nothing, now=live(gln="b")) == Undo((), ())


def test_a_member_that_cannot_be_read_is_left() -> None:
    written = result(("defaultPaymentMethod.isDefault", None, True))
    assert left(undone(written, now=live()))[0][0] == "P522"


def test_what_was_sent_so_that_it_stays_stays() -> None:
    """The delivery address was held while the main one moved; moving that back must not take it along."""
    address = {"addressLine1": "Old 1", "city": "Oslo"}
    moved = address | {"addressLine1": "New 2"}
    written = result(
        ("mainAddress.addressLine1", "Old 1", "New 2"),
        ("deliveryAddress.addressLine1", "New 2", "New 2"),
    )
    now = live(mainAddress=moved, deliveryAddress=dict(moved))
    (action,) = planned(undone(written, now=now), now).actions
    assert sorted(action.request.body) == ["deliveryAddress", "mainAddress"]


def test_created_customers_stand_and_are_named() -> None:
    made = result(("name", None, "A"), verb=Verb.CREATE)
    found = undone(made, now=live(name="A", status="Active"))
    assert [code for code, _ in left(found)] == ["P523"]
    assert found.diagnostics[0].detail == "10000"
    assert "--deactivate-creates" in found.diagnostics[0].remedy


def test_created_customers_can_be_deactivated() -> None:
    made = result(("name", None, "A"), verb=Verb.CREATE)
    found = undone(made, now=live(name="A", status="Active"), deactivate_creates=True)
    assert values(found) == {"status": "Inactive"}
    gone = undone(made, now=None, deactivate_creates=True)
    assert [code for code, _ in left(gone)] == ["P524"]


def test_a_created_customer_goes_by_the_number_that_the_erp_gave_it() -> None:
    made = result(("name", None, "A"), verb=Verb.CREATE)
    automatic = replace(made, action=replace(made.action, number=None))
    found = undone(automatic, now=live(name="A", status="Active"), deactivate_creates=True)
    assert [(each.number, each.ref) for each in found.desired] == [("10000", "ours")]
    assert [each.number for each in concerned([automatic])] == ["10000"]


@pytest.mark.parametrize(("count", "more"), [(1, ""), (10, ""), (11, " and more")])
def test_of_many_created_customers_ten_are_named(count: int, more: str) -> None:
    made = [replace(result(verb=Verb.CREATE), number=str(at)) for at in range(count)]
    (found,) = undone(*made, now=None).diagnostics
    assert found.summary == f"{count} customer{'s were' if count > 1 else ' was'} created, which cannot be undone"
    assert found.detail == ", ".join(map(str, range(min(count, 10)))) + more


def test_one_result_that_is_left_does_not_keep_the_next_from_going_back() -> None:
    """Neither does one that was never written, nor a create that stands."""
    update = result(("gln", "a", "b"))
    others = [
        result(("gln", "a", "c"), outcome=Outcome.FAILED),
        result(verb=Verb.CREATE),
        result(verb=Verb.CREATE, outcome=Outcome.UNKNOWN),
        replace(update, number="77"),
    ]
    found = undone(*others, update, now=live(gln="b"))
    assert [each.values for each in found.desired] == [{"gln": "a"}]
    assert [each.code for each in found.diagnostics] == ["P524", "P524", "P523"]


def test_a_create_whose_end_is_unknown_is_left() -> None:
    made = result(("name", None, "A"), verb=Verb.CREATE, outcome=Outcome.UNKNOWN)
    found = undone(made, now=live(name="A"), deactivate_creates=True)
    assert [code for code, _ in left(found)] == ["P524"]
    unnumbered = replace(made, number=None, action=replace(made.action, number=None))
    found = undone(unnumbered, now=live(name="A"), deactivate_creates=True)
    assert left(found) == [("P524", "ref ours: whether it was created is not known, so it is left as it is")]
    assert concerned([unnumbered]) == ()


def test_a_customer_that_is_gone_is_never_created_again() -> None:
    assert [code for code, _ in left(undone(result(("gln", "a", "b")), now=None))] == ["P524"]


# ---- lines ----

MANDATE = {"mandateId": "M1", "iban": "NL1", "maxAmount": Decimal("10.5")}
OTHER = {"mandateId": "M2", "iban": "NL2"}


def line_run(before: dict[str, Any], wanted: dict[str, Any], *, complete: bool = False) -> Result:
    """The result of a real plan from lines to lines."""
    desired = declared(directDebitLines=wanted, complete=("directDebitLines",) if complete else ())
    (action,) = plan_of(desired, live=(live(directDebitLines=before),)).actions
    return Result(action, Outcome.DONE, "10000")


def operations(found: Undo, now: Live) -> list[Any]:
    (action,) = planned(found, now).actions
    return [(line["operation"], line["mandateId"]["value"]) for line in action.request.body["directDebitLines"]]


def test_a_deleted_line_is_inserted_again_with_all_that_it_had() -> None:
    deleted = line_run({"M1": MANDATE, "M2": OTHER}, {"M2": OTHER}, complete=True)
    now = live(directDebitLines={"M2": OTHER})
    found = undone(deleted, now=now)
    assert values(found) == {"directDebitLines": {"M1": MANDATE}}
    assert operations(found, now) == [("Insert", "M1")]
    assert undone(deleted, now=live(directDebitLines={"M1": MANDATE, "M2": OTHER})) == Undo((), ())
    again = undone(deleted, now=live(directDebitLines={"M1": MANDATE | {"iban": "X"}, "M2": OTHER}))
    assert [code for code, _ in left(again)] == ["P521"]


def test_an_inserted_line_is_deleted_and_the_others_stay() -> None:
    inserted = line_run({"M2": OTHER}, {"M1": MANDATE})
    now = live(directDebitLines={"M1": MANDATE, "M2": OTHER, "M3": {"mandateId": "M3"}})
    assert operations(undone(inserted, now=now), now) == [("Delete", "M1")]
    assert undone(inserted, now=live(directDebitLines={"M2": OTHER})) == Undo((), ())
    changed = undone(inserted, now=live(directDebitLines={"M1": MANDATE | {"iban": "X"}}))
    assert [code for code, _ in left(changed)] == ["P521"]


def test_a_changed_line_gets_its_former_member_back() -> None:
    changed = line_run({"M1": MANDATE}, {"M1": MANDATE | {"iban": "NL9"}})
    now = live(directDebitLines={"M1": MANDATE | {"iban": "NL9"}, "M2": OTHER})
    found = undone(changed, now=now)
    assert values(found) == {"directDebitLines": {"M1": {"iban": "NL1"}}}
    assert operations(found, now) == [("Update", "M1")]
    assert [code for code, _ in left(undone(changed, now=live(directDebitLines={"M2": OTHER})))] == ["P521"]


def test_all_kinds_of_lines_go_back_in_one_request() -> None:
    wanted = {"M1": MANDATE | {"iban": "NL9"}, "M3": {"mandateId": "M3"}}
    before = {"M1": MANDATE, "M2": OTHER}
    mixed = line_run(before, wanted, complete=True)
    now = live(directDebitLines=wanted)
    assert operations(undone(mixed, now=now), now) == [("Update", "M1"), ("Insert", "M2"), ("Delete", "M3")]


def test_an_attribute_that_was_new_is_cleared() -> None:
    found = undone(result(("attributes.REGION", None, "NORTH")), now=live(attributes={"REGION": "NORTH"}))
    assert values(found) == {"attributes": {"REGION": None}}


def renumbering(outcome: Outcome = Outcome.DONE) -> Result:
    """The result of giving customer 10000 the number 20000."""
    change = Change("number", "10000", "20000", Cause.CONFIG, AT)
    path = f"/v1/customer/action/changeCustomerCd/{live('10000').internal_id}"
    request = Request("POST", path, None, {"customerCd": "20000"})
    return Result(Action(Verb.RENUMBER, "20000", "ours", "A", AT, (change,), request), outcome, "20000")


def _now(number: str, **values: Any) -> Live:
    return replace(live(**values), number=number)


@pytest.mark.parametrize("outcome", [Outcome.DONE, Outcome.UNKNOWN])
def test_a_customer_gets_its_former_number_back(outcome: Outcome) -> None:
    found = undone(renumbering(outcome), now=_now("20000"))
    assert values(found) == {}
    (action,) = planned(found, _now("20000")).actions
    assert (action.action, action.former, action.number) == (Verb.RENUMBER, "20000", "10000")


def test_its_number_and_its_values_go_back_together() -> None:
    update = result(("creditLimit", Decimal(1), Decimal(2)))
    update = replace(update, action=replace(update.action, number="20000"), number="20000")
    now = _now("20000", creditLimit=Decimal(2))
    plan = planned(undone(renumbering(), update, now=now), now)
    assert [(action.action, action.number) for action in plan.actions] == [
        (Verb.RENUMBER, "10000"),
        (Verb.UPDATE, "10000"),
    ]


def test_a_renumbering_that_was_not_done_is_not_taken_back() -> None:
    found = undone(renumbering(Outcome.UNKNOWN), now=_now("10000"))
    assert (found.desired, found.diagnostics) == ((), ())


@pytest.mark.parametrize("now", [None, _now("30000")])
def test_a_customer_that_goes_by_a_third_number_keeps_it(now: Live | None) -> None:
    assert [code for code, _ in left(undone(renumbering(), now=now))] == ["P524"]
