"""The errors that stop a run."""

from __future__ import annotations

import pytest

from reconciler.core.diagnostics import Diagnostic, Severity
from reconciler.core.errors import InvalidInput, RateLimited, ServerFailed


@pytest.mark.parametrize(("count", "said"), [(0, "0 errors"), (1, "1 error"), (2, "2 errors")])
def test_invalid_input_counts_its_errors_and_not_its_warnings(count: int, said: str) -> None:
    found = (
        Diagnostic(Severity.WARNING, "X", "w"),
        *(Diagnostic(Severity.ERROR, "X", "e") for _ in range(count)),
    )
    error = InvalidInput(found)
    assert (str(error), error.diagnostics, error.remedy) == (f"{said} in the settings or declarations", found, "")
    told = InvalidInput(found, "the settings are wrong", remedy="Correct them.")
    assert (str(told), told.remedy) == ("the settings are wrong", "Correct them.")


def test_an_error_of_the_erp_keeps_its_status_its_reference_and_the_wait_that_it_asks_for() -> None:
    error = RateLimited("slow down", remedy="Wait.", reference="r", retry_after=1.5)
    assert (str(error), error.remedy, error.status, error.reference, error.retry_after) == (
        "slow down", "Wait.", 429, "r", 1.5,
    )  # fmt: skip
    other = ServerFailed("out of order", remedy="Wait.", status=503, reference="r")
    assert (str(other), other.remedy, other.status, other.reference) == ("out of order", "Wait.", 503, "r")
