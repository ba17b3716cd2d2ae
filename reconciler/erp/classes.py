"""Customer classes (fact sheet 4.2): read only."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from reconciler.core.classes import ClassAttribute, CustomerClass
from reconciler.core.errors import UnexpectedAnswer
from reconciler.core.normalise import attribute_key
from reconciler.erp.answer import Unfit
from reconciler.resources.customer import ATTRIBUTES, CUSTOMER
from reconciler.resources.grammar import Kind
from reconciler.resources.values import Scalar, Values, put

T = TypeVar("T")


def decode_classes(rows: Iterable[dict[str, Any]]) -> tuple[CustomerClass, ...]:
    """CustomerClassDtos as classes. One with a member of another type than the API's has a `problem`, and its id."""
    return tuple(map(_readable, rows))


def _readable(row: Any) -> CustomerClass:
    if not isinstance(row, dict):
        return CustomerClass("", "", problem="it is no JSON object")
    try:
        return _class(row)
    except UnexpectedAnswer as error:
        identity = row.get("id")
        return CustomerClass(identity if type(identity) is str else "", "", problem=str(error))


def _class(row: dict[str, Any]) -> CustomerClass:
    return CustomerClass(
        _member(row, "id", ""),
        _member(row, "description", ""),
        _member(row, "requiredTaxzoneId", False),
        tuple(_attribute(each) for each in _objects(row, ATTRIBUTES)),
        _given(row),
    )


def _given(row: dict[str, Any]) -> Values:
    """The values of the members that a class may give, ids before flags; what is absent or blank gives none."""
    values: Values = {}
    members = [(path, field) for path, field in CUSTOMER.walk() if field.class_member]
    for path, field in sorted(members, key=lambda member: member[1].kind is Kind.BOOLEAN):
        absent: Scalar = False if field.kind is Kind.BOOLEAN else ""
        value = _member(row, field.class_member, absent)
        if row.get(field.class_member) not in (None, ""):
            put(values, path, value)
    return values


def _attribute(row: dict[str, Any]) -> ClassAttribute:
    return ClassAttribute(
        attribute_key(_member(row, "attributeId", "")),
        _member(row, "description", ""),
        _member(row, "required", False),
        _member(row, "attributeType", "Text"),
        _member(row, "defaultValue", ""),
        tuple(_member(each, "id", "") for each in _objects(row, "details")),
    )


def _member(row: dict[str, Any], name: str, absent: T) -> T:
    value = row.get(name)
    if value is None:
        return absent
    if not isinstance(value, type(absent)) or isinstance(value, Unfit):
        raise UnexpectedAnswer(f"{name} of a customer class has a type that the API does not allow")
    return value


def _objects(row: dict[str, Any], name: str) -> list[dict[str, Any]]:
    found = _member(row, name, list[dict[str, Any]]())
    if not all(isinstance(each, dict) for each in found):
        raise UnexpectedAnswer(f"{name} of a customer class has a type that the API does not allow")
    return found
