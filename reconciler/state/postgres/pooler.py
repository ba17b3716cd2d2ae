"""Whether a session keeps its backend: behind a pooler in transaction mode it does not, and a lock would be no lock."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import psycopg

from reconciler.core.errors import StateError
from reconciler.core.shared_state import SharedState
from reconciler.state.postgres import connecting
from reconciler.state.postgres.connecting import answered_within

_WHO = "SELECT pg_backend_pid()"


def refuse_shared_sessions(
    db: psycopg.Connection[Any], others: Iterable[psycopg.Connection[Any]], location: SharedState
) -> None:
    """Raise StateError behind a pooler in transaction mode: it gives the session that holds a lock to others, too.

    While others are within a transaction, this one must keep its backend, and share it with none of them. One other
    does not tell enough: of two backends that a pooler gives in turn, each would look as if it were kept. The others
    are left within their transactions.
    """
    mine = _backend(db)
    for other in others:
        if _backend(other, "BEGIN") == mine or _backend(db) != mine:
            raise StateError(
                f"The state {location} is behind a pooler in transaction mode, which keeps no session: the lock"
                " would be given to others",
                remedy="Name the database itself, or a pool in session mode.",
            )


def _backend(db: psycopg.Connection[Any], *before: str) -> Any:
    with answered_within(db, connecting.LONGEST_ANSWER):
        answer = db.execute("; ".join((*before, _WHO)).encode())
        for _ in before:
            answer.nextset()
        return answer.fetchone()
