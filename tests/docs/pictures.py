"""The pictures of docs/: reports of the example company, made by the real command and shown by a real Chromium.

`python -m tests.docs.pictures` makes them anew; it wants the extra `browser`. Beside them stands of which page each
one was made, so that a test without a browser can tell that it is stale.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tests.docs.tour import ROOT, run_quietly, steady, variables

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PICTURES = ROOT / "docs" / "images"
SOURCES = PICTURES / "sources.json"
_CHANGING = re.compile(r"sha256[:-][0-9A-Za-z+/=]{20,}")


def pages() -> dict[str, bytes]:
    """The HTML reports by the name of their picture: a review, an apply with a conflict, a drift."""
    with tempfile.TemporaryDirectory() as name, contextlib.chdir(name), variables():
        shutil.copytree(ROOT / "examples" / "company", "company")
        os.chdir("company")
        run_quietly("sandbox", "seed", "--count", "12", "--seed", "7", "--start", "20001")
        run_quietly("--env", "sandbox", "apply", "--auto-approve")
        norway = Path("customers/norway.yaml")
        text = norway.read_text(encoding="utf-8")
        run_quietly("sandbox", "edit", "10000", "mainAddress.addressLine1=Clerk Street 1")
        run_quietly("sandbox", "edit", "20002", "mainContact.email=faktura@maskin.example")
        drift = _report("drift", "--env", "sandbox")
        norway.write_text(re.sub(r"(creditLimit: )(\d)", r"\g<1>9\2", text), encoding="utf-8")
        plan = _report("plan", "--env", "sandbox", "--refresh", "full", "-o", "plan.json")
        run_quietly("sandbox", "edit", "10000", "mainAddress.addressLine1=Clerk Street 2")
        applied = _report("apply", "--env", "sandbox", "plan.json")
    return {"review": plan, "apply": applied, "drift": drift}


def _report(command: str, *words: str) -> bytes:
    run_quietly(command, *words, "--report", "html=report.html")
    return steady(Path("report.html").read_text(encoding="utf-8")).encode()


def fingerprint(page: bytes) -> str:
    """What a picture was made of: the page without the digests, which hold times."""
    return hashlib.sha256(_CHANGING.sub("", page.decode()).encode()).hexdigest()


@contextlib.contextmanager
def launched() -> Iterator[Browser]:
    """A Chromium for as long as the block."""
    from playwright.sync_api import sync_playwright  # the extra `browser`

    with sync_playwright() as driver:
        chromium = shutil.which("chromium") or shutil.which("google-chrome")
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"] if os.geteuid() == 0 else [])
        yield browser
        browser.close()


def main() -> int:
    """Make the pictures."""
    found = pages()
    PICTURES.mkdir(exist_ok=True)
    with launched() as browser, tempfile.TemporaryDirectory() as folder:
        for name, page in found.items():
            file = Path(folder) / f"{name}.html"
            file.write_bytes(page)
            shown = browser.new_page(viewport={"width": 1100, "height": 1300})
            shown.goto(file.as_uri())
            shown.screenshot(path=PICTURES / f"{name}.png", clip={"x": 0, "y": 0, "width": 1100, "height": 1300})
    SOURCES.write_text(json.dumps({name: fingerprint(page) for name, page in found.items()}, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
