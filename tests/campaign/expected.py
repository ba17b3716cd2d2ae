"""What commands must say and may do, worked out anew from the declarations and the ERP's own store; pure.

Nothing here is shared with the planner, so that a common mistake cannot hide itself. Customers are paired by name,
which nobody changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

Row = Mapping[str, Any]
"""A customer's values by path, with its `name` and `status`."""

Difference = tuple[str, str]
"""Name of the customer and path."""


def same(live: Any, wanted: Any) -> bool:
    """Whether the ERP's value is the declared one; an empty text is no value."""
    if live in (None, "") or wanted in (None, ""):
        return live in (None, "") and wanted in (None, "")
    if isinstance(wanted, int | float | Decimal) or isinstance(live, int | float | Decimal):
        try:
            return Decimal(str(live)) == Decimal(str(wanted))
        except ArithmeticError:
            return False
    return str(live) == str(wanted)


def differences(declared: Mapping[str, Row], live: Mapping[str, Row]) -> dict[Difference, tuple[Any, Any]]:
    """Both by name: what the ERP has and what is declared, where a live customer differs."""
    return {
        (name, path): (live[name][path], value)
        for name, values in declared.items()
        if name in live
        for path, value in values.items()
        if not same(live[name][path], value)
    }


def cause(applied: Row, path: str, live: Any, declared: Any) -> str:
    """Who moved since the last apply (docs/drift.md)."""
    if path not in applied:
        return "config"
    here, there = not same(applied[path], declared), not same(applied[path], live)
    return "both" if here and there else "config" if here else "drift"


def planned(document: Mapping[str, Any]) -> dict[Difference, tuple[Any, Any]]:
    """The updates of a plan file in the form of `differences`, without what only goes along."""
    return {
        (action["name"], change["path"]): (change["before"], change["after"])
        for action in document["actions"]
        if action["action"] == "update"
        for change in action["changes"]
        if not same(change["before"], change["after"])
    }


def renumbered(document: Mapping[str, Any]) -> dict[Difference, tuple[Any, Any]]:
    """The renumberings of a plan file in the form of `differences`."""
    return {
        (action["name"], "number"): (change["before"], change["after"])
        for action in document["actions"]
        if action["action"] == "renumber"
        for change in action["changes"]
    }


def created(document: Mapping[str, Any]) -> set[str]:
    """Names of the customers that a plan file creates."""
    return {action["name"] for action in document["actions"] if action["action"] == "create"}


def drifted(document: Mapping[str, Any]) -> dict[Difference, tuple[Any, Any]]:
    """The fields of a drift report in the form of `differences`."""
    return {
        (customer["name"], field["path"]): (field["live"], field["declared"])
        for customer in document["customers"]
        for field in customer["fields"]
    }


def causes(document: Mapping[str, Any]) -> dict[Difference, str]:
    """Of the updates of a plan file, or of the fields of a drift report."""
    rows = document.get("actions") or document.get("customers") or ()
    return {
        (row["name"], each["path"]): each["cause"]
        for row in rows
        if row.get("action") != "create"
        for each in row.get("changes") or row.get("fields") or ()
    }


def agree(found: Mapping[Difference, tuple[Any, Any]], wanted: Mapping[Difference, tuple[Any, Any]]) -> bool:
    """Whether both name the same fields with the same values."""
    return found.keys() == wanted.keys() and all(
        same(found[each][0], wanted[each][0]) and same(found[each][1], wanted[each][1]) for each in wanted
    )
