"""The tests that a page names, as [`test_name`](../tests/path.py)."""

from __future__ import annotations

import re
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
_NAMED = re.compile(r"\[`(test_\w+)`\]\(([^)]+)\)")


def page(name: str) -> str:
    """The text of a page of docs/."""
    return (DOCS / name).read_text(encoding="utf-8")


def named(text: str) -> list[tuple[str, Path]]:
    """Each test that the text names, with its file. Every one must exist."""
    tests = [(name, (DOCS / path).resolve()) for name, path in _NAMED.findall(text)]
    assert [test for test in tests if not exists(*test)] == []
    return tests


def exists(name: str, file: Path) -> bool:
    """Whether the file has a test with that name."""
    return re.search(rf"^def {name}\(", file.read_text(encoding="utf-8"), re.MULTILINE) is not None
