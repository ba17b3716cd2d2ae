"""The identity provider: client credentials in, bearer token out (fact sheet 2.1)."""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import parse_qs, unquote_plus

from reconciler.sandbox.clock import Clock
from reconciler.sandbox.refusals import GatewayRefusal
from reconciler.sandbox.server_options import Options
from reconciler.sandbox.switches import Switches


class TokenRefused(Exception):  # an answer, not a defect
    """An OAuth error: `error` is its word."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(error)
        self.error = error
        self.description = description
        self.status = status


@dataclass(frozen=True)
class Grant:
    """What a token allows. A token without tenant is issued, but the API refuses it (2.1)."""

    scopes: frozenset[str]
    tenant: str
    expires: datetime


class Tokens:
    """Issues tokens and checks them; they live in memory."""

    def __init__(self, options: Options, clock: Clock) -> None:
        self._options = options
        self._clock = clock
        self._grants: dict[str, Grant] = {}

    def issue(self, body: bytes, headers: Mapping[str, str], switches: Switches) -> dict[str, object]:
        """The token answer for a form. Raises TokenRefused."""
        form = _form(body, headers)
        _check_grant_type(form)
        self._check_client(form, headers, switches)
        scopes = self._scopes(form)
        tenant = form.get("tenant_id", "")
        if tenant and tenant != self._options.tenant_id and switches.tenants != "any":
            raise TokenRefused("invalid_tenant", "The tenant is unknown or has not approved the application.")
        token = secrets.token_urlsafe(32)
        lifetime = switches.token_lifetime
        expires = self._clock.now() + timedelta(seconds=lifetime)
        self._grants[token] = Grant(frozenset(scopes), tenant, expires)
        return {
            "access_token": token,
            "expires_in": lifetime,
            "token_type": "Bearer",
            "scope": " ".join(scopes),
        }

    def check(self, authorization: str, any_of: tuple[str, ...], switches: Switches) -> None:
        """Raises GatewayRefusal: 401 without a living token of the tenant, 403 (Q6) without one of the scopes."""
        scheme, _, token = authorization.partition(" ")
        grant = self._grants.get(token.strip())
        if scheme.lower() != "bearer" or grant is None or not grant.tenant:
            raise GatewayRefusal(401, "Access denied due to missing or invalid access token.")
        if grant.expires <= self._clock.now():
            raise GatewayRefusal(401, "Access denied: the access token has expired.")
        if not grant.scopes.intersection(any_of):
            raise GatewayRefusal(switches.missing_scope_status, "Access denied: the access token lacks the scope.")

    def expire_all(self) -> None:
        """Every token issued so far is worthless from now on."""
        self._grants.clear()

    def _check_client(self, form: Mapping[str, str], headers: Mapping[str, str], switches: Switches) -> None:
        sent = _basic(headers.get("authorization", "")) or (
            form.get("client_id", ""),
            form.get("client_secret", ""),
        )
        wanted = (self._options.client_id, self._options.client_secret)
        if not all(secrets.compare_digest(a.encode(), b.encode()) for a, b in zip(sent, wanted, strict=True)):
            raise TokenRefused("invalid_client", "Wrong client id or secret.", switches.invalid_client_status)

    def _scopes(self, form: Mapping[str, str]) -> list[str]:
        scopes = form.get("scope", "").split()
        if not scopes or any(scope not in self._options.scopes for scope in scopes):
            raise TokenRefused("invalid_scope", "A scope is missing or not granted to the application.")
        return scopes


def _form(body: bytes, headers: Mapping[str, str]) -> dict[str, str]:
    if not headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        raise TokenRefused("invalid_request", "The body must be a form.")
    try:
        fields = parse_qs(body.decode("ascii"), keep_blank_values=True, errors="strict")
    except ValueError:
        raise TokenRefused("invalid_request", "The form cannot be read.") from None
    if any(len(values) > 1 for values in fields.values()):
        raise TokenRefused("invalid_request", "A parameter is repeated.")
    return {name: values[0] for name, values in fields.items()}


def _check_grant_type(form: Mapping[str, str]) -> None:
    grant_type = form.get("grant_type", "")
    if not grant_type:
        raise TokenRefused("invalid_request", "grant_type is missing.")
    if grant_type != "client_credentials":
        raise TokenRefused("unsupported_grant_type", "Only client_credentials is supported.")


def _basic(authorization: str) -> tuple[str, str] | None:
    """Id and secret by HTTP Basic, form-encoded inside as RFC 6749 asks."""
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client, colon, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return ("", "")
    return (unquote_plus(client), unquote_plus(secret)) if colon else ("", "")
