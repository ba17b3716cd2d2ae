"""Texts made inert for Markdown: nothing in them becomes markup, a link, a mention, a reference or a command.

A backslash is not enough: GitHub and GitLab look for `@name`, `#1` or `!2` in the rendered text, where the backslash is
gone. They do not look into code, so whatever is not plainly words stands in a code span or block, as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from reconciler.reports.safe_text import visible

_WORD = re.compile(
    r"""[("']*(?:[^\W_]+(?:[-'’][^\W_]+)*|(?:[A-ZÄÅÆÖØ][./])+[A-ZÄÅÆÖØ]|[×÷+−]?\d+(?:[.,]\d+)*%?)[)"'.,;:!?%…]*|[-–—→·÷=]"""
)
"""A word, an abbreviation of capitals (V.O.F., A/S), or an amount: ×30, +50%, 1,500."""
_REFERENCE = re.compile(r"\b(?:[0-9a-fA-F]{7,40}|[A-Za-z]+-\d+)\b")
"""What a platform may link though it is but a word: a commit, `GH-1`, a tracker's key."""

_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*"[.,;:)]*(?= |$)|[^ ]+')


def is_plain(text: str) -> bool:
    """Whether the text is nothing but words, which mean the same in Markdown, in HTML and in a table."""
    words = text.split(" ")
    return all(_WORD.fullmatch(word) and not _REFERENCE.search(word) for word in words)


def code(text: str) -> str:
    """The text in code spans, in a table too.

    The pipe ends a table's cell even inside code, and renderers disagree on a backslash before an escaped one:
    it stands between two spans as an entity.
    """
    return "&#124;".join(_span(part) if part else "" for part in visible(text).split("|")) or _span(" ")


def _span(text: str) -> str:
    fence = "`" * (_longest_run(text) + 1)
    padded = text[0] in "` " or text[-1] in "` "
    pad = " " if padded and text.strip(" ") else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def quiet(text: str) -> str:
    """A name or label: as it is when it is plain, else in a code span as a whole."""
    return text if is_plain(text) else code(text)


def prose(text: str) -> str:
    """A sentence: plain words as they are; values, paths and whatever could be markup in code spans."""
    parts: list[str] = []
    pending: list[str] = []
    for token in _TOKENS.findall(text):
        plain = is_plain(token)
        if not plain:
            pending.append(token)
        if plain or (token[-1] in ".,;:" and not _is_open(pending)):
            parts += _coded(pending)
            pending = []
        if plain:
            parts.append(token)
    return " ".join(parts + _coded(pending))


def paragraph(markdown: str) -> str:
    """Inline Markdown at the start of a line, where a number or a dash would begin a list."""
    return re.sub(r"^(\d*)([.)=-])(?= |$)", r"\1\\\2", markdown)


def ticked(text: str) -> str:
    """A sentence of our own, in which what stands between backticks is a command."""
    return "".join((code if at % 2 else _between)(part) for at, part in enumerate(text.split("`")))


def _between(text: str) -> str:
    body = text.strip(" .,;:")
    return text.replace(body, prose(body), 1) if body else text


def _coded(tokens: list[str]) -> list[str]:
    """Tokens side by side are one span; a full stop, a comma or a sentence's brackets around them stay outside."""
    if not tokens:
        return []
    text = " ".join(tokens)
    body = text.rstrip(".,;:") or text
    behind = text[len(body) :]
    inside = body.removesuffix(")").removeprefix("(")
    if inside and body.endswith(")") and not {"(", ")"} & set(inside):  # the brackets are the sentence's
        return [body.replace(inside, code(inside), 1) + behind]
    return [code(body) + behind]


def _is_open(tokens: list[str]) -> bool:
    """Whether a bracket is open, so that what follows belongs to the same span."""
    text = "".join(tokens)
    return any(text.count(start) > text.count(end) for start, end in ("{}", "[]"))


def block(lines: Iterable[str], language: str = "diff") -> str:
    """The lines as a fenced block that none of them can close."""
    lines = [visible(line) for line in lines]
    fence = "`" * max(3, _longest_run("\n".join(lines)) + 1)
    return "\n".join([f"{fence}{language}", *lines, fence])


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall(r"`+", text)), default=0)
