"""How long a reader waits for the HTML report of 5,000 customers, in a real Chromium: `[COUNT]`. Best of three.

Everything is told by the page's own clock, so that neither the driver nor its way of finding an element is in it:
- "first seen": from the navigation until something is painted (First Contentful Paint);
- "can be used": until a frame is drawn in which the search and the filters are there;
- "all arrived": until a frame is drawn with the last customer read; what is searched before is searched anew then;
- "at once": until a frame is drawn with the whole answer to keys that were pressed when the page could be used;
- "search", "filter": of each word the slowest key press, until a frame is drawn with its answer.

Wants the extras `dev` and `browser`, and a quiet machine.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from reconciler.reports.formats.html import render
from reconciler.reports.view.plan import of_plan
from tests.unit.reports.samples import big

WORDS = ("customer 4999", "drift", "no such one")
# The second frame starts when the first is drawn: a moment late, never early.
_WATCH = """
    const waits = (globalThis.waits = { keys: [] });
    const drawn = (then) => requestAnimationFrame(() => requestAnimationFrame(() => then(performance.now())));
    const look = () => document.querySelector(".filters:not([hidden])")
        ? drawn((now) => { waits["can be used"] = now; }) : requestAnimationFrame(look);
    look();
    addEventListener("DOMContentLoaded", () => drawn((now) => { waits["all arrived"] = now; }));
    new PerformanceObserver((list) => { waits["first seen"] = list.getEntries()[0].startTime; })
        .observe({ type: "paint", buffered: true });
    const press = (event) => drawn((now) => waits.keys.push(now - event.timeStamp));
    for (const each of ["keydown", "change"]) addEventListener(each, press, true);
"""


def main() -> int:
    """Print what was waited for."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000
    page_bytes = render(of_plan(big(count)))
    sys.stdout.write(f"{count:,} customers, {len(page_bytes) / 1e6:.1f} MB\n")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        file = Path(folder) / "report.html"
        file.write_bytes(page_bytes)
        flags = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=flags)
        found = [_opened(browser, file) | _at_once(browser, file) for _ in range(3)]
        browser.close()
    for name in found[0]:
        sys.stdout.write(f"{name:<28} {min(each[name] for each in found) / 1_000:.2f} s\n")
    return 0


def _opened(browser: Browser, file: Path) -> dict[str, float]:
    """Milliseconds of opening, and of searches in a page that has come to rest."""
    page = browser.new_page()
    page.add_init_script(_WATCH)
    page.goto(file.as_uri())
    _until(page, "waits['all arrived'] && waits['can be used']")
    waits = {
        name: float(page.evaluate("(name) => waits[name]", name))
        for name in ("first seen", "can be used", "all arrived")
    }
    page.wait_for_timeout(500)
    page.locator("#q").focus()
    for words in WORDS:
        page.evaluate("waits.keys = []")
        for key in words:
            page.keyboard.press(key)
        waits[f"search {words!r}"] = _slowest(page, len(words))
        page.evaluate("waits.keys = []")
        page.keyboard.press("Escape")
        waits[f"clear {words!r}"] = _slowest(page, 1)
    page.evaluate("waits.keys = []")
    page.locator("#f-cause").select_option(index=1)
    waits["filter by cause"] = _slowest(page, 1)
    page.close()
    return waits


def _slowest(page: Page, presses: int) -> float:
    _until(page, f"waits.keys.length >= {presses}")
    return float(page.evaluate("Math.max(...waits.keys)"))


def _until(page: Page, true: str) -> None:
    """Waits in the page: the driver's own way of it is against the page's policy while the page arrives."""
    page.evaluate(f"new Promise((done) => {{ const look = () => {true} ? done() : setTimeout(look, 5); look(); }})")


def _at_once(browser: Browser, file: Path) -> dict[str, float]:
    """Milliseconds from the navigation to the whole answer, for a reader who types as soon as there is a search."""
    page = browser.new_page()
    page.add_init_script(_WATCH)
    page.goto(file.as_uri(), wait_until="commit")
    _until(page, "waits['can be used']")
    page.locator("#q").focus()
    page.keyboard.press("9")
    waits = {"at once: a key's frame": _slowest(page, 1)}
    _until(page, "waits['all arrived']")
    waits["at once: the whole answer"] = float(page.evaluate("waits['all arrived']"))
    page.close()
    return waits


if __name__ == "__main__":
    sys.exit(main())
