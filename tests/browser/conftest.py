"""An installed Chromium, driven over reports that lie on disk as a reader opens them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from reconciler.reports.formats.html import render
from reconciler.reports.view.report import Report

Open = Callable[..., Page]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests. It has no sandbox of its own only where the tests run as root."""
    found = shutil.which("chromium") or shutil.which("google-chrome")
    assert found, "these tests need a Chromium: apt-get install chromium"
    with sync_playwright() as driver:
        running = driver.chromium.launch(
            executable_path=found, args=["--no-sandbox"] if os.geteuid() == 0 else [], timeout=120_000
        )
        yield running
        running.close()


@pytest.fixture
def open_report(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Opens a report from disk. In the end nothing may have been said on the console or asked of a network."""
    said: list[str] = []
    pages: list[Page] = []

    def hear(message: ConsoleMessage) -> None:
        said.append(message.text)

    def open_(
        report: Report, *, width: int = 1_200, height: int = 900, script: bool = True, scheme: str = "light"
    ) -> Page:
        file = tmp_path / f"{len(pages)}.html"
        file.write_bytes(render(report))
        context = browser.new_context(
            viewport={"width": width, "height": height}, java_script_enabled=script, color_scheme=scheme
        )
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("console", hear)
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("dialog", lambda dialog: said.append(dialog.message))
        page.on("request", lambda asked: said.append(asked.url) if asked.url != file.as_uri() else None)
        page.add_init_script(
            "addEventListener('securitypolicyviolation', (event) => console.error('CSP', event.violatedDirective))"
        )
        page.goto(file.as_uri())
        pages.append(page)
        return page

    yield open_
    for page in pages:
        page.context.close()
    assert said == []
