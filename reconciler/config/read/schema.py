"""The customer schema, made from the field table, and the way to the schema files.

`python -m reconciler.config.read.schema customer` prints it; a test holds `schemas/customer.schema.json` equal to it.
The schema serves editors as well as the loader. An editor reads `0101` as a number, so text fields admit every scalar;
the loader makes text of it before it asks the schema. Constructs on which validators disagree are left out: `$` and
`\\d` in patterns, `multipleOf`, and `format` but for names of our own, which editors pass over (`typed.FORMATS`).
"""

from __future__ import annotations

import json
import sys
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, TypeAlias

from reconciler.resources.customer import CUSTOMER, FIELDS
from reconciler.resources.grammar import Field, Form, Group, Kind, Read, Resource, Row

Schema: TypeAlias = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
TEXT_KINDS = frozenset((Kind.TEXT, Kind.REFERENCE, Kind.NUMBER, Kind.DATE))
IDENTITY = (CUSTOMER.key, "ref")


def members_schema(resource: Resource) -> Schema:
    """The schema of each member of a record, by its name."""
    return {row.name: _row(row) for row in resource.rows}


def match_fields() -> list[str]:
    """The fields by which a customer can be found: text that every list row shows."""
    kinds = (Kind.TEXT, Kind.REFERENCE)
    rows = (row for row in FIELDS.values() if isinstance(row, Field))
    return [row.name for row in rows if row.kind in kinds and row.where is Read.ROW]


def customer_schema() -> Schema:
    """The schema of a customer file: one customer, a list, or a mapping with `customers` and `defaults`."""
    return {
        "$schema": DIALECT,
        "$id": "customer.schema.json",
        "title": "Customers",
        "description": "One customer, a list of customers, or a mapping with customers and their defaults.",
        "type": ["object", "array"],
        "if": {"type": "array"},
        "then": {"items": {"$ref": "#/$defs/customer"}},
        "else": {
            "if": {"anyOf": [{"required": ["customers"]}, {"required": ["defaults"]}]},
            "then": {"$ref": "#/$defs/file"},
            "else": {"$ref": "#/$defs/customer"},
        },
        "$defs": {"customer": _customer(), "defaults": _defaults(), "file": _file()},
    }


def part(name: str) -> Schema:
    """The schema of one definition of the customer schema: `customer`, `defaults` or `file`."""
    return {"$schema": DIALECT, "$ref": f"#/$defs/{name}", "$defs": customer_schema()["$defs"]}


def _file() -> Schema:
    customers = {
        "title": "Customers",
        "description": "The customers that this file declares.",
        "type": "array",
        "items": {"$ref": "#/$defs/customer"},
    }
    return {
        "title": "Customers with defaults",
        "description": "Customers and what they have in common.",
        "type": "object",
        "properties": {"defaults": {"$ref": "#/$defs/defaults"}, "customers": customers},
        "required": ["customers"],
        "additionalProperties": False,
    }


def _customer() -> Schema:
    members = members_schema(CUSTOMER)
    number = members.pop(CUSTOMER.key)
    return {
        "title": "Customer",
        "description": "A field that is not declared is never touched; null or an empty text clears it.",
        "type": "object",
        "properties": {CUSTOMER.key: number, **_declaration_members(), **members},
        "anyOf": [{"required": [name]} for name in IDENTITY],
        "additionalProperties": False,
    }


def _defaults() -> Schema:
    names = [name for name in ("match", "lifecycle", *FIELDS) if name not in IDENTITY]
    return {
        "title": "Defaults",
        "description": "Laid under every declaration: mappings merge by member, anything else is replaced.",
        "type": "object",
        "properties": {name: {"$ref": f"#/$defs/customer/properties/{name}"} for name in names},
        "additionalProperties": False,
    }


def _declaration_members() -> Schema:
    """What a declaration has and a customer has not."""
    paths: Schema = {"type": "array", "items": {"type": "string", "format": "field-path"}}
    flag: Schema = {"type": "boolean", "default": False}
    lifecycle: dict[str, tuple[str, str, Schema]] = {
        "ignore_changes": (
            "Ignore changes",
            "Paths that are never compared; * stands for one segment.",
            paths,
        ),
        "create_only": (
            "Create only",
            "Paths that are sent when the customer is created, and never after.",
            paths,
        ),
        "prevent_update": ("Prevent update", "A plan that would update this customer is refused.", flag),
        "as_typed": (
            "As typed",
            "Paths of values that look like mistakes and are meant as they are; * stands for one segment.",
            paths,
        ),
        "same_as": (
            "Same organisation",
            "Numbers or refs of customers that are the same organisation on purpose: ends the findings about them.",
            {"type": "array", "items": {"type": ["string", "number", "boolean"], "minLength": 1}},
        ),
        "renumbered_from": (
            "Renumbered from",
            "The number that the customer has now: it is given the declared number, once.",
            {"type": ["string", "number", "boolean"], "minLength": 1},
        ),
    }
    return {
        "ref": {
            "title": "Local name",
            "description": "Stable local name, instead of a number, of a customer that the ERP numbers itself.",
            "type": ["string", "number", "boolean"],
            "minLength": 1,
        },
        "match": {
            "title": "Match",
            "description": "Fields by which a customer without a number is found again.",
            "type": "array",
            "items": {"enum": match_fields()},
            "minItems": 1,
            "uniqueItems": True,
            "default": list(CUSTOMER.match),
        },
        "lifecycle": {
            "title": "Lifecycle",
            "description": "Exceptions for this customer.",
            "type": "object",
            "properties": {
                name: {"title": title, "description": description, **schema}
                for name, (title, description, schema) in lifecycle.items()
            },
            "additionalProperties": False,
        },
    }


