"""Who is the same customer, by the ids of the Nordic countries and the Netherlands, in the spellings that occur."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.identity_key import identity_key, name_key, numeral_keys, organisation_number, same_organisation

SURELY_SAME = [
    ("556677-8899", "5566778899"),
    ("556677\u20118899", "5566778899"),
    ("923 456 789", "923456789"),
    ("923\u00a0456\u00a0789", "923.456.789"),
    ("NO 923 456 789 MVA", "no923456789mva"),
    ("1234567-8", "12345678"),
    ("FI-12345678", "FI12345678"),
    ("12 34 56 78", "12345678"),
    ("NL 1234.56.789.B01", "NL123456789B01"),
    ("\uff11\uff12\uff13", "123"),
]

LIKELY_SAME = [
    ("NO923456789MVA", "923456789"),
    ("NO923456789", "923456789MVA"),
    ("923456789MVA", "923456789"),
    ("SE556677889901", "556677-8899"),
    ("SE 556677-8899 01", "SE5566778899"),
    ("DK12345678", "12 34 56 78"),
    ("FI12345678", "1234567-8"),
    ("NL123456789B01", "123456789"),
    ("EL123456789", "123456789"),
    ("NO 923 456 789 MVA Foretaksregisteret", "923456789"),
    ("Foretaksregisteret NO 923 456 789 MVA", "Org.nr. 923 456 789"),
    ("16556677-8899", "556677-8899"),
    ("SE16556677-8899", "SE556677889901"),
    ("CVR-nr. 12345678", "DK12345678"),
    ("DK CVR 12345678", "12345678"),
    ("0123456-7", "123456-7"),
    ("012345-6", "12345-6"),
    ("Y-tunnus 1234567-8", "FI12345678"),
    ("CHE-123.456.789 MWST", "CHE-123.456.789 TVA"),
    ("CHE-123.456.789 HR", "CHE-123.456.789"),
    ("BTW NL123456789B01", "RSIN 123456789"),
    ("123456789B01", "NL123456789B02"),
]

OTHERS = [
    ("923456789", "923456780"),
    ("VAT DK 12345678", "FI12345678"),
    ("DK12345678", "FI12345678"),
    ("NO923456789MVA", "SE923456789"),
    ("MVA", "NO"),
    ("-", "--"),
    ("NO12", "12"),
]


@pytest.mark.parametrize(("one", "other"), SURELY_SAME)
def test_another_spelling_of_an_id_is_the_same_id(one: str, other: str) -> None:
    assert identity_key(one) == identity_key(other) != ""


@pytest.mark.parametrize(("one", "other"), LIKELY_SAME)
def test_what_a_vat_id_adds_to_the_number_makes_it_likely_the_same(one: str, other: str) -> None:
    one, other = identity_key(one), identity_key(other)
    assert one != other
    assert same_organisation(one, other)
    assert same_organisation(other, one)


@pytest.mark.parametrize(("one", "other"), OTHERS)
def test_other_organisations_are_told_apart(one: str, other: str) -> None:
    one, other = identity_key(one), identity_key(other)
    assert not same_organisation(one, other)
    assert not one == other != ""


@pytest.mark.parametrize("text", ["", " ", "-", "./", "\u2014"])
def test_an_id_without_letters_or_digits_is_nobodys(text: str) -> None:
    assert identity_key(text) == ""
    assert not same_organisation(identity_key(text), identity_key(text))


@pytest.mark.parametrize(
    "number",
    [
        "10000",
        "010000",
        "10000.0",
        "10000.00",
        "1E+04",
        "1e4",
        "1.0E4",
        " 10000 ",
        "10 000",
        "10.000",
        "10,000",
        "10000.",
        "+10000",
    ],
)
def test_what_a_spreadsheet_makes_of_a_number_is_likely_the_number(number: str) -> None:
    assert "10000" in numeral_keys(number)


@pytest.mark.parametrize(("one", "other"), [("10", "100"), ("A10", "A010"), ("10.5", "10"), ("1E+04", "1E+05")])
def test_other_numbers_are_other_numbers(one: str, other: str) -> None:
    assert numeral_keys(one).isdisjoint(numeral_keys(other))


@given(st.text(max_size=30))
def test_the_key_of_a_key_is_the_key(text: str) -> None:
    key = identity_key(text)
    assert identity_key(key.lower()) in (key, identity_key(key.lower().upper()))
    assert organisation_number(key) in ("", *(key[start:end] for start in range(3) for end in range(len(key) + 1)))


@given(st.text(max_size=30))
def test_no_text_stops_the_keys(text: str) -> None:
    assert isinstance(numeral_keys(text), frozenset)
    assert isinstance(name_key(text), str)


def test_a_name_is_the_same_in_any_case_and_spacing() -> None:
    assert name_key("Fjord  Bakeri AS") == name_key("FJORD BAKERI as ")
    assert name_key("Caf\u00e9") == name_key("Cafe\u0301")


AROUND = [
    ("923609016", "MVA 923 609 016"),
    ("923609016", "923609016.0"),
    ("923609016", "923609016 (Oslo)"),
    ("923609016", "923609016 / avd 2"),
    ("923609016", "+47 923609016"),
    ("923609016", "0192:923609016"),
    ("923609016", "9908:NO923609016MVA"),
    ("19800101-1234", "8001011234"),
    ("556677-8899", "0007:5566778899"),
    ("556677-8899", "SE5566778899-01 VAT"),
    ("SE556677889901", "556677-889902"),
    ("0737546-2", "0737546-2 FO"),
    ("07375462", "0037:07375462"),
    ("07375462", "Business ID 0737546-2"),
    ("DK25313763", "0184:DK25313763"),
    ("NL123456789B01", "NL123456789B01 BTW"),
    ("NL001234567B01", "NL1234567B01"),
]
"""An id, and the same with what people, Peppol or a spreadsheet write around it."""


@pytest.mark.parametrize(("one", "other"), AROUND)
def test_whatever_stands_around_an_organisation_number_it_is_likely_the_same(one: str, other: str) -> None:
    assert same_organisation(identity_key(one), identity_key(other))
    assert same_organisation(identity_key(other), identity_key(one))


@pytest.mark.parametrize(
    ("one", "other"),
    [("923609016", "923609017"), ("923609016", "823609016"), ("DK12345678", "FI12345678"), ("12345", "0012345"),
     ("923609016", "avd 2"), ("5566778899", "5566778890")],
)  # fmt: skip
def test_other_digits_or_another_country_are_another_organisation(one: str, other: str) -> None:
    assert not same_organisation(identity_key(one), identity_key(other))
