"""Which characters of a value changed: the pieces of the shown texts before and after, each marked or not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

# An escape that `safe_text.shown` wrote is one character to a reader, as is a letter with the accents that follow it.
_CHARACTERS = re.compile(
    r"\\(?:x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8}|.)|.[\u0300-\u036f\u20d0-\u20ff\ufe00-\ufe0f]*", re.DOTALL
)
_WORDS = re.compile(r"\w+ ?|\W", re.DOTALL)
# A digit more is another amount, number or date, and not a longer text.
_WHOLE = re.compile(r'true|false|\(none\)|"?[+-]?\d[\d .,:/-]*(?: [A-Z]{3})?"?')
# difflib takes time with the product of the lengths: more characters than this are compared by words, or not at all.
_FEW = ((_CHARACTERS, 20_000), (_WORDS, 90_000))
_CONFETTI = 3  # fewer equal characters than this between two changes are marked with them
_ALIKE = 0.3  # less in common than this reads better as one replacement


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a value; `hit` says whether it is what changed."""

    text: str
    hit: bool


Pieces = tuple[Piece, ...]


def marked(before: str, after: str) -> tuple[Pieces, Pieces]:
    """The two shown values in pieces, with the characters marked that only one of them has."""
    if before == after:
        return _plain(before), _plain(after)
    if _WHOLE.fullmatch(before) or _WHOLE.fullmatch(after):
        return _one(before), _one(after)
    for token, pairs in _FEW:
        old, new = token.findall(before), token.findall(after)
        head, tail = _common(old, new)
        left, right = old[head : len(old) - tail], new[head : len(new) - tail]
        if len(left) * len(right) <= pairs:
            opcodes = _opcodes(left, right)
            break
    else:
        opcodes = [(True, 0, len(left), 0, len(right))]
    start, end = "".join(old[:head]), "".join(old[len(old) - tail :])
    lefts = [Piece("".join(left[i:j]), hit) for hit, i, j, _, _ in opcodes]
    rights = [Piece("".join(right[k:m]), hit) for hit, _, _, k, m in opcodes]
    return _joined([Piece(start, False), *lefts, Piece(end, False)]), _joined(
        [Piece(start, False), *rights, Piece(end, False)]
    )


def whole(before: str, after: str) -> tuple[Pieces, Pieces]:
    """The two shown values, each marked as a whole where they differ: for words of which no part means anything."""
    return (_plain(before), _plain(after)) if before == after else (_one(before), _one(after))


def excerpt(pieces: Pieces, size: int, lead: int = 40) -> Pieces:
    """At most `size` characters, from shortly before the first change on; … stands for what is left out."""
    first = 0
    for piece in pieces:
        if piece.hit:
            break
        first += len(piece.text)
    total = sum(len(piece.text) for piece in pieces)
    start = max(0, min(first - lead, total - size)) if first < total else 0
    out, at = [Piece("…", False)] if start else [], 0
    for piece in pieces:
        out.append(Piece(piece.text[max(0, start - at) : max(0, start + size - at)], piece.hit))
        at += len(piece.text)
    if start + size < total:
        out.append(Piece("…", False))
    return _joined(out)


def _plain(text: str) -> Pieces:
    return (Piece(text, False),)


def _one(text: str) -> Pieces:
    return (Piece(text, text != "(none)"),)


def _common(old: Sequence[str], new: Sequence[str]) -> tuple[int, int]:
    """How many tokens both begin with, and how many of the rest both end with."""
    short = min(len(old), len(new))
    head = next((i for i in range(short) if old[i] != new[i]), short)
    rest = short - head
    return head, next((i for i in range(rest) if old[-1 - i] != new[-1 - i]), rest)


def _opcodes(left: Sequence[str], right: Sequence[str]) -> list[tuple[bool, int, int, int, int]]:
    """(changed, left from, left to, right from, right to) over both sides."""
    matcher = SequenceMatcher(None, left, right, autojunk=False)
    if matcher.ratio() < _ALIKE:
        return [(True, 0, len(left), 0, len(right))]
    return [(tag != "equal" or j - i < _CONFETTI, i, j, k, m) for tag, i, j, k, m in matcher.get_opcodes()]


def _joined(pieces: list[Piece]) -> Pieces:
    """The same with neighbours of one kind made one, and without empty ones."""
    out: list[Piece] = []
    for piece in pieces:
        if not piece.text:
            continue
        if out and out[-1].hit == piece.hit:
            out[-1] = Piece(out[-1].text + piece.text, piece.hit)
        else:
            out.append(piece)
    return tuple(out)
