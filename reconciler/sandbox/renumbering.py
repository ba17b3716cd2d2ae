"""The action changeCustomerCd: done at once, later, or not at all (docs/neighbours-api.md 6, N17, N18).

An action that is queued waits in the company's file, so it ends even if the client or the server is
restarted. The API has no way to ask for an action by its id; a client looks at the customer.
"""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from reconciler.sandbox.clock import moment_text
from reconciler.sandbox.customer_dto import StoredCustomer
from reconciler.sandbox.record_checks import fit_lengths
from reconciler.sandbox.refusals import Refusal, record_errors

if TYPE_CHECKING:
    from reconciler.sandbox.company_store import CompanyStore

_WAITING: Final = ("Queued", "InProcess")


class ActionResult(NamedTuple):
    """What the action answers; `error` is empty unless it failed."""

    result: str
    error: str = ""

    def as_dict(self) -> dict[str, str]:
        """The body of the answer."""
        return {"actionId": str(uuid.uuid4()), "actionResult": self.result, "errorInfo": self.error}


def change_number(store: CompanyStore, customer: StoredCustomer, new: str) -> StoredCustomer:
    """Give the customer the number; its internal id stays and its children follow. Raises Refusal."""
    patch = {"number": store.normal_number(new)}
    reasons = fit_lengths(patch, store.switches)
    new = patch["number"]
    with store.transaction():
        if not new:
            reasons.append("'Customer ID' cannot be empty.")
        elif store.has(new):
            reasons.append(f"'Customer ID' '{new}' already exists.")
        if reasons:
            raise record_errors("Updating", reasons, store.switches.duplicate_status)
        return store.rename(customer, new)


def start_action(store: CompanyStore, customer: StoredCustomer, new: str) -> ActionResult:
    """Carry the action out, or queue it, as the switches say. Raises Refusal when refusals are switched to errors."""
    switches = store.switches
    if switches.renumber_result == "Failed":
        return ActionResult("Failed", "The number of the customer cannot be changed.")
    if switches.renumber_result in _WAITING:
        _queue(store, customer, new)
        return ActionResult(switches.renumber_result)
    if switches.renumber_same == "done" and store.normal_number(new) == customer.number:
        return ActionResult("Done")
    try:
        change_number(store, customer, new)
    except Refusal as refusal:
        if switches.renumber_refused == "error":
            raise
        return ActionResult("Failed", refusal.message)
    return ActionResult("Done")


def _queue(store: CompanyStore, customer: StoredCustomer, new: str) -> None:
    switches = store.switches
    due = moment_text(store.clock.now() + timedelta(seconds=switches.renumber_seconds))
    store.change(
        "insert into queued_number (customer, number, ends, due, requests) values (?, ?, ?, ?, ?)",
        *(customer.internal_id, new, switches.renumber_ends, due, switches.renumber_requests),
    )


def end_due_actions(store: CompanyStore) -> None:
    """End the queued actions whose time has come; called before each request, which the others count."""
    if not store.value("select count(*) from queued_number"):
        return
    with store.transaction():
        ready = (moment_text(store.clock.now()),)
        for key, internal_id, new, ends in store.rows(
            "select id, customer, number, ends from queued_number where due <= ? and requests <= 0 order by id", ready
        ):
            store.change("delete from queued_number where id = ?", key)
            if ends == "Done":
                _end(store, internal_id, new)
        store.change("update queued_number set requests = requests - 1 where requests > 0")


def _end(store: CompanyStore, internal_id: int, new: str) -> None:
    """If the number was taken meanwhile, nothing changes, and the client learns it only by reading the customer."""
    customer = store.find_internal(internal_id)
    if customer is None:
        return
    try:
        change_number(store, customer, new)
    except Refusal:
        return
