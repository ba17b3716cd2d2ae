"""Customers as they are declared: one side of what a plan compares."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from reconciler.core.diagnostics import Source
from reconciler.resources.customer import CUSTOMER
from reconciler.resources.values import Path, Values


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """A declaration's exceptions; the paths may hold `*` for one segment and cover all below them.

    same_as: numbers or refs of customers that are the same organisation, on purpose. as_typed: values that look like
    mistakes and are meant. renumbered_from: the number that the customer has until it is given the declared one.
    """

    ignore_changes: tuple[str, ...] = ()
    create_only: tuple[str, ...] = ()
    prevent_update: bool = False
    same_as: tuple[str, ...] = ()
    as_typed: tuple[str, ...] = ()
    renumbered_from: str | None = None


@dataclass(frozen=True, slots=True)
class Desired:
    """One declaration after defaults, interpolation and normalisation.

    `values` holds only what is declared: a member that is absent is never touched, None clears. `locate` gives the
    place where the value at a path was written (also inside defaults), or the declaration's own.
    `complete` names the line groups whose lines are all declared, so that others are deleted. Attributes stand under
    their `attribute_key`; `spelled` has those that were written otherwise, by path.
    """

    number: str | None
    ref: str | None
    values: Values
    source: Source
    locate: Callable[[Path], Source]
    match: tuple[str, ...] = CUSTOMER.match
    lifecycle: Lifecycle = Lifecycle()
    complete: frozenset[str] = frozenset()
    spelled: Mapping[Path, str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """What to call the customer in messages."""
        return self.number or f"ref {self.ref}"

    @property
    def name(self) -> str:
        """The declared name, or nothing."""
        name = self.values.get(CUSTOMER.label)
        return name if isinstance(name, str) else ""
