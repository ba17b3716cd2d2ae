"""The rate limit, and every fault that can be ordered."""

from __future__ import annotations

import time

import httpx
import pytest

from reconciler.sandbox import FAULT_KINDS, Fault
from reconciler.sandbox.fault_injection import FaultBook, fault_of


def test_over_the_limit_the_answer_is_429_until_the_window_ends(one, sandbox):
    sandbox.runtime.limits.restart()
    sandbox.switch(rate_limit=2, rate_window=60)
    left = [one.get().headers["x-ratelimit-remaining"] for _ in range(2)]
    assert left == ["1", "0"]
    sandbox.runtime.clock.advance(15)
    answer = one.get()
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "45")
    assert answer.headers["x-ratelimit-reset"] == "45"
    assert answer.json()["statusCode"] == 429
    sandbox.runtime.clock.advance(45)
    assert one.get().status_code == 200


def test_the_reset_can_be_epoch_time(one, sandbox):
    sandbox.switch(rate_reset="epoch")
    assert int(one.get().headers["x-ratelimit-reset"]) > 10**9


@pytest.mark.parametrize(
    ("shape", "text"), [("ipp", "IPPException"), ("text", "Rate"), ("html", "<html>"), ("empty", "")]
)
def test_the_gateways_body_is_switchable(one, sandbox, shape, text):
    sandbox.switch(rate_limit=0, gateway_body=shape)
    answer = one.get()
    assert answer.status_code == 429
    assert text in answer.text


def test_identical_requests_can_be_limited(one, sandbox):
    sandbox.switch(same_request_limit=2)
    assert [one.get().status_code for _ in range(3)] == [200, 200, 429]
    assert one.get("/1").status_code == 200
    sandbox.runtime.clock.advance(60)
    assert one.get().status_code == 200


def test_failing_requests_can_be_limited(one, sandbox):
    sandbox.switch(failed_request_limit=2)
    assert [one.get("/nobody").status_code for _ in range(3)] == [404, 404, 429]
    sandbox.runtime.clock.advance(300)
    assert one.get("/nobody").status_code == 404


def test_latency_is_added_to_every_answer(one, sandbox):
    sandbox.switch(latency_ms=60, latency_jitter_ms=1)
    start = time.monotonic()
    one.get()
    assert time.monotonic() - start >= 0.06


def test_a_scripted_answer_replaces_the_work(one, sandbox):
    sandbox.fault(method="PUT", status=502, body="<html>Bad gateway</html>", content_type="text/html")
    answer = one.put(name="Other")
    assert (answer.status_code, answer.text) == (502, "<html>Bad gateway</html>")
    assert answer.headers["content-type"] == "text/html"
    assert one.read()["name"] == "Fjellheim AS"
    assert one.put(name="Other").status_code == 204


def test_a_scripted_answer_can_follow_the_work(erp, sandbox):
    sandbox.fault(method="POST", status=504, when="after")
    answer = erp.post()
    assert (answer.status_code, answer.content) == (504, b"")
    assert erp.numbers() == ["1"]


@pytest.mark.parametrize(("when", "numbers"), [("before", []), ("after", ["1"])])
def test_a_reset_connection_leaves_the_work_undone_or_done(erp, sandbox, when, numbers):
    sandbox.fault(kind="reset", method="POST", path="/v1/customer$", when=when)
    with pytest.raises(httpx.TransportError):
        erp.post()
    assert erp.numbers() == numbers
    assert sandbox.requests[-2]["status"] == 0


@pytest.mark.parametrize(("when", "name"), [("before", "Fjellheim AS"), ("after", "Other")])
def test_a_hanging_request_outlasts_the_client(one, sandbox, when, name):
    sandbox.fault(kind="hang", seconds=30, method="PUT", when=when)
    one.http.timeout = httpx.Timeout(0.3)
    with pytest.raises(httpx.ReadTimeout):
        one.put(name="Other")
    assert one.read()["name"] == name


def test_a_hang_ends_by_closing(one, sandbox):
    sandbox.fault(kind="hang", seconds=0.05)
    with pytest.raises(httpx.TransportError):
        one.get()


def test_a_late_answer_is_whole(one, sandbox):
    sandbox.fault(kind="delay", seconds=0.1)
    start = time.monotonic()
    assert one.get().status_code == 200
    assert time.monotonic() - start >= 0.1


def test_a_dripping_answer_is_whole(one, sandbox):
    whole = one.get("/1/balance").content
    sandbox.fault(kind="drip", bytes=100, seconds=0.01)
    assert one.get("/1/balance").content == whole


def test_a_truncated_answer_breaks_its_promise(one, sandbox):
    sandbox.fault(kind="truncate", bytes=20)
    with pytest.raises(httpx.RemoteProtocolError):
        one.get()


def test_a_garbled_answer_is_no_json(one, sandbox):
    sandbox.fault(kind="garble", bytes=20)
    answer = one.get()
    assert (answer.status_code, len(answer.content)) == (200, 20)
    with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
        answer.json()


def test_tokens_can_expire_at_a_request(one, sandbox):
    sandbox.fault(kind="expire", path="/v1/customer", skip=1)
    assert [one.get().status_code for _ in range(3)] == [200, 401, 401]


