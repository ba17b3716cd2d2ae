"""Path patterns of `ignore`, `lifecycle` and `accept --field`."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.config.read.pattern_checks import names_field
from reconciler.core.patterns import covers, patterns, segments
from reconciler.resources.values import Path, render_path

_PATHS = st.lists(st.text(min_size=1), min_size=1, max_size=4)


def covered(text: str, *path: str) -> bool:
    return any(covers(each, path) for each in patterns((text,)))


@given(_PATHS)
def test_a_path_as_plans_show_it_is_a_pattern_of_itself(path: list[str]) -> None:
    assert segments(render_path(tuple(path))) == tuple(path)
    assert covered(render_path(tuple(path)), *path)


@given(st.text())
def test_no_text_is_too_odd_to_be_looked_at(text: str) -> None:
    assert isinstance(names_field(text), bool)


@pytest.mark.parametrize(
    ("pattern", "path", "is_covered"),
    [
        ("mainContact", ("mainContact", "fax"), True),
        ("*.fax", ("mainContact", "fax"), True),
        ("mainContact.fax", ("mainContact",), False),
        ("*.fax", ("mainContact", "email"), False),
        ('attributes["A.B"]', ("attributes", "A.B"), True),
        ("attributes.A.B", ("attributes", "A.B"), False),
        ("attributes.*", ("attributes", "A.B"), True),
        ('attributes["*"]', ("attributes", "A.B"), False),
        ('attributes["*"]', ("attributes", "*"), True),
        ("attributes.region", ("attributes", "REGION"), True),
        ('attributes[" region "]', ("attributes", "REGION"), True),
        ("*.region", ("attributes", "REGION"), True),
        ("directDebitLines.M/1.iban", ("directDebitLines", "M/1", "iban"), True),
        ('directDebitLines["M.1"].iban', ("directDebitLines", "M.1", "iban"), True),
    ],
)
def test_a_pattern_covers_its_path_and_all_below_it(pattern: str, path: Path, is_covered: bool) -> None:
    assert names_field(pattern) or pattern == "attributes.A.B"
    assert covered(pattern, *path) is is_covered


@pytest.mark.parametrize(
    "text", ["", ".name", "name.", "name..x", "attributes[A]", 'attributes["A', 'attributes["A"]x', "fax", "name.x"]
)
def test_what_names_no_field_is_known(text: str) -> None:
    assert not names_field(text)


@pytest.mark.parametrize(
    ("pattern", "is_field"), [("*.wbe", False), ("*.web", True), ("*.REGION", True), ("*.fx", False)]
)
def test_a_wildcard_with_a_slip_names_no_field(pattern: str, is_field: bool) -> None:
    """Any word may be an attribute's id, so `*.wbe` would never match and never be told."""
    from reconciler.config.read.pattern_checks import names_field

    assert names_field(pattern) is is_field
