"""What fits a limited text: whole customers in the order given, a count of those that do not fit, and long values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


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


def fit(customers: Iterable[tuple[str, str]], room: Room) -> Fitted:
    """Each customer's row and details, until the room is used up. Details may be "".

    One with very much to say does not push out the others: it keeps its row.
    """
    found, most = Fitted(), room.left // 4
    full = False
    for row, details in customers:
        if full or not room.takes(row):
            full = True
            found.left_out += 1
            continue
        found.rows.append(row)
        if not details:
            continue
        if len(details.encode()) <= most and room.takes(details):
            found.details.append(details)
        else:
            found.cut += 1
    return found


def cut(text: str, longest: int) -> str:
    """The text, or its beginning and how many characters it has."""
    return text if len(text) <= longest else f"{text[:longest]}… ({len(text):,} characters)"
