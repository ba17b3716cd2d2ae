"""Hostile texts are visible and inert."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from reconciler.core.safe_json import BLANK_LETTERS, SUSPECT, inert_json, is_hidden
from reconciler.reports.safe_text import LONGEST, escaped, shown, visible

NAUGHTY = json.loads((Path(__file__).parents[2] / "data" / "naughty-strings.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("letter", sorted(BLANK_LETTERS))
def test_a_letter_of_which_nothing_is_seen_is_shown_by_its_code(letter: str) -> None:
    """In whatever shows a text, and as the escape of the same meaning in JSON."""
    code = f"\\u{ord(letter):04x}"
    assert visible(f"Berg{letter}Sag") == f"Berg{code}Sag"
    assert shown([f"Berg{letter}"]) == f'["Berg{code}"]'
    assert inert_json(json.dumps(letter, ensure_ascii=False)) == json.dumps(letter)


@pytest.mark.parametrize("text", [*NAUGHTY, "\x1b]0;x\x07", "\u202eabc", "a\u200bb", "\x00", "\ud800", "\u2028"])
def test_nothing_that_steers_a_terminal_or_hides_is_left(text: str) -> None:
    for found in (visible(text), shown(text)):
        assert all(unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Zl", "Zp", "Co") for char in found), found


def test_no_character_that_hides_is_passed_over_by_the_quick_look() -> None:
    passed = [chr(code) for code in range(0x110000) if not SUSPECT.match(chr(code))]
    hidden = [char for char in passed if is_hidden(char) and unicodedata.category(char) != "Cn"]
    assert hidden == []


def test_ordinary_letters_stay() -> None:
    assert visible("Ærlig Åse & Co. – 20 € 日本 Ωmega") == "Ærlig Åse & Co. – 20 € 日本 Ωmega"


def test_values_that_look_alike_can_be_told_apart() -> None:
    assert shown(None) != shown("(none)")
    assert shown("1") != shown(1)
    assert shown("a\\n") != shown("a\n")


@pytest.mark.parametrize("value", [Decimal("1e999999999"), Decimal("0.1e-999999999"), "x" * 3_000_000])
def test_huge_values_are_shown_short(value: object) -> None:
    assert len(shown(value)) < 30_000


@pytest.mark.parametrize("show", [visible, shown, lambda text: shown([text, text]), lambda text: shown({text: text})])
def test_what_follows_the_first_20_000_characters_of_a_text_is_cut_and_counted(show: Callable[[str], str]) -> None:
    assert LONGEST == 20_000
    found = show("x" * 5_000_000)
    assert "… (5,000,000 characters)" in found
    assert len(found) < 41_000
    assert "…" not in show("x" * 5_000)


@pytest.mark.parametrize(
    ("written", "seen"),
    [("25.000", "25"), ("50000.00", "50000"), ("0.10", "0.1"), ("100", "100"), ("1E+3", "1000"), ("-0.50", "-0.5")],
)
def test_an_amount_is_shown_without_the_zeros_that_change_nothing(written: str, seen: str) -> None:
    """`25.000` is 25 here and 25 thousand to half of Europe."""
    assert shown(Decimal(written)) == seen


def test_of_many_members_the_first_are_shown_and_all_are_counted() -> None:
    found = shown(list(range(1_000_000)))
    assert found.startswith("[0, 1, 2, ")
    assert found.endswith(", … (1,000,000 members)]")
    assert len(found) < 50_000


def test_what_is_to_be_kept_whole_is_escaped_without_a_cut() -> None:
    assert escaped("\x00" * 30_000) == "\\x00" * 30_000


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("::error::x", "\\x3a:error::x"),
        ("  ::set-output name=x::y", "  \\x3a:set-output name=x::y"),
        ("a ##[error] b", "a #\\x23[error] b"),
        ("##vso[task.complete]", "#\\x23vso[task.complete]"),
        ("###[x]", "##\\x23[x]"),
        ("a::b ## c", "a::b ## c"),
    ],
)
def test_no_text_is_a_command_to_the_ci_server_that_reads_the_log(text: str, seen: str) -> None:
    """GitHub's runner and Azure's agent read commands from what a step prints."""
    assert visible(text) == visible(seen) == seen
