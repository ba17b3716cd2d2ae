"""The exceptions that stop a run, drawn whole.

    ReconcilerError
    ├── InvalidInput            settings or declarations are wrong; carries all diagnostics
    ├── WrongUsage              the command line asks for something that makes no sense
    ├── Refused                 a guard, a policy or a plan that no longer fits; nothing was written
    │   └── Declined            nobody agreed to it
    ├── Locked                  another run holds the state
    ├── StateError              the state database cannot be used
    ├── ReportError             a report could not be written
    └── ErpError                the ERP, or the way to it
        ├── Unreachable         no answer: refused, reset, timed out, TLS, name lookup
        │   └── AnswerLost      a write was sent and its answer never came: it may or may not be done
        ├── NotSent             held back: no budget is left and waiting was not wanted, or the run was stopped
        ├── AuthenticationFailed  401, or the token endpoint said no
        ├── PermissionDenied    403
        ├── NotFound            404 for a customer or a route
        ├── Conflict            412: somebody changed the customer since the plan
        ├── RateLimited         429
        ├── Rejected            another 4xx: the ERP refused the request
        ├── ServerFailed        5xx
        ├── UnexpectedAnswer    an answer that makes no sense: not JSON, wrong shape, no Location
        └── TornView            the list kept changing while it was read

Only `cli` turns one into an exit code.
"""

from __future__ import annotations

from reconciler.core.diagnostics import Diagnostic


class ReconcilerError(Exception):
    """Base of all errors that this package raises on purpose.

    `str(error)` is one clear message without secrets; `remedy` says what to do next, or is empty.
    """

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.remedy = remedy


class InvalidInput(ReconcilerError):
    """Settings or declarations have errors; `diagnostics` holds every problem found. message: the sum of it."""

    def __init__(self, diagnostics: tuple[Diagnostic, ...], message: str = "", *, remedy: str = "") -> None:
        count = sum(each.severity == "error" for each in diagnostics)
        super().__init__(message or f"{count} error{'s' * (count != 1)} in the settings or declarations", remedy=remedy)
        self.diagnostics = diagnostics


class WrongUsage(ReconcilerError):
    """Arguments that contradict each other or name nothing."""


class Refused(ReconcilerError):
    """A guard, a policy, or a plan that does not fit where it is applied. Nothing was written."""


class Declined(Refused):
    """Consent was asked for and not given."""


class Locked(ReconcilerError):
    """Another run holds the lock of the state."""


class StateError(ReconcilerError):
    """The state database is corrupt, of a newer version, or cannot be read or written."""


class ReportError(ReconcilerError):
    """A report or plan file could not be read or written."""


class ErpError(ReconcilerError):
    """The ERP, or the way to it, failed. `reference` is the ERP's own support reference where it gave one."""

    def __init__(
        self, message: str, *, remedy: str = "", status: int | None = None, reference: str | None = None
    ) -> None:
        super().__init__(message, remedy=remedy)
        self.status = status
        self.reference = reference


class Unreachable(ErpError):
    """No answer came."""


class AnswerLost(Unreachable):
    """A request that may have changed something was sent, and no usable answer came back.

    `late` says that it was given up waiting for one: the ERP may still be at work on it.
    """

    late = False


class NotSent(ErpError):
    """A request was held back; nothing of it reached the ERP."""


class AuthenticationFailed(ErpError):
    """The token endpoint refused, or the ERP answered 401 to a fresh token."""


class PermissionDenied(ErpError):
    """403: the token is good, but not for this."""


class NotFound(ErpError):
    """404. Only this means that a customer does not exist."""


class Conflict(ErpError):
    """412: the customer's version is not the one that the plan saw.

    `after_lost` says that an earlier try of the same write got no answer: the other version may be our own.
    """

    after_lost = False


class RateLimited(ErpError):
    """429; `retry_after` is the number of seconds that the ERP asks to wait, or None."""

    def __init__(
        self,
        message: str,
        *,
        remedy: str = "",
        status: int | None = 429,
        reference: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, remedy=remedy, status=status, reference=reference)
        self.retry_after = retry_after


class Rejected(ErpError):
    """A 4xx answer with a reason of the ERP's own."""


class ServerFailed(ErpError):
    """A 5xx answer."""


class UnexpectedAnswer(ErpError):
    """An answer that does not have the shape of the API."""


class TornView(ErpError):
    """The list of customers changed under each attempt to read it whole."""
