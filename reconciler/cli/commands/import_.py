"""`reconciler import`: a spreadsheet into declarations."""

from __future__ import annotations

from typing import Annotated

import typer

from reconciler.cli.commands.export import Folder, Layout, LayoutOption, Schema
from reconciler.cli.shell.imported import show_import
from reconciler.cli.shell.session import Session
from reconciler.exit_codes import Exit
from reconciler.operations.import_sheet import ImportOptions, check_file


def import_(
    context: typer.Context,
    file: Annotated[list[str], typer.Argument(metavar="FILE", help="The spreadsheet: .csv or .xlsx.")],
    out: Folder = None,
    layout: LayoutOption = Layout.FILES,
    schema: Schema = None,
    encoding: Annotated[
        str | None,
        typer.Option("--encoding", metavar="NAME", help="Of a CSV file that is not UTF-8: cp1252 for old Windows."),
    ] = None,
    skip_unknown: Annotated[
        bool, typer.Option("--skip-unknown", help="Pass over columns that name no field; they are listed.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing; show the changes as a diff.")] = False,
) -> None:
    """Write the customers of a spreadsheet as declarations. It reads no ERP and writes none.

    The first row names the fields: by path (mainContact.email, attributes.REGION) or title (Credit limit). A column
    number or ref says which customer a row is; one that is declared already is changed in its place. An empty cell says
    nothing. Nothing is written unless every cell is valid. What `customers list` and `export` write reads back.
    """
    session: Session = context.obj
    options = ImportOptions(out, layout is Layout.SINGLE, schema, encoding, skip_unknown, dry_run)
    sheet = check_file(file)
    with session.project as project:
        done = project.import_sheet(sheet, options)
    show_import(session, done, dry_run=dry_run)
    raise typer.Exit(Exit.DONE)
