"""`reconciler state`: what is kept between runs. Needs neither the ERP nor credentials."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer
from rich.text import Text

from reconciler.cli.shell.options import AutoApprove, Plain
from reconciler.cli.shell.output import PLAIN, check_formats
from reconciler.cli.shell.session import Session
from reconciler.core.errors import WrongUsage
from reconciler.core.safe_json import inert_json
from reconciler.exit_codes import Exit
from reconciler.reports.safe_text import visible
from reconciler.state.sqlite.lock import Holder
from reconciler.state.sqlite.store import Description

app = typer.Typer(
    help="What is kept between runs: last applied values, the snapshot, the journal, the lock.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command("show")
def show(context: typer.Context, form: Plain = "text") -> None:
    """Show what is kept, and who holds the lock. Changes nothing."""
    session: Session = context.obj
    check_formats(form, [], PLAIN)
    with session.project as project:
        found, cached = project.state()
    if form == "json":
        facts = {**_facts(found), "cache_bytes": cached}
        session.write(inert_json(json.dumps(facts, indent=2, ensure_ascii=False) + "\n").encode())
    else:
        _print(session, found, cached)
    raise typer.Exit(Exit.DONE)


@app.command("unlock")
def unlock(
    context: typer.Context,
    force: Annotated[
        bool, typer.Option("--force", help="Also when the holder is on another machine, and surely gone.")
    ] = False,
) -> None:
    """Take away a lock that a killed run left behind. Never that of a run that goes on here."""
    session: Session = context.obj
    with session.project as project:
        owner = project.unlock(force=force)
    session.say("There is no lock." if owner is None else f"Unlocked; it was held by {visible(str(owner))}")
    raise typer.Exit(Exit.DONE)


@app.command("clear")
def clear(context: typer.Context, auto_approve: AutoApprove = False) -> None:
    """Delete it all. Lost are speed, the cause of drift, and undo; nothing in the ERP."""
    session: Session = context.obj
    path = session.settings.state
    if not (auto_approve or session.is_interactive):
        raise WrongUsage("There is nobody to ask here", remedy="Add --auto-approve to delete the state.")
    with session.project as project:
        cleared = project.clear_state(consent=auto_approve)
    session.say(f"Deleted {path}." if cleared.state else f"There is no state at {path}.")
    if cleared.cache:
        session.say("Deleted the cache of declarations beside it.")
    raise typer.Exit(Exit.DONE)


def _facts(found: Description) -> dict[str, Any]:
    """The description as JSON values."""
    return {
        "path": str(found.path),
        "exists": found.version is not None,
        "size_bytes": found.size,
        "schema_version": found.version,
        "customers": found.customers,
        "snapshot": {"customers": found.snapshot, "as_of": found.snapshot_as_of},
        "runs": len(found.runs),
        "unfinished_runs": [each.id for each in found.runs if each.finished_at is None],
        "lock": _holder_facts(found.holder),
    }


def _holder_facts(holder: Holder | None) -> dict[str, Any] | None:
    if holder is None:
        return None
    owner = holder.owner
    known = (
        {} if owner is None else {name: getattr(owner, name) for name in ("user", "host", "pid", "command", "since")}
    )
    return {"holder": holder.life.value, **known}


def _print(session: Session, found: Description, cached: int) -> None:
    lines = _lines(found)
    if cached:
        lines.insert(-1, ("Cache", f"{cached:,} bytes of declarations already read; --no-cache does without"))
    for name, text in lines:
        session.print([Text.assemble((f"{name:<12}", "bold"), visible(text))])


def _lines(found: Description) -> list[tuple[str, str]]:
    if found.version is None:
        return [("State", f"{found.path} (none yet; the first plan makes it)"), ("Lock", _lock_text(found.holder))]
    unfinished = [each.id for each in found.runs if each.finished_at is None]
    runs = f"{len(found.runs):,}" + (f", not finished: {', '.join(unfinished)}" if unfinished else "")
    return [
        ("State", str(found.path)),
        ("Size", f"{found.size:,} bytes"),
        ("Schema", f"version {found.version}"),
        ("Customers", f"{found.customers:,} known"),
        ("Snapshot", f"{found.snapshot:,} customers as of {found.snapshot_as_of}" if found.snapshot_as_of else "none"),
        ("Runs", runs),
        ("Lock", _lock_text(found.holder)),
    ]


def _lock_text(holder: Holder | None) -> str:
    """Who holds the lock, and whether that is still so."""
    if holder is None:
        return "free"
    who = str(holder.owner) if holder.owner else "somebody unknown"
    notes = {
        "running": "held by {}",
        "ended": "left behind by {} (ended; the next run takes over)",
        "elsewhere": "held by {} (on another machine; if it is gone: state unlock --force)",
    }
    return notes[holder.life.value].format(who)
