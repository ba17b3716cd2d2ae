"""Execute a plan through the ERP port: send exactly what it shows, each action once, parents before children."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

from reconciler.core.errors import (
    AnswerLost,
    AuthenticationFailed,
    Conflict,
    ErpError,
    PermissionDenied,
    RateLimited,
    Unreachable,
)
from reconciler.core.fields import leaf
from reconciler.core.normalise import same
from reconciler.core.plan import Action, Cause, Change, Outcome, Plan, Result
from reconciler.core.ports import Erp, Need
from reconciler.core.values import get, parse_path


def execute(plan: Plan, erp: Erp, *, parallelism: int, stop: Callable[[], bool] = lambda: False) -> Iterator[Result]:
    """Send the plan's requests and yield each action's result as it ends.

    At most `parallelism` requests are in flight. An action starts when all it depends on is done; when one of those did
    not succeed, it is skipped. Once `stop` says so, or the ERP takes no more, nothing new is started: what is in
    flight is finished and the rest is skipped, each saying so. Yields one result per action.
    """
    schedule = _Schedule(plan)
    with ThreadPoolExecutor(max_workers=max(1, parallelism), thread_name_prefix="apply") as pool:
        flying: dict[Future[tuple[Result, str]], Action] = {}
        while schedule.waiting or flying:
            if stop():
                schedule.halt("the run was stopped")
            yield from schedule.skipped()
            for action in schedule.ready(max(1, parallelism) - len(flying)):
                flying[pool.submit(_perform, action, erp)] = action
            if flying:
                done, _ = wait(flying, return_when=FIRST_COMPLETED)
                for future in sorted(done, key=lambda each: schedule.place[flying[each].label]):
                    result, hopeless = future.result()
                    del flying[future]
                    schedule.finish(result)
                    if hopeless:
                        schedule.halt(hopeless)
                    yield result


@dataclass(slots=True)
class _Schedule:
    """Which actions may start. `halted` is why nothing more may."""

    plan: Plan
    waiting: dict[str, Action] = field(default_factory=dict)
    place: dict[str, int] = field(default_factory=dict)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    halted: str = ""

    def __post_init__(self) -> None:
        self.waiting = {action.label: action for action in self.plan.actions}
        self.place = {label: at for at, label in enumerate(self.waiting)}

    def ready(self, count: int) -> list[Action]:
        """Up to `count` actions whose parents are done, in the plan's order; they leave the waiting list."""
        found: list[Action] = []
        for action in self.waiting.values():
            if len(found) >= count:
                break
            if all(self.outcomes.get(name) is Outcome.DONE or name not in self.place for name in action.depends_on):
                found.append(action)
        for action in found:
            del self.waiting[action.label]
        return found

    def skipped(self) -> Iterator[Result]:
        """The results of actions that cannot start any more."""
        moved = True
        while moved:
            moved = False
            for action in list(self.waiting.values()):
                reason = self._reason(action)
                if reason:
                    del self.waiting[action.label]
                    self.outcomes[action.label] = Outcome.SKIPPED
                    moved = True
                    yield Result(action, Outcome.SKIPPED, action.number, reason)

    def finish(self, result: Result) -> None:
        self.outcomes[result.action.label] = result.outcome

    def halt(self, reason: str) -> None:
        self.halted = self.halted or reason

    def _reason(self, action: Action) -> str:
        if self.halted:
            return f"Not sent: {self.halted}."
        for name in action.depends_on:
            if self.outcomes.get(name, Outcome.DONE) is not Outcome.DONE:
                return f"Not sent: its parent {name} was not created."
        return ""


def _perform(action: Action, erp: Erp) -> tuple[Result, str]:
    """Send one action. The second value is why no other needs to be tried, or nothing."""
    try:
        sent = erp.send(action.request)
    except Conflict:
        return _conflict(action, erp), ""
    except AnswerLost as error:
        return Result(action, Outcome.UNKNOWN, action.number, _with_reference(error), _LOST), ""
    except ErpError as error:
        result = Result(action, Outcome.FAILED, action.number, _with_reference(error), error.remedy)
        return result, next((reason for kind, reason in _HOPELESS.items() if isinstance(error, kind)), "")
    return Result(action, Outcome.DONE, sent.number), ""


_HOPELESS: dict[type[ErpError], str] = {
    AuthenticationFailed: "the ERP refuses the credentials",
    PermissionDenied: "the ERP refuses the permission",
    RateLimited: "the ERP's rate limit is used up",
    Unreachable: "the ERP cannot be reached",
}


def _with_reference(error: ErpError) -> str:
    return f"{error} (ERP reference {error.reference})" if error.reference else str(error)


_LOST = "The write may or may not be done. Plan again: it looks the customer up, and shows what is still to do."


def _conflict(action: Action, erp: Erp) -> Result:
    """What stands now in the fields that the plan wanted to change; reading that is a courtesy, not a condition."""
    try:
        moved = _moved(action, erp)
    except ErpError:
        moved = ()
    return Result(action, Outcome.CONFLICT, action.number, _CONFLICT, "Make a new plan.", moved=moved)


_CONFLICT = "it was changed in the ERP since the plan was made, and is left as it is there"


def _moved(action: Action, erp: Erp) -> tuple[Change, ...]:
    paths = [parse_path(change.path) for change in action.changes]
    need = Need(frozenset(path[0] for path in paths), {})
    live = erp.customer(action.number or "", need)
    found = []
    for change, path in zip(action.changes, paths, strict=True):
        row = leaf(path)
        now = get(live.values, path)
        if row is not None and not same(row, change.before, now):  # type: ignore[arg-type]  # a leaf
            found.append(Change(change.path, change.before, now, Cause.DRIFT, change.source))
    return tuple(found)
