"""An answer that is no success, as one of the core's errors with one clear message (fact sheet 10). Pure.

What a server writes is shown without tags, control characters and line breaks, and cut: it may be hostile.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import unescape
from http import HTTPStatus
from itertools import groupby
from typing import Any, Final

from reconciler.core.errors import (
    AuthenticationFailed,
    Conflict,
    ErpError,
    NotFound,
    PermissionDenied,
    RateLimited,
    Rejected,
    ServerFailed,
    UnexpectedAnswer,
)
from reconciler.erp.answer import Answer, parse
from reconciler.erp.budget import read_retry_after

MAX_TEXT = 500
_MAX_READ = 64 * 1024
_VISMA_ID = re.compile(r"VismaId:\s*([0-9A-Za-z-]{8,64})\.?\s*", re.IGNORECASE)
_PREAMBLE = re.compile(
    r"^(Error: )?(Error )?(inserting|updating) the customer\. (Error: )?(Inserting|Updating) 'Customer' record raised "
    r"at least one error\. Please review the errors\.\s*",
    re.IGNORECASE,
)
"""What the ERP says before what it has to say (fact sheet 10)."""

_MESSAGE_KEYS = ("message", "exceptionmessage", "error_description", "detail", "title", "error")
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_TAG = re.compile(r"[/!?]?[A-Za-z]+[0-9]?")
_HIDDEN_TAGS = frozenset({"script", "style", "template", "noscript", "svg"})

_SCOPE: Final = {"GET": "read", "POST": "create", "PUT": "update"}
_TRY_LATER = "Try again later."
_KINDS: Final[dict[int, tuple[type[ErpError], str]]] = {
    202: (UnexpectedAnswer, "The ERP queued the call to do it later; look at the customer before a retry."),
    401: (
        AuthenticationFailed,
        "Check that tenant_id is the company's tenant, not the customer's, that its administrator has"
        " approved the application, and that the API role and licence are there.",
    ),
    404: (NotFound, "Check the customer number, and that base_url is the API's address."),
    412: (Conflict, "Somebody changed the customer in the meantime; make a new plan."),
}


def fault(method: str, path: str, answer: Answer, now: float) -> ErpError:
    """The error for an answer to `method path` that is not the success the API has there.

    `now` is epoch seconds, for the forms of Retry-After and X-RateLimit-Reset that are points in time.
    """
    reason, reference = read_reason(answer)
    status = answer.status
    text = f"{method} {visible(path)} was answered {_named(status)}" + (f": {reason}" if reason else "")
    if status == 429:
        retry_after = read_retry_after(answer.headers, now)
        wait = f"Try again in {retry_after:.0f} seconds." if retry_after is not None else _TRY_LATER
        return RateLimited(text, remedy=wait, reference=reference, retry_after=retry_after)
    kind, remedy = _kind(method, status)
    return kind(text, remedy=remedy, status=status, reference=reference)


def _named(status: int) -> str:
    """The status with its standard phrase: `429 Too Many Requests`."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def read_reason(answer: Answer) -> tuple[str, str | None]:
    """What the body says went wrong, on one line, "" when it says nothing; and the VismaId, or None."""
    text = _body_text(answer)
    found = _VISMA_ID.search(text)
    reference = found[1].rstrip(".") if found else None
    return visible(_PREAMBLE.sub("", _VISMA_ID.sub("", text))), reference


def visible(text: str, limit: int = MAX_TEXT) -> str:
    """The text on one line: blanks and line breaks joined, unprintable characters escaped, cut to `limit`.

    >>> visible("one.\\r\\n  two\\x1b[31m")
    'one. two\\\\x1b[31m'
    """
    joined = " ".join(text[: limit * 20].split())
    shown = "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in joined)
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def _kind(method: str, status: int) -> tuple[type[ErpError], str]:
    if status in _KINDS:
        return _KINDS[status]
    if status == 403:
        return PermissionDenied, f"Give the application the scope vismanet_erp_service_api:{_SCOPE[method]}."
    if status >= 500:
        return ServerFailed, "The ERP or its gateway failed; try again later."
    if status >= 400:
        return Rejected, ""
    redirects = "Redirects are not followed; set base_url to the API's own address."
    return UnexpectedAnswer, redirects if status >= 300 else ""


def _body_text(answer: Answer) -> str:
    body = answer.body[:_MAX_READ]
    text = body.decode("utf-8", errors="replace").lstrip("\ufeff").strip()
    if not text:
        return ""
    try:
        found = parse(answer.body)
    except ValueError:
        found = None
    if found is not None:
        return _message(found)
    if text.startswith("<") or "html" in answer.headers.get("content-type", "").lower():
        return _html_text(text)
    if text[0] in "{[":
        return f"(unreadable JSON) {text}"
    return text


def _message(found: Any) -> str:
    """The message of a JSON body: `message` in any case, IPPException, gateway or problem form, or a text."""
    if isinstance(found, str):
        return _html_text(found) if found.lstrip().startswith("<") else found
    if not isinstance(found, Mapping):
        return ""
    members = {str(key).lower(): value for key, value in found.items()}
    text = next((text for key in _MESSAGE_KEYS if isinstance(text := members.get(key), str) and text.strip()), "")
    code = members.get("exceptionfaultcode")
    return f"{text} (fault {code})" if text and isinstance(code, str) and code else text


def _html_text(page: str) -> str:
    """What a reader sees; a tag that was cut off at the end goes too.

    Not by `html.parser`, which takes minutes for 64 KiB of `<a <a <a`: here each character is looked at once.
    """
    page = page[: page.rfind("<")] if page.rfind("<") > page.rfind(">") else page
    before, *pieces = _COMMENT.sub("", page).split("<")
    parts, hidden = [before], ""
    for piece in pieces:
        found = _TAG.match(piece)
        name = found[0].lower() if found else ""
        if hidden:
            hidden = "" if name == f"/{hidden}" else hidden
        elif name in _HIDDEN_TAGS:
            hidden = name
        if not hidden:
            parts.append(piece.partition(">")[2] if found else f"<{piece}")
    texts = (" ".join(unescape(part).split()) for part in parts)
    return " - ".join(text for text, _ in groupby(filter(None, texts)))
