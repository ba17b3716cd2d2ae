"""One sandbox for the session, made new for each test."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from reconciler.sandbox import Sandbox, Switches

SCOPES = " ".join(f"vismanet_erp_service_api:{verb}" for verb in ("read", "create", "update", "delete"))
NOON = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


class Client:
    """The ERP as a test sees it: a token taken once, bodies built from plain members."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.http = httpx.Client(
            base_url=sandbox.base_url, timeout=10, trust_env=False, verify=False
        )  # plain HTTP: no certificates to load
        self.http.headers["Authorization"] = f"Bearer {self.token()}"

    def token(self, **form: str) -> str:
        return str(self.ask_token(**form).json()["access_token"])

    def ask_token(self, **form: str) -> httpx.Response:
        sandbox = self.sandbox
        whole = {
            "grant_type": "client_credentials",
            "client_id": sandbox.client_id,
            "client_secret": sandbox.client_secret,
            "scope": SCOPES,
            "tenant_id": sandbox.tenant_id,
            **form,
        }
        return self.http.post(sandbox.token_url, data={name: text for name, text in whole.items() if text})

    def get(self, path: str = "", **query: Any) -> httpx.Response:
        return self.http.get(f"/v1/customer{path}", params=query or None)

    def read(self, number: str = "1") -> dict[str, Any]:
        answer = self.get(f"/{number}")
        assert answer.status_code == 200, answer.text
        row: dict[str, Any] = answer.json()
        return row

    def numbers(self, **query: Any) -> list[str]:
        answer = self.get(**query)
        assert answer.status_code == 200, answer.text
        return [row["number"] for row in answer.json()]

    def post(self, **members: Any) -> httpx.Response:
        return self.http.post("/v1/customer", json=wrap({"number": "1", "name": "Fjellheim AS", **members}))

    def put(self, which: str = "1", /, headers: dict[str, str] | None = None, **members: Any) -> httpx.Response:
        return self.http.put(f"/v1/customer/{which}", json=wrap(members), headers=headers)


BARE = {
    "overrideWithClassValues", "directDebitLines", "salesPersons", "attributeLines", "operation", "id",
}  # fmt: skip


def wrap(members: dict[str, Any]) -> dict[str, Any]:
    """Members as the API wants them: wrapped, but for the bare ones and subaccounts."""
    return {name: _wrapped(name, value) for name, value in members.items()}


def _wrapped(name: str, value: Any) -> Any:
    if isinstance(value, list) and not name.endswith("Subaccount"):
        value = [wrap(line) for line in value]
    elif isinstance(value, dict):
        value = wrap(value)
    return value if name in BARE or name.endswith("Subaccount") else {"value": value}


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox(tmp_path_factory.mktemp("sandbox") / "erp.db") as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox) -> Sandbox:
    running.store.switches = Switches()
    running.store.reset()
    running.runtime.faults.clear()
    running.runtime.tokens.expire_all()
    running.runtime.clock.set(NOON)
    running.runtime.limits.restart()
    running.runtime.requests.clear()
    return running


@pytest.fixture
def erp(sandbox: Sandbox) -> Iterator[Client]:
    client = Client(sandbox)
    yield client
    client.http.close()


@pytest.fixture
def one(erp: Client) -> Client:
    """The ERP with customer 1 in Oslo."""
    address = {"addressLine1": "Storgata 7", "postalCode": "0155", "city": "Oslo", "countryId": "NO"}
    answer = erp.post(mainAddress=address, mainContact={"email": "post@fjellheim.no", "phone1": "+4722334455"})
    assert answer.status_code == 201, answer.text
    return erp
