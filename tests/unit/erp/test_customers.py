"""The gateway against a real server: reading the list whole, single customers, writes."""

from __future__ import annotations

import base64
from decimal import Decimal
from typing import Any

import pytest

from reconciler.core.errors import (
    AnswerLost,
    Conflict,
    NotFound,
    PermissionDenied,
    Refused,
    Rejected,
    TornView,
    UnexpectedAnswer,
)
from reconciler.core.plan import Request
from reconciler.core.ports import Need, Sent
from reconciler.erp.customers import Customers
from reconciler.erp.listing import expand_flags
from tests.unit.erp.scripted import Client, Reply, Scripted, Seen, reply

NAMES = Need(frozenset({"number", "name"}), {})
LIST = "/v1/customer"


def version(count: int) -> str:
    return base64.b64encode(count.to_bytes(8)).decode()


def row(identity: int, total: int | None = None, **members: Any) -> dict[str, Any]:
    metadata = {} if total is None else {"metadata": {"totalCount": total, "maxPageSize": 1000}}
    return {
        "internalId": identity,
        "number": str(identity),
        "name": f"Customer {identity}",
        "timeStamp": version(identity),
        **metadata,
        **members,
    }


def paged(numbers: list[int], maximum: int, total: int | None = -1) -> Any:
    """A list that cuts pages to `maximum`; total -1 is the true one, None leaves metadata out."""

    def answer(seen: Seen) -> Reply:
        size = min(int(seen.query["pageSize"]), maximum)
        start = (int(seen.query["pageNumber"]) - 1) * size
        count = len(numbers) if total == -1 else total
        return reply([row(number, count) for number in numbers[start : start + size]])

    return answer


def numbers_of(view: Any) -> list[str]:
    return [customer.number for customer in view.customers]


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 7, 10, 11])
@pytest.mark.parametrize("maximum", [1, 3, 10, 1000])
@pytest.mark.parametrize("total", [-1, None])
def test_the_list_is_read_whole_however_pages_are_cut(
    erp: Scripted, customers: Customers, count: int, maximum: int, total: int | None
) -> None:
    erp.on("GET", LIST, paged(list(range(1, count + 1)), maximum, total))
    view = customers.refresh(NAMES)
    assert numbers_of(view) == [str(number) for number in range(1, count + 1)]
    assert view.requests == len(erp.calls())


def test_a_page_that_holds_everything_costs_one_request(erp: Scripted, customers: Customers) -> None:
    erp.on("GET", LIST, paged(list(range(1, 10)), 1000))
    assert customers.refresh(NAMES).requests == 1


def test_after_a_full_page_one_more_shows_that_it_was_the_last(erp: Scripted, customers: Customers) -> None:
    erp.on("GET", LIST, paged(list(range(1, 11)), 1000))
    assert customers.refresh(NAMES).requests == 2


def test_both_paging_parameters_and_only_needed_expand_flags_are_sent(erp: Scripted, customers: Customers) -> None:
    erp.on("GET", LIST, paged([1], 1000))
    customers.refresh(Need(frozenset({"name", "glAccounts"}), {}))
    assert erp.seen[-1].query == {"pageNumber": "1", "pageSize": "10", "expandAccountInformation": "true"}


def test_expand_flags_follow_the_field_table() -> None:
    assert expand_flags(NAMES) == ()
    assert expand_flags(Need(frozenset({"directDebitLines"}), {})) == ("expandDirectDebit",)


def test_the_view_tells_when_it_was_read_and_what_the_rate_window_is(erp: Scripted, customers: Customers) -> None:
    headers = {"X_RateLimit_Limit": "5000", "X_RateLimit_Remaining": "4999", "X_RateLimit_Reset": "1800"}
    erp.on("GET", LIST, reply([row(1, 1)], **headers))
    view = customers.refresh(NAMES)
    assert (view.limit, view.remaining, view.reset_seconds) == (5000, 4999, 1800)
    assert view.as_of == "2025-11-24T16:00:00Z"


