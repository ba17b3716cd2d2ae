"""How early a reviewer must see a change, and why: what moves money or trade first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from reconciler.reports.safe_text import visible
from reconciler.reports.view.amounts import AmountChange
from reconciler.reports.view.report import FieldRow
from reconciler.resources.grammar import Field, Kind, Resource
from reconciler.resources.values import parse_path

CLEARED, DRIFTED, TENFOLD = 15, 10, 15
"""What is added for a value that is cleared, for one that the ERP changed, and for an amount that changes tenfold."""
OVERWRITES = "overwrites the ERP's change"
_LISTED = 3


@dataclass(frozen=True, slots=True)
class FieldFacts:
    """What the field table says of the field at a path; row None and title "" for one that it does not know.

    name: what a sentence calls it, or what a change of it puts at stake. priority: how much a change needs a look, 1
    and more. Texts are visible.
    """

    row: Field | None
    title: str
    name: str
    priority: int

    @property
    def is_prose(self) -> bool:
        """Whether its values are texts of which a part tells something."""
        return self.row is None or self.row.kind is Kind.TEXT


@lru_cache(maxsize=4096)  # thousands of customers change the same few fields
def facts_of(resource: Resource, text: str) -> FieldFacts:
    """The facts of the field at a path, as a plan writes it. A member of a group has at least the group's priority."""
    path = parse_path(text)
    rows = [resource.row(path[:end]) for end in range(1, len(path) + 1)]
    row, title = resource.leaf(path), visible(resource.title(path))
    name = (row.stakes if row else "") or _lowered(title) or visible(text)
    return FieldFacts(row, title, name, 1 + max((row.priority for row in rows if row is not None), default=0))


def field_priority(field: FieldFacts, after: object, amount: AmountChange | None, *, moved: bool) -> int:
    """How early a change of the field must be seen. moved: whether the ERP moved away from what was applied."""
    return field.priority + CLEARED * (after is None) + TENFOLD * is_tenfold(amount) + DRIFTED * moved


def is_tenfold(amount: AmountChange | None) -> bool:
    """Whether an amount becomes ten times as much or as little: more often a slip of the hand than not."""
    times = amount.times if amount else None
    return times is not None and (times >= 10 or times * 10 <= 1)


def field_stakes(field: FieldFacts, before: object, after: object, amount: AmountChange | None) -> str:
    """Why a change of the field matters, in a few visible words; nothing where it is one of many."""
    cleared = after is None and before is not None
    if before == after or (field.priority == 1 and not cleared):
        return ""
    if cleared:
        return f"{field.name} cleared"
    if amount is not None:
        return f"{field.name} {amount.factor or amount.difference or amount.after}"
    if field.row is not None and field.row.kind is Kind.ENUM:
        return f"{field.name} {visible(str(after))}"
    return field.name


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
