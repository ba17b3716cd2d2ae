"""Options that several commands share, stated once."""

from __future__ import annotations

import re
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


def _formats(incomplete: str) -> list[str]:
    from reconciler.cli.shell.completion import format_names  # noqa: PLC0415 - for completion alone

    return format_names(incomplete)


Refresh = Annotated[
    RefreshMode,
    typer.Option(
        "--refresh",
        help="How to read the ERP: incremental (what changed, if that is proven enough), full, or none.",
    ),
]
Format = Annotated[
    str,
    typer.Option(
        "--format",
        metavar="F",
        help="Format of standard output: text, json, markdown, html, csv, xlsx, sarif, junit, github,"
        " gitlab-codequality or gitlab-terraform; each command takes those that make sense for it.",
        autocompletion=_formats,
    ),
]
Plain = Annotated[str, typer.Option("--format", metavar="F", help="Format of standard output: text or json.")]
Reports = Annotated[
    list[str] | None,
    typer.Option("--report", metavar="F=PATH", help="Also write this format to a file; may be repeated."),
]


class Service(StrEnum):
    """Words of --notify."""

    SLACK = "slack"
    TEAMS = "teams"
    WEBHOOK = "webhook"


Notify = Annotated[
    Service | None,
    typer.Option(
        "--notify",
        help="Post the summary to the address in RECONCILER_NOTIFY_URL; what goes wrong is only a warning.",
    ),
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
    typer.Option("--redact", callback=_redacting, help="Replace personal data with keyed hashes."),
]
MaxChars = Annotated[
    int | None,
    typer.Option(
        "--max-chars",
        metavar="N",
        min=1000,
        callback=_fitting,
        help="Limit reports to N characters, the riskiest changes first [the limit of the format's platform].",
    ),
]
DetailedExitcode = Annotated[
    bool, typer.Option("--detailed-exitcode", help="Exit 2 when there are changes, or drift that is not muted; else 0.")
]
_TIME = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,6})?)([smh]?)")
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}
_LONGEST = 86_400


def _seconds(text: str) -> float:
    """Seconds of `90`, `90s`, `5m` or `1h`, a day at most. Raises typer.BadParameter."""
    time = _TIME.fullmatch(str(text))  # a default is a number already
    if time is None:
        raise typer.BadParameter(f"{text!r} is no time; write seconds, or a time such as 30s, 5m or 1h")
    seconds = float(time[1]) * _UNITS[time[2]]
    if seconds > _LONGEST:
        raise typer.BadParameter(f"{text!r} is longer than a day; write a shorter time")
    return seconds


LockTimeout = Annotated[
    float,
    typer.Option(
        "--lock-timeout",
        metavar="SECONDS",
        parser=_seconds,
        help="How long to wait for another run to end: seconds, or 30s, 5m, 1h; 0 ends at once with exit code 6.",
    ),
]
AutoApprove = Annotated[bool, typer.Option("--auto-approve", help="Do not ask before writing.")]
Targets = Annotated[
    list[str] | None,
    typer.Option(
        "--target",
        metavar="NUMBER",
        help="Only this customer, by number, ref, or a pattern of them ('100*'); may be repeated. Every declaration"
        " must still be valid.",
    ),
]
Applied = Annotated[
    str | None,
    typer.Option(
        "--applied",
        metavar="REF",
        help="Git revision that was applied last, to tell drift from changes not applied yet [the state, or"
        " reconciler/applied/ENVIRONMENT].",
    ),
]
Excludes = Annotated[
    list[str] | None,
    typer.Option(
        "--exclude", metavar="NUMBER", help="Not this customer, by number, ref, or a pattern of them; may be repeated."
    ),
]


def selected(target: list[str] | None, exclude: list[str] | None) -> list[str]:
    """The words of --target and --exclude as operations take them."""
    return [*(target or ()), *(f"!{word}" for word in exclude or ())]


IncludeMuted = Annotated[
    bool,
    typer.Option("--include-muted", help="Also write fields under a running mute; without it they stay as they are."),
]
Parallelism = Annotated[
    int | None, typer.Option("--parallelism", metavar="N", min=1, max=64, help="At most N requests in flight.")
]
Reserve = Annotated[
    int, typer.Option("--reserve", metavar="N", min=0, help="Leave N requests of the rate limit window to others.")
]
NoWait = Annotated[
    bool,
    typer.Option("--no-wait", help="Stop instead of waiting for the rate limit or the ERP; `runs resume` goes on."),
]
WriteNumbers = Annotated[
    bool,
    typer.Option(
        "--write-numbers", help="Write into the YAML the numbers of customers that were found or created by ref."
    ),
]
