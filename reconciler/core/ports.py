"""What the core needs from the edges, as protocols; the edges fulfil them without being imported."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from reconciler.core.classes import CustomerClass
from reconciler.core.doubts import SURE, Doubts
from reconciler.core.live import Live, PackedLive
from reconciler.core.normalise import match_key, number_key
from reconciler.core.plan import READ_IN_FULL, Outcome, Reading, Request
from reconciler.core.snapshot import Head, Kept
from reconciler.resources.customer import CUSTOMER
from reconciler.resources.grammar import Resource
from reconciler.resources.values import Path, Values


@dataclass(frozen=True, slots=True)
class Need:
    """What a refresh must read.

    `fields`: top-level field names that some declaration compares. `own`: for fields with an extra GET
    (`Read.OWN`), the `number_key`s of the customers that declare them. `meant`: which customers are read with all
    fields, None for all; the others only with what they are known by. `resource`: what is read.
    """

    fields: frozenset[str]
    own: dict[str, frozenset[str]]
    meant: DeclaredCustomers | None = None
    resource: Resource = CUSTOMER

    @classmethod
    def of(
        cls,
        wanted: Iterable[tuple[str | None, Iterable[str]]],
        of_all: Iterable[str] = (),
        resource: Resource = CUSTOMER,
    ) -> Need:
        """What shows the wanted fields: of each customer its number, or None for one that is not known yet, and names.

        of_all: names of fields that are needed of all.
        """
        named: set[str] = set()
        own: dict[str, set[str]] = {}
        apart = resource.own
        for number, names in wanted:
            for name in names:
                named.add(name)
                if number is not None and name in apart:
                    own.setdefault(name, set()).add(number_key(number))
        rows = (row for name in named if (row := resource.fields.get(name)) is not None)
        fields = named.union(of_all, *(row.currencies for row in rows))
        return cls(frozenset(fields), {name: frozenset(keys) for name, keys in own.items()}, resource=resource)


@dataclass(frozen=True, slots=True)
class DeclaredCustomers:
    """The customers that some declaration may mean: by `number_key`, or by the `match_key` of a match field.

    `known_by`: the fields that every customer is read with, so that it can be found.
    """

    numbers: frozenset[str]
    matches: frozenset[tuple[str, str]]
    known_by: frozenset[str]
    resource: Resource = CUSTOMER

    def has(self, number: str, values: Values) -> bool:
        """Whether a customer with that number and those values of `known_by` may be meant."""
        if number_key(number) in self.numbers:
            return True
        return bool(self.matches) and any(
            (name, match_key(name, values.get(name), self.resource)) in self.matches for name in self.known_by
        )


@dataclass(frozen=True, slots=True)
class View:
    """The live customers, whole, each once. `as_of` is UTC, ISO 8601; `requests` counts the API calls made.

    `limit`, `remaining` and `reset_seconds` are what the ERP last said of its rate window, or None. `page_size` is how
    long the list's pages were, 0 where it is not known. `reading` tells how the view was made, `doubts` why not all of
    it is surely known.
    """

    customers: tuple[Live, ...]
    as_of: str
    requests: int
    limit: int | None = None
    remaining: int | None = None
    reset_seconds: int | None = None
    page_size: int = 0
    reading: Reading = READ_IN_FULL
    doubts: Doubts = SURE


@dataclass(frozen=True, slots=True)
class Batch:
    """One page of the list: its customers, and how many the ERP says there are in all, or None."""

    customers: tuple[Live, ...]
    total: int | None


@dataclass(frozen=True, slots=True)
class Touched:
    """Customers that were created or modified, and why not all of them are surely known."""

    customers: tuple[Live, ...]
    doubts: Doubts = SURE


@dataclass(frozen=True, slots=True)
class Spent:
    """How many API calls were made so far, and what the ERP last said of its rate window, or None."""

    requests: int
    limit: int | None = None
    remaining: int | None = None
    reset_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """A write that the ERP took: the customer's number, and the new version where the answer named it."""

    number: str
    version: str | None


