# ruff: noqa: TRY004  # a value of the wrong type is one more value that does not fit
"""What a clerk enters: dotted write names with plain values, turned into the same patch that a body gives."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import Any, Final

from reconciler.sandbox.dto_members import CUSTOMER, Member
from reconciler.sandbox.dto_values import check_value

_NOT_BY_EDIT: Final = {"number", "overrideWithClassValues", "overrideNumberSeries", "attributeLines"}
_WORDS: Final = {"true": True, "false": False}


def patch_of(values: Mapping[str, object]) -> dict[str, Any]:
    """`{"mainAddress.city": "Oslo"}` as a patch. Raises ValueError naming the path that does not fit."""
    patch: dict[str, Any] = {}
    for path, value in values.items():
        head, _, rest = path.partition(".")
        if head == "attributes" and rest:
            line = {"attributeId": rest, "attributeValue": "" if value is None else str(value)}
            patch.setdefault("attributeLines", []).append(line)
        elif rest:
            patch.setdefault(head, {})[rest] = _checked(path, value, _member(path, head, rest))
        else:
            patch[head] = _checked(path, value, _top(path))
    return patch


def _top(path: str) -> Member:
    if path == "number":
        raise ValueError("'number' cannot be edited; renumber the customer")
    shape = CUSTOMER.get(path)
    if shape is None or path in _NOT_BY_EDIT:
        raise _unknown(path)
    return shape


def _member(path: str, head: str, rest: str) -> Member:
    outer = CUSTOMER.get(head)
    shape = outer.members.get(rest) if outer is not None and outer.kind == "object" else None
    if shape is None:
        raise _unknown(path)
    return shape


def _unknown(path: str) -> ValueError:
    close = get_close_matches(path, known_paths(), n=3)
    near = f"did you mean {' or '.join(close)}?" if close else "write a field as a declaration names it"
    return ValueError(f"unknown path {path!r}; {near}")


def known_paths() -> list[str]:
    """Every path that an edit can name."""
    paths = ["attributes.ID"]
    for name, shape in CUSTOMER.items():
        if shape.kind == "object":
            paths += [f"{name}.{member}" for member in shape.members]
        elif name not in _NOT_BY_EDIT:
            paths.append(name)
    return sorted(paths)


def _checked(path: str, value: object, shape: Member) -> Any:
    try:
        if shape.kind == "object":
            return _object(path, value, shape)
        if shape.kind == "lines":
            return _lines(path, value, shape)
        return _plain(value, shape)
    except ValueError as problem:
        raise ValueError(f"{path}: {problem}") from None


def _object(path: str, value: object, shape: Member) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise ValueError("expected a mapping")
    return {str(name): _checked(f"{path}.{name}", inner, _named(shape, name)) for name, inner in value.items()}


def _lines(path: str, value: object, shape: Member) -> list[dict[str, Any]]:
    if not isinstance(value, list):
        raise ValueError("expected a list of lines")
    return [_object(f"{path}[{index}]", line, shape) for index, line in enumerate(value)]


def _named(shape: Member, name: object) -> Member:
    if name not in shape.members:
        raise ValueError(f"unknown member {name!r}")
    return shape.members[str(name)]


def _plain(value: object, shape: Member) -> Any:
    """Values may come from a command line, so text is read as the field's type."""
    if value is None or (value == "" and shape.nullable):
        if shape.nullable:
            return None
        if shape.kind == "text":
            return ""
    if shape.kind == "segments" and isinstance(value, Mapping):
        value = [{"segmentId": int(str(key)), "segmentValue": text} for key, text in value.items()]
    return check_value(_as_kind(value, shape.kind), shape)


def _as_kind(value: object, kind: str) -> object:
    if kind == "text" and not isinstance(value, str | list | dict):
        return str(value)
    if isinstance(value, float):
        return Decimal(repr(value))
    if not isinstance(value, str):
        return value
    if kind == "bool":
        return _WORDS.get(value.lower(), value)
    if kind in ("int16", "int32"):
        return int(value)
    return _number(value) if kind == "decimal" else value


def _number(text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{text!r} is no number") from None
    if not value.is_finite():
        raise ValueError(f"{text!r} is no number")
    return value
