"""Paths and nested values."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.values import Values, leaves, parse_path, put, render_path, without


@given(st.lists(st.text(min_size=1), min_size=1, max_size=4))
def test_a_rendered_path_reads_back_as_the_same_path(segments: list[str]) -> None:
    assert parse_path(render_path(tuple(segments))) == tuple(segments)


def test_without_takes_covered_leaves_and_the_groups_that_they_empty() -> None:
    values: Values = {
        "name": "A",
        "mainContact": {"fax": "1"},
        "mainAddress": {"city": "Oslo", "county": "03"},
    }
    assert without(values, ((None, "fax"), ("mainAddress", "county"))) == {"name": "A", "mainAddress": {"city": "Oslo"}}


def test_put_makes_the_parents_and_leaves_finds_the_leaf() -> None:
    values: Values = {}
    put(values, ("directDebitLines", "M1", "iban"), "NL01")
    assert list(leaves(values)) == [(("directDebitLines", "M1", "iban"), "NL01")]
