"""A project, as the command line and Python callers use it: one method for each use case.

Each method imports its use case when it is called: a plan does not pay for exports, nor what is offline for HTTP.
"""
# ruff: noqa: PLC0415

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from reconciler.config.settings import Settings, find_settings
from reconciler.core.errors import WrongUsage
from reconciler.core.rules import Target
from reconciler.operations.listener import Listener
from reconciler.operations.workspace import Workspace

if TYPE_CHECKING:
    from reconciler.core.drift import Drift
    from reconciler.core.filters import Filters
    from reconciler.core.live import Live
    from reconciler.core.plan import Plan, Run
    from reconciler.core.ports import Acted
    from reconciler.erp.customers import AccessCheck
    from reconciler.erp.decode import Json
    from reconciler.operations.accept import Acceptance
    from reconciler.operations.customers import Page
    from reconciler.operations.dunning_letter import Letter
    from reconciler.operations.export import Exported, ExportOptions
    from reconciler.operations.fmt import Formatted
    from reconciler.operations.import_sheet import Imported, ImportOptions
    from reconciler.operations.numbers import WrittenNumbers
    from reconciler.operations.past_runs import PastRun
    from reconciler.operations.validate import Validation
    from reconciler.reports.view.report import Authors
    from reconciler.resources.values import Path as FieldPath
    from reconciler.state.process_identity import Owner
    from reconciler.state.store import Description


