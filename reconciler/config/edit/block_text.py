"""New YAML text for values: on one line, or as the lines of a block."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.config.edit.layout import MERGE
from reconciler.config.edit.meaning import Raw
from reconciler.config.edit.scalar_style import Literal, spell


@dataclass(frozen=True, slots=True)
class Overlay:
    """A mapping that takes all from an alias but for members of its own."""

    alias: str
    members: dict[str, Raw]


def inline(value: Raw | Overlay) -> str:
    """A value on one line, for the inside of a flow collection or for the place of another value."""
    if isinstance(value, Literal):
        return spell(value, flow=True)[-1]
    if isinstance(value, list):
        return "[" + ", ".join(map(inline, value)) + "]"
    members = value.members if isinstance(value, Overlay) else value
    head = [f"{MERGE}: *{value.alias}"] if isinstance(value, Overlay) else []
    parts = [*head, *(f"{key_text(name, flow=True)}: {inline(each)}" for name, each in members.items())]
    return "{" + ", ".join(parts) + "}"


def member_lines(name: str, value: Raw, step: int) -> list[str]:
    """The lines of a member of a block mapping, the first one not indented."""
    key = key_text(name, flow=False)
    if isinstance(value, Literal):
        return [f"{key}: {spell(value)[-1]}"]
    if isinstance(value, list):
        if not value:
            return [f"{key}: []"]
        return [f"{key}:", *(" " * step + line for item in value for line in item_lines(item, step, flow=False))]
    if not value:
        return [f"{key}: {{}}"]
    below = (line for each, child in value.items() for line in member_lines(each, child, step))
    return [f"{key}:", *(" " * step + line for line in below)]


def item_lines(value: Raw, step: int, *, flow: bool) -> list[str]:
    """The lines of an item of a block list, the first one with its dash."""
    if isinstance(value, Literal):
        return [f"- {spell(value)[-1]}"]
    if flow or isinstance(value, list) or not value:
        return [f"- {inline(value)}"]
    lines = [line for name, child in value.items() for line in member_lines(name, child, step)]
    return [f"- {lines[0]}", *(f"  {line}" for line in lines[1:])]


def key_text(name: str, *, flow: bool) -> str:
    """A key as it is written before its colon."""
    return spell(Literal(name), flow=flow)[-1]
