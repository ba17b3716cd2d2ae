"""Every command and every output in the README and the pages is real."""

from __future__ import annotations

import json
import re

import pytest

from tests.docs.pictures import PICTURES, SOURCES, fingerprint, pages
from tests.docs.tour import PAGES, ROOT, real_page


@pytest.mark.parametrize("name", PAGES)
def test_the_pages_outputs_are_what_the_commands_say(name: str) -> None:
    page = (ROOT / name).read_text(encoding="utf-8")
    assert "```console\n$ " in page
    assert real_page(page) == page, "run: python -m tests.docs.tour"


def test_links_between_the_pages_lead_somewhere() -> None:
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_pictures_show_what_the_reports_are() -> None:
    """Pictures are made by hand (`python -m tests.docs.pictures`). A fingerprint shows when one is stale."""
    recorded = json.loads(SOURCES.read_text(encoding="utf-8"))
    assert recorded == {name: fingerprint(page) for name, page in pages().items()}, "run: python -m tests.docs.pictures"
    for name in recorded:
        assert (PICTURES / f"{name}.png").read_bytes().startswith(b"\x89PNG"), name
