"""Declarations to files: names that are safe everywhere, never over an existing file unasked, each file whole or not
at all."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections import abc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TypeAlias

from reconciler.config.edit.layout import NodePath
from reconciler.config.edit.meaning import raw
from reconciler.config.edit.rewrite import Edit, rewrite
from reconciler.config.edit.tree import Tree, read_tree
from reconciler.config.edit.yaml_writer import Raw
from reconciler.config.read.nodes import Mapping, Node
from reconciler.config.read.nodes import Sequence as ListNode
from reconciler.core.errors import ReportError, WrongUsage
from reconciler.core.normalise import number_key
from reconciler.core.some_names import some_names

SINGLE = "customers.yaml"
LONGEST_NAME = 100
_RESERVED = re.compile("CON|PRN|AUX|NUL|CLOCK|(COM|LPT)[0-9]", re.IGNORECASE)
_UNSAFE = re.compile("[^A-Za-z0-9-]")
_NAMED = 5
_LIST = b"customers:"
_NOBODY = _LIST + b" []\n"

Part: TypeAlias = "tuple[str, bytes]"
"""A customer's number with its declaration."""


def file_name(number: str) -> str:
    """A file name for a customer, safe on every system, and another one for every other customer.

    Letters, digits and hyphens stay; of anything else each byte in UTF-8 becomes `_` and two hexadecimal digits. So
    do a hyphen in front, which commands would take for an option, and the first letter of a device name of Windows.
    A name that would be too long ends in a hash instead. Numbers that differ in case only are the same customer.

    >>> [file_name(each) for each in ("10000", "A/B 7", "..", "CON", "-1")]
    ['10000.yaml', 'A_2FB_207.yaml', '_2E_2E.yaml', '_43ON.yaml', '_2D1.yaml']
    """
    safe = _UNSAFE.sub(lambda unsafe: _hex(unsafe[0]), number)
    if safe.startswith("-") or _RESERVED.fullmatch(safe):
        safe = _hex(safe[0]) + safe[1:]
    if len(safe) > LONGEST_NAME:
        digest = hashlib.sha256(number_key(number).encode("utf-8", "surrogatepass")).hexdigest()[:32]
        safe = f"{safe[: LONGEST_NAME - 34]}__{digest}"  # two underscores stand in no other name
    return f"{safe}.yaml"


def _hex(text: str) -> str:
    return "".join(f"_{byte:02X}" for byte in text.encode("utf-8", "surrogatepass"))


@dataclass(slots=True)
class Spool:
    """Declarations on disk until all are there, since only then is it known that none is missing or doubled.

    Memory holds the numbers. `put` again replaces what the same customer had; `parts` comes after the last `put`.
    """

    _file: IO[bytes]
    _places: dict[int, tuple[str, int, int]] = field(default_factory=dict)
    _end: int = 0

    def clear(self) -> None:
        """Forget everything."""
        self._places.clear()
        self._end = 0
        self._file.seek(0)
        self._file.truncate()

    def put(self, internal_id: int, number: str, declaration: bytes) -> None:
        """Keep a customer's declaration."""
        self._file.write(declaration)
        self._places[internal_id] = (number, self._end, len(declaration))
        self._end += len(declaration)

    def remove(self, internal_id: int) -> None:
        """Forget a customer, if it is there."""
        self._places.pop(internal_id, None)

    @property
    def numbers(self) -> list[str]:
        """The customers' numbers."""
        return [number for number, _, _ in self._places.values()]

    @property
    def size(self) -> int:
        """Bytes of all declarations."""
        return sum(length for _, _, length in self._places.values())

    def parts(self, numbers: Iterable[str]) -> Iterator[Part]:
        """The customers with their declarations, in the order of the numbers."""
        by_number = {number: (start, length) for number, start, length in self._places.values()}
        for number in numbers:
            start, length = by_number[number]
            self._file.seek(start)
            yield number, self._file.read(length)


@contextmanager
def open_spool() -> Iterator[Spool]:
    """A spool in a nameless temporary file: nobody else can read it, and nothing of it stays."""
    with tempfile.TemporaryFile() as file:
        yield Spool(file)


def check_numbers(numbers: Iterable[str]) -> None:
    """Raise ReportError when two customers could not be told apart in declarations (fact sheet 11.8)."""
    seen: dict[str, str] = {}
    for number in numbers:
        other = seen.setdefault(number_key(number), number)
        if other is not number:
            raise ReportError(
                f"The customers {other!r} and {number!r} differ in case or blanks only, and cannot both be declared",
                remedy="Give one of them another number in the ERP, or leave it out with a filter.",
            )


