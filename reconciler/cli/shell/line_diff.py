"""Which lines two texts have in common, in order: by lines that each of them has once. Work grows with the lines.

`difflib` compares every line with each equal one, so that it takes the square of the time for a file that repeats its
lines. Here lines that are alone in both texts are matched first (as git's `--patience` does), then what surrounds them,
then those that are alone between two matches, and so on.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import Match, SequenceMatcher

_DEPTH = 8
_CONTEXT = 3


class _Lines(SequenceMatcher[bytes]):
    """What groups matches into hunks; the matches are those of this module."""

    def __init__(self, old: Sequence[bytes], new: Sequence[bytes]) -> None:
        super().__init__(None, old, new, autojunk=False)
        self._texts = old, new

    def get_matching_blocks(self) -> list[Match]:
        """The runs of lines that both texts have, and an empty one at the end."""
        old, new = self._texts
        return [*map(Match._make, _runs(_pairs(old, new))), Match(len(old), len(new), 0)]


def hunks(old: Sequence[bytes], new: Sequence[bytes]) -> Iterator[bytes]:
    """The hunks of a unified diff, line by line."""
    for group in _Lines(old, new).get_grouped_opcodes(_CONTEXT):
        (_, start, _, new_start, _), (_, _, end, _, new_end) = group[0], group[-1]
        yield f"@@ -{_range(start, end)} +{_range(new_start, new_end)} @@\n".encode()
        for tag, one, other, new_one, new_other in group:
            if tag == "equal":
                yield from (b" " + line for line in old[one:other])
            else:
                yield from (b"-" + line for line in old[one:other])
                yield from (b"+" + line for line in new[new_one:new_other])


def _range(start: int, end: int) -> str:
    length = end - start
    first = start + 1 if length else start  # an empty range is told by the line before it
    return str(first) if length == 1 else f"{first},{length}"


def _runs(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int, int]]:
    """Pairs of lines as runs: where each starts in either text, and its length."""
    runs: list[tuple[int, int, int]] = []
    for one, other in pairs:
        if runs and (one, other) == (runs[-1][0] + runs[-1][2], runs[-1][1] + runs[-1][2]):
            runs[-1] = (*runs[-1][:2], runs[-1][2] + 1)
        else:
            runs.append((one, other, 1))
    return runs


def _pairs(old: Sequence[bytes], new: Sequence[bytes]) -> list[tuple[int, int]]:
    """The lines of either text that are the same one, in order."""
    pairs: list[tuple[int, int]] = []
    gaps = [(0, len(old), 0, len(new), 0)]
    while gaps:
        start, end, new_start, new_end, depth = gaps.pop()
        while start < end and new_start < new_end and old[start] == new[new_start]:
            pairs.append((start, new_start))
            start, new_start = start + 1, new_start + 1
        while start < end and new_start < new_end and old[end - 1] == new[new_end - 1]:
            end, new_end = end - 1, new_end - 1
            pairs.append((end, new_end))
        if start == end or new_start == new_end:
            continue
        alone = _alone_in_both(old, new, (start, end, new_start, new_end)) if depth < _DEPTH else []
        if alone:
            for one, other in [*alone, (end, new_end)]:
                gaps.append((start, one, new_start, other, depth + 1))
                start, new_start = one, other  # the match itself is found at the start of what follows it
        else:  # lines that repeat: most edits keep their number
            both = zip(range(start, end), range(new_start, new_end), strict=False)
            pairs += ((one, other) for one, other in both if old[one] == new[other])
    return sorted(pairs)


def _alone_in_both(old: Sequence[bytes], new: Sequence[bytes], gap: tuple[int, int, int, int]) -> list[tuple[int, int]]:
    """Lines that either side of the gap has once, as many of them as stand in the same order in both."""
    start, end, new_start, new_end = gap
    counts, new_counts = Counter(old[start:end]), Counter(new[new_start:new_end])
    places = {new[at]: at for at in range(new_start, new_end) if new_counts[new[at]] == 1}
    candidates = [(at, places[old[at]]) for at in range(start, end) if counts[old[at]] == 1 and old[at] in places]
    return _longest_in_order(candidates)


def _longest_in_order(candidates: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest choice of pairs whose second members grow as the first ones do."""
    ends: list[int] = []  # the least last member of a choice of each length
    last: list[int] = []  # which candidate that is
    before: list[int] = []
    for index, (_, other) in enumerate(candidates):
        length = bisect_left(ends, other)
        before.append(last[length - 1] if length else -1)
        ends[length : length + 1], last[length : length + 1] = [other], [index]
    chosen: list[tuple[int, int]] = []
    at = last[-1] if last else -1
    while at >= 0:
        chosen.append(candidates[at])
        at = before[at]
    return chosen[::-1]
