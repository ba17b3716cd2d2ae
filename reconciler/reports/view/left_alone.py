"""What differs and is left alone, as rows: muted fields, and declared fields that are ignored."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.core.mutes import Mute
from reconciler.core.plan import LeftAlone, LeftField
from reconciler.reports.safe_text import shown, visible
from reconciler.reports.view.report import CustomerRow, FieldRow
from reconciler.reports.wording import counted


def left_rows(muted: Iterable[LeftAlone], ignored: Iterable[LeftAlone]) -> tuple[CustomerRow, ...]:
    """One row for each customer: first the muted ones, then the ignored ones."""
    return (*(_row(customer, "muted") for customer in muted), *(_row(customer, "ignored") for customer in ignored))


def left_words(muted: int, ignored: int) -> str:
    """`1 customer differs in muted fields, 2 customers differ in ignored fields`, or nothing."""
    counts = [(count, word) for count, word in ((muted, "muted"), (ignored, "ignored")) if count]
    verb = "customer differs", "customers differ"
    return ", ".join(f"{counted(count, *verb)} in {word} fields" for count, word in counts)


def muted_until(mute: Mute) -> str:
    """Until when, and why."""
    return f"muted until {visible(mute.until)}: {visible(mute.reason)}"


def _row(customer: LeftAlone, verb: str) -> CustomerRow:
    fields = tuple(_field(field) for field in customer.fields)
    label, name = visible(customer.number), visible(customer.name)
    return CustomerRow("=", verb, label, name, fields, customer.source, muted=verb == "muted")


def _field(field: LeftField) -> FieldRow:
    why = muted_until(field.mute) if field.mute else f"ignored by {visible(field.rule)}"
    values = (shown(field.before), shown(field.after))
    return FieldRow("=", visible(field.path), *values, source=field.source, notes=(why,), muted=field.mute is not None)
