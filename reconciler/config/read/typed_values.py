"""Nodes to plain values, each scalar read by the type that the schema gives its place.

YAML's own guesses never apply: in a text field every scalar but null is the text that was typed; only plain
`true` and `false` are booleans; only plain decimal digits are numbers, exactly. What does not fit is left as text,
so that the schema's verdict is a type error which names it.

A `Reader` is the schema compiled to closures. While it reads it also watches whether the value is surely valid,
which spares almost every declaration jsonschema (129 µs each). It gives no verdicts: `sure` False only means that
jsonschema must be asked. A property test holds that sure implies valid.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, TypeAlias

from reconciler.config.read.pattern_checks import names_field, names_text
from reconciler.config.read.yaml_nodes import NULLS, Broken, Mapping, Node, Scalar, Sequence

Interpolate: TypeAlias = Callable[[Scalar], "str | None"]
"""The text of a scalar that holds `${`, or None when that was reported as a problem."""

Read: TypeAlias = Callable[[Node], Any]


class _BrokenValue:
    """A value whose problem is already reported; validation passes over it."""

    def __repr__(self) -> str:
        return "<broken>"


_WALL_CLOCK = re.compile(
    "[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,7})?)?(Z|[+-][0-9]{2}:[0-9]{2})?)?"
)


def is_wall_clock(text: str) -> bool:
    """Whether a text is a date, or a date and time, that exists; an empty one clears the field.

    >>> is_wall_clock("2024-02-29"), is_wall_clock("2026-02-29"), is_wall_clock("31.01.2026")
    (True, False, False)
    """
    bare = text.strip()
    if not bare:
        return True
    clock = _WALL_CLOCK.fullmatch(bare)
    if clock is None:
        return False
    try:
        datetime.fromisoformat(bare if clock[3] is None else bare[: clock.start(3)] + (clock[4] or ""))
    except ValueError:
        return False
    return True


def is_day(text: str) -> bool:
    """Whether a text is a date that exists, and nothing else.

    >>> is_day("2024-02-29"), is_day("2026-02-29"), is_day("2024-02-29T00:00:00")
    (True, False, False)
    """
    return len(text) == len("2026-01-31") and is_wall_clock(text)


BROKEN: Final = _BrokenValue()
MAX_DIGITS = 28
"""What a .NET decimal holds exactly; a longer number would be rounded by the ERP."""

BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")

FORMATS: Final[dict[str, Callable[[str], bool]]] = {
    "wall-clock": is_wall_clock,
    "day": is_day,
    "field-path": names_field,
    "text-path": names_text,
}
"""The schemas' own formats. An editor passes over them."""

_NO_LIMIT = 2**62
_CORE_TYPES = frozenset(("boolean", "number"))

_SAID = frozenset({"title", "description", "default", "examples", "deprecated", "$schema", "$id", "$defs"})
_REFERENCE = _SAID | {"$ref"}
_CHOICE = _SAID | {"if", "then", "else"}
_OBJECT = _SAID | {"type", "properties", "additionalProperties", "required", "anyOf", "propertyNames"}
_ARRAY = _SAID | {"type", "items", "minItems", "uniqueItems"}
_SCALAR = _SAID | {"type", "enum", "const", "format", "minLength", "maxLength", "minimum", "maximum"}
"""The keywords that `Reader` understands in each sort of schema; one with others is left to jsonschema."""


def number(text: str) -> int | Decimal | None:
    """The number that a plain scalar spells, or None."""
    parts = NUMBER.fullmatch(text)
    if parts is None or len(text) > MAX_DIGITS + 2 or sum(map(str.isdigit, text)) > MAX_DIGITS:
        return None
    if parts[2] is None:
        return int(text)
    value = Decimal(text)
    return value if value else value.copy_abs()  # there is no negative zero in an amount


def by_look(node: Node) -> Any:
    """A value where the schema says nothing: YAML 1.2's core types, with exact numbers."""
    if isinstance(node, Mapping):
        return {name: by_look(value) for name, (_, value) in node.entries.items()}
    if isinstance(node, Sequence):
        return [by_look(item) for item in node.items]
    if isinstance(node, Broken):
        return BROKEN
    if node.is_null:
        return None
    return typed(node.text, _CORE_TYPES) if node.plain else node.text


