"""What the sandbox refuses, as exceptions that the HTTP side turns into answers.

Refusal                 an answer other than success
├── UnknownRecord             no such record (fact sheet 10, Q4)
├── BadBody             a body of the wrong shape (Q32)
└── GatewayRefusal             401, 403, 429: the gateway in front of the ERP (Q6)
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable


class Refusal(Exception):  # an answer, not a defect
    """The ERP refuses; `status` None means "the status that the switches name for business errors"."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


class UnknownRecord(Refusal):
    """No such customer, class or job."""


class BadBody(Refusal):
    """The body does not fit the schema."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{support_reference()}Error converting the request body. Path '{path}': {problem}", 400)


class GatewayRefusal(Refusal):
    """The gateway refuses before the ERP sees the call."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message, status)


def support_reference() -> str:
    """The id that starts every error text of the ERP (fact sheet 10)."""
    return f"VismaId: {uuid.uuid4()}. "


def record_errors(verb: str, problems: Iterable[str], status: int | None = None) -> Refusal:
    """The ERP's error for a record with problems; `verb` is `Inserting` or `Updating` (fact sheet 10)."""
    head = f"Error {verb.lower()} the customer. Error: {verb} 'Customer' record raised at least one error. "
    lines = "".join(f"Error: {problem}\r\n" for problem in problems)
    return Refusal(f"{support_reference()}{head}Please review the errors.\r\n{lines}", status)
