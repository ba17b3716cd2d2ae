"""What the core needs from the edges, as protocols; the edges fulfil them without being imported."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from reconciler.core.classes import CustomerClass
from reconciler.core.customer import Live
from reconciler.core.fields import FIELDS, Read
from reconciler.core.normalise import number_key
from reconciler.core.plan import Outcome, Request
from reconciler.core.values import Path, Values


@dataclass(frozen=True, slots=True)
class Need:
    """What a refresh must read.

    `fields`: top-level field names that some declaration compares. `own`: for fields with an extra GET
    (`Read.OWN`: note, salesPersons), the `number_key`s of the customers that declare them.
    """

    fields: frozenset[str]
    own: dict[str, frozenset[str]]

    @classmethod
    def of(cls, wanted: Iterable[tuple[str | None, Iterable[str]]], more: Iterable[str] = ()) -> Need:
        """What shows the wanted fields: of each customer its number, or None for one that is not known yet, and names.

        more: names of fields that are needed of all.
        """
        fields = set(more)
        own: dict[str, set[str]] = {}
        for number, names in wanted:
            for name in names:
                fields.add(name)
                if number is not None and FIELDS[name].where is Read.OWN:
                    own.setdefault(name, set()).add(number_key(number))
        return cls(frozenset(fields), {name: frozenset(keys) for name, keys in own.items()})


@dataclass(frozen=True, slots=True)
class View:
    """The live customers, whole, each once. `as_of` is UTC, ISO 8601; `requests` counts the API calls made.

    `limit`, `remaining` and `reset_seconds` are what the ERP last said of its rate window, or None.
    """

    customers: tuple[Live, ...]
    as_of: str
    requests: int
    limit: int | None = None
    remaining: int | None = None
    reset_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """A write that the ERP took: the customer's number, and the new version where the answer named it."""

    number: str
    version: str | None


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


class Erp(Protocol):
    """The live side."""

    def refresh(self, need: Need) -> View:
        """All customers, with the values that are needed. Raises ErpError; TornView when it cannot be read whole."""

    def customer(self, number: str, need: Need) -> Live:
        """One customer. Raises NotFound only when the ERP says that it does not exist."""

    def created_since(self, moment: str, need: Need) -> Iterable[Live]:
        """Customers created at or after the moment (UTC, ISO 8601), and some from before: the ERP's zone is unknown."""

    def classes(self) -> Iterable[CustomerClass]:
        """All customer classes."""

    def send(self, request: Request) -> Sent:
        """Send a write exactly as it stands. Raises Conflict, AnswerLost and the other ErpErrors."""


class Journal(Protocol):
    """What is known of a run after a kill at any moment. Each call returns when its record is safe."""

    def intend(self, label: str) -> None:
        """The action is about to be sent. When this raises, it must not be."""

    def finish(
        self, label: str, outcome: Outcome, *, number: str | None = None, message: str = "", version: str | None = None
    ) -> None:
        """The action ended so; `version` is the one that its write made, where the ERP told it."""
