"""`reconciler customers`: query the live customers."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.shell.exit_codes import Exit
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
    settled,
    warn,
    warn_dropped,
)
from reconciler.cli.shell.listing import RAW, Writer, writer

if TYPE_CHECKING:
    from reconciler.cli.shell.session import Session
    from reconciler.core.filters import Filters
    from reconciler.core.live import Live
    from reconciler.core.ports import Need
    from reconciler.erp.customers import Customers
    from reconciler.erp.decode import Json
    from reconciler.resources.values import Path

app = typer.Typer(help="Query the live customers.", no_args_is_help=True, rich_markup_mode=None)


class Shape(StrEnum):
    """Words of --format."""

    TABLE = "table"
    JSON = "json"
    YAML = "yaml"
    CSV = "csv"


Format = Annotated[Shape, typer.Option("--format", help="How to show them.")]
Raw = Annotated[bool, typer.Option("--raw", help="The API's own rows, as a JSON array.")]
Fields = Annotated[
    str | None,
    typer.Option(
        "--fields",
        metavar="PATH,...",
        help="Only these, such as number,mainAddress.city,attributes.REGION. note and salesPersons cost a request each "
        "for every customer.",
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

    A row that the ERP returns although it does not satisfy the filter is left out, with a warning. Times are compared
    as the ERP shows them. CSV marks texts that a spreadsheet would run as a formula with an apostrophe.
    """
    session: Session = context.obj
    filters = read_filters(
        status=status,
        customer_class=customer_class,
        name=name,
        corporate_id=corporate_id,
        vat_registration_id=vat_registration_id,
        email=email,
        phone=phone,
        attribute=attribute,
        modified=modified,
        created=created,
    )
    paths = _paths(fields, raw=raw)
    with session.erp() as (erp, _):
        shape = RAW if raw else form.value
        attributes = _attribute_ids(erp) if shape == "csv" and paths is None else ()
        _list(session, erp, filters, writer(session, shape, paths, attributes))
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
    from reconciler.core.filters import parse_text
    from reconciler.reports.records import record
    from reconciler.reports.table import page

    session: Session = context.obj
    number = parse_text("NUMBER", number)
    paths = _paths(fields, raw=raw)
    with session.erp() as (erp, place):
        live, row = _one(erp, number, paths, place.environment, raw=raw)
    if form is Shape.TABLE and not raw:
        session.print(page(record(live, paths)))
    else:
        out = writer(session, RAW if raw else form.value, paths, ())
        out.page([(live, row)])
        out.end()
    raise typer.Exit(Exit.DONE)


def _paths(fields: str | None, *, raw: bool) -> tuple[Path, ...] | None:
    from reconciler.core.errors import WrongUsage
    from reconciler.core.normalise import attribute_key
    from reconciler.reports.records import parse_paths
    from reconciler.resources.customer import CUSTOMER

    if fields is None:
        return None
    if raw:
        raise WrongUsage("--raw shows the API's rows whole", remedy="Leave --fields or --raw out.")
    found = parse_paths(fields)
    return tuple((path[0], attribute_key(path[1])) if path[0] in CUSTOMER.maps and path[1:] else path for path in found)


def _list(session: Session, erp: Customers, filters: Filters, out: Writer) -> None:
    """Read, judge and write, page by page."""
    from reconciler.core.filters import Sieve
    from reconciler.erp.listing import Tally
    from reconciler.reports.records import own_fields
    from reconciler.reports.view import counted

    filters = settled(session, filters, erp)
    sieve, tally, count, listed = Sieve(filters), Tally(), 0, set[int]()
    for batch in erp.stream(_need(filters, out.paths), filters.parameters(), _expand(out)):
        rows = {live.internal_id: row for live, row in zip(batch.customers, batch.rows, strict=True)}
        taken = tally.take(batch.customers, batch.total)
        new = {live.internal_id: live for live in taken if live.internal_id not in listed}
        listed |= new.keys()
        kept = [live for live in new.values() if sieve.keeps(live)]
        kept = erp.with_own(kept, own_fields(out.paths or ()))
        out.page([(live, rows[live.internal_id]) for live in kept])
        count += len(kept)
    out.end()
    warn_dropped(session, sieve)
    if not tally.agrees:
        warn(session, f"The list changed while it was read, and may be wrong: {tally.disagreement}.")
    if filters.customer_class and not count:
        _check_class(session, erp, filters.customer_class)
    session.say(f"{counted(count, 'customer')}.")


def _need(filters: Filters, paths: tuple[Path, ...] | None) -> Need:
    """What to read: all that a list can show, or what is at the paths and what the filters judge by."""
    from reconciler.core.declaration_values import readable_fields
    from reconciler.core.ports import Need

    shown = readable_fields() if paths is None else frozenset(path[0] for path in paths)
    return Need(shown | filters.fields, {})


def _expand(out: Writer) -> tuple[str, ...]:
    """The API's own rows are shown with everything; elsewhere the needed fields say what to expand."""
    return ("expandPaymentMethods",) if out.is_raw else ()


def _one(
    erp: Customers, number: str, paths: tuple[Path, ...] | None, environment: str, *, raw: bool
) -> tuple[Live, Json]:
    """The customer, with the fields that take a request each, or as the API's own row. Raises NotFound, ErpError."""
    from reconciler.core.declaration_values import readable_fields
    from reconciler.core.errors import NotFound
    from reconciler.core.ports import Need
    from reconciler.erp.decode import decode
    from reconciler.reports.records import own_fields
    from reconciler.resources.customer import CUSTOMER

    need = Need(readable_fields(), {})
    try:
        if raw:
            row = erp.row(number)
            return decode(row, need), row
        live = erp.customer(number, need)
    except NotFound as error:
        raise NotFound(
            f"There is no customer {number!r} in {environment}: {error}",
            remedy="`reconciler customers list` shows all; numbers must be whole.",
            status=error.status,
        ) from None
    names = sorted(CUSTOMER.own) if paths is None else own_fields(paths)
    return erp.with_own([live], names)[0], {}


def _attribute_ids(erp: Customers) -> list[str]:
    """The attributes that get columns of their own in CSV: those of the classes, if they may be read."""
    from reconciler.core.errors import NotFound, PermissionDenied

    try:
        return [attribute.id for each in erp.classes() for attribute in each.attributes]
    except (NotFound, PermissionDenied):
        return []


def _check_class(session: Session, erp: Customers, wanted: str) -> None:
    """A class that does not exist would only show as an empty list."""
    known = [each.id for each in erp.classes()]
    if wanted.casefold() not in (each.strip().casefold() for each in known):
        warn(session, f"There is no customer class {wanted!r}; there are {', '.join(sorted(known))}.")
