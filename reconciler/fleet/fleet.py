"""The use cases of a fleet: the same work for many companies, each by itself, and one report of all.

One company's failure never touches another's: it is told in its own row.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path

from reconciler._version import __version__
from reconciler.config.fleet import Company, FleetFile, find_fleet, load_fleet
from reconciler.config.settings import STATE_VARIABLE
from reconciler.core.errors import Refused, ReportError, WrongUsage
from reconciler.core.fleet import (
    EXIT_CODES,
    CompanyOutcome,
    CompanyReport,
    FleetReport,
    Work,
    fleet_digest,
    in_order,
)
from reconciler.core.shared_state import is_shared
from reconciler.fleet import saved
from reconciler.fleet.cluster import Cluster
from reconciler.fleet.engine import Engine, Processes, run_tasks
from reconciler.fleet.packing import pack
from reconciler.fleet.tasks import Task, TaskOptions, TaskResult
from reconciler.fleet.tenants import check_tenants
from reconciler.fleet.touched import touched
from reconciler.operations import clock
from reconciler.operations.checks import check_digest
from reconciler.reports.fleet.redaction import redacted
from reconciler.reports.redact import Redactor

Heard = Callable[[CompanyReport, int, int], None]
"""Hears of each company as it ends, of how many have ended, and how many there are."""


def _unheard(_company: CompanyReport, _ended: int, _all: int) -> None:
    """Nobody listens."""


@dataclass(frozen=True)
class Fleet:
    """The companies of a `fleet.yaml`, or a part of them, and what they run on.

    environ: where the workers of this machine take credentials, keys and `${env:...}` from.
    environment: instead of each company's own. heard: see `Heard`.
    redact: replace personal data in reports, with the key in the workers' RECONCILER_REDACT_KEY.
    """

    file: FleetFile
    companies: tuple[Company, ...]
    engine: Engine
    environ: Mapping[str, str]
    environment: str | None = None
    heard: Heard = _unheard
    redact: bool = False

    @classmethod
    def open(
        cls,
        folder: Path | str,
        *,
        environ: Mapping[str, str],
        environment: str | None = None,
        only: Sequence[str] = (),
        touched_since: str | None = None,
        jobs: int | None = None,
        on: str | None = None,
        heard: Heard = _unheard,
    ) -> Fleet:
        """The fleet of a folder (or of one above it), or of a file. only: names, globs or LABEL=VALUE of companies.

        touched_since: a git revision; only companies with files that were changed since. jobs: companies at a time;
        None for as many as there are cores, or threads of workers. on: the address of a Dask scheduler, whose workers
        take credentials from their own environment; None for processes here. Raises InvalidInput for a file with
        errors, WrongUsage.
        """
        path = find_fleet(Path(folder)) if Path(folder).is_dir() else Path(folder)
        if path is None:
            raise WrongUsage(
                "There is no fleet.yaml here or in a folder above",
                remedy="Write one that names the companies' folders, or name one with -c FILE.",
            )
        file = load_fleet(path)
        companies = _selected(file.companies, only)
        if touched_since is not None:
            names = touched(file, touched_since, environ)
            companies = tuple(company for company in companies if company.name in names)
        _check_environ(environ, companies)
        check_tenants(file, environment, environ)
        engine: Engine = Processes(jobs or os.cpu_count() or 1, file.root, environ) if on is None else Cluster(on, jobs)
        return cls(file, companies, engine, environ, environment, heard)

    # ---- what can be done ----

    def validate(self) -> FleetReport:
        """Check settings, declarations and mutes of each company, offline."""
        return self._report(Work.VALIDATE, self._tasks(Work.VALIDATE, TaskOptions()))

    def plan(self, out: Path | None = None, *, refresh: str = "incremental") -> FleetReport:
        """What would change in each company. out: a folder for the plans, which `apply` takes.

        refresh: as for `Project.plan`. Raises WrongUsage and ReportError for the folder.
        """
        return self._report(Work.PLAN, self._tasks(Work.PLAN, TaskOptions(refresh=refresh)), out)

    def apply(
        self, plans: Path | None = None, *, digest: str | None = None, options: TaskOptions | None = None
    ) -> FleetReport:
        """Write the saved plans of a folder; or plan now, and write if the changes are those of the digest.

        digest: of the fleet's changes as they were reviewed; for saved plans it need not be given. Raises WrongUsage
        without either, Refused when the changes are not those that were reviewed: then nothing was written.
        """
        if digest is not None:
            check_digest(digest)
        options = replace(options or TaskOptions(), since=clock.now())
        if plans is not None:
            return self._apply(plans, digest, options)
        if digest is None:
            raise WrongUsage(
                "Nobody has agreed to any changes",
                remedy="Plan with `fleet plan -o DIR`, review that, and apply DIR; or give --digest of the plan.",
            )
        with tempfile.TemporaryDirectory(prefix="reconciler-fleet-") as folder:
            plans = Path(folder) / "plans"
            planned = self.plan(plans)
            return self._stopped(planned, options) if planned.interrupted else self._apply(plans, digest, options)

    def drift(self, out: Path | None = None, *, refresh: str = "incremental", record: bool = True) -> FleetReport:
        """What the ERP changed in each company since its last apply. out: a folder for the reports.

        record: note in the state that it was reported, so that the next report knows ages and news.
        """
        return self._report(Work.DRIFT, self._tasks(Work.DRIFT, TaskOptions(refresh=refresh, record=record)), out)

    def status(self) -> FleetReport:
        """What the state of each company holds: runs, lock, drift. The ERP is not read."""
        return self._report(Work.STATUS, self._tasks(Work.STATUS, TaskOptions()))

    # ---- how ----

    def _tasks(self, work: Work, options: TaskOptions) -> Iterator[Task]:
        return (self._packed(company, work, options) for company in self.companies)

    def _packed(self, company: Company, work: Work, options: TaskOptions, environment: str | None = None) -> Task:
        return pack(
            self.file,
            company,
            work,
            environment=self.environment or environment,
            environ=self.environ,
            options=replace(options, sharers=min(self.engine.jobs, len(self.companies)), redact=self.redact),
        )

    def _report(
        self, work: Work, tasks: Iterable[Task], out: Path | None = None, known: Sequence[CompanyReport] = ()
    ) -> FleetReport:
        """Run the tasks. known: companies of which the outcome is known without one."""
        created_at, reports = clock.now(), {company.name: company for company in known}
        interrupted = None
        if out is not None:
            saved.prepare(out)
            tasks = (replace(task, options=replace(task.options, wants_document=True)) for task in tasks)
        results = run_tasks(self.engine, tasks)
        try:
            for result in results:
                company = _kept(out, work, result)
                reports[company.name] = company
                self.heard(company, len(reports), len(self.companies))
        except (KeyboardInterrupt, SystemExit) as interruption:
            self.engine.stop()
            interrupted = _signal_code(interruption)
        finally:
            results.close()
        missing = [company for company in self.companies if company.name not in reports] if interrupted else []
        companies = in_order([*reports.values(), *map(_not_begun, missing)])
        report = FleetReport(
            work=work,
            reconciler_version=__version__,
            created_at=created_at,
            companies=companies,
            diagnostics=self.file.diagnostics,
            digest=fleet_digest(companies),
            interrupted=interrupted,
        )
        if out is not None:
            saved.finish(out, report)
        return report

    def _apply(self, plans: Path, digest: str | None, options: TaskOptions) -> FleetReport:
        index = saved.read_index(plans)
        if digest is not None and index.digest != digest:
            raise Refused(
                "These are not the changes that were reviewed: the plans have"
                f" {index.digest or 'no changes'}, and consent was given to {digest}",
                remedy="Declarations or an ERP changed since, or a company could not be planned. Review the new plans;"
                " with `fleet plan -o DIR` and `fleet apply DIR`, each company stands by itself.",
            )
        chosen = {company.name: company for company in self.companies}
        planned = {company.name: company for company in index.companies}
        redactor = Redactor.of(self.environ)
        known = [
            _without_task(redacted(company, redactor) if self.redact else company, name in chosen)
            for name, company in planned.items()
            if not (name in chosen and company.changes_digest) and self._is_meant(name, chosen)
        ]
        tasks = (
            self._application(plans, chosen[name], company, options)
            for name, company in planned.items()
            if name in chosen and company.changes_digest
        )
        return self._report(Work.APPLY, tasks, known=known)

    def _is_meant(self, name: str, chosen: Mapping[str, Company]) -> bool:
        """Whether a company of the plans is to be told of: `--only` leaves out the others."""
        return name in chosen or name not in {company.name for company in self.file.companies}

    def _application(self, plans: Path, company: Company, planned: CompanyReport, options: TaskOptions) -> Task:
        task = self._packed(company, Work.APPLY, options, planned.environment)
        return replace(task, plan=saved.plan_bytes(plans, planned), digest=planned.changes_digest)

    def _stopped(self, planned: FleetReport, options: TaskOptions) -> FleetReport:
        """Nothing was written: it was stopped while it planned."""
        return replace(planned, work=Work.APPLY, digest="", companies=in_order(map(_not_begun, self.companies)))


def _signal_code(interruption: BaseException) -> int:
    """SIGTERM raises SystemExit with its code, Ctrl-C a KeyboardInterrupt."""
    code = interruption.code if isinstance(interruption, SystemExit) else None
    return code if isinstance(code, int) and code else EXIT_CODES[CompanyOutcome.STOPPED]


def _kept(out: Path | None, work: Work, result: TaskResult) -> CompanyReport:
    """The report, its document written. One that cannot be written is that company's failure."""
    if out is None:
        return result.report
    try:
        return saved.keep(out, work, result)
    except ReportError as error:
        outcome = CompanyOutcome.FAILED
        return replace(
            result.report, outcome=outcome, exit_code=EXIT_CODES[outcome], reason=str(error), changes_digest=""
        )


