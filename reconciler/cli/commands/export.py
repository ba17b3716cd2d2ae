"""`reconciler export`: live customers as declarations that plan empty at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
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

if TYPE_CHECKING:
    from reconciler.cli.shell.session import Session
    from reconciler.config.edit.export import Spool
    from reconciler.core.adopt import Manner
    from reconciler.core.filters import Filters, Sieve
    from reconciler.core.live import Live
    from reconciler.erp.customers import Customers
    from reconciler.erp.listing import Tally
    from reconciler.resources.values import Values

FOLDER = "customers"
_TOLD = 10


class Layout(StrEnum):
    """Words of --layout."""

    FILES = "files"
    SINGLE = "single"


def export(
    context: typer.Context,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="DIR", help="Folder [customers beside reconciler.yaml].")
    ] = None,
    layout: Annotated[
        Layout, typer.Option("--layout", help="A file for each customer, or customers.yaml with all.")
    ] = Layout.FILES,
    skip_class_defaults: Annotated[
        bool,
        typer.Option(
            "--skip-class-defaults",
            help="Leave out what the customer class is known to give: VAT zone, payment method, "
            "invoiceOrdersSeparately and attributes' default values.",
        ),
    ] = False,
    with_notes: Annotated[
        bool, typer.Option("--with-notes", help="Also notes: one more request for each customer.")
    ] = False,
    with_sales_persons: Annotated[
        bool, typer.Option("--with-sales-persons", help="Also sales persons: one more request for each customer.")
    ] = False,
    with_mirrors: Annotated[
        bool,
        typer.Option("--with-mirrors", help="Also invoice and delivery addresses and contacts equal to the main ones."),
    ] = False,
    schema: Annotated[
        str | None, typer.Option("--schema", metavar="PATH", help="Name this schema to editors in each file.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that are there.")] = False,
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
    """Write live customers as YAML that plans empty at once: every field that can be read and has a value.

    Nothing is written before the list was read whole, each customer once. Files get the umask's mode, being meant for
    git; they hold personal data.
    """
    from reconciler.config.edit.export import open_spool
    from reconciler.config.read.declarations import default_values

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
    head = _head(schema)
    folder = out if out is not None else session.settings.root / FOLDER
    _check_folder(folder, layout, force=force)
    defaults = default_values(session.settings.defaults, session.environ)
    own = _own(notes=with_notes, sales_persons=with_sales_persons)
    with open_spool() as spool:
        with session.erp() as (erp, place):
            session.say(f"Reading the customers of {place.environment} ...")
            manner = _manner(erp, defaults, mirrors=with_mirrors, skip_class_defaults=skip_class_defaults)
            job = _Job(session, spool, manner, own, as_item=layout is Layout.SINGLE)
            job.read(erp, settled(session, filters, erp))
            requests = erp.requests
        _write(session, spool, folder, layout, head, force=force)
    job.tell(requests, folder)
    raise typer.Exit(Exit.DONE)


@dataclass(slots=True)
class _Job:
    """Reads the customers into the spool, and notes what cannot be declared."""

    session: Session
    spool: Spool
    manner: Manner
    own: tuple[str, ...]
    as_item: bool
    problems: dict[int, tuple[str, list[tuple[str, str]]]] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)

    def read(self, erp: Customers, filters: Filters) -> None:
        """Read the list whole, again if it changes meanwhile. Raises TornView and the other ErpErrors."""
        from reconciler.core.filters import Sieve
        from reconciler.erp.listing import READS, Tally

        tally = Tally()
        for _ in range(READS):
            tally, sieve = Tally(), Sieve(filters)
            self._restart()
            for live in self._customers(erp, filters, tally, sieve):
                self._take(live)
            if tally.agrees:
                warn_dropped(self.session, sieve)
                return
        raise tally.torn()

    def _restart(self) -> None:
        self.spool.clear()
        self.problems.clear()
        self.seen.clear()

    def _customers(self, erp: Customers, filters: Filters, tally: Tally, sieve: Sieve) -> Iterator[Live]:
        from reconciler.core.declaration_values import readable_fields
        from reconciler.core.ports import Need

        for batch in erp.stream(Need(readable_fields(), {}), filters.parameters()):
            taken = tally.take(batch.customers, batch.total)
            for live in taken:
                self.spool.remove(live.internal_id)  # a newer version may not be wanted any more
            yield from erp.with_own([live for live in taken if sieve.keeps(live)], self.own)

    def _take(self, live: Live) -> None:
        from reconciler.config.edit.emit import declarable, item, mapping
        from reconciler.core.adopt import to_declare
        from reconciler.core.declaration_values import declared
        from reconciler.resources.customer import CUSTOMER

        self.seen |= live.values.keys()
        values, problems = declarable(live.number, to_declare(live, self.manner))
        self.problems.pop(live.internal_id, None)
        if problems:
            self.problems[live.internal_id] = (live.number, problems)
        members = {CUSTOMER.key: live.number} | declared(values, nulls=True)
        lines = item(members, indent=2) if self.as_item else mapping(members)
        self.spool.put(live.internal_id, live.number, "".join(f"{line}\n" for line in lines).encode())

    def tell(self, requests: int, folder: Path) -> None:
        """What was written, and what could not be."""
        from reconciler.config.read.files import display
        from reconciler.reports.view import counted

        told = [
            f"{number}: {path} is not in its declaration: {reason}."
            for number, problems in self.problems.values()
            for path, reason in problems
        ]
        for line in told[:_TOLD]:
            warn(self.session, line)
        if len(told) > _TOLD:
            warn(self.session, f"{counted(len(told) - _TOLD, 'more value')} could not be declared.")
        count = len(self.spool.numbers)
        unseen = _unseen_groups(self.seen) if count else []
        if unseen:
            warn(self.session, f"The ERP's list showed no {' and no '.join(unseen)}; they are not in the export.")
        name = display(folder, self.session.settings.root)
        self.session.say(f"Wrote {counted(count, 'customer')} to {name} ({counted(requests, 'request')}).")


def _unseen_groups(seen: set[str]) -> list[str]:
    """The groups that no row showed although they were asked for: unknown is not empty (fact sheet 13.7)."""
    from reconciler.resources.customer import FIELDS
    from reconciler.resources.grammar import Read

    return [name for name, row in FIELDS.items() if row.where is Read.EXPANDED and name not in seen]


def _own(*, notes: bool, sales_persons: bool) -> tuple[str, ...]:
    from reconciler.resources.customer import NOTE, SALES_PERSONS

    return (*([NOTE] if notes else []), *([SALES_PERSONS] if sales_persons else []))


def _manner(erp: Customers, defaults: Values, *, mirrors: bool, skip_class_defaults: bool) -> Manner:
    from reconciler.core.adopt import Manner
    from reconciler.core.classes import class_values

    given = {each.id: class_values(each) for each in erp.classes()} if skip_class_defaults else {}
    return Manner(mirrors, given, defaults)


def _head(schema: str | None) -> bytes:
    """The first line of a file, or nothing. Raises WrongUsage."""
    from reconciler.core.errors import WrongUsage

    if schema is None:
        return b""
    if not schema.strip() or not schema.isprintable() or " " in schema:
        raise WrongUsage(f"--schema is no path for a comment: {schema!r}", remedy="Write it without blanks.")
    return f"# yaml-language-server: $schema={schema}\n".encode()


def _check_folder(folder: Path, layout: Layout, *, force: bool) -> None:
    """What can be said before anything is read."""
    from reconciler.config.edit.export import SINGLE, check_free
    from reconciler.core.errors import WrongUsage

    if folder.exists() and not folder.is_dir():
        raise WrongUsage(f"{folder} is no folder", remedy="Name a folder with -o; it is made if it is not there.")
    if layout is Layout.SINGLE and not force:
        check_free(folder, [SINGLE])


def _write(session: Session, spool: Spool, folder: Path, layout: Layout, head: bytes, *, force: bool) -> None:
    """Write all, in the numbers' natural order; what would be overwritten is looked for first."""
    from reconciler.config.edit.export import check_free, check_numbers, file_name, write_files, write_single
    from reconciler.core.ordering import natural

    numbers = sorted(spool.numbers, key=natural)
    check_numbers(numbers)
    if layout is Layout.SINGLE:
        most = session.settings.limits.files.file_size
        write_single(folder, head, spool.parts(numbers), size=spool.size, most=most, force=force)
        return
    if not force:
        check_free(folder, map(file_name, numbers))
    write_files(folder, head, spool.parts(numbers), force=force)
