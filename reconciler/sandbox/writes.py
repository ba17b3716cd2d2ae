"""Create, update and renumber: read the body, merge, check, keep, log (fact sheet 12)."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from reconciler.sandbox import refs
from reconciler.sandbox.dto import read_customer
from reconciler.sandbox.edits import patch_of
from reconciler.sandbox.errors import Refused, record_errors
from reconciler.sandbox.merge import Record, blank_record, merge
from reconciler.sandbox.render import Stored
from reconciler.sandbox.rules import fit_lengths, problems
from reconciler.sandbox.shapes import NESTED, ON_LOCATION
from reconciler.sandbox.store import Store
from reconciler.sandbox.switches import Switches


@dataclass(frozen=True)
class Meddling:
    """What a fault lets the ERP do to a write: change values, or give another number."""

    values: Mapping[str, object] = field(default_factory=dict)
    number: str = ""


NO_MEDDLING: Final = Meddling()


def create(store: Store, body: bytes, meddling: Meddling = NO_MEDDLING) -> Stored:
    """POST /v1/customer. Raises Refused."""
    patch = read_customer(body, store.switches)
    with store.transaction():
        record = blank_record()
        record["number"] = meddling.number or _new_number(store, patch)
        if not record["number"]:
            raise record_errors("Inserting", ["'Customer ID' cannot be empty."])
        if store.has(record["number"]):
            text = f"'Customer ID' '{record['number']}' already exists."
            raise record_errors("Inserting", [text], store.switches.duplicate_status)
        record["customerClassId"] = patch.get("customerClassId") or refs.DEFAULT_CLASS
        _change(store, record, patch, "Inserting", meddling)
        return store.insert(record)


def update(store: Store, one: Stored, body: bytes, meddling: Meddling = NO_MEDDLING) -> Stored:
    """PUT of a customer whose version was checked already. Raises Refused."""
    switches = store.switches
    patch = read_customer(body, switches)
    with store.transaction():
        one = _put_number(store, one, patch.pop("number", None))
        record = copy.deepcopy(one.record)
        _change(store, record, patch, "Updating", meddling)
        return store.save(one._replace(record=record), touch=_touches(switches, one.record, record))


def change_number(store: Store, one: Stored, new: str) -> Stored:
    """The action changeCustomerCd: the internal id stays (fact sheet 12.5). Raises Refused."""
    with store.transaction():
        new = store.normal_number(new)
        if not new:
            raise record_errors("Updating", ["'Customer ID' cannot be empty."])
        if store.has(new):
            text = f"'Customer ID' '{new}' already exists."
            raise record_errors("Updating", [text], store.switches.duplicate_status)
        return store.rename(one, new)


def clerk_edit(store: Store, one: Stored, patch: dict[str, Any]) -> Stored:
    """An edit in the ERP's own screens: the same merging, without the checks of references."""
    record = copy.deepcopy(one.record)
    try:
        merge(record, patch, replace(store.switches, nested_merge="merge"))
    except Refused as refused:
        raise ValueError(refused.message) from None
    return store.save(one._replace(record=record), touch=_touches(store.switches, one.record, record))


def _new_number(store: Store, patch: Mapping[str, Any]) -> str:
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


def _put_number(store: Store, one: Stored, sent: str | None) -> Stored:
    """`number` in a PUT: ignored if equal; what else is Q30."""
    number = store.normal_number(sent or "")
    if not number or number == one.number or store.switches.put_number == "ignore":
        return one
    if store.switches.put_number == "rename":
        return change_number(store, one, number)
    raise record_errors("Updating", ["'Customer ID' cannot be changed; use the action changeCustomerCd."])


def _change(store: Store, record: Record, patch: dict[str, Any], verb: str, meddling: Meddling) -> None:
    """Merge and check; the ERP's own changes come last and unchecked."""
    switches = store.switches
    before = copy.deepcopy(record)
    if patch.get("parentRecordNumber"):
        patch["parentRecordNumber"] = store.normal_number(patch["parentRecordNumber"])
    found = fit_lengths(patch, switches)
    try:
        merge(record, patch, switches)
    except Refused as refused:
        raise record_errors(verb, [refused.message.rpartition("Error: ")[2].strip()]) from None
    found += problems(record, patch, switches, store.has)
    if found:
        raise record_errors(verb, found)
    _meddle(record, before, patch, switches, meddling)


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


def _meddle(record: Record, before: Record, patch: Mapping[str, Any], switches: Switches, by: Meddling) -> None:
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
