"""Customers as the ERP holds them: the other side of what a plan compares."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from reconciler.resources.customer import CUSTOMER
from reconciler.resources.values import Path, Values


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
        name = self.values.get(CUSTOMER.label)
        return name if isinstance(name, str) else ""

    def unpacked(self) -> Live:
        """The same customer, ready to be looked at more than once."""
        return self

    def with_values(self, values: Values, line_ids: Mapping[Path, str] | None = None) -> Live:
        """The same customer with these values, and these line ids when they are given."""
        ids = self.line_ids if line_ids is None else line_ids
        return Live(self.internal_id, self.number, self.version, values, self.modified, self.created, ids)


class PackedLive(Live):
    """A live customer whose values are kept packed. Each access unpacks them anew: use `unpacked` for more than one.

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

    def unpacked(self) -> Live:
        """The same customer with its values, unpacked once."""
        values, line_ids = self.unpack(self.packed)
        return self.with_values(values, line_ids)

    @property
    def values(self) -> Values:
        """Unpacked anew: keep it while it is needed."""
        return self.unpack(self.packed)[0]

    @property
    def line_ids(self) -> Mapping[Path, str]:
        """The API's id of a keyed line by its path."""
        return self.unpack(self.packed)[1]
