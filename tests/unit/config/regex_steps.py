"""How many steps a regular expression takes on a text: a backtracking matcher that counts, slow and simple.

It stands in for `re` while a test measures growth. It knows the constructs that the package uses, tries alternatives in
the order in which `re` tries them, and fails on a construct that it does not know.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

Groups = dict[int, bool]

_CATEGORIES = {
    op.CATEGORY_DIGIT: r"\d", op.CATEGORY_NOT_DIGIT: r"\D", op.CATEGORY_SPACE: r"\s", op.CATEGORY_NOT_SPACE: r"\S",
    op.CATEGORY_WORD: r"\w", op.CATEGORY_NOT_WORD: r"\W",
}  # fmt: skip
_IS_IN = {category: re.compile(text).fullmatch for category, text in _CATEGORIES.items()}
_ONE_CHARACTER = frozenset((op.LITERAL, op.NOT_LITERAL, op.ANY, op.IN))


class Counter:
    """The steps that were taken."""

    def __init__(self) -> None:
        self.steps = 0


class CountedPattern:
    """A compiled pattern whose steps are counted; the answers are those of `re`."""

    def __init__(self, pattern: re.Pattern[str], counter: Counter) -> None:
        self._pattern = pattern
        self._counter = counter
        self._tree = list(parser.parse(pattern.pattern, pattern.flags))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pattern, name)

    def match(self, text: str, start: int = 0, end: int | None = None) -> re.Match[str] | None:
        """As `re` does."""
        end = len(text) if end is None else end
        self._first(text[:end], start)
        return self._pattern.match(text, start, end)

    def fullmatch(self, text: str) -> re.Match[str] | None:
        """As `re` does."""
        next((at for at in self._ends(text, 0) if at == len(text)), None)
        return self._pattern.fullmatch(text)

    def search(self, text: str, start: int = 0) -> re.Match[str] | None:
        """As `re` does."""
        found = self._pattern.search(text, start)
        self._count_search(text, start, found)
        return found

    def finditer(self, text: str, start: int = 0, end: int | None = None) -> Iterator[re.Match[str]]:
        """As `re` does."""
        end = len(text) if end is None else end
        at = start
        for found in self._pattern.finditer(text, start, end):
            self._count_search(text[:end], at, found)
            at = max(found.end(), at + 1)
            yield found
        self._count_search(text[:end], at, None)

    def findall(self, text: str, start: int = 0, end: int | None = None) -> list[Any]:
        """As `re` does."""
        list(self.finditer(text, start, end))
        return self._pattern.findall(text, start, len(text) if end is None else end)

    def sub(self, new: Any, text: str, count: int = 0) -> str:
        """As `re` does; counted as if all were replaced."""
        list(self.finditer(text))
        return self._pattern.sub(new, text, count)

    def _count_search(self, text: str, start: int, found: re.Match[str] | None) -> None:
        for at in range(start, len(text) + 1 if found is None else found.start() + 1):
            self._first(text, at)

    def _first(self, text: str, at: int) -> int | None:
        return next(self._ends(text, at), None)

    def _ends(self, text: str, at: int) -> Iterator[int]:
        return (end for end, _ in self._sequence(self._tree, 0, text, at, {}))

    def _sequence(
        self, nodes: list[Any], index: int, text: str, at: int, groups: Groups
    ) -> Iterator[tuple[int, Groups]]:
        """Every way in which the nodes from an index on match, best first: where the match ends."""
        if index == len(nodes):
            yield at, groups
            return
        for end, known in self._node(nodes[index], text, at, groups):
            yield from self._sequence(nodes, index + 1, text, end, known)

    def _node(self, node: Any, text: str, at: int, groups: Groups) -> Iterator[tuple[int, Groups]]:
        self._counter.steps += 1
        kind, value = node
        if kind in _ONE_CHARACTER:
            if at < len(text) and self._fits(node, text[at]):
                yield at + 1, groups
        elif kind is op.AT:
            if self._is_at(value, text, at):
                yield at, groups
        elif kind is op.BRANCH:
            for branch in value[1]:
                yield from self._sequence(list(branch), 0, text, at, groups)
        elif kind is op.SUBPATTERN:
            for end, known in self._sequence(list(value[3]), 0, text, at, groups):
                yield end, known if value[0] is None else {**known, value[0]: True}
        elif kind in (op.MAX_REPEAT, op.POSSESSIVE_REPEAT, op.MIN_REPEAT):
            low, high, inner = value
            repeat = self._shortest_first if kind is op.MIN_REPEAT else self._repeat
            ways = repeat(list(inner), low, high, text, at, groups)
            yield from islice(ways, 1) if kind is op.POSSESSIVE_REPEAT else ways
        elif kind in (op.ASSERT, op.ASSERT_NOT):
            yield from self._look(kind, value, text, at, groups)
        elif kind is op.GROUPREF_EXISTS:
            chosen = value[1] if groups.get(value[0]) else value[2] or []
            yield from self._sequence(list(chosen), 0, text, at, groups)
        else:
            raise NotImplementedError(kind)

    def _repeat(
        self, inner: list[Any], low: int, high: int, text: str, at: int, groups: Groups
    ) -> Iterator[tuple[int, Groups]]:
        """The longest run first, then each shorter one, as `re` backtracks."""
        if len(inner) == 1 and inner[0][0] in _ONE_CHARACTER:
            end = at
            while end < len(text) and end - at < high and self._fits(inner[0], text[end]):
                end += 1
            for stop in range(end, at + low - 1, -1):
                self._counter.steps += 1
                yield stop, groups
            return
        if high:
            for end, known in self._sequence(inner, 0, text, at, groups):
                if end > at:
                    yield from self._repeat(inner, max(0, low - 1), high - 1, text, end, known)
        if not low:
            yield at, groups

    def _shortest_first(
        self, inner: list[Any], low: int, high: int, text: str, at: int, groups: Groups
    ) -> Iterator[tuple[int, Groups]]:
        """A lazy run of single characters."""
        (one,) = inner
        end = at
        while True:
            if end - at >= low:
                yield end, groups
            if end == len(text) or end - at == high or not self._fits(one, text[end]):
                return
            end += 1

    def _look(self, kind: Any, value: Any, text: str, at: int, groups: Groups) -> Iterator[tuple[int, Groups]]:
        direction, inner = value
        start = at if direction > 0 else at - inner.getwidth()[0]
        ways = self._sequence(list(inner), 0, text, start, groups) if start >= 0 else iter(())
        if (next(ways, None) is not None) is (kind is op.ASSERT):
            yield at, groups

    def _fits(self, node: Any, character: str) -> bool:
        self._counter.steps += 1
        kind, value = node
        if kind is op.ANY:
            return character != "\n"
        if kind in (op.LITERAL, op.NOT_LITERAL):
            return (ord(character) == value) is (kind is op.LITERAL)
        is_negated = value[0][0] is op.NEGATE
        return any(_is_member(part, character) for part in value) is not is_negated

    def _is_at(self, where: Any, text: str, at: int) -> bool:
        is_multiline = self._pattern.flags & re.MULTILINE
        if where in (op.AT_BEGINNING, op.AT_BEGINNING_STRING):
            return at == 0 or bool(is_multiline and where is op.AT_BEGINNING and text[at - 1] == "\n")
        if where in (op.AT_END, op.AT_END_STRING):
            return at == len(text)
        if where is op.AT_BOUNDARY:
            before, after = (re.match(r"\w", part) is not None for part in (text[at - 1 : at], text[at : at + 1]))
            return before is not after
        raise NotImplementedError(where)


def _is_member(part: Any, character: str) -> bool:
    kind, value = part
    if kind is op.NEGATE:
        return False
    if kind is op.LITERAL:
        return ord(character) == value
    if kind is op.RANGE:
        return value[0] <= ord(character) <= value[1]
    return _IS_IN[value](character) is not None
