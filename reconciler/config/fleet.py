"""`fleet.yaml`: which companies there are, and what lies under the settings of each."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath, PurePosixPath
from typing import Any

from reconciler.config.read import yaml_nodes
from reconciler.config.read.file_limits import Bounds
from reconciler.config.read.files import read_bytes
from reconciler.config.read.globs import matches
from reconciler.config.read.messages import quoted
from reconciler.config.read.schema import load_schema
from reconciler.config.read.schema_errors import SETTINGS_CODES, Validator
from reconciler.config.read.typed_values import Reader
from reconciler.config.settings import FILE_NAME, SHARED, SharedSettings
from reconciler.core.diagnostics import Diagnostic, Severity, Source, has_errors, in_order
from reconciler.core.errors import InvalidInput
from reconciler.core.fleet import folder_name

FLEET_FILE = "fleet.yaml"
_BOUNDS = Bounds(file_size=2**22)
_MAGIC = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class Company:
    """One company of a fleet. folder: below the fleet's, with forward slashes. source: where fleet.yaml names it."""

    name: str
    folder: str
    source: Source
    environment: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FleetFile:
    """The fleet as its file has it. root: the file's folder, absolute. shared: what lies under the settings of each."""

    root: Path
    companies: tuple[Company, ...]
    shared: SharedSettings | None
    diagnostics: tuple[Diagnostic, ...] = ()


def find_fleet(start: Path) -> Path | None:
    """`fleet.yaml` in the folder or the nearest one above it."""
    folder = Path(os.path.abspath(start))  # noqa: PTH100 (symlinks in the way stay as the user sees them)
    return next((at / FLEET_FILE for at in (folder, *folder.parents) if (at / FLEET_FILE).is_file()), None)


def load_fleet(path: Path) -> FleetFile:
    """Read the file. Companies without settings are among them: what is wrong with one is told as its own.

    Raises InvalidInput with all problems of the file itself.
    """
    file = Path(os.path.abspath(path))  # noqa: PTH100 (resolve() would follow links)
    data, problem = read_bytes(file, file.name, _BOUNDS.file_size)
    if problem:
        raise InvalidInput((problem,))
    parsed = yaml_nodes.parse(data, file.name, _BOUNDS)
    problems = list(parsed.diagnostics)
    document = parsed.documents[0] if len(parsed.documents) == 1 else None
    if not isinstance(document, yaml_nodes.Mapping):
        if not has_errors(problems):
            problems.append(_error("S112", f"{file.name} must hold one mapping", Source(file.name, 1, 1)))
        raise InvalidInput(in_order(problems))
    value = _checked(document, problems)
    companies = list(_companies(value, document, file.parent, problems)) if not has_errors(problems) else []
    problems += _alike(companies)
    if has_errors(problems):
        raise InvalidInput(in_order(problems))
    return FleetFile(file.parent, tuple(companies), _shared(document, file.name), in_order(problems))


def _checked(document: yaml_nodes.Mapping, problems: list[Diagnostic]) -> dict[str, Any]:
    schema = load_schema("fleet-settings")
    schema["properties"]["guards"] = load_schema("reconciler")["$defs"]["environment"]["properties"]["guards"]
    value: dict[str, Any] = Reader(schema).read(document)
    problems += Validator(schema, SETTINGS_CODES).verdict(value, document).diagnostics
    return value


def _companies(
    value: Mapping[str, Any], document: yaml_nodes.Mapping, root: Path, problems: list[Diagnostic]
) -> Iterator[Company]:
    """The companies in the order of the file. One that is named by itself is none of those that a glob matches."""
    nodes = document.get("companies")
    assert isinstance(nodes, yaml_nodes.Sequence), "the schema says so"
    entries = list(zip(value["companies"], nodes.items, strict=True))
    named = {_normal(_folder(entry)) for entry, _ in entries if not _is_glob(entry)}
    for entry, node in entries:
        folder = _folder(entry)
        if problem := _folder_problem(folder):
            problems.append(_error("S131", problem, node.source, "Name a folder below that of fleet.yaml."))
        elif _is_glob(entry):
            matched = [at for at in _matching(folder, root, node.source, problems) if at not in named]
            yield from (Company(PurePosixPath(at).name, at, node.source) for at in matched)
        else:
            of = entry if isinstance(entry, dict) else {}
            at = _normal(folder)
            name = of.get("name") or PurePosixPath(at).name or root.name
            yield Company(name, at, node.source, of.get("environment"), of.get("labels") or {})


def _folder(entry: Any) -> str:
    return str(entry["folder"] if isinstance(entry, dict) else entry)


def _is_glob(entry: Any) -> bool:
    return isinstance(entry, str) and not _MAGIC.isdisjoint(entry)


def _normal(folder: str) -> str:
    return PurePosixPath(folder).as_posix()


def _folder_problem(folder: str) -> str:
    if "\\" in folder or "\0" in folder:
        return f"{quoted(folder)} has characters that part no folders"
    if PurePath(folder).is_absolute() or ".." in folder.split("/"):
        return f"{quoted(folder)} leaves the folder of fleet.yaml"
    return ""


def _matching(glob: str, root: Path, source: Source, problems: list[Diagnostic]) -> list[str]:
    """The folders with settings that the glob matches, in the order of their names; none is an error."""
    matched = matches(f"{glob.rstrip('/')}/{FILE_NAME}", root)
    problems += matched.problems
    folders = sorted(file.relative_to(root).parent.as_posix() for file in matched.files.values())
    if not folders and not matched.problems:
        remedy = "Correct the glob, such as companies/*, or add the folder's settings with `reconciler init`."
        problems.append(_error("S131", f"{quoted(glob)} matches no folder with a {FILE_NAME}", source, remedy))
    return folders


def _alike(companies: list[Company]) -> Iterator[Diagnostic]:
    """Companies that --only, or a file system, could not tell from each other."""
    seen: dict[str, Company] = {}
    for company in companies:
        first = seen.setdefault(folder_name(company.name).casefold(), company)
        if first is not company:
            summary = f"{quoted(company.folder)} and {quoted(first.folder)} are both called {quoted(company.name)}"
            remedy = "Give one of them another name: - {folder: FOLDER, name: NAME}."
            yield _error("S132", summary, company.source, remedy)


def _shared(document: yaml_nodes.Mapping, name: str) -> SharedSettings | None:
    """What the companies share, at its lines: the other members are left out, since no company needs to know them."""
    pairs = [pair for key, pair in document.own.items() if key in SHARED]
    if not pairs:
        return None
    text = document.origin.text
    shared, at = "", 0
    for key, node in sorted(pairs, key=lambda pair: pair[0].start):
        shared += _blank(text[at : key.start]) + text[key.start : node.end]
        at = node.end
    data = shared.encode() + b"\n"
    parsed = yaml_nodes.parse(data, name, _BOUNDS)
    if has_errors(parsed.diagnostics) or len(parsed.documents) != 1:  # an alias of what was left out, or braces
        data = text.encode()
    return SharedSettings(name, data)


def _blank(text: str) -> str:
    """The text's line breaks, and as many blanks as its last line has characters."""
    lines = text.split("\n")
    return "\n" * (len(lines) - 1) + " " * len(lines[-1])


def _error(code: str, summary: str, source: Source, remedy: str = "") -> Diagnostic:
    return Diagnostic(Severity.ERROR, code, summary, remedy=remedy, source=source)
