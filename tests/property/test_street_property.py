"""apply, then plan is empty: for random declarations over random customers, and every PUT holds only what differs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from reconciler.apply.executor import execute
from reconciler.config.read.declarations import Loaded
from reconciler.config.settings import Settings, load_settings
from reconciler.core.plan import Outcome, Plan, Verb
from reconciler.core.rules import Target
from reconciler.erp.customers import Customers, open_customers
from reconciler.operations.declarations import read
from reconciler.operations.pipeline import comparison_of, heading_of, make_plan, refresh
from reconciler.operations.writing import NoJournal
from reconciler.sandbox import Sandbox
from tests.access import access_to
from tests.property.declarations import fields

COUNT = 20
EXAMPLES = 25 if os.environ.get("HYPOTHESIS_PROFILE", "steady") == "steady" else 200


class _Dumper(yaml.SafeDumper):
    """Exact decimals, and no aliases."""

    def ignore_aliases(self, data: object) -> bool:
        return True


_Dumper.add_representer(Decimal, lambda dumper, data: dumper.represent_scalar("tag:yaml.org,2002:float", f"{data:f}"))


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox(tmp_path_factory.mktemp("erp") / "sandbox.db") as found:
        # A seeded customer has a default mandate of its own, which a drawn declaration does not know.
        found.switch(require_postal_code=False, numbering="manual", rate_limit=10**8, second_default_mandate="moves")
        yield found


@pytest.fixture(scope="module")
def erp(sandbox: Sandbox) -> Iterator[Customers]:
    with open_customers(access_to(sandbox), timeout=30, trust_env=False) as customers:
        yield customers


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("company")


def _settings(folder: Path, sandbox: Sandbox, mode: str) -> Settings:
    (folder / "reconciler.yaml").write_text(
        f"{{version: 1, api: {{base_url: '{sandbox.base_url}', token_url: '{sandbox.token_url}', tenant_id: sandbox}},"
        f" customers: ['*.customers.yaml'], nested_updates: {mode},"
        " guards: {duplicates: warning}}"
    )
    return load_settings(folder / "reconciler.yaml", environment=None, environ={})


def _declare(folder: Path, declared: list[dict[str, Any]]) -> None:
    text = yaml.dump({"customers": declared}, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=10**6)
    text = text.replace("${", "$${")  # a literal, not an interpolation
    (folder / "a.customers.yaml").write_text(text, encoding="utf-8")


def _keep_one_default(values: dict[str, Any], live: list[dict[str, Any]]) -> None:
    """The ERP refuses a second default line, and those count that are not declared."""
    lines = values.get("directDebitLines", [])
    declared = {line["mandateId"] for line in lines}
    if any(line.get("isDefault") and line["mandateId"] not in declared for line in live):
        for line in lines:
            line.pop("isDefault", None)


def _planned(found: Settings, erp: Customers) -> tuple[Loaded, Plan]:
    loaded = read(found, environ={})
    assert {diagnostic.code for diagnostic in loaded.diagnostics} <= {"D331"}, loaded.diagnostics
    heading = heading_of(Target("production", "", "sandbox", "x"), "2026-01-31T12:00:00Z")
    return loaded, make_plan(found, loaded, comparison_of(found, loaded, refresh(loaded, erp)), heading)


def _sent_leaves(body: Any) -> int:
    """How many values a body carries; a line's key and operation are not values."""
    if isinstance(body, dict):
        return (
            1
            if set(body) == {"value"} and not isinstance(body["value"], dict)
            else sum(map(_sent_leaves, body.values()))
        )
    if isinstance(body, list):
        return sum(map(_sent_leaves, body))
    return 0


@pytest.mark.timeout(600)
@settings(max_examples=EXAMPLES, phases=[Phase.generate])  # shrinking twenty customers takes longer than reading them
@given(data=st.data(), mode=st.sampled_from(["leaf", "leaf", "whole"]))
def test_after_apply_the_plan_is_empty(
    sandbox: Sandbox, erp: Customers, folder: Path, data: st.DataObject, mode: str
) -> None:
    sandbox.store.reset()
    sandbox.store.seed(COUNT // 2, data.draw(st.integers(0, 99), "seed"), start=1)
    declared = []
    for number in range(1, COUNT + 1):
        new = number > COUNT // 2
        values = data.draw(fields(), f"customer {number}")
        if number <= 2:
            values.pop("parentRecordNumber", None)
        if new:
            values.setdefault("name", f"New {number}")
        else:
            _keep_one_default(values, sandbox.store.customer(str(number))["directDebitLines"])
        declared.append({"number": str(number), **values})
    _declare(folder, declared)
    found = _settings(folder, sandbox, mode)
    _, plan = _planned(found, erp)
    for action in plan.actions:
        if action.action is Verb.UPDATE and mode == "leaf":
            assert action.request.if_match
            assert {"number", "overrideWithClassValues", "overrideNumberSeries"}.isdisjoint(action.request.body)
            held = [change for change in action.changes if change.before == change.after]
            assert all(change.path.startswith(("invoice", "delivery")) for change in held), held
    results = list(execute(plan, erp, NoJournal(), parallelism=4, since=plan.refresh.as_of))
    assert all(result.outcome is Outcome.DONE for result in results), [
        (result.message, dict(result.action.request.body)) for result in results if result.outcome is not Outcome.DONE
    ]
    _, again = _planned(found, erp)
    assert again.is_empty, [(action.number, action.changes) for action in again.actions]


def test_the_number_of_generated_customers_is_what_is_promised() -> None:
    assert COUNT * EXAMPLES >= 500
