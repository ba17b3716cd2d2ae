"""OAuth2 client credentials (fact sheet 2.1): one token, shared by all threads, fetched again when it is due.

Nothing here shows an id, a secret, a token or a token endpoint's body: not in messages, reprs or chains of
exceptions.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from reconciler.core.errors import (
    AuthenticationFailed,
    ErpError,
    RateLimited,
    ServerFailed,
    UnexpectedAnswer,
)
from reconciler.erp.answer import Answer, parse
from reconciler.erp.budget import read_retry_after

SCOPES = (
    "vismanet_erp_service_api:read",
    "vismanet_erp_service_api:create",
    "vismanet_erp_service_api:update",
)
"""All that this package ever needs; there is no DELETE (fact sheet 2.1, 12.6, Q34)."""

_MARGIN = 60.0
_UNSTATED_LIFETIME = 300
_TOKEN = re.compile(r"[\x21-\x7e]+")
_SETTINGS = "Check VISMA_CLIENT_ID, VISMA_CLIENT_SECRET and the tenant id."

_REASONS: dict[str, tuple[str, str]] = {
    "invalid_client": (
        "the client id or secret is wrong",
        "Check VISMA_CLIENT_ID and VISMA_CLIENT_SECRET against the Developer Portal.",
    ),
    "invalid_scope": (
        "the application was not granted the scopes",
        f"Add the scopes {', '.join(SCOPES)} to the application in the Developer Portal.",
    ),
    "invalid_tenant": (
        "the tenant is unknown or has not approved the application",
        "Check that tenant_id is the company's tenant, that its administrator has approved the application,"
        " and that the API user and licence are there.",
    ),
    "unauthorized_client": (
        "the application may not use client credentials",
        "Register it as a service application in the Developer Portal.",
    ),
    "invalid_request": ("it does not take the request", _SETTINGS),
    "invalid_grant": ("it does not take the request", _SETTINGS),
    "unsupported_grant_type": (
        "it does not know client credentials",
        "Check that token_url is https://connect.visma.com/connect/token.",
    ),
}


@dataclass(frozen=True, slots=True)
class Access:
    """Who asks, and where: the addresses of the API and of its tokens, the tenant, and what the token endpoint wants.

    Its repr shows no secret.
    """

    base_url: str
    token_url: str
    tenant_id: str
    client_id: str = field(repr=False)
    client_secret: str = field(repr=False)

    def form(self) -> dict[str, str]:
        """The token request's form (fact sheet 2.1)."""
        return {
            "grant_type": "client_credentials",
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "scope": " ".join(SCOPES),
            "tenant_id": self.tenant_id,
        }


@dataclass(frozen=True, slots=True)
class Token:
    """An access token. `due` is the moment, in epoch seconds, from which it is not used any more."""

    text: str = field(repr=False)
    due: float
    expires_in: int
    scopes: tuple[str, ...] = ()


class TokenSource:
    """Hands out one token to all threads. `fetch` asks the token endpoint and raises ErpErrors."""

    def __init__(self, fetch: Callable[[], Token], clock: Callable[[], float]) -> None:
        self._fetch = fetch
        self._clock = clock
        self._lock = threading.Lock()
        self._token: Token | None = None

    def current(self) -> Token:
        """The token in use, or a new one when it is due."""
        with self._lock:
            if self._token is None or self._clock() >= self._token.due:
                self._token = self._fetch()
            return self._token

    def instead_of(self, refused: Token) -> Token:
        """A token other than one that the ERP refused; threads that were refused together share one fetch."""
        with self._lock:
            if self._token is None or self._token is refused:
                self._token = None
                self._token = self._fetch()
            return self._token


def read_token(answer: Answer, now: float) -> Token:
    """The token in the token endpoint's answer. Raises ErpErrors that show its error word at most."""
    if answer.status != 200:
        raise _token_fault(answer, now)
    found = _object(answer.body)
    text, lifetime = found.get("access_token"), _lifetime(found.get("expires_in"))
    bearer = str(found.get("token_type") or "Bearer").lower() == "bearer"
    if not isinstance(text, str) or not _TOKEN.fullmatch(text) or lifetime is None or not bearer:
        raise UnexpectedAnswer("The token endpoint's answer holds no usable token", remedy="Check token_url.")
    scope = found.get("scope")
    margin = min(_MARGIN, lifetime / 10)
    return Token(text, now + lifetime - margin, lifetime, tuple(scope.split()) if isinstance(scope, str) else ())


def _lifetime(value: object) -> int | None:
    """`expires_in` in seconds, also from a text; five minutes when it is not stated; None when unusable."""
    if value is None:
        return _UNSTATED_LIFETIME
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10**9 else None


def _token_fault(answer: Answer, now: float) -> ErpError:
    status = answer.status
    if status == 429:
        retry_after = read_retry_after(answer.headers, now)
        return RateLimited("The token endpoint asks to wait (429)", retry_after=retry_after, remedy="Try again later.")
    if status >= 500:
        return ServerFailed(f"The token endpoint failed ({status})", status=status, remedy="Try again later.")
    word = _object(answer.body).get("error")
    reason, remedy = _REASONS.get(word, ("", _SETTINGS)) if isinstance(word, str) else ("", _SETTINGS)
    if status in (400, 401, 403):
        said = f"{word}: {reason}" if reason else "it does not say why"
        return AuthenticationFailed(f"No access token ({status}), {said}", status=status, remedy=remedy)
    return UnexpectedAnswer(
        f"The token endpoint answered {status}",
        status=status,
        remedy="Check that token_url is https://connect.visma.com/connect/token.",
    )


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = parse(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
