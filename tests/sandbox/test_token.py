"""The token endpoint refuses what Visma Connect refuses, and the API refuses bad tokens."""

from __future__ import annotations

import pytest


def test_token_answer_has_the_documented_members(erp):
    answer = erp.ask_token()
    assert answer.status_code == 200
    assert {"access_token", "expires_in", "token_type", "scope"} <= set(answer.json())
    assert answer.json()["expires_in"] == 3600


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"client_id": "wrong"}, "invalid_client"),
        ({"scope": "vismanet_erp_service_api:read other"}, "invalid_scope"),
        ({"scope": ""}, "invalid_scope"),
        ({"tenant_id": "unknown"}, "invalid_tenant"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": ""}, "invalid_request"),
    ],
)
def test_token_errors_carry_the_word_of_the_cause(erp, form, error):
    answer = erp.ask_token(**form)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


def test_a_body_that_is_no_form_is_an_invalid_request(erp):
    answer = erp.http.post("/connect/token", json={"grant_type": "client_credentials"})
    assert answer.json()["error"] == "invalid_request"


def test_invalid_client_status_is_switchable(erp, sandbox):
    sandbox.switch(invalid_client_status=401)
    assert erp.ask_token(client_secret="wrong").status_code == 401


def test_credentials_may_come_by_http_basic(erp):
    form = {"grant_type": "client_credentials", "scope": "vismanet_erp_service_api:read", "tenant_id": "sandbox"}
    answer = erp.http.post("/connect/token", data=form, auth=("sandbox", "sandbox"))
    assert answer.status_code == 200
    assert erp.http.post("/connect/token", data=form, auth=("sandbox", "no")).json()["error"] == "invalid_client"


def test_a_token_without_tenant_is_issued_but_useless(erp):
    erp.http.headers["Authorization"] = f"Bearer {erp.token(tenant_id='')}"
    assert erp.get().status_code == 401


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer nonsense", "Basic c2FuZGJveDpzYW5kYm94"])
def test_without_a_living_token_the_answer_is_401(erp, header):
    erp.http.headers["Authorization"] = header
    answer = erp.get()
    assert answer.status_code == 401
    assert answer.json()["statusCode"] == 401


def test_a_token_dies_at_the_end_of_its_lifetime(erp, sandbox):
    sandbox.switch(token_lifetime=10)
    erp.http.headers["Authorization"] = f"Bearer {erp.token()}"
    assert erp.get().status_code == 200
    sandbox.runtime.clock.advance(10)
    assert erp.get().status_code == 401


@pytest.mark.parametrize(
    ("granted", "statuses"), [("read", (200, 403, 403)), ("create", (403, 400, 403)), ("update", (403, 403, 404))]
)
def test_each_verb_needs_its_scope(erp, granted, statuses):
    erp.http.headers["Authorization"] = f"Bearer {erp.token(scope=f'vismanet_erp_service_api:{granted}')}"
    seen = (erp.get().status_code, erp.post(name="").status_code, erp.put("nobody").status_code)
    assert seen == statuses


def test_missing_scope_status_is_switchable(erp, sandbox):
    sandbox.switch(missing_scope_status=401)
    erp.http.headers["Authorization"] = f"Bearer {erp.token(scope='vismanet_erp_service_api:create')}"
    assert erp.get().status_code == 401


@pytest.mark.parametrize(
    ("allowed", "granted", "passes"),
    [
        ("update_or_create", "update", True), ("update_or_create", "create", True), ("update_or_create", "read", False),
        ("update", "create", False), ("create", "create", True),
    ],
)  # fmt: skip
def test_scope_of_actions_is_switchable(one, sandbox, allowed, granted, passes):
    sandbox.switch(action_scope=allowed)
    one.http.headers["Authorization"] = f"Bearer {one.token(scope=f'vismanet_erp_service_api:{granted}')}"
    body = {"dunningLetterDate": "2026-03-01T00:00:00", "levelFrom": 1, "levelTo": 2}
    answer = one.http.post("/v1/customer/1/action/createDunningLetter", json=body)
    assert (answer.status_code == 200) is passes


def test_an_unknown_route_is_404_even_without_token_and_a_known_one_401(erp):
    del erp.http.headers["Authorization"]
    assert erp.http.get("/v1/customers").status_code == 404
    assert erp.http.get("/v1/customer").status_code == 401