def test_a_repeated_row_counts_once_and_its_newest_version_stays(erp: Scripted, customers: Customers) -> None:
    shifted = [row(1, 2, timeStamp=version(9), name="new"), row(1, 2, timeStamp=version(5)), row(2, 2)]
    erp.on("GET", LIST, reply(shifted))
    view = customers.refresh(NAMES)
    assert [customer.name for customer in view.customers] == ["new", "Customer 2"]


def test_a_reading_that_disagrees_with_the_total_is_repeated(erp: Scripted, customers: Customers) -> None:
    erp.on("GET", LIST, reply([row(1, 2), row(1, 2)]), reply([row(1, 2), row(2, 2)]))
    view = customers.refresh(NAMES)
    assert numbers_of(view) == ["1", "2"]
    assert view.requests == 3, "the second reading goes on until a page brings nothing new"


def test_a_total_that_changes_while_paging_is_a_disagreement(erp: Scripted, customers: Customers) -> None:
    first, grown = [row(1, 3), row(2, 3)], [row(3, 4), row(4, 4)]
    steady = [row(number, 4) for number in range(1, 5)]
    erp.on("GET", LIST, reply(first), reply(grown), reply(steady))
    assert numbers_of(customers.refresh(NAMES)) == ["1", "2", "3", "4"]


def test_a_list_that_never_agrees_is_torn(erp: Scripted, customers: Customers) -> None:
    erp.on("GET", LIST, reply([row(1, 2), row(1, 2)]))
    with pytest.raises(TornView, match="1 different customers were read, but the ERP counts 2") as caught:
        customers.refresh(NAMES)
    assert len(erp.calls()) == 5
    assert caught.value.remedy


def test_a_row_that_hides_between_two_pages_makes_a_second_reading(erp: Scripted, customers: Customers) -> None:
    """Row 2 moves to the first page after that was read: page 2 then begins with row 3's successor."""
    erp.on(
        "GET",
        LIST,
        reply([row(1, 4), row(3, 4)]),
        reply([row(3, 4), row(4, 4)]),
        reply([row(number, 4) for number in (1, 2, 3, 4)]),
    )
    assert numbers_of(customers.refresh(NAMES)) == ["1", "2", "3", "4"]


def test_a_list_without_end_is_not_read_for_ever(erp: Scripted, client: Client) -> None:
    with client.open(most_pages=5) as customers:
        erp.on("GET", LIST, lambda seen: reply([row(int(seen.query["pageNumber"]))]))
        with pytest.raises(UnexpectedAnswer, match="did not end after 5 pages"):
            customers.refresh(NAMES)
        erp.on("GET", LIST, reply([row(1, 10**12)]))
        with pytest.raises(UnexpectedAnswer, match="more than 5"):
            customers.refresh(NAMES)


def test_a_server_that_ignores_paging_does_not_loop(erp: Scripted, customers: Customers) -> None:
    erp.on("GET", LIST, reply([row(1), row(2)]))
    assert numbers_of(customers.refresh(NAMES)) == ["1", "2"]


def test_notes_are_read_only_for_the_customers_that_declare_them(erp: Scripted, customers: Customers) -> None:
    erp.on("GET", LIST, paged([1, 2, 3, 4], 1000))
    erp.on("GET", f"{LIST}/2/note", reply({"note": "Call first"}))
    erp.on("GET", f"{LIST}/4/note", reply({}))
    sales = [{"salePersonID": "S1", "locationID": "Main", "commisionPct": 2.50, "isDefault": True}]
    erp.on("GET", f"{LIST}/2/salespersons", reply(sales))
    fields = frozenset({"name", "note", "salesPersons"})
    view = customers.refresh(Need(fields, {"note": frozenset({"2", "4"}), "salesPersons": frozenset({"2"})}))
    assert [customer.values.get("note", "unknown") for customer in view.customers] == [
        "unknown",
        "Call first",
        "unknown",
        None,
    ]
    assert view.customers[1].values["salesPersons"] == {
        "S1/Main": {
            "salesPersonID": "S1",
            "locationID": "Main",
            "commissionPct": Decimal("2.5"),
            "isDefault": True,
        }
    }
    assert view.requests == 4


