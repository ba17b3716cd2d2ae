"""The field table against the API's description."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.resources.customer import CUSTOMER, FIELDS
from reconciler.resources.grammar import Field, Form, Group, Kind, Row

SPEC = yaml.safe_load((Path(__file__).parents[2] / "data" / "customer-openapi.yaml").read_text(encoding="utf-8"))
SCHEMAS: dict[str, Any] = SPEC["components"]["schemas"]
WRITE = SCHEMAS["CustomerUpdateDto"]["properties"]


def _target(member: dict[str, Any]) -> str:
    return str(member["$ref"]).rsplit("/", 1)[-1]


def test_every_writable_member_of_the_api_has_one_row_in_the_same_order() -> None:
    assert [row.write_name if isinstance(row, Group) else row.name for row in FIELDS.values()] == list(WRITE)


def _check_leaf(row: Field, member: dict[str, Any]) -> None:
    if "$ref" not in member:
        assert not row.wrapped or row.name in ("operation", "id"), row.name
        return
    wrapper = _target(member)
    assert row.wrapped == wrapper.startswith("DtoValueOf"), row.name
    assert row.nullable == ("Nullable" in wrapper), row.name
    kinds = {
        "DtoValueOfString": (Kind.TEXT, Kind.REFERENCE, Kind.NUMBER),
        "DtoValueOfBoolean": (Kind.BOOLEAN,),
        "DtoValueOfNullableOfBoolean": (Kind.BOOLEAN,),
        "DtoValueOfNullableOfInt32": (Kind.INTEGER,),
        "DtoValueOfNullableOfInt16": (Kind.INTEGER,),
        "DtoValueOfDecimal": (Kind.DECIMAL,),
        "DtoValueOfNullableOfDecimal": (Kind.DECIMAL,),
        "DtoValueOfNullableOfDateTime": (Kind.DATE,),
    }
    if row.kind is Kind.ENUM:
        words = SCHEMAS[_target(SCHEMAS[wrapper]["properties"]["value"])]["enum"]
        assert list(row.values) == words, row.name
    else:
        assert row.kind in kinds[wrapper], row.name


@pytest.mark.parametrize("row", FIELDS.values(), ids=lambda row: row.name)
def test_a_rows_kind_wrapping_and_nullability_are_the_apis(row: Row) -> None:
    member = WRITE[row.write_name if isinstance(row, Group) else row.name]
    if isinstance(row, Field):
        _check_leaf(row, member)
        return
    if row.form is Form.OBJECT:
        inner = SCHEMAS[_target(SCHEMAS[_target(member)]["properties"]["value"])]["properties"]
        assert row.wrapped
    else:
        inner = SCHEMAS[_target(member["items"])]["properties"]
        assert not row.wrapped
    if row.form is Form.MAP:
        assert set(inner) == {*row.key, row.members[0].name}
        return
    assert {each.name for each in row.members} == set(inner) - {"operation", "id"}
    for each in row.members:
        if isinstance(each, Field):
            _check_leaf(each, inner[each.name])
        else:
            assert each.form is Form.SEGMENTS


def _reads(schema: dict[str, Any], path: tuple[str, ...]) -> bool:
    for segment in path:
        if "$ref" in schema:
            schema = SCHEMAS[_target(schema)]
        if schema.get("type") == "array":
            schema = SCHEMAS[_target(schema["items"])]
        if segment not in schema.get("properties", {}):
            return False
        schema = schema["properties"][segment]
    return True


def test_every_row_that_can_be_read_is_read_where_the_api_has_it() -> None:
    customer = SCHEMAS["CustomerDto"]
    for row in FIELDS.values():
        if row.where not in ("every list row", "list rows only with an expand flag"):
            continue
        assert isinstance(row, Field | Group)
        if isinstance(row, Group) and row.flat:
            assert all(_reads(customer, each.read_path) for each in row.members if each.where != "nowhere")
            continue
        assert _reads(customer, row.read_path), row.name
        for each in row.members if isinstance(row, Group) else ():
            assert _reads(customer, (*row.read_path, *each.read_path)), f"{row.name}.{each.name}"


def test_every_leaf_is_found_by_its_path_and_has_a_title_and_a_description() -> None:
    for path, row in CUSTOMER.walk():
        assert CUSTOMER.leaf(path) == row, path
        assert row.title, path
        assert row.description.endswith("."), path


def test_personal_data_is_marked() -> None:
    personal = {path for path, row in CUSTOMER.walk() if row.personal}
    assert {
        ("name",),
        ("mainContact", "email"),
        ("mainAddress", "addressLine1"),
        ("corporateId",),
    } <= personal
    assert ("creditLimit",) not in personal
