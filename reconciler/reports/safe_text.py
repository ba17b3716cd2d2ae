"""Make hostile text visible and harmless: every text from YAML, from the ERP or from an error body."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal

from reconciler.core.amounts import plain_text
from reconciler.core.safe_json import SUSPECT, is_hidden

LONGEST = 20_000
"""Characters of a value or a message that reports show. JSON and CSV hold the whole."""

_COMMAND = re.compile(r"^(\s*):(?=:)|##(?=(?i:vso)?\[)")
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def visible(text: str) -> str:
    """The text as `escaped` writes it; what follows the first 20,000 characters is cut, and their number told.

    >>> visible("a\\x1b[31m\\u202eb")
    'a\\\\x1b[31m\\\\u202eb'
    """
    if len(text) > LONGEST:
        return f"{escaped(text[:LONGEST])}… ({len(text):,} characters)"
    return escaped(text)


def escaped(text: str) -> str:
    """The whole text with every control, direction, zero-width and unassigned character written as an escape.

    A terminal can then not be steered, and two values that only look alike can be told apart. Nor can a CI server that
    reads the log: it obeys `::error::` at the start of a line, `##[error]` and `##vso[...]` anywhere in one.
    """
    return _COMMAND.sub(_broken, SUSPECT.sub(_escape, text))


def _broken(match: re.Match[str]) -> str:
    return "#\\x23" if match[1] is None else f"{match[1]}\\x3a"


def _escape(match: re.Match[str]) -> str:
    char = match[0]
    if char in _SHORT:
        return _SHORT[char]
    if not is_hidden(char):
        return char
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def shown(value: object) -> str:
    """A value as reports show it: texts in quotes, so that blanks and emptiness are seen; no value as (none)."""
    match value:
        case None:
            return "(none)"
        case bool():
            return "true" if value else "false"
        case str() if len(value) > LONGEST:
            return f"{shown(value[:LONGEST])}… ({len(value):,} characters)"
        case str():
            return '"' + escaped(value.replace("\\", "\\\\").replace('"', '\\"')) + '"'
        case Decimal():
            return plain_text(value)
        case dict():
            members = (f"{visible(str(key))}: {shown(member)}" for key, member in value.items())
            return "{" + _listed(members, len(value)) + "}"
        case list() | tuple():
            return "[" + _listed(map(shown, value), len(value)) + "]"
        case _:
            return visible(str(value))


def _listed(members: Iterable[str], count: int) -> str:
    """The first members, up to about `LONGEST` characters, and how many there are when some are left out."""
    listed, size = [], 0
    for member in members:
        listed.append(member)
        size += len(member)
        if size > LONGEST:
            break
    left_out = f", … ({count:,} members)" if len(listed) < count else ""
    return ", ".join(listed) + left_out