@dataclass(frozen=True, slots=True)
class Acted:
    """What the ERP answered to an action (fact sheet 4.1): `result` is Queued, InProcess, Failed or Done.

    `Background` stands for a 202: the call itself waits in the background, and its result is not known yet. `id` is
    the action's or the background job's; `error` is errorInfo.
    """

    result: str
    id: str = ""
    error: str = ""


class Wire(Protocol):
    """Turns values into the exact request (pure)."""

    def create(self, values: Values, spelled: Mapping[Path, str] = ...) -> Request:
        """The POST that creates a customer with the values. spelled: attribute ids as they are declared, by path."""

    def update(
        self, live: Live, changed: Values, removed: Collection[Path], spelled: Mapping[Path, str] = ...
    ) -> Request:
        """The PUT that changes exactly the leaves of `changed`, and deletes the lines at the `removed` paths.

        Attribute ids are sent as the live customer has them, else as `spelled`.
        """

    def renumber(self, live: Live, number: str) -> Request:
        """The POST that gives the live customer another number."""


class Erp(Protocol):
    """The live side."""

    def refresh(self, need: Need, keep: Callable[[Live], Live] = ...) -> View:
        """All customers, with the values that are needed. Raises ErpError; TornView when it cannot be read whole.

        keep: what is kept of each while the rest is read.
        """

    def modified_since(self, moment: str, need: Need, *, at_most: int) -> tuple[Live, ...] | None:
        """Customers modified at or after the moment, as the filter takes it; None when there are more than `at_most`.

        Raises ErpError; TornView when the list cannot be read whole.
        """

    def list_page(self, number: int, size: int, need: Need) -> Batch:
        """One page of the list of all; `number` counts from 1."""

    def customer(self, number: str, need: Need) -> Live:
        """One customer. Raises NotFound only when the ERP says that it does not exist."""

    def number_of(self, internal_id: int) -> str:
        """The number that the customer has now. Raises NotFound only when the ERP says that it does not exist."""

    def customers(self, numbers: Sequence[str], need: Need) -> Sequence[Live]:
        """Customers, each read by itself, in that order. Raises NotFound when one does not exist."""

    def spent(self) -> Spent:
        """What was used of the ERP so far."""

    def created_since(self, moment: str, need: Need) -> Iterable[Live]:
        """Customers created at or after the moment (UTC, ISO 8601), and some from before: the ERP's zone is unknown."""

    def touched_since(self, moment: str, need: Need) -> Touched:
        """Customers created or modified since the moment (UTC, ISO 8601), and some from before. Raises ErpError."""

    def classes(self) -> Iterable[CustomerClass]:
        """All customer classes."""

    def send(self, request: Request) -> Sent:
        """Send a write exactly as it stands. Raises Conflict, AnswerLost and the other ErpErrors."""

    def renumber(self, request: Request) -> Acted:
        """Send a renumbering exactly as it stands. Raises AnswerLost and the other ErpErrors."""


class Snapshot(Protocol):
    """The local copy of the live customers of one company: a cache, never truth. Every method raises StateError."""

    def load(self, verify_runs: int) -> Kept | None:
        """What is kept, or None. verify_runs: see `Kept.due`."""

    def head(self) -> Head | None:
        """What is known of the snapshot as a whole, or None."""

    def replace(self, before: Head | None, head: Head, customers: Iterable[PackedLive]) -> None:
        """Keep these customers instead of all others; all were read in the run `head.sequence`.

        before: the head when the reading began. Does nothing when another run has changed or doubted it meanwhile.
        """

    def update(self, before: Head, head: Head, read: Iterable[PackedLive], same: Iterable[int]) -> None:
        """Keep what an incremental run read: these customers, and the internal ids of those that were as kept.

        Does nothing when another run has changed or doubted `before` meanwhile.
        """

    def doubt(self, numbers: Iterable[str]) -> None:
        """The customers with these numbers are written to: each is read again before it is relied on."""


class Journal(Protocol):
    """What is known of a run after a kill at any moment. Each call returns when its record is safe."""

    def intend(self, label: str) -> None:
        """The action is about to be sent. When this raises, it must not be."""

    def finish(
        self, label: str, outcome: Outcome, *, number: str | None = None, message: str = "", version: str | None = None
    ) -> None:
        """The action ended so; `version` is the one that its write made, where the ERP told it."""
