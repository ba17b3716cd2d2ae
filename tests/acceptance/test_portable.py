"""What only POSIX has is needed nowhere: the commands run without it, as they do on Windows."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.acceptance.test_init import uncomment

# Without a lock of the system filelock makes do with the existence of a file.
CHILD = textwrap.dedent(
    """
    import os, signal, sys, warnings

    for module in ("fcntl", "grp", "pwd", "resource", "syslog", "termios", "tty", "pty"):
        sys.modules[module] = None
    import threading, socket, sqlite3, subprocess, asyncio, multiprocessing  # the standard library keeps its own ways
    for name in sorted(vars(os)):
        if name in POSIX:
            delattr(os, name)
    for name in ("SIGKILL", "SIGHUP", "SIGQUIT", "SIGPIPE", "SIGUSR1", "SIGUSR2", "SIGALRM"):
        delattr(signal, name)
    warnings.filterwarnings("ignore", "only soft file lock is available")
    from reconciler.__main__ import main

    sys.exit(main())
    """
)
# fchmod stays: filelock calls it where the system is not Windows. `mypy --platform win32` tells of the package itself.
POSIX = {
    "O_NOFOLLOW", "O_NONBLOCK", "O_NOCTTY", "O_DIRECTORY", "O_CLOEXEC", "O_SYNC", "O_DSYNC",
    "chown", "chroot", "fchown", "fork", "forkpty", "getegid", "geteuid", "getgid", "getgroups", "getlogin",
    "getpgid", "getpgrp", "getpriority", "getsid", "getuid", "initgroups", "killpg", "lchown", "mkfifo",
    "mknod", "nice", "pread", "preadv", "pwrite", "pwritev", "sched_getaffinity", "sendfile", "setegid",
    "seteuid", "setgid", "setgroups", "setpgid", "setsid", "setuid", "statvfs", "sync", "sysconf",
    "tcgetpgrp", "tcsetpgrp", "ttyname", "uname",
}  # fmt: skip


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command in a process without what POSIX alone has."""
    code = f"POSIX = {sorted(POSIX)}\n{CHILD}"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=folder, capture_output=True, text=True, check=False, timeout=120
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project as `init` makes it, with the sandbox as its ERP."""
    made = run(tmp_path, "init", "shop")
    assert made.returncode == 0, made.stderr
    uncomment(tmp_path / "shop")
    return tmp_path / "shop"


def test_a_project_is_planned_and_applied_without_posix(project: Path) -> None:
    for arguments in (
        ["validate"],
        ["--env", "sandbox", "plan", "-o", "plan.json"],
        ["--env", "sandbox", "apply", "plan.json", "--auto-approve"],
        ["--env", "sandbox", "state", "show"],
    ):
        ended = run(project, *arguments)
        assert ended.returncode == 0, (arguments, ended.stdout, ended.stderr)
    assert "No changes" in run(project, "--env", "sandbox", "plan").stdout
    assert "done" in run(project, "--env", "sandbox", "runs", "list").stdout
