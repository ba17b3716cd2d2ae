"""Declaration files as bytes, for the use cases that rewrite them."""

from __future__ import annotations

from pathlib import Path

from reconciler.config.read.files import read_bytes
from reconciler.core.errors import InvalidInput


def read_declarations(path: Path, name: str, most: int) -> bytes:
    """A declaration file's bytes, of which there may be so many; `name` as in positions. Raises InvalidInput."""
    data, problem = read_bytes(path, name, most)
    if problem:
        raise InvalidInput((problem,))
    return data
