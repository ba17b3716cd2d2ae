"""Customers as they are wanted and as they are: the two things that a plan compares."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from reconciler.core.diagnostics import Source
from reconciler.core.values import Path, Values

DEFAULT_MATCH = ("corporateId", "vatRegistrationId")
"""The fields by which a customer without a number is found again (contract 3)."""


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """A declaration's exceptions; the paths may hold `*` for one segment and cover all below them."""

    ignore_changes: tuple[str, ...] = ()
    create_only: tuple[str, ...] = ()
    prevent_update: bool = False


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
    match: tuple[str, ...] = DEFAULT_MATCH
    lifecycle: Lifecycle = Lifecycle()
    complete: frozenset[str] = frozenset()
    spelled: Mapping[Path, str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """What to call the customer in messages."""
        return self.number or f"ref {self.ref}"


@dataclass(frozen=True, slots=True)
class Live:
    """One customer as the ERP holds it.

    `values` has the shape of a declaration; a member that is absent is unknown (not asked for), None means no value.
    `version` is the bare timeStamp for If-Match (fact sheet 7). `modified` and `created` are the ERP's own texts.
    Attributes stand under their `attribute_key`. `line_ids` gives the API's id of a keyed line by its path, for Update
    and Delete, and of an attribute that the ERP spells otherwise.
    """

    internal_id: int
    number: str
    version: str | None
    values: Values
    modified: str | None = None
    created: str | None = None
    line_ids: Mapping[Path, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The customer's name, or nothing."""
        found = self.values.get("name")
        return found if isinstance(found, str) else ""
