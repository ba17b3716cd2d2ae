"""The way to a sandbox, for tests that open the client themselves."""

from __future__ import annotations

from reconciler.erp.auth import Access
from reconciler.sandbox import Sandbox


def access_to(sandbox: Sandbox) -> Access:
    """The sandbox's addresses and credentials."""
    return Access(sandbox.base_url, sandbox.token_url, sandbox.tenant_id, sandbox.client_id, sandbox.client_secret)
