"""JSON for scripts: a validation, a run, a drift. A plan's JSON is the plan file itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from reconciler.core.diagnostics import Diagnostic, Source
from reconciler.core.doubts import told_summary
from reconciler.core.drift import Drift
from reconciler.core.plan import Outcome, Run
from reconciler.core.safe_json import inert_json

_ENCODER = msgspec.json.Encoder(decimal_format="number")


def validation(diagnostics: Sequence[Diagnostic], declarations: int) -> bytes:
    """`{"format": "reconciler/validation", "declarations": n, "summary": {...}, "diagnostics": [...]}`."""
    severities = ("error", "warning", "note")
    return _dump(
        {
            "format": "reconciler/validation",
            "format_version": "1.0",
            "declarations": declarations,
            "summary": {word: sum(diagnostic.severity == word for diagnostic in diagnostics) for word in severities},
            "diagnostics": diagnostics,
        }
    )


def run(run: Run) -> bytes:
    """`{"format": "reconciler/run", "plan": digest, "summary": {outcome: n}, "results": [...]}`."""
    return _dump(
        {
            "format": "reconciler/run",
            "format_version": "1.0",
            "started_at": run.started_at,
            "finished_at": run.finished_at,
            "environment": run.plan.environment,
            "company": run.plan.company,
            "plan_digest": run.plan.digest,
            "redacted": run.plan.redacted,
            "interrupted": run.interrupted,
            "summary": {outcome.value: run.count(outcome) for outcome in Outcome},
            "results": [
                {
                    "action": result.action.action,
                    "number": result.number,
                    "ref": result.action.ref,
                    "name": result.action.name,
                    "outcome": result.outcome,
                    "message": result.message,
                    "remedy": result.remedy,
                    "moved": result.moved,
                    "normalised": result.normalised,
                    "not_taken": result.not_taken,
                    "source": result.action.source,
                    "changes": result.action.changes,
                }
                for result in run.results
            ],
            "muted": run.plan.muted,
            "ignored": run.plan.ignored,
            "diagnostics": run.diagnostics,
        }
    )


def export(
    folder: str,
    counts: Mapping[str, int],
    left_out: Iterable[tuple[str, str, str]],
    unseen: Iterable[str],
    declared: Iterable[tuple[str, Source]] = (),
    updated: Iterable[str] = (),
) -> bytes:
    """`{"format": "reconciler/export", "left_out": [{"number": ..., "path": ..., "reason": ...}], ...}`.

    counts: of the new declarations (`customers`) and of the requests. declared: what was declared already, and where;
    updated: the files in which that was brought up to date.
    """
    return _dump(
        {
            "format": "reconciler/export",
            "format_version": "1.0",
            "folder": folder,
            **counts,
            "left_out": [{"number": number, "path": path, "reason": reason} for number, path, reason in left_out],
            "unseen": list(unseen),
            "declared": [{"number": number, "source": source} for number, source in declared],
            "updated": list(updated),
        }
    )


def drift(drift: Drift) -> bytes:
    """The drift as `schemas/drift.schema.json` has it: `{"format": "reconciler/drift", ..., "customers": [...]}`."""
    plain = msgspec.to_builtins(drift, builtin_types=(Decimal,))
    plain["summary"] = told_summary(plain["summary"]) | {"coverage": drift.coverage}
    for values, customer in zip(plain["customers"], drift.customers, strict=True):
        values["muted"] = customer.is_muted
    order = ("format", "format_version")
    return _dump({name: plain[name] for name in (*order, *(name for name in plain if name not in order))})


def _dump(values: dict[str, Any]) -> bytes:
    plain = msgspec.to_builtins(values, builtin_types=(Decimal,))
    return inert_json(msgspec.json.format(_ENCODER.encode(plain).decode(), indent=2) + "\n").encode()
