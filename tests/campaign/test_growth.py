"""A short, seeded part of the growth campaign; the long run is `python -m tests.campaign.growth`."""

from __future__ import annotations

import random

import pytest

from tests.campaign.growth import BARE, Example, drawn, tried


@pytest.mark.parametrize("name", BARE)
def test_work_grows_no_faster_than_what_is_drawn(name: str) -> None:
    chance = random.Random(name)
    examples = [drawn(chance, in_yaml=False) for _ in range(1)]
    tally = tried(BARE[name], [(repr(example), example) for example in examples])
    assert tally.fast == ()
    assert (tally.examples, tally.inputs) == (1, 4)


def test_work_that_grows_faster_is_found() -> None:
    def quadratic(text: str) -> None:
        for _ in text:
            for _ in text:
                pass

    assert tried(quadratic, [("a", Example("", "a", ""))]).fast == ("a",)
