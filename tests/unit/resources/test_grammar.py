"""The grammar: one fold, and what a resource says of its rows."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.resources.customer import CUSTOMER, FIELDS
from reconciler.resources.grammar import Field, Group, fold
from reconciler.resources.values import Path, Scalar, render_path


def test_the_fold_meets_each_leaf_with_its_row_and_its_path_and_each_group_after_its_members() -> None:
    met: list[str] = []

    def leaf(row: Field, path: Path, value: Scalar) -> str:
        met.append(f"{render_path(path)} {row.title}")
        return str(value)

    def group(_row: Group, path: Path, below: dict[str, str]) -> str:
        met.append(render_path(path))
        return f"({', '.join(below.values())})"

    values: dict[str, Any] = {"M1": {"bic": "B", "mandateId": "M1"}}
    assert fold(FIELDS["directDebitLines"], ("directDebitLines",), values, leaf, group) == "((M1, B))"
    assert met == [
        "directDebitLines.M1.mandateId Mandate",
        "directDebitLines.M1.bic BIC",
        "directDebitLines.M1",
        "directDebitLines",
    ]
    assert fold(FIELDS["attributes"], ("attributes",), {"B": "2", "A": "1"}, leaf, group) == "(2, 1)"
    assert fold(FIELDS["mainAddress"], ("mainAddress",), {"city": "Oslo", "unknown": "x"}, leaf, group) == "(Oslo)"


@pytest.mark.parametrize(
    ("path", "title"),
    [
        (("name",), "Name"),
        (("attributes", "ANY"), "Value"),
        (("glAccounts", "salesSubaccount", "7"), "Value"),
        (("directDebitLines", "M1", "bic"), "BIC"),
        (("directDebitLines", "M1"), None),
        (("name", "below"), None),
        (("mainAddress", "unknown"), None),
        (("unknown",), None),
        ((), None),
    ],
)
def test_a_leaf_is_found_by_its_path_whatever_the_key(path: Path, title: str | None) -> None:
    row = CUSTOMER.leaf(path)
    assert (row.title if row is not None else None) == title


def test_paths_are_ordered_as_the_table_and_free_keys_by_their_text() -> None:
    paths: list[Path] = [
        ("attributes", "B"), ("mainAddress", "city"), ("attributes", "A"), ("name",), ("mainAddress", "addressLine1"),
    ]  # fmt: skip
    assert [render_path(path) for path in sorted(paths, key=CUSTOMER.order)] == [
        "name", "mainAddress.addressLine1", "mainAddress.city", "attributes.A", "attributes.B",
    ]  # fmt: skip


def test_the_members_that_play_a_part_are_in_the_table() -> None:
    parts = (CUSTOMER.key, CUSTOMER.label, CUSTOMER.status, CUSTOMER.parent, CUSTOMER.category, CUSTOMER.takes_category)
    assert all(name in FIELDS for name in (*parts, *CUSTOMER.match, *CUSTOMER.mirrors))
    status = CUSTOMER.leaf((CUSTOMER.status,))
    assert status is not None
    assert CUSTOMER.retired in status.values
    assert all(FIELDS[name].own_path for name in CUSTOMER.own)


def test_what_is_sent_once_or_read_nowhere_is_never_compared() -> None:
    assert {render_path(path) for path in CUSTOMER.never_compared} == {
        "number", "overrideWithClassValues", "defaultPaymentMethod.isDefault", "overrideNumberSeries",
    }  # fmt: skip
