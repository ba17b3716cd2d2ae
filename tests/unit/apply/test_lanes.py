"""Requests are bounded, and intents are recorded ahead of them only as far as that keeps the requests going."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from reconciler.apply.lanes import Lanes


@pytest.fixture
def passing(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """A clock that only this moves on."""
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])

    def wait(seconds: float) -> None:
        now[0] += seconds

    return wait


def lanes_where(parallelism: int, recording: float, answering: float, passing: Callable[[float], None]) -> Lanes:
    """Lanes that have seen an intent take so long to record, and a request to be answered."""
    lanes = Lanes(parallelism)
    with lanes.recording():
        passing(recording)
    with lanes.answering():
        passing(answering)
    return lanes


@pytest.mark.parametrize(("recording", "ahead"), [(0.0, 0), (0.001, 1), (0.03, 8), (0.05, 12), (5.0, 14)])
def test_the_longer_recording_takes_the_more_intents_are_recorded_ahead(
    recording: float, ahead: int, passing: Callable[[float], None]
) -> None:
    assert lanes_where(8, recording, 0.05, passing).room == 8 + ahead


def test_one_at_a_time_is_one_at_a_time_however_slow_recording_is(passing: Callable[[float], None]) -> None:
    lanes = lanes_where(1, 5.0, 0.05, passing)
    assert lanes.room == 1
    lanes.enter()
    assert lanes.room == 0
    lanes.leave()
    assert lanes.room == 1


def test_nothing_is_recorded_ahead_before_it_is_known_how_long_it_takes() -> None:
    assert Lanes(8).room == 8


def test_the_first_reason_to_send_nothing_more_stands() -> None:
    lanes = Lanes(2)
    for reason in ("", "the first", "the second"):
        lanes.halt(reason)
    assert lanes.halted == "the first"