def test_a_missing_note_route_is_not_taken_for_a_missing_customer(erp: Scripted, customers: Customers) -> None:
    erp.on("GET", LIST, paged([1], 1000))
    erp.on("GET", f"{LIST}/1/note", reply({"message": "no"}, 404))
    with pytest.raises(UnexpectedAnswer, match="but the customer exists"):
        customers.refresh(Need(frozenset({"note"}), {"note": frozenset({"1"})}))


def test_one_customer_has_the_version_of_the_etag_else_of_the_body(erp: Scripted, customers: Customers) -> None:
    erp.on("GET", f"{LIST}/1", reply(row(1), ETag='W/"AAAAAE0YIiI="'), reply(row(1)))
    assert customers.customer("1", NAMES).version == "AAAAAE0YIiI="
    assert customers.customer("1", NAMES).version == version(1)


def test_only_a_404_means_that_a_customer_does_not_exist(erp: Scripted, customers: Customers) -> None:
    erp.on("GET", f"{LIST}/1", reply({"message": "gone"}, 404))
    with pytest.raises(NotFound, match="gone"):
        customers.customer("1", NAMES)
    erp.on("GET", f"{LIST}/1", reply({"message": "no scope"}, 403))
    with pytest.raises(PermissionDenied):
        customers.customer("1", NAMES)


def test_another_customer_than_asked_for_is_not_taken(erp: Scripted, customers: Customers) -> None:
    erp.on("GET", f"{LIST}/1", reply(row(2)))
    with pytest.raises(UnexpectedAnswer, match="another customer"):
        customers.customer("1", NAMES)


@pytest.mark.parametrize(
    ("number", "target"),
    [
        ("10000", "10000"),
        ("A/B", "b64(QS9C)"),
        (":/?#[]@&*+;", "b64(Oi8_I1tdQCYqKzs)"),
        ("Å 1", "%C3%85%201"),
        ("..", "b64(Li4)"),
        ("balance", "b64(YmFsYW5jZQ)"),
        ("50%", "50%25"),
    ],
)
def test_numbers_reach_the_server_as_the_api_wants_them(
    erp: Scripted, customers: Customers, number: str, target: str
) -> None:
    erp.on("GET", f"{LIST}/{target}", reply(row(1, number=number)))
    customers.customer(number, NAMES)
    assert erp.seen[-1].target == f"{LIST}/{target}"


PUT = Request("PUT", f"{LIST}/10000", "AAAAAE0YIiI=", {"creditLimit": {"value": Decimal("1000.10")}})
POST = Request("POST", LIST, None, {"name": {"value": "New"}})


def test_an_update_carries_its_version_and_exact_decimals(erp: Scripted, customers: Customers) -> None:
    erp.on("PUT", f"{LIST}/10000", Reply(204, headers={"ETag": '"AAAAAE0YIiM="'}))
    assert customers.send(PUT) == Sent("10000", "AAAAAE0YIiM=")
    seen = erp.seen[-1]
    assert seen.headers["if-match"] == '"AAAAAE0YIiI="'
    assert seen.headers["content-type"] == "application/json"
    assert seen.body == b'{"creditLimit":{"value":1000.10}}'


def test_412_is_a_conflict(erp: Scripted, customers: Customers) -> None:
    erp.on("PUT", f"{LIST}/10000", Reply(412))
    with pytest.raises(Conflict):
        customers.send(PUT)
    assert len(erp.calls()) == 1


def test_an_update_without_version_is_not_sent(erp: Scripted, customers: Customers) -> None:
    with pytest.raises(UnexpectedAnswer, match="is not sent"):
        customers.send(Request("PUT", f"{LIST}/10000", None, {}))
    assert erp.seen == []


