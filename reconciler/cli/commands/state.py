"""`reconciler state`: what is kept between runs. Needs neither the ERP nor credentials."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from reconciler.cli.shell.options import AutoApprove, LockTimeout, Plain
from reconciler.cli.shell.output import PLAIN, check_formats
from reconciler.cli.shell.session import Session
from reconciler.cli.shell.state_lines import state_facts, state_lines
from reconciler.core.errors import WrongUsage
from reconciler.core.safe_json import inert_json
from reconciler.exit_codes import Exit
from reconciler.reports.safe_text import visible

app = typer.Typer(
    help="The state between runs: last applied values, snapshot, journal, lock.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command("show")
def show(context: typer.Context, form: Plain = "text") -> None:
    """Show what the state holds, and who holds its lock. Changes nothing."""
    session: Session = context.obj
    check_formats(form, [], PLAIN)
    with session.project as project:
        state = project.state()
    if form == "json":
        session.write(inert_json(json.dumps(state_facts(state), indent=2, ensure_ascii=False) + "\n").encode())
    else:
        session.print(state_lines(state))
    raise typer.Exit(Exit.DONE)


@app.command("unlock")
def unlock(
    context: typer.Context,
    force: Annotated[
        bool, typer.Option("--force", help="Also if the holder is on another machine; make sure that it is gone.")
    ] = False,
) -> None:
    """Remove the lock that a killed run left behind; never that of a run that is still going on here."""
    session: Session = context.obj
    with session.project as project:
        owner = project.unlock(force=force)
    session.say("There is no lock." if owner is None else f"Unlocked; it was held by {visible(str(owner))}")
    raise typer.Exit(Exit.DONE)


@app.command("clear")
def clear(context: typer.Context, auto_approve: AutoApprove = False, lock_timeout: LockTimeout = 0.0) -> None:
    """Delete the state. The ERP keeps everything; what is lost is speed, the causes of drift, and undo."""
    session: Session = context.obj
    path = session.settings.state
    if not (auto_approve or session.is_interactive):
        raise WrongUsage("There is nobody to ask here", remedy="Add --auto-approve to delete the state.")
    with session.project as project:
        project.lock_timeout = lock_timeout
        was_there = project.clear_state(consent=auto_approve)
    session.say(f"Deleted {path}." if was_there else f"There is no state at {path}.")
    raise typer.Exit(Exit.DONE)


@app.command("copy")
def copy(
    context: typer.Context,
    to: Annotated[
        str, typer.Option("--to", metavar="STATE", help="A path, or postgresql://HOST:PORT/DATABASE; it must be empty.")
    ],
    lock_timeout: LockTimeout = 0.0,
) -> None:
    """Copy the state of this environment to another place. The first one stays; name the new one in the settings."""
    session: Session = context.obj
    with session.project as project:
        project.lock_timeout = lock_timeout
        count = project.copy_state(to)
    session.say(f"Copied {count:,} rows. Put the new place into the setting `state`, or into RECONCILER_STATE.")
    raise typer.Exit(Exit.DONE)


@app.command("rekey")
def rekey(context: typer.Context, lock_timeout: LockTimeout = 0.0) -> None:
    """Encrypt the state with the key in RECONCILER_STATE_NEW_KEY or RECONCILER_STATE_NEW_KEY_FILE."""
    session: Session = context.obj
    with session.project as project:
        project.lock_timeout = lock_timeout
        key_id = project.rekey_state()
    session.say(f"Encrypted with the key {key_id}. From now on RECONCILER_STATE_KEY must hold it.")
    raise typer.Exit(Exit.DONE)
