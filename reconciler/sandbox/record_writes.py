"""Create and update, by a client or a clerk: read, merge, check, keep (fact sheet 12)."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from reconciler.sandbox import reference_tables
from reconciler.sandbox.clerk_edits import patch_of
from reconciler.sandbox.customer_dto import StoredCustomer
from reconciler.sandbox.dto_members import NESTED, ON_LOCATION
from reconciler.sandbox.merge import Record, blank_record, class_record, merge
from reconciler.sandbox.record_checks import fit_lengths, problems
from reconciler.sandbox.refusals import Refusal, record_errors
from reconciler.sandbox.renumbering import change_number
from reconciler.sandbox.request_bodies import read_customer
from reconciler.sandbox.stored_forms import KEEP, in_form, parse_forms
from reconciler.sandbox.switches import Switches

if TYPE_CHECKING:
    from reconciler.sandbox.company_store import CompanyStore


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
    number = patch.pop("number", None)
    with store.transaction():
        customer = _put_number(store, customer, number)
        record = copy.deepcopy(customer.record)
        _change(store, record, patch, "Updating", write_fault)
        if switches.put_stores == "nothing":
            return customer
        if switches.put_stores == "version":
            return store.save(customer)
        return store.save(customer._replace(record=record), touch=_touches(switches, customer.record, record))


def clerk_create(store: CompanyStore, number: str, patch: dict[str, Any]) -> StoredCustomer:
    """A customer entered in the ERP's own screens, with the settings of its class. Raises ValueError."""
    if store.has(number):
        raise ValueError(f"the number {number!r} is taken")
    record = class_record(patch.get("customerClassId") or reference_tables.DEFAULT_CLASS)
    record["number"] = number
    _merge_by_hand(store, record, patch)
    if not record["name"].strip():
        raise ValueError("a customer needs a name")
    return store.insert(record)


def clerk_edit(store: CompanyStore, customer: StoredCustomer, patch: dict[str, Any]) -> StoredCustomer:
    """An edit in the ERP's own screens: the same merging, without the checks of references. Raises ValueError."""
    record = copy.deepcopy(customer.record)
    _merge_by_hand(store, record, patch)
    return store.save(customer._replace(record=record), touch=_touches(store.switches, customer.record, record))


def _merge_by_hand(store: CompanyStore, record: Record, patch: dict[str, Any]) -> None:
    try:
        merge(record, patch, replace(store.switches, nested_merge="merge"))
    except Refusal as refused:
        raise ValueError(refused.message) from None


def _new_number(store: CompanyStore, patch: Mapping[str, Any]) -> str:
    """Who numbers the customer (fact sheet 12.3, Q25)."""
    switches, sent = store.switches, store.normal_number(patch.get("number", ""))
    if switches.numbering == "ignores_sent":
        return store.next_number()
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
    _keep_otherwise(record, before, patch, switches, write_fault)


def _touches(switches: Switches, before: Record, after: Record) -> bool:
    changed = {name for name in after if after[name] != before[name]}
    changed = {"attributeLines" if name == "attributes" else name for name in changed}
    if not changed:
        return switches.noop_put_touches
    return switches.nested_edits_touch or bool(changed - NESTED - ON_LOCATION)


def _keep_otherwise(
    record: Record, before: Record, patch: Mapping[str, Any], switches: Switches, fault: WriteFault
) -> None:
    """Values that the ERP keeps otherwise than sent (trap 11): only those that this write sent."""
    forms = {**parse_forms(switches.normalise), **fault.values}
    for path, form in forms.items():
        head, _, rest = path.strip().partition(".")
        sent = head in patch or (head == "attributes" and "attributeLines" in patch)
        if not sent or head not in record:
            continue
        if isinstance(form, Mapping):
            merge(record, patch_of({path.strip(): form.get("set")}), Switches())
        else:
            _keep_in_form(record, before, head, rest, str(form))


def _keep_in_form(record: Record, before: Record, head: str, rest: str, form: str) -> None:
    """One value, or the values of that name in each line."""
    if rest and isinstance(record[head], list):
        for line in record[head]:
            _set_in_form(line, {}, rest, form)
    else:
        target, old = (record[head], before[head]) if rest else (record, before)
        _set_in_form(target, old, rest or head, form)


def _set_in_form(target: object, old: object, name: str, form: str) -> None:
    if not isinstance(target, dict):
        return
    if form == KEEP:
        if isinstance(old, dict) and name in old:
            target[name] = old[name]
    elif isinstance(target.get(name), str):
        target[name] = in_form(target[name], form)
