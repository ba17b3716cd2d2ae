"""One write, safely: what is unclear is looked up before anything is repeated, and never guessed."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from reconciler.apply.presence import exists
from reconciler.core.errors import (
    AnswerLost,
    AuthenticationFailed,
    Conflict,
    ErpError,
    NotFound,
    NotSent,
    PermissionDenied,
    RateLimited,
    Rejected,
    ServerFailed,
    UnexpectedAnswer,
    Unreachable,
)
from reconciler.core.live import Live
from reconciler.core.lookalikes import could_be_result_of, is_as_wanted, looks_like
from reconciler.core.normalise import number_key, same
from reconciler.core.plan import FOUND, Action, Cause, Change, Outcome, Result, Verb
from reconciler.core.ports import Erp, Need
from reconciler.resources.customer import KEEPS_NUMBER
from reconciler.resources.grammar import Resource
from reconciler.resources.values import Path, get, parse_path, render_path

TRIES = 3
"""How often a create or a renumbering is sent at most; each time but the first only after the ERP showed that it is not
done."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How an action ended, and why no other needs to be tried, or nothing."""

    result: Result
    hopeless: str = ""


class Claims:
    """What the creates of a run know of each other: one customer is never taken for the doing of two. Thread-safe.

    numbers: those that an earlier try of the run was given. actions: all of the run.
    """

    def __init__(self, numbers: Iterable[str] = (), actions: Iterable[Action] = ()) -> None:
        self._keys = {number_key(number) for number in numbers}
        self._names = Counter(action.name for action in actions if action.action is Verb.CREATE)
        self._lock = threading.Lock()
        self.keeps_numbers = False
        """Whether the ERP was seen to keep a declared number: a create with one is then never done twice."""

    def take(self, number: str) -> bool:
        """Whether the number is free for one that asks; it is not any more."""
        with self._lock:
            free = number_key(number) not in self._keys
            self._keys.add(number_key(number))
            return free

    def numbers(self) -> frozenset[str]:
        """The customers that this run itself made, by `number_key`."""
        with self._lock:
            return frozenset(self._keys)

    def is_alone(self, action: Action) -> bool:
        """Whether no other create of the run has the name: then what looks like it can be no other's doing."""
        return self._names[action.name] <= 1

    def __contains__(self, number: str) -> bool:
        with self._lock:
            return number_key(number) in self._keys


def overtaken(action: Action, erp: Erp) -> Ended | None:
    """A conflict when a value that the update replaces is no longer the one that the plan saw; None when all are.

    Read right before the update, for what the version may not protect: an edit of an address or a contact perhaps
    leaves it as it is (fact sheet Q10). What ends here was not sent; nor is one that cannot be read.
    """
    try:
        return _overtaken(action, erp.customer(action.number or "", _need(action)))
    except NotFound as error:
        return Ended(_gone(action, error))
    except NotSent as error:
        return Ended(_not_sent(action, error), hopeless(error))
    except ErpError as error:
        message = f"it could not be read once more, so it was not sent: {_message(error)}"
        return Ended(Result(action, Outcome.FAILED, action.number, message, error.remedy), hopeless(error))


def write(
    action: Action,
    erp: Erp,
    *,
    since: str,
    may_be_done: bool = False,
    claims: Claims | None = None,
    existing: Callable[[], Ended | None] = lambda: None,
    recheck: bool = False,
    renumbered: bool = False,
) -> Ended:
    """Send the action's request, and settle it if its answer is unclear.

    since: UTC, ISO 8601, by the ERP's clock; customers created before that are not this action's doing. may_be_done: an
    earlier run was going to send it, and its end is not known: then it is looked up first. claims: shared by the
    actions of a run. existing: how a create ends that may be done and is not, since its customer is there all the same.
    recheck: whether that look must find the values that the plan saw, too, and not only the version.
    renumbered: whether the run has given the customer another number, and with it perhaps another version.
    """
    try:
        if action.action is Verb.CREATE:
            return _create(action, _Finder(action, erp, since, claims or Claims()), existing if may_be_done else None)
        if renumbered:
            return _update_renumbered(action, erp)
        return _update(action, erp, may_be_done=may_be_done, recheck=recheck)
    except NotFound as error:
        return Ended(_gone(action, error)) if action.action is Verb.UPDATE else ended_by(action, error)
    except ErpError as error:
        return ended_by(action, error)


