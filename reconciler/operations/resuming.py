"""Runs that are over or were cut short: how they ended, what is left of them, and what the ERP may still be doing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.cli.shell.session import Session
    from reconciler.core.plan import Action, Change, Outcome, Plan, Result, Run
    from reconciler.core.rules import Target
    from reconciler.state.sqlite.journal import Entry, Journal, RunInfo, RunRecord
    from reconciler.state.sqlite.store import Store


# ---- how a run ended ----


def past(record: RunRecord, made: Plan) -> Run:
    """The run as `apply` would report it. What was cut short says so."""
    from reconciler.core.plan import Run

    info = record.info
    last = max((each.finished_at or each.intent_at or "" for each in record.entries), default="")
    return Run(made, tuple(_results(record, made)), info.started_at, info.finished_at or last or info.started_at)


def _results(record: RunRecord, made: Plan) -> Iterator[Result]:
    from reconciler.core.plan import Outcome, Result

    entries = {each.label: each for each in record.entries}
    remedy = f"reconciler runs resume {record.info.id}"
    for action in made.actions:
        entry = entries.get(action.label)
        if entry is None:
            yield Result(action, Outcome.SKIPPED, action.number, "The run ended before it.", remedy)
        elif entry.outcome is None:
            message = "The run ended while it was written: it may or may not be done."
            yield Result(action, Outcome.UNKNOWN, action.number, message, remedy)
        else:
            result = Result(action, entry.outcome, entry.number or action.number, entry.message, version=entry.version)
            yield replace(
                result, normalised=_stored(entry, action, taken=True), not_taken=_stored(entry, action, taken=False)
            )


def _stored(entry: Entry, action: Action, *, taken: bool) -> tuple[Change, ...]:
    """What the ERP stored otherwise than sent, as the reading back found it: in another form, or not taken at all."""
    from reconciler.core.plan import Cause, Change

    places = {change.path: change.source for change in action.changes}
    return tuple(
        Change(each.path, each.sent, each.stored, Cause.UNKNOWN, places.get(each.path))
        for each in entry.read_back or ()
        if each.taken is taken
    )


def done(run: Run) -> dict[str, Result]:
    """The results that stand, by label."""
    from reconciler.core.plan import Outcome

    return {each.action.label: each for each in run.results if each.outcome is Outcome.DONE}


def unsure(record: RunRecord) -> frozenset[str]:
    """Labels of what was going to be sent and is not done, as far as is known: it is looked up before it is sent.

    Whatever the journal says of it: a try that failed may have been followed by one that was not sent, and only the
    intent tells that there was one.
    """
    from reconciler.core.plan import Outcome

    return frozenset(
        each.label for each in record.entries if each.intent_at is not None and each.outcome is not Outcome.DONE
    )


# ---- going on ----


@dataclass(frozen=True, slots=True)
class Begun:
    """The journal of a run that begins or goes on, and what an earlier try did and may have done."""

    journal: Journal | None
    already: Mapping[str, Result] = field(default_factory=dict)
    open_labels: frozenset[str] = frozenset()


def begin(store: Store, made: Plan, *, keep: int) -> Begun:
    """Begin the plan's run; a saved plan that was begun before goes on where that ended. Raises Refused.

    keep: how many runs the state keeps.
    """
    if made.is_empty:
        return Begun(None)
    earlier = next((each for each in store.runs.all() if each.digest == made.digest), None)
    return Begun(store.runs.begin(made, keep=keep)) if earlier is None else go_on(store, earlier, made)


def go_on(store: Store, info: RunInfo, made: Plan) -> Begun:
    """Go on with a run. Raises Refused when another one wrote since: its plan is no longer what the ERP needs."""
    from reconciler.core.errors import Refused

    if newer := _overtaken_by(store, info):
        raise Refused(
            f"Run {info.id} was overtaken by run {newer.id}, which wrote to the same company",
            remedy="Plan and apply anew: what is still to do is found by comparing.",
        )
    record = store.runs.get(info.id)
    return Begun(store.runs.resume(info.id), done(past(record, made)), unsure(record))


def _overtaken_by(store: Store, info: RunInfo) -> RunInfo | None:
    for each in store.runs.all():
        if each.id == info.id:
            return None
        if _place(each) == _place(info) and _wrote(each):
            return each
    return None


def _wrote(info: RunInfo) -> bool:
    from reconciler.core.plan import Outcome

    return bool(info.open) or not {Outcome.DONE, Outcome.UNKNOWN}.isdisjoint(info.outcomes)


def _place(info: RunInfo) -> tuple[str, str, str]:
    return info.environment, info.tenant_id, info.base_url


def resumable(store: Store, place: Target) -> RunInfo | None:
    """The newest run of the place, unless all of it is done."""
    from reconciler.state.sqlite.journal import RunStatus

    here = (place.environment, place.tenant_id, place.base_url)
    newest = next((each for each in store.runs.all() if _place(each) == here), None)
    return None if newest is None or newest.status is RunStatus.DONE else newest


# ---- before anything is read ----


def settle(
    session: Session, store: Store, place: Target, sleep: Callable[[float], None], *, no_wait: bool = False
) -> None:
    """Under the lock: close the runs of dead processes, and wait for creates that the ERP may still be at work on.

    Such a customer cannot be seen yet: planned or looked up too early it would be created twice. One whose number the
    ERP keeps would be refused, and an update has its version. Raises NotSent with no_wait, or when stopped: whatever
    comes next waits for what is left.
    """
    from reconciler.core.errors import NotSent
    from reconciler.reports.wording import duration

    for each in store.runs.close_dead():
        session.say(f"Run {each.id} of {each.started_at} was cut short; see: reconciler runs show {each.id}")
    longest = session.settings.api.longest_answer
    waits = list(_waits(store, place, longest))
    if not waits:
        return
    seconds, label, run_id = max(waits)
    why = f"the ERP may still be creating {label} of run {run_id}, which can take {duration(longest)}"
    if no_wait:
        raise NotSent(f"Not begun: {why}", remedy=f"Try again in {duration(seconds)}, or without --no-wait.")
    session.say(f"Waiting {duration(seconds)}: {why}")
    sleep(seconds)


def _waits(store: Store, place: Target, longest: float) -> Iterator[tuple[float, str, str]]:
    """(seconds, label, run) for each create that was sent less than `longest` seconds ago, its end unknown."""
    now = datetime.now(UTC)
    here = (place.environment, place.tenant_id, place.base_url)
    for info in store.runs.all():
        if info.finished_at is not None and _age(info.finished_at, now) > longest:
            continue  # whatever it sent, it sent before that
        if _place(info) != here or not _is_unclear(info):
            continue
        record = store.runs.get(info.id)
        doubling = _doubling(record)
        for each in record.entries:
            if each.intent_at and each.outcome in doubling.get(each.label, ()):
                left = longest - _age(each.intent_at, now)
                if left > 0:
                    yield min(left, longest), each.label, info.id


def _is_unclear(info: RunInfo) -> bool:
    from reconciler.core.plan import Outcome

    return bool(info.open) or Outcome.UNKNOWN in info.outcomes


def _doubling(record: RunRecord) -> dict[str, tuple[Outcome | None, ...]]:
    """The run's creates that the ERP might do twice, by label, with the ends after which it may still be at work.

    Those that it numbers. It may also number a customer whose number is declared (fact sheet 12.3), unless it was seen
    to keep such a number: that counts where the answer failed to come, not where only this process was killed.
    """
    from reconciler.core.normalise import number_key
    from reconciler.core.plan import Outcome, Verb

    creates = {each.label: each for each in record.plan().actions if each.action is Verb.CREATE}
    kept = any(
        number_key(each.number or "") == number_key(creates[each.label].number or "")
        for each in record.entries
        if each.label in creates and each.outcome is Outcome.DONE
    )
    numbered = () if kept else (Outcome.UNKNOWN,)
    return {label: (None, Outcome.UNKNOWN) if each.number is None else numbered for label, each in creates.items()}


def check_unclear(store: Store, made: Plan) -> None:
    """Refuse to create again what an earlier run may have created, so that its declaration does not find it.

    A customer whose number, name or ids the ERP stored otherwise is not found by them: the plan cannot but ask for it
    once more. One that looked like it before that run is not its doing. Raises Refused.
    """
    from reconciler.core.errors import Refused
    from reconciler.core.plan import Outcome

    here = (made.environment, made.tenant_id, made.base_url)
    suspects = {each.label: each for each in made.actions if each.alike}
    for info in store.runs.all() if suspects else ():
        if _place(info) != here or info.digest == made.digest or not _is_unclear(info):
            continue
        record = store.runs.get(info.id)
        before = {each.label: each.alike for each in record.plan().actions}
        for entry in record.entries:
            action = suspects.get(entry.label) if entry.outcome in (None, Outcome.UNKNOWN) else None
            new = [] if action is None else [each for each in action.alike if each not in before.get(entry.label, ())]
            if new:
                raise Refused(
                    f"{entry.label} may have been created by run {info.id} as {', '.join(new)}: that looks like it",
                    remedy=f'Look at it. If it is that one, declare number: "{new[0]}"; if not, --force creates it.',
                )


def _age(moment: str, now: datetime) -> float:
    return (now - datetime.fromisoformat(moment)).total_seconds()
