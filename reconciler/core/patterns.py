"""Path patterns, as settings (`ignore`), declarations (`lifecycle`) and `accept --field` name fields. Pure.

A pattern is a path as plans show it, and covers all that is below it. A segment is a plain word after a dot, or any
text in brackets and quotes: `mainContact.fax`, `attributes["A.B"]`. A bare `*` stands for any one segment; in quotes it
is the character. Attribute ids are the same in any case.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TypeAlias

from reconciler.core.normalise import attribute_key
from reconciler.resources.customer import CUSTOMER
from reconciler.resources.grammar import Resource
from reconciler.resources.values import Path

Pattern: TypeAlias = "tuple[str | None, ...]"
"""The segments; None stands for any one."""

_SEGMENT = re.compile(r'(^|\.)([^.\[\]"]+)|\["((?:[^"\\]|\\.)*)"\]', re.DOTALL)


def segments(text: str) -> Pattern:
    """The pattern's segments as written; none for what cannot be read.

    >>> segments('attributes["A.B"]'), segments("*.fax"), segments('attributes["*"]'), segments("a..b")
    (('attributes', 'A.B'), (None, 'fax'), ('attributes', '*'), ())
    """
    written: list[str | None] = []
    at = 0
    while at < len(text):
        match = _SEGMENT.match(text, at)
        if match is None or (match[1] == "." and not written):
            return ()
        plain, quoted = match[2], match[3]
        written.append(
            re.sub(r"\\(.)", r"\1", quoted, flags=re.DOTALL) if plain is None else None if plain == "*" else plain
        )
        at = match.end()
    return tuple(written)


@lru_cache(maxsize=256)
def patterns(texts: tuple[str, ...], resource: Resource = CUSTOMER) -> tuple[Pattern, ...]:
    """The patterns in the form in which `covers` and `without` take them."""
    read: list[Pattern] = []
    for text in texts:
        written = segments(text)
        read.append(written)
        if len(written) > 1 and written[1] is not None:
            key = attribute_key(written[1])
            read += [(name, key, *written[2:]) for name in resource.maps if written[0] in (name, None)]
    return tuple(pattern for pattern in read if pattern)


def covers(pattern: Pattern, path: Path) -> bool:
    """Whether the path is what the pattern names, or below it.

    >>> covers(("mainContact",), ("mainContact", "fax")), covers((None, "fax"), ("mainContact", "fax"))
    (True, True)
    """
    return len(pattern) <= len(path) and all(
        want is None or want == have for want, have in zip(pattern, path, strict=False)
    )
