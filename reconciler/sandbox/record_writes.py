"""Create, update and renumber: read the body, merge, check, keep, log (fact sheet 12)."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from reconciler.sandbox import reference_tables
from reconciler.sandbox.clerk_edits import patch_of
from reconciler.sandbox.company_store import CompanyStore
from reconciler.sandbox.customer_dto import StoredCustomer
from reconciler.sandbox.dto_members import NESTED, ON_LOCATION
from reconciler.sandbox.merge import Record, blank_record, merge
from reconciler.sandbox.record_checks import fit_lengths, problems
from reconciler.sandbox.refusals import Refusal, record_errors
from reconciler.sandbox.request_bodies import read_customer
from reconciler.sandbox.switches import Switches


@dataclass(frozen=True)
class WriteFault:
    """What a fault lets the ERP do to a write: change values, or give another number."""

    values: Mapping[str, object] = field(default_factory=dict)
    number: str = ""


NO_FAULT: Final = WriteFault()


def create(store: CompanyStore, body: bytes, write_fault: WriteFault = NO_FAULT) -> StoredCustomer:
    """POST /v1/customer. Raises Refusal."""
    patch = read_customer(body, store.switches)
    with store.transaction():
        record = blank_record()
        record["number"] = write_fault.number or _new_number(store, patch)
        if not record["number"]:
            raise record_errors("Inserting", ["'Customer ID' cannot be empty."])
        if store.has(record["number"]):
            text = f"'Customer ID' '{record['number']}' already exists."
            raise record_errors("Inserting", [text], store.switches.duplicate_status)
        record["customerClassId"] = patch.get("customerClassId") or reference_tables.DEFAULT_CLASS
        _change(store, record, patch, "Inserting", write_fault)
        return store.insert(record)


def update(
    store: CompanyStore, customer: StoredCustomer, body: bytes, write_fault: WriteFault = NO_FAULT
) -> StoredCustomer:
    """PUT of a customer whose version was checked already. Raises Refusal."""
    switches = store.switches
    patch = read_customer(body, switches)
    with store.transaction():
        customer = _put_number(store, customer, patch.pop("number", None))
        record = copy.deepcopy(customer.record)
        _change(store, record, patch, "Updating", write_fault)
        return store.save(customer._replace(record=record), touch=_touches(switches, customer.record, record))


def change_number(store: CompanyStore, customer: StoredCustomer, new: str) -> StoredCustomer:
    """The action changeCustomerCd: the internal id stays (fact sheet 12.5). Raises Refusal."""
    with store.transaction():
        new = store.normal_number(new)
        if not new:
            raise record_errors("Updating", ["'Customer ID' cannot be empty."])
        if store.has(new):
            text = f"'Customer ID' '{new}' already exists."
            raise record_errors("Updating", [text], store.switches.duplicate_status)
        return store.rename(customer, new)


def clerk_edit(store: CompanyStore, customer: StoredCustomer, patch: dict[str, Any]) -> StoredCustomer:
    """An edit in the ERP's own screens: the same merging, without the checks of references."""
    record = copy.deepcopy(customer.record)
    try:
        merge(record, patch, replace(store.switches, nested_merge="merge"))
    except Refusal as refused:
        raise ValueError(refused.message) from None
    return store.save(customer._replace(record=record), touch=_touches(store.switches, customer.record, record))


def _new_number(store: CompanyStore, patch: Mapping[str, Any]) -> str:
    """Who numbers the customer (fact sheet 12.3, Q25)."""
    switches, sent = store.switches, store.normal_number(patch.get("number", ""))
    if switches.numbering == "manual" or (switches.numbering == "mixed" and sent):
        return sent
    if sent and patch.get("overrideNumberSeries"):
        if switches.manual_override:
            return sent
        raise record_errors("Inserting", ["Manual numbering is not allowed for the number series."])
    if sent and switches.automatic_number_sent == "refuse":
        raise record_errors("Inserting", ["'Customer ID' is assigned by the number series."])
    return sent if sent and switches.automatic_number_sent == "use" else store.next_number()


def _put_number(store: CompanyStore, customer: StoredCustomer, sent: str | None) -> StoredCustomer:
    """`number` in a PUT: ignored if equal; what else is Q30."""
    number = store.normal_number(sent or "")
    if not number or number == customer.number or store.switches.put_number == "ignore":
        return customer
    if store.switches.put_number == "rename":
        return change_number(store, customer, number)
    raise record_errors("Updating", ["'Customer ID' cannot be changed; use the action changeCustomerCd."])


def _change(store: CompanyStore, record: Record, patch: dict[str, Any], verb: str, write_fault: WriteFault) -> None:
    """Merge and check; the ERP's own changes come last and unchecked."""
    switches = store.switches
    before = copy.deepcopy(record)
    if patch.get("parentRecordNumber"):
        patch["parentRecordNumber"] = store.normal_number(patch["parentRecordNumber"])
    reasons = fit_lengths(patch, switches)
    try:
        merge(record, patch, switches)
    except Refusal as refused:
        raise record_errors(verb, [refused.message.rpartition("Error: ")[2].strip()]) from None
    reasons += problems(record, patch, switches, store.has)
    if reasons:
        raise record_errors(verb, reasons)
    _meddle(record, before, patch, switches, write_fault)


def _touches(switches: Switches, before: Record, after: Record) -> bool:
    changed = {name for name in after if after[name] != before[name]}
    changed = {"attributeLines" if name == "attributes" else name for name in changed}
    if not changed:
        return switches.noop_put_touches
    return switches.nested_edits_touch or bool(changed - NESTED - ON_LOCATION)


_HOWS: Final[dict[str, Callable[[str], str]]] = {
    "upper": str.upper,
    "lower": str.lower,
    "trim": str.strip,
    "digits": lambda text: re.sub(r"[^0-9+]", "", text),
}


def _meddle(record: Record, before: Record, patch: Mapping[str, Any], switches: Switches, by: WriteFault) -> None:
    """Values that the ERP keeps otherwise than sent (trap 11): only those that this write sent."""
    wanted: dict[str, object] = dict(pair.partition(":")[::2] for pair in switches.normalise.split(",") if pair)
    wanted.update(by.values)
    for path, how in wanted.items():
        head, _, rest = path.strip().partition(".")
        sent = head in patch or (head == "attributes" and "attributeLines" in patch)
        if sent and head in record:
            _set_otherwise(record, before, head, rest, how)


def _set_otherwise(record: Record, before: Record, head: str, rest: str, how: object) -> None:
    if isinstance(how, Mapping):
        patch = patch_of({f"{head}.{rest}" if rest else head: how.get("set")})
        merge(record, patch, Switches())
        return
    target, old = (record[head], before[head]) if rest else (record, before)
    name = rest or head
    if not isinstance(target, dict):
        return
    if how == "keep":
        if isinstance(old, dict) and name in old:
            target[name] = old[name]
    elif how in _HOWS and isinstance(target.get(name), str):
        target[name] = _HOWS[str(how)](target[name])
