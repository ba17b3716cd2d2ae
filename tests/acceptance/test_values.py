"""Values that are surely or likely mistakes are told at their place, with the remedy, and nothing is sent."""

from __future__ import annotations

import pytest

from tests.acceptance.conftest import Company

ERRORS = {
    "a point between thousands": ("creditLimit: 25.000", "2:14: D321", "Write 25000 or 25."),
    "three decimals": ("creditLimit: 12.345", "2:14: D321", "Write 12345 or 12.3450."),
    "three decimals of a percentage": (
        "salesPersons: [{salesPersonID: 1, commissionPct: 0.125}]",
        "2:50: D321",
        "Write 125 or 0.1250.",
    ),
    "points between thousands": ("creditLimit: 1.250.000", "2:14: D302", "Write 1250000."),
    "a comma for the decimals": ("creditLimit: 1.250,50", "2:14: D302", "Write 1250.50."),
    "commas between thousands": ("creditLimit: 1,250.50", "2:14: D302", "Write 1250.50."),
    "a comma and three digits": ("creditLimit: 25,000", "2:14: D302", "Write 25000 or 25."),
    "an amount in quotes": ('creditLimit: "25.000"', "2:14: D302", "Write 25000 or 25."),
    "thousands in a whole number": ("numberOfEmployees: 1.000", "2:20: D302", "Write 1000."),
    "an anchor that ate a word": ("name: &Tradition Møbler AS", "2:7: Y221", '"&Tradition Møbler AS"'),
    "an anchor that ate all": ("accountReference: &Tradition", "2:19: Y221", '"&Tradition"'),
    "a block in a line": ("name: |\n  Berg Sag AS", "2:7: D318", '"Berg Sag AS", or write |- instead of |'),
    "a folded block in a line": ("mainContact:\n  email: >\n    a@b.example", "3:10: D318", "write >- instead of >"),
    "a block in an id": ("customerClassId: |\n  1", "2:18: D318", "|- instead of |"),
    "two lines in a line": ("mainAddress: {city: 'A\n\n  B'}", "2:21: D318", 'in double quotes: "A\\nB"'),
    "a quote that ends too early": ('name: "Gamle" Bakeri AS', "2:15: Y219", "'\"Gamle\" Bakeri AS'"),
    "the same quotes inside": ('name: "Firma "Nord" AS"', "2:15: Y219", "'Firma \"Nord\" AS'"),
    "a blank that breaks not": ("mainAddress:\u00a0\n  city: Oslo", "2:13: Y220", "U+00A0 no-break space"),
    "such a blank in the indentation": ("mainAddress:\n\u00a0 city: Oslo", "3:1: Y220", "U+00A0 no-break space"),
}
NUMBERS = {
    "curly quotes": ("\u201c10000\u201d", "10000"),
    "low quotes": ("\u201e10000\u201c", "10000"),
    "guillemets": ("\u00ab10000\u00bb", "10000"),
    "an apostrophe": ("'10000", "10000"),
    "a prime": ("10000\u2032", "10000"),
    "full width": ("\uff11\uff10\uff10", "100"),
    "a soft hyphen": ("10\u00ad000", "10000"),
    "nothing to see": ("10\u200b000", "10000"),
    "a mark of direction": ("\u200e10000", "10000"),
    "a blank that breaks not": ("10\u00a0000", "10000"),
}


@pytest.mark.parametrize("mistake", ERRORS)
def test_a_value_that_is_surely_a_mistake_is_an_error(company: Company, mistake: str) -> None:
    line, place, remedy = ERRORS[mistake]
    company.declare(f'number: "1"\n{line}\n', "a.yaml")
    ended = company.run("validate")
    assert ended.code == 3
    assert f"customers/a.yaml:{place} " in ended.out
    assert remedy in ended.out
    company.sandbox.requests.clear()
    assert company.run("plan").code == 3
    assert company.sandbox.requests == []


@pytest.mark.parametrize("kind", NUMBERS)
@pytest.mark.parametrize("field", ["number", "parentRecordNumber"])
def test_a_number_with_a_character_that_no_number_has_is_an_error(company: Company, kind: str, field: str) -> None:
    written, meant = NUMBERS[kind]
    number = "" if field == "number" else "number: 1\nname: A\n"
    company.declare(f'{number}{field}: "{written}"\n')
    ended = company.run("validate")
    assert ended.code == 3
    assert "D320" in ended.out
    assert f'Write "{meant}".' in ended.out


def test_what_is_meant_can_be_written(company: Company) -> None:
    """A fourth decimal, quotes around &, an anchor that is used, a block for a note, \\n in double quotes."""
    company.declare(
        'number: "1"\nname: "&Tradition Møbler AS"\ncreditLimit: 12.3450\naccountReference: &own Å 1\n'
        'gln: *own\nnote: |\n  one\n  two\nmainAddress:\n  city: |-\n    Oslo\n  addressLine1: "A\\nB"\n'
    )
    assert company.run("validate").code == 0
    assert company.apply().code == 0
    row = company.store.customer("1")
    assert (row["name"], row["gln"], row["note"]) == ("&Tradition Møbler AS", "Å 1", "one\ntwo\n")
    assert (row["mainAddress"]["city"], row["mainAddress"]["addressLine1"]) == ("Oslo", "A\nB")
    assert float(row["creditLimit"]) == 12.345
    assert company.plan()["actions"] == []


def test_blanks_at_the_ends_are_cut_with_a_warning_and_unicode_is_composed(company: Company) -> None:
    """On both sides: what differs in nothing else is no change."""
    company.declare('number: "1"\nname: " Berg "\naccountReference: "Cafe\\u0301"\n', "a.yaml")
    ended = company.run("validate")
    assert ended.code == 0
    assert 'customers/a.yaml:2:7: D319 warning: name has blanks at its ends, which are cut: "Berg"' in ended.out
    assert company.apply().code == 0
    row = company.store.customer("1")
    assert (row["name"], row["accountReference"]) == ("Berg", "Caf\u00e9")
    company.store.edit("1", {"name": "Berg  ", "accountReference": "Cafe\u0301"})
    assert company.plan()["actions"] == []


def test_backslashes_in_a_glob_are_named_with_the_glob_as_it_should_be(company: Company) -> None:
    company.declare('number: "1"\nname: A\n')
    settings = company.folder / "reconciler.yaml"
    settings.write_text(settings.read_text().replace("customers/**/*.yaml", "customers\\**\\*.yaml"))
    ended = company.run("validate")
    assert ended.code == 3
    assert 'S126 the glob "customers\\**\\*.yaml" has backslashes' in ended.out
    assert '"customers/**/*.yaml"' in ended.out
