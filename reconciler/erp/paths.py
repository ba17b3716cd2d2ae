"""Customer numbers in URL paths, and back (fact sheet 4.4)."""

from __future__ import annotations

import base64
import binascii
import re
from urllib.parse import quote, unquote, urlsplit

from reconciler.resources.customer import CUSTOMER

CUSTOMERS = CUSTOMER.path
"""The path of the list, and of what is below it."""

_FORBIDDEN = frozenset(":/?#[]@&*+;")
_ROUTES = frozenset({"balance", "customerclass", "internal", "action"})
_B64 = re.compile(r"b64\((.*)\)", re.IGNORECASE | re.DOTALL)


def encode_segment(identifier: str) -> str:
    """The identifier as one path segment (fact sheet 4.4).

    Identifiers with one of `:/?#[]@&*+;` become `b64(...)`, as documented. That the API takes this form for
    plain identifiers too is inferred; it is used for the ones that cannot stand as they are: `.` and `..`,
    the routes `balance`, `customerClass`, `internal`, `action` at the place of a number, and texts that begin
    with `b64(` themselves.

    >>> encode_segment(":/?#[]@&*+;"), encode_segment("10 000")
    ('b64(Oi8_I1tdQCYqKzs)', '10%20000')
    """
    if not _needs_b64(identifier):
        return quote(identifier, safe="")
    encoded = base64.urlsafe_b64encode(identifier.encode()).decode().rstrip("=")
    return f"b64({encoded})"


def decode_segment(segment: str) -> str | None:
    """The identifier that a path segment stands for, or None when it is not readable.

    >>> decode_segment("b64(Oi8_I1tdQCYqKzs)"), decode_segment("10%20000")
    (':/?#[]@&*+;', '10 000')
    """
    try:
        text = unquote(segment, errors="strict")
        found = _B64.fullmatch(text)
        if found is None:
            return text
        encoded = found[1].encode("ascii")
        return base64.b64decode(encoded + b"=" * (-len(encoded) % 4), altchars=b"-_", validate=True).decode()
    except (UnicodeError, binascii.Error):
        return None


def customer_path(number: str) -> str:
    """The path of one customer."""
    return f"{CUSTOMERS}/{encode_segment(number)}"


def action_path(number: str, action: str) -> str:
    """The path of an action of one customer (fact sheet 4.1)."""
    return f"{customer_path(number)}/action/{action}"


_RENUMBER = f"{CUSTOMERS}/action/changeCustomerCd"
RENUMBER_PATH = re.compile(rf"{re.escape(_RENUMBER)}/[0-9]+", re.ASCII)
"""The path of a renumbering, which goes by the internal id (fact sheet of the neighbours, 6)."""


def renumber_path(internal_id: int) -> str:
    """The path that gives the customer another number."""
    return f"{_RENUMBER}/{internal_id}"


def identity_path(internal_id: int) -> str:
    """The path of one customer, whatever its number is (fact sheet 4.1)."""
    return f"{CUSTOMERS}/internal/{internal_id}"


def number_in_location(location: str) -> str | None:
    """The customer number in a Location header, or None. The address, maybe of another host, is never called.

    The number is the last path segment (fact sheet 1, 3.2); below `customer` it must follow it directly.
    """
    try:
        segments = [segment for segment in urlsplit(location.strip()).path.split("/") if segment]
    except ValueError:
        return None
    parents = [segment.lower() for segment in segments[:-1]]
    if not segments or (not parents and segments[0].lower() == "customer"):
        return None
    if parents and parents[-1] != "customer":
        return None
    return decode_segment(segments[-1]) or None


def _needs_b64(identifier: str) -> bool:
    return (
        not _FORBIDDEN.isdisjoint(identifier)
        or identifier in (".", "..")
        or identifier.lower() in _ROUTES
        or identifier.lower().startswith("b64(")
    )
