"""`reconciler explain`: a code, a field, a setting or a variable in words, and the manual."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import fill
from typing import Annotated

import typer
from rich.text import Text

from reconciler.cli.shell.session import Session
from reconciler.config.read.messages import nearest
from reconciler.core.codes import CODES
from reconciler.core.errors import WrongUsage
from reconciler.exit_codes import Exit
from reconciler.operations.manual import Mention, folder, mentions, page, titles
from reconciler.reports.safe_text import visible
from reconciler.resources.customer import FIELDS

_MOST = 12
_WIDTH = 100
_PAGES = {
    "S": "settings",
    "Y": "declarations",
    "D": "declarations",
    "I": "concepts",
    "P": "review",
    "A": "apply",
    "M": "drift",
    "X": "adoption",
}
"""The page to read on, by the letter of a code."""


def explain_words(incomplete: str) -> list[str]:
    """What can be explained by name, for the shell's completion."""
    return [word for word in (*titles(), *CODES, *FIELDS) if word.startswith(incomplete)]


def explain(
    context: typer.Context,
    word: Annotated[
        str | None,
        typer.Argument(
            metavar="[WORD]",
            help="A code (D301), an exit code (4), a field, a setting, a variable, or a page of the manual.",
            autocompletion=explain_words,
        ),
    ] = None,
    all_pages: Annotated[bool, typer.Option("--list", help="List the pages of the manual.")] = False,
) -> None:
    """Explain a word that reconciler uses, or show a page of the manual. Needs neither a project nor a network."""
    session: Session = context.obj
    if word is None or all_pages:
        session.print(_contents())
    elif word in titles():
        session.write(page(word).encode())
    else:
        session.print(_explanation(word, min(session.width or _WIDTH, _WIDTH)))
    raise typer.Exit(Exit.DONE)


def _contents() -> Iterator[Text]:
    pages = titles()
    widest = max(map(len, pages))
    for name, title in pages.items():
        yield Text.assemble((f"{name:<{widest}}", "bold"), f"  {title}")
    yield Text()
    yield Text(f"Read one with: reconciler explain PAGE. The files are in {visible(str(folder()))}")


def _explanation(word: str, width: int) -> list[Text]:
    """What it means, then what the manual says of it. Raises WrongUsage for a word that nothing speaks of."""
    code = word.upper()
    if code in CODES:
        word, lines = code, [Text.assemble((code, "bold"), f"  {CODES[code]}")]
        said = [mention for mention in mentions(code) if mention.page != "diagnostics"]
    else:
        said = mentions(word) or mentions(word.rpartition(".")[2])  # the manual names a nested member by itself
        if word.isascii() and word.isdecimal():
            said = [mention for mention in said if mention.section == "Exit codes"]
        if not said:
            raise WrongUsage(f"Nothing is known of {word!r}", remedy=_remedy(word))
        lines = [Text(word, "bold")]
    for mention in said[:_MOST]:
        lines += _mention(mention, width)
    if code in CODES:
        lines += [Text(), Text("A message with this code says where the problem is, and what to do.")]
        lines += [Text(f"Read on: reconciler explain {_PAGES[code[0]]}")]
    if len(said) > _MOST:
        others = ", ".join(dict.fromkeys(mention.page for mention in said[_MOST:]))
        lines += [Text(), Text(f"More in: {others}")]
    return lines


def _mention(mention: Mention, width: int) -> Iterator[Text]:
    yield Text()
    yield Text(f"{mention.page}.md: {mention.section}", "dim")
    text = fill(mention.text, width, initial_indent="  ", subsequent_indent="  ", break_long_words=False)
    yield from map(Text, text.split("\n"))


def _remedy(word: str) -> str:
    near = nearest(word, (*titles(), *CODES, *FIELDS))
    return f"Did you mean {' or '.join(near)}?" if near else "See the pages with: reconciler explain --list."
