"""Flags of `os.open` that only some systems have. Elsewhere they are 0, and guard against nothing."""

from __future__ import annotations

import os
from typing import Final

BINARY: Final[int] = getattr(os, "O_BINARY", 0)
"""Windows only, which would change line ends."""

NO_WAIT: Final[int] = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
"""POSIX only: a pipe whose other end is closed must not block."""

NO_LINK: Final[int] = getattr(os, "O_NOFOLLOW", 0)
"""POSIX only: a link is refused."""
