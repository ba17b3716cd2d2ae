"""What goes wrong on the way to the ERP: one clear message, no traceback, the documented exit code."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from typing import Any

import pytest

from tests.acceptance.conftest import Company, Ended

DECLARED = "{number: 10000, name: A}"
LIST = "/v1/customer\\?"


def one_message(ended: Ended, *words: str) -> None:
    """One error, said once, with the words, without a traceback or a tag."""
    assert sum(line.startswith("Error:") for line in ended.err.splitlines()) == 1, ended.err
    assert "Traceback" not in ended.err
    assert "<html" not in ended.err.lower()
    for word in words:
        assert word.lower() in ended.err.lower(), ended.err


def test_a_wrong_secret_is_said_without_showing_it(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISMA_CLIENT_SECRET", "hunter2-very-secret")
    company.declare(DECLARED)
    for command in (["plan"], ["--log-level", "debug", "plan"], ["auth"]):
        ended = company.run(*command)
        assert ended.code == 1
        one_message(ended, "client", "VISMA_CLIENT_SECRET")
        assert "hunter2" not in ended.out + ended.err


def test_a_wrong_tenant_is_named(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISMA_TENANT_ID", "not-ours")
    company.declare(DECLARED)
    ended = company.run("plan")
    assert ended.code == 1
    one_message(ended, "tenant")


def test_missing_credentials_are_named_before_any_request(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VISMA_CLIENT_ID")
    monkeypatch.delenv("VISMA_CLIENT_SECRET")
    company.declare(DECLARED)
    ended = company.run("plan")
    assert ended.code == 3
    assert "VISMA_CLIENT_ID" in ended.err
    assert "VISMA_CLIENT_SECRET" in ended.err
    assert company.sandbox.requests == []


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (
            {"kind": "respond", "status": 502, "content_type": "text/html",
             "body": "<html><head><title>502 Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>"},
            ["502", "Bad Gateway"],
        ),
        ({"kind": "respond", "status": 200, "body": "[{\"internalId\": 1,"}, ["JSON"]),
        ({"kind": "respond", "status": 200, "body": "{\"not\": \"a list\"}"}, ["array"]),
        ({"kind": "respond", "status": 200, "content_type": "text/html", "body": "<html>Sign in</html>"}, ["JSON"]),
        ({"kind": "truncate", "bytes": 20}, ["closed the connection"]),
        ({"kind": "reset"}, ["reset"]),
        ({"kind": "respond", "status": 403, "body": ""}, ["403"]),
        (
            {"kind": "respond", "status": 500,
             "body": '{"message": "VismaId: 3f0c1f0e-52a5-4b7e-9b0f-6d1c2a9d7e11. Error: broken."}'},
            ["500", "3f0c1f0e-52a5-4b7e-9b0f-6d1c2a9d7e11"],
        ),
        ({"kind": "respond", "status": 429, "headers": {"Retry-After": "0"}}, ["429", "Too Many Requests"]),
    ],
    ids=["html 502", "cut JSON", "no list", "html 200", "truncated", "reset", "forbidden", "erp 500", "429"],
)  # fmt: skip
def test_a_list_that_cannot_be_read_stops_the_plan_with_one_message(
    company: Company, fault: dict[str, Any], words: list[str]
) -> None:
    company.store.seed(3, 1)
    company.sandbox.fault(method="GET", path=LIST, count=0, **fault)
    company.declare(DECLARED)
    ended = company.run("plan")
    assert ended.code == 1
    one_message(ended, *words)
    assert company.bodies() == []


def test_an_expired_token_is_renewed_once_without_a_word(company: Company) -> None:
    company.sandbox.fault(kind="expire", method="GET", path=LIST)
    company.declare(DECLARED)
    ended = company.run("--quiet", "plan")
    assert ended.code == 0
    assert ended.err == ""


def test_a_server_that_dies_in_mid_plan_gives_one_message(company: Company) -> None:
    """A real process, killed while it sends a list."""
    script = (
        "import sys\n"
        "from reconciler.sandbox import Options, Switches, open_store, serve\n"
        "with open_store(sys.argv[1]) as store:\n"
        "    store.seed(50, 1)\n"
        "serve(sys.argv[1], switches=Switches(page_size_max=10, latency_ms=150),\n"
        "      ready=lambda address: print(address.base_url, flush=True))\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(company.folder / "other.db")], stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        base = server.stdout.readline().strip()
        killer = threading.Timer(0.5, server.kill)
        os.environ["VISMA_BASE_URL"], os.environ["VISMA_TOKEN_URL"] = base, f"{base}/connect/token"
        try:
            company.declare(DECLARED)
            killer.start()
            ended = company.run("plan")
        finally:
            killer.cancel()
            server.kill()
            del os.environ["VISMA_BASE_URL"], os.environ["VISMA_TOKEN_URL"]
    assert ended.code == 1
    one_message(ended, base.removeprefix("http://"))


def test_ten_mistakes_are_ten_diagnostics_and_no_request(company: Company) -> None:
    company.declare(
        "- number: 1\n  nmae: A\n  status: Actve\n  printInvoices: yes\n  creditLimit: '5'\n"
        "  creditDaysPastDue: 99999\n  mainContact:\n  mainAddress: {countryId: NOR}\n"
        "- name: without number\n"
        "- number: 1\n  name: ${env:NOT_SET_ANYWHERE}\n  lifecycle: {create_only: [nothing]}\n"
    )
    for command in (["plan"], ["apply", "--auto-approve"], ["validate"]):
        ended = company.run(*command)
        assert ended.code == 3
        found = [line for line in (ended.out + ended.err).splitlines() if line.startswith("customers/all.yaml:")]
        assert len(found) >= 10, found
    assert company.sandbox.requests == []


def test_an_unknown_option_or_command_is_wrong_usage(company: Company) -> None:
    for arguments in (["plam"], ["plan", "--nope"], ["plan", "--format", "xml"], ["--chdir", "/nowhere", "plan"]):
        ended = company.run(*arguments)
        assert ended.code == 64, arguments
        one_message(ended)


def test_a_repeated_row_and_a_shifted_page_never_give_a_torn_plan(company: Company) -> None:
    company.store.seed(25, 1)
    company.sandbox.switch(page_size_max=10)
    company.sandbox.fault(kind="shift", method="GET", path="pageNumber=2", rows=-1)
    company.declare(DECLARED)
    plan = company.plan()
    assert plan["refresh"]["customers"] == 25
    company.sandbox.fault(kind="shift", method="GET", path="pageNumber=2", rows=1, count=0)
    ended = company.run("plan", "--refresh", "full")
    assert ended.code == 1
    one_message(ended, "changed")
