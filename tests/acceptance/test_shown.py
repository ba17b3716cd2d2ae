"""Nothing is sent that the plan did not show: the ERP's log of writes against the plan as text and as JSON."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from decimal import Decimal
from typing import Any

import yaml
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from reconciler.core.safe_json import is_hidden
from tests.acceptance.conftest import Company
from tests.property.declarations import fields
from tests.property.test_street_property import _Dumper as ExactDumper

COUNT = 8
EXAMPLES = 4 if os.environ.get("HYPOTHESIS_PROFILE", "steady") == "steady" else 200

KEYS = {
    "attributeLines": ("attributeId",),
    "directDebitLines": ("mandateId",),
    "salesPersons": ("salesPersonID", "locationID"),
}
"""What tells the lines of a list apart; in all other lists it is `segmentId`."""

Told = dict[tuple[str, ...], Any]


def told(body: dict[str, Any], at: tuple[str, ...] = ()) -> Told:
    """The values of a request body by their path in declarations. What only says where a value belongs is no value."""
    found: Told = {}
    for name, member in body.items():
        value = member["value"] if isinstance(member, dict) and set(member) == {"value"} else member
        if isinstance(value, dict):
            found |= told(value, (*at, name))
        elif isinstance(value, list):
            for line in value:
                found |= _line(line, (*at, name))
        else:
            found[(*at, name)] = value
    return found


def _line(line: dict[str, Any], at: tuple[str, ...]) -> Told:
    bare = {name: value["value"] if isinstance(value, dict) else value for name, value in line.items()}
    keys = KEYS.get(at[-1], ("segmentId",))
    key = "/".join(str(bare.pop(name)) for name in keys if name in bare)
    bare.pop("id", None)
    if bare.pop("operation", None) == "Delete":
        assert not bare
        return {(*at, key): None}
    if at[-1] in ("directDebitLines", "salesPersons"):
        return {(*at, key, name): value for name, value in bare.items()}
    (value,) = bare.values()
    return {("attributes", key.upper()) if at[-1] == "attributeLines" else (*at, key): value}


def shown(changes: list[dict[str, Any]]) -> Told:
    """The values of the plan by their path, without the keys of lines, which stand in the path."""
    found: Told = {}
    for change in changes:
        path = tuple(plain or json.loads(f'"{odd}"') for plain, odd in _SEGMENT.findall(change["path"]))
        if len(path) == 3 and path[-1] in KEYS.get(path[0], ()):
            continue
        found[path] = change["after"]
    return found


_SEGMENT = re.compile(r'\.?([A-Za-z0-9_-]+)|\["((?:[^"\\]|\\.)*)"\]', re.DOTALL)


def same(sent: Any, planned: Any) -> bool:
    """A cleared text is "" on the wire, a day has a time there; all else is the value itself."""
    if planned is None:
        return sent in (None, "")
    return sent == planned or (isinstance(sent, str) and sent == str(planned).replace(" ", "T") + "T00:00:00")


def assert_shown(text: str, actions: list[dict[str, Any]]) -> None:
    """The text names each action and, below it, each change with its value; and nothing else."""
    blocks = re.findall(r"^([+~]) (.*)\n((?:    [-+~=] .*\n)*)", text, re.MULTILINE)
    assert [mark for mark, _, _ in blocks] == ["+" if each["action"] == "create" else "~" for each in actions]
    for (_, _, lines), action in zip(blocks, actions, strict=True):
        rows = lines.splitlines()
        assert len(rows) == len(action["changes"])
        for row, change in zip(rows, action["changes"], strict=True):
            assert row[6:].startswith(change["path"]), row
            value = change["after"]
            if isinstance(value, str) and not any(map(is_hidden, value)) and len(value) < 1000:
                assert json.dumps(value, ensure_ascii=False) in row.replace("\\\\x", "\\x"), row
            elif value is None:
                assert "(none)" in row
            elif isinstance(value, Decimal):  # an amount, without the zeros that change nothing
                assert re.search(rf"(?<![\d.-]){re.escape(format(value.normalize(), 'f'))}(?![\d.])", row), row
            elif not isinstance(value, str):
                assert str(value).lower() in row


@settings(max_examples=EXAMPLES, phases=[Phase.generate])
@given(data=st.data(), mode=st.sampled_from(["leaf", "leaf", "whole"]))
def test_exactly_what_the_plan_shows_is_sent(company: Company, data: st.DataObject, mode: str) -> None:
    """Each request of the plan once, byte for byte in meaning; each value of it in the plan's changes and its text."""
    company.store.reset()
    company.run("state", "clear", "--auto-approve")
    company.sandbox.switch(require_postal_code=False, numbering="manual", rate_limit=10**8)
    company.settings(f"nested_updates: {mode}\nguards: {{updates: 100%, creates: 100}}")
    company.store.seed(COUNT // 2, data.draw(st.integers(0, 99), "seed"), start=1)
    declared = []
    for number in range(1, COUNT + 1):
        values = data.draw(fields(), f"customer {number}")
        if number <= 2:
            values.pop("parentRecordNumber", None)
        declared.append({"number": str(number), "name": f"Customer {number}", **values})
    text = yaml.dump(declared, Dumper=ExactDumper, allow_unicode=True, sort_keys=False, width=10**6)
    company.declare(text.replace("${", "$${"))

    assert_sent_is_shown(company)


def test_what_is_sent_along_to_stay_as_it_is_is_shown(company: Company) -> None:
    """The ERP keeps a delivery address that equals the main one equal to it, unless it is told otherwise."""
    company.store.seed(1, 1, start=1)
    company.declare("[{number: 1, mainAddress: {city: Moss}, deliveryAddress: {city: Moss}}]")
    assert company.apply().code == 0
    company.declare("[{number: 1, mainAddress: {city: Bergen}, deliveryAddress: {city: Moss}}]")
    (action,) = assert_sent_is_shown(company)
    assert [change["path"] for change in action["changes"]] == ["mainAddress.city", "deliveryAddress.city"]


def assert_sent_is_shown(company: Company) -> list[dict[str, Any]]:
    """Plan and apply; the actions."""
    planned = company.run("plan", "-o", "plan.json")
    assert planned.code == 0, planned.err
    saved = json.loads((company.folder / "plan.json").read_text(encoding="utf-8"), parse_float=Decimal)
    before = len(company.sandbox.requests)
    written = len(company.store.write_log())
    ended = company.run("apply", "plan.json")
    assert ended.code in (0, 5), ended.err  # 5: the ERP does not take every value

    writes = [each for each in list(company.sandbox.requests)[before:] if each["method"] != "GET"]
    asked = Counter((each["method"], each["target"]) for each in writes if "/token" not in each["target"])
    assert asked == Counter((each["request"]["method"], each["request"]["path"]) for each in saved["actions"])
    assert_shown(planned.out, saved["actions"])
    for action in saved["actions"]:
        sent, seen = told(action["request"]["body"]), shown(action["changes"])
        assert sent.keys() == seen.keys(), action["number"]
        assert [path for path, value in sent.items() if not same(value, seen[path])] == []
    bodies = [each["request"]["body"] for each in saved["actions"]]
    assert sorted(map(_text, (row["body"] for row in company.store.write_log()[written:]))) == sorted(
        map(_text, bodies)
    )
    actions: list[dict[str, Any]] = saved["actions"]
    return actions


def _text(body: Any) -> str:
    return json.dumps(body, sort_keys=True, default=lambda value: f"{value.normalize():f}")
