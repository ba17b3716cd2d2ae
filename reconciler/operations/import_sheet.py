"""The use case `import`: a spreadsheet into declarations. It never writes to the ERP, and asks it nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from reconciler.config.edit.export import open_spool
from reconciler.config.edit.proposed_edits import ProposedEdit, stated
from reconciler.config.edit.sheet_rows import Rows, SheetRow, read_rows
from reconciler.config.edit.write_files import Replacement
from reconciler.config.read.declarations import Loaded, load_texts
from reconciler.config.read.files import display, read_bytes
from reconciler.config.read.sheet_columns import REF, Columns, read_columns
from reconciler.config.read.sheet_file import Sheet, UnreadableSheetError, problem, read_sheet
from reconciler.core.desired import Desired
from reconciler.core.diagnostics import Diagnostic, Severity, Source, has_errors, in_order
from reconciler.core.duplicates import declared_twice
from reconciler.core.errors import InvalidInput, WrongUsage
from reconciler.core.live import Live
from reconciler.core.normalise import number_key
from reconciler.core.parents import parent_problems
from reconciler.core.rules import Memory
from reconciler.operations.declared_customers import DeclaredCustomers, reads
from reconciler.operations.files import edited, read_declarations
from reconciler.operations.new_declarations import FOLDER, Place, preview, write
from reconciler.operations.pipeline import rules_of
from reconciler.operations.workspace import Workspace
from reconciler.reports.csv_lines import OTHER_ATTRIBUTES
from reconciler.reports.records import EXTRAS
from reconciler.resources.customer import CUSTOMER

ENDINGS = (".csv", ".tsv", ".txt", ".xlsx")


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """Where declarations go, and how the file is read.

    folder: None for `customers` beside the settings. single: one file with all new customers. schema: as for an export.
    encoding: of a CSV file that is not UTF-8. skip_unknown: pass over columns that name no field. dry_run: write
    nothing.
    """

    folder: Path | None = None
    single: bool = False
    schema: str | None = None
    encoding: str | None = None
    skip_unknown: bool = False
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Imported:
    """What was written, or would be.

    rows: how many said something. created: new declarations, as changes of files that are not there yet. updated: files
    whose declarations change. unchanged: how many declared customers have all that their row says. passed_over: columns
    that do not count. is_read: whether the settings read the folder. diagnostics: warnings and notes, by cell.
    """

    folder: Path
    rows: int
    created: tuple[Replacement, ...]
    new: int
    updated: tuple[Replacement, ...]
    unchanged: int
    passed_over: tuple[str, ...]
    is_read: bool
    diagnostics: tuple[Diagnostic, ...]


def import_sheet(workspace: Workspace, file: Path, options: ImportOptions | None = None) -> Imported:
    """Write the customers of a spreadsheet as declarations; those that are declared already are edited in their places.

    An empty cell says nothing. Nothing is written unless all of it is valid. Raises InvalidInput with each cell that is
    not, WrongUsage.
    """
    options, settings = options or ImportOptions(), workspace.settings
    name = display(file.absolute(), settings.root)
    sheet = _read(file, name, settings.limits.files.file_size, options.encoding)
    head = sheet.rows[0] if sheet.rows else (1, [])
    columns = read_columns(
        head[1],
        Source(name, head[0], 1),
        read_only=EXTRAS,
        others=OTHER_ATTRIBUTES,
        skip_unknown=options.skip_unknown,
    )
    rows = read_rows(sheet, columns.paths, name)
    problems = [*sheet.problems, *columns.problems, *rows.problems]
    known_rows = _known_rows(rows, columns, problems)
    if not known_rows and has_errors(problems):
        raise InvalidInput(in_order(problems), _summary(problems))
    folder = (options.folder if options.folder is not None else settings.root / FOLDER).absolute()
    known = DeclaredCustomers.at(workspace, folder)
    place = Place.at(folder, options.schema, known, single=options.single, force=False)
    importing = _Importing(workspace, known, known_rows)
    updates = importing.updates()
    problems += importing.check(updates, with_parents=len(known_rows) == len(rows.rows))
    if has_errors(problems):
        raise InvalidInput(in_order(problems), _summary(problems))
    with open_spool() as spool:
        for row in importing.new:
            spool.put(row.source.line, row.number or row.ref, row.declaration(item=options.single))
        created = tuple(preview(place, spool))
        if not options.dry_run:
            write(place, spool, updates)
    changed = {file.name for file in updates}
    unchanged = sum(declaration.source.file not in changed for _, declaration in importing.declared)
    return Imported(
        folder, len(rows.rows), created, len(importing.new), updates, unchanged, tuple(columns.passed_over),
        reads(settings, folder), in_order(problems),
    )  # fmt: skip


def _read(file: Path, name: str, most: int, encoding: str | None) -> Sheet:
    data, unreadable = read_bytes(file, name, most)
    if unreadable is not None:
        raise WrongUsage(unreadable.summary, remedy=unreadable.remedy)
    try:
        return read_sheet(data, name, most, encoding)
    except UnreadableSheetError as error:
        raise WrongUsage(str(error), remedy=error.remedy) from None


def _known_rows(rows: Rows, columns: Columns, problems: Iterable[Diagnostic]) -> list[SheetRow]:
    """The rows of which it is known whose they are: what else is wrong with them is told together with their cells."""
    identity = {at for at, path in columns.paths.items() if path in ((CUSTOMER.key,), (REF,))}
    if not identity or not rows.is_whole:
        return []
    errors = (one.source for one in problems if one.severity is Severity.ERROR and one.source is not None)
    wrong = {place.line for place in errors if place.column in identity}
    return [row for row in rows.rows if row.source.line not in wrong]


def _summary(problems: Iterable[Diagnostic]) -> str:
    count = sum(problem.severity is Severity.ERROR for problem in problems)
    return f"{count} error{'s' * (count != 1)} in the spreadsheet; nothing was written"


@dataclass
class _Importing:
    """The rows, parted into new customers and those that are declared already."""

    workspace: Workspace
    known: DeclaredCustomers
    rows: Sequence[SheetRow]
    new: list[SheetRow] = field(default_factory=list)
    declared: list[tuple[SheetRow, Desired]] = field(default_factory=list)
    problems: list[Diagnostic] = field(default_factory=list)

    def __post_init__(self) -> None:
        by_number = {number_key(one.number): one for one in self.known.loaded.desired if one.number is not None}
        by_ref = {one.ref: one for one in self.known.loaded.desired if one.ref}
        for row in self.rows:
            declaration = by_number.get(number_key(row.number)) or by_ref.get(row.ref)
            if declaration is None:
                self.new.append(row)
            else:
                self.declared.append((row, declaration))

    def updates(self) -> tuple[Replacement, ...]:
        """The files whose declarations must change to state what their rows say."""
        settings, environ = self.known.settings, self.workspace.environ
        by_file: dict[str, list[ProposedEdit]] = {}
        rows: dict[str, SheetRow] = {}
        for row, declaration, stating in self._typed():
            live = Live(0, declaration.label, None, stating.values, line_ids=stating.spelled)
            rows[declaration.label] = row
            by_file.setdefault(declaration.source.file, []).extend(stated(declaration, live, stating.values))
        files: list[Replacement] = []
        for name, edits in by_file.items():
            if not edits:
                continue
            accepted, replacement = edited(settings, environ, name, edits, rules_of(settings), Memory())
            files += [replacement] if replacement is not None else []
            for denied in accepted.denied:
                row = rows[denied.edit.desired.label]
                place = replace(row.source, column=row.column(denied.edit.path))
                summary = f"{denied.edit.desired.label} ({denied.edit.desired.source}) cannot be changed: {denied.why}"
                self.problems.append(problem("X804", place, summary, "Change that declaration by hand."))
        return tuple(files)

    def _typed(self) -> Iterator[tuple[SheetRow, Desired, Desired]]:
        """Each row of a declared customer with its declaration, and with what the row says, typed and checked."""
        rows = {}
        for row, declaration in self.declared:
            numbered = row.numbered(declaration.number or f"{REF}-{declaration.ref}")
            rows[numbered.name] = (numbered, declaration)
        if not rows:
            return
        loaded = load_texts({name: row.declaration() for name, (row, _) in rows.items()}, environ={})
        self._tell(loaded, {name: row for name, (row, _) in rows.items()})
        for stating in loaded.desired:
            row, declaration = rows[stating.source.file]
            yield row, declaration, stating

    def check(self, updates: Iterable[Replacement], *, with_parents: bool) -> list[Diagnostic]:
        """What is wrong with the project once all is written: of rows by cell, of changed declarations by place.

        with_parents: all rows are known, so that a parent that is none of them is missing.
        """
        settings, root = self.known.settings, self.known.settings.root
        changed = {file.name: file.new for file in updates}
        most = settings.limits.files.file_size
        texts = {name: read_declarations(root / name, name, most) for name in self.known.files if name not in changed}
        rows = {row.name: row for row in self.new}
        texts |= changed | {name: row.declaration() for name, row in rows.items()}
        loaded = load_texts(texts, defaults=settings.defaults, environ=self.workspace.environ)
        twice = declared_twice(loaded.desired, settings.guards.duplicates)
        parents = parent_problems(loaded.desired) if with_parents else ()
        self._tell(replace(loaded, diagnostics=(*loaded.diagnostics, *twice, *parents)), rows, changed)
        return self.problems

    def _tell(self, loaded: Loaded, rows: dict[str, SheetRow], changed: Iterable[str] = ()) -> None:
        """Note the problems of rows, and errors in changed files."""
        for diagnostic in loaded.diagnostics:
            name = diagnostic.source.file if diagnostic.source else ""
            if name in rows:
                self.problems.append(rows[name].told(diagnostic))
            elif name in changed and diagnostic.severity is Severity.ERROR:
                self.problems.append(diagnostic)


def check_file(words: Sequence[str]) -> Path:
    """The spreadsheet that the words name. Raises WrongUsage, for Terraform's `import ADDRESS NUMBER` too."""
    file = Path(words[-1])
    if len(words) == 1 and file.suffix.lower() in ENDINGS:
        return file
    if len(words) == 1 and (file.exists() or file.suffix):
        raise WrongUsage(
            f"{words[0]!r} is no spreadsheet that can be read", remedy="Save it as .xlsx, or as CSV UTF-8 (.csv)."
        )
    raise WrongUsage(
        f"import reads a spreadsheet, and {' '.join(words)!r} names none",
        remedy=f"To declare a customer that is in the ERP: reconciler export {words[-1]}",
    )
