"""`reconciler customers`: query the live customers."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from reconciler.cli.shell.filter_options import (
    Attribute,
    ClassId,
    CorporateId,
    Created,
    Email,
    Modified,
    Name,
    Phone,
    Status,
    VatId,
    read_filters,
)
from reconciler.cli.shell.listing import RAW, writer
from reconciler.cli.shell.session import Session
from reconciler.core.errors import WrongUsage
from reconciler.core.filters import parse_text
from reconciler.core.normalise import attribute_key
from reconciler.exit_codes import Exit
from reconciler.reports.records import parse_paths, record
from reconciler.reports.table import page
from reconciler.resources.customer import ATTRIBUTES
from reconciler.resources.values import Path

app = typer.Typer(help="Query the live customers.", no_args_is_help=True, rich_markup_mode=None)


class Shape(StrEnum):
    """Words of --format."""

    TABLE = "table"
    JSON = "json"
    YAML = "yaml"
    CSV = "csv"


Format = Annotated[Shape, typer.Option("--format", help="Output format.")]
Raw = Annotated[bool, typer.Option("--raw", help="The API's own rows, as a JSON array.")]
Fields = Annotated[
    str | None,
    typer.Option(
        "--fields",
        metavar="PATH,...",
        help="Only these fields, such as number,mainAddress.city,attributes.REGION. note and salesPersons each cost "
        "one more request for each customer.",
    ),
]


@app.command("list")
def list_customers(
    context: typer.Context,
    status: Status = None,
    customer_class: ClassId = None,
    name: Name = None,
    corporate_id: CorporateId = None,
    vat_registration_id: VatId = None,
    email: Email = None,
    phone: Phone = None,
    attribute: Attribute = None,
    modified: Modified = None,
    created: Created = None,
    fields: Fields = None,
    form: Format = Shape.TABLE,
    raw: Raw = False,
) -> None:
    """List live customers, page by page as they come; all filters must hold.

    A row that the ERP returns although it does not match the filters is left out, with a warning. Times are compared
    as the ERP shows them. In CSV an apostrophe marks texts that a spreadsheet would run as a formula.
    """
    session: Session = context.obj
    filters = read_filters(context.params)
    paths = _paths(fields, raw=raw)
    shape = RAW if raw else form.value
    with session.project as project:
        attributes = project.attribute_ids() if shape == "csv" and paths is None else ()
        out = writer(session, shape, paths, attributes)
        for customers in project.customers(filters, paths=out.paths, raw=out.is_raw):
            out.page(customers)
            if not session.is_delivered:
                break  # each further page would cost a request that nobody wants
        out.end()
    raise typer.Exit(Exit.DONE)


@app.command("show")
def show(
    context: typer.Context,
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="The customer's number.")],
    fields: Fields = None,
    form: Format = Shape.TABLE,
    raw: Raw = False,
) -> None:
    """Show one live customer, with its note and its sales persons. JSON, YAML and --raw are a list of one."""
    session: Session = context.obj
    number = parse_text("NUMBER", number)
    paths = _paths(fields, raw=raw)
    with session.project as project:
        live, row = project.customer(number, paths=paths, raw=raw)
    if form is Shape.TABLE and not raw:
        session.print(page(record(live, row, paths)))
    else:
        out = writer(session, RAW if raw else form.value, paths, ())
        out.page([(live, row)])
        out.end()
    raise typer.Exit(Exit.DONE)


def _paths(fields: str | None, *, raw: bool) -> tuple[Path, ...] | None:
    if fields is None:
        return None
    if raw:
        raise WrongUsage("--raw shows the API's rows whole", remedy="Leave --fields or --raw out.")
    found = parse_paths(fields)
    return tuple((path[0], attribute_key(path[1])) if path[0] == ATTRIBUTES and path[1:] else path for path in found)
