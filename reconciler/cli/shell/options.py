"""Options that several commands share, stated once."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import Annotated

import typer

from reconciler.cli.shell.current import use


class RefreshMode(StrEnum):
    """Words of --refresh."""

    FULL = "full"
    INCREMENTAL = "incremental"
    NONE = "none"


Refresh = Annotated[
    RefreshMode,
    typer.Option(
        "--refresh",
        help="How to read the ERP: what changed since the snapshot, if that is sure to suffice; in full; not at all.",
    ),
]
Format = Annotated[
    str,
    typer.Option(
        "--format",
        metavar="F",
        help="Format of standard output: text, json, markdown, html, sarif, junit, github, gitlab-codequality or"
        " gitlab-terraform, where it makes sense.",
    ),
]
Plain = Annotated[str, typer.Option("--format", metavar="F", help="Format of standard output: text or json.")]
Reports = Annotated[
    list[str] | None,
    typer.Option("--report", metavar="F=PATH", help="Also write this format to a file; may be repeated."),
]


def _redacting(context: typer.Context, value: bool) -> bool:
    if value:
        use(context, replace(context.obj, redact=True))
    return value


def _fitting(context: typer.Context, value: int | None) -> int | None:
    if value is not None:
        use(context, replace(context.obj, max_chars=value))
    return value


Redact = Annotated[
    bool,
    typer.Option("--redact", callback=_redacting, help="Replace personal data in all that is shown by keyed hashes."),
]
MaxChars = Annotated[
    int | None,
    typer.Option(
        "--max-chars",
        metavar="N",
        min=1000,
        callback=_fitting,
        help="Fit reports to N characters, the riskiest changes first [what the format's platform takes].",
    ),
]
DetailedExitcode = Annotated[
    bool, typer.Option("--detailed-exitcode", help="Exit 2 when there are changes, 0 when there are none.")
]
AutoApprove = Annotated[bool, typer.Option("--auto-approve", help="Do not ask before writing.")]
Targets = Annotated[
    list[str] | None,
    typer.Option(
        "--target",
        metavar="NUMBER",
        help="Only this customer, by number or ref; may be repeated. All declarations must be valid all the same.",
    ),
]
Parallelism = Annotated[
    int | None, typer.Option("--parallelism", metavar="N", min=1, max=64, help="Requests in flight at most.")
]
Reserve = Annotated[
    int, typer.Option("--reserve", metavar="N", min=0, help="Leave N requests of the rate window to others.")
]
NoWait = Annotated[
    bool, typer.Option("--no-wait", help="Stop, resumably, instead of waiting for the rate window or the ERP.")
]
WriteNumbers = Annotated[
    bool, typer.Option("--write-numbers", help="Write the numbers of customers found or created by ref into the YAML.")
]
