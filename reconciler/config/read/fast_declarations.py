"""Declarations that look alike, read by the example of the first of them.

Declarations of simple lines (`reconciler.config.read.simple_lines`) that differ only in their values have one shape:
the heads of their lines. The full parser reads the first of each shape, and what it makes of each line is made of the
others' lines too. A value goes through the same rules: type, limits, normal form. Whatever is not certainly right is
left to the full parser, which alone says what is wrong.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from unicodedata import is_normalized

from reconciler.config.read.content_checks import is_of_codes, is_suspect
from reconciler.config.read.nodes import NULLS, Scalar
from reconciler.config.read.schema import IDENTITY
from reconciler.config.read.simple_lines import Tokens, unquoted
from reconciler.config.read.typed_values import Reader
from reconciler.config.read.unmerged import REF, Defaults, Unmerged, fresh, undeclared
from reconciler.config.read.value_checks import Remark, is_unremarkable
from reconciler.core.diagnostics import Diagnostic, Severity, Source
from reconciler.core.normalise import normalise
from reconciler.resources.customer import FIELDS
from reconciler.resources.grammar import Field, Form, Group, Kind
from reconciler.resources.values import NumberOf, Path, Values, leaves, put

Convert: TypeAlias = "Callable[[str], Any]"
"""The normal form of a value as typed. Raises FallBackToFullParser."""

Recipe: TypeAlias = "tuple[tuple[str, int | Recipe], ...]"
"""A mapping's members, each with the line that it comes from."""

_MAX_REMEMBERED = 20_000
_MANY = frozenset((Kind.TEXT, Kind.NUMBER))  # hardly two customers have the same; other values are worth keeping


class FallBackToFullParser(Exception):
    """Only the full parser can judge this value, or this file."""


@dataclass(slots=True)
class Shape:
    """What to do with each line of a declaration. Lines count from 0 here, columns from 1."""

    converters: list[Convert]
    recipe: Recipe = ()
    identity: dict[str, int] = field(default_factory=dict)  # the lines of number and ref
    start: tuple[int, int] = (0, 1)
    inside: dict[Path, tuple[int, int]] = field(default_factory=dict)  # what the declaration itself says
    outside: dict[Path, Source] = field(default_factory=dict)  # what the defaults say
    spelled: dict[Path, str] = field(default_factory=dict)
    under: tuple[tuple[Path, Any], ...] = ()
    match: tuple[str, ...] | None = None
    lifecycle: dict[str, Any] = field(default_factory=dict)
    complete: dict[str, bool] = field(default_factory=dict)

    def lay_on(self, defaults: Defaults, values: Values) -> None:
        """Note what the defaults add to declarations of this shape; `values` are one's own."""
        common = defaults.declared
        units = undeclared(values, defaults.units)
        self.under = tuple((path, value) for path, value, _ in units)
        for below, _, places in units:
            for path, node in places:
                self.outside.setdefault(path, node.source)
            if below in common.spelled:
                self.spelled[below] = common.spelled[below]
        self.match, self.lifecycle, self.complete = common.match, common.lifecycle, common.complete


class FastDeclaration:
    """A declaration read by its shape. It serves as an `Unmerged` does, and afterwards locates its values."""

    __slots__ = ("_file", "_line", "number", "problems", "ref", "shape", "values")
    findings: tuple[Remark, ...] = ()  # a value with one is left to the full parser

    def __init__(self, shape: Shape, file: str, line: int, tokens: Tokens) -> None:
        leaves_by_line = [convert(token) for convert, token in zip(shape.converters, tokens, strict=True)]
        identity = shape.identity
        self.shape = shape
        self._file = file
        self._line = line
        self.number: str | None = leaves_by_line[identity["number"]] if "number" in identity else None
        self.ref: str | None = leaves_by_line[identity["ref"]] if "ref" in identity else None
        self.values = _values(shape.recipe, leaves_by_line)
        for path, value in shape.under:
            put(self.values, path, fresh(value))
        self.problems: list[Diagnostic] | None = None

    @property
    def match(self) -> tuple[str, ...] | None:
        """The shape's: that of the defaults."""
        return self.shape.match

    @property
    def lifecycle(self) -> dict[str, Any]:
        """As `match`."""
        return self.shape.lifecycle

    @property
    def complete(self) -> dict[str, bool]:
        """As `match`."""
        return self.shape.complete

    @property
    def spelled(self) -> dict[Path, str]:
        """How ids of attributes are written, which is a matter of the heads."""
        return self.shape.spelled

    @property
    def source(self) -> Source:
        """Where it starts."""
        return self._at(self.shape.start)

    def place(self, name: str) -> Source:
        """Where the value of a member of its own is."""
        return self.locate((name,))

    def locate(self, path: Path) -> Source:
        """The place of the value at the path, or of the nearest group around it, or of the declaration."""
        shape = self.shape
        for end in range(len(path), 0, -1):
            part = path[:end]
            if part in shape.inside:
                return self._at(shape.inside[part])
            if part in shape.outside:
                return shape.outside[part]
        return self.source

    def located(self, _packer: object) -> Callable[[Path], Source]:
        """What gives the places of the values."""
        return self.locate

    def report(self, code: str, source: Source, summary: str, remedy: str) -> None:
        """Note an error."""
        self.problems = [
            *(self.problems or ()),
            Diagnostic(Severity.ERROR, code, summary, remedy=remedy, source=source),
        ]

    def _at(self, place: tuple[int, int]) -> Source:
        return Source(self._file, self._line + place[0], place[1])


