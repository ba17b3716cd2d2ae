"""Declarations of simple lines, cut without a YAML parser: what most files consist of.

A simple line is whole in itself: a comment, or a key with at most one value, plain or quoted, that ends where the
line ends. No anchor, tag, block text, tab or value over several lines is one, nor a value with a comment that may be a
part of it (` #1`). So a text of simple lines can be cut at the items of its list, and each item means alone what it
means there. A text with any other line is not cut: it is the composer's (`reconciler.config.read.yaml_nodes`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

Heads: TypeAlias = "tuple[str, ...]"
Tokens: TypeAlias = "tuple[str, ...]"

_KEY = r"[A-Za-z_][A-Za-z0-9_]{0,99}+:"
_FLOW = r"\[[A-Za-z0-9_., ]*+\]"
_DOUBLE = r'"[^"\\\n]*+(?:\\["\\][^"\\\n]*+)*+"'
_SINGLE = r"'[^'\n]*+(?:''[^'\n]*+)*+'"
_PLAIN = r"(?:[\w+(/.~$]|-(?=\w))[^\n:# ]*+(?:(?:[ ]++(?=[^ #\n])|:(?=[\w/-])|\#)[^\n:# ]*+)*+"
_LINE = re.compile(
    rf"^((?:[ ]*+(?:-[ ]++)?{_KEY}|[ ]*+-)[ ]++(?=[^ #\[\n])|[ ]*+(?:-[ ]++)?{_KEY}(?:[ ]++{_FLOW})?|---|)"
    rf"((?<=[ ])(?:{_DOUBLE}|{_SINGLE}|{_PLAIN})|)"
    r"(?:\n|[ ]++(?:\#(?![^\s#])[^\n]*+)?\n|^[ ]*+\#[^\n]*+\n)",
    re.MULTILINE,
)
"""The head of a line, up to its value, and the value as typed; both empty for a comment."""

_ITEM = re.compile("^( *)- ", re.MULTILINE)
_NOTHING = re.compile(r"(?:---[ ]*\n|[ ]*(?:\#[^\n]*)?\n)*")
_CUSTOMERS = re.compile(r"^customers:[ ]*(?:[ ]\#[^\n]*)?\n(?:[ ]*(?:\#[^\n]*)?\n)*\Z", re.MULTILINE)
_ESCAPE = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class Cut:
    """A text, and where its declarations lie. `head` is what stands before the first one when that says something."""

    text: str
    head: str
    starts: tuple[int, ...]
    is_list: bool


class Block(NamedTuple):
    """The lines of one declaration: `text[start:end]`. `line` is the number of the first one."""

    start: int
    end: int
    line: int
    heads: Heads
    tokens: Tokens


def cut(text: str) -> Cut | None:
    """Where the declarations of a text lie, or None when it is not made of simple lines as far as was looked."""
    if "\t" in text or "\r" in text or "\ufeff" in text:
        return None
    if not text.endswith("\n"):
        text += "\n"
    first = _ITEM.search(text) if "- " in text else None  # a search from line to line takes its time
    if first is not None:
        head = text[: first.start()]
        is_bare = _NOTHING.fullmatch(head) is not None
        if is_bare or _CUSTOMERS.search(head):
            starts = re.compile(f"^ {{{len(first[1])}}}- ", re.MULTILINE).finditer(text, first.start())
            return Cut(text, "" if is_bare else head, tuple([start.start() for start in starts]), True)
    return Cut(text, "", (0,), False)


def blocks(cut_text: Cut) -> Iterator[Block | None]:
    """The declarations one by one; None, as the last, where a line is not simple."""
    text = cut_text.text
    line = text.count("\n", 0, cut_text.starts[0]) + 1
    for start, end in zip(cut_text.starts, (*cut_text.starts[1:], len(text)), strict=True):
        lines = _LINE.findall(text, start, end)
        count = text.count("\n", start, end)
        if len(lines) != count:  # each match is a whole line
            yield None
            return
        heads, tokens = zip(*lines, strict=True)
        yield Block(start, end, line, heads, tokens)
        line += count


def unquoted(token: str) -> str:
    """The text that a value as typed stands for."""
    mark = token[:1]
    if mark == '"':
        text = token[1:-1]
        return _ESCAPE.sub(r"\1", text) if "\\" in text else text
    return token[1:-1].replace("''", "'") if mark == "'" else token
