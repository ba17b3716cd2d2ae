"""A look at the live customers as they are now, before creates: what is there already is not made again.

The plan may be old, may have been used before on a machine that is gone, and clerks and other jobs go on meanwhile. One
list request shows what was created or changed since the plan was made; it serves all creates of the run. The same look
after the writes shows what another job made at the same time (docs/guarantees.md).
"""

from __future__ import annotations

import contextlib
import threading
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from reconciler.core.diagnostics import Diagnostic, Severity
from reconciler.core.doubts import Doubts, ids_of
from reconciler.core.errors import ErpError, NotFound, NotSent
from reconciler.core.live import Live
from reconciler.core.normalise import number_key
from reconciler.core.plan import DOUBLED, Action, Outcome, Result, Verb
from reconciler.core.ports import Erp, Need, Touched
from reconciler.core.sameness import Mark, Side, marks, sameness
from reconciler.resources.grammar import Resource
from reconciler.resources.values import Values, parse_path, put

_UNREADABLE = "Look at it in the ERP, save it again, and plan once more."


class _Look:
    """What one look found: customers with their values, by what they can be recognised by, in the ERP's order."""

    def __init__(self, touched: Touched, resource: Resource) -> None:
        self.doubts = touched.doubts
        self._by_mark: dict[Mark, dict[int, Live]] = defaultdict(dict)
        self._outside: dict[tuple[Mark, tuple[frozenset[str], ...]], dict[int, Live]] = {}
        for at, customer in enumerate(live.unpacked() for live in touched.customers):
            for mark in marks(Side(customer.values, customer.number), resource):
                self._by_mark[mark][at] = customer

    def near(self, action: Action) -> list[Live]:
        """The customers that may be the one to create: no other has a mark in common with it. Those of its groups are
        not among them: the reviewer agreed to have them beside it."""
        near: dict[int, Live] = {}
        for mark in marks(_side(action), action.table):
            near |= self._without_groups(mark, action.alike_groups)
        return [near[at] for at in sorted(near)]

    def _without_groups(self, mark: Mark, groups: tuple[frozenset[str], ...]) -> dict[int, Live]:
        """Who has the mark and is in none of the groups, worked out once for all creates that share them."""
        customers = self._by_mark.get(mark, {})
        if not customers or not groups:
            return customers
        if (mark, groups) not in self._outside:
            known = frozenset().union(*groups)
            self._outside[mark, groups] = {at: live for at, live in customers.items() if live.number not in known}
        return self._outside[mark, groups]


