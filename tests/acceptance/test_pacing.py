"""The rate window: obeyed, shared with others, shown when it is waited for; and nothing secret in what is shown."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from reconciler.apply.executor import execute
from reconciler.config.settings import load_settings
from reconciler.core.plan import Outcome
from reconciler.core.ports import Need
from reconciler.core.rules import Target
from reconciler.erp.customers import Customers, open_customers
from reconciler.erp.transport import Hooks, Wait
from reconciler.operations.declarations import read
from reconciler.operations.pipeline import comparison_of, heading_of, make_plan, refresh
from reconciler.operations.writing import NoJournal
from reconciler.sandbox import Sandbox
from tests.acceptance.conftest import Company, Ended
from tests.access import access_to

ALL = "guards: {updates: 100%}"


def declare(company: Company, count: int) -> None:
    """So many customers, each with a limit that it has not."""
    company.store.seed(count, 1, start=1)
    company.declare("[" + ", ".join(f"{{number: {n}, creditLimit: {n}.5}}" for n in range(1, count + 1)) + "]")


def calls(company: Company) -> list[dict[str, Any]]:
    """The API calls that the ERP saw, tokens not."""
    return [each for each in company.sandbox.requests if each["target"].startswith("/v1/")]


def limits(company: Company) -> set[str]:
    """The customers whose limit is as declared."""
    return {each["number"] for each in company.store.customers() if str(each["creditLimit"]) == f"{each['number']}.5"}


@contextmanager
def standing_still(sandbox: Sandbox, waits: list[Wait], **more: Any) -> Iterator[Customers]:
    """The client and the ERP by one clock, which only waits move: how fast the machine is does not matter."""
    clock = sandbox.runtime.clock
    clock.set(datetime(2026, 1, 31, 12, tzinfo=UTC))
    hooks = Hooks(clock.advance, lambda: clock.now().timestamp(), on_wait=waits.append, **more)
    with open_customers(access_to(sandbox), hooks, trust_env=False) as customers:
        yield customers


@pytest.mark.parametrize(("reset", "reserve"), [("seconds", 0), ("epoch", 50)])
def test_a_thousand_updates_keep_to_a_window_of_200_calls(company: Company, reset: str, reserve: int) -> None:
    declare(company, 1000)
    company.sandbox.switch(rate_limit=200, rate_window=2, rate_reset=reset)
    settings = load_settings(company.folder / "reconciler.yaml", environment=None, environ={})
    loaded = read(settings, environ={})
    waits: list[Wait] = []
    with standing_still(company.sandbox, waits, reserve=reserve) as erp:
        target = Target("production", "Test AS", "sandbox", company.sandbox.base_url)
        comparison = comparison_of(settings, loaded, refresh(loaded, erp))
        plan = make_plan(settings, loaded, comparison, heading_of(target, "2026-01-31T12:00:00Z"))
        results = list(execute(plan, erp, NoJournal(), parallelism=8, since=plan.refresh.as_of))
    assert {each.outcome for each in results} == {Outcome.DONE}
    assert len(limits(company)) == 1000
    seen = calls(company)
    assert Counter(each["status"] for each in seen) == {200: 2, 204: 1000}, "no 429, not even to learn"
    windows = list(Counter(each["time"] for each in seen).values())
    assert windows == [200 - reserve] * (1002 // (200 - reserve)) + [1002 % (200 - reserve)]
    assert [wait.seconds for wait in waits] == [2.0] * (len(windows) - 1)


@pytest.mark.parametrize("seconds", [1, 17, 119])
def test_retry_after_is_obeyed_to_the_second(company: Company, seconds: int) -> None:
    waits: list[Wait] = []
    company.sandbox.fault(kind="throttle", path="/v1/", seconds=seconds)
    company.store.seed(1, 1, start=1)
    with standing_still(company.sandbox, waits) as erp:
        erp.customer("1", Need(frozenset(), {}))
    assert [wait.seconds for wait in waits] == [float(seconds)]
    assert [each["status"] for each in calls(company)] == [429, 200]


def test_a_wait_is_shown_with_its_length_and_the_run_finishes(company: Company) -> None:
    company.settings(ALL)
    declare(company, 60)
    company.sandbox.switch(rate_limit=25, rate_window=3)
    ended = company.run("apply", "--auto-approve")
    assert ended.code == 0, ended.err
    assert len(limits(company)) == 60
    waits = [line for line in ended.err.splitlines() if line.startswith("Waiting ")]
    assert waits
    assert all("rate limit is used up" in line and " s" in line for line in waits), waits
    assert "Waiting" not in ended.out
    refused = sum(each["status"] == 429 for each in calls(company))
    assert refused <= len(waits), "at most the call that learns a window meets its end"


def test_no_wait_stops_resumably_and_leaves_the_reserve(company: Company) -> None:
    company.settings(ALL)
    declare(company, 40)
    company.sandbox.switch(rate_limit=30)
    ended = company.run("apply", "--auto-approve", "--no-wait", "--reserve", "10")
    assert ended.code == 5
    assert len(calls(company)) == 20
    assert not any(each["status"] == 429 for each in calls(company))
    done = len(limits(company))
    assert 0 < done < 20
    assert f"{40 - done} not sent" in ended.out
    assert "but the 10 that are reserved" in ended.out
    company.sandbox.runtime.limits.restart()
    company.sandbox.switch(rate_limit=100)
    assert company.run("apply", "--auto-approve", "--no-wait", "--reserve", "10").code == 0
    assert len(limits(company)) == 40
    assert set(Counter(each["number"] for each in company.store.write_log()).values()) == {1}
    assert company.undone() == {}


def test_no_wait_with_nothing_left_writes_nothing(company: Company) -> None:
    company.settings(ALL)
    declare(company, 3)
    company.sandbox.switch(rate_limit=1)
    ended = company.run("apply", "--auto-approve", "--no-wait")
    assert ended.code == 1
    assert "3 not sent" in ended.out
    assert company.bodies() == []


def test_a_reserve_of_everything_is_said_and_not_waited_for(company: Company) -> None:
    company.settings(ALL)
    declare(company, 3)
    company.sandbox.switch(rate_limit=50)
    ended = company.run("apply", "--auto-approve", "--reserve", "50")
    assert ended.code == 1
    assert "--reserve 50" in ended.out
    assert company.bodies() == []


# ---- secrets ----

SECRET = "hunter2-very-secret"


def everything_left(company: Company, ended: Ended) -> bytes:
    """All that a run shows or keeps: its output, the state, the plan."""
    files = [file.read_bytes() for file in company.folder.rglob("*") if file.is_file()]
    return b"".join([ended.out.encode(), ended.err.encode(), *files])


@pytest.mark.parametrize("level", ["debug", "info"])
@pytest.mark.parametrize("form", ["json", "text"])
def test_no_secret_is_shown_or_kept(company: Company, level: str, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    declare(company, 2)
    company.settings(ALL)
    log = ["--log-level", level, "--log-format", form]
    monkeypatch.setenv("VISMA_CLIENT_SECRET", SECRET)
    wrong = company.run(*log, "apply", "--auto-approve")
    assert wrong.code == 1
    monkeypatch.setattr(company.sandbox.runtime.tokens, "_options", _options_with(SECRET))
    company.sandbox.fault(kind="expire", method="PUT")
    company.sandbox.fault(kind="reset", method="PUT", when="after")
    company.sandbox.fault(method="POST", path="token", status=503, body=f'{{"client_secret": "{SECRET}"}}')
    tokens: set[str] = set()
    _remember_tokens(company, tokens, monkeypatch)
    planned = company.run(*log, "plan", "-o", "plan.json")
    ended = company.run(*log, "apply", "plan.json")
    assert (planned.code, ended.code) == (0, 0), planned.err + ended.err
    assert len(tokens) >= 2
    left = everything_left(company, wrong) + everything_left(company, planned) + everything_left(company, ended)
    assert b"PUT /v1/customer/1" in left, "the run was logged"
    for hidden in (SECRET, "Wrong client id or secret", "access_token", "Bearer", *tokens):
        assert hidden.encode() not in left, hidden
    if form == "json":
        assert all(json.loads(line) for line in ended.err.splitlines() if line.startswith("{"))


def _options_with(secret: str) -> Any:
    from reconciler.sandbox import Options

    return Options(client_secret=secret)


def _remember_tokens(company: Company, tokens: set[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Every access token that is issued from now on."""
    source = company.sandbox.runtime.tokens
    issue = source.issue

    def noted(*arguments: Any) -> dict[str, object]:
        answer = issue(*arguments)
        tokens.add(str(answer["access_token"]))
        return answer

    monkeypatch.setattr(source, "issue", noted)
