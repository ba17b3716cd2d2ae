"""The use case `export`: live customers as declarations that plan empty at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from reconciler.config.edit.declarable import declarable, lifecycle_of
from reconciler.config.edit.export import Spool, open_spool
from reconciler.config.edit.proposed_edits import ProposedEdit, proposed_edits, stated
from reconciler.config.edit.write_files import Replacement
from reconciler.config.edit.yaml_writer import item_lines, mapping_lines, raw_members
from reconciler.config.read.declarations import default_values
from reconciler.core.adopt import Manner, to_declare
from reconciler.core.classes import class_values
from reconciler.core.declaration_values import declared, readable_fields
from reconciler.core.desired import Desired
from reconciler.core.diagnostics import Source
from reconciler.core.doubts import SURE, Doubts
from reconciler.core.errors import NotFound, WrongUsage
from reconciler.core.filters import Filters, Sieve
from reconciler.core.live import Live
from reconciler.core.normalise import number_key
from reconciler.core.ports import Need
from reconciler.erp.customers import Customers
from reconciler.erp.listing import Tally, readings
from reconciler.operations.customers import settled, warn_dropped
from reconciler.operations.declared_customers import DeclaredCustomers, Standings
from reconciler.operations.files import edited
from reconciler.operations.last_applied import remember_baseline
from reconciler.operations.new_declarations import FOLDER, Place, write
from reconciler.operations.pipeline import rules_of
from reconciler.operations.workspace import Workspace
from reconciler.resources.customer import CUSTOMER, FIELDS
from reconciler.resources.grammar import Read
from reconciler.resources.values import Values, render_path
from reconciler.state.value_json import decode, encode_bytes


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """What is written, and where.

    folder: None for `customers` beside the settings. numbers: only these customers, instead of filters. unmanaged: only
    customers that no declaration means, as plans count them. single: one file with all instead of a file for each
    customer. own: fields that cost a request for each customer (note, salesPersons). mirrors: also addresses and
    contacts that are equal to the main ones. skip_class_defaults: leave out what the customer class is known to give.
    schema: the schema that each new file names to editors, None for the project's own. force: bring what is declared
    already up to date, in its place; and overwrite other files that are in the way.
    """

    folder: Path | None = None
    single: bool = False
    own: tuple[str, ...] = ()
    mirrors: bool = False
    skip_class_defaults: bool = False
    schema: str | None = None
    force: bool = False
    numbers: tuple[str, ...] = ()
    unmanaged: bool = False


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written: `customers` counts the new declarations.

    undeclarable: a number, a path and a reason for each value that could not be declared. doubts: rows that are left
    out, being of a wrong shape, and a count that is wrong. unseen: groups that no row of the ERP's list showed although
    they were asked for. declared: number and place of each customer that is declared already, of which no second
    declaration was written. updated: the files in which such were brought up to date. lost: with `unmanaged`, numbers
    of customers that an earlier run managed, and whose declaration is gone.
    """

    folder: Path
    customers: int
    requests: int
    undeclarable: tuple[tuple[str, str, str], ...]
    doubts: Doubts
    unseen: tuple[str, ...]
    declared: tuple[tuple[str, Source], ...] = ()
    updated: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()


def export(workspace: Workspace, filters: Filters | None = None, options: ExportOptions | None = None) -> Exported:
    """Write live customers as YAML: every field that can be read and has a value.

    Nothing is written before the list was read whole, each customer once. A customer that is declared already is never
    written twice. Files get the umask's mode, being meant for git; they hold personal data. Raises InvalidInput for
    declarations with errors, WrongUsage, StateError, TornView and the other ErpErrors.
    """
    options, settings = options or ExportOptions(), workspace.settings
    folder = (options.folder if options.folder is not None else settings.root / FOLDER).absolute()
    _check(filters, options)
    known = DeclaredCustomers.at(workspace, folder)
    place = Place.at(folder, options.schema, known, single=options.single, force=options.force)
    defaults = default_values(settings.defaults, workspace.environ)
    with open_spool() as spool:
        erp = workspace.erp()
        workspace.listener.say(f"Reading the customers of {workspace.place.environment} ...")
        collecting = _Collecting(workspace, erp, spool, known, _manner(erp, defaults, options), options)
        if options.numbers:
            collecting.read_each(options.numbers)
        else:
            collecting.read(settled(workspace.listener, filters or Filters(), erp))
        requests = erp.requests
        standings = known.look_for(collecting.customers.values(), collecting.doubts)
        updates = _Updates(workspace, known, collecting).of(standings) if options.force else _NO_UPDATES
        lost = standings.lost if options.unmanaged else ()
        for live in (*(live for _, live in standings.declared), *lost):
            collecting.leave_out(live)
        write(place, spool, updates.files)
        if folder.resolve().is_relative_to(settings.root.resolve()):  # elsewhere it is no declaration of this project
            adopted = collecting.adopted
            remember_baseline(workspace, ((each, decode(adopted[each])) for each in spool.numbers if each in adopted))
        return Exported(
            folder,
            len(spool.numbers),
            requests,
            (*collecting.undeclarable, *updates.left_out),
            collecting.doubts,
            _unseen_groups(collecting.seen) if spool.numbers else (),
            () if options.unmanaged else tuple((live.number, one.source) for one, live in standings.declared),
            tuple(file.name for file in updates.files),
            tuple(live.number for live in lost),
        )


