"""Lists of names in a sentence: cut where they grow long, and saying so."""

from __future__ import annotations

from collections.abc import Collection
from itertools import islice

MOST = 10


def some_names(names: Collection[str], most: int = MOST) -> str:
    """The first names, and how many more there are.

    >>> some_names(["a", "b", "c", "d"], most=2)
    'a, b and 2 more'
    """
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(islice(names, most)) + more