def _values(recipe: Recipe, leaves_by_line: list[Any]) -> Values:
    return {name: leaves_by_line[at] if type(at) is int else _values(at, leaves_by_line) for name, at in recipe}  # type: ignore[arg-type]  # what is no int is a recipe


class ShapeCompiler:
    """Makes a shape from a declaration. One reader judges for all of them; what many values share is judged once."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._converters: dict[Path, Convert] = {}

    def shape(self, declaration: Unmerged, line: int, tokens: Tokens) -> Shape | None:
        """The shape of a declaration without problems, before defaults are put under it; None where there is more to
        it than a value for each line. `line`: where its first line is in the file."""
        if (
            declaration.match
            or declaration.lifecycle
            or declaration.complete
            or declaration.problems
            or declaration.findings
        ):
            return None
        shape = Shape([_nothing] * len(tokens))
        nodes = dict(zip(declaration.paths, declaration.nodes, strict=True))
        lines: dict[Path, int] = {}
        for path, value in leaves(declaration.values):
            if isinstance(value, NumberOf):
                return None
            lines[path] = nodes[path].line - line
        for path, at in lines.items():
            row = _row(path)
            if row is None:
                return None
            shape.converters[at] = self._converter(path, row)
        for name in IDENTITY:
            if name in declaration.node.entries:
                node = declaration.node.entries[name][1]
                shape.identity[name] = node.line - line
                shape.inside[name,] = (node.line - line, node.column)
                shape.converters[node.line - line] = self._identity(name)
        used = {*lines.values(), *shape.identity.values()}
        if len(used) < len(lines) + len(shape.identity) or any(
            tokens[at] and at not in used for at in range(len(tokens))
        ):
            return None
        shape.spelled = dict(declaration.spelled)
        shape.recipe = _recipe(declaration.values, lines, ())
        shape.start = (declaration.node.line - line, declaration.node.column)
        shape.inside |= {path: (node.line - line, node.column) for path, node in nodes.items()}
        return shape

    def _identity(self, name: str) -> Convert:
        row = FIELDS.get(name, REF)
        assert isinstance(row, Field)
        return self._converter((name,), row)

    def _converter(self, path: Path, row: Field) -> Convert:
        if path not in self._converters:
            self._converters[path] = self._new_converter(path, row)
        return self._converters[path]

    def _new_converter(self, path: Path, row: Field) -> Convert:
        read = self._read(path)

        def convert(token: str) -> Any:
            value = read(token)
            if not is_unremarkable(row, value):
                raise FallBackToFullParser
            leaf = normalise(row, value)
            if not row.clearable and (leaf is None or (isinstance(leaf, str) and not leaf.strip())):
                raise FallBackToFullParser
            return leaf

        if row.kind not in _MANY:
            return _Remembered(convert).__getitem__
        schema, _ = self._reader.leaf(path)
        is_quick = not row.multiline and not is_of_codes(row) and not schema.keys() & {"enum", "format"}
        return _quick_reader(row, schema, convert) if is_quick else convert

    def _read(self, path: Path) -> Convert:
        """What reads a value as the reader does, and raises FallBackToFullParser unless it is surely valid."""
        reader = self._reader
        _, read = reader.leaf(path)
        node = Scalar("", "")

        def convert(token: str) -> Any:
            if "${" in token:
                raise FallBackToFullParser
            node.text = unquoted(token)
            node.style = token[0] if token[:1] in ('"', "'") else ""
            reader.sure = True
            value = read(node)
            if not reader.sure:
                raise FallBackToFullParser
            return value

        return convert


def _nothing(_token: str) -> None:
    """The line is a comment, or the name of a group."""


def _quick_reader(row: Field, schema: dict[str, Any], convert: Convert) -> Convert:
    """`convert` for a text of one line, which is asked only for the few texts that are not surely right as they are."""
    low, high = max(1, schema.get("minLength", 1)), schema.get("maxLength", sys.maxsize)
    is_number = row.kind is Kind.NUMBER

    def read(token: str) -> Any:
        text = token[1:-1] if token[:1] == '"' else token
        if (
            low <= len(text) <= high
            and (text.isascii() and text.isalnum() if is_number else text.strip() == text)
            and (text.isascii() or is_normalized("NFC", text))
            and not ("\\" in text or "${" in text or token in NULLS or is_suspect(text))
        ):
            return text
        return convert(token)

    return read


class _Remembered(dict[str, Any]):
    """Leaves by the token that they are made of: equal values are judged once, and are one object."""

    __slots__ = ("_convert",)

    def __init__(self, convert: Convert) -> None:
        super().__init__()
        self._convert = convert

    def __missing__(self, token: str) -> Any:
        leaf = self._convert(token)
        if len(self) < _MAX_REMEMBERED:
            self[token] = leaf
        return leaf


def _row(path: Path) -> Field | None:
    """The row of a leaf that lies in named groups or under a free key; None for what lies in lists."""
    rows: Any = FIELDS
    for name in path[:-1]:
        group = rows[name]
        assert isinstance(group, Group)
        if group.form is Form.MAP:
            member = group.members[-1]
            return member if isinstance(member, Field) else None
        if group.form is not Form.OBJECT:
            return None
        rows = group.by_name
    row = rows[path[-1]]
    return row if isinstance(row, Field) else None


def _recipe(values: Values, lines: dict[Path, int], above: Path) -> Recipe:
    return tuple(
        (name, _recipe(value, lines, (*above, name)) if isinstance(value, dict) else lines[*above, name])
        for name, value in values.items()
    )
