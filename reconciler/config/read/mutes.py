"""The file of muted drift, read and checked.

Each mute names a customer, a field, the last day and a reason; the file is in git, so that a mute is reviewed like a
declaration. There need not be one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reconciler.config.read import yaml_nodes
from reconciler.config.read.file_limits import Bounds
from reconciler.config.read.files import display, read_bytes
from reconciler.config.read.messages import quoted
from reconciler.config.read.schema import load_schema
from reconciler.config.read.schema_errors import Validator
from reconciler.config.read.typed_values import Reader
from reconciler.core.diagnostics import Diagnostic, Severity, in_order
from reconciler.core.mutes import Mute
from reconciler.core.normalise import number_key

_CODES = {"unknown": "M701", "missing": "M703", "path": "M704", "date": "M705"} | dict.fromkeys(
    ("type", "enum", "null", "length", "range", "other", "identity"), "M702"
)
ENDED = "M706"
BOUNDS = Bounds(file_size=2**20)
_NO_CONTENT = "Y214"


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
    data, problem = read_bytes(file, name, BOUNDS.file_size)
    if problem:
        return Mutes(diagnostics=(problem,))
    return read_mutes(data, name, declared=declared, day=day)


def read_mutes(data: bytes, name: str, *, declared: Collection[str] | None, day: str) -> Mutes:
    """As `load_mutes`, from the file's bytes; `name` is what positions call it."""
    parsed = yaml_nodes.parse(data, name, BOUNDS)
    problems = [problem for problem in parsed.diagnostics if problem.code != _NO_CONTENT]
    mutes: list[Mute] = []
    for document in parsed.documents:
        mutes += _document(document, problems)
    problems += _overdue(mutes, day)
    problems += _doubled(mutes)
    problems += _strangers(mutes, declared) if declared is not None else ()
    return Mutes(tuple(mutes), in_order(problems))


def _document(document: yaml_nodes.Node, problems: list[Diagnostic]) -> Iterator[Mute]:
    if not isinstance(document, yaml_nodes.Sequence):
        summary, remedy = "the mutes must be a list", "Start each mute with '- number: ...'."
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
    for mute in mutes:
        if mute.until < day:
            yield Diagnostic(
                Severity.WARNING,
                ENDED,
                f"the mute of {quoted(mute.number)} {mute.path} ended with {mute.until}: the field counts again",
                remedy="Remove the mute, or give it a new day.",
                source=mute.source,
            )


def _doubled(mutes: list[Mute]) -> Iterator[Diagnostic]:
    seen: dict[tuple[str, str], Mute] = {}
    for mute in mutes:
        first = seen.setdefault((number_key(mute.number), mute.path), mute)
        if first is not mute:
            yield Diagnostic(
                Severity.WARNING,
                "M708",
                f"{quoted(mute.number)} {mute.path} is muted twice; the other is {first.source}",
                remedy="Keep one of the two. The one that ends later counts.",
                source=mute.source,
            )


def _strangers(mutes: list[Mute], declared: Collection[str]) -> Iterator[Diagnostic]:
    for mute in mutes:
        if mute.number not in declared and number_key(mute.number) not in declared:
            yield Diagnostic(
                Severity.WARNING,
                "M707",
                f"no declaration has the number or ref {quoted(mute.number)}",
                remedy="Write it as the declaration does, or remove the mute.",
                source=mute.source,
            )
