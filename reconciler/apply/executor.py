"""Execute a plan through the ERP port: send exactly what it shows, each action once, parents before children."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import Future, wait
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from queue import SimpleQueue

from reconciler.apply.lanes import Lanes
from reconciler.apply.presence import Presence
from reconciler.apply.renumber import ONE_LOOK, LookingUp, renumber
from reconciler.apply.writes import Claims, Ended, overtaken, write
from reconciler.core.errors import StateError
from reconciler.core.parents import completed
from reconciler.core.plan import Action, Outcome, Plan, Result, Verb
from reconciler.core.ports import Erp, Journal
from reconciler.core.threads import DaemonThreads


@dataclass(frozen=True, slots=True)
class EarlierTry:
    """What is known of an earlier try of the same run.

    results: how actions ended, by label; they are taken as they are. open_labels: actions that it was going to send,
    and whose end is not known.
    """

    results: Mapping[str, Result] = field(default_factory=dict)
    open_labels: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Interruption:
    """Asked between actions: whether to begin nothing new, and whether not to wait for what is in flight either.

    looking_up: how renumberings are waited for that the ERP does later.
    """

    stop: Callable[[], bool] = lambda: False
    abandon: Callable[[], bool] = lambda: False
    looking_up: LookingUp = ONE_LOOK


def execute(
    plan: Plan,
    erp: Erp,
    journal: Journal,
    *,
    parallelism: int,
    since: str,
    recheck_nested: bool = True,
    earlier: EarlierTry | None = None,
    interruption: Interruption | None = None,
) -> Iterator[Result]:
    """Send the plan's requests and yield each action's result as it ends; one result per action.

    At most `parallelism` requests are in flight (`lanes.py`). An action starts when all it depends on is done; when one
    of those did not succeed, it is skipped. Once the interruption says `stop`, or the ERP takes no more, no more is
    sent: what is in flight is finished and the rest is skipped, each saying so. Once it says `abandon` too, what is in
    flight is not waited for: it may or may not be done, and its intent stays open in the journal. since: UTC, ISO 8601,
    from when on a customer may be one that the plan created. recheck_nested: whether a customer is read once more
    before an update that its version may not protect.
    """
    earlier, interruption = earlier or EarlierTry(), interruption or Interruption()
    lanes = Lanes(parallelism)
    schedule = _Schedule(plan, lanes)
    claims = Claims((result.number for result in earlier.results.values() if result.number), plan.actions)
    for result in earlier.results.values():
        schedule.take(result)
        yield result
    presence, abandoned = Presence(erp, plan.actions, since), threading.Event()
    new_numbers = {action.number for action in plan.actions if action.action is Verb.RENUMBER}
    looking_up, open_labels = interruption.looking_up, earlier.open_labels
    sending = _Sending(erp, since, claims, presence, recheck_nested, looking_up, open_labels, new_numbers)
    flying: dict[Future[Result], Action] = {}
    threads = DaemonThreads()
    landed: SimpleQueue[Future[Result]] = SimpleQueue()
    if not interruption.stop():
        presence.prepare(schedule.waiting.values())
    try:
        while schedule.waiting or flying:
            if interruption.stop():
                lanes.halt("the run was stopped")
            for result in schedule.skipped():
                lanes.halt(_record(journal, replace(result, number=None)))
                yield result
            for planned in schedule.ready(lanes.room):
                action = completed(planned, schedule.numbers.get)
                flight = _Flight(action, journal, *sending.how(action), lanes, abandoned)
                flying[flight.begun(threads, landed)] = action
            yield from _ended(landed, flying, schedule)
            if flying and interruption.abandon():
                abandoned.set()
                yield from (_left(action) for action in flying.values())
                flying.clear()
    except KeyboardInterrupt:
        abandoned.set()
        flying.clear()
        raise
    finally:
        lanes.halt("the run has ended")
        threads.close()
        wait(flying)


_LOOK_UP = 0.1
"""Seconds after which whoever waits for an answer looks up whether to wait any longer."""


def _ended(
    landed: SimpleQueue[Future[Result]], flying: dict[Future[Result], Action], schedule: _Schedule
) -> Iterator[Result]:
    """The results of what has ended, after a short wait; the rest keeps flying."""
    schedule.lanes.moved.wait(_LOOK_UP)
    schedule.lanes.moved.clear()
    done: list[Future[Result]] = []
    while not landed.empty():
        done.append(landed.get())
    for future in sorted(done, key=lambda flight: schedule.place[flying[flight].label]):
        result = future.result()
        del flying[future]
        schedule.finish(result)
        yield result


def _left(action: Action) -> Result:
    message = "the run was ended while it was being written: it may or may not be done"
    return Result(action, Outcome.UNKNOWN, action.number, message, "Go on with the run: it is looked up first.")


@dataclass(frozen=True, slots=True)
class _Sending:
    """How the actions of a run are sent. open_labels: of those that an earlier try may have done. new_numbers: those
    that the run gives to customers."""

    erp: Erp
    since: str
    claims: Claims
    presence: Presence
    recheck_nested: bool
    looking_up: LookingUp
    open_labels: Collection[str]
    new_numbers: Collection[str | None]

    def how(self, action: Action) -> tuple[Callable[[], Ended | None] | None, Callable[[], Ended]]:
        """(check, settle): what is looked at right before the action is sent, and may end it unsent; and what sends it,
        and says how it ended. What is open is looked up by the latter: it may be done by an earlier try of the run."""
        may_be_done = action.label in self.open_labels
        if action.action is Verb.RENUMBER:
            return None, partial(renumber, action, self.erp, self.looking_up, may_be_done=may_be_done)
        existing = partial(self._existing, action)
        renumbered = action.action is Verb.UPDATE and action.number in self.new_numbers
        recheck = self.recheck_nested and not renumbered and action.is_unprotected
        settle = partial(
            write,
            action,
            self.erp,
            since=self.since,
            claims=self.claims,
            may_be_done=may_be_done,
            existing=existing,
            recheck=recheck,
            renumbered=renumbered,
        )
        if may_be_done:
            return None, settle
        if action.action is Verb.CREATE:
            return existing, settle
        return (partial(overtaken, action, self.erp) if recheck else None), settle

    def _existing(self, action: Action) -> Ended | None:
        """How a create ends whose customer is there already, not by this run's hand."""
        result = self.presence.existing(action, self.claims.numbers())
        return None if result is None else Ended(result)


