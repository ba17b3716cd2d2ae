"""What a running sandbox holds: the store, and the parts that live in memory."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any

from reconciler.sandbox.clock import Clock
from reconciler.sandbox.company_store import CompanyStore
from reconciler.sandbox.fault_injection import FaultBook
from reconciler.sandbox.rate_limit import RateLimit
from reconciler.sandbox.server_options import Options
from reconciler.sandbox.switches import Switches
from reconciler.sandbox.tokens import Tokens


@dataclass
class BackgroundJob:
    """A background call, done at once but reported as slowly as the switch says (fact sheet 9)."""

    job_id: str
    received: str
    target: str
    status: int
    headers: dict[str, str]
    body: bytes
    polls: int = 0


@dataclass
class Runtime:
    """One company being served."""

    store: CompanyStore
    options: Options
    clock: Clock
    tokens: Tokens
    limits: RateLimit
    faults: FaultBook
    requests: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=10_000))
    jobs: dict[str, BackgroundJob] = field(default_factory=dict)

    @property
    def switches(self) -> Switches:
        """The switches in force; they can change between two requests."""
        return self.store.switches


def runtime_of(store: CompanyStore, options: Options) -> Runtime:
    """The parts in memory for a store; they share the store's clock."""
    clock = store.clock
    faults = FaultBook(options.chance_seed)
    return Runtime(store, options, clock, Tokens(options, clock), RateLimit(clock), faults)