def check_free(folder: Path, names: Iterable[str], declaring: abc.Mapping[str, str], *, force: bool) -> None:
    """Raise WrongUsage when one of the files is there already, be it a broken link; nothing is written then.

    declaring: by the names of files that hold declarations, whose they are: such a file is never overwritten. force:
    whether others are.
    """
    present = [name for name in names if os.path.lexists(folder / name)]
    for name in present:
        if name in declaring:
            raise WrongUsage(
                f"{folder / name} is in the way: it declares {declaring[name]}",
                remedy="Give that file another name, or export to another folder with -o.",
            )
    if present and not force:
        raise WrongUsage(
            f"{folder} has files that would be overwritten: {some_names(present, _NAMED)}",
            remedy="Export to another folder with -o, or overwrite them with --force.",
        )


def write_files(folder: Path, head: bytes, parts: Iterable[Part], *, force: bool) -> None:
    """One file for each customer. Raises ReportError."""
    with _errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for number, declaration in parts:
            _write(folder / file_name(number), [head, declaration], force=force)


def write_single(folder: Path, head: bytes, parts: Iterable[Part], *, size: int, most: int, force: bool) -> None:
    """One file with all customers, of about `size` bytes, and `most` at most. Raises ReportError."""
    _check_size(size, most)
    with _errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder / SINGLE, _listed(head, parts), force=force)


def appended(data: bytes, name: str, parts: Iterable[Part], *, most: int) -> bytes:
    """The bytes of a file with a list of customers, and these customers at its end; nothing else of it changes.

    name: as in messages. Raises ReportError when the result would be too large, WrongUsage when there is no such list.
    """
    texts = [declaration for _, declaration in parts]
    _check_size(len(data) + sum(map(len, texts)), most)
    if data.endswith(_NOBODY):
        return data.removesuffix(_NOBODY) + _LIST + b"\n" + b"".join(texts)
    tree, _ = read_tree(data, name)
    at, count = _list_of(tree)
    edits = [Edit(0, (*at, count + index), _item(text)) for index, text in enumerate(texts)]
    new = rewrite(data, name, edits)
    if new.problem is not None:
        raise WrongUsage(new.problem.summary, remedy="Take --layout files, or another folder with -o.")
    return new.data


def _list_of(tree: Tree | None) -> tuple[NodePath, int]:
    """Where the file's list of customers stands, and how many it has."""
    node: Node | None = tree.documents[0] if tree is not None and len(tree.documents) == 1 else None
    at: NodePath = ()
    if isinstance(node, Mapping):
        at, node = ("customers",), node.get("customers")
    if not isinstance(node, ListNode):
        raise WrongUsage(
            f"{SINGLE} is there already, and is no list of customers that others could be added to",
            remedy="Take --layout files, or another folder with -o.",
        )
    return at, len(node.items)


def _item(text: bytes) -> Raw:
    """A customer of the list, as `_listed` has it, for an edit."""
    tree, _ = read_tree(text, SINGLE)
    assert tree is not None, "a declaration is YAML"
    said = raw(tree.documents[0])
    assert isinstance(said, list)
    return said[0]


def _check_size(size: int, most: int) -> None:
    if size > most:
        raise ReportError(
            f"One file with all customers would have more than the {most >> 20} MiB that a file may have",
            remedy="Take --layout files, or export less with a filter.",
        )


def _listed(head: bytes, parts: Iterable[Part]) -> Iterator[bytes]:
    yield head + _LIST
    is_empty = True
    for _, declaration in parts:
        yield b"\n" + declaration.removesuffix(b"\n")
        is_empty = False
    yield _NOBODY.removeprefix(_LIST) if is_empty else b"\n"


def _write(path: Path, chunks: Iterable[bytes], *, force: bool) -> None:
    """Write beside, then give it its name: a link in its place is replaced, never followed.

    The mode is what the umask leaves, as for other files that go into git.
    """
    beside = path.with_name(f".{path.name[:60]}.{os.getpid()}.tmp")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    try:
        with os.fdopen(os.open(beside, flags, 0o666), "wb") as file:
            for chunk in chunks:
                file.write(chunk)
        if force:
            beside.replace(path)
        else:
            _name_new(beside, path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def _name_new(beside: Path, path: Path) -> None:
    """Give the file its name unless somebody took it meanwhile, where the file system can do that in one step."""
    try:
        os.link(beside, path)
    except FileExistsError:
        raise
    except OSError:
        beside.replace(path)
    else:
        beside.unlink()


@contextmanager
def _errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        where = error.filename2 or error.filename or folder
        raise ReportError(f"Cannot write {where}: {error.strerror or error}") from error