_FRESH = 0.5
"""Seconds for which a recorded intent proves that the run may write: after that, and before another run can have taken
the lock and looked the action up, it is recorded once more."""


@dataclass(frozen=True, slots=True)
class _Flight:
    """One action under way. What `check` ends is not sent, and has no intent. abandoned: nobody waits any more."""

    action: Action
    journal: Journal
    check: Callable[[], Ended | None] | None
    settle: Callable[[], Ended]
    lanes: Lanes
    abandoned: threading.Event

    def begun(self, threads: DaemonThreads, landed: SimpleQueue[Future[Result]]) -> Future[Result]:
        """How it ends, which one of the threads sees to; it is put into `landed` then."""
        self.lanes.enter()
        future = threads.run(self._perform)
        future.add_done_callback(landed.put)
        future.add_done_callback(lambda _: self.lanes.moved.set())
        return future

    def _perform(self) -> Result:
        """Record the intent, write, record the outcome: after a kill in between, a later run knows what to look up."""
        try:
            result = self._prepared(self.lanes.request) or self._sent()
        finally:
            self.lanes.leave()
        if not self.abandoned.is_set():  # else the run is over, and the journal perhaps another one's
            self.lanes.halt(_record(self.journal, result))
        return result

    def _prepared(self, request: Callable[[], AbstractContextManager[None]]) -> Result | None:
        """Check, and record the intent; how it ended, where it must not be sent. request: in which it is checked."""
        if self.check is not None:
            with request() if self.action.action is Verb.UPDATE else nullcontext():  # a create has been looked for
                if ended := self.check():
                    return self._told(ended)
        if self.abandoned.is_set():
            return _left(self.action)  # nothing is begun
        try:
            with self.lanes.recording():
                self.journal.intend(self.action.label)
        except StateError as error:
            self.lanes.halt(str(error))
            return _unsent(self.action, _unrecordable(error), error.remedy)
        return None

    def _sent(self) -> Result:
        """Send it as soon as a request may go out; how it ended."""
        recorded = time.monotonic()
        with self.lanes.request():
            if time.monotonic() - recorded > _FRESH and (result := self._prepared(nullcontext)):
                return result
            if self.abandoned.is_set():
                return _left(self.action)
            if self.lanes.halted:
                return _unsent(self.action, f"{self.lanes.halted}.")
            with self.lanes.answering():
                return self._told(self.settle())

    def _told(self, ended: Ended) -> Result:
        """The result; nothing more is sent where that is hopeless, not even by who gets this request's turn."""
        self.lanes.halt(ended.hopeless)
        return ended.result


