"""The policy that docs/apply.md shows does what the page says."""

from __future__ import annotations

import re
from pathlib import Path

from tests.acceptance.conftest import Company

_PAGE = (Path(__file__).parents[2] / "docs" / "apply.md").read_text(encoding="utf-8")
_RISES = [
    (100, 150, False),
    (100, 151, True),
    (100000, 150000, False),
    (120000, 170001, True),
    (100000, 1, False),
    (0, 50000, False),
    (0, 77777, True),
]


def test_the_policy_in_the_docs_bounds_rises_starts_and_new_customers(company: Company) -> None:
    (example,) = re.findall(r"(?s)```yaml\n(guards:\n.+?)```", _PAGE)
    company.settings(example)
    company.store.seed(len(_RISES), 1, start=1)
    lines = []
    for number, (before, after, _) in zip(company.store.numbers(), _RISES, strict=True):
        company.store.edit(number, {"creditLimit": before})
        lines.append(f"- {{number: '{number}', creditLimit: {after}}}")
    new = "overrideWithClassValues: true, customerClassId: '1', name: A AS"
    lines += [f"- {{number: new{limit}, {new}, creditLimit: {limit}}}" for limit in (50000, 77777)]
    company.declare("\n".join(lines))
    plan = company.run("plan", "--format", "json")
    refused = {each["number"] for each in plan.json["refusals"]}
    wanted = {number for number, (_, _, no) in zip(company.store.numbers(), _RISES, strict=True) if no}
    assert (plan.code, refused) == (4, wanted | {"new77777"})
