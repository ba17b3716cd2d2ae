"""How far a longer piece of work has come, for whoever watches it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """work: what is done, such as `Reading customers`. done, total: in units (`page`, `change`); total None if unknown.

    Work that begins anew starts over with a smaller `done`.
    """

    work: str
    unit: str
    done: int
    total: int | None