def ended_by(action: Action, error: ErpError) -> Ended:
    """How an action ends that the ERP surely did not do."""
    result = _not_sent(action, error) if isinstance(error, NotSent) else _failed(action, error)
    return Ended(result, hopeless(error))


def _not_sent(action: Action, error: NotSent) -> Result:
    return Result(action, Outcome.SKIPPED, action.number, f"{error}.", error.remedy)


def _gone(action: Action, error: NotFound) -> Result:
    """A customer that the plan saw, and that the ERP does not know by its number any more."""
    what = f"the ERP has no customer {action.number} any more: it was renumbered or removed since the plan was made"
    remedy = (
        "Look in the ERP whether it goes by another number now. If so, declare that number;"
        " otherwise take the declaration away. Then plan again."
    )
    return Result(action, Outcome.FAILED, action.number, _with_reference(what, error), remedy)


def hopeless(error: ErpError) -> str:
    """Why no other action needs to be tried after this error, or nothing."""
    if isinstance(error, NotSent):
        return str(error)
    return next((reason for kind, reason in _HOPELESS.items() if isinstance(error, kind)), "")


_HOPELESS: dict[type[ErpError], str] = {
    AuthenticationFailed: "the ERP refuses the credentials",
    PermissionDenied: "the ERP refuses the permission",
    RateLimited: "the ERP's rate limit is used up",
    Unreachable: "the ERP cannot be reached",
}


# ---- updates ----


def _update(action: Action, erp: Erp, *, may_be_done: bool, recheck: bool) -> Ended:
    """A PUT carries the version that the plan saw: sent twice it does no harm."""
    if may_be_done:
        live = _read_if_possible(action, erp)
        if isinstance(live, ErpError):
            return Ended(left_unclear(action, live), hopeless(live))
        ended = _settled_update(action, live) or (_overtaken(action, live) if recheck else None)
        if ended is not None:
            return ended
    try:
        sent = erp.send(action.request)
    except Conflict as error:
        live = _read_if_possible(action, erp)
        if isinstance(live, ErpError):
            return Ended(_conflict(action, None))
        if is_as_wanted(action, live):
            note = "" if error.after_lost else "it was so already"
            return Ended(Result(action, Outcome.DONE, live.number, note, version=live.version))
        return Ended(_conflict(action, live))
    except (AnswerLost, ServerFailed, UnexpectedAnswer) as error:
        if not is_unclear(error):
            raise
        live = _read_if_possible(action, erp)
        if isinstance(live, ErpError):
            return Ended(left_unclear(action, error), hopeless(live))
        queued = isinstance(error, UnexpectedAnswer)
        return _settled_update(action, live) or Ended(left_unclear(action, error) if queued else _failed(action, error))
    return Ended(Result(action, Outcome.DONE, sent.number, version=sent.version))


def _update_renumbered(action: Action, erp: Erp) -> Ended:
    """The version that the plan saw is from before the renumbering, and perhaps no longer the customer's (fact sheet of
    the neighbours, N18): it is read anew, with the values, which must be those that the plan saw."""
    live = erp.customer(action.number or "", _need(action))
    if is_as_wanted(action, live):
        return Ended(Result(action, Outcome.DONE, live.number, "it was so already", version=live.version))
    if _moved(action, live):
        return Ended(_conflict(action, live))
    renewed = replace(action, request=replace(action.request, if_match=live.version))
    ended = _update(renewed, erp, may_be_done=False, recheck=False)
    return replace(ended, result=replace(ended.result, action=action))


def _settled_update(action: Action, live: Live) -> Ended | None:
    """Done, or a conflict; None when nothing has happened to the customer since the plan."""
    if is_as_wanted(action, live):
        return Ended(Result(action, Outcome.DONE, live.number, version=live.version))
    if live.version == action.request.if_match:
        return None
    return Ended(_conflict(action, live))


def _overtaken(action: Action, live: Live) -> Ended | None:
    """Where somebody did the same, the update may go on: it changes nothing then."""
    return None if is_as_wanted(action, live) or not _moved(action, live) else Ended(_conflict(action, live))


def _conflict(action: Action, live: Live | None) -> Result:
    message = "it was changed in the ERP since the plan was made, so it was left as it is"
    moved = () if live is None else _moved(action, live)
    return Result(action, Outcome.CONFLICT, action.number, message, "Make a new plan.", moved=moved)


