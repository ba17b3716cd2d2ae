"""What every command shares: the streams, the settings, and the way to the ERP."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from reconciler.config.settings import Settings
    from reconciler.core.diagnostics import Diagnostic
    from reconciler.core.errors import ReportError
    from reconciler.core.rules import Target
    from reconciler.erp.customers import Customers
    from reconciler.erp.transport import Exchange
    from reconciler.reports.redact import Redactor
    from reconciler.state.sqlite.file_cache import FileCache
    from reconciler.state.sqlite.store import Store

SANDBOX = "sandbox"
SANDBOX_TENANT = "sandbox"
_NARROWEST, _WIDEST = 20, 6  # cells; digits
SANDBOX_DB = ".reconciler/sandbox.db"


@dataclass(frozen=True)
class Session:
    """The global options, and what follows from them. Only the command line reads the process environment."""

    config: Path | None
    environment: str | None
    color: bool | None
    quiet: bool
    environ: Mapping[str, str]
    redact: bool = False
    max_chars: int | None = None
    no_cache: bool = False
    unwritten: list[ReportError] = field(default_factory=list)
    """The reports that could not be written."""

    # ---- streams ----

    @cached_property
    def out(self) -> Console:
        """Standard output: results only."""
        return _console(self, stderr=False)

    @cached_property
    def err(self) -> Console:
        """Standard error: progress, prompts, problems."""
        return _console(self, stderr=True)

    @property
    def width(self) -> int | None:
        """Cells of the terminal that results go to; None where there is none, and lines are not cut."""
        return _width(self.environ) if sys.stdout.isatty() or "COLUMNS" in self.environ else None

    def print(self, lines: Iterable[Text]) -> None:
        """Results, a line each, to standard output."""
        if self.width is None and not _is_styled(self, sys.stdout):  # rich's console takes long to import
            sys.stdout.writelines(f"{line.plain}\n" for line in lines)
            sys.stdout.flush()
            return
        for line in lines:
            self.out.print(line, soft_wrap=self.width is None, highlight=False)

    def say(self, message: str) -> None:
        """One line of progress to standard error; silent with --quiet."""
        if self.quiet:
            return
        if _is_styled(self, sys.stderr):
            self.err.print(message, markup=False, highlight=False, soft_wrap=True)
        else:
            sys.stderr.write(f"{message}\n")
            sys.stderr.flush()

    def flush(self) -> None:
        """Have standard output taken, or learn that it is not. Raises OSError."""
        sys.stdout.flush()

    def miss(self, error: ReportError) -> None:
        """Tell of a report that could not be written, also with --quiet, and go on."""
        from reconciler.reports.safe_text import visible

        self.unwritten.append(error)
        self.err.print("Error: ", style="bold red", end="")
        self.err.print(visible(str(error)), soft_wrap=True)

    def write(self, data: bytes) -> None:
        """Machine-readable results to standard output, as they are."""
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()

    @property
    def is_interactive(self) -> bool:
        """Whether a person can be asked."""
        return sys.stdin.isatty() and sys.stderr.isatty() and "CI" not in self.environ

    # ---- settings ----

    @cached_property
    def settings(self) -> Settings:
        """The settings of the chosen environment. Raises InvalidInput or WrongUsage."""
        from reconciler.config.settings import load_settings

        return load_settings(self._settings_file, environment=self.environment, environ=self.environ)

    def check_settings(self) -> tuple[Settings | None, tuple[Diagnostic, ...]]:
        """The settings as far as they are sound (`settings.check_settings`), and all problems. Raises WrongUsage."""
        from reconciler.config.settings import check_settings

        return check_settings(self._settings_file, environment=self.environment, environ=self.environ)

    @property
    def _settings_file(self) -> Path:
        from reconciler.config.settings import find_settings
        from reconciler.core.errors import WrongUsage

        file = self.config or find_settings(Path.cwd())
        if file is None:
            raise WrongUsage(
                "There is no reconciler.yaml here or in a folder above",
                remedy="Run `reconciler init` to make one, or name one with -c FILE.",
            )
        return file

    @cached_property
    def redactor(self) -> Redactor | None:
        """What replaces personal data in all that is shown, with `--redact`."""
        if not self.redact:
            return None
        from reconciler.cli.shell.redaction import redaction_key
        from reconciler.reports.redact import Redactor

        return Redactor(redaction_key(self))

    # ---- the ERP ----

    def store(self) -> Store:
        """The state of the environment. Nothing is made before something is written."""
        from reconciler.state.sqlite.store import Store

        return Store(self.settings.state)

    def cache(self, settings: Settings, *, writes: bool = True) -> FileCache | None:
        """What was read of unchanged declarations, unless it is not wanted. writes: whether it may be made and grow."""
        if self.no_cache or not settings.cache:
            return None
        from reconciler.state.sqlite.file_cache import FileCache

        return FileCache(settings.state, writes=writes)

    @contextmanager
    def erp(
        self,
        *,
        sleep: Callable[[float], None] = time.sleep,
        reserve: int = 0,
        longest_wait: float | None = 120.0,
    ) -> Iterator[tuple[Customers, Target]]:
        """The ERP of the environment, and its identity for plans. The sandbox's server runs inside the block.

        sleep, reserve, longest_wait: how to wait for the rate window (`open_customers`).
        """
        settings = self.settings
        with ExitStack() as stack:
            if settings.environment == SANDBOX:
                access = stack.enter_context(_sandbox(settings))
            else:
                access = _access(settings, self.environ)
            pace = {"sleep": sleep, "reserve": reserve, "longest_wait": longest_wait}
            customers = stack.enter_context(_customers(settings, access, self, pace))
            yield (
                customers,
                _target(settings, access.tenant_id),
            )

    def place(self) -> Target:
        """The identity of the environment's ERP; nothing is opened, and no credentials are needed."""
        from reconciler.config.settings import require_tenant

        sandbox = self.settings.environment == SANDBOX
        return _target(self.settings, SANDBOX_TENANT if sandbox else require_tenant(self.settings))


