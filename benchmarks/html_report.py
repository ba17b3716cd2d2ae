"""How long the HTML report of 5,000 customers takes to open and to filter, in a real Chromium: `[COUNT]`.

Opening is from the navigation until the page says how many customers it shows; filtering is from typing until it says
another number and has drawn it. Wants the extras `dev` and `browser`, and a quiet machine.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from reconciler.reports.html import render
from reconciler.reports.report import of_plan
from tests.unit.reports.samples import big

_DRAWN = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
WORDS = ("Customer 4999", "drift", "creditLimit", "no such customer", "")


def main() -> int:
    """Print the seconds of opening and of each search, the best of three pages."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000
    page_bytes = render(of_plan(big(count)))
    sys.stdout.write(f"{count:,} customers, {len(page_bytes) / 1e6:.1f} MB\n")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        file = Path(folder) / "report.html"
        file.write_bytes(page_bytes)
        flags = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=flags)
        found = [_measure(browser.new_page(), file) for _ in range(3)]
        browser.close()
    for name in found[0]:
        sys.stdout.write(f"{name:<28} {min(each[name] for each in found):.2f} s\n")
    return 0


def _measure(page: Page, file: Path) -> dict[str, float]:
    started = time.perf_counter()
    page.goto(file.as_uri())
    page.wait_for_function("document.querySelector('#shown')?.textContent.includes('customers')")
    page.evaluate(_DRAWN)
    seconds = {"open": time.perf_counter() - started}
    box = page.get_by_role("searchbox")
    for words in WORDS:
        before = page.locator("#shown").text_content()
        started = time.perf_counter()
        box.fill(words)
        page.wait_for_function("(before) => document.querySelector('#shown').textContent !== before", arg=before)
        page.evaluate(_DRAWN)
        seconds[f"search {words!r}"] = time.perf_counter() - started
    page.close()
    return seconds


if __name__ == "__main__":
    sys.exit(main())
