"""Neither the state nor the memory of a command grows with the number of runs; the long soak is the module itself."""

from __future__ import annotations

from tests.campaign import soak


def test_twelve_runs_leave_no_more_behind_than_six() -> None:
    found = soak.soak(12, 30, 3)
    assert soak.grown(found, 3) == [], soak.table(found, 3)