def _moved(action: Action, live: Live) -> tuple[Change, ...]:
    """Fields of the plan whose live value is no longer the one that it saw."""
    live = live.unpacked()
    moved = []
    for change in action.changes:
        for path, before in _seen(change, live, action.table):
            row, now = action.table.leaf(path), get(live.values, path)
            if row is None or not row.is_compared or isinstance(now, dict) or path[0] not in live.values:
                continue
            if not same(row, before, now):  # type: ignore[arg-type]  # leaves both
                moved.append(Change(render_path(path), before, now, Cause.DRIFT, change.source))
    return tuple(moved)


def _seen(change: Change, live: Live, resource: Resource) -> Iterator[tuple[Path, object]]:
    """What the plan saw, leaf by leaf: of a line that it deletes, each member; nothing once the line is gone."""
    path = parse_path(change.path)
    if resource.leaf(path) is not None:
        yield path, change.before
        return
    line, now = change.before, get(live.values, path)
    if isinstance(line, dict) and isinstance(now, dict):
        for member in dict.fromkeys((*line, *now)):
            yield (*path, member), line.get(member)


# ---- creates ----


def _create(action: Action, finder: _Finder, existing: Callable[[], Ended | None] | None) -> Ended:
    """A POST has no key by which the ERP could tell a repetition (fact sheet 10): look before each further try.

    existing: given for what an earlier try may have done; see `write`.
    """
    unclear: ErpError | None = None
    for attempt in range(TRIES):
        if attempt or existing:
            ended = finder.look(unclear) or (existing() if existing and not attempt else None)
            if ended is not None:
                return ended
            if unclear is not None and _would_double(action, unclear, finder.claims):
                break
        try:
            sent = finder.erp.send(action.request)
        except ErpError as error:
            if is_unclear(error):
                unclear = error
                continue
            if isinstance(error, Rejected) and (unclear or existing):  # "exists already" may speak of our own
                return finder.look(unclear) or Ended(_failed(action, error))
            if isinstance(error, Rejected) and unclear is None and finder.has_number():
                return Ended(exists(action, action.number or "", "has this number"))
            if isinstance(error, Rejected) and unclear is None and action.number is None:
                return Ended(replace(_failed(action, error), remedy=_WANTS_NUMBER))
            if unclear is None:
                raise
            return Ended(left_unclear(action, unclear), hopeless(error))
        finder.claims.take(sent.number)
        finder.claims.keeps_numbers |= _is_as_numbered(action, sent.number)
        return _created(action, sent.number, sent.version)
    assert unclear is not None, "a try either returns or is unclear"
    return finder.look(unclear) or Ended(
        _failed(action, unclear) if _was_answered(unclear) else left_unclear(action, unclear)
    )


_WANTS_NUMBER = (
    "If the ERP wants a number, it does not number customers itself: declare number beside the ref, or switch on"
    " automatic numbering of customers in the ERP. Otherwise correct what it names."
)


def _was_answered(error: ErpError) -> bool:
    """Whether the ERP itself said that it failed: then a customer that is not there was not created."""
    return isinstance(error, ServerFailed)


def _would_double(action: Action, unclear: ErpError, claims: Claims) -> bool:
    """Whether the ERP may still be at work on the create and number it itself: a second one would not be refused.

    It may number also what has a number (fact sheet 12.3), unless it was seen not to. Where the answer broke off
    rather than failed to come, such a one is taken to be done or dropped: the look has told which.
    """
    if action.number is None:
        return True
    return isinstance(unclear, AnswerLost) and unclear.late and not claims.keeps_numbers


def _is_as_numbered(action: Action, number: str) -> bool:
    return action.number is not None and number_key(action.number) == number_key(number)


def _created(action: Action, number: str, version: str | None) -> Ended:
    if action.number is None or _is_as_numbered(action, number):
        return Ended(Result(action, Outcome.DONE, number, version=version))
    message = f"the ERP numbered it {number}, not {action.number}"
    remedy = (
        f'Declare number: "{number}", or give new customers a ref and no number;'
        f" {KEEPS_NUMBER}: true keeps a number where the number series allows it."
    )
    result = Result(action, Outcome.DONE, number, message, remedy, version=version)
    return Ended(result, "the ERP numbers customers itself, and would number the next ones otherwise too")


