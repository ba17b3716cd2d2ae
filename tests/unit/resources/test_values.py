"""Paths and nested values."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reconciler.resources.values import Values, get, leaves, parse_path, put, render_path, without


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


def test_get_gives_what_stands_at_the_path_and_none_where_nothing_does() -> None:
    values: Values = {"name": "A", "mainAddress": {"city": "Oslo"}}
    assert get(values, ("name",)) == "A"
    assert get(values, ("mainAddress", "city")) == "Oslo"
    assert get(values, ()) is values
    for path in (("gln",), ("mainAddress", "county"), ("mainContact", "fax"), ("name", "city")):
        assert get(values, path) is None


def test_put_keeps_what_stands_beside() -> None:
    values: Values = {"mainAddress": {"city": "Oslo"}}
    put(values, ("mainAddress", "county"), "03")
    put(values, ("mainAddress", "city"), "Moss")
    assert values == {"mainAddress": {"city": "Moss", "county": "03"}}


def test_without_keeps_an_empty_group_that_was_empty_and_takes_a_whole_group() -> None:
    values: Values = {"a": {}, "b": {"x": "1"}, "c": {"y": "2"}}
    assert without(values, (("a", "x"), ("b",), (None, "z"))) == {"a": {}, "c": {"y": "2"}}
    assert without(values, ()) is values
