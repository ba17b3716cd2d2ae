"""What `validate` says, as a report."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.core.diagnostics import Diagnostic, Severity
from reconciler.reports.report_kind import ReportKind
from reconciler.reports.view.report import Report, ReportState
from reconciler.reports.wording import counted


def of_validation(diagnostics: Sequence[Diagnostic], declarations: int) -> Report:
    """The problems of so many declarations."""
    errors, warnings, notes = (
        sum(diagnostic.severity is severity for diagnostic in diagnostics) for severity in Severity
    )
    problems = " and ".join(counted(count, noun) for count, noun in ((errors, "error"), (warnings, "warning")) if count)
    valid = f"Valid: {counted(declarations, 'declaration')}{', with ' + problems if problems else ''}."
    return Report(
        ReportKind.VALIDATION,
        ReportState.INVALID if errors else ReportState.CLEAN,
        f"Invalid: {problems}." if errors else valid,
        {"declarations": declarations, "errors": errors, "warnings": warnings, "notes": notes},
        diagnostics=tuple(diagnostics),
    )
