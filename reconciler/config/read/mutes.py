"""The file of muted drift: read, checked, and added to without touching what stands there.

Each mute names a customer, a field, the last day and a reason; the file is in git, so that a mute is reviewed like a
declaration. There need not be one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reconciler.config.edit.block_text import item_lines
from reconciler.config.edit.meaning import Raw
from reconciler.config.edit.rewrite import Edit, rewrite
from reconciler.config.edit.scalar_style import Literal
from reconciler.config.edit.write_files import Replacement, replace_files
from reconciler.config.read import yaml_nodes
from reconciler.config.read.file_limits import Bounds
from reconciler.config.read.files import display, read_bytes
from reconciler.config.read.messages import quoted
from reconciler.config.read.schema import load_schema
from reconciler.config.read.schema_errors import Validator
from reconciler.config.read.typed_values import Reader
from reconciler.core.diagnostics import Diagnostic, Severity, has_errors, in_order
from reconciler.core.drift import Mute
from reconciler.core.errors import InvalidInput, ReconcilerError
from reconciler.core.normalise import number_key

_CODES = {"unknown": "M701", "missing": "M703", "path": "M704", "date": "M705"} | dict.fromkeys(
    ("type", "enum", "null", "length", "range", "other", "identity"), "M702"
)
_BOUNDS = Bounds(file_size=2**20)
_NO_CONTENT = "Y214"
_HEADER = """\
# Drift that is accepted for a time. `reconciler drift` shows it apart until the last day is over.
"""


@dataclass(frozen=True, slots=True)
class Mutes:
    """The mutes of a file, and what is wrong with it; when that is an error, the mutes are the ones without."""

    mutes: tuple[Mute, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()


def load_mutes(file: Path, root: Path, *, declared: Collection[str] | None, day: str) -> Mutes:
    """Read the file; an absent one holds none. Every problem is a diagnostic.

    declared: `number_key`s and refs of all declarations, None when they are not known. day: today, YYYY-MM-DD.
    """
    if not file.exists():
        return Mutes()
    name = display(file, root)
    data, problem = read_bytes(file, name, _BOUNDS.file_size)
    if problem:
        return Mutes(diagnostics=(problem,))
    return read_mutes(data, name, declared=declared, day=day)


def read_mutes(data: bytes, name: str, *, declared: Collection[str] | None, day: str) -> Mutes:
    """As `load_mutes`, from the file's bytes; `name` is what positions call it."""
    parsed = yaml_nodes.parse(data, name, _BOUNDS)
    problems = [each for each in parsed.diagnostics if each.code != _NO_CONTENT]
    found: list[Mute] = []
    for document in parsed.documents:
        found += _document(document, problems)
    problems += _overdue(found, day)
    problems += _doubled(found)
    problems += _strangers(found, declared) if declared is not None else ()
    return Mutes(tuple(found), in_order(problems))


def _document(document: yaml_nodes.Node, problems: list[Diagnostic]) -> Iterator[Mute]:
    if not isinstance(document, yaml_nodes.Sequence):
        summary, remedy = "the mutes must be a list", "Start each with '- number: ...'."
        problems.append(Diagnostic(Severity.ERROR, "M702", summary, remedy=remedy, source=document.source))
        return
    schema = load_schema("mutes")
    reader, validator = Reader(schema["items"]), Validator(schema["items"], _CODES)
    for node in document.items:
        if not isinstance(node, yaml_nodes.Mapping):
            summary, remedy = "a mute must be a mapping", "Write number, path, until and reason below the dash."
            problems.append(Diagnostic(Severity.ERROR, "M702", summary, remedy=remedy, source=node.source))
            continue
        value: Any = reader.read(node)
        wrong = validator.verdict(value, node).diagnostics
        problems += wrong
        if not wrong:
            yield Mute(value["number"].strip(), value["path"], value["until"], value["reason"], node.source)


