"""Customers as they are wanted and as they are: the two things that a plan compares."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from reconciler.core.diagnostics import Source
from reconciler.resources.values import Path, Values

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

    def with_values(self, values: Values, line_ids: Mapping[Path, str] | None = None) -> Live:
        """The same customer with these values, and these line ids when they are given."""
        ids = self.line_ids if line_ids is None else line_ids
        return Live(self.internal_id, self.number, self.version, values, self.modified, self.created, ids)


class PackedLive(Live):
    """A live customer whose values are kept packed and are unpacked anew each time that they are asked for.

    A ledger of a hundred thousand fits into memory so. `whole` says whether all fields are there that were to be read,
    or only those by which a customer is known. `unpack` gives the values and the line ids.
    """

    __slots__ = ("packed", "unpack", "whole")

    packed: bytes
    whole: bool
    unpack: Callable[[bytes], tuple[Values, Mapping[Path, str]]]

    def __init__(
        self,
        internal_id: int,
        number: str,
        version: str | None,
        modified: str | None,
        packed: bytes,
        whole: bool,
        unpack: Callable[[bytes], tuple[Values, Mapping[Path, str]]],
    ) -> None:
        put = object.__setattr__
        put(self, "internal_id", internal_id)
        put(self, "number", number)
        put(self, "version", version)
        put(self, "modified", modified)
        put(self, "created", None)
        put(self, "packed", packed)
        put(self, "whole", whole)
        put(self, "unpack", unpack)

    @property
    def values(self) -> Values:
        """Unpacked anew: keep it while it is needed."""
        return self.unpack(self.packed)[0]

    @property
    def line_ids(self) -> Mapping[Path, str]:
        """The API's id of a keyed line by its path."""
        return self.unpack(self.packed)[1]
