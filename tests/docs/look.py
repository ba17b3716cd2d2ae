"""Pictures to look at before a release: `python -m tests.docs.look FOLDER` (extra `browser`).

Plans with 4, 604 and 5,000 changed customers and a drift, as the comment (Markdown, rendered as platforms do) and as
HTML, light and dark, on a desk and on a phone; and the terminal with 80 and 120 columns.
"""

from __future__ import annotations

import io
import sys
import tempfile
from collections.abc import Iterator
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt
from rich.console import Console
from rich.terminal_theme import MONOKAI

from reconciler.cli.shell.session import folded
from reconciler.core.plan import Action
from reconciler.reports.fitting import COMMENT_LIMITS
from reconciler.reports.formats import render
from reconciler.reports.formats.text import lines
from reconciler.reports.view.plan import of_plan
from reconciler.reports.view.report import Report
from tests.docs.pictures import launched
from tests.unit.reports import samples

if TYPE_CHECKING:
    from playwright.sync_api import Browser

WIDTHS = {"desk": 1200, "phone": 390}
HEIGHT = 1800
COLUMNS = (80, 120)

_COMMENT = """<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<style>:root {{ color-scheme: light dark }} body {{ font: 14px/1.5 system-ui, sans-serif; max-width: 860px;
margin: 16px auto; padding: 0 16px }} table {{ border-collapse: collapse; display: block; overflow: auto }}
td, th {{ border: 1px solid #8886; padding: 6px 13px; text-align: left }}
code {{ background: #8882; padding: .2em .4em; border-radius: 6px; font-size: 85% }}
pre {{ background: #8882; padding: 16px; overflow: auto }}</style>{body}"""
_TERMINAL = """<!doctype html><meta charset="utf-8"><style>body {{ color: {foreground}; background: {background} }}
pre {{ font: 14px/1.3 "DejaVu Sans Mono", monospace }}</style><pre>{code}</pre>"""
_LINES = 100


def reports() -> dict[str, Report]:
    """The reports by their name."""
    return {
        "plan-4": of_plan(samples.mixed(), samples.AUTHORS),
        "plan-604": of_plan(samples.plan(*_same_terms(604))),
        "plan-5000": of_plan(samples.big(5_000)),
        "drift": samples.drift_report(),
    }


def _same_terms(count: int) -> Iterator[Action]:
    """All but four customers get the same terms of payment."""
    for at in range(count - 4):
        terms = samples.change("creditTermsId", "10", "14", line=3 + at * 6)
        yield samples.action(f"{20_000 + at}", f"Fjord Handel {at} AS", terms)
    for at in range(4):
        limit = samples.change("creditLimit", Decimal(25_000), Decimal(750_000 + at), line=4 + at * 6)
        yield samples.action(f"{30_000 + at}", f"Skog og Hage {at} AS", limit)


def pages(report: Report) -> Iterator[tuple[str, bytes]]:
    """The pages of a report that a browser shows."""
    yield "html", render(report, "html", max_chars=None)
    comment = render(report, "markdown", max_chars=COMMENT_LIMITS["github"]).decode()
    yield "comment", _COMMENT.format(body=MarkdownIt("gfm-like", {"html": True}).render(comment)).encode()


def terminal(report: Report, columns: int) -> bytes:
    """What a terminal of so many columns shows, as a page."""
    console = Console(width=columns, record=True, file=io.StringIO(), force_terminal=True, color_system="standard")
    for line in islice(lines(report, columns), _LINES):
        for part in folded(line, console, columns):
            console.print(part, highlight=False)
    return console.export_html(theme=MONOKAI, code_format=_TERMINAL, inline_styles=True).encode()


def shoot(browser: Browser, page: bytes, path: Path, *, width: int, scheme: str) -> None:
    """Take the picture of a page's beginning."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "page.html"
        file.write_bytes(page)
        shown = browser.new_page(viewport={"width": width, "height": HEIGHT}, color_scheme=scheme)
        shown.goto(file.as_uri())
        shown.screenshot(path=path)
        shown.close()


def main(folder: Path) -> None:
    """Make all pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    with launched() as browser:
        for name, report in reports().items():
            for form, page in pages(report):
                for device, width in WIDTHS.items():
                    for scheme in ("light", "dark"):
                        path = folder / f"{name}-{form}-{device}-{scheme}.png"
                        shoot(browser, page, path, width=width, scheme=scheme)
            for columns in COLUMNS:
                path = folder / f"{name}-terminal-{columns}.png"
                shoot(browser, terminal(report, columns), path, width=columns * 9 + 30, scheme="dark")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
