"""api.stores laid on a field table: its rows know the form, and compare in it."""

from __future__ import annotations

from reconciler.core.normalise import comparison_key, match_key, same
from reconciler.core.stores import kept_in
from reconciler.resources.customer import CUSTOMER

STORES = {"name": ("upper",), "*.email": ("lower", "trim"), "attributes.region": ("upper",), "mainAddress": ("upper",)}


def test_rows_know_the_forms_of_the_longest_pattern_that_covers_them() -> None:
    """A group's forms hold for its members, unless a member has its own."""
    kept = kept_in(CUSTOMER, STORES | {"mainAddress.city": ("lower",)})
    forms = {path: row.forms for path, row in ((path, kept.leaf(path)) for path, _ in kept.walk()) if row and row.forms}
    assert forms[("name",)] == ("upper",)
    assert forms[("invoiceContact", "email")] == ("lower", "trim")
    assert forms[("mainAddress", "city")] == ("lower",)
    assert forms[("mainAddress", "addressLine1")] == ("upper",)
    assert ("mainContact", "name") not in forms


def test_attribute_ids_are_found_in_any_case() -> None:
    """As everywhere."""
    row = kept_in(CUSTOMER, STORES).leaf(("attributes", "REGION"))
    assert row is not None
    assert same(row, "north", "NORTH")


def test_values_are_the_same_in_their_form_alone() -> None:
    """Other values stay other values, and a field without a form compares to the letter."""
    kept = kept_in(CUSTOMER, STORES)
    name, reference = kept.leaf(("name",)), kept.leaf(("accountReference",))
    assert name is not None
    assert reference is not None
    assert same(name, "Berg", "BERG")
    assert not same(name, "Berg", "BERGE")
    assert not same(name, "Berg", None)
    assert not same(reference, "Berg", "BERG")


def test_the_form_comes_before_the_fields_own_key() -> None:
    """`digits` on an id: a country in front does not count."""
    kept = kept_in(CUSTOMER, {"corporateId": ("digits",)})
    row = kept.leaf(("corporateId",))
    assert row is not None
    assert comparison_key(row, "NO 923 456 789 MVA") == "923456789"
    assert match_key("corporateId", "NO923456789", kept) == match_key("corporateId", "923456789", kept)
    assert match_key("corporateId", "none", kept) == ""


def test_without_forms_the_table_is_the_same() -> None:
    """Nothing is made anew for a project that states none, and once for one that does."""
    assert kept_in(CUSTOMER, {}) is CUSTOMER
    assert kept_in(CUSTOMER, STORES) is kept_in(CUSTOMER, dict(STORES))
