"""Forms in which an ERP keeps texts: which are forms at all, and which words say them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.stored_forms import FORMS, common_forms, in_forms, is_form


@pytest.mark.parametrize(
    ("sent", "stored", "is_one"),
    [
        ("Berg AS", "BERG AS", True),
        ("Berg  AS", "Berg AS", True),
        ("+47 22-33", "+4722 33", True),
        ("e\u0301", "é", True),
        ("ＡＢ", "AB", True),
        ("1.50", "1.5", True),
        ("-1.0", "-1", True),
        ("1 000.50", "1000.5", True),
        ("22 33-44", "223344", True),  # the punctuation is gone
        ("+4722", "4722", True),
        ("1.50", "150", False),
        ("-5", "5", False),
        ("-5", "(5)", False),
        ("0101", "101", False),
        ("1.50", "1.6", False),
        ("Berg", "Dal", False),
        ("-", ".", False),  # nothing of either says anything
        ("Berg", None, False),
        (1, "1", False),
    ],
)
def test_a_form_is_the_text_but_for_case_blanks_punctuation_unicode_and_zeros(
    sent: object, stored: object, is_one: bool
) -> None:
    """And nothing else."""
    assert is_form(sent, stored) is is_one


@given(st.text(max_size=12).filter(lambda text: any(map(str.isalnum, text))), st.sampled_from(sorted(FORMS)))
def test_what_a_form_makes_of_a_text_is_found_again(text: str, form: str) -> None:
    """Words are proposed that make the two the same, unless nothing is left of the text."""
    stored = in_forms(text, (form,))
    words = common_forms([(text, stored)])
    if stored:
        assert in_forms(text, words) == in_forms(stored, words)
        assert len(words) == 1


def test_one_line_serves_all_customers() -> None:
    """Forms that fit some pairs alone are not proposed."""
    assert common_forms([("a", "A"), ("b  c", "b c")]) == ("squeeze", "upper")
    assert common_forms([("a", "A"), ("b", "x")]) == ()


def test_upper_and_lower_never_stand_together() -> None:
    """They would cancel each other."""
    assert common_forms([("aB", "Ab")]) == ("upper",)