def _target(settings: Settings, tenant_id: str) -> Target:
    from reconciler.core.rules import Target

    # the sandbox's port changes with each command, its data does not
    base_url = f"sandbox:{SANDBOX_DB}" if settings.environment == SANDBOX else settings.api.base_url
    return Target(settings.environment, settings.company, tenant_id, base_url)


@dataclass(frozen=True, slots=True)
class _Access:
    base_url: str
    token_url: str
    tenant_id: str
    client_id: str
    client_secret: str

    def __repr__(self) -> str:
        return f"_Access({self.base_url!r})"


def _access(settings: Settings, environ: Mapping[str, str]) -> _Access:
    from reconciler.config.settings import load_credentials, require_tenant
    from reconciler.core.errors import InvalidInput

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
    return _Access(
        settings.api.base_url,
        settings.api.token_url,
        tenant,
        credentials.client_id,
        credentials.client_secret,
    )


def _strangers(settings: Settings, environ: Mapping[str, str]) -> list[Diagnostic]:
    """Hosts that are not among VISMA_ALLOWED_HOSTS, where that is set, are sent no credentials.

    A branch can change the settings file, and a job that plans the branch has the credentials: whoever gives a job
    these can say beside them where they may go. Set but empty means nowhere: a CI's variable that is missing is empty.
    """
    from reconciler.config.settings import is_allowed
    from reconciler.core.diagnostics import Diagnostic, Severity

    allowed = environ.get("VISMA_ALLOWED_HOSTS")
    if allowed is None:
        return []
    if not allowed.strip():
        problem = "VISMA_ALLOWED_HOSTS is set but empty, so no host may be sent the credentials"
        remedy = "Name the ERP's hosts in it, such as visma.net,visma.com; or unset it to allow any host."
        return [Diagnostic(Severity.ERROR, "S130", problem, remedy=remedy)]
    return [
        Diagnostic(
            Severity.ERROR,
            "S130",
            f"the host of api.{name} is not among VISMA_ALLOWED_HOSTS",
            "It would be sent the credentials, or the token.",
            "Correct the settings, or add the host to the variable where the credentials are set.",
        )
        for name, url in (("base_url", settings.api.base_url), ("token_url", settings.api.token_url))
        if not is_allowed(url, allowed)
    ]


