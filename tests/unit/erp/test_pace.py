"""Pacing by the ERP's rate window, in time that passes only when something waits or answers."""

from __future__ import annotations

import math
import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core.errors import NotSent
from reconciler.erp.budget import Window, read_retry_after, read_window
from reconciler.erp.pace import Pacer

START = 1_764_000_000.0


@dataclass
class Time:
    """A clock that pauses move."""

    now: float = START
    pauses: list[tuple[float, str]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def clock(self) -> float:
        return self.now

    def pause(self, seconds: float, reason: str) -> None:
        with self.lock:
            self.pauses.append((seconds, reason))
            self.now += seconds


@dataclass
class Seen:
    """What one window of the fake ERP saw: calls of ours, how many of them told nothing, and 429s."""

    budget: int
    calls: int = 0
    untold: int = 0
    refused: int = 0


@dataclass
class FakeErp:
    """A fixed window of `limit` calls in `length` seconds; others take `others` of each at its start."""

    time: Time
    limit: int
    length: float
    others: int = 0
    reserve: int = 0
    epoch: bool = False
    lose: float = 0.0
    chance: random.Random = field(default_factory=lambda: random.Random(1))
    windows: list[Seen] = field(default_factory=list)
    _end: float = 0.0
    _used: int = 0

    def call(self, pacer: Pacer) -> bool:
        """One paced call; whether it was taken."""
        pacer.admit()
        with self.time.lock:
            status, headers = self._answer()
        with self.time.lock:
            self.time.now += self.chance.random() * self.length / 50
        if headers is None:
            pacer.learn(None, answered=False)
        else:
            wait = read_retry_after(headers, self.time.now) if status == 429 else None
            pacer.learn(None if status == 429 else read_window(headers, self.time.now), wait)
        return status == 200

    def _answer(self) -> tuple[int, dict[str, str] | None]:
        now = self.time.now
        if now >= self._end:
            self._end, self._used = now + self.length, self.others
            self.windows.append(Seen(max(0, self.limit - self.others - self.reserve)))
        window = self.windows[-1]
        window.calls += 1
        status = 200 if self._used < self.limit else 429
        self._used += status == 200
        window.refused += status == 429
        if self.chance.random() < self.lose:
            window.untold += 1
            return status, None
        left = self._end - now
        headers = {
            "x-ratelimit-limit": str(self.limit),
            "x-ratelimit-remaining": str(self.limit - self._used),
            "x-ratelimit-reset": str(math.ceil(self._end) if self.epoch else max(1, math.ceil(left))),
        }
        return status, headers | ({"retry-after": str(max(1, math.ceil(left)))} if status == 429 else {})


def pacer_of(time: Time, **more: object) -> Pacer:
    return Pacer(time.clock, time.pause, **more)


def told(remaining: int, reset: int, limit: int | None = None) -> Window:
    return Window(limit, remaining, reset)


def refuses(pacer: Pacer, match: str) -> None:
    with pytest.raises(NotSent, match=match) as caught:
        pacer.admit()
    assert caught.value.remedy


@settings(max_examples=60)
@given(
    limit=st.integers(1, 30),
    length=st.sampled_from([1.0, 2.0, 3600.0]),
    others=st.integers(0, 30),
    reserve=st.integers(0, 29),
    threads=st.integers(1, 8),
    epoch=st.booleans(),
    lose=st.sampled_from([0.0, 0.0, 0.3]),
    seed=st.integers(0, 99),
)
def test_no_window_is_overdrawn_but_by_the_call_that_learns_it(
    limit: int, length: float, others: int, reserve: int, threads: int, epoch: bool, lose: float, seed: int
) -> None:
    reserve, time = min(reserve, limit - 1), Time()
    erp = FakeErp(time, limit, length, min(others, limit), reserve, epoch, lose, random.Random(seed))
    pacer = pacer_of(time, reserve=reserve)
    with ThreadPoolExecutor(threads) as pool:
        taken = sum(pool.map(lambda _: erp.call(pacer), range(40)))
    for window in erp.windows:
        assert window.calls <= max(window.budget, 1 + window.untold), erp.windows
        assert window.refused <= 1 + window.untold, erp.windows
    assert taken == sum(window.calls - window.refused for window in erp.windows)


def test_a_window_is_used_up_whole_before_anything_waits() -> None:
    time = Time()
    erp, pacer = FakeErp(time, 10, 3600.0), pacer_of(time)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: erp.call(pacer), range(35)))
    assert [window.calls for window in erp.windows] == [10, 10, 10, 5]
    assert len(time.pauses) == 3
    assert all(reason == "the ERP's rate limit is used up" for _, reason in time.pauses)


