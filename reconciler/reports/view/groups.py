"""What many customers have in common: identical changes as one group, all changes of a field in few lines. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from reconciler.reports.view.amounts import AmountChange, spaced
from reconciler.reports.view.report import CustomerRow, FieldRow, LineAuthor
from reconciler.reports.wording import counted, file_and_line
from reconciler.resources.customer import CUSTOMER

_CREATE = "+"
_IDENTITY = (CUSTOMER.key, CUSTOMER.label)
"""What tells new customers apart and is shown with each: it is no difference between their changes."""
_LISTED = 3
"""So many values of a field are listed; one more would not be a pattern any more."""


@dataclass(frozen=True, slots=True)
class Group:
    """Customers to which exactly the same happens, in the report's order: at least one. A customer is in one group."""

    customers: tuple[CustomerRow, ...]

    @property
    def first(self) -> CustomerRow:
        """The one that stands for all."""
        return self.customers[0]

    @property
    def is_single(self) -> bool:
        """Whether it is but one customer."""
        return len(self.customers) == 1

    @property
    def risk(self) -> int:
        """That of the riskiest customer."""
        return max(row.risk for row in self.customers)

    @property
    def fields(self) -> tuple[FieldRow, ...]:
        """The fields that change in all of them; of new customers without number and name."""
        return _fields(self.first)

    @property
    def stakes(self) -> tuple[str, ...]:
        """The reasons of all, those of the first one first."""
        return tuple(dict.fromkeys(reason for row in self.customers for reason in row.stakes))

    @property
    def authors(self) -> tuple[LineAuthor, ...]:
        """Who wrote the lines."""
        return tuple(dict.fromkeys(author for row in self.customers for author in row.authors))

    @property
    def places(self) -> tuple[str, ...]:
        """`file:line` of a single customer, the files of several."""
        if self.is_single:
            return tuple(filter(None, (file_and_line(self.first.source),)))
        files = (row.source.file for row in self.customers if row.source)
        return tuple(dict.fromkeys(files))


def groups_of(rows: Iterable[CustomerRow]) -> list[Group]:
    """The customers by what happens to them, the riskiest group first, else in the report's order."""
    together: dict[object, list[CustomerRow]] = {}
    for row in rows:
        together.setdefault(_sameness(row), []).append(row)
    return sorted((Group(tuple(group)) for group in together.values()), key=lambda group: -group.risk)


def _sameness(row: CustomerRow) -> object:
    """What two customers must have in common to be told as one."""
    changes = tuple(
        (field.path, field.before, field.after, field.cause, field.origin, field.muted) for field in _fields(row)
    )
    said = (row.message, row.remedy, row.stored, row.not_taken, row.notes if row.outcome else ())
    return row.verb, row.symbol, row.outcome, row.severity, row.new, row.muted, said, changes


def _fields(row: CustomerRow) -> tuple[FieldRow, ...]:
    return tuple(field for field in row.fields if row.symbol != _CREATE or field.path not in _IDENTITY)


# ---- all changes of a field ----


@dataclass(frozen=True, slots=True)
class FieldSummary:
    """One field over many customers. customers: how many change in it. lines: what changes, each with its count.

    values: (before, after, customers) of the changes that are listed, `others` what the rest has in common. total: the
    sum of the differences of amounts, in each currency, or "".
    """

    path: str
    title: str
    customers: int
    values: tuple[tuple[str, str, int], ...]
    others: tuple[str, ...]
    risk: int
    total: str = ""


def field_summaries(rows: Iterable[CustomerRow]) -> list[FieldSummary]:
    """Each field that changes, the riskiest first, then the most frequent one."""
    by_path: dict[str, list[tuple[CustomerRow, FieldRow]]] = {}
    for row in rows:
        for field in row.fields:
            by_path.setdefault(field.path, []).append((row, field))
    summaries = [_summary(path, changes) for path, changes in by_path.items()]
    return sorted(summaries, key=lambda summary: (-summary.risk, -summary.customers))


def _summary(path: str, changes: Sequence[tuple[CustomerRow, FieldRow]]) -> FieldSummary:
    fields = [field for _, field in changes]
    counts = Counter(field.told for field in fields)
    frequent = [pair for pair, count in counts.most_common(_LISTED) if count > 1 or len(counts) <= _LISTED]
    listed = tuple((*pair, counts[pair]) for pair in frequent)
    rest = [field for field in fields if field.told not in set(frequent)]
    amounts = [field.amount for field in fields if field.amount] if len(counts) > 1 else []
    return FieldSummary(
        path,
        fields[0].title or path,
        len(changes),
        listed,
        tuple(_others(rest, bool(listed)) + _amounts(amounts) + _extreme(changes if len(counts) > 1 else ())),
        max(field.risk for field in fields),
        _total(fields) if len(fields) > 1 else "",
    )


def _others(rest: Sequence[FieldRow], is_rest: bool) -> list[str]:
    """What the changes that are not listed have in common."""
    if not rest:
        return []
    start = "and " if is_rest else ""
    cleared = sum(field.values[1] is None for field in rest)
    distinct = len({field.told for field in rest})
    others = f"{start}{counted(distinct, 'other change' if is_rest else 'different change')}: {_customers(len(rest))}"
    return [others + (f", {cleared:,} of them cleared" if cleared else "")]


def _customers(count: int) -> str:
    return counted(count, "customer")


def _amounts(amounts: Sequence[AmountChange]) -> list[str]:
    """How many rise and fall."""
    raised = sum(amount.difference.startswith("+") for amount in amounts)
    lowered = sum(amount.difference.startswith("−") for amount in amounts)
    parts = [f"{word} for {_customers(count)}" for word, count in (("raised", raised), ("lowered", lowered)) if count]
    return [", ".join(parts)] if parts else []


def _extreme(changes: Sequence[tuple[CustomerRow, FieldRow]]) -> list[str]:
    """The amount that changes most, by its factor."""
    factors = [
        (max(times, 1 / times), row, field.amount)
        for row, field in changes
        if field.amount is not None and (times := field.amount.times) is not None
    ]
    if not factors:
        return []
    _, row, amount = max(factors, key=lambda factor: factor[0])
    return [f"most for {row.label}: {amount.change}"]


def _total(fields: Iterable[FieldRow]) -> str:
    """`+1 250 000 NOK, −300 EUR`: the sum of the differences in each currency; nothing where there are many."""
    sums: dict[str, Decimal] = {}
    for field in fields:
        if field.amount is not None and field.amount.difference:
            (before, after), currency = field.values, field.amount.currencies[0]
            sums[currency] = sums.get(currency, Decimal(0)) + Decimal(after) - before
    totals = (
        f"{'+' if value > 0 else ''}{spaced(value)} {currency}".rstrip().replace("-", "−", 1)
        for currency, value in sorted(sums.items())
    )
    return ", ".join(totals) if len(sums) <= _LISTED else ""
