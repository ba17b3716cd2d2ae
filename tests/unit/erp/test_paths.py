"""Customer numbers in paths."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.erp.paths import customer_path, decode_segment, encode_segment, number_in_location


@pytest.mark.parametrize(
    ("identifier", "segment"),
    [
        ("10000", "10000"),
        (":/?#[]@&*+;", "b64(Oi8_I1tdQCYqKzs)"),
        ("A B", "A%20B"),
        ("æøå", "%C3%A6%C3%B8%C3%A5"),
        ("50%", "50%25"),
        (".", "b64(Lg)"),
        ("..", "b64(Li4)"),
        ("CustomerClass", "b64(Q3VzdG9tZXJDbGFzcw)"),
        ("b64(x)", "b64(YjY0KHgp)"),
        ("B64(", "b64(QjY0KA)"),
        ("a.b-c_d~e", "a.b-c_d~e"),
    ],
)
def test_segments_are_as_published(identifier: str, segment: str) -> None:
    assert encode_segment(identifier) == segment


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_each_identifier_comes_back_and_stays_one_plain_segment(identifier: str) -> None:
    segment = encode_segment(identifier)
    assert decode_segment(segment) == identifier
    assert segment.isascii()
    assert not set("/?#:;@&*+[] ") & set(segment)
    assert number_in_location(f"https://host.example{customer_path(identifier)}") == identifier


@pytest.mark.parametrize("segment", ["b64(!)", "b64(é)", "%FF", "b64(gA)"])
def test_unreadable_segments_are_nothing(segment: str) -> None:
    assert decode_segment(segment) is None


@pytest.mark.parametrize(
    "location",
    ["", "/", "customer", "/v1/customer", "/v1/customer/", "/v1/customer/internal/5", "http://[", "/v1/customer/%FF"],
)
def test_locations_without_a_number(location: str) -> None:
    assert number_in_location(location) is None
