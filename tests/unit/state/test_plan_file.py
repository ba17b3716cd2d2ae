"""Plan files of earlier minor formats are read as they were meant."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from reconciler.core.errors import Refused
from reconciler.core.plan import FORMAT_VERSION, Action, Cause, Change, Plan, Request, Verb
from reconciler.state import plan_file
from tests.unit.state.plans import plan_of

PATH = "/v1/customer/action/changeCustomerCd/7"


def test_a_plan_from_before_resources_is_about_customers_and_was_agreed_to_as_such() -> None:
    plan = plan_file.seal(plan_of(2))
    values = plan_file.document(plan)
    assert [action.pop("resource") for action in values["actions"]] == ["customer", "customer"]
    del values["summary"]["renumber"]
    values["format_version"] = "1.1"
    values["digest"] = plan_file._digest(values)
    read = plan_file.loads(msgspec.json.encode(values), "plan.json")
    assert [action.resource for action in read.actions] == ["customer", "customer"]
    assert (read.format_version, read.changes_digest) == (FORMAT_VERSION, plan.changes_digest)
    assert read == plan


def test_consent_covers_which_customers_are_said_to_be_meant_beside_the_new_one() -> None:
    plan = plan_of(1)
    beside = replace(plan.actions[0], alike=("7",))
    meant = replace(beside, same_as=("7",))
    digests = {plan_file.seal(replace(plan, actions=(action,))).changes_digest for action in (beside, meant)}
    assert len(digests) == 2


def test_a_group_of_look_alikes_is_written_once_and_covered_by_consent() -> None:
    """However many actions name it; and one that names no group is no plan."""
    group, plan = frozenset({"8", "9"}), plan_of(2)

    def grouped(*groups: frozenset[str]) -> Plan:
        actions = tuple(replace(action, alike_groups=groups) for action in plan.actions)
        return plan_file.seal(replace(plan, actions=actions))

    sealed = grouped(group)
    assert plan_file.loads(plan_file.dumps(sealed), "plan.json") == sealed
    values = plan_file.document(sealed)
    assert values["alike_groups"] == [["8", "9"]]
    assert [action["alike_groups"] for action in values["actions"]] == [[0], [0]]
    assert len({plan_file.seal(plan).changes_digest, sealed.changes_digest, grouped(group | {"7"}).changes_digest}) == 3
    values["actions"][0]["alike_groups"] = [1]
    values["changes_digest"] = ""
    values["digest"] = plan_file._digest(values)
    with pytest.raises(Refused, match="a group of look-alikes that there is not"):
        plan_file.loads(msgspec.json.encode(values), "plan.json")


def _renumbering(path: str = PATH, **other: Any) -> Action:
    (action,) = plan_of(1).actions
    change = Change("number", "1", "2", Cause.CONFIG)
    request = Request("POST", path, None, {"customerCd": "2"})
    values = {"action": Verb.RENUMBER, "number": "2", "changes": (change,), "request": request} | other
    return replace(action, **values)


def test_a_renumbering_is_written_and_read() -> None:
    plan = plan_file.seal(replace(plan_of(1), actions=(_renumbering(),)))
    assert plan_file.loads(plan_file.dumps(plan), "plan.json") == plan


@pytest.mark.parametrize(
    "action", [_renumbering(changes=()), _renumbering(number=None), _renumbering(path="/v1/customer/x")]
)
def test_a_renumbering_without_its_numbers_is_no_plan(action: Action) -> None:
    values = plan_file.document(replace(plan_of(1), actions=(action,)))
    values["changes_digest"] = ""
    values["digest"] = plan_file._digest(values)
    with pytest.raises(Refused, match="lacks one of its two numbers"):
        plan_file.loads(msgspec.json.encode(values), "plan.json")
