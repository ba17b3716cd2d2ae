"""What is not surely known of the live customers: rows that cannot be read, and a list that may be cut. Pure.

A row of a wrong shape stops what concerns it and nothing else. Its number and its ids count as taken: a declaration
that may mean it is held back, and nothing is created that it may be. A row without a readable number may be any
customer, so that nothing surely is new. So it is with a list that is shorter than the ERP's own count: what was missed
may be any customer (docs/decisions/0028-one-bad-row.md).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from reconciler.core.desired import Desired
from reconciler.core.diagnostics import Diagnostic, Severity
from reconciler.core.identity_key import identity_key, numeral_keys, same_organisation
from reconciler.core.normalise import number_key
from reconciler.resources.customer import CUSTOMER

UNREADABLE = "P528"
"""Code of a diagnostic: a row of the ERP cannot be read."""

HELD_BACK = "P529"
"""Code of a diagnostic: a declared customer is neither compared nor written."""

MISCOUNTED = "P530"
"""Code of a diagnostic: the ERP's count of its customers is wrong."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A row that is no customer as the API has them.

    reason: what is wrong with it, with the member and never a value. place: where in the answer it stood. number,
    internal_id: None where they cannot be read. ids: by match field its `identity_key`, "" for none; a field that
    cannot be read is missing.
    """

    reason: str
    place: str = "read by itself"
    number: str | None = None
    internal_id: int | None = None
    ids: Mapping[str, str] | None = None

    @property
    def label(self) -> str:
        """What to call the customer in messages."""
        return f"customer {self.number}" if self.number is not None else "a customer without a readable number"

    @property
    def key(self) -> object:
        """What tells it apart from other rows of one reading, as far as that can be known."""
        if self.internal_id is not None:
            return self.internal_id
        return (number_key(self.number),) if self.number is not None else self.place


@dataclass(frozen=True, slots=True)
class Doubts:
    """Why not all of the live side is surely known. `unreadable`: rows that are not among the customers.

    count: how many customers there are by the ERP, where that differs from `read`, which was read several times over;
    None where they agree. absent: `number_key`s of which the ERP says, asked for each, that it does not have them.
    """

    unreadable: tuple[Unreadable, ...] = ()
    count: int | None = None
    read: int = 0
    absent: frozenset[str] = frozenset()

    @property
    def is_short(self) -> bool:
        """Whether the list may lack customers."""
        return self.count is not None and self.count > self.read

    @property
    def is_sure(self) -> bool:
        """Whether all customers are known."""
        return not self.unreadable and not self.is_short

    def with_unreadable(self, rows: Iterable[Unreadable]) -> Doubts:
        """These doubts, and those about more rows."""
        return replace(self, unreadable=(*self.unreadable, *rows))

    def about(self, number: str | None, ids: Mapping[str, str]) -> Unreadable | None:
        """The row that surely is the customer with this number or, where it is None, with one of these ids."""
        for row in self.unreadable:
            if number is not None and row.number is not None and number_key(row.number) == number_key(number):
                return row
            if number is None and _shares(row, ids):
                return row
        return None

    def about_new(self, number: str | None, ids: Mapping[str, str], same_as: Collection[str] = ()) -> str:
        """Why a customer that was not found may be there all the same, or nothing.

        ids: its `identity_key`s by match field. same_as: numbers that may have the same ids.
        """
        for row in self.unreadable:
            if row.number is None:
                return f"{row.label} may be it ({row.place})"
            if number_key(row.number) in map(number_key, same_as):
                continue
            if number is not None and number_key(row.number) == number_key(number):
                return f"its row cannot be read ({row.place})"
            if _shares(row, ids):
                return f"{row.label}, whose row cannot be read, has the same id"
            if number is not None and not numeral_keys(row.number).isdisjoint(numeral_keys(number)):
                return f"{row.label}, whose row cannot be read, has a number that may be {number}"
            if any(same_organisation(own, key) for own in ids.values() for key in (row.ids or {}).values()):
                return f"{row.label}, whose row cannot be read, is likely the same organisation"
            if (ids or number is None) and len(row.ids or {}) < len(CUSTOMER.match):
                return f"{row.label} may be it: its ids cannot be read"
        if self.is_short and (number is None or number_key(number) not in self.absent):
            return (
                f"the ERP counts {self.count:,} customers, and its list has {self.read:,}: it may be among the others"
            )
        return ""

    def diagnostics(self) -> Iterator[Diagnostic]:
        """One for each row that cannot be read, and one for a wrong count."""
        for row in self.unreadable:
            yield Diagnostic(
                Severity.WARNING,
                UNREADABLE,
                f"{row.label} cannot be read: {row.reason}",
                detail=f"It is {row.place}; it is neither compared nor written.",
                remedy="Look at it in the ERP and save it again; if that does not help, report it with this message.",
            )
        if self.count is not None:
            yield Diagnostic(
                Severity.WARNING,
                MISCOUNTED,
                f"the ERP counts {self.count:,} customers, but its list has {self.read:,}, however often it is read",
                detail="Customers that it may lack are not taken for missing." if self.is_short else "",
                remedy="The ERP's count is wrong, or its list is cut: tell Visma's support.",
            )


SURE = Doubts()

_RARE = ("unreadable", "held_back")


def told_summary(counts: Mapping[str, int]) -> dict[str, int]:
    """The counts of a summary as documents have them: those of what hardly ever is stand there when they count."""
    return {name: count for name, count in counts.items() if count or name not in _RARE}


def ids_of(values: Mapping[str, object]) -> dict[str, str]:
    """The `identity_key`s of the values, by match field; those that say nothing are left out."""
    keys = ((name, values.get(name)) for name in CUSTOMER.match)
    return {name: key for name, value in keys if isinstance(value, str) and (key := identity_key(value))}


_WHEN_SOUND = "It goes on when the ERP shows that row soundly; all other customers are planned as ever."


def held_back(declaration: Desired, reason: str, remedy: str = _WHEN_SOUND) -> Diagnostic:
    """What is said of a declaration that is neither compared nor written."""
    return Diagnostic(
        Severity.WARNING,
        HELD_BACK,
        f"{declaration.label} is held back: {reason}",
        detail="It is neither compared, created nor updated.",
        remedy=remedy,
        source=declaration.source,
    )


def _shares(row: Unreadable, ids: Mapping[str, str]) -> bool:
    known = set((row.ids or {}).values()) - {""}
    return not known.isdisjoint(ids.values())