def _overdue(mutes: list[Mute], day: str) -> Iterator[Diagnostic]:
    for each in mutes:
        if each.until < day:
            yield Diagnostic(
                Severity.WARNING,
                "M706",
                f"the mute of {quoted(each.number)} {each.path} ended with {each.until}: its drift is shown again",
                remedy="Remove the mute, or give it a new day.",
                source=each.source,
            )


def _doubled(mutes: list[Mute]) -> Iterator[Diagnostic]:
    seen: dict[tuple[str, str], Mute] = {}
    for each in mutes:
        first = seen.setdefault((number_key(each.number), each.path), each)
        if first is not each:
            yield Diagnostic(
                Severity.WARNING,
                "M708",
                f"{quoted(each.number)} {each.path} is muted twice; the other is {first.source}",
                remedy="Keep one of the two. The one that ends later counts.",
                source=each.source,
            )


def _strangers(mutes: list[Mute], declared: Collection[str]) -> Iterator[Diagnostic]:
    for each in mutes:
        if each.number not in declared and number_key(each.number) not in declared:
            yield Diagnostic(
                Severity.WARNING,
                "M707",
                f"no declaration has the number or ref {quoted(each.number)}",
                remedy="Write it as the declaration does, or remove the mute.",
                source=each.source,
            )


def add_mute(file: Path, root: Path, mute: Mute) -> None:
    """Put a mute into the file, which is made when there is none. Raises InvalidInput, ReconcilerError."""
    name = display(file, root)
    if not file.exists():
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("xb") as stream:
                stream.write(with_mute(b"", name, mute))
        except OSError as error:
            raise ReconcilerError(f"Cannot write {name}: {error.strerror or error}") from error
        return
    data, problem = read_bytes(file, name, _BOUNDS.file_size)
    if problem:
        raise InvalidInput((problem,))
    replace_files([Replacement(file, name, data, with_mute(data, name, mute))])


def with_mute(data: bytes, name: str, mute: Mute) -> bytes:
    """The file's bytes with the mute put in: at the end, or in place of the one of the same field.

    Comments and all else stay as they are. Raises InvalidInput when the file has errors or cannot be added to.
    """
    known = read_mutes(data, name, declared=None, day="")
    if has_errors(known.diagnostics):
        raise InvalidInput(known.diagnostics)
    documents = yaml_nodes.parse(data, name, _BOUNDS).documents
    item: dict[str, Raw] = {key: Literal(getattr(mute, key)) for key in ("number", "path", "until", "reason")}
    if not documents:
        return _begun(data, item)
    last = len(documents) - 1
    edits = [Edit(at, (index, key), item[key]) for at, index in _same(documents, mute) for key in ("until", "reason")]
    document = documents[last]
    assert isinstance(document, yaml_nodes.Sequence)
    made = rewrite(data, name, edits or [Edit(last, (len(document.items),), item)])
    if made.problem is not None:
        raise InvalidInput((made.problem,))
    return made.data


def _begun(data: bytes, item: dict[str, Raw]) -> bytes:
    """A first mute, below the comments that stand there."""
    head = data.decode() or _HEADER
    newline = "" if head.endswith("\n") else "\n"
    return (head + newline + "\n".join(item_lines(item, 2, flow=False)) + "\n").encode()


def _same(documents: Iterable[yaml_nodes.Node], mute: Mute) -> list[tuple[int, int]]:
    """Document and index of the mutes of the same field."""
    wanted = (number_key(mute.number), mute.path)
    return [
        (at, index)
        for at, document in enumerate(documents)
        for index, node in enumerate(document.items if isinstance(document, yaml_nodes.Sequence) else ())
        if isinstance(node, yaml_nodes.Mapping) and (number_key(_text(node, "number")), _text(node, "path")) == wanted
    ]


def _text(node: yaml_nodes.Mapping, name: str) -> str:
    found = node.get(name)
    return found.text if isinstance(found, yaml_nodes.Scalar) else ""
