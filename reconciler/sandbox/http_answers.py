"""HTTP answers: success, errors in the shapes that were met, and the single read of a customer."""

from __future__ import annotations

import uuid

from starlette.responses import Response

from reconciler.sandbox.customer_dto import DETAILS, StoredCustomer, customer_text, version_token
from reconciler.sandbox.jsontext import dumps
from reconciler.sandbox.misshapen import with_oddities
from reconciler.sandbox.refusals import GatewayRefusal, Refusal, UnknownRecord
from reconciler.sandbox.switches import Switches

_JSON = "application/json; charset=utf-8"


def json_answer(value: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A JSON body."""
    return text_answer(dumps(value), status, headers)


def text_answer(text: str, status: int = 200, headers: dict[str, str] | None = None, kind: str = _JSON) -> Response:
    """A body that is text already; half a surrogate pair becomes an escape, which JSON can hold."""
    return Response(text.encode("utf-8", "backslashreplace"), status, headers, kind)


def error_answer(refused: Refusal, switches: Switches) -> Response:
    """The body that the switches name for the kind of refusal (fact sheet 10; Q4, Q5, Q6)."""
    if isinstance(refused, GatewayRefusal):
        return _gateway_answer(refused.status or 500, refused.message, switches.gateway_body)
    if isinstance(refused, UnknownRecord):
        return _shaped(refused.message, switches.unknown_status, switches.unknown_body, switches)
    return json_answer({switches.message_key: refused.message}, refused.status or switches.error_status)


def _gateway_answer(status: int, message: str, shape: str) -> Response:
    if shape == "gateway":
        return json_answer({"statusCode": status, "message": message}, status)
    if shape == "ipp":
        return json_answer(_ipp(message), status)
    return _bare(message, status, shape)


def _ipp(message: str) -> dict[str, str]:
    """The old gateway's error (fact sheet 10)."""
    return {
        "ExceptionType": "IPPException",
        "ExceptionMessage": message,
        "ExceptionFaultCode": "12027",
        "ExceptionMessageID": f"12027_{uuid.uuid4()}",
        "ExceptionDetails": "",
    }


def _shaped(message: str, status: int, shape: str, switches: Switches) -> Response:
    if shape == "message":
        return json_answer({switches.message_key: message}, status)
    return _bare(message, status, shape)


def _bare(message: str, status: int, shape: str) -> Response:
    if shape == "html":
        return text_answer(f"<html><body><h1>{status}</h1></body></html>", status, kind="text/html")
    return text_answer("" if shape == "empty" else message, status, kind="text/plain")


def customer_answer(switches: Switches, customer: StoredCustomer) -> Response:
    """A single read: ETag in the header, timeStamp in the body (Q8), details included (Q19)."""
    text = customer_text(customer, switches, DETAILS if switches.single_details else ())
    if switches.version_in_single != "header":
        text += f',"timeStamp":"{version_token(customer.version)}"'
    headers = {} if switches.version_in_single == "body" else {"ETag": etag(customer, switches)}
    return text_answer(with_oddities(text + "}", switches.extra_members, switches.misshapen), headers=headers)


def etag(customer: StoredCustomer, switches: Switches) -> str:
    """The version as an ETag (Q7)."""
    token = version_token(customer.version)
    return {"quoted": f'"{token}"', "bare": token, "weak": f'W/"{token}"'}[switches.etag_form]


def check_if_match(header: str | None, customer: StoredCustomer, switches: Switches) -> None:
    """Raises Refusal (412) when none of the tags is the present version; quotes and W/ are optional (7)."""
    if header is None or not header.strip():
        return
    tags = [tag.strip().removeprefix("W/").strip('"') for tag in header.split(",")]
    if version_token(customer.version) in tags or ("*" in tags and switches.if_match_star):
        return
    raise Refusal("The version in If-Match is not the current customer; nothing was changed.", 412)
