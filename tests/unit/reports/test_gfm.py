"""Markdown's escaping: any text, read back by a renderer of CommonMark and GFM, is the text and nothing else."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from reconciler.reports.gfm import block, code, is_plain, paragraph, prose, quiet, ticked
from reconciler.reports.safe_text import visible
from tests.unit.reports.samples import HOSTILE

GFM = MarkdownIt("gfm-like", {"html": True})  # it links even bare domains, as the most eager platforms do
LINE_STARTS = [
    "/close",
    "- [ ] x",
    "1. x",
    "# x",
    "> x",
    "| x |",
    "===",
    "---",
    "    x",
    "[x]: /y",
    "\t",
    "",
    " ",
    "\\",
]
NASTY = [*HOSTILE.values(), *LINE_STARTS, "a\\|b", "\\`|`\\", "x`", "`", "a  b", " a ", "GH-1", "deadbeef1", "www.x.no"]
texts = st.text(st.sampled_from(" ab1`|\\*_<>&@#![]()~$:/.\"'-\n\u00e5\u202e"), max_size=30) | st.text(max_size=20)

ACTED_ON = re.compile(r"[@<>&`~$\[\]*_#]|![\d\[]|://|www\.|\b[0-9a-f]{7,40}\b|\b[A-Za-z]+-\d|:\w+:")
"""What a platform looks for in the text outside of code."""


def inline(markdown: str) -> list[Token]:
    """The tokens of one paragraph."""
    tokens = GFM.parse(markdown)
    assert [each.type for each in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    return tokens[1].children or []


def seen(tokens: list[Token]) -> str:
    """What a reader sees of them: only text and code are allowed."""
    assert {each.type for each in tokens} <= {"text", "code_inline"}
    for each in tokens:
        if each.type == "text":
            assert not ACTED_ON.search(each.content), each.content
    return "".join(each.content for each in tokens)


@pytest.mark.parametrize("text", NASTY)
def test_a_hostile_name_is_shown_as_it_is(text: str) -> None:
    """In a paragraph and in a table's cell."""
    check_quiet(text)


@settings(max_examples=100, deadline=None)
@given(texts)
def test_any_name_is_shown_as_it_is(text: str) -> None:
    """No text makes markup, a link, a mention or another cell."""
    check_quiet(text)


def check_quiet(text: str) -> None:
    """The name in a paragraph, and between two other cells of a table."""
    expected = visible(text) or " "
    assert seen(inline(f"x: {quiet(text)}")) == f"x: {expected}"
    tokens = GFM.parse(f"| a | b | c |\n| --- | --- | --- |\n| 1 | {quiet(text)} | 3 |")
    cells = [tokens[at + 1] for at, each in enumerate(tokens) if each.type == "td_open"]
    assert [seen(each.children or []) for each in cells] == ["1", expected, "3"]


@settings(max_examples=100, deadline=None)
@given(texts)
def test_a_sentence_keeps_its_words_and_nothing_in_it_acts(text: str) -> None:
    """Only runs of blanks are not kept."""
    expected = visible(text)
    found = seen(inline(f"x: {prose(expected)}."))
    assert found.replace(" ", "") == f"x:{expected}.".replace(" ", "")


@settings(max_examples=60, deadline=None)
@given(st.lists(texts | st.sampled_from(["```", "````diff", "   ```", "~~~"]), max_size=4))
def test_no_line_closes_its_block(lines: list[str]) -> None:
    """A fenced block holds all its lines, and nothing stands after it."""
    tokens = GFM.parse(block(lines))
    assert [(each.type, each.info) for each in tokens] == [("fence", "diff")]
    assert tokens[0].content == "".join(f"{visible(line)}\n" for line in lines)


@pytest.mark.parametrize("text", [*NASTY, "1. x", "23) x", "- x", "-", "1.", "= x", "=", "– x", "1.5 x", "7"])
def test_no_sentence_begins_a_list_or_a_heading(text: str) -> None:
    """At the start of a line it is a paragraph, with the same words."""
    found = seen(inline(paragraph(prose(visible(text)) or "x")))
    assert found.replace(" ", "") == (visible(text).replace(" ", "") or "x")


def test_plain_words_stay_plain() -> None:
    """A name or sentence without anything special reads as it was written."""
    assert quiet("Fjord Handel AS") == "Fjord Handel AS"
    assert prose('The plan updates 4 of 1,204 customers (40%), not "all".') == (
        'The plan updates 4 of 1,204 customers (40%), not "all".'
    )
    assert prose("Declare mainAddress.city, then plan again.") == "Declare `mainAddress.city`, then plan again."


def test_a_stop_behind_a_value_is_no_part_of_it() -> None:
    """Full stops, commas, colons."""
    assert prose("Read at 12:00:00Z: a.b, then @c.") == "Read at `12:00:00Z`: `a.b`, then `@c`."


def test_commands_in_a_sentence_of_our_own_are_code() -> None:
    """As they were written."""
    assert ticked("Next: `accept` takes over, `drift --mute` lets it be; or `apply`.") == (
        "Next: `accept` takes over, `drift --mute` lets it be; or `apply`."
    )
    assert ticked("") == ""


def test_what_a_platform_links_is_not_plain() -> None:
    """Commits and keys of trackers are words only at first sight."""
    assert not any(map(is_plain, ("deadbeef1", "GH-12", "ABC-1", "x@y.no", "www.x", "a.no", "#1", "")))
    assert code("a|b") == "`a`&#124;`b`"


@pytest.mark.parametrize(
    ("sentence", "markdown"),
    [
        ('If both are meant: lifecycle: {same_as: ["1"]}.', 'If both are meant: lifecycle: `{same_as: ["1"]}`.'),
        ("told by HEAD~1 (commit 68a327cfee3c)", "told by `HEAD~1` (commit `68a327cfee3c`)"),
        ("11 (customers/11.yaml:2:1) has it", "11 (`customers/11.yaml:2:1`) has it"),
        ("f(x_y) stays", "`f(x_y)` stays"),
    ],
)
def test_brackets_of_a_value_stay_with_it_and_those_of_a_sentence_outside(sentence: str, markdown: str) -> None:
    assert prose(sentence) == markdown
