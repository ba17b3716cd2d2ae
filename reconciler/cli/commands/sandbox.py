"""`reconciler sandbox`: the embedded ERP, to try things out, to rehearse and to test against."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.shell.session import Session
from reconciler.config.settings import SANDBOX, find_settings
from reconciler.core.errors import ReconcilerError, WrongUsage
from reconciler.exit_codes import Exit
from reconciler.operations.workspace import SANDBOX_DB, private_folder
from reconciler.reports.wording import counted
from reconciler.sandbox import Endpoint, Switches, open_store
from reconciler.sandbox import serve as serve_sandbox

app = typer.Typer(
    help="The embedded ERP: a real server over one SQLite file.", no_args_is_help=True, rich_markup_mode=None
)

Db = Annotated[
    Path | None,
    typer.Option("--db", metavar="FILE", help="Its data [.reconciler/sandbox.db beside reconciler.yaml]."),
]


@app.command("serve")
def serve(
    context: typer.Context,
    db: Db = None,
    host: Annotated[str, typer.Option("--host", help="Loopback address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Port to listen on; 0 takes a free one.")
    ] = 8765,
    switch: Annotated[
        list[str] | None,
        typer.Option("--switch", metavar="NAME=VALUE", help="How it behaves (docs/sandbox.md); may be repeated."),
    ] = None,
) -> None:
    """Serve until Ctrl-C. Point another reconciler at it with the variables it prints."""
    session: Session = context.obj
    with _translated():
        switches = Switches().with_pairs(switch or [])
        serve_sandbox(_db(session, db), host, port, switches, ready=lambda endpoint: _announce(session, endpoint))
    raise typer.Exit(Exit.DONE)


@app.command("seed")
def seed(
    context: typer.Context,
    count: Annotated[int, typer.Option("--count", min=1, max=1_000_000, help="How many customers.")] = 100,
    seed: Annotated[int, typer.Option("--seed", help="The same seed gives the same customers.")] = 1,
    start: Annotated[
        int | None, typer.Option("--start", min=0, help="First number [the one after the last customer].")
    ] = None,
    odd: Annotated[bool, typer.Option("--odd", help="Use odd numbers and names, to test with.")] = False,
    db: Db = None,
) -> None:
    """Add believable Nordic and Dutch companies."""
    session: Session = context.obj
    with _translated(), open_store(_db(session, db)) as store:
        added = store.seed(count, seed, odd=odd, start=start)
        session.say(f"Added {counted(len(added), 'customer')}; there are {store.count():,} now.")
    raise typer.Exit(Exit.DONE)


@app.command("edit")
def edit(
    context: typer.Context,
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="The customer.")],
    values: Annotated[list[str], typer.Argument(metavar="PATH=VALUE...", help="Such as mainAddress.city=Oslo.")],
    db: Db = None,
) -> None:
    """Change a customer as a clerk in the ERP would; an empty VALUE clears the field."""
    session: Session = context.obj
    members = _members(values)
    with _translated(), open_store(_db(session, db)) as store:
        store.edit(number, members)
    session.say(f"Changed {number}: {', '.join(values)}")
    raise typer.Exit(Exit.DONE)


@app.command("create")
def create(
    context: typer.Context,
    values: Annotated[list[str], typer.Argument(metavar="PATH=VALUE...", help="Such as name='Fjord AS'.")],
    number: Annotated[str, typer.Option("--number", help="Its number [the next of the series].")] = "",
    db: Db = None,
) -> None:
    """Enter a customer as a clerk in the ERP would."""
    session: Session = context.obj
    members = _members(values)
    with _translated(), open_store(_db(session, db)) as store:
        assigned = store.create(members, number)
    session.say(f"Created {assigned}: {', '.join(values)}")
    raise typer.Exit(Exit.DONE)


@app.command("renumber")
def renumber(
    context: typer.Context,
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="The customer.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="Its new number.")],
    db: Db = None,
) -> None:
    """Give a customer another number as a clerk in the ERP would."""
    session: Session = context.obj
    with _translated(), open_store(_db(session, db)) as store:
        store.renumber(number, new)
    session.say(f"Renumbered {number} to {new}")
    raise typer.Exit(Exit.DONE)


def _members(words: list[str]) -> dict[str, object]:
    """`PATH=VALUE` words as path to value. Raises WrongUsage."""
    members: dict[str, object] = {}
    for word in words:
        path, equals, value = word.partition("=")
        if not equals:
            raise WrongUsage(f"{word!r} is not PATH=VALUE", remedy="For example: mainAddress.city=Oslo")
        members[path] = value
    return members


@app.command("reset")
def reset(context: typer.Context, db: Db = None) -> None:
    """Delete all customers."""
    session: Session = context.obj
    with _translated(), open_store(_db(session, db)) as store:
        store.reset()
    if db is None:
        _forget(session)
    session.say("The sandbox is empty.")
    raise typer.Exit(Exit.DONE)


def _forget(session: Session) -> None:
    """What was remembered of the sandbox's customers is of no use with others in their place."""
    try:
        with replace(session, environment=SANDBOX).project as project:
            project.clear_state(consent=True)
    except ReconcilerError:
        return  # no settings yet, or none that can be read: nothing was remembered under them


def _db(session: Session, chosen: Path | None) -> Path:
    if chosen is not None:
        return private_folder(chosen)
    file = session.config or find_settings(Path.cwd())
    return private_folder((file.parent if file else Path.cwd()) / SANDBOX_DB)


def _announce(session: Session, endpoint: Endpoint) -> None:
    session.say(f"The sandbox ERP answers at {endpoint.base_url}; Ctrl-C stops it. In another terminal:")
    for name, value in (
        ("VISMA_BASE_URL", endpoint.base_url),
        ("VISMA_TOKEN_URL", endpoint.token_url),
        ("VISMA_TENANT_ID", endpoint.tenant_id),
        ("VISMA_CLIENT_ID", endpoint.client_id),
        ("VISMA_CLIENT_SECRET", endpoint.client_secret),
    ):
        session.out.print(f"export {name}={value}", soft_wrap=True)


@contextmanager
def _translated() -> Iterator[None]:
    """The sandbox knows nothing of our errors; its own become ours here."""
    try:
        yield
    except ValueError as error:
        raise WrongUsage(str(error)) from error
    except OSError as error:
        where = f" {error.filename}:" if error.filename else ""
        raise ReconcilerError(f"The sandbox cannot run:{where} {error.strerror or error}") from error
