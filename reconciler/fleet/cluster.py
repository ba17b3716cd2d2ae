"""A Dask cluster as an engine: the same tasks on the workers of a scheduler, which hold the credentials themselves.

Needs the extra `fleet`. Queue, heartbeat, retries and transport are `distributed`'s own.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec

from reconciler._version import __version__
from reconciler.core.errors import ReconcilerError, WrongUsage

_LIBRARY = "distributed"
_RETRIES = 3
_PATIENCE = "10s"
"""So long a scheduler may take to answer."""


@dataclass
class Cluster:
    """The workers of the scheduler at an address. most: companies at a time, over all of them; None for as many as the
    workers have threads."""

    address: str
    most: int | None = None
    _threads: int = field(default=1, init=False)

    def __post_init__(self) -> None:
        if find_spec(_LIBRARY) is None:
            raise WrongUsage(
                "--on needs distributed, which is not installed here",
                remedy="Install it with: pip install 'visma-reconciler[fleet]', here and on the workers.",
            )

    @property
    def jobs(self) -> int:
        """See `Engine`; workers that join later make it no more."""
        return self.most or self._threads

    @property
    def room(self) -> int:
        """A scheduler begins all that it is sent, if it has the workers: so the limit is kept here."""
        return self.jobs

    @contextmanager
    def executor(self) -> Iterator[Executor]:
        """The scheduler's own executor. Raises ReconcilerError without one, WrongUsage for workers that do not fit."""
        try:
            client = import_module(_LIBRARY).Client(self.address, timeout=_PATIENCE, set_as_default=False)
        except (OSError, ValueError) as error:
            raise ReconcilerError(
                f"There is no scheduler at {self.address}: {error}", remedy="Check the address, and that it runs."
            ) from error
        with client:
            _check_versions(client.run(worker_version))
            self._threads = sum(client.nthreads().values())
            with client.get_executor(retries=_RETRIES, pure=False) as executor:
                yield executor

    def stop(self) -> None:
        """Nothing more is sent; what is under way ends by itself, and is waited for."""


def worker_version() -> str:
    """The version of reconciler of whoever is asked."""
    return __version__


def _check_versions(versions: dict[str, str]) -> None:
    """Raise WrongUsage before any work is sent to a worker that would do it otherwise."""
    if not versions:
        raise WrongUsage("The scheduler has no worker", remedy="Start one: dask worker ADDRESS --nthreads 1")
    others = {worker: version for worker, version in versions.items() if version != __version__}
    if others:
        worker, version = next(iter(others.items()))
        raise WrongUsage(
            f"The worker {worker} has reconciler {version}, and this is {__version__}",
            remedy="Install the same version everywhere.",
        )
