"""Differences that somebody accepts for a time: neither drift nor a change while the mute runs. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from reconciler.core.desired import Desired
from reconciler.core.diagnostics import Source
from reconciler.core.live import Live
from reconciler.core.normalise import number_key
from reconciler.core.patterns import Pattern, covers, patterns
from reconciler.resources.values import Path, parse_path


@dataclass(frozen=True, slots=True)
class Mute:
    """A difference that somebody accepts for a time: `until` is its last day (YYYY-MM-DD), `source` its place.

    number: as the declaration has it, or its ref. path: a pattern, `*` for one segment, covering all below it;
    `*` alone covers every field, and the customer's being gone.
    """

    number: str
    path: str
    until: str
    reason: str
    source: Source | None = None


class ActiveMutes:
    """The mutes as they stand on a day (YYYY-MM-DD): those that run, and those that ended before it."""

    def __init__(self, mutes: Iterable[Mute] = (), day: str = "") -> None:
        self._running: dict[str, list[Mute]] = {}
        self._ended: dict[str, list[Mute]] = {}
        for mute in mutes:
            by_name = self._running if day <= mute.until else self._ended
            for name in {mute.number, number_key(mute.number)}:
                by_name.setdefault(name, []).append(mute)

    def find(self, names: Iterable[str | None], path: str) -> Mute | None:
        """The mute of a field, or with an empty path of the whole customer; the one that holds longest.

        names: the keys of the customer's numbers, and its ref. A line is muted when one of its members is.
        """
        return _last(self._running, names, path)

    def ended(self, names: Iterable[str | None], path: str) -> Mute | None:
        """The mute of a field that held longest, and holds no more."""
        return _last(self._ended, names, path)

    def patterns(self, names: Iterable[str | None]) -> tuple[Pattern, ...]:
        """What the running mutes of a customer cover."""
        return patterns(tuple(mute.path for mute in _of(self._running, names)))


NO_MUTES = ActiveMutes()


def names_of(desired: Desired, live: Live | None = None) -> tuple[str | None, ...]:
    """By what a mute can name the customer."""
    numbers = (live.number if live is not None else None, desired.number, desired.lifecycle.renumbered_from)
    return (*(number and number_key(number) for number in numbers), desired.ref)


def _of(by_name: Mapping[str, list[Mute]], names: Iterable[str | None]) -> list[Mute]:
    if not by_name:
        return []
    return [mute for name in dict.fromkeys(names) if name is not None for mute in by_name.get(name, ())]


def _last(by_name: Mapping[str, list[Mute]], names: Iterable[str | None], path: str) -> Mute | None:
    segments = parse_path(path)
    mutes = [mute for mute in _of(by_name, names) if (_meets(mute, segments) if path else mute.path == "*")]
    return max(mutes, key=lambda mute: mute.until, default=None)


def _meets(mute: Mute, path: Path) -> bool:
    return any(covers(pattern[: len(path)], path) for pattern in patterns((mute.path,)))
