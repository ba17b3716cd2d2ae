"""The use cases that query the live customers: page by page as they come, or one of them. They only read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TypeAlias

from reconciler.core.declaration_values import readable_fields
from reconciler.core.doubts import Unreadable
from reconciler.core.errors import NotFound, PermissionDenied, UnexpectedAnswer
from reconciler.core.filters import Filters, Sieve
from reconciler.core.live import Live
from reconciler.core.normalise import number_key
from reconciler.core.ports import Need
from reconciler.core.some_names import some_names
from reconciler.erp.customers import Customers
from reconciler.erp.decode import Json, decode_row
from reconciler.erp.listing import Tally
from reconciler.operations.listener import Listener
from reconciler.operations.workspace import Workspace
from reconciler.reports.records import own_fields
from reconciler.reports.wording import counted
from reconciler.resources.customer import NOTE, SALES_PERSONS
from reconciler.resources.values import Path

Page: TypeAlias = Sequence[tuple[Live, Json]]
"""Customers, each with the API's own row."""

_OWN = (NOTE, SALES_PERSONS)
"""Fields that take a request for each customer."""

_LISTED = 20


def list_customers(
    workspace: Workspace, filters: Filters, *, paths: tuple[Path, ...] | None = None, raw: bool = False
) -> Iterator[Page]:
    """The customers that satisfy the filters, page by page, each once.

    paths: what is to be known of them, None for all that a list can show. raw: the rows are wanted with everything.
    Raises ErpError.
    """
    erp, listener = workspace.erp(), workspace.listener
    filters = settled(listener, filters, erp)
    sieve, tally, count, listed = Sieve(filters), Tally(), 0, set[int]()
    lost: list[Unreadable] = []
    shown = readable_fields() if paths is None else frozenset(path[0] for path in paths)
    expand = ("expandPaymentMethods",) if raw else ()  # elsewhere the needed fields say what to expand
    for batch in erp.stream(Need(shown | filters.fields, {}), filters.parameters(), expand):
        rows = {live.internal_id: row for live, row in batch.rows if isinstance(live, Live)}
        new = {live.internal_id: live for live in tally.take(batch.read, batch.total) if live.internal_id not in listed}
        listed |= new.keys()
        kept = [live for live in new.values() if sieve.keeps(live)]
        kept, without = erp.with_own(kept, own_fields(paths or ()))
        lost += without
        count += len(kept)
        yield [(live, rows[live.internal_id]) for live in kept]
    warn_dropped(listener, sieve)
    for row in (*tally.unreadable.values(), *lost):
        listener.warn(f"{row.label} is left out: {row.reason} ({row.place}).")
    if not tally.agrees:
        listener.warn(f"The list changed while it was read, and may be wrong: {tally.disagreement}.")
    if filters.customer_class and not count:
        _check_class(listener, erp, filters.customer_class)
    listener.say(f"{counted(count, 'customer')}.")


def show_customer(
    workspace: Workspace, number: str, *, paths: tuple[Path, ...] | None = None, raw: bool = False
) -> tuple[Live, Json]:
    """The customer, with the fields that take a request each, or with the API's own row.

    raw: also a row of a wrong shape, then without values, and with a warning. Raises NotFound, ErpError.
    """
    erp = workspace.erp()
    need = Need(readable_fields(), {})
    try:
        row = erp.row(number)
    except NotFound as error:
        raise NotFound(
            f"There is no customer {number!r} in {workspace.place.environment}: {error}",
            remedy="`reconciler customers list` shows all; give the whole number.",
            status=error.status,
        ) from None
    live = decode_row(row, need, "read by itself")
    if isinstance(live, Unreadable):
        if not raw:
            raise UnexpectedAnswer(live.reason, remedy="`--raw` shows what the ERP has.")
        workspace.listener.warn(f"{live.label} cannot be read: {live.reason}.")
        return Live(live.internal_id or 0, live.number or number, None, {}), row
    if number_key(live.number) != number_key(number):
        raise UnexpectedAnswer(f"Customer {number!r} was asked for, and the ERP showed {live.number!r}")
    if raw:
        return live, row
    names = _OWN if paths is None else own_fields(paths)
    customers, lost = erp.with_own([live], names)
    if lost:
        raise UnexpectedAnswer(f"{lost[0].label} cannot be read: {lost[0].reason}")
    return customers[0], row


def attribute_ids(workspace: Workspace) -> list[str]:
    """The attributes of all customer classes, as far as these may be read. Raises ErpError."""
    try:
        return [attribute.id for each in workspace.erp().classes() for attribute in each.attributes]
    except (NotFound, PermissionDenied):
        return []


# ---- filters ----


def settled(listener: Listener, filters: Filters, erp: Customers) -> Filters:
    """The filters after a look at what this ERP does with them, saying what that means for the result."""
    if filters.has_zone:
        listener.warn(
            "The time was converted to UTC: the API takes no zone. Times of the ERP without a zone mark are taken as "
            "UTC too; whether they are is not documented."
        )
    if filters.name and not erp.finds_parts_of_names():
        listener.say("This ERP does not seem to find parts of names in any case: all customers are read and searched.")
        return replace(filters, name_is_sent=False)
    return filters


def warn_dropped(listener: Listener, sieve: Sieve) -> None:
    """One warning for all rows that the ERP returned although they do not satisfy what it was asked."""
    if sieve.dropped:
        listener.warn(
            f"The ERP returned {counted(sieve.dropped, 'row')} that do not satisfy the filter; they were left out."
        )


def _check_class(listener: Listener, erp: Customers, wanted: str) -> None:
    """A class that does not exist would only show as an empty list."""
    known = [each.id for each in erp.classes()]
    if "" not in known and wanted.casefold() not in (name.strip().casefold() for name in known):
        listener.warn(f"There is no customer class {wanted!r}; there are {some_names(sorted(known), _LISTED)}.")
