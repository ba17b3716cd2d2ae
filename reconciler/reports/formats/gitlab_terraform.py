"""GitLab's `reports:terraform`: three numbers that a merge request shows in a line of its own."""

from __future__ import annotations

import msgspec

from reconciler.reports.view.report import Report


def render(report: Report, *, max_chars: int | None = None) -> bytes:
    """`{"create": n, "update": n, "delete": 0}` of a plan: nothing is ever deleted, and a new number is an update.

    max_chars is of no use here.
    """
    counts = {word: report.counts.get(word, 0) for word in ("create", "update")}
    counts["update"] += report.counts.get("renumber", 0)
    return msgspec.json.encode({**counts, "delete": 0}) + b"\n"
