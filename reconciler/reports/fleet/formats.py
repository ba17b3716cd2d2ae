"""The formats of a fleet's report by name."""

from __future__ import annotations

from importlib import import_module
from typing import Protocol, cast

from reconciler.core.fleet import FleetReport
from reconciler.reports.fleet.json import fleet_json

FORMATS = ("text", "json", "markdown", "html", "csv")


class Render(Protocol):
    """One format. max_chars: characters that the result must fit."""

    def __call__(self, report: FleetReport, *, max_chars: int | None = None) -> bytes:
        """The report in the format, UTF-8."""


def render_fleet(report: FleetReport, form: str, *, max_chars: int | None = None) -> bytes:
    """The report in a format of `FORMATS`."""
    if form == "json":
        return fleet_json(report)
    module = import_module(f"{__package__}.{form}")
    return cast("Render", module.render)(report, max_chars=max_chars)
