"""The control API and the page about it."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.sandbox import FAULT_KINDS, switch_table
from reconciler.sandbox.control import _from_here

DOCUMENT = Path(__file__).parents[2] / "docs" / "sandbox.md"


@pytest.fixture
def control(erp):
    def call(method, path="", **values):
        return erp.http.request(method, f"/sandbox{path}", json=values or None)

    return call


def test_a_company_is_seeded_edited_renumbered_deleted_and_reset(control):
    assert control("POST", "/seed", count=3, seed=7).json() == {"added": 3, "customers": 3}
    edited = control("POST", "/edit", number="10000", values={"creditLimit": 19.99, "attributes.REGION": "WEST"})
    assert (edited.json()["creditLimit"], edited.json()["attributes"]["REGION"]) == (19.99, "WEST")
    assert control("POST", "/renumber", number="10000", new="5").json()["number"] == "5"
    created = control("POST", "/create", values={"name": "Clerk AS", "customerClassId": "RETAIL"})
    assert (created.json()["number"], created.json()["creditTermsId"]) == ("100000", "10")
    assert control("POST", "/create", number="6", values={"name": "Clerk AS"}).json()["number"] == "6"
    assert control("POST", "/delete", number="10001").json() == {"customers": 4}
    assert [one["number"] for one in control("GET", "/customers").json()] == ["100000", "10002", "5", "6"]
    assert control("POST", "/reset").json()["customers"] == 0


@pytest.mark.parametrize(
    ("method", "path", "values"),
    [
        ("POST", "/edit", {"number": "none", "values": {}}),
        ("POST", "/edit", {"values": {}}),
        ("POST", "/create", {}),
        ("POST", "/create", {"values": {"status": "Active"}}),
        ("POST", "/create", {"values": {"name": "A", "number": "5"}}),
        ("POST", "/seed", {"count": "3"}),
        ("POST", "/seed", {"cuont": 3}),
        ("PUT", "/switches", {"rate_limit": "x"}),
        ("PUT", "/clock", {"now": "noon"}),
        ("POST", "/faults", {"kind": "none"}),
    ],
)
def test_a_wrong_order_is_400_with_the_reason(control, method, path, values):
    answer = control(method, path, **values)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_switches_are_read_set_and_defaulted(control, sandbox):
    assert control("PUT", "/switches", page_size_max=7).json()["page_size_max"] == 7
    assert control("GET").json()["switches"] == {"page_size_max": 7}
    assert control("DELETE", "/switches").json()["page_size_max"] == 1000
    assert sandbox.switches.page_size_max == 1000


def test_the_clock_is_set_advanced_and_released(control, one):
    assert control("PUT", "/clock", now="2027-01-01T00:00:00Z").json()["now"] == "2027-01-01T00:00:00+00:00"
    assert control("PUT", "/clock", advance=90).json()["now"] == "2027-01-01T00:01:30+00:00"
    assert control("PUT", "/clock", release=True).json()["now"] < "2027"


def test_faults_are_queued_shown_and_cleared(control, erp):
    control("POST", "/faults", faults=[{"status": 503, "count": 0}, {"kind": "delay", "probability": 0.5}])
    assert [fault["kind"] for fault in control("GET", "/faults").json()] == ["respond", "delay"]
    assert erp.get().status_code == 503
    assert control("DELETE", "/faults").json() == []
    assert erp.get().status_code == 200


def test_one_bad_fault_adds_none(control):
    assert control("POST", "/faults", faults=[{"status": 503}, {"kind": "none"}]).status_code == 400
    assert control("GET", "/faults").json() == []


def test_writes_and_requests_can_be_read(control, one):
    one.get("/nobody")
    assert control("GET", "/writes").json()[0]["body"]["name"] == {"value": "Fjellheim AS"}
    last = control("GET", "/requests").json()[-1]
    assert (last["method"], last["target"], last["status"]) == ("GET", "/v1/customer/nobody", 404)
    assert control("DELETE", "/requests").json() == []


def test_tokens_and_limits_can_be_ended(control, one, sandbox):
    control("POST", "/tokens/expire")
    assert one.get().status_code == 401
    sandbox.runtime.limits.block(60)
    control("POST", "/limits/restart")
    assert one.get().status_code == 401


def test_a_reset_of_all_takes_switches_faults_and_clock_along(control, sandbox):
    sandbox.switch(rate_limit=5)
    sandbox.fault(status=500)
    assert control("POST", "/reset", all=True).json()["switches"] == {}
    assert sandbox.runtime.faults.pending() == []


def test_the_control_api_is_deaf_to_browsers_and_other_machines(erp):
    assert erp.http.get("/sandbox", headers={"Origin": "https://evil.example"}).status_code == 403

    class Request:
        headers: dict[str, str] = {}  # noqa: RUF012 (stands in for a request)

        class client:  # noqa: N801 (named as in Starlette)
            host = "192.168.1.5"

    assert not _from_here(Request())


def test_control_calls_do_not_count_and_meet_no_faults(control, one, sandbox):
    sandbox.fault(status=500, count=0)
    before = one.get().headers["x-ratelimit-remaining"]
    assert control("GET").status_code == 200
    assert one.get().headers["x-ratelimit-remaining"] == before


def test_the_page_lists_every_switch_and_every_fault():
    text = DOCUMENT.read_text(encoding="utf-8")
    missing = [
        row["name"]
        for row in switch_table()
        if f"| `{row['name']}` | `{row['default']}` | {row['question']} | {row['doc']}" not in text
    ]
    missing += [kind for kind in FAULT_KINDS if f"| `{kind}` |" not in text]
    assert missing == []
