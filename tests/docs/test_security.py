"""Each claim of docs/security.md names a test that there is."""

from __future__ import annotations

import re
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
_NAMED = re.compile(r"\[`(test_\w+)`\]\(([^)]+)\)")


def test_every_test_that_is_named_is_there() -> None:
    named = _NAMED.findall((DOCS / "security.md").read_text(encoding="utf-8"))
    assert len(named) > 30
    for name, path in named:
        assert re.search(rf"^def {name}\(", (DOCS / path).read_text(encoding="utf-8"), re.MULTILINE), (name, path)


def test_every_defence_names_a_test() -> None:
    page = (DOCS / "security.md").read_text(encoding="utf-8")
    defences = page.partition("## What stops them")[2].partition("## What does not")[0]
    paragraphs = [each for each in re.split(r"\n\n(?=\*\*)", defences) if each.strip()]
    assert len(paragraphs) > 10
    assert all(_NAMED.search(each) for each in paragraphs)
