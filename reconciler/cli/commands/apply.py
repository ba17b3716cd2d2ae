"""`reconciler apply`: apply a saved plan, or make one and apply it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.shell.options import (
    AutoApprove,
    Excludes,
    Format,
    IncludeMuted,
    LockTimeout,
    MaxChars,
    Notify,
    NoWait,
    Parallelism,
    Redact,
    RefreshMode,
    Reports,
    Reserve,
    Targets,
    WriteNumbers,
    selected,
)
from reconciler.cli.shell.output import check_formats
from reconciler.cli.shell.session import Session
from reconciler.cli.shell.written import end, writing
from reconciler.core.errors import WrongUsage
from reconciler.reports.report_kind import ReportKind


def apply(
    context: typer.Context,
    planfile: Annotated[
        Path | None,
        typer.Argument(metavar="[PLANFILE]", help="A plan saved by `plan -o`; without one, a new plan is made."),
    ] = None,
    auto_approve: AutoApprove = False,
    parallelism: Parallelism = None,
    reserve: Reserve = 0,
    no_wait: NoWait = False,
    lock_timeout: LockTimeout = 0.0,
    force: Annotated[bool, typer.Option("--force", help="Override the volume guards, never a policy.")] = False,
    target: Targets = None,
    exclude: Excludes = None,
    include_muted: IncludeMuted = False,
    refresh: Annotated[
        RefreshMode | None,
        typer.Option("--refresh", help="How a new plan reads the ERP: incremental [where it suffices] or full."),
    ] = None,
    write_numbers: WriteNumbers = False,
    digest: Annotated[
        str | None,
        typer.Option(
            "--digest",
            metavar="SHA256",
            help="Agree only to these changes, by the digest that a reviewed plan prints as `Changes:`.",
        ),
    ] = None,
    form: Format = "text",
    report: Reports = None,
    max_chars: MaxChars = None,
    redact: Redact = False,
    notify: Notify = None,
) -> None:
    """Apply a plan to the ERP: a saved plan as it is, or a new one after asking or by its reviewed digest."""
    session: Session = context.obj
    reports = check_formats(form, report or [], ReportKind.RUN, session)
    consent: bool | str = digest if digest is not None else auto_approve or planfile is not None
    if consent is False and not session.is_interactive:
        raise WrongUsage(
            "Nobody can be asked here, and no saved plan was given",
            remedy="Apply a saved plan (`plan -o FILE`, then `apply FILE`), or add --auto-approve or --digest.",
        )
    with writing(session, form) as project:
        project.lock_timeout = lock_timeout
        run = project.apply(
            planfile,
            consent=consent,
            force=force,
            targets=selected(target, exclude),
            include_muted=include_muted,
            refresh=refresh.value if refresh else None,
            parallelism=parallelism,
            reserve=reserve,
            no_wait=no_wait,
        )
    end(session, run, form, reports, numbers=write_numbers, notify=notify)