def typed(text: str, types: frozenset[str]) -> str | bool | int | Decimal:
    """A plain scalar's value in a place that takes the types; the text itself when it fits none of them."""
    if "string" in types:
        return text
    if "boolean" in types and text in BOOLEANS:
        return BOOLEANS[text]
    if "number" in types or "integer" in types:
        value = number(text)
        return text if value is None else value
    return text


class Reader:
    """A schema, compiled. `read(node)` gives the plain value; `sure` then tells if it is certainly valid."""

    def __init__(self, schema: dict[str, Any], interpolate: Interpolate | None = None) -> None:
        self._root = schema
        self._interpolate = interpolate
        self._compiled: dict[int, Read] = {}
        self.sure = True
        self._read = self._compile(schema)

    def read(self, node: Node) -> Any:
        """The plain value of a node; what is already reported becomes BROKEN."""
        self.sure = True
        return self._read(node)

    def leaf(self, path: tuple[str, ...]) -> tuple[dict[str, Any], Read]:
        """The schema at a path of members, and what reads a value there; `sure` is set as by `read`, never reset."""
        schema = self._resolved(self._root)
        for name in path:
            schema = self._resolved(schema.get("properties", {}).get(name) or schema["additionalProperties"])
        return schema, self._compile(schema)

    def _resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        return self._resolved(self._target(schema["$ref"])) if "$ref" in schema else schema

    def _doubt(self, node: Node) -> Any:
        self.sure = False
        return self._loose(node)

    def _loose(self, node: Node) -> Any:
        """A value in a place where the schema wants none like it: any text will do for the message."""
        if isinstance(node, Mapping):
            return {name: self._loose(value) for name, (_, value) in node.entries.items()}
        if isinstance(node, Sequence):
            return [self._loose(item) for item in node.items]
        if isinstance(node, Broken):
            return BROKEN
        return None if node.is_null else node.text

    # -- compilation: one method for each shape of schema

    def _compile(self, schema: dict[str, Any]) -> Read:
        read = self._compiled.get(id(schema))
        if read is None:
            read = self._compiled[id(schema)] = self._make(schema)
        return read

    def _make(self, schema: dict[str, Any]) -> Read:
        types = _types(schema)
        words = schema.keys()
        if "$ref" in schema and words <= _REFERENCE:
            return self._compile(self._target(schema["$ref"]))
        if {"if", "then", "else"} <= words <= _CHOICE:
            return self._choice(schema)
        is_plain = all(choice.keys() == {"required"} for choice in schema.get("anyOf", []))
        if ("object" in types or "properties" in schema) and words <= _OBJECT and is_plain:
            return self._object(schema)
        if "array" in types and words <= _ARRAY:
            return self._array(schema)
        if types.isdisjoint(("object", "array")) and words <= _SCALAR:
            return self._scalar(schema, types) if types or "enum" in schema else by_look
        return self._doubtful(types)

    def _doubtful(self, types: frozenset[str]) -> Read:
        """A place whose schema only jsonschema understands."""
        inner = self._scalar({}, types) if types and not types & {"object", "array"} else by_look

        def read(node: Node) -> Any:
            value = inner(node)
            self.sure = False
            return value

        return read

    def _target(self, reference: str) -> dict[str, Any]:
        if not reference.startswith("#/"):
            return {}
        target: dict[str, Any] = self._root
        for segment in reference.removeprefix("#/").split("/"):
            target = target[segment]
        return target

    def _choice(self, schema: dict[str, Any]) -> Read:
        """`if` a mapping `then` this `else` that."""
        wanted = {"object": Mapping, "array": Sequence}[schema["if"]["type"]]
        then, otherwise = self._compile(schema["then"]), self._compile(schema["else"])

        def read(node: Node) -> Any:
            return then(node) if type(node) is wanted else otherwise(node)

        return read

    def _object(self, schema: dict[str, Any]) -> Read:
        members = {name: self._compile(one) for name, one in schema.get("properties", {}).items()}
        extra = schema.get("additionalProperties", True)
        others = self._compile(extra) if isinstance(extra, dict) else (by_look if extra else self._doubt)
        required = schema.get("required", [])
        any_of = [one["required"] for one in schema.get("anyOf", [])]
        is_name = _names(schema["propertyNames"]) if "propertyNames" in schema else None

        def read(node: Node) -> Any:
            if type(node) is not Mapping:
                return self._doubt(node)
            entries = node.entries
            value = {name: members.get(name, others)(entry[1]) for name, entry in entries.items()}
            for name in required:
                if name not in value:
                    self.sure = False
            if any_of and not any(all(name in value for name in names) for names in any_of):
                self.sure = False
            if is_name is not None and not all(map(is_name, value)):
                self.sure = False
            return value

        return read

    def _array(self, schema: dict[str, Any]) -> Read:
        item = self._compile(schema.get("items", {}))
        shortest, unique = schema.get("minItems", 0), schema.get("uniqueItems", False)

        def read(node: Node) -> Any:
            if type(node) is not Sequence:
                return self._doubt(node)
            value = [item(element) for element in node.items]
            if len(value) < shortest or (unique and len(set(map(str, value))) < len(value)):
                self.sure = False
            return value

        return read

    def _scalar(self, schema: dict[str, Any], types: frozenset[str]) -> Read:
        fits = _fits(schema, types)
        nullable = "null" in types
        is_text = "string" in types or not types
        kinds = types or frozenset(("string",))

        def read(node: Node) -> Any:
            if type(node) is not Scalar:
                return self._doubt(node)
            text: str | None = node.text
            if not node.style and text in NULLS:
                if not nullable:
                    self.sure = False
                return None
            if self._interpolate is not None and "${" in node.text:
                text = self._interpolate(node)
                if text is None:
                    self.sure = False
                    return BROKEN
            assert text is not None
            value = text if is_text or node.style else typed(text, kinds)
            if not fits(value):
                self.sure = False
            return value

        return read


