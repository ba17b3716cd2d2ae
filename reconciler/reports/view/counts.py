"""Counts in words, each with its unit; a customer counts once. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reconciler.reports.view.report import CustomerRow
from reconciler.reports.wording import counted


def scope_of(rows: Iterable[CustomerRow], one: str, many: str) -> str:
    """`604 customers are written, in 1,208 fields.` Nothing without rows. one, many: the verb after the customers."""
    sizes = [len(row.fields) for row in rows]
    if not sizes:
        return ""
    fields = f", in {counted(sum(sizes), 'field')}" if sum(sizes) else ""
    return f"{counted(len(sizes), 'customer')} {one if len(sizes) == 1 else many}{fields}."


def overwrite_warning(rows: Iterable[CustomerRow], start: str) -> str:
    """`Merging also overwrites 31 customers that were changed in the ERP (40 fields).` Nothing where none is."""
    overwritten = [count for row in rows if (count := sum(field.is_overwriting for field in row.fields))]
    if not overwritten:
        return ""
    customers = counted(len(overwritten), "customer that was", "customers that were")
    return f"{start} overwrites {customers} changed in the ERP ({counted(sum(overwritten), 'field')})."


def age(days: Sequence[int]) -> str:
    """How many days ago something was: `today`, `19 days ago`, `3 to 19 days ago`."""
    if not days:
        return ""
    youngest, oldest = min(days), max(days)
    if youngest == oldest:
        return f"{counted(oldest, 'day')} ago" if oldest else "today"
    return f"{youngest:,} to {counted(oldest, 'day')} ago"
