"""A few cells of the matrix of database faults; `python -m tests.campaign.database_faults` plays them all."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.campaign.database_faults import MOMENTS, Stage, stage


@pytest.fixture(scope="module")
def on() -> Iterator[Stage]:
    with stage() as found:
        yield found


@pytest.mark.parametrize(
    ("moment", "fault"),
    [
        ("between intent and request", "cut"),
        ("before the third intent", "lock lost"),
        ("between request and outcome", "failed over"),
        ("at the end", "disk full"),
    ],
)
def test_nothing_is_written_after_the_loss_nothing_is_doubled_and_another_machine_goes_on(
    on: Stage, moment: str, fault: str
) -> None:
    (chosen,) = (each for each in MOMENTS if each.name == moment)
    assert on.play(chosen, fault).wrong == ()