def _types(schema: dict[str, Any]) -> frozenset[str]:
    types = schema.get("type", [])
    return frozenset([types] if isinstance(types, str) else types)


def _fits(schema: dict[str, Any], types: frozenset[str]) -> Callable[[Any], bool]:
    """A test that is true only for values which the schema surely admits."""
    if "const" in schema:
        only = schema["const"]
        return lambda value: type(value) is type(only) and bool(value == only)
    if "enum" in schema:
        words = frozenset(word for word in schema["enum"] if isinstance(word, str))
        return words.__contains__
    if "string" in types:
        return _fits_text(schema)
    if "boolean" in types:
        return lambda value: value is True or value is False
    return _fits_number(schema, types)


def _names(schema: dict[str, Any]) -> Callable[[str], bool]:
    """A test that is true only for names which `propertyNames` surely admits."""
    refused = schema.get("not", {"pattern": "(?!)"})
    if not schema.keys() <= {"minLength", "maxLength", "not"} or refused.keys() != {"pattern"}:
        return lambda _name: False
    fits, unwanted = _fits_text(schema), re.compile(refused["pattern"])
    return lambda name: fits(name) and unwanted.search(name) is None


def _fits_text(schema: dict[str, Any]) -> Callable[[str], bool]:
    low, high = schema.get("minLength", 0), schema.get("maxLength", _NO_LIMIT)
    is_valid = FORMATS.get(schema.get("format", ""))
    if is_valid is not None:
        return lambda text: low <= len(text) <= high and is_valid(text)
    return lambda text: low <= len(text) <= high


def _fits_number(schema: dict[str, Any], types: frozenset[str]) -> Callable[[Any], bool]:
    low, high = schema.get("minimum"), schema.get("maximum")
    wanted = (int, Decimal) if "number" in types else (int,)

    def fits(value: Any) -> bool:
        if type(value) not in wanted:
            return False
        return (low is None or low <= value) and (high is None or value <= high)

    return fits