def test_a_429_window_can_open_at_a_request(one, sandbox):
    sandbox.fault(kind="throttle", seconds=7)
    answer = one.get()
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")
    assert one.get().headers["x-ratelimit-remaining"] == "0"
    sandbox.runtime.clock.advance(7)
    assert one.get().status_code == 200


def test_a_page_can_shift(one, sandbox):
    one.post(number="2")
    one.post(number="3")
    sandbox.fault(kind="shift", path="pageNumber=2", rows=-1)
    assert one.numbers(pageNumber=2, pageSize=1) == ["1"]
    assert one.numbers(pageNumber=2, pageSize=1) == ["2"]


def test_location_can_name_another_host(erp, sandbox):
    sandbox.fault(kind="location", method="POST", host="https://integration.example/API/controller/api")
    location = erp.post().headers["location"]
    assert location == "https://integration.example/API/controller/api/v1/customer/1"


def test_values_can_be_kept_otherwise_than_sent(one, sandbox):
    values = {"name": "upper", "mainAddress.city": {"set": "OSLO"}, "attributes.REGION": "lower", "note": "upper"}
    sandbox.fault(kind="normalise", method="PUT", values=values)
    one.put(
        name="Other AS",
        mainAddress={"city": "Moss"},
        attributeLines=[{"attributeId": "REGION", "attributeValue": "NORTH"}],
    )
    row = one.read()
    assert (row["name"], row["mainAddress"]["city"], row["attributes"][0]["value"]) == ("OTHER AS", "OSLO", "north")
    one.put(name="Again AS")
    assert one.read()["name"] == "Again AS"


def test_a_post_can_get_another_number(erp, sandbox):
    sandbox.fault(kind="assign", method="POST", number="x99")
    assert erp.post().headers["location"].endswith("/X99")
    assert erp.numbers() == ["X99"]


def test_a_clerk_can_be_quicker_than_the_client(one, sandbox):
    etag = one.get("/1").headers["etag"]
    sandbox.fault(kind="edit", method="PUT", number="1", values={"creditLimit": "5.50"})
    assert one.put(name="Other", headers={"If-Match": etag}).status_code == 412
    assert one.read()["creditLimit"] == 5.5


def test_a_clerk_can_enter_or_renumber_a_customer_around_a_request(one, sandbox):
    sandbox.fault(kind="create", method="POST", number="7", values={"name": "Clerk AS", "corporateId": "923456783"})
    sandbox.fault(kind="renumber", method="GET", path="/1$", number="1", new="8", when="after")
    assert "already exists" in one.post(number="7").json()["message"]
    assert [one.get("/1").status_code for _ in range(2)] == [200, 404]
    assert (one.read("7")["corporateId"], one.read("8")["name"]) == ("923456783", "Fjellheim AS")


def test_a_clerks_act_that_cannot_be_done_leaves_everything_as_it_is(one, sandbox):
    before = one.read()
    for kind, values in (("edit", {"number": "9"}), ("renumber", {"number": "1", "new": "1"}), ("vanish", {})):
        sandbox.fault(kind=kind, **values)
    sandbox.fault(kind="create", number="1", values={"name": "Clerk AS"})
    for _ in range(4):
        assert one.read() == before


def test_one_request_can_meet_other_switches_than_the_rest(one, sandbox):
    sandbox.fault(kind="switch", method="PUT", skip=1, values={"put_stores": "nothing"})
    for city in ("Moss", "Hamar"):
        assert one.put(mainAddress={"city": city}).status_code == 204
    assert one.read()["mainAddress"]["city"] == "Moss"
    assert sandbox.switches.put_stores == "all"


def test_a_customer_can_vanish_at_a_request(one, sandbox):
    sandbox.fault(kind="vanish", number="1", when="after")
    assert one.get("/1").status_code == 200
    assert one.get("/1").status_code == 404


def test_faults_wait_skip_and_strike_as_often_as_told():
    book = FaultBook()
    book.add(Fault(method="GET", path="/a", skip=1, count=2))
    book.add(Fault(kind="delay"))
    struck = [book.take("GET", "/a") for _ in range(5)]
    assert [one.kind if one else None for one in struck] == ["delay", "respond", "respond", None, None]
    assert book.pending() == []


def test_chance_is_the_same_for_the_same_seed():
    def run(seed):
        book = FaultBook(seed)
        book.add(Fault(probability=0.5, count=0))
        return [book.take("GET", "/") is not None for _ in range(50)]

    assert run(1) == run(1) != run(2)
    assert 10 < sum(run(1)) < 40


@pytest.mark.parametrize(
    "values",
    [
        {"kind": "none"},
        {"when": "never"},
        {"path": "("},
        {"count": "x"},
        {"wrong": 1},
        {"body": 5},
        {"values": []},
        {"kind": "edit", "values": {"x": 1}},
        {"kind": "normalise", "values": {"name": "louder"}},
        {"kind": "create", "values": {"number": "5"}},
        {"kind": "switch", "values": {"put_stores": "some"}},
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(values):
    with pytest.raises(ValueError, match=r"."):
        fault_of(values)


def test_every_kind_of_fault_is_tested_here():
    with open(__file__, encoding="utf-8") as file:  # noqa: PTH123 (any open file will do)
        text = file.read()
    kinds = set(FAULT_KINDS) - {"respond"}
    assert [kind for kind in kinds if f'kind="{kind}"' not in text] == []
