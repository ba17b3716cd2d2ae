"""The customer endpoints, each a function from a call to an answer (fact sheet 4)."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from reconciler.sandbox import reference_tables
from reconciler.sandbox.customer_dto import StoredCustomer, debit_text, moment
from reconciler.sandbox.dto_members import Member
from reconciler.sandbox.dto_values import check_value
from reconciler.sandbox.fault_injection import Fault
from reconciler.sandbox.http_answers import check_if_match, customer_answer, etag, json_answer, text_answer
from reconciler.sandbox.jsontext import dumps
from reconciler.sandbox.list_query import read_query
from reconciler.sandbox.misshapen import with_oddities
from reconciler.sandbox.record_writes import NO_FAULT, WriteFault, create, update
from reconciler.sandbox.refusals import BadBody, UnknownRecord
from reconciler.sandbox.renumbering import ActionResult, start_action
from reconciler.sandbox.request_bodies import read_object
from reconciler.sandbox.runtime import Runtime
from reconciler.sandbox.switches import Switches

_RESERVED: Final = set(":/?#[]@&*+;")
_INT32: Final = 1 << 31


@dataclass(frozen=True)
class Call:
    """One request that passed the gateway."""

    runtime: Runtime
    request: Request
    body: bytes
    fault: Fault | None

    @property
    def path(self) -> str:
        """The path as it is logged."""
        return str(self.request.scope["path"])

    def customer(self) -> StoredCustomer:
        """The customer that the path names by number. Raises UnknownRecord."""
        number = identifier(self.request.path_params["number"])
        customer = self.runtime.store.find(number)
        if customer is None:
            raise UnknownRecord(f"Customer '{number}' was not found.")
        return customer

    def internal(self) -> StoredCustomer:
        """The customer that the path names by internal id. Raises UnknownRecord."""
        text = self.request.path_params["internal_id"]
        wanted = int(text) if text.isascii() and text.isdigit() and len(text) < 11 else -1
        customer = self.runtime.store.find_internal(wanted)
        if customer is None:
            raise UnknownRecord(f"Customer with internal id '{text}' was not found.")
        return customer

    def write_fault(self) -> WriteFault:
        """What a fault does to the values of this write."""
        if self.fault is None or self.fault.kind not in ("normalise", "assign"):
            return NO_FAULT
        return WriteFault(self.fault.values, self.runtime.store.normal_number(self.fault.number))


def identifier(segment: str) -> str:
    """A path segment as an identifier: plain, or b64(x) with unpadded base64url (fact sheet 4.4).

    Reserved characters cannot be reached by percent-encoding. Raises UnknownRecord.
    """
    if segment.startswith("b64(") and segment.endswith(")"):
        return _decoded(segment[4:-1])
    if _RESERVED.intersection(segment):
        raise UnknownRecord(f"'{segment}' was not found.")
    return segment


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise UnknownRecord(f"'b64({text})' was not found.") from None


# ---- lists ----


def list_customers(call: Call) -> Response:
    """GET /v1/customer: a bare array, totals in the metadata of each row (fact sheet 6)."""
    store, switches = call.runtime.store, call.runtime.switches
    query = read_query(call.request.query_params, switches)
    if call.fault is not None and call.fault.kind == "shift":
        query.offset = max(0, query.offset + call.fault.rows)
    tail = _metadata_text(store.count(query), switches)
    rows = [row + tail for row in store.page_texts(query)]
    if switches.extra_members or switches.misshapen:
        rows = [with_oddities(row, switches.extra_members, switches.misshapen) for row in rows]
    return text_answer(f"[{','.join(rows)}]")


def _metadata_text(total: int, switches: Switches) -> str:
    """The end of each row; the count can be wrong, or missing as it was in v8.36 (fact sheet 6)."""
    if switches.total_count == "absent":
        return "}"
    shown = 0 if switches.total_count == "zero" else max(0, total + switches.total_off)
    return f',"metadata":{{"totalCount":{shown},"maxPageSize":{switches.page_size_max}}}}}'


# ---- one customer ----


def read_by_number(call: Call) -> Response:
    """GET /v1/customer/{customerCd}."""
    return customer_answer(call.runtime.switches, call.customer())


def read_by_internal(call: Call) -> Response:
    """GET /v1/customer/internal/{internalID}."""
    return customer_answer(call.runtime.switches, call.internal())


def post_customer(call: Call) -> Response:
    """POST /v1/customer: 201 and Location, no useful body (fact sheet 12.2)."""
    store, switches = call.runtime.store, call.runtime.switches
    with store.transaction():
        customer = create(store, call.body, call.write_fault())
        _log(call, customer, 201)
    headers = {"Location": _location(call, customer.number)}
    if switches.post_etag:
        headers["ETag"] = etag(customer, switches)
    return (
        json_answer({}, 201, headers) if switches.post_body == "object" else Response(status_code=201, headers=headers)
    )


def put_by_number(call: Call) -> Response:
    """PUT /v1/customer/{customerCd}."""
    return _put(call, call.customer)


def put_by_internal(call: Call) -> Response:
    """PUT /v1/customer/internal/{internalID}."""
    return _put(call, call.internal)


def _put(call: Call, find: Any) -> Response:
    """204 and the new ETag, or 412 and nothing changed (fact sheet 7)."""
    store = call.runtime.store
    with store.transaction():
        customer = find()
        check_if_match(call.request.headers.get("if-match"), customer, store.switches)
        customer = update(store, customer, call.body, call.write_fault())
        _log(call, customer, 204)
    return Response(status_code=204, headers={"ETag": etag(customer, store.switches)})


def _location(call: Call, number: str) -> str:
    """The URL of the new record; the host may be another one (fact sheet 1)."""
    base = call.runtime.switches.location_base or str(call.request.base_url)
    if call.fault is not None and call.fault.kind == "location":
        base = call.fault.host
    return f"{base.rstrip('/')}/v1/customer/{segment(number)}"


def segment(number: str) -> str:
    """An identifier as a path segment (fact sheet 4.4)."""
    if _RESERVED.intersection(number) or number in (".", ".."):
        return f"b64({base64.urlsafe_b64encode(number.encode()).decode().rstrip('=')})"
    return quote(number, safe="")


def _log(call: Call, customer: StoredCustomer, status: int) -> None:
    body = dumps(read_object(call.body))
    call.runtime.store.log_write(call.request.method, call.path, customer.number, status, body)


# ---- what CustomerDto does not show ----


def read_note(call: Call) -> Response:
    """GET /v1/customer/{customerCd}/note: the only way to read the note."""
    note = call.customer().record["note"]
    return json_answer({"note": note} if note else {})


def read_sales_persons(call: Call) -> Response:
    """GET /v1/customer/{customerCd}/salespersons; two member names are misspelt in the API itself (4.2)."""
    return json_answer([_sales_person_dto(line) for line in call.customer().record["salesPersons"]])


def _sales_person_dto(line: dict[str, Any]) -> dict[str, Any]:
    dto = {
        "salePersonID": line["salesPersonID"],
        "name": reference_tables.SALES_PERSONS.get(line["salesPersonID"]),
        "locationID": line["locationID"],
        "locationName": "Primary Location",
        "commisionPct": line.get("commissionPct"),
        "isDefault": bool(line.get("isDefault")),
    }
    return {name: value for name, value in dto.items() if value is not None}


def read_direct_debits(call: Call) -> Response:
    """GET /v1/customer/{customerCd}/directdebit."""
    return text_answer(debit_text(call.customer().record, call.runtime.switches))


def read_balance(call: Call) -> Response:
    """GET /v1/customer/{customerCd}/balance: always zero, the sandbox has no documents."""
    return json_answer(_balance_dto(call.customer()))


def list_balances(call: Call) -> Response:
    """GET /v1/customer/balance: zero for each customer of a page."""
    query = read_query(call.request.query_params, call.runtime.switches)
    return json_answer([_balance_dto(customer) for customer in call.runtime.store.page(query)])


def _balance_dto(customer: StoredCustomer) -> dict[str, Any]:
    sums = ("balance", "totalOrder", "totalLoan", "totalSalePeriod", "totalSaleYear")
    return {
        "customer": {"internalId": customer.internal_id, "number": customer.number, "name": customer.record["name"]},
        **dict.fromkeys((*sums, "totalDiscountPeriod", "totalDiscountYear"), 0),
        "lastModified": moment(customer.modified),
    }


# ---- classes ----


def list_classes(call: Call) -> Response:
    """GET /v1/customer/customerClass."""
    return json_answer([reference_tables.class_dto(class_id) for class_id in reference_tables.CLASSES])


def read_class(call: Call) -> Response:
    """GET /v1/customer/customerClass/{customerClassId}."""
    wanted = identifier(call.request.path_params["class_id"])
    if wanted not in reference_tables.CLASSES:
        raise UnknownRecord(f"Customer class '{wanted}' was not found.")
    return json_answer(reference_tables.class_dto(wanted))


# ---- actions: their bodies are not wrapped (fact sheet 4.1) ----


def create_dunning_letter(call: Call) -> Response:
    """POST /v1/customer/{customer}/action/createDunningLetter: 200 or 201 (Q26)."""
    customer, body = call.customer(), _action_body(call)
    try:
        check_value(body.get("dunningletterdate", "0001-01-01"), Member("moment"))
        first, last = (check_value(body.get(name, 0), Member("int32")) for name in ("levelfrom", "levelto"))
    except ValueError as problem:
        raise BadBody("dunningLetterDate, levelFrom, levelTo", str(problem)) from None
    if first > last:
        raise BadBody("levelFrom", "the first level is above the last")
    status = call.runtime.switches.dunning_status
    _log(call, customer, status)
    return json_answer(ActionResult("Done").as_dict(), status)


def change_customer_cd(call: Call) -> Response:
    """POST /v1/customer/action/changeCustomerCd/{internalId}."""
    customer, body = call.internal(), _action_body(call)
    new = body.get("customercd")
    if not isinstance(new, str):
        raise BadBody("customerCd", "expected a string")
    check_text(new)
    store = call.runtime.store
    with store.transaction():
        action = start_action(store, customer, new)
        if action.result != "Failed":
            _log(call, store.find_internal(customer.internal_id) or customer, 200)
    return json_answer(action.as_dict())


def check_text(text: str) -> None:
    """Raises BadBody for text that cannot be stored."""
    try:
        check_value(text, Member("text"))
    except ValueError as problem:
        raise BadBody("customerCd", str(problem)) from None


def _action_body(call: Call) -> dict[str, Any]:
    return {name.lower(): value for name, value in read_object(call.body).items()}
