"""After writing: read each touched customer, and tell where the ERP stored something else than it was sent."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Any

from reconciler.core.errors import ErpError, NotFound, TornView, UnexpectedAnswer
from reconciler.core.live import Live
from reconciler.core.normalise import number_key, satisfied
from reconciler.core.plan import CHANGED_AGAIN, Cause, Change, Outcome, Result, Verb
from reconciler.core.ports import Erp, Need
from reconciler.core.some_names import some_names
from reconciler.core.stored_forms import is_form
from reconciler.resources.grammar import Resource
from reconciler.resources.values import get, parse_path


@dataclass(frozen=True, slots=True)
class Checked:
    """The results with what the ERP normalised or did not take, the customers as they stand now by `number_key`, and
    what could not be read, with the reason."""

    results: tuple[Result, ...]
    live: dict[str, Live]
    unread: str = ""


def read_back(results: Iterable[Result], erp: Erp, *, list_requests: int, earlier: Collection[str] = ()) -> Checked:
    """Read the customers that were written, and compare.

    list_requests: what reading the whole list costs; with more customers than that the list is read. A failure to read
    changes no outcome: the writes are done. earlier: labels of actions that an earlier try of the run did: without the
    version that the write made, what differs there may be somebody's work since, and is not compared.
    """
    ended = tuple(results)
    done = [result for result in ended if result.outcome is Outcome.DONE and result.number]
    if not done:
        return Checked(ended, {})
    try:
        live, unreadable = _read(done, erp, list_requests)
    except ErpError as error:
        return Checked(ended, {}, str(error))
    compared = (
        result
        if result.action.label in earlier and result.version is None
        else _compared(result, live.get(number_key(result.number or "")))
        for result in ended
    )
    numbers = [result.number or "" for result in done if number_key(result.number or "") not in live]
    missing = [number for number in numbers if number_key(number) not in unreadable]
    reasons = [f"the ERP does not have {some_names(missing)} any more"] if missing else []
    reasons += [
        f"{number} cannot be read: {unreadable[number_key(number)]}" for number in numbers if number not in missing
    ]
    return Checked(tuple(compared), live, "; ".join(reasons))


def _read(done: list[Result], erp: Erp, list_requests: int) -> tuple[dict[str, Live], dict[str, str]]:
    """The customers by `number_key`, and why others cannot be read."""
    resource = done[0].action.table
    need = Need.of(((result.number, result.action.fields) for result in done), resource.always, resource)
    if len(done) > list_requests:
        written = {number_key(result.number or "") for result in done}
        view = erp.refresh(need)
        listed = {key: live for live in view.customers if (key := number_key(live.number)) in written}
        if view.doubts.is_short and listed.keys() != written:
            raise TornView("the ERP's list does not have all that it counts")
        return listed, {number_key(row.number): row.reason for row in view.doubts.unreadable if row.number is not None}
    customers: dict[str, Live] = {}
    unreadable: dict[str, str] = {}
    for result in done:
        number = result.number or ""
        if number_key(number) in customers:  # renumbered, and updated after that
            continue
        try:
            customers[number_key(number)] = erp.customer(number, need)
        except NotFound:
            continue
        except UnexpectedAnswer as error:
            unreadable[number_key(number)] = str(error)
    return customers, unreadable


def _compared(result: Result, live: Live | None) -> Result:
    if result.outcome is not Outcome.DONE or live is None:
        return result
    moved = result.version is not None and result.version != live.version
    if result.version is None and _is_as_created(result, live):
        result = replace(result, version=live.version)
    normalised: list[Change] = []
    not_taken: list[Change] = []
    live = live.unpacked()
    for change in result.action.changes:
        stored = _stored(change, live, result.action.table)
        if stored is not _AS_SENT:
            difference = Change(change.path, change.after, stored, Cause.UNKNOWN, change.source)
            (not_taken if _is_refused(change, stored) else normalised).append(difference)
    if moved and not_taken:
        result = replace(result, message=CHANGED_AGAIN, remedy="Plan again to see what the ERP holds now.")
    return replace(result, normalised=tuple(normalised), not_taken=tuple(not_taken))


def _is_as_created(result: Result, live: Live) -> bool:
    """Whether the customer is as the create left it, although its answer told no version (fact sheet 14, Q9).

    Its times must be one and the same, to a part of a second: an edit in the same second would not be seen otherwise.
    """
    is_ours = result.action.action is Verb.CREATE and not result.is_found
    return is_ours and live.created is not None and "." in live.created and live.created == live.modified


_AS_SENT = object()


def _stored(change: Change, live: Live, resource: Resource) -> Any:
    """What the ERP has stored instead of what it was sent; `_AS_SENT` where it is that, or where that is not known."""
    path = parse_path(change.path)
    row, now = resource.leaf(path), get(live.values, path)
    if path[0] not in live.values or (row is not None and not row.is_compared):
        return _AS_SENT
    if row is None:  # a line that was to be deleted
        return _AS_SENT if now is None else now
    if isinstance(now, dict) or satisfied(row, change.after, now):  # type: ignore[arg-type]  # a leaf
        return _AS_SENT
    return now


def _is_refused(change: Change, stored: Any) -> bool:
    """Whether that is no form of what was sent: the value from before, one that was to be cleared, or another."""
    return stored is None or change.after is None or stored == change.before or not is_form(change.after, stored)
