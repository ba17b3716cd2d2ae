"""The reference pages of the documentation, from the tables that the code itself uses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.resources.customer import FIELDS
from reconciler.resources.grammar import Field, Form, Read, Row

_ROOMS = {
    "S": "Settings",
    "Y": "YAML",
    "D": "Declarations",
    "I": "Identity",
    "P": "Plan",
    "A": "Apply",
    "M": "Muted drift",
    "X": "Spreadsheets (`import`)",
}


def diagnostics_page(codes: Mapping[str, str]) -> str:
    """`docs/diagnostics.md`."""
    lines = [
        "# Diagnostic codes",
        "",
        "Every problem is reported as `file:line:column: CODE message`, with the remedy below it. Codes are stable.",
    ]
    for letter, room in _ROOMS.items():
        rows = [(code, meaning) for code, meaning in sorted(codes.items()) if code.startswith(letter)]
        if rows:
            lines += ["", f"## {room}", "", "| Code | Meaning |", "| --- | --- |"]
            lines += [f"| {code} | {meaning} |" for code, meaning in rows]
    return "\n".join(lines) + "\n"


def fields_page() -> str:
    """`docs/fields.md`: one row for each field that a declaration may hold."""
    lines = [
        "# Fields of a customer",
        "",
        "Made from the field table (`reconciler/resources/customer.py`). *Sent* says whether a field can be written",
        "when the customer is created, or in updates too; *read* says what it takes to compare it; *clear* is what",
        "`null` in a",
        'declaration sends: `""` for text, `null` for nullable types, and — where the API has no way to clear;',
        "*personal* is what `--redact` replaces.",
        "",
        "| Field | Title | Type | Sent | Read | Clear | Personal |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in FIELDS.values():
        lines += _rows(row, "", row.where)
    lines += ["", "## What they mean", ""]
    for row in FIELDS.values():
        lines.append(f"- **`{row.name}`** ({row.title}): {row.description}")
    return "\n".join(lines) + "\n"


def settings_page(schema: Mapping[str, Any]) -> str:
    """`docs/settings.md`, from the schema of reconciler.yaml: one row for each setting."""
    lines = [
        "# Settings: reconciler.yaml",
        "",
        "Found in the working directory or a folder above; `-c FILE` names another. Relative paths are relative to the",
        "file. `${env:NAME}` works in texts. Credentials never stand here: they come from the process environment",
        "(`VISMA_CLIENT_ID`, `VISMA_CLIENT_SECRET` or `VISMA_CLIENT_SECRET_FILE`, `VISMA_TENANT_ID`), which also has",
        "`VISMA_BASE_URL` and `VISMA_TOKEN_URL`. Where `VISMA_ALLOWED_HOSTS` is set, as in every ready pipeline, no",
        "other host is sent the credentials (empty allows none; [security](security.md)). A tenant that an environment",
        "names itself must not be contradicted by `VISMA_TENANT_ID`. An environment is merged over the top level;",
        "`sandbox` always exists.",
        "",
        "| Setting | Meaning | Default |",
        "| --- | --- | --- |",
    ]
    return "\n".join(lines + _settings(schema, schema, "")) + "\n"


def plan_page(schema: Mapping[str, Any]) -> str:
    """`docs/plan-file.md`, from the schema of plan files: one row for each member."""
    lines = [
        "# The plan file",
        "",
        "What `plan -o FILE` and `plan --format json` write: JSON, mode 0600, by the schema that `reconciler schema",
        "plan` prints. It holds customers' data: keep it where only those who may see the ledger can read it, or share",
        "redacted reports instead. `digest` covers everything but itself and `created_at`; it proves that the file was",
        "not cut or altered by accident, and not who made it. `changes_digest` covers what applying writes: two plans",
        "of the same changes have the same one, whenever they were made.",
        "",
        "Minor format versions only add members; a reader refuses a newer major.",
        "",
        "| Member | Meaning |",
        "| --- | --- |",
    ]
    return "\n".join(lines + _members(schema, schema, "")) + "\n"


def _members(schema: Mapping[str, Any], root: Mapping[str, Any], above: str) -> list[str]:
    lines = []
    for name, given in schema.get("properties", {}).items():
        member = _resolved(given, root)
        is_list = isinstance(member.get("items"), dict)
        path = f"{above}{name}{'[]' if is_list else ''}"
        below = _resolved(member["items"], root) if is_list else member
        description = given.get("description") or below.get("description", "")
        lines.append(f"| `{path}` | {' '.join(filter(None, (description, _choices(member))))} |")
        lines += _members(below, root, f"{path}.")
    return lines


def _choices(member: Mapping[str, Any]) -> str:
    words = ", ".join(f"`{word}`" for word in member.get("enum", ()) if word is not None)
    return f"One of {words}." if words else ""


def _resolved(member: Mapping[str, Any], root: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" not in member:
        return member
    target: Any = root
    for step in str(member["$ref"]).split("/")[1:]:
        target = target[step]
    return {**target, **member}


def _yaml(default: object) -> str:
    return str(default).lower() if isinstance(default, bool) else str(default)


def _settings(schema: Mapping[str, Any], root: Mapping[str, Any], above: str) -> list[str]:
    lines = []
    for name, given in schema.get("properties", {}).items():
        member = _resolved(given, root)
        path = f"{above}{name}"
        default = f"`{_yaml(member['default'])}`" if "default" in member else ""
        description = " ".join(filter(None, (member.get("description", ""), _choices(member))))
        lines.append(f"| `{path}` | {description} | {default} |")
        below = member.get("items", member) if isinstance(member.get("items", member), dict) else member
        if name not in ("environments", "schema"):
            lines += _settings(below, root, f"{path}{'[]' if 'items' in member else ''}.")
    return lines


def _rows(row: Row, above: str, where: Read) -> list[str]:
    if isinstance(row, Field):
        return [_field_row(row, f"{above}{row.name}", where)]
    path = f"{above}{row.name}"
    where = row.where if row.where is not Read.ROW else where
    if row.form is Form.MAP:
        value = row.members[-1]
        assert isinstance(value, Field)
        return [_field_row(value, f"{path}.ID", where)]
    prefix = f"{path}." if row.form is Form.OBJECT else f"{path}[]."
    return [line for member in row.members for line in _rows(member, prefix, where)]


def _field_row(row: Field, path: str, where: Read) -> str:
    kind = f"one of {', '.join(row.values)}" if row.values else row.kind.value
    sent = "create only" if row.create_only else "create, update"
    read = Read.NEVER if row.where is Read.NEVER else where
    clear = "—" if not row.clearable else "`null`" if row.nullable else '`""`'
    personal = "yes" if row.personal else ""
    return f"| `{path}` | {row.title} | {kind} | {sent} | {read.value} | {clear} | {personal} |"
