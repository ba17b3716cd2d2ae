"""`reconciler fleet`: the same work for many companies, with one report."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from shlex import quote
from typing import Annotated

import typer

from reconciler.ci.hosts import allowed_hosts, new_api
from reconciler.ci.install import EXAMPLE, check_install, is_from_index, own_source, told_source
from reconciler.ci.platforms import before_fleet_merge, fleet_pipelines
from reconciler.cli.commands.init import Install
from reconciler.cli.shell import options as shared
from reconciler.cli.shell.fleet_options import FleetFormat, Jobs, On, Only, Touched, opened
from reconciler.cli.shell.fleet_output import end, fleet_formats
from reconciler.cli.shell.session import Session
from reconciler.config.fleet_list import read_list
from reconciler.config.settings import FILE_NAME
from reconciler.core.errors import WrongUsage
from reconciler.fleet.new_fleet import new_fleet, write_fleet
from reconciler.fleet.tasks import TaskOptions
from reconciler.reports.safe_text import visible

app = typer.Typer(
    help="Many companies at once: init, validate, plan, apply, drift, status.",
    no_args_is_help=True,
    rich_markup_mode=None,
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


class FleetCi(StrEnum):
    """CI systems with pipelines for a fleet."""

    GITHUB = "github"
    GITLAB = "gitlab"


@app.command("init")
def init(
    context: typer.Context,
    tenants: Annotated[
        Path, typer.Argument(metavar="LIST", help="A spreadsheet with the columns name and tenant; others are labels.")
    ],
    directory: Annotated[Path, typer.Argument(metavar="[DIR]", help="Folder of the new fleet.")] = Path(),
    ci: Annotated[FleetCi | None, typer.Option("--ci", help="Also write a CI workflow.")] = None,
    install: Install = None,
    encoding: Annotated[
        str | None,
        typer.Option("--encoding", metavar="NAME", help="Of a CSV file that is not UTF-8: cp1252 for old Windows."),
    ] = None,
) -> None:
    """Write fleet.yaml and a folder with settings for each company of a list of tenants. Declares no customer."""
    session: Session = context.obj
    if install is not None and ci is None:
        raise WrongUsage("--install goes with --ci", remedy="Name the CI system, such as --ci github.")
    source = install if install is not None else own_source() or EXAMPLE
    check_install(source)
    api = new_api(session.environ)
    pipelines = fleet_pipelines(ci.value, source, allowed_hosts(api)) if ci else {}
    written = write_fleet(directory, new_fleet(read_list(tenants, encoding), pipelines, api))
    for name in written:
        session.say(f"Wrote {visible(name)}")
    folder = quote(next(name for name in written if name.endswith(f"/{FILE_NAME}")).removesuffix(f"/{FILE_NAME}"))
    session.say(f"Next: take over the live customers of each company, such as reconciler --chdir {folder} export")
    if ci:
        session.say(before_fleet_merge(ci.value))
        (session.warn if is_from_index(source) else session.say)(told_source(source))


@app.command("validate")
def validate(context: typer.Context, only: Only = None, touched: Touched = None, jobs: Jobs = None, on: On = None,
             form: FleetFormat = "text", report: shared.Reports = None, redact: shared.Redact = False,
             max_chars: shared.MaxChars = None) -> None:  # fmt: skip
    """Check settings, declarations and mutes of each company, offline."""
    reports = fleet_formats(context.obj, form, report)
    end(context.obj, opened(context.obj, only, jobs, on, touched).validate(), form, reports)


@app.command("plan")
def plan(context: typer.Context, out: Out = None, only: Only = None, touched: Touched = None, jobs: Jobs = None,
         on: On = None,
         refresh: shared.Refresh = shared.RefreshMode.INCREMENTAL, detailed_exitcode: shared.DetailedExitcode = False,
         form: FleetFormat = "text", report: shared.Reports = None, redact: shared.Redact = False,
         max_chars: shared.MaxChars = None) -> None:  # fmt: skip
    """Show what would change in each company. Writes nothing to any ERP."""
    reports = fleet_formats(context.obj, form, report)
    planned = opened(context.obj, only, jobs, on, touched).plan(out, refresh=refresh.value)
    if out is not None and planned.digest:
        values = ", with the real values," if redact else ""
        context.obj.say(f"Saved the plans{values} to {out}. Apply them with: reconciler fleet apply {quote(str(out))}")
    end(context.obj, planned, form, reports, detailed=detailed_exitcode)


@app.command("apply")
def apply(context: typer.Context, plans: Plans = None, digest: Digest = None, only: Only = None,
          touched: Touched = None, jobs: Jobs = None, on: On = None, force: Force = False,
          parallelism: shared.Parallelism = None, reserve: shared.Reserve = 0, no_wait: shared.NoWait = False,
          lock_timeout: shared.LockTimeout = 0.0, form: FleetFormat = "text", report: shared.Reports = None,
          redact: shared.Redact = False, max_chars: shared.MaxChars = None) -> None:  # fmt: skip
    """Apply reviewed plans: those saved in DIR, or new ones whose changes have the reviewed digest."""
    reports = fleet_formats(context.obj, form, report)
    options = TaskOptions(
        force=force, lock_timeout=lock_timeout, parallelism=parallelism, reserve=reserve, no_wait=no_wait
    )
    applied = opened(context.obj, only, jobs, on, touched).apply(plans, digest=digest, options=options)
    end(context.obj, applied, form, reports)


@app.command("drift")
def drift(context: typer.Context, out: Out = None, only: Only = None, jobs: Jobs = None, on: On = None,
          refresh: shared.Refresh = shared.RefreshMode.INCREMENTAL, no_record: NoRecord = False,
          detailed_exitcode: shared.DetailedExitcode = False, form: FleetFormat = "text",
          report: shared.Reports = None, redact: shared.Redact = False,
          max_chars: shared.MaxChars = None) -> None:  # fmt: skip
    """Show what changed in each ERP since the last apply. Writes no customer."""
    reports = fleet_formats(context.obj, form, report)
    fleet_report = opened(context.obj, only, jobs, on).drift(out, refresh=refresh.value, record=not no_record)
    end(context.obj, fleet_report, form, reports, detailed=detailed_exitcode)


@app.command("status")
def status(context: typer.Context, only: Only = None, jobs: Jobs = None, on: On = None, form: FleetFormat = "text",
           report: shared.Reports = None, redact: shared.Redact = False,
           max_chars: shared.MaxChars = None) -> None:  # fmt: skip
    """Show what the state of each company holds: last apply, open runs, lock, drift. Reads no ERP."""
    reports = fleet_formats(context.obj, form, report)
    end(context.obj, opened(context.obj, only, jobs, on).status(), form, reports)
