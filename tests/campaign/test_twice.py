"""No customer is made twice, whoever numbers, whatever is kept and whatever happens; the whole matrix is the module."""

from __future__ import annotations

from collections import Counter

from tests.campaign.twice import EVENTS, matrix

STEP = 29
"""A number without a factor in common with the axes, so that every event and every other value comes up."""


def test_no_cell_of_the_matrix_ends_with_a_customer_twice() -> None:
    ends = [(cell, end) for cell, end in matrix(STEP)]
    assert [f"{cell}: {end}" for cell, end in ends if end.startswith("WRONG")] == []
    assert Counter(cell.event for cell, _ in ends).keys() == EVENTS.keys()
