"""Words are explained where they occur."""

from __future__ import annotations

import pytest

from reconciler.reports.view.glossary import glossary
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
