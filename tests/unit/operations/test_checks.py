"""What an earlier run may have created is not created again, with --force or without."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from reconciler.core.errors import Refused
from reconciler.core.plan import Outcome, Plan, Verb
from reconciler.operations.checks import check_unclear
from reconciler.operations.writing import Proposal, WriteOptions, _check
from reconciler.state.plan_file import seal
from reconciler.state.store import Store, open_store
from tests.unit.state.plans import TARGET, plan_of


def _create(**more: Any) -> Plan:
    plan = plan_of(1)
    return seal(replace(plan, actions=(replace(plan.actions[0], action=Verb.CREATE, **more),)))


def _after_an_unclear_run(path: Path) -> Store:
    store = open_store(path / "state.db")
    with store:
        journal = store.runs.begin(_create())
        journal.intend("0")
        journal.finish("0", Outcome.UNKNOWN)
    return store


@pytest.mark.parametrize("force", [False, True])
def test_a_create_that_an_earlier_run_may_have_done_is_refused_whatever_is_forced(tmp_path: Path, force: bool) -> None:
    with _after_an_unclear_run(tmp_path) as store:
        workspace: Any = SimpleNamespace(store=store, place=TARGET)
        with pytest.raises(Refused) as caught:
            _check(
                workspace,
                Proposal(_create(alike=("70",))),
                WriteOptions(consent=True, force=force),
                store.runs.all(),
            )
    assert caught.value.remedy.endswith('if both are meant, say so: lifecycle: {same_as: ["70"]}.')


def test_a_customer_that_same_as_names_is_another_one(tmp_path: Path) -> None:
    with _after_an_unclear_run(tmp_path) as store:
        check_unclear(store, store.runs.all(), _create(alike=("70",), same_as=("70",)))
