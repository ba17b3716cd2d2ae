"""How much of a file of declarations is read, so that no file takes all memory or time."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bounds:
    """`file_size` in bytes; `depth`: lists and mappings inside each other; `aliases`: values they may stand for."""

    file_size: int = 50 * 2**20
    depth: int = 50
    aliases: int = 100_000


BOUNDS = Bounds()

WIDEST = Bounds(file_size=2**30, depth=200, aliases=10_000_000)
"""What the settings can allow at most (`limits` in their schema): for what was read within their bounds already."""
