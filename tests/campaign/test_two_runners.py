"""Two machines at once; `python -m tests.campaign.two_runners` repeats it."""

from __future__ import annotations

from tests.campaign.two_runners import runners


def test_of_two_machines_that_apply_at_once_one_applies_and_the_other_names_it() -> None:
    with runners() as both:
        assert [both.race() for _ in range(2)] == [[], []]
