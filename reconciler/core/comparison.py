"""What a plan and a drift report start from: both sides, paired once, and what the result says of itself."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from reconciler.core.desired import Desired
from reconciler.core.identity import Pairing, pair
from reconciler.core.ordering import is_target
from reconciler.core.ports import View
from reconciler.core.rules import Memory, Rules, Target


@dataclass(frozen=True)
class Comparison:
    """What is declared and what is live, by which rules, and what earlier runs recorded.

    targets: `number_key`s or refs to look at; empty means all.
    """

    desired: tuple[Desired, ...]
    view: View
    rules: Rules
    memory: Memory
    targets: frozenset[str] = frozenset()

    @cached_property
    def paired(self) -> Pairing:
        """The declarations with their live customers."""
        return pair(self.desired, self.view.customers, self.memory.numbers, self.memory.identities, self.rules.resource)

    def looks_at(self, declaration: Desired) -> bool:
        """Whether the declaration is among the targets."""
        return not self.targets or is_target(declaration.number, declaration.ref, self.targets)


@dataclass(frozen=True, slots=True)
class Heading:
    """What a plan or a report says of itself. created_at: UTC, ISO 8601. version: of this package."""

    target: Target
    created_at: str
    version: str
