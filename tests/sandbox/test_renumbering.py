"""The action changeCustomerCd: its results, when it ends, and what follows the number."""

from __future__ import annotations

import json

import httpx
import pytest

from reconciler.sandbox import Options, Sandbox


@pytest.fixture
def renumber(one):
    """Ask for another number of customer 1; answers the HTTP answer."""
    path = f"/v1/customer/action/changeCustomerCd/{one.read()['internalId']}"

    def call(number="2", body=""):
        content = body or json.dumps({"customerCd": number})
        return one.http.post(path, content=content, headers={"content-type": "application/json"})

    return call


def result(answer):
    assert answer.status_code == 200, answer.text
    assert set(answer.json()) == {"actionId", "actionResult", "errorInfo"}
    return answer.json()["actionResult"]


def test_a_customer_is_renumbered_by_internal_id(one, renumber):
    before = one.read()
    assert result(renumber(" new ")) == "Done"
    assert one.get("/1").status_code == 404
    after = one.read("NEW")
    assert after["internalId"] == before["internalId"]
    assert after["timeStamp"] > before["timeStamp"]
    assert one.get(f"/internal/{before['internalId']}").json() == after


def test_a_new_number_can_leave_the_version_alone(one, renumber, sandbox):
    before = one.read()
    sandbox.runtime.clock.advance(60)
    sandbox.switch(renumber_touches=False)
    renumber()
    assert one.read("2") == {**before, "number": "2"}


def test_children_name_the_new_number_and_keep_their_version(one, renumber):
    one.post(number="child", parentRecordNumber="1")
    before = one.read("child")
    renumber()
    assert one.read("child") == {**before, "parentRecord": {"number": "2", "name": "Fjellheim AS"}}
    assert one.put("child", parentRecordNumber="1").status_code == 400


def test_an_old_version_is_refused_after_renumbering(one, renumber):
    etag = one.get("/1").headers["etag"]
    renumber()
    assert one.put("2", name="Other", headers={"If-Match": etag}).status_code == 412


@pytest.mark.parametrize("number", ["2", "", "  ", "x" * 31])
@pytest.mark.parametrize(("refused", "status"), [("failed", 200), ("error", 400)])
def test_a_number_that_cannot_be_given_changes_nothing(one, renumber, sandbox, number, refused, status):
    sandbox.switch(renumber_refused=refused, max_lengths="refuse")
    one.post(number="2")
    before = one.read()
    answer = renumber(number)
    assert answer.status_code == status
    if refused == "failed":
        assert (answer.json()["actionResult"], "Customer" in answer.json()["errorInfo"]) == ("Failed", True)
    assert one.read() == before
    assert [entry["path"] for entry in sandbox.store.write_log()] == ["/v1/customer", "/v1/customer"]


@pytest.mark.parametrize(("same", "answered"), [("taken", "Failed"), ("done", "Done")])
def test_the_number_that_the_customer_has_is_taken_or_done_already(one, renumber, sandbox, same, answered):
    sandbox.switch(renumber_same=same)
    before = one.read()
    assert result(renumber("1")) == answered
    assert one.read() == before


@pytest.mark.parametrize("body", ['{"customerCd": {"value": "2"}}', '{"customerNr": "2"}', r'{"customerCd": "\ud800"}'])
def test_a_body_of_the_wrong_shape_is_refused(one, renumber, body):
    assert renumber(body=body).status_code == 400
    assert one.numbers() == ["1"]


def test_an_unknown_internal_id_is_404(one):
    assert one.http.post("/v1/customer/action/changeCustomerCd/1", json={"customerCd": "2"}).status_code == 404


@pytest.mark.parametrize(
    ("wanted", "granted", "status"),
    [
        ("update_or_create", "update", 200),
        ("update_or_create", "create", 200),
        ("update_or_create", "read", 403),
        ("update", "create", 403),
        ("create", "update", 403),
    ],
)
def test_the_action_needs_a_scope(one, renumber, sandbox, wanted, granted, status):
    sandbox.switch(action_scope=wanted)
    one.http.headers["Authorization"] = f"Bearer {one.token(scope=f'vismanet_erp_service_api:{granted}')}"
    assert renumber().status_code == status


def test_the_action_can_fail_on_demand(one, renumber, sandbox):
    sandbox.fault(kind="switch", path="changeCustomerCd", values={"renumber_result": "Failed"})
    answer = renumber()
    assert (result(answer), bool(answer.json()["errorInfo"])) == ("Failed", True)
    assert one.numbers() == ["1"]
    assert result(renumber()) == "Done"


@pytest.mark.parametrize("waiting", ["Queued", "InProcess"])
@pytest.mark.parametrize(("ends", "numbers"), [("Done", ["2"]), ("Failed", ["1"])])
def test_a_waiting_action_ends_by_the_sandboxs_clock(one, renumber, sandbox, waiting, ends, numbers):
    sandbox.switch(renumber_result=waiting, renumber_ends=ends, renumber_seconds=5)
    assert result(renumber()) == waiting
    sandbox.runtime.clock.advance(4)
    assert one.numbers() == ["1"]
    sandbox.runtime.clock.advance(1)
    assert one.numbers() == numbers


def test_a_waiting_action_ends_after_some_requests(one, renumber, sandbox):
    sandbox.switch(renumber_result="Queued", renumber_seconds=0, renumber_requests=2)
    renumber()
    assert [one.numbers() for _ in range(4)] == [["1"], ["1"], ["2"], ["2"]]


def test_a_waiting_action_gives_way_to_who_took_the_number_meanwhile(one, renumber, sandbox):
    sandbox.switch(renumber_result="Queued", renumber_seconds=0)
    renumber()
    sandbox.store.create({"name": "Clerk AS"}, number="2")
    assert one.numbers() == ["1", "2"]
    assert one.read("2")["name"] == "Clerk AS"


def test_a_waiting_action_of_a_customer_that_vanishes_ends_in_silence(one, renumber, sandbox):
    sandbox.switch(renumber_result="Queued", renumber_seconds=0)
    renumber()
    sandbox.store.delete("1")
    assert one.numbers() == []


def test_a_waiting_action_ends_though_the_server_is_another_one(one, renumber, sandbox):
    sandbox.switch(renumber_result="Queued", renumber_seconds=0)
    renumber()
    with Sandbox(sandbox.store.path, options=Options(clock=sandbox.runtime.clock.now)) as restarted:
        httpx.get(f"{restarted.base_url}/v1/customer", trust_env=False)
    assert sandbox.store.numbers() == ["2"]
