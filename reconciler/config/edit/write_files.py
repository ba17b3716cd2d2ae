"""Put new bytes into declaration files: all of them or none, each whole, with the mode that it had."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from reconciler.core.errors import ReconcilerError


@dataclass(frozen=True, slots=True)
class Replacement:
    """A file that holds `old`, and what it shall hold. `name` is what messages call it."""

    path: Path
    name: str
    old: bytes
    new: bytes


def replace_files(files: Iterable[Replacement]) -> None:
    """Write each beside, then rename all; a symlink stays one. Raises ReconcilerError, also when a file changed since.

    Until all are written, none is replaced.
    """
    beside: list[tuple[Path, Path, Replacement]] = []
    try:
        for file in files:
            target = file.path.resolve()
            beside.append((_write_beside(target, file), target, file))
        for new, target, file in beside:
            _check_unchanged(target, file)
            new.replace(target)
    except OSError as error:
        where = f"into the folder {Path(error.filename).parent}" if error.filename else "a file"
        raise ReconcilerError(f"Cannot write {where}: {error.strerror or error}") from error
    finally:
        for new, _, _ in beside:
            with suppress(OSError):
                new.unlink(missing_ok=True)


def _write_beside(target: Path, each: Replacement) -> Path:
    beside = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    mode = target.stat().st_mode & 0o777
    try:
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            beside.chmod(mode)
            file.write(each.new)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        raise
    return beside


def _check_unchanged(target: Path, file: Replacement) -> None:
    if target.read_bytes() != file.old:
        raise ReconcilerError(
            f"{file.name} was changed by somebody else meanwhile; it was left as it is",
            remedy="Run the command again.",
        )
