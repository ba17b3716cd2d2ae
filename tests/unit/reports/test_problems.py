"""What many customers have in common is told once."""

from __future__ import annotations

from dataclasses import replace

from reconciler.core.diagnostics import Diagnostic, Severity, Source
from reconciler.reports.formats import render
from reconciler.reports.view.plan import of_plan
from reconciler.reports.view.problems import problems_of
from reconciler.reports.view.report import Report
from tests.unit.reports import samples


def _report(*numbers: str, said: str = "its contact may follow") -> Report:
    plan = samples.plan(*(samples.action(number, "Fjord", samples.change("name", "a", "b")) for number in numbers))
    notes = tuple(
        Diagnostic(Severity.NOTE, "P504", f"{number}: {said}", remedy="Declare it.", source=Source("c.yaml", at, 3))
        for at, number in enumerate(numbers, start=1)
    )
    return of_plan(replace(plan, diagnostics=notes))


def test_a_few_problems_are_told_one_by_one() -> None:
    assert [problem.customers for problem in problems_of(_report("1", "2", "3"))] == [(), (), ()]


def test_many_customers_with_one_problem_are_counted_and_none_is_left_out() -> None:
    """In each format that people read."""
    report = _report(*(f"{number}" for number in range(100, 704)))
    (problem,) = problems_of(report)
    assert problem.diagnostic.summary == "604 customers: its contact may follow"
    for form in ("text", "markdown", "html"):
        text = render(report, form, max_chars=None).decode()
        assert text.count("its contact may follow") == 1
        assert all(f"{number} c.yaml:{at}" in text for at, number in enumerate(range(100, 704), start=1))


def test_problems_that_differ_or_are_of_no_customer_are_not_put_together() -> None:
    report = _report("1", "2", "3", "4")
    other = Diagnostic(Severity.WARNING, "P505", "sum: its contact may follow")
    mixed = replace(report, diagnostics=(*report.diagnostics[:3], other, other, other, other))
    assert [problem.diagnostic for problem in problems_of(mixed)] == list(mixed.diagnostics)
