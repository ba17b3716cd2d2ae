"""How early a reviewer must see a change, and why: what moves money or trade first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from reconciler.reports.view.amounts import AmountChange
from reconciler.reports.view.report import FieldRow
from reconciler.resources.grammar import Kind, Resource
from reconciler.resources.values import Path

CLEARED, DRIFTED, TENFOLD = 15, 10, 15
"""What is added for a value that is cleared, for one that the ERP changed, and for an amount that changes tenfold."""
OVERWRITES = "overwrites the ERP's change"
_LISTED = 3
_NAMED_BY_VALUE = (Kind.ENUM,)


def review_priority(resource: Resource, path: Path) -> int:
    """How much a change of the field needs a look: 1 and more. A member of a group has at least the group's."""
    rows = (resource.row(path[:end]) for end in range(1, len(path) + 1))
    return 1 + max((row.priority for row in rows if row is not None), default=0)


def field_priority(resource: Resource, path: Path, after: object, amount: AmountChange | None, *, moved: bool) -> int:
    """How early a change of the field must be seen. moved: whether the ERP moved away from what was applied."""
    return review_priority(resource, path) + CLEARED * (after is None) + TENFOLD * is_tenfold(amount) + DRIFTED * moved


def is_tenfold(amount: AmountChange | None) -> bool:
    """Whether an amount becomes ten times as much or as little: more often a slip of the hand than not."""
    times = amount.times if amount else None
    return times is not None and (times >= 10 or times * 10 <= 1)


def field_stakes(resource: Resource, path: Path, change: tuple[object, object], amount: AmountChange | None) -> str:
    """Why a change of the field matters, in a few words; nothing where it is one of many."""
    row = resource.leaf(path)
    before, after = change
    cleared = after is None and before is not None
    if before == after or (review_priority(resource, path) == 1 and not cleared):
        return ""
    name = (row.stakes if row else "") or _lowered(resource.title(path))
    if cleared:
        return f"{name} cleared"
    if amount is not None:
        return f"{name} {amount.factor or amount.difference or amount.after}"
    if row is not None and row.kind in _NAMED_BY_VALUE:
        return f"{name} {after}"
    return name


def stakes_of(fields: Iterable[FieldRow], *others: str) -> tuple[str, ...]:
    """The reasons of a customer, each once: the others given, then those of its fields, the weightiest first."""
    ranked = sorted(fields, key=lambda field: -field.risk)
    return tuple(dict.fromkeys(filter(None, (*others, *(field.stakes for field in ranked)))))


def shortened(stakes: Sequence[str]) -> str:
    """The first reasons, and how many more there are."""
    more = f" and {len(stakes) - _LISTED} more" if len(stakes) > _LISTED else ""
    return ", ".join(stakes[:_LISTED]) + more


def overwriting(modified: str) -> str:
    """`overwrites the ERP's change of 12 Nov 2026`: of the day on which the record was last changed there."""
    try:
        day = date.fromisoformat(modified[:10])
    except ValueError:
        return OVERWRITES
    return f"{OVERWRITES} of {day.day} {day:%b %Y}"


def order_of(resource: Resource) -> str:
    """One sentence on the order in which customers stand."""
    weights: dict[str, int] = {}
    for _, row in resource.walk():
        if row.priority:
            name = row.stakes or _lowered(row.title)
            weights[name] = max(row.priority, weights.get(name, 0))
    names = sorted(weights, key=lambda name: -weights[name])
    return (
        f"What is refused or failed stands first. Then the field that changes decides: {', '.join(names)}, then all"
        " others. A value that is cleared, an amount that changes tenfold and a change in the ERP that is overwritten"
        " move a customer up."
    )


def _lowered(title: str) -> str:
    """A title inside a sentence: `credit terms`, `VAT zone`."""
    return title if title[1:2].isupper() else title[:1].lower() + title[1:]