@dataclass(slots=True)
class _Collecting:
    """Reads the customers into the spool, and notes what cannot be declared.

    adopted: all values that were read, by number, packed; but for those that no database could hold.
    customers: by internal id, with what they are recognised by; whole where they may be brought up to date.
    """

    workspace: Workspace
    erp: Customers
    spool: Spool
    known: DeclaredCustomers
    manner: Manner
    options: ExportOptions
    problems: dict[int, tuple[str, list[tuple[str, str]]]] = field(default_factory=dict)
    customers: dict[int, Live] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    doubts: Doubts = SURE
    adopted: dict[str, bytes] = field(default_factory=dict)

    def read(self, filters: Filters) -> None:
        """Read the list whole, again if it changes meanwhile. Raises TornView and the other ErpErrors."""
        for tally in readings():
            sieve = Sieve(filters)
            self.spool.clear()
            self.problems.clear()
            self.customers.clear()
            self.seen.clear()
            self.doubts = SURE
            for live in self._customers(filters, tally, sieve):
                self._take(live)
            if tally.is_whole:
                warn_dropped(self.workspace.listener, sieve)
                self.doubts = tally.doubts.with_unreadable(self.doubts.unreadable)
                return

    def read_each(self, numbers: Sequence[str]) -> None:
        """Read these customers, with a request for each. Raises NotFound for all that the ERP does not have."""
        found: list[Live] = []
        missing: list[str] = []
        for number in {number_key(number): number for number in numbers}.values():
            try:
                found.append(self.erp.customer(number, Need(readable_fields(), {})))
            except NotFound:
                missing.append(number)
        if missing:
            named = ", ".join(map(repr, missing))
            raise NotFound(
                f"{self.workspace.place.environment} has no customer {named}; nothing was written",
                remedy="`reconciler customers list` shows all; give the whole number.",
                status=404,
            )
        customers, lost = self.erp.with_own(found, self.options.own)
        self.doubts = SURE.with_unreadable(lost)
        for live in customers:
            self._take(live)

    def leave_out(self, live: Live) -> None:
        """Write no declaration of the customer; it has one, or none is wanted."""
        self.spool.remove(live.internal_id)
        self.problems.pop(live.internal_id, None)

    @property
    def undeclarable(self) -> Iterator[tuple[str, str, str]]:
        """Number, path and reason of each value that is left out."""
        return ((number, *problem) for number, problems in self.problems.values() for problem in problems)

    def _customers(self, filters: Filters, tally: Tally, sieve: Sieve) -> Iterator[Live]:
        for batch in self.erp.stream(Need(readable_fields(), {}), filters.parameters(), reading=tally):
            taken = tally.take(batch.read, batch.total)
            for live in taken:
                self.spool.remove(live.internal_id)  # a newer version may not be wanted any more
                self.customers.pop(live.internal_id, None)
            customers, lost = self.erp.with_own([live for live in taken if sieve.keeps(live)], self.options.own)
            self.doubts = self.doubts.with_unreadable(lost)
            yield from customers

    def _take(self, live: Live) -> None:
        self.seen |= live.values.keys()
        if self.known.is_any:
            self.customers[live.internal_id] = live if self.options.force else self.known.slim(live)
        values, problems = self.declared(live)
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

    def declared(self, live: Live) -> tuple[Values, list[tuple[str, str]]]:
        """What a declaration of the customer holds, and the paths of what it cannot, each with the reason."""
        return declarable(live.number, to_declare(live, self.manner))


@dataclass(frozen=True, slots=True)
class _Updated:
    """The files in which declarations are brought up to date; number, path and reason of each value that is not."""

    files: tuple[Replacement, ...] = ()
    left_out: tuple[tuple[str, str, str], ...] = ()


_NO_UPDATES = _Updated()


@dataclass(frozen=True, slots=True)
class _Updates:
    """What it takes until declarations hold what an export would write: values change in their places, what is not
    declared is added, and nothing else changes."""

    workspace: Workspace
    known: DeclaredCustomers
    collecting: _Collecting

    def of(self, standings: Standings) -> _Updated:
        """The new files, in memory."""
        settings, environ = self.workspace.settings, self.workspace.environ
        rules, memory = rules_of(settings), replace(self.known.memory, applied={}, baseline=None)  # no causes are told
        files: list[Replacement] = []
        left_out: list[tuple[str, str, str]] = []
        for name, customers in _by_file(standings).items():
            edits: list[ProposedEdit] = []
            for declaration, live in customers:
                edits += proposed_edits(declaration, live, rules, memory)
                edits += stated(declaration, live, self.collecting.declared(live)[0], only_new=True)
            if edits:
                accepted, replacement = edited(settings, environ, name, edits, rules, memory)
                files += [replacement] if replacement is not None else []
                left_out += [(one.edit.live.number, render_path(one.edit.path), one.why) for one in accepted.denied]
        return _Updated(tuple(files), tuple(left_out))


def _by_file(standings: Standings) -> dict[str, list[tuple[Desired, Live]]]:
    by_file: dict[str, list[tuple[Desired, Live]]] = {}
    for declaration, live in standings.declared:
        by_file.setdefault(declaration.source.file, []).append((declaration, live))
    return by_file


def _unseen_groups(seen: set[str]) -> tuple[str, ...]:
    """The groups that no row showed although they were asked for: unknown is not empty (fact sheet 13.7)."""
    return tuple(name for name, row in FIELDS.items() if row.where is Read.EXPANDED and name not in seen)


def _manner(erp: Customers, defaults: Values, options: ExportOptions) -> Manner:
    given = {each.id: class_values(each) for each in erp.classes()} if options.skip_class_defaults else {}
    return Manner(options.mirrors, given, defaults)


def _check(filters: Filters | None, options: ExportOptions) -> None:
    """What can be said before anything is read."""
    if options.numbers and (options.unmanaged or (filters or Filters()) != Filters()):
        raise WrongUsage(
            "Numbers say already which customers are meant",
            remedy="Leave out the numbers, or --unmanaged and the filters.",
        )
