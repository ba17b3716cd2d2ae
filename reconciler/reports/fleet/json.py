"""`fleet.json`: the fleet's report as `schemas/fleet.schema.json` has it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from reconciler.core.fleet import FleetReport
from reconciler.core.safe_json import inert_json

_FIRST = ("format", "format_version", "reconciler_version", "created_at", "work")


def fleet_json(report: FleetReport) -> bytes:
    """`{"format": "reconciler/fleet", "work": "plan", "summary": {outcome: n}, "companies": [...], ...}`."""
    plain: dict[str, Any] = msgspec.to_builtins(report, builtin_types=(Decimal,))
    summary = {"companies": len(report.companies)} | {outcome.value: count for outcome, count in report.counts.items()}
    ordered = {name: plain[name] for name in _FIRST} | {"digest": report.digest, "summary": summary} | plain
    return inert_json(msgspec.json.format(msgspec.json.encode(ordered).decode(), indent=2) + "\n").encode()
