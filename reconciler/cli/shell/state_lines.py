"""What `state show` shows: as JSON values, and as lines of text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.text import Text

from reconciler.reports.safe_text import visible
from reconciler.state.lock_holder import Holder
from reconciler.state.store import Description


def state_facts(state: Description) -> dict[str, Any]:
    """The description as JSON values."""
    return {
        "path": str(state.path),
        "exists": state.version is not None,
        "size_bytes": state.size,
        "schema_version": state.version,
        "customers": state.customers,
        "snapshot": {"customers": state.snapshot, "as_of": state.snapshot_as_of},
        "runs": len(state.runs),
        "unfinished_runs": [run.id for run in state.runs if run.finished_at is None],
        "lock": _holder_facts(state.holder),
    }


def _holder_facts(holder: Holder | None) -> dict[str, Any] | None:
    if holder is None:
        return None
    owner = holder.owner
    known = (
        {}
        if owner is None
        else {name: getattr(owner, name) for name in ("user", "host", "pid", "command", "since")}
        | ({"job": owner.job} if owner.job else {})
    )
    return {"holder": holder.life.value, **known}


def state_lines(state: Description) -> Iterator[Text]:
    """The description as lines of text."""
    for name, text in _lines(state):
        yield Text.assemble((f"{name:<12}", "bold"), visible(text))


def _lines(state: Description) -> list[tuple[str, str]]:
    if state.version is None:
        return [("State", f"{state.path} (none yet; the first plan makes it)"), ("Lock", _lock_text(state.holder))]
    unfinished = [run.id for run in state.runs if run.finished_at is None]
    runs = f"{len(state.runs):,}" + (f", not finished: {', '.join(unfinished)}" if unfinished else "")
    return [
        ("State", str(state.path)),
        ("Size", f"{state.size:,} bytes"),
        ("Schema", f"version {state.version}"),
        ("Customers", f"{state.customers:,} known"),
        ("Snapshot", f"{state.snapshot:,} customers as of {state.snapshot_as_of}" if state.snapshot_as_of else "none"),
        ("Runs", runs),
        *([("Encrypted", f"with the key {state.sealed_with}")] if state.sealed_with else []),
        ("Lock", _lock_text(state.holder)),
    ]


def _lock_text(holder: Holder | None) -> str:
    """Who holds the lock, and whether that is still so."""
    if holder is None:
        return "free"
    who = str(holder.owner) if holder.owner else "somebody unknown"
    notes = {
        "running": "held by {}",
        "ended": "left behind by {} (ended; the next run takes over)",
        "elsewhere": "held by {} (on another machine; if it is gone: state unlock --force)",
    }
    return notes[holder.life.value].format(who)
