"""docs/performance.md's figures: a table, and bars as SVG."""

from __future__ import annotations

import platform
import re
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.compare import Ratio, Row

_FIGURES = re.compile(r"(<!-- figures -->\n).*(<!-- /figures -->)", re.DOTALL)
_BAR, _LEFT, _WIDTH = 22, 330, 420


def write(docs: Path, rows: Sequence[Row], ratios: Sequence[Ratio]) -> None:
    """Put the figures between the marks of docs/performance.md, and the bars beside it."""
    page = docs / "performance.md"
    text = page.read_text(encoding="utf-8")
    page.write_text(_FIGURES.sub(lambda found: found[1] + _tables(rows, ratios) + found[2], text), encoding="utf-8")
    chosen = [row for row in rows if row.customers == 10_000 and "changed" not in row.case.replace("0% changed", "")]
    (docs / "performance.svg").write_text(_bars(chosen), encoding="utf-8")


def _tables(rows: Iterable[Row], ratios: Iterable[Ratio]) -> str:
    lines = ["![CPU seconds for 10,000 customers](performance.svg)", ""]
    lines += [
        f"Measured with Python {platform.python_version()} on {platform.machine()}, by one command in one run.",
        "",
    ]
    lines += ["| Target | Measured | Bound | |", "| --- | ---: | ---: | --- |"]
    for each in ratios:
        bound = f"{'≥' if each.least else '≤'} {each.bound:.3g}"
        lines.append(f"| {each.what} | {each.value:.3g} | {bound} | {'met' if each.met else '**missed**'} |")
    lines += [
        "",
        "| Customers | Case | Wall, s | CPU, s | Peak, MB | Requests |",
        "| ---: | --- | ---: | ---: | ---: | ---: |",
    ]
    for row in rows:
        spent = row.cost
        size = f"{row.customers:,}" if row.customers else ""
        lines.append(
            f"| {size} | {row.case} | {spent.wall:.2f} | {spent.cpu:.2f} | {spent.peak:.0f} | {spent.requests or ''} |"
        )
    return "\n".join(lines) + "\n"


def _bars(rows: Sequence[Row]) -> str:
    """CPU seconds of the cases of 10,000 customers, as horizontal bars that read in light and in dark."""
    most = max((row.cost.cpu for row in rows), default=1.0)
    height = _BAR * len(rows) + 40
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_LEFT + _WIDTH + 70} {height}" role="img"'
        ' aria-label="CPU seconds for 10,000 customers" font-family="sans-serif" font-size="13">',
        "<style>text{fill:#24292f}rect{fill:#2563a8}.peer{fill:#8a8f98}"
        "@media(prefers-color-scheme:dark){text{fill:#e6edf3}rect{fill:#6cb0f5}.peer{fill:#9aa0a8}}</style>",
        '<text x="0" y="16" font-weight="bold">CPU seconds, 10,000 customers, nothing changed</text>',
    ]
    for place, row in enumerate(rows):
        top = 30 + place * _BAR
        width = max(1.0, row.cost.cpu / most * _WIDTH)
        kind = ' class="peer"' if row.case in ("octoDNS",) or row.case.startswith("floor") else ""
        parts.append(f'<text x="{_LEFT - 8}" y="{top + 14}" text-anchor="end">{escape(row.case)}</text>')
        parts.append(f'<rect x="{_LEFT}" y="{top + 2}" width="{width:.1f}" height="{_BAR - 6}"{kind}/>')
        parts.append(f'<text x="{_LEFT + width + 6:.1f}" y="{top + 14}">{row.cost.cpu:.2f}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"
