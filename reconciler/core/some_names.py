"""Lists of names in a sentence: cut where they grow long, and saying so."""

from __future__ import annotations

from collections.abc import Collection
from itertools import islice

MOST = 10


def some_names(names: Collection[str], most: int = MOST, count: int | None = None) -> str:
    """The first names, and how many more there are. count: of all, where `names` are only the first.

    >>> some_names(["a", "b", "c", "d"], most=2)
    'a, b and 2 more'
    """
    count = len(names) if count is None else count
    more = f" and {count - most:,} more" if count > most else ""
    return ", ".join(islice(names, most)) + more
