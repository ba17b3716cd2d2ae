"""Many customers with one id, held once for all that are like them: work and plan grow with customers, not pairs. Pure.

A municipality or a chain has hundreds of customers with one organisation number. Hundreds of new ones beside hundreds
of live ones are tens of thousands of pairs, of which each finding names ten.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Generic, Protocol, TypeVar


class Labelled(Protocol):
    """What has a name of its own."""

    @property
    def label(self) -> str:
        """How it is called."""


T = TypeVar("T", bound=Labelled)


@dataclass(frozen=True)
class Crowd(Generic[T]):
    """Customers that have one id, in order.

    rivals: labels of those that are held against the crowd. Two of these are told once: to the later one.
    """

    members: tuple[T, ...]
    rivals: frozenset[str]

    @cached_property
    def places(self) -> dict[str, int]:
        """Where each stands, by its label."""
        return {member.label: place for place, member in enumerate(self.members)}

    @cached_property
    def labels(self) -> frozenset[str]:
        """All of them: one object, which whoever is like them shares."""
        return frozenset(self.places)

    @cached_property
    def _rival_places(self) -> list[int]:
        return [place for place, member in enumerate(self.members) if member.label in self.rivals]

    @cached_property
    def _other_places(self) -> list[int]:
        return [place for place, member in enumerate(self.members) if member.label not in self.rivals]

    def only(self, labels: Collection[str]) -> Crowd[T]:
        """Those with these labels."""
        return Crowd(tuple(member for member in self.members if member.label in labels), self.rivals)

    def without(self, labels: Collection[str]) -> Crowd[T]:
        """The others."""
        return Crowd(tuple(member for member in self.members if member.label not in labels), self.rivals)

    def count_for(self, label: str, hidden: Collection[str] = ()) -> int:
        """How many there are for one of the rivals, by its label, without the hidden ones."""
        own = self.places.get(label, len(self.members))
        away = sum(self._is_shown(name, own) for name in hidden)
        return len(self._other_places) + bisect_left(self._rival_places, own) - away

    def first_for(self, label: str, most: int, hidden: Collection[str] = ()) -> list[T]:
        """The first of these."""
        return list(islice(self._shown(label, hidden), most))

    def _shown(self, label: str, hidden: Collection[str]) -> Iterator[T]:
        own = self.places.get(label, len(self.members))
        before = islice(self._rival_places, bisect_left(self._rival_places, own))
        for place in heapq.merge(self._other_places, before):
            if self.members[place].label not in hidden:
                yield self.members[place]

    def _is_shown(self, name: str, own: int) -> bool:
        place = self.places.get(name)
        return place is not None and (name not in self.rivals or place < own)
