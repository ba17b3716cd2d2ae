"""`reconciler fleet`: the same work for many companies, with one report."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import Annotated

import typer

from reconciler.cli.shell import options as shared
from reconciler.cli.shell.fleet_options import FleetFormat, Jobs, On, Only, opened
from reconciler.cli.shell.fleet_output import end, fleet_formats
from reconciler.fleet.tasks import TaskOptions

app = typer.Typer(
    help="Many companies at once: validate, plan, apply, drift, status.", no_args_is_help=True, rich_markup_mode=None
)
Out = Annotated[
    Path | None, typer.Option("--out", "-o", metavar="DIR", help="Save what each company has to this folder.")
]
Plans = Annotated[Path | None, typer.Argument(metavar="[DIR]", help="The folder of `fleet plan -o DIR`.")]
Digest = Annotated[str | None, typer.Option("--digest", metavar="SHA256", help="Agree only to these changes of all.")]
Force = Annotated[bool, typer.Option("--force", help="Override the volume guards, never a policy.")]
NoRecord = Annotated[
    bool, typer.Option("--no-record", help="Only look; the next report does not compare with this one.")
]


@app.command("validate")
def validate(context: typer.Context, only: Only = None, jobs: Jobs = None, on: On = None, form: FleetFormat = "text",
             report: shared.Reports = None, max_chars: shared.MaxChars = None) -> None:  # fmt: skip
    """Check settings, declarations and mutes of each company, offline."""
    reports = fleet_formats(context.obj, form, report)
    end(context.obj, opened(context.obj, only, jobs, on).validate(), form, reports)


@app.command("plan")
def plan(context: typer.Context, out: Out = None, only: Only = None, jobs: Jobs = None, on: On = None,
         refresh: shared.Refresh = shared.RefreshMode.INCREMENTAL, detailed_exitcode: shared.DetailedExitcode = False,
         form: FleetFormat = "text", report: shared.Reports = None,
         max_chars: shared.MaxChars = None) -> None:  # fmt: skip
    """Show what would change in each company. Writes nothing to any ERP."""
    reports = fleet_formats(context.obj, form, report)
    planned = opened(context.obj, only, jobs, on).plan(out, refresh=refresh.value)
    if out is not None and planned.digest:
        context.obj.say(f"Saved the plans to {out}. Apply them with: reconciler fleet apply {quote(str(out))}")
    end(context.obj, planned, form, reports, detailed=detailed_exitcode)


@app.command("apply")
def apply(context: typer.Context, plans: Plans = None, digest: Digest = None, only: Only = None, jobs: Jobs = None,
          on: On = None, force: Force = False, parallelism: shared.Parallelism = None, reserve: shared.Reserve = 0,
          no_wait: shared.NoWait = False, lock_timeout: shared.LockTimeout = 0.0, form: FleetFormat = "text",
          report: shared.Reports = None, max_chars: shared.MaxChars = None) -> None:  # fmt: skip
    """Apply reviewed plans: those saved in DIR, or new ones whose changes have the reviewed digest."""
    reports = fleet_formats(context.obj, form, report)
    options = TaskOptions(
        force=force, lock_timeout=lock_timeout, parallelism=parallelism, reserve=reserve, no_wait=no_wait
    )
    applied = opened(context.obj, only, jobs, on).apply(plans, digest=digest, options=options)
    end(context.obj, applied, form, reports)


@app.command("drift")
def drift(context: typer.Context, out: Out = None, only: Only = None, jobs: Jobs = None, on: On = None,
          refresh: shared.Refresh = shared.RefreshMode.INCREMENTAL, no_record: NoRecord = False,
          detailed_exitcode: shared.DetailedExitcode = False, form: FleetFormat = "text",
          report: shared.Reports = None, max_chars: shared.MaxChars = None) -> None:  # fmt: skip
    """Show what changed in each ERP since the last apply. Writes no customer."""
    reports = fleet_formats(context.obj, form, report)
    fleet_report = opened(context.obj, only, jobs, on).drift(out, refresh=refresh.value, record=not no_record)
    end(context.obj, fleet_report, form, reports, detailed=detailed_exitcode)


@app.command("status")
def status(context: typer.Context, only: Only = None, jobs: Jobs = None, on: On = None, form: FleetFormat = "text",
           report: shared.Reports = None, max_chars: shared.MaxChars = None) -> None:  # fmt: skip
    """Show what the state of each company holds: last apply, open runs, lock, drift. Reads no ERP."""
    reports = fleet_formats(context.obj, form, report)
    end(context.obj, opened(context.obj, only, jobs, on).status(), form, reports)
