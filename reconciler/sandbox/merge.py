"""What a patch does to a stored record (fact sheet 12).

A record is a plain mapping with the write names of the API: texts, booleans and numbers as they are,
addresses and contacts as mappings (None while an invoice or delivery part mirrors the main one), attributes by id.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final

from reconciler.sandbox.dto_members import ADDRESS, BOOLEANS, CONTACT, GL_SUBACCOUNTS, MIRRORS
from reconciler.sandbox.reference_tables import CLASSES
from reconciler.sandbox.refusals import Refusal
from reconciler.sandbox.switches import Switches

Record = dict[str, Any]

_REFERENCES: Final = (
    "parentRecordNumber", "priceClassId", "vatZoneId", "creditTermsId", "currencyId", "customerClassId",
)  # fmt: skip
_SPECIAL: Final = {"number", "overrideWithClassValues", "overrideNumberSeries", "customerClassId"}


def blank_record() -> Record:
    """A customer with nothing but the system's own defaults."""
    texts = ("number", "name", "accountReference", "parentRecordNumber", "vatRegistrationId", "corporateId")
    return {
        **dict.fromkeys(texts, ""),
        **dict.fromkeys(("vatZoneId", "gln", "note", "priceClassId", "defaultPaymentMethodId"), ""),
        "status": "Active",
        "currencyId": "NOK",
        "creditTermsId": "30",
        "customerClassId": "",
        "creditLimit": 0,
        "creditDaysPastDue": None,
        "numberOfEmployees": None,
        "creditVerification": "Disabled",
        "statementType": "OpenItem",
        **dict.fromkeys(BOOLEANS, False),
        "invoiceToDefaultLocation": False,
        "mainAddress": dict.fromkeys(ADDRESS.members, ""),
        "mainContact": dict.fromkeys(CONTACT.members, ""),
        **dict.fromkeys(MIRRORS),
        "eInvoiceContract": {},
        "paymentMethods": {},
        "glAccounts": {},
        "directDebitLines": [],
        "salesPersons": [],
        "attributes": {},
    }


@lru_cache(maxsize=64)
def class_defaults(class_id: str) -> Mapping[str, Any]:
    """What a new customer of the class holds, or a blank record for an unknown one. Shared: not to be changed."""
    record = blank_record()
    record["customerClassId"] = class_id
    apply_class(record)
    return record


_NESTED: Final = tuple(name for name, value in blank_record().items() if isinstance(value, dict | list))


def class_record(class_id: str) -> Record:
    """The same as a record of one's own."""
    record = dict(class_defaults(class_id))
    for name in _NESTED:
        record[name] = record[name].copy()
    return record


def merge(record: Record, patch: Mapping[str, Any], switches: Switches) -> None:
    """Apply a patch in place: class first, then the members sent, which win over class values (12.4)."""
    _merge_class(record, patch, switches)
    for name, value in patch.items():
        if name in _SPECIAL or (name in _REFERENCES and _keeps_reference(value, switches)):
            continue
        if name in ("mainAddress", "mainContact"):
            _merge_part(record[name], value, switches)
        elif name in _MERGERS:
            _MERGERS[name](record, value, switches)
        elif name not in MIRRORS:
            record[name] = value
    for name in MIRRORS:
        if name in patch:
            _merge_mirror(record, name, patch[name], switches)


def part(record: Record, name: str) -> dict[str, Any]:
    """An address or contact as it reads: the main one while mirrored (12.5)."""
    own: dict[str, Any] | None = record[name]
    main: dict[str, Any] = record[MIRRORS[name]] if own is None else own
    return main


def _merge_class(record: Record, patch: Mapping[str, Any], switches: Switches) -> None:
    class_id = patch.get("customerClassId", "")
    changes = bool(class_id) and class_id != record["customerClassId"]
    if class_id:
        record["customerClassId"] = class_id
    override = patch.get("overrideWithClassValues", switches.override_default)
    if override or (changes and switches.class_change_resets):
        apply_class(record)


def apply_class(record: Record) -> None:
    """Copy the settings of the record's class onto it (12.4)."""
    settings = CLASSES.get(record["customerClassId"])
    if settings is None:
        return
    for name, value in settings["values"].items():
        record[name] = {key: _copy(inner) for key, inner in value.items()} if isinstance(value, dict) else value
    _set_payment(record, settings["values"]["defaultPaymentMethodId"], True)


def _copy(value: Any) -> Any:
    return dict(value) if isinstance(value, dict) else value


def _keeps_reference(value: object, switches: Switches) -> bool:
    """Q16: an empty text clears a reference unless the switch says that it is ignored or refused."""
    if value != "" or switches.clear_references == "clear":
        return False
    if switches.clear_references == "refuse":
        raise Refusal("Error updating the customer. Error: a reference cannot be cleared.\r\n")
    return True


def _merge_part(target: dict[str, Any], sent: Mapping[str, Any], switches: Switches) -> None:
    if switches.nested_merge == "replace" and sent:
        target.update(dict.fromkeys(target, ""))
    moved = "countryId" in sent and sent["countryId"] != target.get("countryId")
    target.update(sent)
    if moved and switches.country_blanks_county and "county" not in sent:
        target["county"] = ""


