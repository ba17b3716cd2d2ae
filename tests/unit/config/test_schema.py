"""The schema files: equal to what the field table gives, found in a checkout, and fit for editors."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from reconciler.config.read.schema import customer_schema, load_schema, main, match_fields, part
from reconciler.config.read.typed_values import FORMATS
from reconciler.resources.customer import CUSTOMER, FIELDS
from reconciler.resources.grammar import Field, Group


def subschemas(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        yield schema
        for each in schema.values():
            yield from subschemas(each)
    elif isinstance(schema, list):
        for each in schema:
            yield from subschemas(each)


def test_the_customer_schema_file_is_the_generated_one() -> None:
    """On failure: python -m reconciler.config.read.schema customer > schemas/customer.schema.json"""
    assert load_schema("customer") == customer_schema()


def test_the_command_prints_the_schema(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["customer"]) == 0
    assert json.loads(capsys.readouterr().out) == customer_schema()
    assert main(["nonsense"]) == 64


def test_a_schema_that_does_not_exist_is_not_found() -> None:
    with pytest.raises(FileNotFoundError):
        load_schema("nonsense")


@pytest.mark.parametrize("name", ["customer", "reconciler", "mutes", "fleet-settings"])
def test_schemas_are_valid_and_hold_nothing_on_which_validators_disagree(name: str) -> None:
    schema = load_schema(name)
    Draft202012Validator.check_schema(schema)
    for each in subschemas(schema):
        assert "multipleOf" not in each
        assert each.get("format") in (None, *FORMATS)
        if isinstance(pattern := each.get("pattern"), str):
            assert not re.search(r"\$|\\[dDwWsSbB]", pattern)


@pytest.mark.parametrize("name", ["customer", "reconciler", "mutes", "fleet-settings"])
def test_every_member_has_a_title_and_a_description(name: str) -> None:
    schema = load_schema(name)
    for each in subschemas(schema):
        members = each.get("properties")
        for member, below in members.items() if isinstance(members, dict) else ():
            if isinstance(below, dict) and not below.get("$ref", "").startswith("#"):
                assert below.get("title"), member
                assert below.get("description"), member


@pytest.mark.parametrize("name", ["customer", "reconciler", "mutes", "fleet-settings"])
def test_every_mapping_with_members_is_closed(name: str) -> None:
    for each in subschemas(load_schema(name)):
        if isinstance(each.get("properties"), dict) and "title" not in each["properties"]:
            assert each.get("additionalProperties") is False


def test_every_field_is_in_the_schema_in_the_tables_order() -> None:
    members = customer_schema()["$defs"]["customer"]["properties"]
    assert [name for name in members if name in FIELDS] == list(FIELDS)
    for name, row in FIELDS.items():
        assert members[name]["title"] == row.title
        if isinstance(row, Group) and "properties" in members[name]:
            assert list(members[name]["properties"]) == list(row.by_name)


def test_null_is_allowed_exactly_where_a_field_can_be_cleared() -> None:
    members = customer_schema()["$defs"]["customer"]["properties"]
    for name, row in FIELDS.items():
        if isinstance(row, Field):
            assert Draft202012Validator(members[name]).is_valid(None) == row.clearable, name


def test_the_default_match_fields_can_be_matched() -> None:
    assert set(CUSTOMER.match) <= set(match_fields())
    assert "note" not in match_fields()


# what an editor holds after reading a file by YAML 1.2's own types
EDITOR_GOOD: list[Any] = [
    {"number": 10000, "name": 2025, "mainAddress": {"postalCode": 101, "countryId": "NO"}},
    [{"ref": "x", "creditLimit": 19.99}, {"number": "1", "gln": None}],
    {"customers": [{"number": 1}], "defaults": {"currencyId": "NOK"}},
    {"number": 1, "salesPersons": [{"salesPersonID": 7}]},
    {"number": 1, "salesPersons": {"complete": True, "lines": []}},
    {"number": 1, "attributes": {"A": True, "B": None}},
    {"number": 1, "lifecycle": {"ignore_changes": ["mainContact.fax"]}, "match": ["gln"]},
]
EDITOR_BAD: list[Any] = [
    {"name": "no number"},
    {"number": None},
    {"number": 1, "mainContact": None},
    {"number": 1, "printInvoices": "yes"},
    {"number": 1, "creditLimit": "19.99"},
    {"number": 1, "nope": 1},
    {"number": 1, "mainAddress": {"nope": 1}},
    {"number": 1, "salesPersons": [{"isDefault": True}]},
    {"number": 1, "salesPersons": {"complete": True}},
    {"number": 1, "attributes": {"": "x"}},
    {"number": 1, "mainAddress": {"countryId": "NOR"}},
    {"customers": [{"name": "x"}]},
    {"customers": {"number": 1}},
    {"defaults": {"gln": "1"}},
    {"customers": [], "defaults": {"number": 1}},
    [1],
    "text",
    None,
]


@pytest.mark.parametrize("value", EDITOR_GOOD, ids=str)
def test_an_editor_accepts_what_the_loader_accepts(value: Any) -> None:
    Draft202012Validator(load_schema("customer")).validate(value)


@pytest.mark.parametrize("value", EDITOR_BAD, ids=str)
def test_an_editor_marks_what_the_loader_refuses(value: Any) -> None:
    assert not Draft202012Validator(load_schema("customer")).is_valid(value)


def test_one_definition_can_be_used_alone() -> None:
    validator = Draft202012Validator(part("defaults"))
    assert validator.is_valid({"currencyId": "NOK"})
    assert not validator.is_valid({"number": "1"})