class Project:
    """One environment of a project: its declarations, its ERP and its state.

    Use it in a `with` block, which closes connections and the state at its end. What is refused is raised: `Refused`,
    `Locked`, `InvalidInput` and the others of `reconciler.core.errors`. Every write to the ERP goes through the same
    lock, checks, journal and read-back as on the command line.
    """

    def __init__(self, file: Path, workspace: Workspace, env: str | None) -> None:
        self._file = file
        self._workspace = workspace
        self._env = env

    @classmethod
    def open(
        cls,
        folder: Path | str,
        *,
        env: str | None = None,
        environ: Mapping[str, str] | None = None,
        listener: Listener | None = None,
    ) -> Project:
        """Open the project of a folder (or of one above it), or of a settings file. Nothing is connected yet.

        env: the environment, None for the settings' default; `sandbox` always exists. environ: where credentials, keys
        and `${env:...}` come from, such as os.environ; the process environment itself is not looked at. listener: hears
        of progress, and is asked before anything is written; without one nobody agrees.
        Raises InvalidInput for settings with errors, WrongUsage where there are none.
        """
        file = settings_file(Path(folder))
        workspace = Workspace(file, environment=env, environ=environ or {}, listener=listener or Listener())
        return cls(file, workspace, env)

    def __enter__(self) -> Project:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close connections, the sandbox's server and the state."""
        self._workspace.close()

    @property
    def lock_timeout(self) -> float:
        """Seconds for which what takes the lock waits for another run; 0 unless it is set."""
        return self._workspace.lock_timeout

    @lock_timeout.setter
    def lock_timeout(self, seconds: float) -> None:
        self._workspace.lock_timeout = seconds

    @property
    def settings(self) -> Settings:
        """The settings of the environment."""
        return self._workspace.settings

    @property
    def place(self) -> Target:
        """The ERP that plans are for. Raises InvalidInput without a tenant."""
        return self._workspace.place

    # ---- the street ----

    def validate(self, paths: Sequence[Path] = ()) -> Validation:
        """Check settings, declarations and mutes, offline; or only these files and folders. Raises WrongUsage."""
        from reconciler.operations.validate import validate

        return validate(self._file, paths, environment=self._env, environ=self._workspace.environ)

    def plan(
        self,
        *,
        targets: Sequence[str] = (),
        refresh: str = "incremental",
        base: str | None = None,
        applied: str | None = None,
        fail_outside: bool = False,
        include_muted: bool = False,
    ) -> Plan:
        """What would change in the ERP. It may refuse itself (`plan.refusals`): then it cannot be applied.

        targets: only these customers, by number, ref or a pattern such as `100*`; behind a `!`, not these. refresh:
        `incremental`, `full`, or `none` for the snapshot alone. base: a git revision; each change then says whether it
        is the branch's, and with `fail_outside` others refuse the plan. applied: a git revision whose declarations were
        applied last, for the causes of changes; without it the state tells them or, where that knows of no apply, the
        branch reconciler/applied/ENVIRONMENT. include_muted: also change what a running mute covers. Raises
        InvalidInput, WrongUsage, ErpError, StateError.
        """
        from reconciler.operations.plan import plan

        return plan(
            self._workspace,
            targets=targets,
            refresh=refresh,
            base=base,
            applied=applied,
            fail_outside=fail_outside,
            include_muted=include_muted,
        )

    def line_authors(self, plan: Plan) -> Authors:
        """Who wrote the lines of a plan, fresh or made of a commit here, as git tells; empty without git."""
        from reconciler.operations.line_authors import line_authors

        return line_authors(self.settings.root, self._workspace.environ, plan)

    def apply(  # noqa: PLR0913 - keywords of the library's face, each with a default
        self,
        plan: Plan | Path | None = None,
        *,
        consent: bool | str = False,
        force: bool = False,
        targets: Sequence[str] = (),
        include_muted: bool = False,
        refresh: str | None = None,
        parallelism: int | None = None,
        reserve: int = 0,
        no_wait: bool = False,
    ) -> Run:
        """Write a plan (or the one in a file) as it stands; without one, plan and write.

        consent: True, or the `changes_digest` of the plan that was reviewed; without it the listener is asked. force:
        pass the volume guards, never a policy. targets, include_muted, refresh (never `none`): as for `plan`, where no
        plan is given. parallelism: requests in flight. reserve: calls of the rate window that are left to others.
        no_wait: stop, resumably, instead of waiting.

        Returns how each action ended: not every one need be done. Raises Refused (a guard, a policy, another target, a
        plan that was altered or applied already), Declined, Locked, InvalidInput, WrongUsage, ErpError, StateError.
        """
        from reconciler.operations.apply import apply
        from reconciler.operations.writing import WriteOptions

        options = WriteOptions(consent, force, parallelism, reserve, no_wait)
        return apply(self._workspace, plan, options, targets=targets, include_muted=include_muted, refresh=refresh)

    def resume(
        self,
        run: str | None = None,
        *,
        reviewed: str | None = None,
        parallelism: int | None = None,
        reserve: int = 0,
        no_wait: bool = False,
    ) -> Run | None:
        """Go on with a run that was cut short, the newest unless one is named; None when none is unfinished.

        Its plan was agreed to when it began: nobody is asked again. reviewed: a `changes_digest`; a run with other
        changes is left alone. Otherwise as `apply`.
        """
        from reconciler.operations.resume import resume
        from reconciler.operations.writing import WriteOptions

        options = WriteOptions(parallelism=parallelism, reserve=reserve, no_wait=no_wait)
        return resume(self._workspace, run, options, reviewed)

    def undo(
        self,
        run: str,
        *,
        consent: bool | str = False,
        deactivate_creates: bool = False,
        parallelism: int | None = None,
        reserve: int = 0,
        no_wait: bool = False,
    ) -> Run:
        """Set what a run changed back to what it was, where nobody changed it since.

        deactivate_creates: customers that it created become Inactive. Otherwise as `apply`.
        """
        from reconciler.operations.undo import undo
        from reconciler.operations.writing import WriteOptions

        options = WriteOptions(consent, False, parallelism, reserve, no_wait)
        return undo(self._workspace, run, options, deactivate_creates=deactivate_creates)

    def undo_plan(self, run: str, *, deactivate_creates: bool = False, reserve: int = 0, no_wait: bool = False) -> Plan:
        """The plan that `undo` would write, to be reviewed and applied like any other."""
        from reconciler.operations.undo import undo_plan

        return undo_plan(self._workspace, run, deactivate_creates=deactivate_creates, reserve=reserve, no_wait=no_wait)

    def write_numbers(self, run: Run) -> WrittenNumbers:
        """Write the numbers that a run learned beside the refs of its declarations. Raises InvalidInput."""
        from reconciler.operations.numbers import write_numbers

        return write_numbers(self._workspace, run)

    # ---- the other direction ----

    def drift(self, *, targets: Sequence[str] = (), refresh: str = "incremental", applied: str | None = None) -> Drift:
        """What the ERP changed since the last apply, what the declarations changed, and both. Arguments as `plan`."""
        from reconciler.operations.drift import drift

        return drift(self._workspace, targets=targets, refresh=refresh, applied=applied)

    def record_drift(self, report: Drift) -> None:
        """Note that the report was delivered: what it has is not new in the next one. Raises StateError."""
        from reconciler.operations.drift import record_drift

        record_drift(self._workspace, report)

    def mute(self, number: str, path: str, *, until: str | None, reason: str | None) -> None:
        """Accept drift of a field for a time: it goes into the file of mutes. Raises WrongUsage, InvalidInput."""
        from reconciler.operations.mutes import mute

        mute(self._workspace, number, path, until=until, reason=reason)

    def accept(
        self,
        *,
        numbers: Sequence[str] = (),
        fields: Sequence[str] = (),
        everything: bool = False,
        dry_run: bool = False,
    ) -> Acceptance:
        """Write what the ERP holds into the declarations, where the ERP changed it; comments and order stay.

        numbers: only these customers. fields: only these paths. everything: also edits that are not applied yet, and
        muted values. dry_run: write nothing. Raises InvalidInput, WrongUsage, ErpError.
        """
        from reconciler.operations.accept import accept

        return accept(self._workspace, numbers=numbers, fields=fields, everything=everything, dry_run=dry_run)

    def export(self, filters: Filters | None = None, options: ExportOptions | None = None) -> Exported:
        """Write live customers as declarations that plan empty at once. Raises WrongUsage, ErpError."""
        from reconciler.operations.export import export

        return export(self._workspace, filters, options)

    def import_sheet(self, file: Path, options: ImportOptions | None = None) -> Imported:
        """Write the customers of a spreadsheet as declarations. Raises InvalidInput, WrongUsage."""
        from reconciler.operations.import_sheet import import_sheet

        return import_sheet(self._workspace, file, options)

    def fmt(self, *, write: bool = True) -> Formatted:
        """Put the declarations into canonical form; what they declare never changes. Raises InvalidInput."""
        from reconciler.operations.fmt import fmt

        return fmt(self.settings, write=write)

    # ---- looking ----

    def check(self) -> AccessCheck:
        """Whether credentials, tenant and scopes are good, with one small read. Raises InvalidInput, ErpError."""
        return self._workspace.erp().check()

    def customers(
        self, filters: Filters, *, paths: tuple[FieldPath, ...] | None = None, raw: bool = False
    ) -> Iterator[Page]:
        """Live customers, page by page, each with the API's own row. paths: what is read of them. Raises ErpError."""
        from reconciler.operations.customers import list_customers

        return list_customers(self._workspace, filters, paths=paths, raw=raw)

    def customer(
        self, number: str, *, paths: tuple[FieldPath, ...] | None = None, raw: bool = False
    ) -> tuple[Live, Json]:
        """One live customer, with its note and its sales persons, or with the API's own row. Raises NotFound."""
        from reconciler.operations.customers import show_customer

        return show_customer(self._workspace, number, paths=paths, raw=raw)

    def attribute_ids(self) -> list[str]:
        """The attributes of all customer classes, as far as these may be read. Raises ErpError."""
        from reconciler.operations.customers import attribute_ids

        return attribute_ids(self._workspace)

    def dunning_letter(self, letter: Letter, *, consent: bool = False) -> Acted:
        """Ask the ERP for a dunning letter, once. Raises Declined, Rejected, ErpError."""
        from reconciler.operations.dunning_letter import create

        return create(self._workspace, letter, consent=consent)

    # ---- what is kept ----

    def runs(self) -> tuple[PastRun, ...]:
        """The runs that the state keeps, the newest first. Raises StateError."""
        from reconciler.operations.past_runs import runs

        return runs(self._workspace)

    def run(self, run_id: str) -> tuple[PastRun, Run]:
        """One run, and how each of its actions ended. Raises WrongUsage when there is none, StateError."""
        from reconciler.operations.past_runs import past_run

        return past_run(self._workspace, run_id)

    def state(self) -> Description:
        """What is kept. Raises StateError."""
        from reconciler.operations.state import describe

        return describe(self._workspace)

    def unlock(self, *, force: bool = False) -> Owner | None:
        """Take away a lock that was left behind; answers whose it was, or None. Raises Locked."""
        from reconciler.operations.state import unlock

        return unlock(self._workspace, force=force)

    def rekey_state(self) -> str | None:
        """Encrypt what is kept with the key in RECONCILER_STATE_NEW_KEY; answers the key's id.

        Raises StateError, Locked, WrongUsage.
        """
        from reconciler.operations.state import rekey

        return rekey(self._workspace)

    def copy_state(self, to: str) -> int:
        """Copy what is kept to another, empty state: a path, or the address of a database; answers how many rows.

        Raises StateError, Locked, WrongUsage.
        """
        from reconciler.operations.state import copy

        return copy(self._workspace, to)

    def clear_state(self, *, consent: bool = False) -> bool:
        """Delete what is kept, nothing in the ERP; answers whether there was a state. Raises Declined, Locked."""
        from reconciler.operations.state import clear

        return clear(self._workspace, consent=consent)


def settings_file(folder: Path) -> Path:
    """The settings file of the folder or of one above it, or the file itself. Raises WrongUsage."""
    file = find_settings(folder) if folder.is_dir() else folder
    if file is None:
        raise WrongUsage(
            "There is no reconciler.yaml here or in a folder above",
            remedy="Run `reconciler init` to make one, or name one with -c FILE.",
        )
    return file
