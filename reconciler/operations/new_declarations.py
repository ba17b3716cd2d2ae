"""New declarations into the files of a project, beside those that are there; nothing of these is lost."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from reconciler.config.edit.export import (
    SINGLE,
    Spool,
    appended,
    check_free,
    check_numbers,
    file_name,
    write_files,
    write_single,
)
from reconciler.config.edit.write_files import Replacement, replace_files
from reconciler.config.read.files import display
from reconciler.core.errors import WrongUsage
from reconciler.core.ordering import natural
from reconciler.operations.declared_customers import DeclaredCustomers
from reconciler.operations.files import read_declarations

FOLDER = "customers"
_SCHEMA = Path("schemas", "customer.schema.json")
"""Where `init` puts the schema."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where new declarations go: a folder, whose every new file begins with `head`; and what is declared already.

    single: into one file with all, instead of a file for each customer. force: overwrite files that declare nobody.
    """

    folder: Path
    head: bytes
    known: DeclaredCustomers
    single: bool
    force: bool

    @classmethod
    def at(cls, folder: Path, schema: str | None, known: DeclaredCustomers, *, single: bool, force: bool) -> Place:
        """The place. schema: what new files name to editors, None for the project's own. Raises WrongUsage."""
        if folder.exists() and not folder.is_dir():
            raise WrongUsage(f"{folder} is no folder", remedy="Name a folder with -o; it is made if it is not there.")
        return cls(folder, _head(schema, folder, known.settings.root), known, single, force)

    @property
    def list_file(self) -> str:
        """The name of the one file with all, as positions have it."""
        return self.shown(SINGLE)

    def shown(self, name: str) -> str:
        """The name of a file in the folder, as positions have it."""
        return display(self.folder / name, self.known.settings.root)


def write(place: Place, spool: Spool, updates: Iterable[Replacement] = ()) -> None:
    """Write all, in the natural order of the numbers, and the updates of files that are there.

    Raises WrongUsage before anything is written if a file is in the way, InvalidInput if one has errors; ReportError.
    """
    numbers = sorted(spool.numbers, key=natural)
    replacements = {file.name: file for file in updates}
    most = place.known.settings.limits.files.file_size
    names = check_place(place, numbers)
    if numbers and place.single and not names:
        replacements[place.list_file] = _added(place, spool, numbers, replacements.get(place.list_file), most)
    replace_files(replacements.values())
    parts = spool.parts(numbers)
    if place.single and names:
        write_single(place.folder, place.head, parts, size=spool.size, most=most, force=place.force)
    elif names:
        write_files(place.folder, place.head, parts, force=place.force)


def preview(place: Place, spool: Spool) -> Iterator[Replacement]:
    """What `write` would write, as changes of files that are not there yet, or of the one with all. Raises as it."""
    numbers = sorted(spool.numbers, key=natural)
    names = check_place(place, numbers)
    most = place.known.settings.limits.files.file_size
    if place.single and numbers:
        path = place.folder / SINGLE
        old = Replacement(path, place.list_file, b"", place.head + b"customers: []\n") if names else None
        added = _added(place, spool, numbers, old, most)
        yield replace(added, old=b"") if names else added
        return
    for number, declaration in spool.parts(numbers):
        name = file_name(number)
        yield Replacement(place.folder / name, place.shown(name), b"", place.head + declaration)


def check_place(place: Place, numbers: list[str]) -> list[str]:
    """The files to be made; none where the one with all is there already. Raises WrongUsage, InvalidInput."""
    check_numbers(numbers)
    declaring = place.known.files
    is_added_to = place.single and place.list_file in declaring
    names = [] if is_added_to or not numbers else [SINGLE] if place.single else [*map(file_name, numbers)]
    shown = {place.shown(name): name for name in names}
    labels = {shown[name]: ", ".join(labels[:3]) for name, labels in declaring.items() if name in shown}
    check_free(place.folder, names, labels, force=place.force)
    place.known.check(lambda problem: problem.source is None or problem.source.file not in shown)
    return names


def _added(place: Place, spool: Spool, numbers: list[str], old: Replacement | None, most: int) -> Replacement:
    """The one file with all, with these at its end. old: what it changes to already."""
    if old is None:
        data = read_declarations(place.folder / SINGLE, place.list_file, most)
        old = Replacement(place.folder / SINGLE, place.list_file, data, data)
    return replace(old, new=appended(old.new, place.list_file, spool.parts(numbers), most=most))


def _head(schema: str | None, folder: Path, root: Path) -> bytes:
    """The first line of a new file, or nothing. Raises WrongUsage."""
    if schema is None:
        own = Path(os.path.relpath(root / _SCHEMA, folder)).as_posix() if (root / _SCHEMA).is_file() else ""
        return _schema_line(own) if own and _fits_comment(own) else b""
    if not _fits_comment(schema):
        raise WrongUsage(f"--schema is no path for a comment: {schema!r}", remedy="Write it without blanks.")
    return _schema_line(schema)


def _fits_comment(schema: str) -> bool:
    return bool(schema.strip()) and schema.isprintable() and " " not in schema


def _schema_line(schema: str) -> bytes:
    return f"# yaml-language-server: $schema={schema}\n".encode()
