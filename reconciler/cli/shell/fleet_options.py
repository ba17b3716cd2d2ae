"""Options that the fleet's commands share, and the fleet that they mean."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.shell.session import Session
from reconciler.core.fleet import CompanyReport
from reconciler.fleet.fleet import Fleet
from reconciler.reports.fleet.words import counts
from reconciler.reports.redact import KEY_VARIABLE
from reconciler.reports.safe_text import visible

Only = Annotated[
    list[str] | None,
    typer.Option("--only", metavar="NAME|GLOB|LABEL=VALUE", help="Only these companies; may be repeated."),
]
Jobs = Annotated[
    int | None,
    typer.Option("--jobs", metavar="N", min=1, max=256, help="Companies at a time [cores, or threads of all workers]."),
]
Touched = Annotated[
    str | None,
    typer.Option("--touched-since", metavar="REF", help="Only companies with files that the branch changed since REF."),
]
FleetFormat = Annotated[
    str, typer.Option("--format", metavar="F", help="Format of standard output: text, json, markdown, html or csv.")
]
On = Annotated[
    str | None,
    typer.Option("--on", metavar="ADDRESS", help="Work on a Dask scheduler's workers, such as tcp://scheduler:8786."),
]


def opened(
    session: Session, only: list[str] | None, jobs: int | None, on: str | None, touched: str | None = None
) -> Fleet:
    """The fleet of the folder or of -c, with its progress on standard error. Raises InvalidInput, WrongUsage."""
    environ = session.environ
    if session.redactor is not None:  # the workers here take this command's key
        environ = {**environ, KEY_VARIABLE: session.redactor.key.decode("utf-8", "surrogatepass")}
    fleet = Fleet.open(
        session.config or Path.cwd(),
        environ=environ,
        environment=session.environment,
        only=only or (),
        touched_since=touched,
        jobs=jobs,
        on=on,
        heard=lambda company, ended, number: _tell(session, company, ended, number),
    )
    return replace(fleet, redact=session.redact)


def _tell(session: Session, company: CompanyReport, ended: int, number: int) -> None:
    details = company.reason or counts(company)
    words = f"{company.outcome.value}: {details}" if details else company.outcome.value
    session.say(f"{ended:,} of {number:,}  {visible(company.name)}  {visible(words)}")