def _merge_mirror(record: Record, name: str, sent: Mapping[str, Any], switches: Switches) -> None:
    """Writing an invoice or delivery part ends its mirroring, even if equal (12.5, Q18)."""
    if not sent:
        return
    now = part(record, name)
    mirrored = record[name] is None
    changed = any(now.get(member) != value for member, value in sent.items())
    if mirrored and not changed and not switches.equal_write_breaks_mirror:
        return
    own = dict(now)
    _merge_part(own, sent, switches)
    record[name] = own


def _merge_contract(record: Record, sent: Mapping[str, Any], switches: Switches) -> None:
    if switches.nested_merge == "replace":
        record["eInvoiceContract"] = {}
    record["eInvoiceContract"].update(sent)


def _merge_payment(record: Record, sent: Mapping[str, Any], _: Switches) -> None:
    """Set the default payment method; one that is not default only joins the list (11.1, row 38)."""
    if "paymentMethodId" not in sent:
        return
    _set_payment(record, sent["paymentMethodId"], sent.get("isDefault") is not False)


def _set_payment(record: Record, method: str, default: bool) -> None:
    methods: dict[str, bool] = record["paymentMethods"]
    if default:
        record["defaultPaymentMethodId"] = method
        methods.update(dict.fromkeys(methods, False))
    elif record["defaultPaymentMethodId"] == method:
        record["defaultPaymentMethodId"] = ""
    if method:
        methods[method] = default


def _merge_gl(record: Record, sent: Mapping[str, Any], _: Switches) -> None:
    """Accounts are set, segments replace the segments of the same id (12.1)."""
    accounts: dict[str, Any] = record["glAccounts"]
    for name, value in sent.items():
        accounts[name] = {**accounts.get(name, {}), **value} if name in GL_SUBACCOUNTS else value


def _merge_attributes(record: Record, lines: list[dict[str, Any]], switches: Switches) -> None:
    """Upsert by attribute id; a blank value removes (12.1, Q24)."""
    attributes: dict[str, str] = record["attributes"]
    for line in lines:
        key, value = line.get("attributeId", "").strip().upper(), line.get("attributeValue", "")
        if value == "" and switches.blank_attribute == "removes":
            attributes.pop(key, None)
        elif key:
            attributes[key] = value


def _merge_debits(record: Record, lines: list[dict[str, Any]], switches: Switches) -> None:
    """Per-line operations, looked up by id (11.5, 12.1)."""
    kept: list[dict[str, Any]] = record["directDebitLines"]
    newest = ""
    for line in lines:
        operation, key, values = _taken_apart(line, ("operation", "id"))
        if operation == "Insert":
            key = key or str(uuid.uuid4())
            kept.append({"id": key, **values})
        else:
            present = next((line for line in kept if line["id"] == key), None)
            _change_line(kept, present, operation, values, f"direct debit line '{key}'")
        if values.get("isDefault"):
            newest = key
    _keep_one_default(kept, newest, switches)


def _keep_one_default(kept: list[dict[str, Any]], newest: str, switches: Switches) -> None:
    """Only one line may be the default (11.1, row 40); what a second one meets is unknown."""
    defaults = [line for line in kept if line.get("isDefault")]
    if len(defaults) < 2:
        return
    if switches.second_default_mandate == "refuse":
        raise Refusal("Error updating the customer. Error: only one direct debit line can be the default.\r\n")
    newest = newest or defaults[-1]["id"]
    for line in defaults:
        line["isDefault"] = line["id"] == newest


def _merge_sales_persons(record: Record, lines: list[dict[str, Any]], _: Switches) -> None:
    """Per-line operations, looked up by sales person and location (12.1)."""
    kept: list[dict[str, Any]] = record["salesPersons"]
    for line in lines:
        operation, _unused, values = _taken_apart(line, ("operation", "-"))
        values.setdefault("locationID", "Main")
        key = (values.get("salesPersonID", ""), values["locationID"])
        present = next((line for line in kept if (line["salesPersonID"], line["locationID"]) == key), None)
        if operation == "Insert":
            _insert_sales_person(kept, present, values)
            continue
        _change_line(kept, present, operation, values, f"sales person '{key[0]}'")


def _insert_sales_person(kept: list[dict[str, Any]], present: dict[str, Any] | None, values: dict[str, Any]) -> None:
    if present is not None or not values.get("salesPersonID"):
        raise Refusal("Error updating the customer. Error: the sales person is empty or already there.\r\n")
    kept.append(values)


def _taken_apart(line: dict[str, Any], names: tuple[str, str]) -> tuple[str, str, dict[str, Any]]:
    operation = str(line.get(names[0]) or "Insert")
    values = {name: value for name, value in line.items() if name not in names}
    return operation, str(line.get(names[1]) or ""), values


def _change_line(
    kept: list[dict[str, Any]],
    present: dict[str, Any] | None,
    operation: str,
    values: dict[str, Any],
    what: str,
) -> None:
    if present is None:
        raise Refusal(f"Error updating the customer. Error: {what} cannot be found in the system.\r\n")
    if operation == "Delete":
        kept.remove(present)
    else:
        present.update(values)


_MERGERS: Final[dict[str, Callable[[Record, Any, Switches], None]]] = {
    "eInvoiceContract": _merge_contract,
    "defaultPaymentMethod": _merge_payment,
    "glAccounts": _merge_gl,
    "attributeLines": _merge_attributes,
    "directDebitLines": _merge_debits,
    "salesPersons": _merge_sales_persons,
}