def test_the_reserve_is_left_to_others() -> None:
    time = Time()
    erp, pacer = FakeErp(time, 10, 3600.0), pacer_of(time, reserve=7)
    for _ in range(7):
        erp.call(pacer)
    assert [window.calls for window in erp.windows] == [3, 3, 1]
    assert time.pauses[0][1] == "the ERP's rate limit is used up but the 7 that are reserved"


def test_companies_with_one_window_have_equal_parts_of_it() -> None:
    """One that has had its part waits, and the others find theirs; alone in its window it takes all."""
    time = Time()
    erp, greedy, late = FakeErp(time, 100, 3600.0), pacer_of(time, sharers=4), pacer_of(time, sharers=4)
    erp.call(greedy)
    erp.call(late)
    for _ in range(24):
        assert erp.call(greedy)
    greedy.pause = Waits.at_once
    with pytest.raises(Waits):
        erp.call(greedy)
    assert "this company's part of the ERP's rate limit" in Waits.reason
    for _ in range(23):
        assert erp.call(late)
    assert erp.windows[0].refused == 0

    alone = FakeErp(time, 100, 3600.0)
    pacer = pacer_of(time, sharers=4)
    for _ in range(100):
        alone.call(pacer)
    assert [window.calls for window in alone.windows] == [100]


class Waits(Exception):
    """Raised instead of a pause."""

    reason = ""

    @classmethod
    def at_once(cls, _seconds: float, reason: str) -> None:
        cls.reason = reason
        raise cls


@pytest.mark.parametrize("seconds", [0, 1, 17, 3600])
def test_retry_after_is_waited_for_to_the_second(seconds: int) -> None:
    time = Time()
    pacer = pacer_of(time)
    pacer.admit()
    pacer.learn(None, float(seconds))
    pacer.admit()
    assert [pause for pause, _ in time.pauses] == [float(seconds)] * bool(seconds)
    assert time.now == START + seconds


def test_retry_after_is_obeyed_though_the_window_had_calls_left() -> None:
    time = Time()
    pacer = pacer_of(time)
    pacer.admit()
    pacer.learn(told(100, 3600))
    pacer.admit()
    pacer.learn(None, 5.0)
    pacer.admit()
    assert [pause for pause, _ in time.pauses] == [5.0]


@pytest.mark.parametrize("window", [None, Window(100, None, 60), Window(100, 0, None)])
def test_an_erp_that_says_nothing_is_never_waited_for(window: Window | None) -> None:
    time = Time()
    pacer = pacer_of(time, reserve=5)
    pacer.admit()
    pacer.learn(window)
    for _ in range(50):
        pacer.admit()  # many at once
    assert time.pauses == []


def test_a_silent_erp_that_asks_to_wait_is_obeyed() -> None:
    time = Time()
    pacer = pacer_of(time)
    pacer.admit()
    pacer.learn(None)
    pacer.admit()
    pacer.learn(None, 9.0)
    pacer.admit()
    assert [pause for pause, _ in time.pauses] == [9.0]


def test_silence_ends_when_a_window_is_told() -> None:
    time = Time()
    pacer = pacer_of(time)
    for _ in range(2):
        pacer.admit()
        pacer.learn(None)
    pacer.admit()
    pacer.learn(told(0, 30))
    pacer.admit()
    assert [pause for pause, _ in time.pauses] == [30.0]


def test_a_lost_answer_is_no_silence_and_counts() -> None:
    time = Time()
    pacer = pacer_of(time)
    pacer.admit()
    pacer.learn(None, answered=False)
    assert not _goes_with_another_in_flight(pacer), "one call learns, the others wait for it"
    pacer.learn(told(2, 30))
    for _ in range(2):
        pacer.admit()
        pacer.learn(None, answered=False)
    pacer.admit()
    assert [pause for pause, _ in time.pauses] == [30.0]


