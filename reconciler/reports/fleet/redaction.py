"""`--redact` for a fleet: what its report quotes of a company."""

from __future__ import annotations

from dataclasses import replace

from reconciler.core.fleet import CompanyReport
from reconciler.reports.redact import Redactor


def redacted(company: CompanyReport, redactor: Redactor) -> CompanyReport:
    """The report without personal data in its messages. Its lines are of a plan, run or drift that was redacted."""
    state = company.state
    if state is not None and state.holder is not None:
        state = replace(state, holder=redactor.text(state.holder))
    return replace(
        company,
        reason=redactor.text(company.reason),
        remedy=redactor.text(company.remedy),
        diagnostics=redactor.diagnostics(company.diagnostics),
        state=state,
    )
