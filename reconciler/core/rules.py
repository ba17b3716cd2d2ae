"""What is passed into a plan beside the two sides: the rules, the target, and what earlier runs recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from reconciler.core.guards import VolumeLimits
from reconciler.core.mutes import NO_MUTES, ActiveMutes
from reconciler.resources.customer import CUSTOMER
from reconciler.resources.grammar import Resource
from reconciler.resources.values import Values


@dataclass(frozen=True, slots=True)
class Rules:
    """What the settings say of comparing and refusing.

    ignore: paths never compared. send_null: whether null may be sent to clear (Q15). deactivate_removed: whether
    customers that were managed and lost their declaration go to Inactive. duplicates: how a new customer is taken whose
    corporate id or VAT registration a live one has. recheck_nested: whether applying reads a customer once more
    before it changes what its version may not protect. mutes: of the day of the plan; include_muted: whether what they
    cover is written all the same. resource: what is compared, as its field table has it, and in which forms this ERP
    keeps it (`core.stores`).
    """

    ignore: tuple[str, ...] = ()
    nested_updates: Literal["leaf", "whole"] = "leaf"
    send_null: bool = True
    deactivate_removed: bool = False
    duplicates: Literal["warning", "error"] = "error"
    lookalikes: Literal["warning", "error"] = "warning"
    recheck_nested: bool = True
    limits: VolumeLimits = field(default_factory=VolumeLimits)
    mutes: ActiveMutes = NO_MUTES
    include_muted: bool = False
    resource: Resource = CUSTOMER


@dataclass(frozen=True, slots=True)
class Target:
    """What the plan is for, as it will be checked before applying."""

    environment: str
    company: str
    tenant_id: str
    base_url: str


def _at_hand(_keys: Iterable[str]) -> None:
    """All that was applied is there already."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What earlier runs recorded: the number of each ref; by `number_key` the values last applied, the internal id, and
    the values that the ERP stored in another form (rendered path to what was sent and what it stored).

    baseline: the values that a later difference counts from, where these are more than `applied`: customers as they
    were adopted, or as a git revision declares them. It tells causes alone: what is written never depends on it.
    recall: told of which customers (`number_key`) the values are about to be asked for, so that they are read at once.
    """

    numbers: Mapping[str, str] = field(default_factory=dict)
    applied: Mapping[str, Values] = field(default_factory=dict)
    identities: Mapping[str, int] = field(default_factory=dict)
    normalised: Mapping[str, Mapping[str, tuple[object, object]]] = field(default_factory=dict)
    baseline: Mapping[str, Values] | None = None
    recall: Callable[[Iterable[str]], None] = _at_hand

    @property
    def last(self) -> Mapping[str, Values]:
        """What causes are told by: the values that each customer had when it was as declared."""
        return self.applied if self.baseline is None else self.baseline
