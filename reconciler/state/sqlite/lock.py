"""The lock of a state: one run at a time.

The system's lock on a file beside the state is the truth: it ends with the process, however that ends. The file's text
says who holds it, for messages, and for a holder on another machine, of which the system here may know nothing.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import msgspec

from reconciler.core.errors import Locked, StateError
from reconciler.state.process_identity import Owner, is_here, surely_lives

_PATIENCE = 0.3  # seconds to wait for a run that is about to end
_PATIENCE_WITH_LOOKERS = 10.0  # each holds the lock of the system for an instant only
_PAUSE = 0.02
_MAX_RECORD = 1 << 16


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


@contextmanager
def hold(path: Path, owner: Owner) -> Iterator[None]:
    """Hold the lock at the path within the block. Raises Locked when another run has it, StateError."""
    handle = _acquired(path)
    try:
        left = _record(handle)
        if left is not None and not _is_over(left):
            raise _locked(Holder(left, Life.ELSEWHERE))
        _write(handle, path, owner)
        try:
            yield
        finally:
            os.ftruncate(handle, 0)
    finally:
        os.close(handle)


def holder(path: Path) -> Holder | None:
    """Who holds the lock at the path, or None. Changes nothing. Raises StateError."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unusable(path, error) from error
    try:
        if not _flock(handle, path, fcntl.LOCK_SH):
            return Holder(_record(handle), Life.RUNNING)
        left = _record(handle)
        return None if left is None else Holder(left, Life.ENDED if _is_over(left) else Life.ELSEWHERE)
    finally:
        os.close(handle)


def release(path: Path, *, force: bool = False) -> Owner | None:
    """Take away what a holder left behind; answers whose it was, or None when nothing was held.

    Without `force` only the lock of a process that has surely ended is taken away, with it also one of another
    machine; never one of a process that runs here. Raises Locked, StateError.
    """
    found = holder(path)
    if found is None:
        return None
    if found.life is Life.RUNNING:
        if found.owner is None or is_here(found.owner) or not force:
            raise _locked(found)
        path.unlink(missing_ok=True)  # the holder is told nothing; whoever comes next makes another file
        return found.owner
    handle = _acquired(path)
    try:
        left = _record(handle)
        if left is not None and not _is_over(left) and not force:
            raise _locked(Holder(left, Life.ELSEWHERE))
        os.ftruncate(handle, 0)
        return left
    finally:
        os.close(handle)


def _acquired(path: Path) -> int:
    """The locked file. Raises Locked, StateError."""
    started = time.monotonic()
    while True:
        handle = _opened(path)
        try:
            if _flock(handle, path, fcntl.LOCK_EX) and _is_same(handle, path):
                found, handle = handle, -1
                return found
            is_held = not _flock(handle, path, fcntl.LOCK_SH)  # else somebody only looked, and is gone in a moment
            seen = _record(handle)
        finally:
            if handle >= 0:
                os.close(handle)
        if time.monotonic() - started > (_PATIENCE if is_held else _PATIENCE_WITH_LOOKERS):
            raise _locked(Holder(seen, Life.RUNNING)) if is_held else _looked_at()
        time.sleep(_PAUSE)


def _opened(path: Path) -> int:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise _unusable(path, error) from error


def _flock(handle: int, path: Path, kind: int) -> bool:
    """Whether the system gave the lock. Raises StateError where it cannot lock at all."""
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        raise StateError(
            f"The lock {path} cannot be had: {error.strerror or error}",
            remedy="Keep the state on a local disk: `state:` in the settings names the file.",
        ) from error
    return True


def _is_same(handle: int, path: Path) -> bool:
    """Whether the locked file still stands at the path: a lock on a deleted one excludes nobody."""
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


def _is_over(owner: Owner) -> bool:
    """Whether a holder that the system gave the lock away from has ended. Only /proc can object, if it proves a life.

    This process itself does not count: it has just been given the lock.
    """
    return is_here(owner) and (owner.pid == os.getpid() or not surely_lives(owner))


def _record(handle: int) -> Owner | None:
    try:
        return msgspec.json.decode(os.pread(handle, _MAX_RECORD, 0), type=Owner)
    except (OSError, msgspec.DecodeError):
        return None


def _write(handle: int, path: Path, owner: Owner) -> None:
    try:
        os.ftruncate(handle, 0)
        os.pwrite(handle, msgspec.json.encode(owner) + b"\n", 0)
    except OSError as error:
        raise _unusable(path, error) from error


def _looked_at() -> Locked:
    return Locked("The lock of the state is looked at without a pause", remedy="Try again when nobody does.")


def _locked(holder: Holder) -> Locked:
    who = f" ({holder.owner})" if holder.owner else ""
    if holder.life is Life.ELSEWHERE or (holder.owner and not is_here(holder.owner)):
        return Locked(
            f"A run on another machine holds the lock of the state{who}",
            remedy="Wait for its end. If it is gone for certain: reconciler state unlock --force",
        )
    return Locked(
        f"Another run holds the lock of the state{who}",
        remedy="Wait for its end, or end that process: the lock goes with it.",
    )


def _unusable(path: Path, error: OSError) -> StateError:
    return StateError(
        f"The lock {path} cannot be used: {error.strerror or error}",
        remedy="Check that you may read and write the folder of the state.",
    )
