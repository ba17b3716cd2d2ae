"""Who holds the lock of a state, and what is said to whoever is kept out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from reconciler.core.errors import Locked
from reconciler.state.process_identity import Owner, is_here


class Life(StrEnum):
    """What is known of a lock's holder."""

    RUNNING = "running"
    ENDED = "ended"  # it was killed; the next run takes over
    ELSEWHERE = "elsewhere"  # another machine: it cannot be seen from here


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds the lock; `owner` is None when that is not readable."""

    owner: Owner | None
    life: Life


def locked(holder: Holder, *, shared: bool = False) -> Locked:
    """The refusal. shared: the state is a database, where a lock ends with its session on any machine."""
    who = f" ({holder.owner})" if holder.owner else ""
    is_elsewhere = holder.life is Life.ELSEWHERE or (holder.owner is not None and not is_here(holder.owner))
    if shared:
        where = " on another machine" if is_elsewhere else ""
        return Locked(
            f"Another run{where} holds the lock of the state{who}",
            remedy="Wait for its end, for example with --lock-timeout 600. If it hangs for certain: reconciler state"
            " unlock --force",
        )
    if is_elsewhere:
        return Locked(
            f"A run on another machine holds the lock of the state{who}",
            remedy="Wait for its end. If it is gone for certain: reconciler state unlock --force",
        )
    return Locked(
        f"Another run holds the lock of the state{who}",
        remedy="Wait for its end, or end that process: the lock goes with it.",
    )
