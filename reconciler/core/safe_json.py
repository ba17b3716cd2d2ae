"""Which characters hide, steer a terminal or make two texts look alike, and JSON without any of them."""

from __future__ import annotations

import re
import unicodedata

SUSPECT = re.compile(
    r"[^ -~\u00a1-\u00ac\u00ae-\u02ff\u0370-\u058f\u0900-\u109f\u1e00-\u1fff\u4e00-\u9ffc\uac00-\ud7a3]"
)
"""Characters worth a look by `is_hidden`."""
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
BLANK_LETTERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u2800\u3164\uffa0")
"""Letters, marks and signs that Unicode counts as printable, and of which nothing is seen."""
_IN_JSON = re.compile(rf"(?!\n){SUSPECT.pattern}|#(?=#(?:(?i:vso))?\[)")


def is_hidden(char: str) -> bool:
    """Whether it is a control, direction, zero-width, unassigned character, an odd blank or a blank letter."""
    category = unicodedata.category(char)
    return category in _HIDDEN or char in BLANK_LETTERS or (category == "Zs" and char not in " \u3000")


def inert_json(text: str) -> str:
    """JSON of the same meaning that neither a terminal nor a CI server that reads the log obeys.

    Hidden characters, and the `#` that begins `##[error]` or `##vso[...]`, are written as JSON's own escapes.

    >>> inert_json('["##[error]"]')
    '["\\\\u0023#[error]"]'
    """
    return _IN_JSON.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    char = match[0]
    if char != "#" and not is_hidden(char):
        return char
    code = ord(char)
    if code < 0x10000:
        return f"\\u{code:04x}"
    return f"\\u{0xD800 + (code - 0x10000 >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"
