"""The use case `export`: live customers as declarations that plan empty at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from reconciler.config.edit.declarable import declarable, lifecycle_of
from reconciler.config.edit.export import (
    SINGLE,
    Spool,
    check_free,
    check_numbers,
    file_name,
    open_spool,
    write_files,
    write_single,
)
from reconciler.config.edit.yaml_writer import item_lines, mapping_lines, raw_members
from reconciler.config.read.declarations import default_values
from reconciler.core.adopt import Manner, to_declare
from reconciler.core.classes import class_values
from reconciler.core.declaration_values import declared, readable_fields
from reconciler.core.doubts import SURE, Doubts
from reconciler.core.errors import WrongUsage
from reconciler.core.filters import Filters, Sieve
from reconciler.core.live import Live
from reconciler.core.ordering import natural
from reconciler.core.ports import Need
from reconciler.erp.customers import Customers
from reconciler.erp.listing import Tally, readings
from reconciler.operations.customers import settled, warn_dropped
from reconciler.operations.last_applied import remember_baseline
from reconciler.operations.workspace import Workspace
from reconciler.resources.customer import CUSTOMER, FIELDS
from reconciler.resources.grammar import Read
from reconciler.resources.values import Values
from reconciler.state.value_json import decode, encode_bytes

FOLDER = "customers"


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """What is written, and where.

    folder: None for `customers` beside the settings. single: one file with all instead of a file for each customer.
    own: fields that cost a request for each customer (note, salesPersons). mirrors: also addresses and contacts that
    are equal to the main ones. skip_class_defaults: leave out what the customer class is known to give. schema: the
    schema that each file names to editors. force: overwrite files that are there.
    """

    folder: Path | None = None
    single: bool = False
    own: tuple[str, ...] = ()
    mirrors: bool = False
    skip_class_defaults: bool = False
    schema: str | None = None
    force: bool = False


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written. undeclarable: a number, a path and a reason for each value that could not be declared.

    doubts: rows that are left out, being of a wrong shape, and a count that is wrong. unseen: groups that no row of the
    ERP's list showed although they were asked for.
    """

    folder: Path
    customers: int
    requests: int
    undeclarable: tuple[tuple[str, str, str], ...]
    doubts: Doubts
    unseen: tuple[str, ...]


def export(workspace: Workspace, filters: Filters | None = None, options: ExportOptions | None = None) -> Exported:
    """Write live customers as YAML: every field that can be read and has a value.

    Nothing is written before the list was read whole, each customer once. Files get the umask's mode, being meant for
    git; they hold personal data. Raises WrongUsage, TornView and the other ErpErrors.
    """
    options, settings = options or ExportOptions(), workspace.settings
    head = _head(options.schema)
    folder = options.folder if options.folder is not None else settings.root / FOLDER
    _check_folder(folder, options)
    defaults = default_values(settings.defaults, workspace.environ)
    with open_spool() as spool:
        erp = workspace.erp()
        workspace.listener.say(f"Reading the customers of {workspace.place.environment} ...")
        collecting = _Collecting(workspace, erp, spool, _manner(erp, defaults, options), options)
        collecting.read(settled(workspace.listener, filters or Filters(), erp))
        requests = erp.requests
        _write(spool, folder, head, options, most=settings.limits.files.file_size)
        if folder.resolve().is_relative_to(settings.root.resolve()):  # elsewhere it is no declaration of this project
            adopted = collecting.adopted
            remember_baseline(workspace, ((each, decode(adopted[each])) for each in spool.numbers if each in adopted))
        return Exported(
            folder,
            len(spool.numbers),
            requests,
            tuple((number, *problem) for number, problems in collecting.problems.values() for problem in problems),
            collecting.doubts,
            _unseen_groups(collecting.seen) if spool.numbers else (),
        )


