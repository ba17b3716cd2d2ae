"""What the shell completes: names that stand in the settings, and words that an option takes."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from reconciler.config.settings import SANDBOX
from reconciler.core.errors import ReconcilerError
from reconciler.operations.project import settings_file
from reconciler.reports.formats import FORMATS

_NAME = re.compile(r"[\w.-]{1,100}", re.ASCII)
"""What a shell takes as one word: an environment of another name is not completed."""


def environment_names(place: Path) -> list[str]:
    """The environments of the settings of a folder or in a file; without settings the sandbox alone.

    Nothing is checked or interpolated: completion must be quick, and silent about what is wrong.
    """
    try:
        settings = yaml.safe_load(settings_file(place).read_bytes())
    except (OSError, ValueError, RecursionError, yaml.YAMLError, ReconcilerError):
        return [SANDBOX]
    environments = settings.get("environments") if isinstance(settings, dict) else None
    names = [name for name in environments or () if isinstance(name, str) and _NAME.fullmatch(name)]
    return [*names, *([SANDBOX] if SANDBOX not in names else [])]


def format_names(incomplete: str) -> list[str]:
    """The formats of reports that begin so."""
    return [name for name in FORMATS if name.startswith(incomplete)]
