"""The manual that is installed with the package: its pages, and where they speak of a word."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_TECHNICAL = ("architecture", "customer-api", "neighbours-api", "performance", "testing")
"""Pages on how reconciler is built, and on the ERP's API: searched last."""

_DEFINING = ("cli", "fields", "settings", "plan-file", "diagnostics")
"""Pages that say what each word means: searched first."""

_FENCE = re.compile(r"(?ms)^```.*?^```\n?")
_LINK = re.compile(r"\[([^\]]+)\]\([^)]*\)")
_BLOCK = re.compile(r"\n\s*\n|\n(?=[|#]|[-*] |\d+\. )")
_RULE = re.compile(r"\|[\s|:-]+\|")


@dataclass(frozen=True, slots=True)
class Mention:
    """Where the manual speaks of a word. section: the heading above; text: the paragraph, item or row, on one line."""

    page: str
    section: str
    text: str


@cache
def folder() -> Path:
    """The pages: inside the package in a wheel, beside it in a checkout."""
    package = Path(__file__).parents[1]
    installed = package / "manual"
    return installed if installed.is_dir() else package.parent / "docs"


def titles() -> dict[str, str]:
    """The first heading of each page, by the page's name."""
    return {file.stem: _title(file) for file in sorted(folder().glob("*.md"))}


def page(name: str) -> str:
    """The Markdown of a page. Raises FileNotFoundError."""
    return (folder() / f"{name}.md").read_text(encoding="utf-8")


def mentions(word: str) -> list[Mention]:
    """The paragraphs, items and rows that name a code, a field, a setting or a variable; technical pages only if no
    other page does."""
    names = [*_DEFINING, *(name for name in titles() if name not in (*_DEFINING, *_TECHNICAL))]
    mentions = [mention for name in names for mention in _mentions(name, word)]
    return mentions or [mention for name in _TECHNICAL for mention in _mentions(name, word)]


def _title(file: Path) -> str:
    with file.open(encoding="utf-8") as lines:
        return next(lines).removeprefix("#").strip()


def _mentions(name: str, word: str) -> Iterator[Mention]:
    name_of = re.escape(word)
    in_code, in_brackets = rf"`(?:[^`]*[^\w`-])?{name_of}(?:[^\w`-][^`]*)?`", rf"\({name_of}\)"
    in_first_cell = rf"^\| (?:[^|`]+, )?{name_of}(?:, [^|`]+)? \|"  # `130, 143`
    named = re.compile(f"{in_code}|{in_first_cell}|{in_brackets}")
    section, before, head = "", "", []
    for block in _BLOCK.split(_FENCE.sub("", page(name))):
        if block.startswith("#"):
            section = block.partition("\n")[0].lstrip("#").strip()
        elif _RULE.fullmatch(block):
            head = _cells(before)
        elif named.search(block):
            yield Mention(name, section, _row(head, _cells(block)) if block.startswith("|") else _plain(block))
        before = block


def _row(head: Sequence[str], cells: Sequence[str]) -> str:
    """A row of a table as a line: `creditLimit: Title Credit limit. Type decimal.`"""
    first, *others = cells
    if len(others) == 1:
        return f"{first}: {others[0]}"
    named = (f"{title} {cell}".strip() for title, cell in zip(head[1:], others, strict=False) if cell)
    return f"{first}: {'; '.join(named)}"


def _cells(row: str) -> list[str]:
    return [_plain(cell.strip()).replace("\0", "|") for cell in row.strip("|").replace("\\|", "\0").split("|")]


def _plain(block: str) -> str:
    text = _LINK.sub(r"\1", " ".join(block.split()))
    return text.removeprefix("- ").replace("`", "").replace("**", "")
