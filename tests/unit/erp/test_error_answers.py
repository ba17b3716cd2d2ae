"""Answers that are no success, as errors with one clear message."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core import errors
from reconciler.erp.answer import Answer
from reconciler.erp.error_answers import MAX_TEXT, fault, read_reason, visible

GUID = "3f0c1f0e-52a5-4b7e-9b0f-6d1c2a9d7e11"
ERP_TEXT = (
    f"VismaId: {GUID}. Error inserting the customer. Error: Inserting 'Customer' record raised at least one"
    " error. Please review the errors.\r\nError: 'Customer ID' cannot be empty.\r\n"
)
TIDY = "Error: 'Customer ID' cannot be empty."


def answer(status: int, body: Any = b"", **headers: str) -> Answer:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, data)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, errors.Rejected),
        (401, errors.AuthenticationFailed),
        (403, errors.PermissionDenied),
        (404, errors.NotFound),
        (405, errors.Rejected),
        (408, errors.Rejected),
        (412, errors.Conflict),
        (422, errors.Rejected),
        (429, errors.RateLimited),
        (500, errors.ServerFailed),
        (502, errors.ServerFailed),
        (503, errors.ServerFailed),
        (202, errors.UnexpectedAnswer),
        (204, errors.UnexpectedAnswer),
        (302, errors.UnexpectedAnswer),
        (418, errors.Rejected),
    ],
)
@pytest.mark.parametrize("body", [b"", b"{}", b"[", b"<html><b>No</b></html>", {"message": "No"}, b"null", b"7"])
def test_the_status_alone_decides_the_kind(status: int, kind: type[errors.ErpError], body: Any) -> None:
    found = fault("PUT", "/v1/customer/1", answer(status, body), 0.0)
    assert type(found) is kind
    assert found.status == status
    assert str(found).startswith(f"PUT /v1/customer/1 was answered {status}")


@pytest.mark.parametrize("status", [401, 403, 404, 412, 429, 500, 202, 302])
def test_what_somebody_can_do_about_is_said(status: int) -> None:
    assert fault("GET", "/v1/customer", answer(status), 0.0).remedy


@pytest.mark.parametrize(("method", "scope"), [("GET", "read"), ("POST", "create"), ("PUT", "update")])
def test_a_missing_scope_is_named(method: str, scope: str) -> None:
    assert f"vismanet_erp_service_api:{scope}" in fault(method, "/v1/customer", answer(403), 0.0).remedy


@pytest.mark.parametrize(
    ("body", "reason", "reference"),
    [
        ({"message": ERP_TEXT}, TIDY, GUID),
        ({"Message": ERP_TEXT}, TIDY, GUID),
        ({"MESSAGE": "x"}, "x", None),
        ({"statusCode": 401, "message": "Access denied"}, "Access denied", None),
        (
            {"ExceptionType": "IPPException", "ExceptionMessage": "No licence", "ExceptionFaultCode": "12027",
             "ExceptionMessageID": f"12027_{GUID}", "ExceptionDetails": ""},
            "No licence (fault 12027)", None,
        ),
        ({"title": "Bad Request", "detail": "Name too long"}, "Name too long", None),
        ("just a text", "just a text", None),
        (b"Bad Gateway", "Bad Gateway", None),
        (b"\xef\xbb\xbfBad Gateway", "Bad Gateway", None),
        (b"", "", None),
        (b"   \r\n", "", None),
        ({}, "", None),
        ([], "", None),
        ({"message": {"a": 1}}, "", None),
        ({"message": None, "error": "invalid"}, "invalid", None),
        (b'{"message": "VismaId', '(unreadable JSON) {"message": "VismaId', None),
        (b"<html><head><title>502 Bad Gateway</title><style>p{}</style></head><body><h1>502 Bad Gateway</h1>"
         b"<script>alert(1)</script><p>nginx &amp; co</p></body></html>", "502 Bad Gateway - nginx & co", None),
        (b"<html><p", "", None),
        ({"message": "a\x1b[31mred\x00 \u202eevil"}, "a\\x1b[31mred\\x00 \\u202eevil", None),
        (b"\xff\xfe", "��", None),
    ],
)  # fmt: skip
def test_reasons_are_tidied(body: Any, reason: str, reference: str | None) -> None:
    assert read_reason(answer(500, body)) == (reason, reference)


def test_long_reasons_are_cut() -> None:
    text = read_reason(answer(500, {"message": "x" * 100_000}))[0]
    assert len(text) == MAX_TEXT
    assert text.endswith("…")


def test_an_endless_page_of_tags_shows_none() -> None:
    assert read_reason(answer(502, b"<div>" * 100_000))[0] == ""


@pytest.mark.parametrize("piece", ["<a ", "<!--", "<![CDATA[", "&", "<script>", "</", "<", "<?"])
def test_a_page_made_to_be_slow_is_read_at_once(piece: str) -> None:
    """Each character is looked at once: `html.parser` takes minutes for some of these, and the test's time runs out."""
    assert len(read_reason(answer(502, f"<html>{piece * 65_536}".encode()))[0]) <= MAX_TEXT


@given(st.binary(max_size=300), st.integers(200, 599))
def test_no_body_breaks_the_message(body: bytes, status: int) -> None:
    found = fault("GET", "/v1/customer", answer(status, body), 0.0)
    assert str(found).isprintable()
    assert len(str(found)) < MAX_TEXT + 100


@given(st.text(max_size=300))
def test_visible_text_is_printable(text: str) -> None:
    assert visible(text).isprintable()


@pytest.mark.parametrize(("value", "seconds"), [("30", 30.0), ("x", None), ("", None)])
def test_429_tells_how_long_to_wait(value: str, seconds: float | None) -> None:
    found = fault("GET", "/v1/customer", answer(429, b"", retry_after=value), 0.0)
    assert isinstance(found, errors.RateLimited)
    assert found.retry_after == seconds
    assert ("30 seconds" in found.remedy) is (seconds is not None)
