"""A second resource is data: the functions that serve customers compare, plan, encode, decode, pack and describe it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reconciler.config.read.schema import members_schema
from reconciler.core.compare import Difference, comparable, differences
from reconciler.core.comparison import Comparison, Heading
from reconciler.core.declaration_values import declared
from reconciler.core.desired import Desired
from reconciler.core.diagnostics import Source
from reconciler.core.errors import Refused
from reconciler.core.live import Live
from reconciler.core.plan import Action, Cause, Change, ConfigSummary, Plan
from reconciler.core.planner import compute_plan, need_of
from reconciler.core.ports import View
from reconciler.core.rules import Memory, Rules, Target
from reconciler.erp.decode import decode, row_names
from reconciler.erp.encode import WireCodec
from reconciler.erp.listing import expand_flags
from reconciler.resources.grammar import Field, Form, Group, Kind, Read, Resource
from reconciler.resources.registry import RESOURCES
from reconciler.state import plan_file
from reconciler.state.packing import Packer

WAREHOUSE = Resource(
    name="warehouse",
    path="/v1/warehouse",
    key="code",
    label="title",
    rows=(
        Field("code", Kind.NUMBER, "Code", "Identifies it.", create_only=True, always=True),
        Field("title", Kind.TEXT, "Title", "What people call it.", always=True, max_length=20),
        Group("bins", Form.MAP, "Bins", "Bin to shelf.", (Field("shelf", Kind.TEXT, "Shelf", "Its shelf."),),
              wrapped=False, key=("bin",), read_key="id", write="binLines",
              expand="expandBins", where=Read.EXPANDED),
    ),
)  # fmt: skip
AT = Source("warehouses.yaml", 1, 1)
ROW: dict[str, Any] = {
    "internalId": 7, "timeStamp": "A=", "code": "W1", "title": "Harbour", "bins": [{"id": "a", "shelf": "1"}],
}  # fmt: skip


@pytest.fixture(autouse=True)
def _known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RESOURCES, WAREHOUSE.name, WAREHOUSE)


def _desired(code: str = "W1", **values: Any) -> Desired:
    return Desired(code, None, values, AT, lambda _path: AT)


def _live(*wanted: Desired) -> Live:
    return decode(ROW, need_of(wanted, WAREHOUSE))


def _plan(*wanted: Desired, live: tuple[Live, ...] = ()) -> Plan:
    view = View(live, "2026-01-31T12:00:00Z", 1)
    heading = Heading(Target("test", "", "t", "https://erp.example"), "2026-01-31T12:00:00Z", version="1")
    comparison = Comparison(wanted, view, Rules(resource=WAREHOUSE), Memory())
    return compute_plan(comparison, WireCodec(WAREHOUSE), heading=heading, config=ConfigSummary("", len(wanted)))


def test_its_rows_are_decoded_with_what_is_needed() -> None:
    need = need_of([_desired(bins={"A": "2"})], WAREHOUSE)
    assert (row_names(need) >= {"code", "title", "bins"}, expand_flags(need)) == (True, ("expandBins",))
    live = decode(ROW, need)
    assert live.values == {"code": "W1", "title": "Harbour", "bins": {"A": "1"}}
    assert (live.number, live.line_ids) == ("W1", {("bins", "A"): "a"})
    assert decode(ROW, need_of([_desired()], WAREHOUSE)).values == {"code": "W1", "title": "Harbour"}


def test_its_values_are_compared_by_its_rows() -> None:
    desired = comparable({"code": "X", "title": "Harbour", "bins": {"A": "2", "B": "3"}}, ("bins.b",), WAREHOUSE)
    found = differences(desired, {"code": "W1", "title": "Harbour", "bins": {"A": "1"}}, resource=WAREHOUSE)
    assert found.leaves == (Difference(("bins", "A"), "1", "2"),)


def test_its_requests_are_encoded_by_its_rows() -> None:
    wanted = _desired(title="Harbour", bins={"A": "2"})
    (update,) = _plan(wanted, live=(_live(wanted),)).actions
    assert (update.resource, update.request.method, update.request.path) == ("warehouse", "PUT", "/v1/warehouse/W1")
    assert update.request.body == {"binLines": [{"bin": {"value": "a"}, "shelf": {"value": "2"}}]}
    (create,) = _plan(_desired("W2", title="Hill")).actions
    assert (create.resource, create.request.path) == ("warehouse", "/v1/warehouse")
    assert create.request.body == {"code": {"value": "W2"}, "title": {"value": "Hill"}}


def test_it_comes_back_from_packing() -> None:
    live = _live(_desired(bins={}))
    packed = Packer(WAREHOUSE).pack(live)
    assert (packed.values, packed.line_ids) == (live.values, live.line_ids)


def test_its_schema_and_its_declarations_follow_its_rows() -> None:
    schema = members_schema(WAREHOUSE)
    assert list(schema) == ["code", "title", "bins"]
    assert schema["title"]["maxLength"] == 20
    assert schema["bins"]["additionalProperties"]["title"] == "Shelf"
    values: dict[str, Any] = {"bins": {"A": "1", "B": None}, "title": "Hill"}
    assert declared(values, resource=WAREHOUSE) == {"title": "Hill", "bins": {"A": "1"}}


def test_its_plan_is_saved_and_read_and_its_name_is_part_of_what_is_agreed_to() -> None:
    plan = plan_file.seal(_plan(_desired("W2", title="Hill")))
    assert plan_file.loads(plan_file.dumps(plan), "plan.json") == plan
    as_customer = replace(plan, actions=tuple(replace(action, resource="customer") for action in plan.actions))
    assert plan_file.seal(as_customer).changes_digest != plan.changes_digest


def test_a_plan_for_a_resource_that_is_not_known_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    data = plan_file.dumps(plan_file.seal(_plan(_desired("W2", title="Hill"))))
    monkeypatch.delitem(RESOURCES, WAREHOUSE.name)
    with pytest.raises(Refused, match="does not know: warehouse"):
        plan_file.loads(data, "plan.json")


def test_an_action_without_a_resource_is_about_a_customer() -> None:
    change = Change("name", "A", "B", Cause.CONFIG)
    (planned,) = _plan(_desired("W2", title="Hill")).actions
    action = Action(planned.action, "1", None, "B", AT, (change,), planned.request)
    assert (action.resource, action.table.name) == ("customer", "customer")
