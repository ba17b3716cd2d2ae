"""What fits a limited text: the room that is left, and long values cut."""

from __future__ import annotations

import re
from dataclasses import dataclass

_CUT = re.compile(r"… (\([\d,]+ characters\))$")

COMMENT_LIMITS = {"github": 65_000, "gitlab": 990_000, "azure": 149_000, "bitbucket": 32_000}
"""What a comment is made to fit on each platform: 65,536, 1,000,000, 150,000 and 32,768 characters less some slack."""


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


def cut(text: str, longest: int) -> str:
    """The visible text, or its beginning and how many characters it has."""
    return text if len(text) <= longest else f"{text[:longest]}… {length_note(text)}"


def length_note(text: str) -> str:
    """`(20,000 characters)`; what `safe_text` cut before keeps its number."""
    earlier = _CUT.search(text[-40:])
    return earlier[1] if earlier else f"({len(text):,} characters)"
