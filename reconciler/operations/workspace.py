"""What the use cases work on: the settings, the state and the ERP of one environment, each opened once."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.config.settings import SANDBOX, Settings, SharedSettings, load_settings, require_tenant
from reconciler.core.rules import Target
from reconciler.core.shared_state import SharedState
from reconciler.core.some_names import some_names
from reconciler.operations import clock
from reconciler.operations.ci_job import job_url
from reconciler.reports.safe_text import visible
from reconciler.reports.wording import duration
from reconciler.state.lock_holder import Holder
from reconciler.state.sealing import KEY_VARIABLE, key_from
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

    lock_timeout: seconds to wait for another run. sharers: companies that may take from one rate window at a time.
    environ: where credentials, keys and interpolated values come from; the process environment is not looked at.
    shared: settings that lie under those of the file. home: the folder that keeps what is not shared between runs,
    where that is not the file's.
    """

    def __init__(
        self,
        file: Path,
        *,
        environment: str | None,
        environ: Mapping[str, str],
        listener: Listener,
        shared: SharedSettings | None = None,
        home: Path | None = None,
    ) -> None:
        self.environ = environ
        self.listener = listener
        settings = load_settings(file, environment=environment, environ=environ, shared=shared)
        self.home = home or settings.root
        self.settings: Settings = _kept_at(settings, self.home)
        self.lock_timeout = 0.0
        self.sharers = 1
        self._stack = ExitStack()
        self._erps: dict[Pace, Customers] = {}
        self._way: Access | None = None

    def now(self) -> str:
        """UTC, ISO 8601, to the second."""
        return clock.now()

    @cached_property
    def store(self) -> Store:
        """The state. Nothing is made before something is written."""
        location = self.settings.state
        place = self.place if isinstance(location, SharedState) else None
        key = key_from(self.environ)
        store = open_store(location, place=place, key=key, environ=self.environ, job=job_url(self.environ))
        if isinstance(location, SharedState):
            self._tell_impostors(location)
        return store

    def _tell_impostors(self, location: SharedState) -> None:
        """Who else could answer in the place of the database."""
        from reconciler.state.postgres.connecting import tls_warning  # noqa: PLC0415 - the driver takes 0.2 s to load

        if warning := tls_warning(location, self.environ):
            self.listener.warn(warning)

    def _tell_readable(self) -> None:
        """What whoever shares the database can see; only where the state was read or written without a key."""
        location = self.settings.state
        if isinstance(location, SharedState) and self.store.database.is_open and key_from(self.environ) is None:
            self.listener.say(
                f"Whoever may read {location} can read customers' values there: {KEY_VARIABLE} encrypts them."
            )

    def lock(self, command: str) -> AbstractContextManager[None]:
        """Be the only run within the block; waits for another one as long as `lock_timeout` says. Raises Locked."""
        return self.store.lock(command, timeout=self.lock_timeout, waiting=self._waiting_for)

    def _waiting_for(self, holder: Holder) -> None:
        who = f" ({holder.owner})" if holder.owner else ""
        self.listener.say(f"Waiting up to {duration(self.lock_timeout)} for another run{visible(who)} to end.")

    @property
    def place(self) -> Target:
        """The identity of the environment's ERP: no credentials are needed. Raises InvalidInput without a tenant."""
        settings = self.settings
        if settings.environment == SANDBOX:  # its port changes with each start, its data does not
            return Target(SANDBOX, settings.company, SANDBOX_TENANT, f"sandbox:{SANDBOX_DB}")
        return Target(settings.environment, settings.company, require_tenant(settings), settings.api.base_url)

    @property
    def has_place(self) -> bool:
        """Whether `place` is known."""
        return self.settings.environment == SANDBOX or bool(self.settings.api.tenant_id)

    def erp(self, pace: Pace | None = None) -> Customers:
        """The ERP, with a connection for each pace; that of readers is taken when none is named.

        The sandbox's server starts with the first. Raises InvalidInput without credentials.
        """
        from reconciler.operations import connection  # noqa: PLC0415 - what works offline needs no HTTP client

        pace = replace(pace or connection.READING, sharers=self.sharers)
        if pace not in self._erps:
            if self._way is None:
                self._way = (
                    self._stack.enter_context(connection.running_sandbox(private_folder(self.home / SANDBOX_DB)))
                    if self.settings.environment == SANDBOX
                    else connection.access(self.settings, self.environ)
                )
            self._erps[pace] = self._stack.enter_context(
                connection.connect(
                    self.settings,
                    self._way,
                    pace,
                    sleep=self.listener.sleep,
                    waiting=self.listener.waiting,
                    progress=self.listener.progress,
                )
            )
        return self._erps[pace]

    def close(self) -> None:
        """Close connections, the sandbox's server and the state. Tells what the ERP showed that nobody knows, and who
        can read the state."""
        self._tell_strange()
        self._erps.clear()
        self._way = None
        self._stack.close()
        if "store" in self.__dict__:
            self._tell_readable()
            self.store.close()

    def _tell_strange(self) -> None:
        strange: dict[str, int] = {}
        for erp in self._erps.values():
            strange |= {name: max(count, strange.get(name, 0)) for name, count in erp.strange.items()}
        if strange:
            named = some_names([f"{visible(name)} ({count:,})" for name, count in sorted(strange.items())])
            self.listener.say(
                f"The ERP shows members that this version does not know (with how many customers): {named}."
                " They are neither compared nor written; `reconciler customers show NUMBER --raw` shows them."
            )


def _kept_at(settings: Settings, home: Path) -> Settings:
    """The settings, with a state file that lies below their folder moved below another one."""
    state = settings.state
    if isinstance(state, SharedState) or home == settings.root or not state.is_relative_to(settings.root):
        return settings
    return replace(settings, state=home / state.relative_to(settings.root))


def private_folder(file: Path) -> Path:
    """The file, with its folder made for the owner alone."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return file
