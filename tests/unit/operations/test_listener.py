"""Whoever passes no listener agrees to nothing and stops nothing."""

from __future__ import annotations

import pytest

from reconciler import Listener


def test_by_default_nobody_agrees_and_nothing_is_stopped() -> None:
    listener = Listener()
    assert listener.ask("Write?") is False
    assert listener.stop_requested() is None
    assert listener.abandon_requested() is False
    with listener.writing():
        pass
    with pytest.raises(KeyboardInterrupt):
        listener.interrupted(KeyboardInterrupt())


def test_a_wait_is_said_with_its_length_and_reason() -> None:
    said: list[str] = []

    class Hearing(Listener):
        def say(self, message: str) -> None:
            said.append(message)

    Hearing().waiting(90, "the window\x1b is used up")
    assert len(said) == 1
    assert said[0].startswith("Waiting 90 s: ")
    assert "\x1b" not in said[0]
