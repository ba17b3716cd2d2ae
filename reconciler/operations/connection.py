"""The way to the ERP: where it is, what opens it, and the embedded one for the environment `sandbox`.

The only module beside the command line that knows the sandbox: it is imported when that environment is used.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from reconciler.config.read.messages import quoted
from reconciler.config.settings import Settings, is_allowed, load_credentials, require_tenant, url_host
from reconciler.core.diagnostics import Diagnostic, Severity, Source
from reconciler.core.errors import InvalidInput, ReconcilerError
from reconciler.core.progress import Progress
from reconciler.erp.auth import Access
from reconciler.erp.customers import Customers, open_customers
from reconciler.erp.transport import Exchange, Hooks, Wait

_log = logging.getLogger("reconciler")


@dataclass(frozen=True, slots=True)
class Pace:
    """How to keep to the rate window. reserve: calls that are left to others. longest_wait: seconds, None for any.
    sharers: companies that may take from it at a time."""

    reserve: int = 0
    longest_wait: float | None = 120.0
    sharers: int = 1


READING = Pace()
"""For what only reads: rather than wait for long, it says so."""


def access(settings: Settings, environ: Mapping[str, str]) -> Access:
    """The way to the real ERP. Raises InvalidInput with all that is missing."""
    problems = _strangers(settings, environ)
    tenant, credentials = "", None
    try:
        tenant = require_tenant(settings)
    except InvalidInput as error:
        problems += error.diagnostics
    try:
        credentials = load_credentials(environ)
    except InvalidInput as error:
        problems += error.diagnostics
    if credentials is None or problems:
        remedy = "To try without credentials: --env sandbox."
        raise InvalidInput(tuple(problems), "Credentials are missing or not usable", remedy=remedy)
    return Access(
        settings.api.base_url, settings.api.token_url, tenant, credentials.client_id, credentials.client_secret
    )


def _strangers(settings: Settings, environ: Mapping[str, str]) -> list[Diagnostic]:
    """Hosts that are not among VISMA_ALLOWED_HOSTS, where that is set, are sent no credentials.

    A branch can change the settings file, and a job that plans the branch has the credentials: whoever gives a job
    these can say beside them where they may go. Set but empty means nowhere: a CI's variable that is missing is empty.
    """
    allowed = environ.get("VISMA_ALLOWED_HOSTS")
    if allowed is None:
        return []
    if not allowed.strip():
        problem = "VISMA_ALLOWED_HOSTS is set but empty, so no host may be sent the credentials"
        remedy = "Name the hosts of the ERP and its tokens in it, separated by commas; or unset it to allow any host."
        return [Diagnostic(Severity.ERROR, "S130", problem, remedy=remedy)]
    api = settings.api
    return [
        _stranger(f"api.{name}", url_host(url), allowed, api.origins.get(name))
        for name, url in (("base_url", api.base_url), ("token_url", api.token_url))
        if not is_allowed(url, allowed)
    ]


def _stranger(name: str, host: str, allowed: str, origin: Source | str | None) -> Diagnostic:
    """The host of a setting that may not have the credentials. origin: what names it, None for the default."""
    source, place = (origin, "this line") if isinstance(origin, Source) else (None, origin)
    correct = f"Correct {place}; or, if" if place else "If"
    return Diagnostic(
        Severity.ERROR,
        "S130",
        f"{name} leads to {quoted(host)}, which is not among VISMA_ALLOWED_HOSTS ({quoted(allowed)})",
        "It would be sent the credentials, or the token.",
        f"{correct} this host may have the credentials, add it to VISMA_ALLOWED_HOSTS where that is set: in a pipeline"
        " the line with this name, or the CI server's own variable.",
        source,
    )


@contextmanager
def running_sandbox(file: Path) -> Iterator[Access]:
    """The embedded ERP over its file, which is made if need be, answering at a free loopback port within the block."""
    from reconciler.sandbox import Sandbox, Switches  # noqa: PLC0415 - a web server, for this environment alone

    # mixed: a declared number is kept, and a new customer without one gets the next, so that both can be tried
    try:
        server = Sandbox(file, switches=Switches(numbering="mixed"))
    except (OSError, ValueError) as error:
        raise ReconcilerError(
            f"The sandbox cannot start: {error}", remedy="Move its file away to start anew."
        ) from error
    with server:
        yield Access(server.base_url, server.token_url, server.tenant_id, server.client_id, server.client_secret)


def connect(
    settings: Settings,
    way: Access,
    pace: Pace,
    *,
    sleep: Callable[[float], None],
    waiting: Callable[[float, str], None],
    progress: Callable[[Progress], None],
) -> AbstractContextManager[Customers]:
    """The customers over that way. sleep: how to wait; waiting: hears of each wait before it begins; progress: how far
    a reading is."""
    hooks = Hooks(
        sleep=sleep,
        observer=_log_exchange,
        on_wait=lambda wait: _tell(waiting, wait),
        reserve=pace.reserve,
        on_progress=progress,
        longest_wait=pace.longest_wait,
        sharers=pace.sharers,
        largest=settings.limits.answer_size,
    )
    return open_customers(
        way,
        hooks,
        page_size=settings.api.page_size,
        parallelism=settings.api.parallelism,
        timeout=settings.api.timeout,
        most_pages=settings.limits.pages,
    )


def _tell(waiting: Callable[[float, str], None], wait: Wait) -> None:
    waiting(wait.seconds, wait.reason)


def _log_exchange(exchange: Exchange) -> None:
    _log.info(
        "%s %s answered %s in %.0f ms (attempt %d)",
        exchange.method,
        exchange.path,
        exchange.status or "nothing",
        exchange.seconds * 1000,
        exchange.attempt,
    )
