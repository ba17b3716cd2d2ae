"""`reconciler export`: write live customers as declarations whose first plan is empty."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
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
from reconciler.cli.shell.options import Plain
from reconciler.cli.shell.output import PLAIN, check_formats
from reconciler.cli.shell.session import Session
from reconciler.config.read.files import display
from reconciler.core.errors import ReportError
from reconciler.exit_codes import Exit
from reconciler.operations.export import Exported, ExportOptions
from reconciler.reports import json_documents
from reconciler.reports.wording import counted
from reconciler.resources.customer import NOTE, SALES_PERSONS
from reconciler.state import plan_file

_TOLD = 10


class Layout(StrEnum):
    """Words of --layout."""

    FILES = "files"
    SINGLE = "single"


SkipClassDefaults = Annotated[
    bool,
    typer.Option(
        "--skip-class-defaults",
        help="Leave out what the customer class supplies: VAT zone, payment method, "
        "invoiceOrdersSeparately and attributes' default values.",
    ),
]


def export(
    context: typer.Context,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="DIR", help="Folder to write to [customers, beside reconciler.yaml]."),
    ] = None,
    layout: Annotated[
        Layout, typer.Option("--layout", help="files: one for each customer; single: customers.yaml with all.")
    ] = Layout.FILES,
    skip_class_defaults: SkipClassDefaults = False,
    with_notes: Annotated[
        bool, typer.Option("--with-notes", help="Also notes; costs one more request for each customer.")
    ] = False,
    with_sales_persons: Annotated[
        bool, typer.Option("--with-sales-persons", help="Also sales persons; costs one more request for each customer.")
    ] = False,
    with_mirrors: Annotated[
        bool,
        typer.Option(
            "--with-mirrors", help="Also invoice and delivery addresses and contacts that equal the main ones."
        ),
    ] = False,
    schema: Annotated[
        str | None, typer.Option("--schema", metavar="PATH", help="Point editors to this schema in each file.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite existing files.")] = False,
    form: Plain = "text",
    report: Annotated[
        list[str] | None,
        typer.Option("--report", metavar="json=PATH", help="Also write to a file what was left out, all of it."),
    ] = None,
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

    Nothing is written until the whole list was read, each customer once. The files hold personal data; as they are
    meant for git, the umask decides who may read them.
    """
    session: Session = context.obj
    check_formats(form, (), PLAIN)
    reports = check_formats("json", report or [], ("json",), session)
    filters = read_filters(context.params)
    own = (*([NOTE] if with_notes else []), *([SALES_PERSONS] if with_sales_persons else []))
    single = layout is Layout.SINGLE
    options = ExportOptions(out, single, own, with_mirrors, skip_class_defaults, schema, force)
    with session.project as project:
        done = project.export(filters, options)
    folder = display(done.folder, session.settings.root)
    document = json_documents.export(folder, done.customers, done.requests, done.undeclarable, done.unseen)
    if form == "json":
        session.write(document)
    for _, path in reports:
        try:
            plan_file.write_private(path, document)
        except ReportError as error:
            session.miss(error)
    _tell(session, done, is_whole=bool(reports) or form == "json")
    raise typer.Exit(Exit.DONE)


def _tell(session: Session, done: Exported, *, is_whole: bool) -> None:
    """What was written, and the first of what could not be. is_whole: whether a report has all of it."""
    for number, path, reason in done.undeclarable[:_TOLD]:
        session.warn(f"{number}: {path} is not in its declaration: {reason}.")
    if len(done.undeclarable) > _TOLD:
        where = "the report has all" if is_whole else "--report json=PATH writes all of them to a file"
        session.warn(f"{counted(len(done.undeclarable) - _TOLD, 'more value')} could not be declared; {where}.")
    for diagnostic in done.doubts.diagnostics():
        session.warn(f"{diagnostic.code} {diagnostic.summary}. {diagnostic.detail}".strip())
    if done.unseen:
        session.warn(f"The ERP's list showed no {' and no '.join(done.unseen)}; they are not in the export.")
    name = display(done.folder, session.settings.root)
    session.say(f"Wrote {counted(done.customers, 'customer')} to {name} ({counted(done.requests, 'request')}).")
