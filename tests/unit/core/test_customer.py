"""Customers as they are kept packed, and the errors that stop a run."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from reconciler.core.diagnostics import Diagnostic, Severity
from reconciler.core.errors import InvalidInput, RateLimited, ServerFailed
from reconciler.core.live import Live, PackedLive
from reconciler.resources.values import Path, Values


def _unpack(packed: bytes) -> tuple[Values, Mapping[Path, str]]:
    return {"name": packed.decode()}, {("attributes", "A"): "a"}


def test_a_packed_customer_reads_as_any_other() -> None:
    found = PackedLive(7, "10000", "v1", "2026-01-31", b"Fjord", True, _unpack)
    assert (found.internal_id, found.number, found.version, found.modified, found.created, found.whole) == (
        7, "10000", "v1", "2026-01-31", None, True,
    )  # fmt: skip
    assert (found.name, found.values, found.line_ids) == ("Fjord", {"name": "Fjord"}, {("attributes", "A"): "a"})
    assert not PackedLive(7, "1", None, None, b"", False, _unpack).whole
    other = found.with_values({"name": "B"})
    assert other == Live(7, "10000", "v1", {"name": "B"}, "2026-01-31", None, {("attributes", "A"): "a"})
    assert found.with_values({}, {}).line_ids == {}


def test_a_name_that_is_no_text_is_none() -> None:
    assert Live(1, "1", None, {"name": None}).name == ""
    assert Live(1, "1", None, {}).name == ""


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
