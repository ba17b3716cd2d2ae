"""What the use cases work on: the settings, the state and the ERP of one environment, each opened once."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.config.settings import SANDBOX, Settings, load_settings, require_tenant
from reconciler.core.rules import Target
from reconciler.operations import clock
from reconciler.state.store import Store, open_store

if TYPE_CHECKING:
    from reconciler.erp.auth import Access
    from reconciler.erp.customers import Customers
    from reconciler.operations.connection import Pace
    from reconciler.operations.listener import Listener

SANDBOX_TENANT = "sandbox"
SANDBOX_DB = ".reconciler/sandbox.db"


class Workspace:
    """The settings of one environment, and what they lead to. `close` ends what was opened; it can be used on.

    environ: where credentials, keys and interpolated values come from; the process environment is not looked at.
    """

    def __init__(self, file: Path, *, environment: str | None, environ: Mapping[str, str], listener: Listener) -> None:
        self.environ = environ
        self.listener = listener
        self.settings: Settings = load_settings(file, environment=environment, environ=environ)
        self._stack = ExitStack()
        self._erps: dict[Pace, Customers] = {}
        self._way: Access | None = None

    def now(self) -> str:
        """UTC, ISO 8601, to the second."""
        return clock.now()

    @cached_property
    def store(self) -> Store:
        """The state. Nothing is made before something is written."""
        return open_store(self.settings.state)

    @property
    def place(self) -> Target:
        """The identity of the environment's ERP: no credentials are needed. Raises InvalidInput without a tenant."""
        settings = self.settings
        if settings.environment == SANDBOX:  # its port changes with each start, its data does not
            return Target(SANDBOX, settings.company, SANDBOX_TENANT, f"sandbox:{SANDBOX_DB}")
        return Target(settings.environment, settings.company, require_tenant(settings), settings.api.base_url)

    def erp(self, pace: Pace | None = None) -> Customers:
        """The ERP, with a connection for each pace; that of readers is taken when none is named.

        The sandbox's server starts with the first. Raises InvalidInput without credentials.
        """
        from reconciler.operations import connection  # noqa: PLC0415 - what works offline needs no HTTP client

        pace = pace or connection.READING
        if pace not in self._erps:
            if self._way is None:
                self._way = (
                    self._stack.enter_context(
                        connection.running_sandbox(private_folder(self.settings.root / SANDBOX_DB))
                    )
                    if self.settings.environment == SANDBOX
                    else connection.access(self.settings, self.environ)
                )
            self._erps[pace] = self._stack.enter_context(
                connection.connect(
                    self.settings, self._way, pace, sleep=self.listener.sleep, waiting=self.listener.waiting
                )
            )
        return self._erps[pace]

    def close(self) -> None:
        """Close connections, the sandbox's server and the state."""
        self._erps.clear()
        self._way = None
        self._stack.close()
        self.store.close()


def private_folder(file: Path) -> Path:
    """The file, with its folder made for the owner alone."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return file
