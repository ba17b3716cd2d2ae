"""How a sandbox is run, as opposed to how the ERP behaves (that is `Switches`)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

READ: Final = "vismanet_erp_service_api:read"
CREATE: Final = "vismanet_erp_service_api:create"
UPDATE: Final = "vismanet_erp_service_api:update"
DELETE: Final = "vismanet_erp_service_api:delete"


@dataclass(frozen=True)
class Options:
    """Credentials, clock and safety. The credentials are no secrets: they open the sandbox only."""

    client_id: str = "sandbox"
    client_secret: str = "sandbox"  # noqa: S105  # opens the sandbox only
    tenant_id: str = "sandbox"
    scopes: tuple[str, ...] = (READ, CREATE, UPDATE, DELETE)
    clock: Callable[[], datetime] | None = None
    control: bool = True
    allow_remote: bool = False
    chance_seed: int = 0


@dataclass(frozen=True)
class Endpoint:
    """Where a running sandbox answers, and with which credentials."""

    base_url: str
    token_url: str
    client_id: str
    client_secret: str
    tenant_id: str


def endpoint_of(base_url: str, options: Options) -> Endpoint:
    """The address of a sandbox that listens at `base_url`."""
    token_url = f"{base_url}/connect/token"
    return Endpoint(base_url, token_url, options.client_id, options.client_secret, options.tenant_id)
