"""Every command and every output in the README is real."""

from __future__ import annotations

import re

import pytest

from tests.docs.tour import PAGES, ROOT, real_page


@pytest.mark.parametrize("name", PAGES)
def test_the_pages_outputs_are_what_the_commands_say(name: str) -> None:
    page = (ROOT / name).read_text(encoding="utf-8")
    assert "```console\n$ " in page
    assert real_page(page) == page, "run: python -m tests.docs.tour"


def test_links_between_the_pages_lead_somewhere() -> None:
    for page in [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
