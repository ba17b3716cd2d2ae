"""`reconciler state`: what is kept between runs. Needs neither the ERP nor credentials."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from reconciler.cli.shell.exit_codes import Exit
from reconciler.cli.shell.options import AutoApprove, Plain
from reconciler.cli.shell.output import PLAIN, check_formats

if TYPE_CHECKING:
    from reconciler.cli.shell.session import Session
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
    import json

    from reconciler.core.safe_json import inert_json
    from reconciler.state.sqlite.store import Store

    session: Session = context.obj
    check_formats(form, [], PLAIN)
    with Store(session.settings.state) as store:
        found = store.describe()
    if form == "json":
        session.write(inert_json(json.dumps(_facts(found), indent=2, ensure_ascii=False) + "\n").encode())
    else:
        _print(session, found)
    raise typer.Exit(Exit.DONE)


@app.command("unlock")
def unlock(
    context: typer.Context,
    force: Annotated[
        bool, typer.Option("--force", help="Also when the holder is on another machine, and surely gone.")
    ] = False,
) -> None:
    """Take away a lock that a killed run left behind. Never that of a run that goes on here."""
    from reconciler.reports.safe_text import visible
    from reconciler.state.sqlite.store import Store

    session: Session = context.obj
    with Store(session.settings.state) as store:
        owner = store.unlock(force=force)
    session.say("There is no lock." if owner is None else f"Unlocked; it was held by {visible(str(owner))}")
    raise typer.Exit(Exit.DONE)


@app.command("clear")
def clear(context: typer.Context, auto_approve: AutoApprove = False) -> None:
    """Delete it all. Lost are speed, the cause of drift, and undo; nothing in the ERP."""
    from reconciler.core.errors import WrongUsage
    from reconciler.state.sqlite.store import Store

    session: Session = context.obj
    path = session.settings.state
    if not (auto_approve or session.is_interactive):
        raise WrongUsage("There is nobody to ask here", remedy="Add --auto-approve to delete the state.")
    if not (auto_approve or _agreed(session)):
        session.say("Nothing was deleted.")
        raise typer.Exit(Exit.ERROR)
    with Store(path) as store:
        gone = store.clear()
    session.say(f"Deleted {path}." if gone else f"There is no state at {path}.")
    raise typer.Exit(Exit.DONE)


def _agreed(session: Session) -> bool:
    """Ask on the terminal; only `yes` counts, as in `apply`."""
    settings = session.settings
    session.err.print(f"Delete the state of {settings.environment}, {settings.state}?", soft_wrap=True)
    session.err.print("Runs that were killed can then not be resumed, and no run can be undone.", soft_wrap=True)
    answer = typer.prompt("Only 'yes' is accepted", default="", show_default=False, err=True)
    return bool(answer.strip() == "yes")


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


def _print(session: Session, found: Description) -> None:
    from rich.text import Text

    from reconciler.reports.safe_text import visible

    for name, text in _lines(found):
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
