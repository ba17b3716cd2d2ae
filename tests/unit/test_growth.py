"""Work grows with the length of the input and no faster, also behind the reading of files: answers, values, reports.

Counted as in `tests/unit/config/test_growth.py`, which is about reading and rewriting declarations.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from reconciler.cli.shell import spelling
from reconciler.cli.shell.rewriting import unified_diff
from reconciler.config.edit.write_files import Replacement
from reconciler.config.read.content_checks import complaint, joint_findings
from reconciler.config.read.value_checks import findings, grouped_amounts
from reconciler.config.read.yaml_nodes import Broken
from reconciler.core.desired import Desired
from reconciler.core.diagnostics import Source
from reconciler.core.duplicates import findings as likeness_findings
from reconciler.core.duplicates import likenesses, of_live, of_new
from reconciler.core.live import Live
from reconciler.core.patterns import segments
from reconciler.core.plan import Plan
from reconciler.core.safe_json import inert_json
from reconciler.erp.answer import Answer
from reconciler.erp.error_answers import read_reason
from reconciler.reports.csv_lines import line
from reconciler.reports.gfm import block, code, prose, ticked
from reconciler.reports.marks import marked
from reconciler.reports.safe_text import escaped, shown, visible
from reconciler.resources.customer import CUSTOMER
from reconciler.resources.grammar import Kind
from reconciler.resources.values import Values, parse_path
from reconciler.state import plan_file
from tests.unit.config.test_growth import BOUND, growth
from tests.unit.core.test_planner import plan_of

ODD = ["a", " ", "#", "'", "\\", '"', "`", "<a ", "0", "E+", "::", "\n", "\x1b", "@", "a.", "##[", "VismaId: ", "1,000",
       "A1 ", "<!--", "=", "#A", "# x\n"]  # fmt: skip


def answered(text: str) -> None:
    for body in (text, f'{{"message": "{text}"}}', f"<html>{text}"):
        read_reason(Answer(500, {}, body.encode()))


SORTS = {
    (row.kind, row.comparison, row.content, row.multiline): row
    for _, row in CUSTOMER.walk()
    if row.kind in (Kind.TEXT, Kind.REFERENCE, Kind.NUMBER)
}
"""A field of each sort of text."""


def checked(text: str) -> None:
    for row in SORTS.values():
        list(findings(row, text, Broken()))
        complaint(row, text)
    list(joint_findings({"mainAddress": {"postalCode": text, "countryId": "NO"}}))
    grouped_amounts(text)


def named(text: str) -> None:
    segments(text)
    parse_path(text)
    parse_path(f'attributes["{text}"]')


def displayed(text: str) -> None:
    for write in (escaped, visible, shown, inert_json, code, prose, ticked):
        write(text)
    shown(Decimal("1." + "0" * len(text)))
    shown([text] * 3)
    block([text])
    line([text, f"={text}"])


def compared(text: str) -> None:
    marked(text, f"{text}x{text}")


def diffed(text: str) -> None:
    """Against a text of which some lines are others, and some are gone."""
    lines = text.encode(errors="replace").replace(b" ", b"\n").splitlines(keepends=True)
    other = [b"x\n" if at % 7 == 3 else line for at, line in enumerate(lines) if at % 11]
    unified_diff(Replacement(Path("a.yaml"), "a.yaml", b"a: 1\n" + b"".join(lines), b"a: 2\n" + b"".join(other)))


def unaddressed(text: str) -> None:
    spelling._ADDRESS.sub("ADDRESS", text)


@pytest.mark.parametrize("text", ODD)
@pytest.mark.parametrize("run", [answered, checked, named, displayed, compared, diffed, unaddressed])
def test_work_grows_no_faster_than_the_text(run: Callable[[str], None], text: str) -> None:
    assert growth(lambda count: text * count, run) <= BOUND


@pytest.mark.parametrize("member", ["name", "corporateId"])
def test_the_work_for_a_new_customer_grows_no_faster_than_those_that_it_is_like(member: str) -> None:
    def look(count: int) -> None:
        values: Values = {member: "911111111"}
        known = [of_live(Live(at, str(at), "v", values)) for at in range(count)]
        new = Desired("new", None, values, Source("a.yaml", 1, 1), lambda _: Source("a.yaml", 1, 1))
        diagnostics, _ = likeness_findings(likenesses([of_new(new)], known), duplicates="error", lookalikes="error")
        assert len(diagnostics) == 1

    assert growth(lambda count: count, look) <= BOUND


ONE_ID: dict[str, Callable[[int, str], Values]] = {
    "nothing else": lambda at, side: {"corporateId": "911 111 111"},
    "names of their own": lambda at, side: {"corporateId": "911111111", "name": f"{side} {at}"},
    "one name": lambda at, side: {"corporateId": "911111111", "name": "A", "mainAddress": {"city": f"{side} {at}"}},
    "both ids": lambda at, side: {"corporateId": "911111111", "vatRegistrationId": "811111111"},
    "another id of their own": lambda at, side: {"corporateId": f"{at + 800}-{side}", "vatRegistrationId": "911111111"},
}
"""Customers with one id: by what else they have. side: new or live."""


def many_with_one_id(sort: str, count: int) -> Plan:
    live = tuple(Live(at, str(at), "v", {"name": "A", **ONE_ID[sort](at, "live")}) for at in range(count))
    at = Source("a.yaml", 1, 1)
    new = (
        Desired(f"N{one}", None, {"name": "A", **ONE_ID[sort](one, "new")}, at, lambda _: at) for one in range(count)
    )
    plan = plan_file.seal(plan_of(*new, live=live))
    assert len(plan.actions) == count
    assert all(action.look_alikes == {customer.number for customer in live} for action in plan.actions)
    return plan


@pytest.mark.parametrize("sort", ONE_ID)
def test_the_work_for_new_customers_and_live_ones_with_one_id_grows_no_faster_than_their_number(sort: str) -> None:
    """Not as the pairs do: look-alikes, findings, and the digests of what is consented to."""
    assert growth(lambda count: count, lambda count: many_with_one_id(sort, count), size=12) <= BOUND


@pytest.mark.parametrize("sort", ONE_ID)
def test_the_plan_file_of_customers_with_one_id_grows_no_faster_than_their_number(sort: str) -> None:
    plans = [many_with_one_id(sort, count) for count in (50, 100, 200)]
    small, middle, large = map(plan_file.dumps, plans)
    assert (len(large) - len(middle)) / (len(middle) - len(small)) < 2.2
    assert plan_file.loads(large, "plan.json") == plans[-1]
