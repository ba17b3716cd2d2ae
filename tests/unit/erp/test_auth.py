"""Tokens: one for all, fetched when due, replaced once, shown nowhere."""

from __future__ import annotations

import json
import logging
import threading
from typing import Any

import pytest

from reconciler.core import errors
from reconciler.core.ports import Need
from reconciler.erp.answer import Answer
from reconciler.erp.auth import SCOPES, Access, Token, TokenSource, read_token
from reconciler.erp.customers import Customers
from tests.unit.erp.scripted import (
    CLIENT_ID,
    SECRET,
    TENANT,
    TOKEN,
    Client,
    Reply,
    Scripted,
    Seen,
    everything_about,
    reply,
)

LIST = "/v1/customer"
NAMES = Need(frozenset(), {})


def token_answer(body: Any, status: int = 200) -> Answer:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(status, {}, data)


def bearers(erp: Scripted) -> list[str]:
    return [seen.headers["authorization"] for seen in erp.seen if seen.path != "/token"]


def test_the_token_request_is_the_documented_form(erp: Scripted, customers: Customers) -> None:
    erp.on("GET", LIST, reply([]))
    customers.check()
    seen = erp.seen[0]
    assert (seen.method, seen.path) == ("POST", "/token")
    assert seen.headers["content-type"] == "application/x-www-form-urlencoded"
    assert "authorization" not in seen.headers
    assert Seen("", f"/?{seen.body.decode()}", {}, b"").query == {
        "grant_type": "client_credentials",
        "client_id": CLIENT_ID,
        "client_secret": SECRET,
        "tenant_id": TENANT,
        "scope": "vismanet_erp_service_api:read vismanet_erp_service_api:create vismanet_erp_service_api:update",
    }


def test_one_token_serves_until_shortly_before_it_expires(erp: Scripted, client: Client, customers: Customers) -> None:
    erp.on("GET", LIST, reply([]))
    for now, tokens in [(0, 1), (3539, 1), (3540, 2), (3541, 2)]:
        client.now = 1_764_000_000.0 + now
        customers.check()
        assert erp.tokens() == tokens


def test_a_401_is_answered_with_one_new_token(erp: Scripted, customers: Customers) -> None:
    erp.on("POST", "/token", reply(TOKEN), reply(TOKEN | {"access_token": "token-2"}))
    erp.on("GET", LIST, Reply(401), reply([]))
    customers.check()
    assert bearers(erp) == ["Bearer token-1", "Bearer token-2"]


def test_a_second_401_is_the_end(erp: Scripted, client: Client, customers: Customers) -> None:
    erp.on("GET", LIST, reply({"message": "Access denied"}, 401))
    with pytest.raises(errors.AuthenticationFailed, match="Access denied") as caught:
        customers.check()
    assert "tenant_id" in caught.value.remedy
    assert (len(erp.calls()), erp.tokens(), client.slept) == (2, 2, [])


def test_a_write_that_got_401_is_sent_again_and_nothing_else_is(erp: Scripted, customers: Customers) -> None:
    from tests.unit.erp.test_customers import POST

    erp.on("POST", LIST, Reply(401), Reply(201, headers={"Location": "/v1/customer/7"}))
    assert customers.send(POST).number == "7"
    first, second = (seen for seen in erp.seen if seen.path == LIST)
    assert first.body == second.body


def test_threads_that_are_refused_together_fetch_one_token() -> None:
    fetched: list[Token] = []

    def fetch() -> Token:
        fetched.append(Token(f"t{len(fetched)}", 1e12, 3600))
        return fetched[-1]

    source = TokenSource(fetch, lambda: 0.0)
    first = source.current()
    found: list[Token] = []
    threads = [threading.Thread(target=lambda: found.append(source.instead_of(first))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(fetched) == 2
    assert set(map(id, found)) == {id(fetched[1])}


def test_a_failed_fetch_leaves_no_token_behind() -> None:
    answers: list[Any] = [errors.Unreachable("no"), Token("t", 1e12, 1)]

    def fetch() -> Token:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    source = TokenSource(fetch, lambda: 0.0)
    with pytest.raises(errors.Unreachable):
        source.current()
    assert source.current().text == "t"


@pytest.mark.parametrize(
    ("expires_in", "due"),
    [(3600, 3540.0), ("3600", 3540.0), (10, 9.0), (None, 270.0), (1, 0.9)],
)
def test_the_margin_never_eats_the_lifetime(expires_in: Any, due: float) -> None:
    body = {"access_token": "t", "token_type": "bearer", "expires_in": expires_in}
    assert read_token(token_answer(body), 0.0).due == pytest.approx(due)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>login</html>",
        b"[",
        [],
        {},
        {"access_token": None},
        {"access_token": ""},
        {"access_token": "with blank"},
        {"access_token": "two\r\nlines"},
        {"access_token": "ø"},
        {"access_token": 7},
        {"access_token": "t", "expires_in": -1},
        {"access_token": "t", "expires_in": 0},
        {"access_token": "t", "expires_in": True},
        {"access_token": "t", "expires_in": "soon"},
        {"access_token": "t", "expires_in": 10**400},
        {"access_token": "t", "token_type": "mac"},
    ],
)
def test_an_unusable_token_is_no_token(body: Any) -> None:
    with pytest.raises(errors.UnexpectedAnswer, match="no usable token"):
        read_token(token_answer(body), 0.0)


