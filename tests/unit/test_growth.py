"""Work grows with the length of the input and no faster, also behind the reading of files: answers, values, reports.

Counted as in `tests/unit/config/test_growth.py`, which is about reading and rewriting declarations.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

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
from tests.unit.config.test_growth import BOUND, growth

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


@pytest.mark.parametrize("text", ODD)
@pytest.mark.parametrize("run", [answered, checked, named, displayed, compared, diffed])
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