@dataclass(slots=True)
class _Collecting:
    """Reads the customers into the spool, and notes what cannot be declared.

    adopted: all values that were read, by number, packed; but for those that no database could hold.
    """

    workspace: Workspace
    erp: Customers
    spool: Spool
    manner: Manner
    options: ExportOptions
    problems: dict[int, tuple[str, list[tuple[str, str]]]] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    doubts: Doubts = SURE
    adopted: dict[str, bytes] = field(default_factory=dict)

    def read(self, filters: Filters) -> None:
        """Read the list whole, again if it changes meanwhile. Raises TornView and the other ErpErrors."""
        for tally in readings():
            sieve = Sieve(filters)
            self.spool.clear()
            self.problems.clear()
            self.seen.clear()
            self.doubts = SURE
            for live in self._customers(filters, tally, sieve):
                self._take(live)
            if tally.is_whole:
                warn_dropped(self.workspace.listener, sieve)
                self.doubts = tally.doubts.with_unreadable(self.doubts.unreadable)
                return

    def _customers(self, filters: Filters, tally: Tally, sieve: Sieve) -> Iterator[Live]:
        for batch in self.erp.stream(Need(readable_fields(), {}), filters.parameters(), reading=tally):
            taken = tally.take(batch.read, batch.total)
            for live in taken:
                self.spool.remove(live.internal_id)  # a newer version may not be wanted any more
            customers, lost = self.erp.with_own([live for live in taken if sieve.keeps(live)], self.options.own)
            self.doubts = self.doubts.with_unreadable(lost)
            yield from customers

    def _take(self, live: Live) -> None:
        self.seen |= live.values.keys()
        values, problems = declarable(live.number, to_declare(live, self.manner))
        self.problems.pop(live.internal_id, None)
        if problems:
            self.problems[live.internal_id] = (live.number, problems)
        if any(path == CUSTOMER.key for path, _ in problems):
            return
        with suppress(UnicodeEncodeError):
            self.adopted[live.number] = encode_bytes(live.values)
        members = raw_members({CUSTOMER.key: live.number} | declared(values, nulls=True))
        if lifecycle := lifecycle_of(values):
            members["lifecycle"] = raw_members(lifecycle)
        lines = (f"  {line}" for line in item_lines(members)) if self.options.single else mapping_lines(members)
        self.spool.put(live.internal_id, live.number, "".join(f"{line}\n" for line in lines).encode())


def _unseen_groups(seen: set[str]) -> tuple[str, ...]:
    """The groups that no row showed although they were asked for: unknown is not empty (fact sheet 13.7)."""
    return tuple(name for name, row in FIELDS.items() if row.where is Read.EXPANDED and name not in seen)


def _manner(erp: Customers, defaults: Values, options: ExportOptions) -> Manner:
    given = {each.id: class_values(each) for each in erp.classes()} if options.skip_class_defaults else {}
    return Manner(options.mirrors, given, defaults)


def _head(schema: str | None) -> bytes:
    """The first line of a file, or nothing. Raises WrongUsage."""
    if schema is None:
        return b""
    if not schema.strip() or not schema.isprintable() or " " in schema:
        raise WrongUsage(f"--schema is no path for a comment: {schema!r}", remedy="Write it without blanks.")
    return f"# yaml-language-server: $schema={schema}\n".encode()


def _check_folder(folder: Path, options: ExportOptions) -> None:
    """What can be said before anything is read."""
    if folder.exists() and not folder.is_dir():
        raise WrongUsage(f"{folder} is no folder", remedy="Name a folder with -o; it is made if it is not there.")
    if options.single and not options.force:
        check_free(folder, [SINGLE])


def _write(spool: Spool, folder: Path, head: bytes, options: ExportOptions, *, most: int) -> None:
    """Write all, by natural order of the numbers, once nothing would be overwritten. most: bytes of a file."""
    numbers = sorted(spool.numbers, key=natural)
    check_numbers(numbers)
    if options.single:
        write_single(folder, head, spool.parts(numbers), size=spool.size, most=most, force=options.force)
        return
    if not options.force:
        check_free(folder, map(file_name, numbers))
    write_files(folder, head, spool.parts(numbers), force=options.force)