@pytest.mark.parametrize(
    ("status", "body", "kind", "message"),
    [
        (400, {"error": "invalid_client"}, errors.AuthenticationFailed, "client id or secret is wrong"),
        (401, {"error": "invalid_client"}, errors.AuthenticationFailed, "client id or secret is wrong"),
        (400, {"error": "invalid_scope"}, errors.AuthenticationFailed, "not granted the scopes"),
        (400, {"error": "invalid_tenant"}, errors.AuthenticationFailed, "tenant is unknown"),
        (400, {"error": "unauthorized_client"}, errors.AuthenticationFailed, "may not use"),
        (400, {"error": "unsupported_grant_type"}, errors.AuthenticationFailed, "client credentials"),
        (400, {"error": "invalid_request"}, errors.AuthenticationFailed, "does not take the request"),
        (400, {"error": "something_new"}, errors.AuthenticationFailed, "does not say why"),
        (400, {"error": ["x"]}, errors.AuthenticationFailed, "does not say why"),
        (400, b"<html>", errors.AuthenticationFailed, "does not say why"),
        (403, b"", errors.AuthenticationFailed, "does not say why"),
        (429, b"", errors.RateLimited, "429"),
        (503, b"down", errors.ServerFailed, "503"),
        (404, b"", errors.UnexpectedAnswer, "404"),
        (302, b"", errors.UnexpectedAnswer, "302"),
        (202, b"", errors.UnexpectedAnswer, "202"),
    ],
)
def test_refusals_are_explained(status: int, body: Any, kind: type[errors.ErpError], message: str) -> None:
    with pytest.raises(kind, match=message) as caught:
        read_token(token_answer(body, status), 0.0)
    assert type(caught.value) is kind
    assert caught.value.remedy


@pytest.mark.parametrize(
    "answer",
    [
        reply({"error": "invalid_client", "error_description": f"{CLIENT_ID} {SECRET}"}, 400),
        reply({"error": f"{CLIENT_ID} {SECRET}"}, 401),
        reply({"access_token": f"{SECRET} {CLIENT_ID}"}),
        Reply(503, f"{CLIENT_ID} {SECRET}".encode()),
        Reply(200, f"{CLIENT_ID} {SECRET}".encode()),
        Reply(302, b"", {"Location": f"/x?{CLIENT_ID}&{SECRET}"}),
        Reply(reset=True),
        Reply(raw=f"{CLIENT_ID} {SECRET} is no HTTP\r\n\r\n".encode()),
        Reply(200, f"{CLIENT_ID} {SECRET}".encode(), cut=5),
        Reply(200, f"{CLIENT_ID} {SECRET}".encode(), {"Content-Encoding": "gzip"}),
    ],
)
def test_nothing_of_the_token_endpoint_leaks(
    erp: Scripted, customers: Customers, answer: Reply, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    erp.on("POST", "/token", answer)
    with pytest.raises(errors.ErpError) as caught:
        customers.check()
    logged = "".join(record.getMessage() for record in caplog.records if record.name != "httpcore.http11")
    shown = everything_about(caught.value) + logged
    assert SECRET not in shown
    assert CLIENT_ID not in shown
    assert erp.calls() == []


def test_reprs_hide_secrets() -> None:
    shown = repr(Access("https://erp", "https://tokens", TENANT, CLIENT_ID, SECRET)) + repr(
        Token("hidden-token", 0.0, 1)
    )
    assert not any(secret in shown for secret in (SECRET, CLIENT_ID, "hidden-token"))


def test_a_redirect_is_not_followed_and_the_token_stays(erp: Scripted, customers: Customers) -> None:
    with Scripted() as elsewhere:
        erp.on("GET", LIST, Reply(307, b"", {"Location": f"{elsewhere.base_url}{LIST}"}))
        with pytest.raises(errors.UnexpectedAnswer, match="307") as caught:
            customers.check()
        assert "base_url" in caught.value.remedy
        assert elsewhere.seen == []


def test_all_scopes_are_asked_for_but_delete() -> None:
    assert [scope.rpartition(":")[2] for scope in SCOPES] == ["read", "create", "update"]
