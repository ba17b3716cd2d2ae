"""What a YAML text says, aliases and merge keys followed: the meaning that a rewrite must keep or bring about."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, TypeAlias

from reconciler.config.edit.layout import NodePath
from reconciler.config.edit.tree import resolved
from reconciler.config.edit.yaml_writer import Literal, Raw, is_same
from reconciler.config.read.nodes import Alias, Broken, Mapping, Node, Scalar, Sequence, Written

Edits: TypeAlias = "Iterator[tuple[NodePath, Raw | Remove]]"


class Remove:
    """The type of REMOVE."""

    def __repr__(self) -> str:
        return "REMOVE"


REMOVE: Final = Remove()
"""Takes a member or an item away, where a value would put one."""


def raw(node: Written) -> Raw:
    """What a node says; nothing of it is shared with what another one says."""
    node = resolved(node)
    match node:
        case Scalar():
            return Literal(node.text, "quoted" if node.style else "plain")
        case Sequence():
            return [raw(item) for item in node.items]
        case Mapping():
            return {name: raw(value) for name, (_, value) in node.entries.items()}
        case Broken():
            raise AssertionError("a tree has no broken nodes")


def is_own(document: Node, path: NodePath) -> bool:
    """Whether what stands at the path is written there, and not brought in by an alias or a merge key."""
    node: Written = document
    for segment in path:
        below = step(node, segment)
        if below is None:
            return False
        node = below
    return not isinstance(node, Alias)


def step(node: Written, segment: str | int) -> Written | None:
    """The child that is written here, also when it is an alias."""
    if isinstance(segment, int):
        if not isinstance(node, Sequence) or segment >= len(node.items):
            return None
        return node.written[segment]
    entry = node.own.get(segment) if isinstance(node, Mapping) else None
    return entry[1] if entry else None


def put(at: Raw | None, path: NodePath, value: Raw | Remove) -> Raw:
    """Put a value at the path below a raw value, which changes. Missing mappings on the way are added.

    Answers the raw value, or the one that stands in its place.
    """
    if not path:
        assert not isinstance(value, Remove)
        return value
    head, rest = path[0], path[1:]
    if isinstance(head, int):
        return _put_item(at if isinstance(at, list) else [], head, rest, value)
    members = at if isinstance(at, dict) else {}
    if value is REMOVE and not rest:
        members.pop(head, None)
    else:
        members[head] = put(members.get(head), rest, value)
    return members


def _put_item(items: list[Raw], index: int, rest: NodePath, value: Raw | Remove) -> Raw:
    if value is REMOVE and not rest:
        del items[index : index + 1]
    elif index < len(items):
        items[index] = put(items[index], rest, value)
    else:
        items.append(put(None, rest, value))
    return items


def same_meaning(one: Raw, other: Raw) -> bool:
    """Whether two values mean the same in every place; the order of members does not count."""
    return next(differing(one, other), None) is None


def differing(have: Raw, want: Raw, path: NodePath = ()) -> Edits:
    """The edits that turn one meaning into another; a list of another length is replaced whole."""
    if isinstance(have, dict) and isinstance(want, dict):
        for name, value in want.items():
            if name in have:
                yield from differing(have[name], value, (*path, name))
            else:
                yield (*path, name), value
        yield from (((*path, name), REMOVE) for name in have if name not in want)
    elif isinstance(have, list) and isinstance(want, list) and len(have) == len(want):
        for index, (one, other) in enumerate(zip(have, want, strict=True)):
            yield from differing(one, other, (*path, index))
    elif not (isinstance(have, Literal) and isinstance(want, Literal) and is_same(have, want)):
        yield path, want
