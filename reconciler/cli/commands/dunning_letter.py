"""`reconciler dunning-letter create`: the one action of the API that sends something to a customer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from reconciler.cli.shell.exit_codes import Exit
from reconciler.cli.shell.options import AutoApprove

if TYPE_CHECKING:
    from reconciler.cli.shell.session import Session
    from reconciler.erp.customers import Acted

ACTION = "createDunningLetter"
_HIGHEST = 2**31 - 1  # the API's type is int32; which levels a company has, it does not say
_FINE = {
    "done": "The dunning letter was created.",
    "queued": "The ERP has queued the dunning letter.",
    "inprocess": "The ERP is creating the dunning letter.",
    "background": "The ERP has put the call aside to do it in the background; its result is not known yet.",
}

app = typer.Typer(help="Dunning letters.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def dunning_letter() -> None:
    """Dunning letters."""


@app.command("create")
def create(
    context: typer.Context,
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="The customer's number.")],
    date: Annotated[str, typer.Option("--date", metavar="D", help="Date of the letter, yyyy-MM-dd.")],
    level_from: Annotated[
        int, typer.Option("--level-from", metavar="N", min=0, max=_HIGHEST, help="Lowest level of dunning.")
    ],
    level_to: Annotated[
        int, typer.Option("--level-to", metavar="N", min=0, max=_HIGHEST, help="Highest level of dunning.")
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the request, and send nothing.")] = False,
    auto_approve: AutoApprove = False,
) -> None:
    """Create a dunning letter for a customer. It is asked for once: an unclear answer is never repeated."""
    from reconciler.core.filters import parse_text
    from reconciler.erp.paths import action_path

    session: Session = context.obj
    number = parse_text("NUMBER", number)
    body = _body(date, level_from, level_to)
    _check_consent(session, asked=not (dry_run or auto_approve))
    _show(session, action_path(number, ACTION), body)
    if dry_run:
        session.say("Nothing was sent.")
        raise typer.Exit(Exit.DONE)
    if not auto_approve and not _agreed(session, number):
        session.say("Nothing was sent.")
        raise typer.Exit(Exit.ERROR)
    with session.erp() as (erp, _):
        acted = erp.act(number, ACTION, body)
    raise typer.Exit(_judged(session, acted))


def _body(date: str, level_from: int, level_to: int) -> dict[str, Any]:
    """The request body; unlike a customer's it is not wrapped (fact sheet 4.1). Raises WrongUsage."""
    from reconciler.core.errors import WrongUsage
    from reconciler.core.timestamps import read_moment

    if len(date) != len("2026-01-31") or read_moment(date) is None:
        raise WrongUsage(f"--date is no date: {date!r}", remedy="Write it as yyyy-MM-dd, such as 2026-01-31.")
    if level_from > level_to:
        raise WrongUsage(
            f"--level-from {level_from} is above --level-to {level_to}",
            remedy="Give the lowest level first; the same level twice means that one.",
        )
    return {"dunningLetterDate": f"{date}T00:00:00", "levelFrom": level_from, "levelTo": level_to}


def _check_consent(session: Session, *, asked: bool) -> None:
    """Consent must be possible before anything is sent."""
    from reconciler.core.errors import WrongUsage

    if asked and not session.is_interactive:
        raise WrongUsage("There is nobody to ask here", remedy="Look with --dry-run, then add --auto-approve.")


def _show(session: Session, path: str, body: dict[str, Any]) -> None:
    from rich.text import Text

    from reconciler.reports.records import json_text
    from reconciler.reports.safe_text import visible

    session.print([Text(f"POST {visible(path)}", style="bold"), *map(Text, json_text(body).splitlines())])


def _agreed(session: Session, number: str) -> bool:
    """Ask on the terminal; only `yes` counts, as for apply."""
    from reconciler.reports.safe_text import visible

    place = session.settings.environment
    typer.echo(f"\nSend this to {place} for customer {visible(number)}? Only 'yes' is accepted.", err=True)
    return bool(typer.prompt("Answer", default="", show_default=False, err=True).strip() == "yes")


def _judged(session: Session, acted: Acted) -> Exit:
    """Show the ERP's answer; 0 unless it says Failed, or something that the API does not have."""
    from rich.text import Text

    from reconciler.core.errors import Rejected
    from reconciler.reports.safe_text import visible

    told = _FINE.get(acted.result.strip().lower())
    if told is None:
        reason = f": {acted.error}" if acted.error.strip() else ", without a reason"
        raise Rejected(
            f"The ERP answered {acted.result!r} to {ACTION}{reason}",
            remedy="Look in the ERP whether a letter was created before you try again.",
        )
    lines = [f"{told}" + (f" ({visible(acted.id)})" if acted.id else "")]
    if acted.error.strip():
        lines.append(f"The ERP adds: {visible(acted.error)}")
    session.print(map(Text, lines))
    return Exit.DONE
