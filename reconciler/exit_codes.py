"""Exit codes, stated once: of the command line, and of what CI jobs make of them."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.core.errors import ReconcilerError


class Exit(IntEnum):
    """What a command's end means."""

    DONE = 0
    ERROR = 1
    CHANGES = 2
    INVALID = 3
    REFUSED = 4
    PARTIAL = 5
    LOCKED = 6
    USAGE = 64
    INTERRUPTED = 130
    TERMINATED = 143


def exit_code(error: ReconcilerError) -> Exit:
    """The exit code of an error that stopped a run."""
    from reconciler.core.errors import (  # noqa: PLC0415 - start-up: help and versions need none
        Declined,
        InvalidInput,
        Locked,
        Refused,
        WrongUsage,
    )

    codes = {
        InvalidInput: Exit.INVALID,
        Declined: Exit.ERROR,
        Refused: Exit.REFUSED,
        Locked: Exit.LOCKED,
        WrongUsage: Exit.USAGE,
    }
    return next((code for kind, code in codes.items() if isinstance(error, kind)), Exit.ERROR)
