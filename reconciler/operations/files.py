"""Declaration files as bytes, for the use cases that rewrite them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from reconciler.config.edit import accept as editing
from reconciler.config.edit.accept import Accepted
from reconciler.config.edit.proposed_edits import ProposedEdit
from reconciler.config.edit.write_files import Replacement
from reconciler.config.read.files import read_bytes
from reconciler.config.settings import Settings
from reconciler.core.errors import InvalidInput
from reconciler.core.rules import Memory, Rules


def read_declarations(path: Path, name: str, most: int) -> bytes:
    """A declaration file's bytes, of which there may be so many; `name` as in positions. Raises InvalidInput."""
    data, problem = read_bytes(path, name, most)
    if problem:
        raise InvalidInput((problem,))
    return data


def edited(
    settings: Settings,
    environ: Mapping[str, str],
    name: str,
    edits: Sequence[ProposedEdit],
    rules: Rules,
    memory: Memory,
) -> tuple[Accepted, Replacement | None]:
    """A declaration file with the edits made as far as they can be, and its replacement if it changes.

    name: as in positions. Raises InvalidInput when the file cannot be read.
    """
    path = settings.root / name
    data = read_declarations(path, name, settings.limits.files.file_size)
    accepted = editing.accept(
        data, name, edits, rules=rules, memory=memory, defaults=settings.defaults, environ=environ
    )
    return accepted, Replacement(path, name, data, accepted.data) if accepted.data != data else None