def _unsent(action: Action, message: str, remedy: str = "") -> Result:
    return Result(action, Outcome.SKIPPED, action.number, message, remedy)


def _record(journal: Journal, result: Result) -> str:
    """Record how the action ended; answers why nothing more may be sent, where that cannot be recorded."""
    try:
        journal.finish(
            result.action.label, result.outcome, number=result.number, message=result.message, version=result.version
        )
    except StateError as error:
        return _unrecordable(error)
    return ""


def _unrecordable(error: StateError) -> str:
    return f"the journal cannot be written, so nothing more is sent: {error}"


@dataclass(slots=True)
class _Schedule:
    """Which actions may start. `numbers` is what the ERP gave to each ref. `is_settled` once what depends on actions
    that did not succeed was looked for."""

    plan: Plan
    lanes: Lanes
    waiting: dict[str, Action] = field(default_factory=dict)
    place: dict[str, int] = field(default_factory=dict)
    ended: dict[str, Result] = field(default_factory=dict)
    numbers: dict[str, str] = field(default_factory=dict)
    renumbered: set[str] = field(default_factory=set)
    is_settled: bool = False

    def __post_init__(self) -> None:
        self.waiting = {action.label: action for action in self.plan.actions}
        self.place = {label: at for at, label in enumerate(self.waiting)}
        self.renumbered = {action.label for action in self.plan.actions if action.action is Verb.RENUMBER}

    def ready(self, count: int) -> list[Action]:
        """Up to `count` actions whose parents are done, in the plan's order; they leave the waiting list."""
        ready: list[Action] = []
        for action in self.waiting.values():
            if len(ready) >= count:
                break
            if all(self._is_done(name) or name not in self.place for name in action.depends_on):
                ready.append(action)
        for action in ready:
            del self.waiting[action.label]
        return ready

    def skipped(self) -> Iterator[Result]:
        """The results of actions that cannot start any more."""
        while not self.is_settled or self.lanes.halted:
            self.is_settled = True
            for action in list(self.waiting.values()):
                result = self._held_back(action)
                if result is not None:
                    self.take(result)
                    yield result
            if self.is_settled:
                return

    def finish(self, result: Result) -> None:
        """Note how an action ended."""
        self.ended[result.action.label] = result
        if result.outcome is not Outcome.DONE:
            self.is_settled = False
        elif result.action.ref and result.number:
            self.numbers[result.action.ref] = result.number

    def take(self, result: Result) -> None:
        """An action that ended without being started: in an earlier try, or skipped."""
        del self.waiting[result.action.label]
        self.finish(result)

    def _held_back(self, action: Action) -> Result | None:
        """The result of an action that cannot start any more, or None."""
        if self.lanes.halted:
            return _unsent(action, f"{self.lanes.halted}.")
        for name in action.depends_on:
            if name in self.ended and not self._is_done(name):
                if name in self.renumbered:
                    return _unsent(action, f"{name} was not renumbered.")
                return _unsent(action, *_without_parent(self.ended[name]))
        return None

    def _is_done(self, label: str) -> bool:
        return label in self.ended and self.ended[label].outcome is Outcome.DONE


def _without_parent(parent: Result) -> tuple[str, str]:
    """Why a child is held back, and what to do."""
    label = parent.action.label
    match parent.outcome:
        case Outcome.EXISTS:
            reason = (
                f"its parent {label} is there already, as {parent.number}, and it is not known if that one is meant."
            )
            return reason, "Settle the parent first; then plan again."
        case Outcome.UNKNOWN:
            return f"whether its parent {label} was created is not known.", "Go on with the run, or plan again."
        case _:
            return f"its parent {label} was not created.", ""
