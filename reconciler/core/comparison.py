"""What a plan and a drift report start from: both sides, paired once, and what the result says of itself."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from reconciler.core.compare import agree
from reconciler.core.desired import Desired
from reconciler.core.diagnostics import Diagnostic, Severity, Source
from reconciler.core.doubts import HELD_BACK
from reconciler.core.identity import Pairing, pair
from reconciler.core.normalise import number_key
from reconciler.core.ordering import is_target
from reconciler.core.ports import View
from reconciler.core.renumbering import (
    Renumberings,
    foreseen_declarations,
    foreseen_memory,
    foreseen_view,
    renumberings,
)
from reconciler.core.rules import Memory, Rules, Target


@dataclass(frozen=True)
class Comparison:
    """What is declared and what is live, by which rules, and what earlier runs recorded.

    targets: `number_key`s or refs to look at; empty means all. excluded: those of which nothing is written, also where
    a target needs it. stuck: `number_key`s below which nobody is put, with the reason (`core.renumbering`).
    """

    desired: tuple[Desired, ...]
    view: View
    rules: Rules
    memory: Memory
    targets: frozenset[str] = frozenset()
    excluded: frozenset[str] = frozenset()
    stuck: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def renumberings(self) -> Renumberings:
        """Which customers are to be given another number."""
        return renumberings(self.desired, self.view.customers, self.memory, self.view.doubts, self.rules.resource)

    @cached_property
    def foreseen(self) -> Comparison:
        """The same once all that is due is renumbered: so it is compared."""
        return self._foreseen[0]

    @property
    def renumbering_notes(self) -> tuple[Diagnostic, ...]:
        """What is to be said of the renumberings, errors included."""
        return (*filter(self._concerns, self.renumberings.diagnostics), *self._foreseen[1])

    @cached_property
    def _foreseen(self) -> tuple[Comparison, tuple[Diagnostic, ...]]:
        renumbering = self.renumberings
        if renumbering.is_nothing:
            return self, ()
        desired, warnings = foreseen_declarations(self.desired, renumbering, self.rules.resource)
        view = foreseen_view(self.view, renumbering, self.rules.resource)
        memory, stuck = foreseen_memory(self.memory, renumbering), renumbering.stuck
        return replace(self, desired=desired, view=view, memory=memory, stuck=stuck), warnings

    @cached_property
    def paired(self) -> Pairing:
        """The declarations with their live customers."""
        memory, view = self.memory, self.view
        return pair(
            self.desired,
            view.customers,
            memory.numbers,
            memory.identities,
            view.doubts,
            self.rules.resource,
            self.stuck,
        )

    @cached_property
    def unequal(self) -> frozenset[int]:
        """The `internal_id`s of the customers that do not hold to the letter what is declared. What was applied to them
        tells the causes of their differences: it is read at once, and nothing of the others."""
        unequal = [
            live
            for declaration, live in self.paired.pairs
            if live is not None and not agree(declaration.values, live.values, declaration.complete)
        ]
        self.memory.recall(number_key(live.number) for live in unequal)
        return frozenset(live.internal_id for live in unequal)

    def problems(self) -> list[Diagnostic]:
        """What is wrong with the live side, and with the pairing; of the targets only, where there are some."""
        return [*self.view.doubts.diagnostics(), *(each for each in self.paired.diagnostics if self._concerns(each))]

    @property
    def held_back(self) -> int:
        """How many declarations are held back, by their renumbering or once all that is due is renumbered."""
        problems = (*self.renumberings.diagnostics, *self.foreseen.paired.diagnostics)
        return sum(each.code == HELD_BACK and self._concerns(each) for each in problems)

    def _concerns(self, problem: Diagnostic) -> bool:
        """A declaration that is held back matters where it is looked at; an error always does."""
        if problem.code != HELD_BACK or not self.targets:
            return True
        return any(one.source == problem.source and self.looks_at(one) for one in self.desired)

    def about_targets(self, problems: Iterable[Diagnostic], needed: Iterable[Source] = ()) -> tuple[Diagnostic, ...]:
        """The problems without warnings and notes on declarations that are not looked at; an error always matters.

        needed: where declarations begin that the targets depend on.
        """
        if not self.targets:
            return tuple(problems)
        wanted = {one.source for one in self.desired if self.looks_at(one)} | set(needed)
        files = {source.file for source in wanted}
        starts: dict[str, list[Source]] = {}
        for source in sorted(one.source for one in self.desired):
            starts.setdefault(source.file, []).append(source)

        def concerns(problem: Diagnostic) -> bool:
            place = problem.source
            if problem.severity is Severity.ERROR or place is None or place.file not in starts:
                return True
            begun = bisect_right(starts[place.file], place)
            return starts[place.file][begun - 1] in wanted if begun else place.file in files

        return tuple(filter(concerns, problems))

    @property
    def looked_at(self) -> frozenset[int]:
        """The `id`s of the declarations among the targets."""
        return frozenset(id(declaration) for declaration in self.desired if self.looks_at(declaration))

    def looks_at(self, declaration: Desired) -> bool:
        """Whether the declaration is among the targets."""
        return not self.targets or is_target(declaration.number, declaration.ref, self.targets)


@dataclass(frozen=True, slots=True)
class Heading:
    """What a plan or a report says of itself. created_at: UTC, ISO 8601. version: of this package."""

    target: Target
    created_at: str
    version: str
