"""Which field each column of a spreadsheet is about: by its path as plans show it, or by the title of the schema."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache

from reconciler.config.read.messages import nearest, quoted
from reconciler.config.read.sheet_file import MOST_COLUMNS, Cell, problem
from reconciler.core.diagnostics import Diagnostic, Source
from reconciler.core.normalise import attribute_key
from reconciler.resources.customer import ATTRIBUTES, CUSTOMER, FIELDS
from reconciler.resources.grammar import Form, Group, Row
from reconciler.resources.values import Path, parse_path, render_path

REF = "ref"
_WORDS = re.compile(r"\w+")
_ATTRIBUTE = re.compile(rf"(?:{ATTRIBUTES}|{re.escape(FIELDS[ATTRIBUTES].title)})\s*[.·]\s*(.+)", re.IGNORECASE)


@dataclass(slots=True)
class Columns:
    """The path of each column that counts, by its place from 1; and the names of those that are passed over."""

    paths: dict[int, Path] = field(default_factory=dict)
    passed_over: list[str] = field(default_factory=list)
    problems: list[Diagnostic] = field(default_factory=list)


def read_columns(
    cells: Sequence[Cell], source: Source, *, read_only: Collection[str], others: str, skip_unknown: bool
) -> Columns:
    """What the cells of the header name. source: its row.

    read_only: columns that only the ERP sets. others: the column that holds further attributes as JSON. skip_unknown:
    whether a name that is no field's is passed over, instead of being an error.
    """
    columns = Columns()
    seen: dict[Path, int] = {}
    if len(cells) > MOST_COLUMNS:
        summary = f"the header has {len(cells):,} columns, and may have {MOST_COLUMNS:,}"
        columns.problems.append(problem("X801", source, summary, "Keep the columns that name fields."))
        return columns
    for at, cell in enumerate(cells, 1):
        name = str(cell).strip() if cell is not None else ""
        place = Source(source.file, source.line, at)
        path = _path(name, others)
        if not name or name in read_only:
            columns.passed_over += [name] if name else []
        elif path is None and skip_unknown:
            columns.passed_over.append(name)
        elif path is None:
            columns.problems.append(_unknown(name, place))
        elif (first := seen.setdefault(_same(path), at)) != at:
            summary = f"the columns {first} and {at} are both {quoted(render_path(path))}"
            columns.problems.append(problem("X801", place, summary, "Keep one of them."))
        else:
            columns.paths[at] = path
    if not columns.problems and not any(path in ((CUSTOMER.key,), (REF,)) for path in columns.paths.values()):
        summary = f"no column says which customer a row is: neither {CUSTOMER.key} nor {REF}"
        columns.problems.append(problem("X801", source, summary, f"Add a column {CUSTOMER.key}."))
    return columns


def _same(path: Path) -> Path:
    return (path[0], attribute_key(path[1])) if path[0] == ATTRIBUTES and len(path) > 1 else path


def _path(name: str, others: str) -> Path | None:
    if attribute := _ATTRIBUTE.fullmatch(name):
        path = parse_path(name)
        is_path = len(path) == 2 and path[0] == ATTRIBUTES and render_path(path) == name
        return path if is_path else (ATTRIBUTES, attribute[1].strip())
    if (path := parse_path(name)) and len(path) == 2 and path[0] == ATTRIBUTES and render_path(path) == name:
        return path
    return (ATTRIBUTES,) if name == others else _known().get(_key(name))


def _key(name: str) -> str:
    return " ".join(_WORDS.findall(name.casefold()))


@cache
def _known() -> dict[str, Path]:
    """Each field that has a column, by its path and by its title."""
    paths = [path for row in FIELDS.values() for path in _below(row, (row.name,))]
    by_title = {_key(CUSTOMER.title(path)): path for path in paths}
    return {REF: (REF,)} | by_title | {_key(render_path(path)): path for path in paths}


def _below(row: Row, path: Path) -> Iterator[Path]:
    """The members of an object one by one; a list is one column, as JSON."""
    if not isinstance(row, Group) or row.form in (Form.LINES, Form.SEGMENTS):
        yield path
    elif row.form is Form.OBJECT:
        for member in row.members:
            yield from _below(member, (*path, member.name))


def _unknown(name: str, place: Source) -> Diagnostic:
    names = [render_path(path) for path in _known().values()]
    inside = [path for path in names if path.rpartition(".")[2].casefold() == name.casefold()]
    likely = inside[:3] or nearest(name, [*names, *map(CUSTOMER.title, _known().values())])
    remedy = f"Did you mean {' or '.join(likely)}? " if likely else ""
    return problem(
        "X801", place, f"the column {quoted(name)} names no field",
        f"{remedy}Write a path such as mainAddress.city or attributes.REGION; --skip-unknown passes such columns over.",
    )  # fmt: skip