def _goes_with_another_in_flight(pacer: Pacer) -> bool:
    """Whether a second call is let through while a first is under way; the first stays so."""
    pacer.admit()
    gone = threading.Event()

    def second() -> None:
        pacer.admit()
        gone.set()
        pacer.learn(told(50, 30))

    thread = threading.Thread(target=second, daemon=True)
    thread.start()
    return gone.wait(0.2)


def test_an_answer_of_the_window_before_says_nothing_of_the_new_one() -> None:
    time = Time()
    pacer = pacer_of(time)
    pacer.admit()
    pacer.learn(told(10, 30))
    pacer.admit()
    time.now += 31
    started = threading.Event()
    order: list[str] = []

    def learner() -> None:
        started.set()
        pacer.admit()
        order.append("learner")

    thread = threading.Thread(target=learner)
    thread.start()
    started.wait(5)
    thread.join(0.1)
    order.append("old answer")
    pacer.learn(told(9, 1))
    thread.join(5)
    assert order == ["old answer", "learner"]
    assert not _still_free(pacer)
    pacer.learn(told(9, 30))  # lets the waiting one go


def _still_free(pacer: Pacer) -> bool:
    """Whether another call would go at once."""
    gone = threading.Event()
    threading.Thread(target=lambda: (pacer.admit(), gone.set()), daemon=True).start()
    return gone.wait(0.2)


def test_a_reserve_as_large_as_the_limit_is_said_and_not_waited_for() -> None:
    time = Time()
    pacer = pacer_of(time, reserve=100)
    pacer.admit()
    pacer.learn(told(99, 3600, 100))
    for _ in range(3):
        refuses(pacer, r"reserved for others \(--reserve 100\)")
    assert time.pauses == []


@pytest.mark.parametrize("longest", [0.0, 120.0])
def test_a_wait_longer_than_allowed_is_not_begun(longest: float) -> None:
    time = Time()
    pacer = pacer_of(time, longest=longest)
    pacer.admit()
    pacer.learn(told(0, int(longest) + 1))
    refuses(pacer, f"the window ends in {int(longest) + 1} s")
    assert time.pauses == []
    time.now += longest + 1
    pacer.admit()


def test_a_wait_as_long_as_allowed_is_waited() -> None:
    time = Time()
    pacer = pacer_of(time, longest=120.0)
    pacer.admit()
    pacer.learn(told(0, 120))
    pacer.admit()
    assert [pause for pause, _ in time.pauses] == [120.0]


def test_only_one_thread_waits_visibly_and_when_it_is_stopped_all_are() -> None:
    time, asked = Time(), threading.Event()
    begun: list[float] = []
    waiting = threading.Event()

    def pause(seconds: float, _: str) -> None:
        begun.append(seconds)
        waiting.set()
        asked.wait(5)
        raise NotSent("the run was stopped", remedy="none")

    pacer = Pacer(time.clock, pause)
    pacer.admit()
    pacer.learn(told(0, 3600))

    def one(_: int) -> str:
        try:
            pacer.admit()
        except NotSent as error:
            return str(error)
        return "sent"

    with ThreadPoolExecutor(6) as pool:
        running = [pool.submit(one, each) for each in range(6)]
        assert waiting.wait(5)
        assert begun == [3600.0]
        asked.set()
        assert [each.result(10) for each in running] == ["the run was stopped"] * 6


def test_a_pause_that_fails_in_one_thread_leaves_the_pacer_usable() -> None:
    time = Time()
    pauses: list[Callable[[], None]] = [lambda: (_ for _ in ()).throw(NotSent("stopped"))]

    def pause(seconds: float, reason: str) -> None:
        if pauses:
            pauses.pop()()
        time.pause(seconds, reason)

    pacer = Pacer(time.clock, pause)
    pacer.admit()
    pacer.learn(told(0, 10))
    with pytest.raises(NotSent):
        pacer.admit()
    pacer.admit()
    assert time.now == START + 10
