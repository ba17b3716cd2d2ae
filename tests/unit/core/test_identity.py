"""Which live customer a declaration means: found, new, or an error; never a guess."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from reconciler.core.desired import Desired
from reconciler.core.diagnostics import Severity, Source
from reconciler.core.identity import Pairing, pair
from reconciler.core.live import Live
from reconciler.resources.customer import CUSTOMER


def declared(number: str | None = None, ref: str | None = None, *, line: int = 1, **values: Any) -> Desired:
    at = Source("a.yaml", line, 1)
    return Desired(number, ref, values, at, lambda _path: at, match=values.pop("match", CUSTOMER.match))


def live(number: str, identity: int, **values: Any) -> Live:
    return Live(identity, number, "v", values)


def found(pairing: Pairing) -> list[tuple[str, int | None]]:
    """The pairs: each declaration's label, and the internal id of its live customer."""
    assert pairing.diagnostics == ()
    return [(each.label, customer.internal_id if customer else None) for each, customer in pairing.pairs]


def problem(pairing: Pairing) -> tuple[str, str, str, str]:
    """The one problem: an error, with its place."""
    (only,) = pairing.diagnostics
    assert (only.severity, only.source) == (Severity.ERROR, Source("a.yaml", 1, 1))
    return only.code, only.summary, only.detail, only.remedy


def test_a_number_is_found_whatever_its_case_and_padding_and_the_rest_is_unmanaged() -> None:
    pairing = pair([declared("a1"), declared("7")], [live("A1 ", 1), live("8", 2), live("9", 3)])
    assert found(pairing) == [("a1", 1), ("7", None)]
    assert pairing.unmanaged == 2


def test_pairs_stand_in_the_order_of_the_declarations() -> None:
    """Though a number is looked for before a ref."""
    wanted = [declared(ref="x", corporateId="91"), declared("2"), declared(ref="y", corporateId="92"), declared("1")]
    lives = [live("1", 1), live("2", 2), live("5", 5, corporateId="91")]
    assert found(pair(wanted, lives)) == [("ref x", 5), ("2", 2), ("ref y", None), ("1", 1)]


def test_a_ref_is_found_by_its_recorded_number_before_its_match_fields() -> None:
    lives = [live("5", 5), live("6", 6, corporateId="91")]
    wanted = [declared(ref="x", corporateId="91")]
    assert found(pair(wanted, lives, {"x": "5"})) == [("ref x", 5)]
    assert found(pair(wanted, lives, {"x": "4"})) == [("ref x", 6)]
    assert found(pair(wanted, lives, {"y": "5"})) == [("ref x", 6)]


def test_a_declared_number_is_never_looked_for_by_its_match_fields() -> None:
    assert found(pair([declared("1", corporateId="91")], [live("2", 2, corporateId="91")])) == [("1", None)]


@pytest.mark.parametrize("name", CUSTOMER.match)
def test_each_match_field_finds_and_an_equal_value_in_another_field_does_not(name: str) -> None:
    (other,) = set(CUSTOMER.match) - {name}
    assert found(pair([declared(ref="x", **{name: "91"})], [live("2", 2, **{name: "91"})])) == [("ref x", 2)]
    assert found(pair([declared(ref="x", **{name: "91"})], [live("2", 2, **{other: "91"})])) == [("ref x", None)]


def test_what_has_no_value_matches_nothing() -> None:
    assert found(pair([declared(ref="x", corporateId=None)], [live("2", 2, corporateId=None)])) == [("ref x", None)]


def test_both_match_fields_of_one_customer_are_one_match_and_of_two_an_error() -> None:
    wanted = [declared(ref="x", corporateId="91", vatRegistrationId="NO91")]
    one = live("2", 2, corporateId="91", vatRegistrationId="NO91")
    assert found(pair(wanted, [one])) == [("ref x", 2)]
    pairing = pair(wanted, [live("3", 3, vatRegistrationId="NO91"), live("2", 2, corporateId="91")])
    assert pairing.pairs == ()
    assert problem(pairing) == (
        "I411",
        "ref x matches 2 live customers: 2, 3",
        "The fields corporateId, vatRegistrationId are the same in each of them.",
        "Give the declaration the number of the one you mean.",
    )


