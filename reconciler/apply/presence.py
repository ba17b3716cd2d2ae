"""A look at the live customers as they are now, before creates: what is there already is not made again.

The plan may be old, may have been used before on a machine that is gone, and clerks and other jobs go on meanwhile. One
list request shows what was created or changed since the plan was made; it serves all creates of the run. The same look
after the writes shows what another job made at the same time (docs/guarantees.md).
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from reconciler.core.diagnostics import Diagnostic, Severity
from reconciler.core.errors import ErpError, NotSent
from reconciler.core.identity_key import identity_key, name_key
from reconciler.core.live import Live
from reconciler.core.normalise import number_key, satisfied
from reconciler.core.plan import DOUBLED, Action, Outcome, Result, Verb
from reconciler.core.ports import Erp, Need
from reconciler.resources.values import get, parse_path

_REMEDY = (
    'If it is this customer, declare number: "{number}" (a ref finds it by its id). If both are meant, say so:'
    ' lifecycle: {{same_as: ["{number}"]}}. Then plan again.'
)


@dataclass
class Presence:
    """What the ERP holds of the customers that a run creates. Thread-safe.

    since: UTC, ISO 8601, by the ERP's clock: what stood there before is known to the plan (`Action.alike`).
    """

    erp: Erp
    actions: Collection[Action]
    since: str
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _customers: tuple[Live, ...] | None = None

    def existing(self, action: Action, own: Collection[str]) -> Result | None:
        """How a create ends whose customer is there already; None when it is not. Nothing is sent then.

        own: `number_key`s of customers that this run itself made. A look that fails ends the create too, unsent.
        """
        try:
            customers = self._look()
        except NotSent as error:
            return Result(action, Outcome.SKIPPED, action.number, f"{error}.", error.remedy)
        except ErpError as error:
            message = f"whether it is there already could not be looked up, so it was not sent: {error}"
            return Result(action, Outcome.FAILED, action.number, message, error.remedy)
        # what this run updates may get the same id by it, which the plan has shown
        changed = (planned for planned in self.actions if planned.action is not Verb.CREATE)
        updated = {number_key(number) for planned in changed for number in planned.numbers}
        for customer in customers:
            if number_key(customer.number) in {*own, *updated} or customer.number in action.alike:
                continue
            if reason := _same(action, customer):
                return exists(action, customer.number, reason)
        return None

    def _look(self) -> tuple[Live, ...]:
        with self._lock:
            if self._customers is None:
                self._customers = self._read()
            return self._customers

    def _read(self) -> tuple[Live, ...]:
        creates = [action for action in self.actions if action.action is Verb.CREATE]
        resource = creates[0].table
        members = resource.always | resource.match_set | {resource.label} | {path[0] for path in resource.postal_codes}
        return tuple(self.erp.touched_since(self.since, Need(frozenset(members), {})))

    def doubled(self, results: Iterable[Result]) -> tuple[Diagnostic, ...]:
        """The customers that this run created and another job or a clerk too, found by reading the ids once more.

        Raises ErpError.
        """
        made = [r for r in results if r.outcome is Outcome.DONE and r.action.action is Verb.CREATE and _ids(r.action)]
        if not made:
            return ()
        own = {result.number for result in made}
        customers = [customer for customer in self._read() if customer.number not in own]
        return tuple(_doubles(made, customers))


def exists(action: Action, number: str, reason: str) -> Result:
    """The customer is there already, and not by this run's hand."""
    message = f"customer {number} {reason} already; it is not known who made it, and nothing was sent"
    return Result(action, Outcome.EXISTS, number, message, _REMEDY.format(number=number))


def _doubles(made: Iterable[Result], customers: Iterable[Live]) -> Iterator[Diagnostic]:
    holders: dict[tuple[str, str], list[str]] = defaultdict(list)
    for customer in customers:
        for member in _members_of(customer):
            holders[member].append(customer.number)
    for result in made:
        others = {number for mark in _ids(result.action).items() for number in holders[mark]} - {*result.action.alike}
        if others:
            numbers = ", ".join(sorted(others))
            yield Diagnostic(
                Severity.ERROR,
                DOUBLED,
                f"{result.number} was created, and {numbers} has the same id: it was entered at the same time",
                remedy="Decide which one stays, make the other Inactive in the ERP, and declare the one that stays.",
                source=result.action.source,
            )


def _members_of(customer: Live) -> Iterator[tuple[str, str]]:
    """The ids of a live customer, by member, as they compare."""
    values = customer.unpacked().values
    for member, value in values.items():
        if isinstance(value, str) and (key := identity_key(value)):
            yield member, key


def _ids(action: Action) -> Mapping[str, str]:
    """The ids that a create declares, by member, as they compare."""
    declared = {change.path: change.after for change in action.changes}
    return {
        member: key
        for member in action.table.match
        if isinstance(value := declared.get(member), str) and (key := identity_key(value))
    }


def _same(action: Action, customer: Live) -> str:
    """Why the live customer is the one to create, or nothing."""
    if action.number is not None and number_key(action.number) == number_key(customer.number):
        return "has this number"
    values = customer.unpacked().values
    ids = _ids(action)
    for member, key in ids.items():
        stored = values.get(member)
        if isinstance(stored, str) and identity_key(stored) == key:
            return f"has the same {member}"
    if (
        not ids
        and name_key(action.name) == name_key(str(values.get(action.table.label) or ""))
        and _same_address(action, values)
    ):
        return "has the same name and main address"
    return ""


def _same_address(action: Action, values: Mapping[str, object]) -> bool:
    """Whether what is declared of the address that names a place is what the live customer has."""
    groups = {path[0] for path in action.table.postal_codes}
    for change in action.changes:
        path = parse_path(change.path)
        row = action.table.leaf(path)
        if path[0] not in groups or row is None or change.after is None:
            continue
        now = get(values, path)
        if isinstance(now, dict) or not satisfied(row, change.after, now):  # type: ignore[arg-type]  # a leaf
            return False
    return True