@dataclass
class Presence:
    """What the ERP holds of the customers that a run creates. Thread-safe.

    since: UTC, ISO 8601, by the ERP's clock: what stood there before is known to the plan (`Action.alike`).
    """

    erp: Erp
    actions: Collection[Action]
    since: str
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _seen: _Look | None = None

    def prepare(self, waiting: Iterable[Action]) -> None:
        """Look before anything is written, if something is to be created: a list that changes under its reading is read
        again and again. Where that fails, each create looks for itself, and says why it was not sent."""
        if any(action.action is Verb.CREATE for action in waiting):
            with contextlib.suppress(ErpError):
                self._look()

    def existing(self, action: Action, own: Collection[str]) -> Result | None:
        """How a create ends whose customer is there already; None when it is not. Nothing is sent then.

        own: `number_key`s of customers that this run itself made. A look that fails ends the create too, unsent.
        """
        try:
            look = self._look()
            doubts = self._asked(action, look.doubts)
        except NotSent as error:
            return Result(action, Outcome.SKIPPED, action.number, f"{error}.", error.remedy)
        except ErpError as error:
            message = f"whether it is there already could not be looked up, so it was not sent: {error}"
            return Result(action, Outcome.FAILED, action.number, message, error.remedy)
        expected = self._expected(own) | set(map(number_key, action.same_as))
        for customer in look.near(action):
            if number_key(customer.number) in expected:
                continue
            if customer.number in action.alike and not self._is_twin(action, customer):
                continue  # the reviewer agreed to have it beside the new one
            if reason := _same(action, customer):
                return exists(action, customer.number, reason)
        beside = () if doubts.is_sure else action.look_alikes
        if doubt := doubts.about_new(action.number, ids_of(_side(action).values), beside):
            return Result(action, Outcome.SKIPPED, action.number, f"{doubt}, so nothing was sent.", _UNREADABLE)
        return None

    def _expected(self, own: Collection[str]) -> frozenset[str]:
        """The `number_key`s of what the run itself made, and of what it changes: that may get the same id by it, which
        the plan has shown."""
        changed = (planned for planned in self.actions if planned.action is not Verb.CREATE)
        return frozenset({*own, *(number_key(number) for planned in changed for number in planned.numbers)})

    def _asked(self, action: Action, doubts: Doubts) -> Doubts:
        """The doubts once the ERP was asked for a declared number that a short list may lack."""
        if not doubts.is_short or action.number is None:
            return doubts
        try:
            self.erp.customer(action.number, Need(frozenset({action.table.label}), {}))
        except NotFound:
            return replace(doubts, absent=frozenset({number_key(action.number)}))
        return doubts

    def _look(self) -> _Look:
        with self._lock:
            if self._seen is None:
                self._seen = self._read()
            return self._seen

    def _read(self) -> _Look:
        resource = self._resource
        members = resource.always | resource.recognised_by | {resource.label}
        return _Look(self.erp.touched_since(self.since, Need(frozenset(members), {})), resource)

    @property
    def _resource(self) -> Resource:
        return next(action.table for action in self.actions if action.action is Verb.CREATE)

    def doubled(self, results: Iterable[Result]) -> tuple[Diagnostic, ...]:
        """The customers that this run created and another job or a clerk too, found by reading the ids once more.

        Raises ErpError.
        """
        creates = [r for r in results if r.outcome is Outcome.DONE and r.action.action is Verb.CREATE]
        if not creates:
            return ()
        return tuple(self._doubles(creates, self._read()))

    def _doubles(self, creates: Collection[Result], look: _Look) -> Iterator[Diagnostic]:
        expected = self._expected({number_key(result.number) for result in creates if result.number})
        for result in creates:
            action = result.action
            meant = {*action.alike, *map(number_key, (*action.alike, *action.same_as)), *expected}
            for customer in look.near(action):
                if number_key(customer.number) not in meant and (reason := _same(action, customer)):
                    yield _double(result, customer.number, reason)

    def _is_twin(self, action: Action, customer: Live) -> bool:
        """Whether nothing tells the two apart: a create with an address and without ids, and a customer that was
        created since the plan was made, less two days, with the same name and address. No consent covers that: it may
        be the create itself, sent by a job that nobody remembers."""
        side = _side(action)
        has_place = any(side.values.get(path[0]) for path in action.table.postal_codes)
        if ids_of(side.values) or not has_place or not self._is_recent(customer):
            return False
        reason = sameness(side, Side(customer.values, customer.number), action.table)
        return reason is not None and reason.path == (action.table.label,)

    def _is_recent(self, customer: Live) -> bool:
        """Two days: one for the look back, one for the zone of the ERP's clock, which is unknown (Q11)."""
        earliest = date.fromisoformat(self.since[:10]) - timedelta(days=2)
        return customer.created is None or customer.created[:10] >= earliest.isoformat()


def exists(action: Action, number: str, reason: str) -> Result:
    """The customer is there already, and not by this run's hand."""
    message = (
        f"customer {number} {reason} already; it is not known who made it (a clerk, another job, or this plan if it was"
        " applied before), and nothing was sent"
    )
    return Result(action, Outcome.EXISTS, number, message, exists_remedy(action, number, message))


def exists_remedy(action: Action, number: str, message: str) -> str:
    """What to do about a customer that is there already. message: the result's, which says how it was recognised."""
    if action.number is not None and number_key(action.number) == number_key(number):
        return (
            "If it is this customer, plan again: the two are compared then. If it is another one, declare a new number."
        )
    is_sure = any(f"has the same {member} already" in message for member in action.table.match)
    found = "a new plan finds it by its id. Or " if action.number is None and is_sure else ""
    return (
        f'If it is this customer, {found}declare number: "{number}". If both are meant, say so:'
        f' lifecycle: {{same_as: ["{number}"]}}. Then plan again.'
    )


def _double(result: Result, other: str, reason: str) -> Diagnostic:
    return Diagnostic(
        Severity.ERROR,
        DOUBLED,
        f"{result.number} was created, and {other}, entered or changed at the same time, {reason}",
        remedy="Decide which one stays, make the other Inactive in the ERP, and declare the one that stays. If both are"
        f' meant, say so: lifecycle: {{same_as: ["{other}"]}}.',
        source=result.action.source,
    )


def _side(action: Action) -> Side:
    """The customer that a create makes, as it compares with another."""
    values: Values = {}
    for change in action.changes:
        put(values, parse_path(change.path), change.after)
    return Side(values, action.number)


def _same(action: Action, customer: Live) -> str:
    """Why the live customer is, or seems to be, the one to create; or nothing. By the rule of finding P511."""
    if action.number is not None and number_key(action.number) == number_key(customer.number):
        return "has this number"
    reason = sameness(_side(action), Side(customer.values, customer.number), action.table)
    return f"has {reason.by}" if reason is not None else ""