@pytest.mark.parametrize(
    "request_",
    [
        Request("DELETE", f"{LIST}/1", "AAAA", {}),
        Request("PUT", f"{LIST}/internal/1", "AAAA", {}),
        Request("PUT", LIST, "AAAA", {}),
        Request("POST", f"{LIST}/action/changeCustomerCd/1", None, {}),
        Request("PUT", f"{LIST}/../x", "AAAA", {}),
        Request("PUT", f"{LIST}/..", "AAAA", {}),
        Request("PUT", f"{LIST}/a b", "AAAA", {}),
        Request("PUT", "https://elsewhere.example/v1/customer/1", "AAAA", {}),
    ],
)
def test_what_is_no_write_of_a_customer_is_not_sent(erp: Scripted, customers: Customers, request_: Request) -> None:
    with pytest.raises(Refused):
        customers.send(request_)
    assert erp.calls() == []


@pytest.mark.parametrize(
    ("location", "number"),
    [
        ("https://integration.visma.net/API/controller/api/v1/customer/10000", "10000"),
        ("/v1/customer/b64(QS9C)", "A/B"),
        ("https://api.finance.visma.net/v1/customer/%C3%85%201", "Å 1"),
        ("https://api.finance.visma.net/v1/customer/10000/", "10000"),
        ("https://api.finance.visma.net/v1/customer/10000?x=1", "10000"),
    ],
)
def test_a_new_customers_number_is_in_the_location(
    erp: Scripted, customers: Customers, location: str, number: str
) -> None:
    erp.on("POST", LIST, Reply(201, b"{}", {"Location": location}))
    assert customers.send(POST) == Sent(number, None)
    assert len(erp.calls()) == 1


@pytest.mark.parametrize("location", ["", "/v1/customer", "/v1/customer/internal/5", "/v1/customer/b64(!)", "http://["])
@pytest.mark.parametrize("status", [200, 201, 204])
def test_success_without_a_number_may_have_made_a_customer(
    erp: Scripted, customers: Customers, status: int, location: str
) -> None:
    erp.on("POST", LIST, Reply(status, b"", {"Location": location} if location else {}))
    with pytest.raises(AnswerLost) as caught:
        customers.send(POST)
    assert "may exist" in caught.value.remedy


@pytest.mark.parametrize("request_", [PUT, POST])
def test_queued_is_not_done(erp: Scripted, customers: Customers, request_: Request) -> None:
    erp.on(request_.method, request_.path, reply({"id": "1", "stateLocation": "x"}, 202))
    with pytest.raises(UnexpectedAnswer, match="202"):
        customers.send(request_)


def test_a_refused_write_tells_why_and_is_not_repeated(erp: Scripted, customers: Customers) -> None:
    erp.on("POST", LIST, reply({"message": "VismaId: 3f0c1f0e-52a5. 'Customer ID' cannot be empty.\r\n"}, 400))
    with pytest.raises(Rejected, match="'Customer ID' cannot be empty") as caught:
        customers.send(POST)
    assert caught.value.reference == "3f0c1f0e-52a5"
    assert len(erp.calls()) == 1


def test_check_tells_scopes_lifetime_and_budget(erp: Scripted, customers: Customers) -> None:
    erp.on("GET", LIST, reply([row(1, 42)], X_RateLimit_Remaining="7"))
    access = customers.check()
    assert (access.scopes, access.expires_in, access.customers) == (("a", "b"), 3600, 42)
    assert access.window is not None
    assert access.window.remaining == 7
    assert erp.seen[-1].query == {"pageNumber": "1", "pageSize": "1"}


def test_check_of_an_empty_company_counts_none(erp: Scripted, customers: Customers) -> None:
    erp.on("GET", LIST, reply([]))
    assert customers.check().customers == 0


