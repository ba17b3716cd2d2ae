"""Each claim of docs/security.md names a test that exists."""

from __future__ import annotations

import re

from tests.docs.naming import named, page


def test_every_test_that_is_named_exists() -> None:
    assert len(named(page("security.md"))) > 30


def test_every_defence_names_a_test() -> None:
    defences = page("security.md").partition("## What stops them")[2].partition("## What does not")[0]
    paragraphs = [paragraph for paragraph in re.split(r"\n\n(?=\*\*)", defences) if paragraph.strip()]
    assert len(paragraphs) > 10
    assert all(map(named, paragraphs))
