"""The characters that changed are marked, and nothing of either value is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.reports.marks import Pieces, excerpt, marked
from reconciler.reports.safe_text import shown


def written(pieces: Pieces) -> str:
    """The pieces with the marked ones in brackets."""
    return "".join(f"[{each.text}]" if each.hit else each.text for each in pieces)


def plain(pieces: Pieces) -> str:
    """The pieces as the value that they make."""
    return "".join(each.text for each in pieces)


@pytest.mark.parametrize(
    ("before", "after", "left", "right"),
    [
        ("Havnegata 12B", "Havnegata 21", '"Havnegata [12B]"', '"Havnegata [21]"'),
        ("NO912345678MVA", "NO912345687MVA", '"NO9123456[78]MVA"', '"NO9123456[87]MVA"'),
        (10_000, 100_000, "[10000]", "[100000]"),
        (None, "x", "(none)", '["x"]'),
        ("x", None, '["x"]', "(none)"),
        (True, False, "[true]", "[false]"),
        ("same", "same", '"same"', '"same"'),
        ("", " ", '""', '"[ ]"'),
    ],
)
def test_what_differs_is_marked(before: object, after: object, left: str, right: str) -> None:
    found = marked(shown(before), shown(after))
    assert (written(found[0]), written(found[1])) == (left, right)


def test_an_escape_is_marked_whole() -> None:
    """`\\x1b` against `\\x1c` differs in one character, not in the last letter of how it is written."""
    before, after = marked(shown("a\x1bb"), shown("a\x1cb"))
    assert (written(before), written(after)) == ('"a[\\x1b]b"', '"a[\\x1c]b"')


def test_an_accent_is_marked_with_its_letter() -> None:
    before, after = marked('"caffe\u0301"', '"caffe\u0300"')
    assert (written(before), written(after)) == ('"caff[e\u0301]"', '"caff[e\u0300]"')


def test_long_texts_are_compared_by_words() -> None:
    words = " ".join(f"word{index}" for index in range(150))
    before, after = marked(shown("old " + words + " end"), shown("new " + words + " fin"))
    assert [each.text for each in before if each.hit] == ["old ", "end"]
    assert [each.text for each in after if each.hit] == ["new ", "fin"]


def test_texts_too_long_to_compare_are_marked_between_what_they_share() -> None:
    before, after = marked(shown("a" + "xy" * 5_000 + "z"), shown("a" + "yx " * 5_000 + "z"))
    assert sum(each.hit for each in before) == sum(each.hit for each in after) == 1


def test_an_excerpt_shows_where_the_change_is() -> None:
    before, _ = marked(shown("x" * 5_000 + "old" + "y" * 5_000), shown("x" * 5_000 + "new" + "y" * 5_000))
    found = written(excerpt(before, 160))
    assert "[old]" in found
    assert found.startswith("…")
    assert found.endswith("…")
    assert len(found) < 170


@given(st.text(max_size=60), st.text(max_size=60))
def test_the_pieces_make_the_values(before: str, after: str) -> None:
    left, right = marked(shown(before), shown(after))
    assert (plain(left), plain(right)) == (shown(before), shown(after))
    same = [each.text for each in left if not each.hit], [each.text for each in right if not each.hit]
    assert (not any(each.hit for each in (*left, *right))) == (before == after)
    assert "".join(same[0]) == "".join(same[1])