@pytest.mark.parametrize(("count", "names"), [(5, "1, 2, 3, 4, 5"), (6, "1, 2, 3, 4, 5 and more")])
def test_of_many_matches_five_are_named(count: int, names: str) -> None:
    lives = [live(str(at), at, corporateId="91") for at in range(1, count + 1)]
    pairing = pair([declared(ref="x", corporateId="91")], lives)
    assert problem(pairing)[1] == f"ref x matches {count} live customers: {names}"
    assert pairing.unmanaged == count


def test_numbers_that_differ_in_case_are_told_apart_by_their_spelling_or_are_an_error() -> None:
    lives = [live("AB", 1), live("ab", 2)]
    assert found(pair([declared("ab")], lives)) == [("ab", 2)]
    assert problem(pair([declared("Ab")], lives))[:2] == (
        "I411",
        "Ab is the number of 2 live customers that differ in case or blanks at most",
    )


def test_of_two_declarations_of_one_customer_the_numbered_one_holds_it() -> None:
    wanted = [declared(ref="x", corporateId="91"), declared("2", line=7)]
    pairing = pair(wanted, [live("2", 2, corporateId="91"), live("3", 3)])
    assert [each.label for each, _ in pairing.pairs] == ["2"]
    assert pairing.unmanaged == 1
    assert problem(pairing) == (
        "I412",
        "ref x and 2 (a.yaml:7:1) are the same live customer, 2",
        "",
        "Keep one of the two declarations.",
    )


@pytest.mark.parametrize("wanted", [declared("1"), declared(ref="x")], ids=["number", "ref"])
def test_a_customer_that_goes_by_another_number_now_is_not_created_again(wanted: Desired) -> None:
    pairing = pair([wanted], [live("9", 1)], {"x": "1"}, {"1": 1})
    assert pairing.pairs == ()
    assert problem(pairing) == (
        "I413",
        f"{wanted.label} was renumbered in the ERP: its customer is 9 now",
        f"The internal id 1 is the same. Creating {wanted.label} again would double it.",
        'Declare number: "9".',
    )


def test_after_a_renumbered_customer_the_others_are_still_paired() -> None:
    pairing = pair([declared("1"), declared("2", line=2)], [live("9", 1), live("2", 2)], {}, {"1": 1})
    assert [(each.label, customer) for each, customer in pairing.pairs] == [("2", live("2", 2))]
    assert problem(pairing)[0] == "I413"


def test_a_number_that_another_customer_has_now_is_an_error_while_its_own_lives_on() -> None:
    pairing = pair([declared("1")], [live("1", 5), live("9", 1)], {}, {"1": 1})
    assert pairing.pairs == ()
    assert problem(pairing) == (
        "I413",
        "1 was renumbered in the ERP: its customer is 9 now, and another has its number",
        "Its internal id is 1; 1 is 5 now.",
        'Declare number: "9". If the customer that has 1 now is meant, run `reconciler state clear` first.',
    )


@pytest.mark.parametrize("identities", [{"1": 1}, {"1": 5}, {"2": 9}, {}], ids=str)
def test_a_number_is_its_holders_when_the_one_that_had_it_is_gone(identities: Mapping[str, int]) -> None:
    lives = [live("1", 5)] + ([live("2", 9)] if "2" in identities else [])
    assert found(pair([declared("1")], lives, {}, identities)) == [("1", 5)]


def test_a_recorded_number_that_is_another_customers_now_is_not_the_refs() -> None:
    """Nor is it looked for by its match fields then: whose it is, is known."""
    lives = [live("1", 5), live("6", 6, corporateId="91")]
    assert found(pair([declared(ref="x", corporateId="91")], lives, {"x": "1"}, {"1": 1})) == [("ref x", None)]
    assert found(pair([declared(ref="x")], lives, {"x": "1"}, {"1": 5})) == [("ref x", 5)]


def test_a_recorded_identity_counts_whatever_the_case_of_the_number() -> None:
    assert problem(pair([declared("Ab")], [live("9", 1)], {}, {"AB": 1}))[0] == "I413"
