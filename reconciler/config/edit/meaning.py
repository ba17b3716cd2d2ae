"""What a YAML text says, aliases and merge keys followed: the meaning that a rewrite must keep or bring about."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, TypeAlias

from reconciler.config.edit.layout import MERGE, NodePath
from reconciler.config.edit.scalar_style import Literal, is_same
from reconciler.config.edit.spans import Span

Raw: TypeAlias = "Literal | dict[str, Raw] | list[Raw]"
"""What a node says."""


class Remove:
    """The type of REMOVE."""

    def __repr__(self) -> str:
        return "REMOVE"


REMOVE: Final = Remove()
"""Takes a member or an item away, where a value would put one."""


def raw(span: Span) -> Raw:
    """What a span says."""
    span = span.resolved
    if span.kind == "scalar":
        return Literal(span.text, "quoted" if span.style else "plain")
    if span.kind == "list":
        return [raw(item) for item in span.items]
    members = {key.resolved.text: raw(value) for key, value in span.entries if not is_merge(key)}
    for key, value in span.entries:
        if is_merge(key):
            for each in merged_spans(value):
                found = raw(each)
                assert isinstance(found, dict)
                members = {**members, **{name: below for name, below in found.items() if name not in members}}
    return members


def is_merge(key: Span) -> bool:
    """Whether a key is the merge key."""
    return key.kind == "scalar" and key.text == MERGE and not key.style


def merged_spans(value: Span) -> list[Span]:
    """The mappings that a merge key brings in, the strongest first."""
    value = value.resolved
    return [item.resolved for item in value.items] if value.kind == "list" else [value]


def same_meaning(one: Raw, other: Raw) -> bool:
    """Whether two values mean the same in every place; the order of members does not count."""
    if isinstance(one, Literal) or isinstance(other, Literal):
        return isinstance(one, Literal) and isinstance(other, Literal) and is_same(one, other)
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same_meaning(value, other[name]) for name, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same_meaning, one, other))
    return False


def is_own(document: Span, path: NodePath) -> bool:
    """Whether what stands at the path is written there, and not brought in by an alias or a merge key."""
    span = document
    for segment in path:
        found = step(span, segment)
        if found is None:
            return False
        span = found
    return span.kind != "alias"


def step(span: Span, segment: str | int) -> Span | None:
    """The child that is written here, also when it is an alias."""
    if isinstance(segment, int):
        return span.items[segment] if span.kind == "list" and segment < len(span.items) else None
    if span.kind != "map":
        return None
    return next((value for key, value in span.entries if key.resolved.text == segment and not is_merge(key)), None)


def put(at: Raw | None, path: NodePath, value: Raw | Remove) -> Raw:
    """A copy with the value at the path; missing mappings on the way are made."""
    if not path:
        assert not isinstance(value, Remove)
        return value
    head, rest = path[0], path[1:]
    if isinstance(head, int):
        items = list(at) if isinstance(at, list) else []
        if value is REMOVE and not rest:
            return items[:head] + items[head + 1 :]
        below = put(items[head] if head < len(items) else None, rest, value)
        return [*items[:head], below, *items[head + 1 :]]
    members = dict(at) if isinstance(at, dict) else {}
    if value is REMOVE and not rest:
        members.pop(head, None)
        return members
    members[head] = put(members.get(head), rest, value)
    return members


def differing(have: Raw, want: Raw, path: NodePath = ()) -> Iterator[tuple[NodePath, Raw | Remove]]:
    """The edits that turn one meaning into another; a list of another length is replaced whole."""
    if same_meaning(have, want):
        return
    if isinstance(have, dict) and isinstance(want, dict):
        for name, value in want.items():
            if name in have:
                yield from differing(have[name], value, (*path, name))
            else:
                yield (*path, name), value
        for name in have.keys() - want.keys():
            yield (*path, name), REMOVE
    elif isinstance(have, list) and isinstance(want, list) and len(have) == len(want):
        for index, (one, other) in enumerate(zip(have, want, strict=True)):
            yield from differing(one, other, (*path, index))
    else:
        yield path, want
