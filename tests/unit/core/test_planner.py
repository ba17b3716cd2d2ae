"""From desired and live to a plan."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any
from zlib import crc32

import pytest

from reconciler.core.comparison import Comparison, Heading
from reconciler.core.desired import Desired, Lifecycle
from reconciler.core.diagnostics import Source
from reconciler.core.live import Live
from reconciler.core.ordering import natural
from reconciler.core.plan import ConfigSummary, Guard, Plan, Reading, Refresh, Summary
from reconciler.core.planner import compute_plan
from reconciler.core.ports import View
from reconciler.core.rules import Memory, Rules, Target
from reconciler.erp.encode import WireCodec

HOME = Source("customers/a.yaml", 1, 1)
HEADING = Heading(
    Target("production", "Demo AS", "t", "https://api.finance.visma.net"), "2026-01-31T12:00:00Z", version="7"
)


def declared(number: str | None = "10000", *, ref: str | None = None, line: int = 1, **values: Any) -> Desired:
    at = Source("customers/a.yaml", line, 1)
    lifecycle = values.pop("lifecycle", Lifecycle())
    complete = frozenset(values.pop("complete", ()))
    return Desired(number, ref, values, at, lambda _path: at, lifecycle=lifecycle, complete=complete)


def live(number: str = "10000", **values: Any) -> Live:
    identity = crc32(number.encode())  # the same in every process, as hash() is not
    return Live(identity, number, "AAAAAAAAB9E=", {"number": number, **values})


def plan_of(*desired: Desired, live: tuple[Live, ...] = (), rules: Rules | None = None, **more: Any) -> Plan:
    view = View(live, "2026-01-31T11:59:58Z", 1)
    comparison = Comparison(desired, view, rules or Rules(), more.pop("memory", Memory()), **more)
    return compute_plan(comparison, WireCodec(), heading=HEADING, config=ConfigSummary("sha256:0", len(desired)))


ADDRESS = {"addressLine1": "TestRoad 13", "postalCode": "0101", "countryId": "NO"}
NEW = {
    "name": "NewCustomer",
    "overrideWithClassValues": True,
    "customerClassId": "1",
    "mainAddress": ADDRESS,
}


def test_creating_a_customer_sends_the_documentations_body() -> None:
    (action,) = plan_of(declared(**NEW)).actions
    assert (action.request.method, action.request.path, action.request.if_match) == (
        "POST",
        "/v1/customer",
        None,
    )
    assert action.request.body == {
        "number": {"value": "10000"},
        "name": {"value": "NewCustomer"},
        "overrideWithClassValues": True,
        "customerClassId": {"value": "1"},
        "mainAddress": {
            "value": {
                "addressLine1": {"value": "TestRoad 13"},
                "postalCode": {"value": "0101"},
                "countryId": {"value": "NO"},
            }
        },
    }


MOVED = {"mainAddress": {**ADDRESS, "addressLine1": "TestRoad 50"}}


def test_changing_one_member_sends_that_member_alone_in_leaf_mode() -> None:
    (action,) = plan_of(declared(**{**NEW, **MOVED}), live=(live(**NEW),)).actions
    assert action.request.method == "PUT"
    assert action.request.path == "/v1/customer/10000"
    assert action.request.if_match == "AAAAAAAAB9E="
    assert action.request.body == {"mainAddress": {"value": {"addressLine1": {"value": "TestRoad 50"}}}}
    assert [(each.path, each.before, each.after) for each in action.changes] == [
        ("mainAddress.addressLine1", "TestRoad 13", "TestRoad 50")
    ]


def test_changing_one_member_sends_the_whole_address_in_whole_mode() -> None:
    plan = plan_of(declared(**{**NEW, **MOVED}), live=(live(**NEW),), rules=Rules(nested_updates="whole"))
    (action,) = plan.actions
    assert action.request.body == {
        "mainAddress": {
            "value": {
                "addressLine1": {"value": "TestRoad 50"},
                "postalCode": {"value": "0101"},
                "countryId": {"value": "NO"},
            }
        }
    }
    assert [(each.path, each.before == each.after) for each in action.changes] == [
        ("mainAddress.addressLine1", False),
        ("mainAddress.postalCode", True),
        ("mainAddress.countryId", True),
    ]


def test_whole_mode_carries_live_members_that_are_not_declared() -> None:
    held = {**ADDRESS, "city": "Oslo", "addressLine2": None}
    plan = plan_of(
        declared(mainAddress={"addressLine1": "TestRoad 50"}),
        live=(live(mainAddress=held),),
        rules=Rules(nested_updates="whole"),
    )
    body = plan.actions[0].request.body["mainAddress"]["value"]
    assert set(body) == {"addressLine1", "postalCode", "countryId", "city"}


def test_clearing_sends_an_empty_text_or_a_null_by_the_wrapper() -> None:
    (action,) = plan_of(
        declared(gln=None, creditDaysPastDue=None, priceClassId=None),
        live=(live(gln="70", creditDaysPastDue=3, priceClassId="P"),),
    ).actions
    assert action.request.body == {
        "creditDaysPastDue": {"value": None},
        "gln": {"value": ""},
        "priceClassId": {"value": ""},
    }


def test_a_plan_tells_for_what_and_from_what_it_was_made() -> None:
    view = View((live(),), "2026-01-31T11:59:58Z", 3, 5000, 4000, 60, reading=Reading("incremental", since="then"))
    comparison = Comparison((declared(gln="1"),), view, Rules(), Memory())
    plan = compute_plan(comparison, WireCodec(), heading=HEADING, config=ConfigSummary("sha256:0", 1))
    assert plan.refresh == Refresh("incremental", "2026-01-31T11:59:58Z", 1, 3, view.reading)
    assert (plan.environment, plan.company, plan.tenant_id, plan.base_url) == (
        "production", "Demo AS", "t", "https://api.finance.visma.net",
    )  # fmt: skip
    assert (plan.reconciler_version, plan.created_at) == ("7", "2026-01-31T12:00:00Z")
    assert (plan.budget.limit, plan.budget.remaining, plan.budget.reset_seconds) == (5000, 4000, 60)
    assert (plan.summary, plan.config) == (Summary(update=1), ConfigSummary("sha256:0", 1))


def test_nothing_differs_gives_an_empty_plan() -> None:
    plan = plan_of(declared(gln=None, creditLimit=Decimal("5.0")), live=(live(gln=None, creditLimit=Decimal(5)),))
    assert plan.is_empty
    assert plan.summary.unchanged == 1


def test_a_number_is_found_whatever_its_case_and_padding() -> None:
    plan = plan_of(declared("a-1", name="A"), live=(live(" A-1 ", name="A"),))
    assert plan.is_empty


def test_create_only_and_write_only_fields_never_make_an_update() -> None:
    held = live(name="A", customerClassId="1")
    plan = plan_of(declared(name="A", overrideWithClassValues=True, overrideNumberSeries=True), live=(held,))
    assert plan.is_empty


@pytest.mark.parametrize(
    ("rules", "lifecycle"),
    [
        (Rules(ignore=("mainContact.fax",)), Lifecycle()),
        (Rules(ignore=("*.fax",)), Lifecycle()),
        (Rules(ignore=("mainContact",)), Lifecycle()),
        (Rules(), Lifecycle(ignore_changes=("mainContact.fax",))),
        (Rules(), Lifecycle(create_only=("mainContact",))),
    ],
)
def test_ignored_fields_are_created_but_never_updated(rules: Rules, lifecycle: Lifecycle) -> None:
    wanted = declared(name="A", mainContact={"fax": "1"}, lifecycle=lifecycle)
    assert plan_of(wanted, live=(live(name="A", mainContact={"fax": "2"}),), rules=rules).is_empty
    (action,) = plan_of(wanted, rules=rules).actions
    assert action.request.body["mainContact"] == {"value": {"fax": {"value": "1"}}}


def test_prevent_update_refuses_the_plan_but_shows_it() -> None:
    plan = plan_of(declared(name="B", lifecycle=Lifecycle(prevent_update=True)), live=(live(name="A"),))
    assert [each.guard for each in plan.refusals] == [Guard.LIFECYCLE]
    assert len(plan.actions) == 1


def test_a_create_without_a_name_is_an_error_not_an_action() -> None:
    plan = plan_of(declared(gln="1"))
    assert plan.is_empty
    assert [each.code for each in plan.diagnostics] == ["P501"]


def test_parents_are_created_before_their_children_whatever_the_numbers() -> None:
    plan = plan_of(
        declared("1", name="grandchild", parentRecordNumber="2"),
        declared("2", name="child", parentRecordNumber=" c3 "),
        declared("C3", name="root"),
        declared("0", name="alone"),
    )
    assert [action.number for action in plan.actions] == ["0", "C3", "2", "1"]
    assert [action.depends_on for action in plan.actions] == [(), (), ("C3",), ("2",)]


def test_a_circle_of_parents_is_an_error_that_names_each() -> None:
    plan = plan_of(
        declared("1", name="a", parentRecordNumber="2"),
        declared("2", name="b", parentRecordNumber="1"),
        declared("3", name="c", parentRecordNumber="1"),
    )
    assert [(each.code, each.summary) for each in plan.diagnostics] == [
        ("P502", "1 has the parent 2, which stands under 1 itself"),
        ("P502", "2 has the parent 1, which stands under 2 itself"),
    ]
    assert [action.number for action in plan.actions] == ["3"]


def test_a_thousand_parents_in_a_chain_are_ordered() -> None:
    chain = [declared(str(n), name="x", parentRecordNumber=str(n + 1)) for n in range(1000)]
    random.Random(1).shuffle(chain)
    plan = plan_of(*chain, declared("1000", name="root"))
    assert [action.number for action in plan.actions] == [str(n) for n in range(1000, -1, -1)]


def test_a_ref_is_found_by_its_recorded_number_then_by_its_match_fields() -> None:
    by_match = live("77", name="A", corporateId="9")
    wanted = declared(None, ref="fjell", name="A", corporateId="9")
    assert plan_of(wanted, live=(by_match,)).is_empty
    other = live("78", name="A", corporateId="9")
    memory = Memory(numbers={"fjell": "78"})
    plan = plan_of(wanted, live=(by_match, other), memory=memory)
    assert plan.is_empty
    assert not plan.diagnostics


def test_a_ref_that_matches_two_is_an_error_never_a_guess() -> None:
    plan = plan_of(
        declared(None, ref="fjell", name="A", corporateId="9", vatRegistrationId="NO9"),
        live=(
            live("77", corporateId="9", vatRegistrationId=None),
            live("78", corporateId=None, vatRegistrationId="NO9"),
        ),
    )
    assert plan.is_empty
    assert [each.code for each in plan.diagnostics] == ["I411"]


def test_two_declarations_of_one_live_customer_are_an_error() -> None:
    plan = plan_of(
        declared(None, ref="fjell", name="A", corporateId="9"),
        declared("77", name="A", line=9),
        live=(live("77", name="A", corporateId="9"),),
    )
    assert [each.code for each in plan.diagnostics] == ["I412"]


def test_a_target_brings_its_parents_along_and_nothing_else() -> None:
    plan = plan_of(
        declared("1", name="a", parentRecordNumber="2"),
        declared("2", name="b"),
        declared("3", name="c"),
        targets=frozenset({"1"}),
    )
    assert [action.number for action in plan.actions] == ["2", "1"]
    assert [each.code for each in plan.diagnostics] == ["P503"]


def test_a_parent_that_comes_along_with_a_target_is_looked_for_too() -> None:
    """A new parent that a live customer may be is no less told of because its child was the target."""
    parent, child = declared("500", name="A", corporateId="911"), declared("600", name="B", parentRecordNumber="500")
    beside = declared("700", name="C", corporateId="912")
    customers = (live("10", name="X", corporateId="911"), live("11", name="Y", corporateId="912"))
    plan = plan_of(parent, child, beside, live=customers, rules=Rules(duplicates="error"), targets=frozenset({"600"}))
    assert [action.number for action in plan.actions] == ["500", "600"]
    assert [each.code for each in plan.diagnostics] == ["P511", "P503"]
    assert [refusal.number for refusal in plan.refusals] == ["500"]


def test_the_plan_is_the_same_whatever_the_order_of_declarations_and_rows() -> None:
    wanted = [declared(str(n), name=f"N{n}", gln="1", corporateId=None) for n in range(30)]
    held = [live(str(n), name="old", corporateId="x", gln=None) for n in range(0, 30, 2)]
    first = plan_of(*wanted, live=tuple(held))
    for seed in range(5):
        random.Random(seed).shuffle(wanted)
        random.Random(seed).shuffle(held)
        again = plan_of(*wanted, live=tuple(held))
        assert again.actions == first.actions
        assert again.summary == first.summary


def test_causes_follow_what_was_last_applied() -> None:
    memory = Memory(applied={"10000": {"name": "A", "gln": "1", "corporateId": "1"}})
    (action,) = plan_of(
        declared(name="B", gln="1", corporateId="2", accountReference="new"),
        live=(live(name="A", gln="9", corporateId="3", accountReference=None),),
        memory=memory,
    ).actions
    assert {each.path: each.cause.value for each in action.changes} == {
        "name": "config",
        "gln": "drift",
        "corporateId": "both",
        "accountReference": "config",
    }


def test_what_was_applied_is_asked_for_at_once_and_for_the_customers_that_differ() -> None:
    asked: list[list[str]] = []
    memory = Memory(applied={"1": {"name": "A"}, "2": {"name": "B"}}, recall=lambda keys: asked.append(list(keys)))
    customers = (live("1", name="A"), live("2", name="Moved"), live("3", name="Moved"))
    plan = plan_of(
        *(declared(number, name=name) for number, name in zip("123", "ABC", strict=True)), live=customers, memory=memory
    )
    assert asked == [["2", "3"]]
    assert [action.changes[0].cause.value for action in plan.actions] == ["drift", "unknown"]


def test_lines_are_inserted_updated_and_only_deleted_when_the_list_is_complete() -> None:
    wanted = {"M1": {"mandateId": "M1", "iban": "NEW"}, "M2": {"mandateId": "M2", "iban": "X"}}
    held = {"M1": {"mandateId": "M1", "iban": "OLD"}, "M3": {"mandateId": "M3", "iban": "Z"}}
    customer = Live(
        1, "10000", "v", {"directDebitLines": held},
        line_ids={("directDebitLines", "M1"): "id-1", ("directDebitLines", "M3"): "id-3"},
    )  # fmt: skip
    (action,) = plan_of(declared(directDebitLines=wanted), live=(customer,)).actions
    lines = action.request.body["directDebitLines"]
    assert [(line["operation"], line.get("id")) for line in lines] == [("Update", "id-1"), ("Insert", None)]
    (action,) = plan_of(declared(directDebitLines=wanted, complete=["directDebitLines"]), live=(customer,)).actions
    lines = action.request.body["directDebitLines"]
    assert {(line["operation"], line.get("id")) for line in lines} == {
        ("Update", "id-1"), ("Insert", None), ("Delete", "id-3"),
    }  # fmt: skip
    assert "directDebitLines.M3" in [change.path for change in action.changes]


def test_a_default_payment_method_is_sent_with_its_companion_only_on_a_true_change() -> None:
    wanted = declared(defaultPaymentMethod={"paymentMethodId": "2", "isDefault": True})
    assert plan_of(wanted, live=(live(defaultPaymentMethod={"paymentMethodId": "2"}),)).is_empty
    (action,) = plan_of(wanted, live=(live(defaultPaymentMethod={"paymentMethodId": "1"}),)).actions
    assert action.request.body == {
        "defaultPaymentMethod": {"value": {"paymentMethodId": {"value": "2"}, "isDefault": {"value": True}}}
    }


def test_numbers_sort_as_people_read_them() -> None:
    assert sorted(["A-10", "A-2", "10000", "900", "B"], key=natural) == ["900", "10000", "A-2", "A-10", "B"]


def test_a_follower_that_is_declared_is_sent_along_so_that_it_stays() -> None:
    held = {"addressLine1": "A 1", "city": "Oslo"}
    plan = plan_of(
        declared(mainAddress={"city": "Bergen"}, invoiceAddress={"city": "Oslo", "addressLine1": "A 1"}),
        live=(live(mainAddress=held, invoiceAddress=held, deliveryAddress=held),),
    )
    (action,) = plan.actions
    assert action.request.body == {
        "mainAddress": {"value": {"city": {"value": "Bergen"}}},
        "invoiceAddress": {"value": {"city": {"value": "Oslo"}}},
    }
    assert [(each.path, each.before, each.after) for each in action.changes] == [
        ("mainAddress.city", "Oslo", "Bergen"),
        ("invoiceAddress.city", "Oslo", "Oslo"),
    ]
    assert [(each.code, "deliveryAddress" in each.summary) for each in plan.diagnostics] == [("P504", True)]


def test_each_declared_member_of_a_follower_that_would_move_is_held_and_no_other() -> None:
    held = {"addressLine1": "A 1", "city": "Oslo", "county": "03", "postalCode": "0101"}
    plan = plan_of(
        declared(
            mainAddress={"city": "Bergen", "county": "12", "postalCode": "5003"},
            invoiceAddress={"addressLine1": "A 1", "postalCode": "5003", "city": "Oslo", "county": "03"},
        ),
        live=(live(mainAddress=held, invoiceAddress=held),),
    )
    (action,) = plan.actions
    assert action.request.body["invoiceAddress"] == {
        "value": {"postalCode": {"value": "5003"}, "city": {"value": "Oslo"}, "county": {"value": "03"}}
    }


def test_a_follower_with_values_of_its_own_is_left_alone() -> None:
    plan = plan_of(
        declared(mainAddress={"city": "Bergen"}, invoiceAddress={"city": "Oslo"}),
        live=(live(mainAddress={"city": "Oslo", "county": "03"}, invoiceAddress={"city": "Oslo", "county": None}),),
    )
    assert list(plan.actions[0].request.body) == ["mainAddress"]
    assert not plan.diagnostics


def test_clearing_with_null_is_a_warning_or_an_error_as_the_settings_say() -> None:
    customer = live(name="A", creditDaysPastDue=3)
    wanted = declared(creditDaysPastDue=None)
    assert [each.code for each in plan_of(wanted, live=(customer,)).diagnostics] == ["P506"]
    refused = plan_of(wanted, live=(customer,), rules=Rules(send_null=False))
    assert [(each.code, each.severity) for each in refused.diagnostics] == [("P505", "error")]


def test_an_attribute_whose_id_starts_with_underscores_is_compared() -> None:
    (action,) = plan_of(declared(attributes={"__A": "x"}), live=(live(attributes={"__A": "y"}),)).actions
    assert [each.path for each in action.changes] == ["attributes.__A"]


def test_numbers_that_differ_in_case_are_told_apart_by_their_spelling_or_not_at_all() -> None:
    two = (Live(1, "a-1", "v", {"name": "x"}), Live(2, "A-1", "w", {"name": "X"}))
    (action,) = plan_of(declared("a-1", name="y"), live=two).actions
    assert action.changes[0].before == "x"
    assert [each.code for each in plan_of(declared("A-1 ", name="y"), live=two).diagnostics] == ["I411"]


def test_two_new_customers_that_the_next_run_could_not_tell_apart_are_an_error() -> None:
    for other in (declared(None, ref="b", name="B", corporateId="9"), declared("5", name="B", corporateId="9")):
        plan = plan_of(declared(None, ref="a", name="A", corporateId="9"), other)
        assert [each.code for each in plan.diagnostics if each.severity == "error"] == ["I414"]


def test_a_ref_and_a_number_that_read_alike_are_an_error() -> None:
    plan = plan_of(declared(None, ref="a", name="A", corporateId="9"), declared("ref a", name="B"))
    assert [each.code for each in plan.diagnostics] == ["I415"]


def test_a_renumbered_customer_is_recognised_and_not_created_again() -> None:
    moved = Live(7, "10050", "v", {"name": "A"})
    plan = plan_of(declared("10000", name="A"), live=(moved,), memory=Memory(identities={"10000": 7}))
    assert plan.is_empty
    assert [each.code for each in plan.diagnostics] == ["I413"]


def test_a_value_that_the_erp_stores_in_another_form_is_no_difference_for_exactly_that_pair() -> None:
    memory = Memory(normalised={"10000": {"gln": ("70 1", "701")}})
    assert plan_of(declared(gln="70 1"), live=(live(gln="701"),), memory=memory).is_empty
    assert not plan_of(declared(gln="70 1"), live=(live(gln="702"),), memory=memory).is_empty
    assert not plan_of(declared(gln="70 2"), live=(live(gln="701"),), memory=memory).is_empty


def test_removed_customers_are_named_and_deactivated_when_asked() -> None:
    memory = Memory(applied={"1": {"name": "A"}, "2": {"name": "B"}})
    held = (live("1", name="A", status="Active"), live("2", name="B", status="Active"), live("3", name="C"))
    plan = plan_of(declared("1", name="A"), live=held, memory=memory)
    assert (plan.summary.removed, plan.summary.unmanaged, plan.is_empty) == (1, 1, True)
    plan = plan_of(declared("1", name="A"), live=held, memory=memory, rules=Rules(deactivate_removed=True))
    assert plan.actions[0].request.body == {"status": {"value": "Inactive"}}


def test_a_new_customer_with_the_ids_of_a_live_one_is_warned_of_or_refused() -> None:
    held = (live("1", name="A", corporateId="9"),)
    for rules, refused in ((Rules(), True), (Rules(duplicates="warning"), False)):
        plan = plan_of(declared("2", name="B", corporateId="9"), live=held, rules=rules)
        assert [(each.code, each.severity) for each in plan.diagnostics] == [("P511", "warning")]
        assert [each.guard for each in plan.refusals] == ([Guard.DUPLICATE] if refused else [])
        assert plan.actions[0].alike == ("1",)


@pytest.mark.parametrize(("managed", "changed", "refused"), [(9, 9, False), (10, 3, False), (10, 4, True)])
def test_a_share_of_updates_counts_from_ten_managed_customers_on(managed: int, changed: int, refused: bool) -> None:
    wanted = [declared(str(n), name="new" if n < changed else "old") for n in range(managed)]
    plan = plan_of(*wanted, live=tuple(live(str(n), name="old") for n in range(managed)))
    assert [each.guard for each in plan.refusals] == ([Guard.VOLUME] if refused else [])


def test_a_number_of_creates_is_a_limit_at_any_size() -> None:
    assert not plan_of(*[declared(str(n), name="x") for n in range(50)]).refusals
    assert plan_of(*[declared(str(n), name="x") for n in range(51)]).refusals


def test_prevent_update_holds_for_a_ref_and_with_a_target() -> None:
    wanted = declared(None, ref="r", name="B", corporateId="9", lifecycle=Lifecycle(prevent_update=True))
    plan = plan_of(wanted, live=(live("77", name="A", corporateId="9"),), targets=frozenset({"r"}))
    assert [each.guard for each in plan.refusals] == [Guard.LIFECYCLE]


def test_a_ref_whose_number_is_another_customers_now_is_not_written_onto_that_one() -> None:
    memory = Memory(numbers={"r": "10"}, identities={"10": 1})
    held = (Live(1, "20", "v", {"name": "A"}), Live(2, "10", "w", {"name": "X"}))
    plan = plan_of(declared(None, ref="r", name="A", corporateId="9"), live=held, memory=memory)
    assert plan.is_empty
    assert [each.code for each in plan.diagnostics] == ["I413"]


@pytest.mark.parametrize("path", ['attributes["A.B"]', 'attributes["a.b"]', "attributes.*", "*.*"])
def test_an_attribute_whose_id_has_odd_characters_can_be_ignored(path: str) -> None:
    held = (live(attributes={"A.B": "1"}),)
    assert not plan_of(declared(attributes={"A.B": "2"}), live=held).is_empty
    assert plan_of(declared(attributes={"A.B": "2"}), live=held, rules=Rules(ignore=(path,))).is_empty
    one = declared(attributes={"A.B": "2"}, lifecycle=Lifecycle(ignore_changes=(path,)))
    assert plan_of(one, live=held).is_empty


def test_a_number_that_another_customer_has_now_is_no_match_while_its_own_lives_on() -> None:
    """A clerk renumbered 10000 to 999 and gave 10000 to somebody else: neither may be written as the other."""
    held = (Live(8, "10000", "v", {"name": "Other"}), Live(7, "999", "v", {"name": "First"}))
    plan = plan_of(declared("10000", name="First"), live=held, memory=Memory(identities={"10000": 7}))
    assert plan.is_empty
    assert [each.code for each in plan.diagnostics] == ["I413"]
    assert "999" in plan.diagnostics[0].summary
    made_anew = plan_of(declared("10000", name="First"), live=held[:1], memory=Memory(identities={"10000": 7}))
    assert [each.number for each in made_anew.actions] == ["10000"], "its own is gone: the number is what was declared"


def test_a_target_does_not_move_the_volume_guards() -> None:
    many = [declared(str(number), line=number, creditLimit=5) for number in range(100, 140)]
    held = tuple(live(str(number)) for number in range(100, 140))
    verdict = plan_of(*many, live=held, targets=frozenset(str(number) for number in range(100, 110))).guards[0]
    assert (verdict.found, verdict.passed) == (10, True)
    assert "40" in verdict.limit
