"""GitLab's `reports:terraform`: three numbers that a merge request shows in a line of its own."""

from __future__ import annotations

import msgspec

from reconciler.reports.view.report import Report


def render(report: Report, *, max_chars: int | None = None) -> bytes:
    """`{"create": n, "update": n, "delete": 0}` of a plan: nothing is ever deleted. max_chars is of no use here."""
    counts = {word: report.counts.get(word, 0) for word in ("create", "update")}
    return msgspec.json.encode({**counts, "delete": 0}) + b"\n"
