"""What `runs list` shows: each run as JSON values, and all of them as a table."""

from __future__ import annotations

from typing import Any

from rich.text import Text

from reconciler.core.plan import Outcome
from reconciler.operations.past_runs import PastRun
from reconciler.reports.safe_text import visible
from reconciler.reports.wording import OUTCOMES


def run_facts(past: PastRun) -> dict[str, Any]:
    """The run as JSON values."""
    info = past.info
    return {
        "id": info.id,
        "status": past.status,
        "environment": info.environment,
        "tenant_id": info.tenant_id,
        "base_url": info.base_url,
        "started_at": info.started_at,
        "finished_at": info.finished_at,
        "plan_digest": info.digest,
        "actions": info.actions,
        "open": info.open,
        "outcomes": {outcome.value: count for outcome, count in info.outcomes.items()},
    }


def run_table(rows: list[dict[str, Any]]) -> list[Text]:
    """The runs, a line each below a head."""
    cells = [("RUN", "STARTED", "STATUS", "ENVIRONMENT", "ACTIONS")]
    cells += [
        (visible(row["id"]), visible(row["started_at"]), row["status"], visible(row["environment"]), _counts(row))
        for row in rows
    ]
    widths = [max(len(row[at]) for row in cells) for at in range(4)]
    lines = ["  ".join([*(f"{row[at]:<{widths[at]}}" for at in range(4)), row[4]]) for row in cells]
    return [Text(line, style="bold" if at == 0 else "") for at, line in enumerate(lines)]


def _counts(row: dict[str, Any]) -> str:
    """`3 done, 1 unclear, 1 not sent`: every action of the run."""
    counts = {OUTCOMES[Outcome(name)]: count for name, count in row["outcomes"].items()}
    unclear, unsent = OUTCOMES[Outcome.UNKNOWN], OUTCOMES[Outcome.SKIPPED]
    untouched = row["actions"] - row["open"] - sum(counts.values())
    counts[unclear] = counts.get(unclear, 0) + row["open"]
    counts[unsent] = counts.get(unsent, 0) + untouched
    parts = [f"{counts[word]:,} {word}" for word in OUTCOMES.values() if counts.get(word)]
    return ", ".join(parts)
