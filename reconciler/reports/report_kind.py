"""What a report can be about."""

from __future__ import annotations

from enum import StrEnum


class ReportKind(StrEnum):
    """What a report is about."""

    VALIDATION = "validation"
    PLAN = "plan"
    RUN = "run"
    DRIFT = "drift"