def _not_begun(company: Company) -> CompanyReport:
    outcome = CompanyOutcome.STOPPED
    return CompanyReport(
        name=company.name,
        folder=company.folder,
        outcome=outcome,
        exit_code=EXIT_CODES[outcome],
        environment=company.environment or "",
        labels=company.labels,
        reason="The command was stopped before the company's result came.",
        remedy="Run the command again.",
    )


def _without_task(planned: CompanyReport, is_here: bool) -> CompanyReport:
    """A company of the plans that has nothing to apply, or cannot be applied: it is not touched."""
    if is_here and planned.outcome is CompanyOutcome.CLEAN:
        return replace(planned, lines=(), documents={})
    reason = planned.reason or "It has no plan."
    outcome = CompanyOutcome.NOT_PLANNED
    return CompanyReport(
        name=planned.name,
        folder=planned.folder,
        outcome=outcome,
        exit_code=EXIT_CODES[outcome],
        environment=planned.environment,
        labels=planned.labels,
        reason=f"Not touched: it could not be planned ({planned.outcome.value}). {reason}"
        if is_here
        else "Not touched: fleet.yaml does not have it any more.",
        remedy="Correct that, and plan this company again: reconciler fleet plan --only NAME -o DIR",
    )


def _selected(companies: tuple[Company, ...], only: Sequence[str]) -> tuple[Company, ...]:
    """The companies that a word of --only means. Raises WrongUsage for a word that means none."""
    chosen: set[str] = set()
    for word in only:
        meant = {company.name for company in companies if _is_meant(company, word)}
        if not meant:
            raise WrongUsage(
                f"--only {word!r} means no company", remedy="Give a name, a glob such as 'north-*', or LABEL=VALUE."
            )
        chosen |= meant
    return tuple(company for company in companies if not only or company.name in chosen)


def _is_meant(company: Company, word: str) -> bool:
    label, equals, value = word.partition("=")
    if equals and label in company.labels and fnmatchcase(company.labels[label], value):
        return True
    return company.name == word or fnmatchcase(company.name, word)


def _check_environ(environ: Mapping[str, str], companies: Sequence[Company]) -> None:
    """Raise WrongUsage for a variable that would make all companies one."""
    if len(companies) < 2:
        return
    if environ.get("VISMA_TENANT_ID"):
        raise WrongUsage(
            "VISMA_TENANT_ID is set: every company would be sent to that one tenant",
            remedy="Unset it, and give api.tenant_id in each company's settings.",
        )
    named = environ.get(STATE_VARIABLE, "")
    if named and not is_shared(named) and Path(named).is_absolute():
        raise WrongUsage(
            f"{STATE_VARIABLE} is one file: every company would have the same state",
            remedy="Give a path relative to each company's folder, or the address of a database.",
        )
