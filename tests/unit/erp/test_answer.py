"""Rows of a list, parsed with only some members."""

from __future__ import annotations

import json

import pytest

from reconciler.erp.answer import parse, parse_rows

NAMES = frozenset({"number", "main", "delivery", "invoice"})
MIRRORS = {"main": ("delivery", "invoice"), "other": ("unasked",)}
HOME = {"city": "Oslo", "rate": 1.50}


@pytest.mark.parametrize(
    "row",
    [
        {"number": "1", "main": HOME, "delivery": HOME, "invoice": {"city": "Bergen"}, "unasked": 1},
        {"main": HOME, "invoice": HOME},
        {"delivery": HOME, "invoice": HOME},
        {"main": None, "delivery": None, "invoice": HOME},
        {"main": [], "delivery": "x", "invoice": 1.5},
        {},
    ],
)
def test_members_that_mirror_another_are_parsed_as_any_other(row: dict[str, object]) -> None:
    body = json.dumps([row, row]).encode()
    wanted = [{name: one[name] for name in one if name in NAMES} for one in parse(body)]
    assert parse_rows(body, NAMES, MIRRORS) == parse_rows(body, NAMES) == wanted


def test_a_mirror_that_is_written_alike_is_the_same_object() -> None:
    rows = parse_rows(json.dumps([{"main": HOME, "delivery": HOME}]).encode(), NAMES, MIRRORS)
    assert rows
    assert rows[0]["delivery"] is rows[0]["main"]


def test_half_a_character_in_a_mirror_spoils_the_list_as_elsewhere() -> None:
    assert parse_rows(rb'[{"main": {"city": "\ud800"}}]', NAMES, MIRRORS) is None
