"""What a person did that a parser takes for something else: the causes of syntax errors that its own words hide."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from reconciler.config.read.messages import shown

_CONFLICT = re.compile(r"^(?:<<<<<<<|>>>>>>>) ", re.MULTILINE)
_QUOTED = re.compile(
    r"""(?:^|(?<=[\s:,\[{-]))("(?:[^"\\\r\n]|\\.)*+"|'(?:[^'\r\n]|'')*+')[ \t]*+([^\s\#,:\]}"'][^\r\n]*)"""
)
"""A text in quotes with more text behind it."""

_IN_FLOW = re.compile(r"[,\]}]")
_BLANKS = "\u00a0\u1680\u2000-\u200d\u202f\u205f\u2060\u3000\ufeff"
_WRONG_BLANK = re.compile(
    rf"^[ ]*+(?:-[ ]++)*+(?:-|[^\s:#\"'{_BLANKS}][^\s:#{_BLANKS}]*+(?:[ ][^\s:#{_BLANKS}]++)*+:)?([{_BLANKS}])",
    re.MULTILINE,
)
"""Such a blank in the indentation, behind the dash of an item, or behind the colon of a line's first key."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a text cannot be read: code, the character where the cause stands, summary and remedy."""

    code: str
    index: int
    summary: str
    remedy: str


def cause_of(text: str, index: int) -> Cause | None:
    """The cause of a syntax error that the parser noticed at a character; None when its own words must do."""
    if conflict := _CONFLICT.search(text):
        remedy = "Choose what is meant, and remove the lines that git put in: <<<<<<<, ======= and >>>>>>>."
        return Cause("Y201", conflict.start(), "a merge that is not resolved", remedy)
    start = text.rfind("\n", 0, index) + 1
    end = text.find("\n", index)
    end = len(text) if end < 0 else end
    if early := _early_quote(text, start, end, index):
        return early
    before = [at for at in wrong_blanks(text) if at < end]  # the parser goes on for a while before it notices
    return wrong_blank(text, before[-1]) if before else None


def _early_quote(text: str, start: int, end: int, index: int) -> Cause | None:
    for quoted in _QUOTED.finditer(text, start, end):
        if quoted.start(2) <= index:
            whole, rest = text[quoted.start(1) : end].rstrip(), shown(quoted[2].rstrip())
            before = text[start : quoted.start(1)]
            if before.count("[") + before.count("{") > before.count("]") + before.count("}"):
                whole, rest = _IN_FLOW.split(whole, maxsplit=1)[0], _IN_FLOW.split(rest, maxsplit=1)[0]
            if len(whole) > 1 and whole[0] == whole[-1]:
                whole = whole[1:-1]  # quotes around the whole, and the same ones inside
            remedy = f"Put the whole text in other quotes: {in_quotes(whole)}."
            return Cause("Y219", quoted.start(2), f"the quotes end before {rest}, and nothing may follow them", remedy)
    return None


def in_quotes(text: str) -> str:
    """A text as it can be written in quotes, shortened."""
    if '"' in text or "\\" in text:
        return "'" + shown(text).replace("'", "''") + "'"
    return f'"{shown(text)}"'


def wrong_blanks(text: str) -> list[int]:
    """Where blanks stand that YAML takes for letters, although one that separates must stand there."""
    return [] if text.isascii() else [found.start(1) for found in _WRONG_BLANK.finditer(text)]


def wrong_blank(text: str, index: int) -> Cause:
    """Says what stands at one of the `wrong_blanks`."""
    name = f"U+{ord(text[index]):04X} {unicodedata.name(text[index], '').lower()}".strip()
    summary = f"{name} stands where YAML needs an ordinary space"
    return Cause("Y220", index, summary, "Replace it by a space; the two look alike in most editors.")
