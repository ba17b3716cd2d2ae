"""Words are explained where they occur."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.core.plan import Verb
from reconciler.reports.view.glossary import glossary
from reconciler.reports.view.groups import groups_of
from reconciler.reports.view.plan import of_plan
from reconciler.reports.view.report import Report
from tests.unit.reports import samples


def occurring(report: Report) -> set[str]:
    fields = [field for row in report.customers for field in row.fields]
    words = {row.verb for row in report.customers} | {row.outcome for row in report.customers}
    words |= {field.cause for field in fields} | {field.origin for field in fields}
    return words - {""}


@pytest.mark.parametrize("case", sorted(samples.REPORTS.keys() - {"validation_errors"}))
def test_each_word_of_a_report_is_explained(case: str) -> None:
    report = samples.REPORTS[case]()
    words = dict(glossary(report))
    assert occurring(report) <= words.keys()
    assert all(words.values())


def test_no_word_is_explained_that_does_not_occur() -> None:
    words = dict(glossary(samples.REPORTS["plan_none"]()))
    assert words.keys() == {"unchanged", "unmanaged"}


def test_what_is_left_alone_held_back_and_renumbered_is_explained() -> None:
    renumbered = samples.action("20", "A", samples.change("number", "10", "20"), verb=Verb.RENUMBER)
    whole = samples.left_alone()
    counts = replace(whole.summary, renumber=1, held_back=2, unreadable=1)
    report = of_plan(replace(whole, summary=counts, actions=(renumbered,)))
    assert {"muted", "ignored", "renumber", "held back", "unreadable"} <= dict(glossary(report)).keys()


def test_a_renumbering_is_said_first_and_says_why() -> None:
    update = samples.action("20", "A", samples.change("status", "Active", "Hold"))
    number = samples.action("20", "A", samples.change("number", "10", "20"), verb=Verb.RENUMBER)
    report = of_plan(samples.plan(update, number))
    first, second = (row for group in groups_of(report.customers) for row in group.customers)
    assert (first.symbol, first.label, first.stakes) == ("»", "10 → 20", ("new number",))
    assert second.verb == "update"
