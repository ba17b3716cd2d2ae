"""The sandbox answers as the OpenAPI file says, whatever is asked."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import checks
from schemathesis.generation.meta import TestPhase

from reconciler.sandbox import Switches

SPECIFICATION = Path(__file__).parents[1] / "data" / "customer-openapi.yaml"
SCHEMA = schemathesis.openapi.from_path(SPECIFICATION)
SCHEMA.config.generation.update(modes=[schemathesis.GenerationMode.POSITIVE])
"""Bodies of the wrong shape have a test of their own, and inventing them takes a minute."""
SYSTEMATIC, SPARSELY = count(), 8
"""A body has 750 systematic cases, several for each member: each eighth is called."""
CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.response_headers_conformance,
]


@pytest.fixture(scope="module")
def token(running):
    """A seeded company that takes any reference, and a token for it."""
    running.store.reset()
    running.store.switches = Switches(strict_references=False, require_postal_code=False)
    running.store.seed(20, odd=True)
    grant = running.runtime.tokens.issue(
        f"grant_type=client_credentials&client_id=sandbox&client_secret=sandbox&tenant_id=sandbox&scope="
        f"{'+'.join(running.runtime.options.scopes)}".encode(),
        {"content-type": "application/x-www-form-urlencoded"},
        running.switches,
    )
    return str(grant["access_token"])


def _bounded(examples):
    """The same cases in each run, and few enough; bodies are slow to invent."""
    return settings(
        max_examples=examples,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


@pytest.mark.filterwarnings("ignore")
@SCHEMA.include(method="GET").parametrize()
@_bounded(20)
def test_every_read_keeps_the_contract(case, running, token):
    _call(case, running, token)


@pytest.mark.filterwarnings("ignore")
@SCHEMA.exclude(method="GET").parametrize()
@_bounded(5)
def test_every_write_keeps_the_contract(case, running, token):
    if case.meta.phase.name != TestPhase.COVERAGE or next(SYSTEMATIC) % SPARSELY == 0:
        _call(case, running, token)


def _call(case, running, token):
    running.runtime.limits.restart()
    _aim(case.path_parameters)
    case.call_and_validate(base_url=running.base_url, headers={"Authorization": f"Bearer {token}"}, checks=CHECKS)


def _aim(parameters):
    """Half of the calls go to a customer or class that exists."""
    known = {"customerCd": "10001", "customer": "10002", "internalID": 5003, "internalId": 5004, "customerClassId": "1"}
    for name in set(known) & set(parameters or {}):
        if len(str(parameters[name])) % 2:
            parameters[name] = known[name]
