"""Path patterns of `ignore` and `lifecycle`: do they name a field?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from reconciler.config.read.messages import nearest
from reconciler.core.patterns import Pattern, segments
from reconciler.resources.customer import CUSTOMER, FIELDS
from reconciler.resources.grammar import Field, Form, Kind, Row


def names_field(pattern: str) -> bool:
    """Whether a pattern (`core.patterns`) covers a field or a group.

    >>> names_field("mainContact.fax"), names_field("*.fax"), names_field('attributes["A.B"]'), names_field("*.fx")
    (True, True, True, False)
    """
    written = segments(pattern)
    return bool(_named(written)) and not _is_misspelt(written)


def names_text(pattern: str) -> bool:
    """Whether a pattern covers a field that holds text.

    >>> names_text("mainContact"), names_text("attributes.REGION"), names_text("creditLimit"), names_text("nme")
    (True, True, False, False)
    """
    return names_field(pattern) and any(
        row.kind in (Kind.TEXT, Kind.REFERENCE) for row in _fields(_named(segments(pattern)))
    )


def _named(written: Pattern) -> list[Row]:
    """The rows that the segments name."""
    rows = _chosen(written[0], FIELDS) if written else []
    for segment in written[1:]:
        rows = [below for row in rows for below in _below(row, segment)]
    return rows


def _fields(rows: Iterable[Row]) -> Iterator[Field]:
    for row in rows:
        if isinstance(row, Field):
            yield row
        else:
            yield from _fields(row.members)


def _is_misspelt(written: Pattern) -> bool:
    """Whether `*.wbe` is a member with a slip. It would be an attribute's id; those are in capitals in the ERP."""
    if len(written) != 2 or written[0] is not None or written[1] is None or written[1].isupper():
        return False
    members = {path[-1] for path, _ in CUSTOMER.walk() if len(path) > 1}
    return written[1] not in members and bool(nearest(written[1], sorted(members)))


def _chosen(segment: str | None, rows: dict[str, Row]) -> list[Row]:
    if segment is None:
        return list(rows.values())
    return [rows[segment]] if segment in rows else []


def _below(row: Row, segment: str | None) -> Iterable[Row]:
    if isinstance(row, Field) or segment == "":
        return []
    if row.form is Form.OBJECT:
        return _chosen(segment, row.by_name)
    if row.form is Form.LINES:
        return [replace(row, form=Form.OBJECT)]  # the segment is a line's key; below it are the members
    return [row.members[-1]]


def remedy(pattern: str) -> str:
    """What to write instead of a pattern that names no field, or no text."""
    if names_field(pattern):
        return "Name a field that holds text, such as name or mainContact.email."
    known = {".".join(path[:end]) for path, _ in CUSTOMER.walk() for end in range(1, len(path) + 1)}
    if pattern.startswith("*."):
        known = {f"*.{path[-1]}" for path, _ in CUSTOMER.walk() if len(path) > 1}
    close = nearest(pattern, sorted(known))
    if close:
        return f"Did you mean {' or '.join(close)}?"
    return "Write a field's path as plans show it, such as mainContact.fax; * stands for one segment."