def _row(row: Row) -> Schema:
    about: Schema = {"title": row.title, "description": row.description}
    return about | (_leaf(row) if isinstance(row, Field) else _GROUPS[row.form](row))


def _leaf(row: Field) -> Schema:
    if row.kind is Kind.ENUM:
        return {"enum": list(row.values)}
    if row.by_ref:
        return {"if": {"type": "object"}, "then": _reference(), "else": _text(row)}
    if row.kind in TEXT_KINDS:
        return _text(row)
    one = {Kind.BOOLEAN: "boolean", Kind.INTEGER: "integer", Kind.DECIMAL: "number"}[row.kind]
    schema: Schema = {"type": [one, "null"] if row.clearable else one}
    if row.low is not None and row.high is not None:
        schema |= {"minimum": row.low, "maximum": row.high}
    return schema


def _reference() -> Schema:
    """`{ref: head-office}`: another declaration's customer."""
    ref = {
        "title": "Ref",
        "description": "The ref of another declaration.",
        "type": ["string", "number", "boolean"],
        "minLength": 1,
    }
    return {"type": "object", "properties": {"ref": ref}, "required": ["ref"], "additionalProperties": False}


def _text(row: Field) -> Schema:
    schema: Schema = {"type": ["string", "number", "boolean", *(["null"] if row.clearable else [])]}
    if not row.clearable:
        schema["minLength"] = 1
    if row.max_length is not None:
        schema["maxLength"] = row.max_length
    if row.kind is Kind.DATE:
        schema |= {"format": "wall-clock", "examples": ["2026-01-31", "2026-01-31T13:00:00"]}
    return schema


def _object(row: Group) -> Schema:
    members = {member.name: _row(member) for member in row.members}
    return {"type": "object", "properties": members, "additionalProperties": False}


def _map(row: Group) -> Schema:
    value = row.members[-1]
    return {"type": "object", "propertyNames": {"minLength": 1}, "additionalProperties": _row(value)}


def _lines(row: Group) -> Schema:
    keys = (row.by_name[key] for key in row.key)
    optional = {key.name: key.default for key in keys if isinstance(key, Field) and key.default}
    line = {
        "title": row.title,
        **_object(row),
        "required": [key for key in row.key if key not in optional],
    }
    for key, default in optional.items():
        line["properties"][key]["default"] = default
    lines = {"title": "Lines", "description": "The declared lines.", "type": "array", "items": line}
    complete = {
        "title": "Complete",
        "description": "true: lines of the ERP that are not declared here are deleted. false: they stay.",
        "type": "boolean",
        "default": False,
    }
    return {
        "if": {"type": "object"},
        "then": {
            "properties": {"complete": complete, "lines": lines},
            "required": ["lines"],
            "additionalProperties": False,
        },
        "else": {"type": "array", "items": line},
    }


def _segments(row: Group) -> Schema:
    line = _object(row) | {"required": [member.name for member in row.members]}
    return {"type": "array", "items": {"title": row.title, **line}}


_GROUPS = {Form.OBJECT: _object, Form.MAP: _map, Form.LINES: _lines, Form.SEGMENTS: _segments}


@cache
def schema_text(name: str) -> str:
    """The text of `schemas/NAME.schema.json`: inside the package in a wheel, beside it in a checkout.

    Raises FileNotFoundError.
    """
    file = f"{name}.schema.json"
    packaged = resources.files("reconciler").joinpath("schemas", file)
    if packaged.is_file():
        return packaged.read_text(encoding="utf-8")
    return (Path(__file__).parents[3] / "schemas" / file).read_text(encoding="utf-8")


def load_schema(name: str) -> Schema:
    """`schemas/NAME.schema.json` as a value. Raises FileNotFoundError."""
    loaded: Schema = json.loads(schema_text(name))
    return loaded


def main(arguments: list[str]) -> int:
    """Print the generated schema: `customer`."""
    if arguments != ["customer"]:
        sys.stderr.write("usage: python -m reconciler.config.read.schema customer\n")
        return 64
    sys.stdout.write(json.dumps(customer_schema(), indent=2, ensure_ascii=False) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
