"""`reconciler export`: write live customers as declarations whose first plan is empty."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.shell.exported import show_export
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
from reconciler.cli.shell.options import Plain
from reconciler.cli.shell.output import PLAIN, check_formats
from reconciler.cli.shell.session import Session
from reconciler.core.filters import parse_text
from reconciler.exit_codes import Exit
from reconciler.operations.export import ExportOptions
from reconciler.resources.customer import NOTE, SALES_PERSONS


class Layout(StrEnum):
    """Words of --layout."""

    FILES = "files"
    SINGLE = "single"


Numbers = Annotated[
    list[str] | None, typer.Argument(metavar="[NUMBER]...", help="Only these customers [all].", show_default=False)
]
Unmanaged = Annotated[
    bool, typer.Option("--unmanaged", help="Only customers without a declaration, such as those that clerks made.")
]
Folder = Annotated[
    Path | None,
    typer.Option("--out", "-o", metavar="DIR", help="Folder to write to [customers, beside reconciler.yaml]."),
]
LayoutOption = Annotated[
    Layout, typer.Option("--layout", help="files: one for each customer; single: customers.yaml with all.")
]
SkipClassDefaults = Annotated[
    bool,
    typer.Option(
        "--skip-class-defaults",
        help="Leave out what the customer class supplies: VAT zone, payment method, "
        "invoiceOrdersSeparately and attributes' default values.",
    ),
]
WithNotes = Annotated[bool, typer.Option("--with-notes", help="Also notes; costs one more request for each customer.")]
WithSalesPersons = Annotated[
    bool, typer.Option("--with-sales-persons", help="Also sales persons; costs one more request for each customer.")
]
WithMirrors = Annotated[
    bool,
    typer.Option("--with-mirrors", help="Also invoice and delivery addresses and contacts that equal the main ones."),
]
Schema = Annotated[
    str | None,
    typer.Option(
        "--schema", metavar="PATH", help="Point editors to this schema in each new file [that of the project]."
    ),
]
Force = Annotated[
    bool,
    typer.Option(
        "--force", help="Bring declared customers up to date in their files; overwrite files that are in the way."
    ),
]
WholeReport = Annotated[
    list[str] | None,
    typer.Option("--report", metavar="json=PATH", help="Also write to a file what was left out, all of it."),
]


def export(
    context: typer.Context,
    numbers: Numbers = None,
    unmanaged: Unmanaged = False,
    out: Folder = None,
    layout: LayoutOption = Layout.FILES,
    skip_class_defaults: SkipClassDefaults = False,
    with_notes: WithNotes = False,
    with_sales_persons: WithSalesPersons = False,
    with_mirrors: WithMirrors = False,
    schema: Schema = None,
    force: Force = False,
    form: Plain = "text",
    report: WholeReport = None,
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
) -> None:
    """Write live customers as YAML whose first plan is empty: every field that can be read and has a value.

    A customer that is declared already is never written a second time: you are told where it stands. With --force it
    is brought up to date there; comments, order and file names stay.

    Nothing is written until the whole list was read, each customer once. The files hold personal data; as they are
    meant for git, the umask decides who may read them.
    """
    session: Session = context.obj
    check_formats(form, (), PLAIN)
    reports = check_formats("json", report or [], ("json",), session)
    filters = read_filters(context.params)
    own = (*([NOTE] if with_notes else []), *([SALES_PERSONS] if with_sales_persons else []))
    single = layout is Layout.SINGLE
    chosen = tuple(parse_text("NUMBER", number) for number in numbers or ())
    options = ExportOptions(out, single, own, with_mirrors, skip_class_defaults, schema, force, chosen, unmanaged)
    with session.project as project:
        done = project.export(filters, options)
    show_export(session, done, [path for _, path in reports], is_json=form == "json", is_forced=force)
    raise typer.Exit(Exit.DONE)
