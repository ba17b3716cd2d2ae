"""What decoding converts by itself, for speed, is what `normalise` makes of it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from reconciler.core.normalise import normalise
from reconciler.erp import decode
from reconciler.resources.customer import FIELDS
from reconciler.resources.grammar import Field, Group, Kind, Read, Row

SAMPLES: dict[Kind, list[Any]] = {
    Kind.TEXT: ["", " ", "a", " a ", "true"],
    Kind.REFERENCE: ["", " ", "a", " a ", "0"],
    Kind.ENUM: ["", " Active ", "Active"],
    Kind.NUMBER: ["", " 10001 ", "a-1"],
    Kind.DATE: ["", "2026-01-31T00:00:00", " 2026-01-31 ", "2026-01-31T13:00:00.50Z"],
    Kind.BOOLEAN: [True, False],
    Kind.INTEGER: [0, 1, -1],
    Kind.DECIMAL: [0, 100, Decimal("19.90"), Decimal("-0.1")],
}


def rows() -> Iterator[Field]:
    def below(row: Row) -> Iterator[Field]:
        if isinstance(row, Group):
            for member in row.members:
                yield from below(member)
        elif row.where is not Read.NEVER:
            yield row

    for row in FIELDS.values():
        yield from below(row)


@pytest.mark.parametrize("row", {row.kind: row for row in rows()}.values(), ids=lambda row: row.kind)
def test_every_kind_of_value_is_read_as_normalise_reads_it(row: Field) -> None:
    holder: dict[str, Any] = {}
    step = decode._step(row, ("above",))
    for sample in SAMPLES[row.kind]:
        inner: Any = sample
        for name in reversed(row.read_path[1:]):
            inner = {name: inner}
        holder[row.read_path[0]] = inner
        wanted = normalise(row, sample)
        found = decode._values(holder, (step,))[row.name]
        assert (type(found), found) == (type(wanted), wanted)
