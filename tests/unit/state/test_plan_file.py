"""Plan files of earlier minor formats are read as they were meant."""

from __future__ import annotations

import msgspec

from reconciler.core.plan import FORMAT_VERSION
from reconciler.state import plan_file
from tests.unit.state.plans import plan_of


def test_a_plan_from_before_resources_is_about_customers_and_was_agreed_to_as_such() -> None:
    plan = plan_file.seal(plan_of(2))
    values = plan_file.document(plan)
    assert [action.pop("resource") for action in values["actions"]] == ["customer", "customer"]
    values["format_version"] = "1.1"
    values["digest"] = plan_file._digest(values)
    read = plan_file.loads(msgspec.json.encode(values), "plan.json")
    assert [action.resource for action in read.actions] == ["customer", "customer"]
    assert (read.format_version, read.changes_digest) == (FORMAT_VERSION, plan.changes_digest)
    assert read == plan