@dataclass(frozen=True, slots=True)
class _Finder:
    """Looks for what a create may have done."""

    action: Action
    erp: Erp
    since: str
    claims: Claims

    def look(self, unclear: ErpError | None) -> Ended | None:
        """What the ERP has of the action; None when it surely does not have it. What cannot be looked up is unknown.

        unclear: what became of the last try.
        """
        try:
            return self._by_number() or self._by_looks()
        except ErpError as error:
            return Ended(left_unclear(self.action, unclear or error), hopeless(error))

    def has_number(self) -> bool:
        """Whether the ERP has a customer with the declared number now: then that is why it refused."""
        try:
            return self.action.number is not None and bool(self.erp.customer(self.action.number, _need(self.action)))
        except ErpError:
            return False

    def _by_number(self) -> Ended | None:
        if self.action.number is None:
            return None
        try:
            live = self.erp.customer(self.action.number, _need(self.action))
        except NotFound:
            return None
        self.claims.take(live.number)
        return _found(self.action, live)

    def _by_looks(self) -> Ended | None:
        """Among the customers that were created since: not those of the run's other creates, nor any that was there
        when the plan was made (the ERP's answer reaches back a day). One that only may be ours is not taken, but
        then nothing is created beside it."""
        candidates = [
            live
            for live in self.erp.created_since(self.since, _need(self.action))
            if could_be_result_of(self.action, live)
            and live.number not in self.claims
            and not self.action.is_like(live.number)
        ]
        if not candidates:
            return None
        alike = [live for live in candidates if looks_like(self.action, live)]
        ours = self._ours(alike) if self.action.number is None else []
        if len(ours) == 1:
            return _found(self.action, ours[0]) if self.claims.take(ours[0].number) else None
        numbers = ", ".join(live.number for live in candidates)
        message = f"a customer like it was created in the meantime: {numbers}"
        return Ended(Result(self.action, Outcome.UNKNOWN, self.action.number, message, _LOOK))

    def _ours(self, candidates: list[Live]) -> list[Live]:
        """Those that have all our values. The ERP may have changed a value: ids by which the declaration would find the
        customer again are enough where no other create of the run could have made it."""
        numbers = (candidate.number for candidate in candidates[:_MOST])
        whole = [self.erp.customer(number, _need(self.action, number)) for number in numbers]
        ours = [live for live in whole if is_as_wanted(self.action, live)]
        return ours or (candidates if self._has_ids and self.claims.is_alone(self.action) else [])

    @property
    def _has_ids(self) -> bool:
        declared = {change.path for change in self.action.changes if change.after is not None}
        ids = self.action.table.match
        return self.action.match in ((), ids) and not declared.isdisjoint(ids)


_MOST = 20
"""Customers of one name that are looked at more closely."""

_LOOK = "Look at it, and declare its number."


def _found(action: Action, live: Live) -> Ended:
    """The customer is there. With all values it is ours; otherwise somebody else may have made it.

    Its version is not given as the write's: somebody may have changed it since.
    """
    if is_as_wanted(action, live) or could_be_result_of(action, live):
        return Ended(Result(action, Outcome.DONE, live.number, FOUND))
    message = "a customer with this number was created by somebody else since the plan was made"
    return Ended(Result(action, Outcome.CONFLICT, live.number, message, "Make a new plan.", moved=_moved(action, live)))


# ---- shared ----


def is_unclear(error: ErpError) -> bool:
    """Whether the write may be done, or be done later: also after a success of an unknown kind, such as 202."""
    if isinstance(error, UnexpectedAnswer):
        return error.status is not None and 200 <= error.status < 300
    return isinstance(error, AnswerLost | ServerFailed)


def _read_if_possible(action: Action, erp: Erp) -> Live | ErpError:
    try:
        return erp.customer(action.number or "", _need(action))
    except ErpError as error:
        return error


def _need(action: Action, number: str | None = None) -> Need:
    resource = action.table
    return Need.of([(number or action.number, action.fields)], (resource.label, *resource.match), resource)


def _failed(action: Action, error: ErpError) -> Result:
    return Result(action, Outcome.FAILED, action.number, _message(error), error.remedy)


def left_unclear(action: Action, error: ErpError) -> Result:
    """An action that may or may not be done."""
    remedy = "The write may or may not be done. Plan again: it looks the customer up, and shows what is still to do."
    return Result(action, Outcome.UNKNOWN, action.number, _message(error), remedy)


def _message(error: ErpError) -> str:
    return _with_reference(str(error), error)


def _with_reference(message: str, error: ErpError) -> str:
    return f"{message} (ERP reference {error.reference})" if error.reference else message
