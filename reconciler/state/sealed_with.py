"""Which key a state is sealed with: the wrong one, or none, is told before anything is read or written."""

from __future__ import annotations

from reconciler.core.errors import StateError
from reconciler.state.port import Connection
from reconciler.state.sealing import KEY_VARIABLE, NEW_KEY_VARIABLE, Seal

IS_EMPTY = "NOT EXISTS (SELECT 1 FROM target) AND NOT EXISTS (SELECT 1 FROM run)"


KEY_ID = "SELECT max(key_id) FROM seal"
"""The id of the key that the state says, or NULL."""


def check_readable(db: Connection, seal: Seal, where: str) -> bool:
    """Raise StateError when the state cannot be read with this key. False where it is empty and says no key."""
    (key_id,) = db.execute(KEY_ID).fetchone()
    return fits(key_id, db, seal, where)


def claim(db: Connection, seal: Seal, where: str) -> None:
    """As `check_readable`; an empty state is sealed with this key from now on."""
    if not check_readable(db, seal, where):
        record(db, seal)


def check_still_sealed(db: Connection, seal: Seal, where: str) -> None:
    """Raise StateError when somebody changed the key since the state was opened."""
    (key_id,) = db.execute(KEY_ID).fetchone()
    if key_id != seal.key_id:
        raise rekeyed(where)


def rekeyed(where: str) -> StateError:
    """Somebody changed the key since the state was opened."""
    return StateError(
        f"The key of the state {where} was changed meanwhile", remedy=f"Run again with the new {KEY_VARIABLE}."
    )


def record(db: Connection, seal: Seal) -> None:
    """Note the key that the state is sealed with, or that it is not sealed."""
    db.execute("DELETE FROM seal")
    if seal.key_id is not None:
        db.execute("INSERT INTO seal (key_id) VALUES (?)", (seal.key_id,))


def fits(key_id: str | None, db: Connection, seal: Seal, where: str) -> bool:
    """As `check_readable`, where the id of the state's key was read already (`KEY_ID`)."""
    if key_id is not None and not seal.is_on:
        raise StateError(
            f"The state {where} is encrypted, and {KEY_VARIABLE} is not set",
            remedy=f"Set {KEY_VARIABLE} or {KEY_VARIABLE}_FILE to the key {key_id}.",
        )
    if key_id is not None and key_id != seal.key_id:
        raise StateError(
            f"The state {where} is encrypted with the key {key_id}, and {KEY_VARIABLE} holds the key {seal.key_id}",
            remedy=f"Set {KEY_VARIABLE} to the key that it was encrypted with; `reconciler state rekey` changes it.",
        )
    if key_id is None and seal.is_on:
        (is_empty,) = db.execute(f"SELECT {IS_EMPTY}").fetchone()
        if not is_empty:
            raise StateError(
                f"{KEY_VARIABLE} is set, and the state {where} is not encrypted",
                remedy=f"Encrypt it: put the key into {NEW_KEY_VARIABLE} instead, and run `reconciler state rekey`.",
            )
        return False
    return True
