"""The generated pages are what the code says now."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from reconciler.core.codes import CODES
from tests.docs.generate import DOCS, pages

PACKAGE = Path(__file__).parents[2] / "reconciler"


@pytest.mark.parametrize("name", sorted(pages()))
def test_a_generated_page_is_up_to_date(name: str) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == pages()[name], "run: python -m tests.docs.generate"


def test_every_code_that_is_used_is_documented_and_every_documented_code_is_used() -> None:
    used: set[str] = set()
    for file in PACKAGE.rglob("*.py"):
        if file.name != "codes.py":
            used |= set(re.findall(r'"([SYDIPAMX][1-8]\d\d)"', file.read_text(encoding="utf-8")))
    assert used == set(CODES)
