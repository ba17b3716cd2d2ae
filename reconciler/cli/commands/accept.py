"""`reconciler accept`: copy live values into the declarations; comments and order stay."""

from __future__ import annotations

from typing import Annotated

import typer

from reconciler.cli.shell.accepted import show_acceptance
from reconciler.cli.shell.session import Session
from reconciler.exit_codes import Exit


def accept(
    context: typer.Context,
    numbers: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NUMBER]...", help="Only these customers, by number or ref [all that changed in the ERP]."
        ),
    ] = None,
    fields: Annotated[
        list[str] | None,
        typer.Option(
            "--field", metavar="PATH", help="Only this field or group; * stands for one segment; may be repeated."
        ),
    ] = None,
    everything: Annotated[
        bool,
        typer.Option(
            "--all", help="Also overwrite edits of the declarations that are not applied yet, and muted values."
        ),
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing; show the changes as a diff.")] = False,
) -> None:
    """Write what the ERP holds into the declarations where it differs; the next plan is then empty.

    Edits of the declarations that are not applied yet, and muted values, stay unless --all, --field or a customer's
    number asks for them.

    Only values change. A shared value (an alias, a merge key, defaults) is written into the declaration itself and
    stays as it is for the others. Where the ERP has no value, null is written, or the member is removed if the field
    cannot be null. Customers that the ERP does not have are named and left alone.
    """
    session: Session = context.obj
    with session.project as project:
        done = project.accept(numbers=numbers or [], fields=fields or [], everything=everything, dry_run=dry_run)
    show_acceptance(session, done, dry_run=dry_run)
    raise typer.Exit(Exit.DONE if done.is_good else Exit.ERROR)
