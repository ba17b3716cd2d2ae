"""The lock of a state: one run at a time.

The system's lock on a file beside the state is the truth: it ends with the process, however that ends. A second file
says who holds it, for messages, and for a holder on another machine, of which the system here may know nothing. It is a
file of its own because Windows lets nobody else read a locked one.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec

from reconciler.core.errors import Locked, StateError
from reconciler.state.lock_holder import Holder, Life, locked
from reconciler.state.process_identity import Owner, is_here, surely_lives

HOLDER_SUFFIX = ".holder"

_PATIENCE = 0.3  # seconds to wait for a run that is about to end, and for whoever looks, which takes an instant
_PAUSE = 0.02
_POLL = 0.5  # seconds between two tries of who waits for the end of a run
_MAX_RECORD = 1 << 16


class LockFile:
    """The lock at a path, for whoever runs on this machine. Fulfils `port.RunLock`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @contextmanager
    def hold(self, owner: Owner, timeout: float, waiting: Callable[[Holder], None]) -> Iterator[None]:
        """Hold the lock within the block. Raises Locked when another run still has it after `timeout` seconds."""
        until = time.monotonic() + timeout
        is_told = False
        with ExitStack() as stack:
            while True:
                try:
                    stack.enter_context(hold(self._path, owner))
                    break
                except Locked:
                    if time.monotonic() >= until:
                        raise
                    if not is_told and (current := holder(self._path)) is not None:
                        waiting(current)
                        is_told = True
                    time.sleep(min(_POLL, max(0.0, until - time.monotonic())))
            yield

    def holder(self) -> Holder | None:
        """Who holds it, or None."""
        return holder(self._path)

    def release(self, *, force: bool = False) -> Owner | None:
        """Take away what a holder left behind. Raises Locked."""
        return release(self._path, force=force)


@contextmanager
def hold(path: Path, owner: Owner) -> Iterator[None]:
    """Hold the lock at the path within the block. Raises Locked when another run has it, StateError."""
    with _system_lock(path):
        previous = _read_record(path)
        if previous is not None and not _is_over(previous):
            raise locked(Holder(previous, Life.ELSEWHERE))
        _write_record(path, owner)
        try:
            yield
        finally:
            if _read_record(path) == owner:  # else the lock was taken away by force, and somebody else's record stands
                _record_file(path).unlink(missing_ok=True)


def holder(path: Path) -> Holder | None:
    """Who holds the lock at the path, or None. Changes nothing. Raises StateError.

    Nobody holds it without a record: while there is none, no look keeps a run from starting.
    """
    owner = _read_record(path)
    if owner is None:
        return None
    try:
        with _system_lock(path, patience=0):
            remaining = _read_record(path)
    except Locked:
        return Holder(owner, Life.RUNNING)
    except StateError:  # a folder that may only be read: the record says enough
        return Holder(owner, Life.RUNNING if surely_lives(owner) else _life(owner))
    return None if remaining is None else Holder(remaining, _life(remaining))


def release(path: Path, *, force: bool = False) -> Owner | None:
    """Take away what a holder left behind; answers whose it was, or None when nothing was held.

    Without `force` only the lock of a process that has surely ended is taken away, with it also one of another
    machine; never one of a process that runs here. Raises Locked, StateError.
    """
    current = holder(path)
    if current is None:
        return None
    if current.life is Life.RUNNING:
        if current.owner is None or is_here(current.owner) or not force:
            raise locked(current)
        _remove(path, _record_file(path))  # the holder is told nothing; whoever comes next makes other files
        return current.owner
    with _system_lock(path):
        previous = _read_record(path)
        if previous is not None and not _is_over(previous) and not force:
            raise locked(Holder(previous, Life.ELSEWHERE))
        _remove(_record_file(path))
        return previous


@contextmanager
def _system_lock(path: Path, *, patience: float = _PATIENCE) -> Iterator[None]:
    """The system's lock within the block; `patience` in seconds. Raises Locked, StateError."""
    from filelock import FileLock, Timeout  # noqa: PLC0415 (25 ms, and a plan takes no lock)

    lock = FileLock(path, mode=0o600)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock.acquire(timeout=patience, poll_interval=_PAUSE)
    except Timeout:
        raise locked(Holder(_read_record(path), Life.RUNNING)) from None
    except OSError as error:
        raise _unusable(path, error) from error
    try:
        yield
    finally:
        lock.release()


def _life(owner: Owner) -> Life:
    """What has become of a holder whose lock the system gave away."""
    return Life.ENDED if _is_over(owner) else Life.ELSEWHERE


def _is_over(owner: Owner) -> bool:
    """Whether a holder that the system gave the lock away from has ended. Only /proc can object, if it proves a life.

    This process itself does not count: it has just been given the lock.
    """
    return is_here(owner) and (owner.pid == os.getpid() or not surely_lives(owner))


def _record_file(path: Path) -> Path:
    return path.with_suffix(HOLDER_SUFFIX)


def _read_record(path: Path) -> Owner | None:
    try:
        with _record_file(path).open("rb") as file:
            return msgspec.json.decode(file.read(_MAX_RECORD), type=Owner)
    except (OSError, msgspec.DecodeError):
        return None


def _write_record(path: Path, owner: Owner) -> None:
    """Private, like the state: it names a user and a command."""
    try:
        handle = os.open(_record_file(path), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.json.encode(owner) + b"\n")
    except OSError as error:
        raise _unusable(path, error) from error


def _remove(*files: Path) -> None:
    for file in files:
        try:
            file.unlink(missing_ok=True)
        except OSError as error:
            raise _unusable(file, error) from error


def _unusable(path: Path, error: OSError) -> StateError:
    return StateError(
        f"The lock {path} cannot be used: {error.strerror or error}",
        remedy="Check that you may read and write the folder of the state, and that it is on a local disk.",
    )