@contextmanager
def _sandbox(settings: Settings) -> Iterator[_Access]:
    from reconciler.core.errors import ReconcilerError
    from reconciler.sandbox import Sandbox, Switches

    # mixed: a declared number is kept, and a new customer without one gets the next, so that both can be tried
    try:
        server = Sandbox(private_folder(settings.root / SANDBOX_DB), switches=Switches(numbering="mixed"))
    except (OSError, ValueError) as error:
        raise ReconcilerError(
            f"The sandbox cannot start: {error}", remedy="Move its file away to start anew."
        ) from error
    with server:
        yield _Access(server.base_url, server.token_url, server.tenant_id, server.client_id, server.client_secret)


def private_folder(file: Path) -> Path:
    """The file, with its folder made for the owner alone."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return file


@contextmanager
def _customers(settings: Settings, access: _Access, session: Session, pace: dict[str, Any]) -> Iterator[Customers]:
    from reconciler.erp.customers import open_customers
    from reconciler.reports.safe_text import visible
    from reconciler.reports.wording import duration

    with open_customers(
        base_url=access.base_url,
        token_url=access.token_url,
        tenant_id=access.tenant_id,
        client_id=access.client_id,
        client_secret=access.client_secret,
        page_size=settings.api.page_size,
        parallelism=settings.api.parallelism,
        timeout=settings.api.timeout,
        trust_env=True,
        most_pages=settings.limits.pages,
        largest=settings.limits.answer_size,
        **pace,
        observer=_log_exchange,
        on_wait=lambda wait: session.say(f"Waiting {duration(wait.seconds)}: {visible(wait.reason)}"),
    ) as customers:
        yield customers


def _log_exchange(exchange: Exchange) -> None:
    import logging

    logging.getLogger("reconciler").info(
        "%s %s answered %s in %.0f ms (attempt %d)",
        exchange.method,
        exchange.path,
        exchange.status or "nothing",
        exchange.seconds * 1000,
        exchange.attempt,
    )


def _is_plain(session: Session) -> bool:
    return session.color is False or "NO_COLOR" in session.environ


def _is_forced(session: Session) -> bool:
    return bool(session.environ.get("FORCE_COLOR")) or session.color is True


def _is_styled(session: Session, stream: TextIO) -> bool:
    """Whether what goes to the stream is coloured."""
    return not _is_plain(session) and (_is_forced(session) or stream.isatty())


def _console(session: Session, *, stderr: bool) -> Console:
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    return Console(
        file=stream,
        no_color=_is_plain(session),
        force_terminal=True if _is_forced(session) and not _is_plain(session) else None,
        color_system="standard" if _is_styled(session, stream) else None,
        markup=False,
        highlight=False,
        emoji=False,
        legacy_windows=False,
        width=_width(session.environ),
    )


def _width(environ: Mapping[str, str]) -> int:
    columns = environ.get("COLUMNS", "")
    fits = columns.isascii() and columns.isdecimal() and len(columns) < _WIDEST and int(columns) >= _NARROWEST
    return int(columns) if fits else shutil.get_terminal_size((80, 24)).columns


def now() -> str:
    """The time as plans and reports write it: UTC, to the second."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def git_commit(root: Path) -> str | None:
    """The commit of the declarations, with `-dirty` when files differ from it; None outside git."""
    from reconciler.operations import git

    try:
        head = git.word(root, "rev-parse", "--verify", "HEAD", timeout=10)
        status = git.run(root, "status", "--porcelain", "--ignore-submodules=all", "--", ".", timeout=10)
    except (OSError, subprocess.SubprocessError):
        return None
    if not head or status.returncode:
        return None
    return f"{head}-dirty" if status.stdout else head
