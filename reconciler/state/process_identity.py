"""Who runs: the process, user and machine that hold a lock, and whether such a process still lives."""

from __future__ import annotations

import getpass
import os
import socket
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_DEAD = ("Z", "X")  # ended, and not yet collected by the parent
_STATE, _START = 0, 19  # fields of /proc/PID/stat, counted after the command's closing bracket


@dataclass(frozen=True, slots=True)
class Owner:
    """The holder of a lock.

    `born` is when the process started, in the kernel's ticks, and `boot` names the machine's boot: together they tell
    the process from a later one with the same id. Both are None where there is no /proc. `job` is the address of the CI
    job that it runs in, if any.
    """

    user: str
    host: str
    pid: int
    command: str
    since: str
    born: int | None = None
    boot: str | None = None
    job: str | None = None

    def __str__(self) -> str:
        who = f"{self.user}@{self.host}, process {self.pid}, since {self.since}: {self.command}"
        return f"{who}; {self.job}" if self.job else who


def this_process(command: str, since: str, job: str | None = None) -> Owner:
    """This process as an owner. `command` must hold no secret; `since` is UTC, ISO 8601; `job`: see `Owner`."""
    state = _stat(os.getpid())
    born = state[1] if state else None
    return Owner(_user(), socket.gethostname(), os.getpid(), command, since, born, _boot(), job)


def is_here(owner: Owner) -> bool:
    """Whether the owner's process is, or was, on this machine: also in another container under the same kernel."""
    return owner.host == socket.gethostname() or (owner.boot is not None and owner.boot == _boot())


def surely_lives(owner: Owner) -> bool:
    """Whether exactly this process runs here now, as far as /proc can prove it."""
    state = _stat(owner.pid)
    return state is not None and owner.boot == _boot() and owner.born == state[1] and state[0] not in _DEAD


def _user() -> str:
    """Whom messages name; a container's user may have no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return "an unnamed user"


def _boot() -> str | None:
    try:
        return (_PROC / "sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return None


def _stat(pid: int) -> tuple[str, int] | None:
    """The process's state letter and start; None when there is none, or no /proc."""
    try:
        fields = (_PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()
        return fields[_STATE], int(fields[_START])
    except (OSError, IndexError, ValueError):
        return None
