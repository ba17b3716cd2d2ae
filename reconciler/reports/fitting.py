"""What fits a limited text: whole customers in the order given, a count of those that do not fit, and long values."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from reconciler.reports.view.report import CustomerRow

_CUT = re.compile(r"… (\([\d,]+ characters\))$")

COMMENT_LIMITS = {"github": 65_000, "gitlab": 990_000, "azure": 149_000, "bitbucket": 32_000}
"""What a comment is made to fit on each platform: 65,536, 1,000,000, 150,000 and 32,768 characters less some slack."""

Render: TypeAlias = Callable[[CustomerRow], str]


@dataclass(slots=True)
class Room:
    """UTF-8 bytes that are left."""

    left: int

    def takes(self, text: str) -> bool:
        """Whether the text and a blank line fit; then they are taken off."""
        size = len(text.encode()) + 2
        if size > self.left:
            return False
        self.left -= size
        return True


@dataclass(slots=True)
class Fitted:
    """The rows and details that fit. cut: rows without their details. left_out: customers without any."""

    rows: list[str] = field(default_factory=list)
    details: list[str] = field(default_factory=list)
    cut: int = 0
    left_out: int = 0


def fit(customers: Sequence[CustomerRow], row: Render, details: Render, room: Room) -> Fitted:
    """Each customer's row and details, until the room is used up. Details may be "".

    One with very much to say does not push out the others: it keeps its row.
    """
    fitted, most = Fitted(), room.left // 4
    for at, customer in enumerate(customers):
        line = row(customer)
        if not room.takes(line):
            fitted.left_out = len(customers) - at
            break
        fitted.rows.append(line)
        text = details(customer)
        if len(text.encode()) <= most and (not text or room.takes(text)):
            fitted.details += [text] if text else []
        else:
            fitted.cut += 1
    return fitted


def cut(text: str, longest: int) -> str:
    """The visible text, or its beginning and how many characters it has."""
    return text if len(text) <= longest else f"{text[:longest]}… {length_note(text)}"


def length_note(text: str) -> str:
    """`(20,000 characters)`; what `safe_text` cut before keeps its number."""
    earlier = _CUT.search(text[-40:])
    return earlier[1] if earlier else f"({len(text):,} characters)"
