"""Problems that many customers have in common, as one. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from reconciler.core.diagnostics import Diagnostic
from reconciler.reports.safe_text import visible
from reconciler.reports.view.report import Report
from reconciler.reports.wording import counted, file_and_line

_FEW = 3
"""So many of a kind are read one by one; more of them would hide all else."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem. customers: each with its place, visible, if several have it; then the summary counts them."""

    diagnostic: Diagnostic
    customers: tuple[str, ...] = ()


def problems_of(report: Report) -> list[Problem]:
    """The diagnostics in the report's order; what is said of many customers in the same words stands once, in the first
    place."""
    labels = {row.label for row in report.customers}
    alike: dict[object, list[Diagnostic]] = {}
    for diagnostic in report.diagnostics:
        alike.setdefault(_sameness(diagnostic, labels), []).append(diagnostic)
    return [problem for diagnostics in alike.values() for problem in _as_one(diagnostics)]


def _sameness(diagnostic: Diagnostic, labels: set[str]) -> object:
    """What two problems must have in common to be told as one: all but whose they are."""
    label, colon, said = visible(diagnostic.summary).partition(": ")
    if not colon or label not in labels:
        return object()
    return diagnostic.severity, diagnostic.code, said, diagnostic.detail, diagnostic.remedy


def _as_one(diagnostics: list[Diagnostic]) -> Iterator[Problem]:
    if len(diagnostics) <= _FEW:
        yield from map(Problem, diagnostics)
        return
    parts = [visible(diagnostic.summary).partition(": ") for diagnostic in diagnostics]
    customers = tuple(
        f"{label} {file_and_line(diagnostic.source)}".rstrip()
        for (label, _, _), diagnostic in zip(parts, diagnostics, strict=True)
    )
    summary = f"{counted(len(set(customers)), 'customer')}: {parts[0][2]}"
    yield Problem(replace(diagnostics[0], summary=summary, source=None), customers)