def test_pages_stream_with_the_apis_own_filters(erp: Scripted, customers: Customers) -> None:
    erp.on("GET", LIST, paged([1, 2, 3], 2))
    filters = {"lastModifiedDateTime": "2026-01-31 10:00:00", "lastModifiedDateTimeCondition": ">="}
    pages = list(customers.stream(NAMES, filters))
    assert [len(page.read) for page in pages] == [2, 1]
    assert [page.total for page in pages] == [3, 3]
    assert "lastModifiedDateTime=2026-01-31%2010%3A00%3A00&lastModifiedDateTimeCondition=%3E%3D" in erp.seen[-1].target


def test_a_page_stream_that_is_left_early_stops(erp: Scripted, customers: Customers) -> None:
    erp.on("GET", LIST, paged(list(range(1, 101)), 1))
    next(iter(customers.stream(NAMES)))
    assert len(erp.calls()) == 1


def test_classes_are_listed(erp: Scripted, customers: Customers) -> None:
    attribute = {
        "attributeId": "REGION",
        "required": True,
        "attributeType": "Combo",
        "details": [{"id": "NORTH"}],
    }
    classes = [
        {"id": "1", "description": "Norway", "requiredTaxzoneId": True, "attributes": [attribute]},
        {"id": "2"},
    ]
    erp.on("GET", f"{LIST}/customerClass", reply(classes))
    first, second = customers.classes()
    assert (first.id, first.requires_vat_zone, first.attributes[0].values) == ("1", True, ("NORTH",))
    assert (second.id, second.attributes) == ("2", ())


@pytest.mark.parametrize("wrong", [{"id": 1}, {"attributes": {}}, {"attributes": ["x"]}, {"requiredTaxzoneId": "no"}])
def test_a_class_of_another_shape_is_told_and_costs_no_other(
    erp: Scripted, customers: Customers, wrong: dict[str, Any]
) -> None:
    erp.on("GET", f"{LIST}/customerClass", reply([{"id": "1", **wrong}, {"id": "2"}, 7]))
    bad, sound, none = customers.classes()
    assert next(iter(wrong)) in bad.problem
    assert (sound.id, sound.problem, none.id) == ("2", "", "")


def test_raw_rows_are_the_apis_own(erp: Scripted, customers: Customers) -> None:
    erp.on("GET", f"{LIST}/1", reply(row(1, errorInfo="x")))
    assert customers.row("1") == row(1, errorInfo="x")


ACTION = f"{LIST}/action/changeCustomerCd/7"


def _renumber(path: str = ACTION, method: str = "POST") -> Request:
    return Request(method, path, None, {"customerCd": "20000"})


def test_a_renumbering_goes_by_the_internal_id_and_its_answer_is_told_as_it_is(
    erp: Scripted, customers: Customers
) -> None:
    erp.on("POST", ACTION, reply({"actionId": "a1", "actionResult": "Failed", "errorInfo": "No."}))
    acted = customers.renumber(_renumber())
    assert (acted.result, acted.id, acted.error) == ("Failed", "a1", "No.")
    assert erp.seen[-1].json == {"customerCd": "20000"}
    assert "if-match" not in erp.seen[-1].headers


@pytest.mark.parametrize("answer", [reply({}, 500), reply({}), Reply(204)])
def test_a_renumbering_without_a_result_may_or_may_not_be_done(
    erp: Scripted, customers: Customers, answer: Reply
) -> None:
    erp.on("POST", ACTION, answer)
    with pytest.raises(AnswerLost):
        customers.renumber(_renumber())


@pytest.mark.parametrize("request_", [_renumber(f"{LIST}/1"), _renumber(f"{ACTION}x"), _renumber(method="PUT")])
def test_nothing_but_a_renumbering_is_sent_as_one(customers: Customers, request_: Request) -> None:
    with pytest.raises(Refused):
        customers.renumber(request_)


def test_the_number_of_an_internal_id_is_read(erp: Scripted, customers: Customers) -> None:
    erp.on("GET", f"{LIST}/internal/7", reply(row(7, number="A")), reply(row(8)))
    assert customers.number_of(7) == "A"
    with pytest.raises(UnexpectedAnswer, match="another customer"):
        customers.number_of(7)
