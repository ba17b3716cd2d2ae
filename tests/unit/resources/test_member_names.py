"""A fact of a member has one home: no code outside `reconciler/resources` names a member of a customer."""

from __future__ import annotations

import io
import tokenize
from ast import literal_eval
from pathlib import Path

import pytest

from reconciler.resources.customer import CUSTOMER
from reconciler.resources.grammar import Group, Row

PACKAGE = Path(__file__).parents[3] / "reconciler"

WORDS = {"number", "name", "status", "note", "branch", "email"}
"""Members that are also words of JSON Schema, of reports, of Git and of the command line. They are looked for where
nothing else can be meant: in the rooms that follow the field table."""

TABLE_DRIVEN = ("core", "erp", "apply", "state")

ALLOWED = {
    ("erp/classes.py", "attributeId"): "the id of an attribute in CustomerClassDto, where no row is about it",
    ("core/plan.py", "branch"): "the word for a Git branch",
    ("core/diagnostics.py", "note"): "a severity",
    ("core/fleet.py", "status"): "a command of a fleet",
    ("core/live.py", "number"): "the attribute of a class",
    ("erp/answer.py", "number"): "an option of msgspec",
    ("state/plan_file.py", "number"): "an option of msgspec, and a key of the plan file",
}


def _names(row: Row) -> set[str]:
    below = {name for member in row.members for name in _names(member)} if isinstance(row, Group) else set()
    return below | {row.name} | (set(row.key) | {row.write_name} if isinstance(row, Group) else set())


MEMBERS = {name for row in CUSTOMER.rows for name in _names(row)}


def _quoted(path: Path) -> set[str]:
    """The texts of the module that are one word in quotes."""
    tokens = tokenize.generate_tokens(io.StringIO(path.read_text(encoding="utf-8")).readline)
    return {
        str(literal_eval(token.string))
        for token in tokens
        if token.type == tokenize.STRING and token.string[0] in "\"'" and not token.string.startswith('"""')
    }


@pytest.mark.parametrize(
    "file",
    [
        str(path.relative_to(PACKAGE))
        for path in sorted(PACKAGE.rglob("*.py"))
        if path.relative_to(PACKAGE).parts[0] not in ("resources", "sandbox")  # the sandbox shares nothing
    ],
)
def test_no_member_is_named_outside_the_resources(file: str) -> None:
    members = MEMBERS if file.startswith(TABLE_DRIVEN) else MEMBERS - WORDS
    named = {name for name in _quoted(PACKAGE / file) & members if (file, name) not in ALLOWED}
    assert not named, f"{file} names {', '.join(sorted(named))}: ask the row, or `CUSTOMER`"


def test_every_exception_is_needed() -> None:
    assert [(file, name) for file, name in ALLOWED if name not in _quoted(PACKAGE / file)] == []
