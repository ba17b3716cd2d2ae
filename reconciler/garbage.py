"""How often Python searches for cyclic garbage, of which hardly any is made here."""

from __future__ import annotations

import gc

_COLLECTION = (100_000, 50, 100)
"""After so many new objects the young ones are searched, every 50th time the older ones too, and so on. Searching
declarations and customers again and again was a sixth of a plan's time."""


def collect_seldom() -> None:
    """For a process that does nothing else."""
    gc.set_threshold(*_COLLECTION)
