"""`reconciler dunning-letter create`: the one action of the API that sends something to a customer."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.text import Text

from reconciler.cli.shell.options import AutoApprove
from reconciler.cli.shell.session import Session
from reconciler.core.errors import WrongUsage
from reconciler.core.ports import Acted
from reconciler.exit_codes import Exit
from reconciler.operations.dunning_letter import letter
from reconciler.reports.records import json_text
from reconciler.reports.safe_text import visible

_HIGHEST = 2**31 - 1  # the API's type is int32; which levels a company has, it does not say
_ANSWERS = {
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
    date: Annotated[str, typer.Option("--date", metavar="D", help="Date of the letter, as yyyy-MM-dd.")],
    level_from: Annotated[
        int, typer.Option("--level-from", metavar="N", min=0, max=_HIGHEST, help="Lowest dunning level.")
    ],
    level_to: Annotated[
        int, typer.Option("--level-to", metavar="N", min=0, max=_HIGHEST, help="Highest dunning level.")
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the request and send nothing.")] = False,
    auto_approve: AutoApprove = False,
) -> None:
    """Create a dunning letter for a customer. The request is sent once, never again after an unclear answer."""
    session: Session = context.obj
    wanted = letter(number, date=date, level_from=level_from, level_to=level_to)
    if not (dry_run or auto_approve or session.is_interactive):
        raise WrongUsage("There is nobody to ask here", remedy="Look with --dry-run, then add --auto-approve.")
    session.print(
        [
            Text(f"POST {visible(wanted.path)}", style="bold"),
            *map(Text, json_text(wanted.body).splitlines()),
        ]
    )
    if dry_run:
        session.say("Nothing was sent.")
        raise typer.Exit(Exit.DONE)
    with session.project as project:
        _tell(session, project.dunning_letter(wanted, consent=auto_approve))
    raise typer.Exit(Exit.DONE)


def _tell(session: Session, acted: Acted) -> None:
    lines = [_ANSWERS[acted.result.strip().lower()] + (f" ({visible(acted.id)})" if acted.id else "")]
    if acted.error.strip():
        lines.append(f"The ERP adds: {visible(acted.error)}")
    session.print(map(Text, lines))
