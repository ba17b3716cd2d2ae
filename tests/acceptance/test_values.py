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
    "a comma and three digits behind a zero": ("creditLimit: 0,125", "2:14: D302", "Write 125 or 0.1250."),
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
    "a spreadsheet's error": ('accountReference: "#N/A"', "2:19: D322", "Write the value, or remove the line."),
    "such an error in another language": ('mainAddress: {city: "#VERDI!"}', "2:21: D322", "Write the value"),
    "such an error in small letters": ("mainAddress: {city: err:502}", "2:21: D322", "Write the value"),
    "such an error without quotes": ("mainAddress:\n  city: #REF!", "3:9: Y222", "it clears the field"),
    "such an error for an amount": ('creditLimit: "#VALUE!"', "2:14: D302", "what a spreadsheet shows"),
    "a column too narrow": ('name: "#####"', "2:7: D322", "Write the value"),
    "an exponent in an id": ("corporateId: 9.2E+08", "2:14: D322", "with all its digits"),
    "an exponent in a phone number": ("mainContact: {phone1: 4.72233E+09}", "2:23: D322", "with all its digits"),
    "an exponent with a comma": ("gln: 7,08E+12", "2:6: D322", "with all its digits"),
    "an exponent in an amount": ("creditLimit: 9.2E+08", "2:14: D302", "with all its digits"),
    "an apostrophe in front": ('accountReference: "\'0155"', "2:19: D322", 'Write "0155".'),
    "the apostrophe of our own CSV": ('mainContact: {phone1: "\'+4722334455"}', "2:23: D322", 'Write "+4722334455".'),
    "such an apostrophe in a text": ('name: "\'=1+1"', "2:7: D322", 'Write "=1+1".'),
    "such an apostrophe in an attribute": ('attributes: {A: "\'-5"}', "2:17: D322", 'Write "-5".'),
    "wrong check digits": (
        "directDebitLines: [{mandateId: M, iban: NL91 ABNA 0417 1643 01}]",
        "2:41: D323",
        "add 'directDebitLines.M.iban' to lifecycle.as_typed",
    ),
    "an IBAN that is cut": ("directDebitLines: [{mandateId: M, iban: NL91}]", "2:41: D323", "bank"),
    "a country in small letters": ("mainAddress: {countryId: no}", "2:26: D324", "Write NO."),
    "a country of nobody": ("deliveryAddress: {countryId: UK}", "2:30: D324", "Write a code such as NO."),
    "a currency in small letters": ("currencyId: nok", "2:13: D324", "Write NOK."),
    "a currency by its sign": ("currencyId: kr", "2:13: D324", "Write a code such as NOK."),
    "a currency with a slip": ("currencyId: NKO", "2:13: D324", "Did you mean NIO or NOK"),
    "two default mandates": (
        "directDebitLines: [{mandateId: A, isDefault: true}, {mandateId: B, isDefault: true}]",
        "2:79: D326",
        "Keep isDefault: true in one line",
    ),
    "decimals in an id": ("accountReference: 155.0", "2:19: D322", 'Write "155".'),
    "decimals in a reference": ("customerClassId: '1.0'", "2:18: D322", 'Write "1".'),
    "decimals in a phone number": ("mainContact: {phone1: 4722334455.0}", "2:23: D322", 'Write "4722334455".'),
    "decimals with a comma": ("gln: '7080001234567,0'", "2:6: D322", 'Write "7080001234567".'),
    "an exponent in small letters": ("corporateId: 9.2e8", "2:14: D322", "with all its digits"),
    "a negative limit": ("creditLimit: -5000", "2:14: D327", "Write 5000, or 0."),
    "a negative count": ("numberOfEmployees: -3", "2:20: D327", "Write 3, or 0."),
    "negative days": ("creditDaysPastDue: -1", "2:20: D327", "Write 1, or 0."),
    "a negative amount of a line": (
        "directDebitLines: [{mandateId: M, maxAmount: -5.50}]",
        "2:46: D327",
        "Write 5.5, or 0.",
    ),
    "a letter that shows nothing in a name": ('name: "Berg\\u3164Sag"', "2:7: D328", "U+3164"),
    "a blank of no width in a name": ('name: "Berg\\u200bSag"', "2:7: D328", "U+200B zero width space"),
    "a soft hyphen": ("name: Berg\u00adSag", "2:7: D328", 'Write "BergSag".'),
    "a mark of direction": (
        'mainContact: {web: "\\u202ewww.a.example"}',
        "2:20: D328",
        "U+202E right-to-left override",
    ),
    "a byte order mark": ('mainAddress: {county: "\\ufeff03"}', "2:23: D328", 'Write "03".'),
    "a break of lines that nobody sees": ('mainAddress: {city: "Oslo\\u2028Vest"}', "2:21: D328", 'Write "Oslo Vest".'),
    "a control in an attribute": ('attributes: {A: "x\\x07"}', "2:17: D328", "U+0007 a control character"),
    "a joiner at the end": ('mainContact: {email: "a@b.example\\u200d"}', "2:22: D328", "U+200D zero width joiner"),
    "quotes around an id": ("vatRegistrationId: '\"NO923456789\"'", "2:20: D329", 'Write "NO923456789".'),
    "curly quotes around an address": (
        'mainContact: {phone1: "\u201d22334455\u201d"}',
        "2:23: D329",
        'Write "22334455".',
    ),
    "a postal code with a digit too many": (
        "mainAddress: {postalCode: '01555', countryId: NO}",
        "2:27: D325",
        "country",
    ),
}
SHORT_CODES = {"NO": ("155", "0155"), "DK": ("800", "0800"), "FI": ("100", "00100"), "SE": ("1234", ""),
               "NL": ("123 AB", ""), "DE": ("1067", "01067")}  # fmt: skip
MEANT = """\
number: "1"
name: "#N/A"
currencyId: kr
mainAddress: {postalCode: 155, countryId: NO}
directDebitLines: [{mandateId: M, iban: NL00}]
"""
WARNINGS = {
    "letters in a postal code": (
        "mainAddress: {postalCode: O155, countryId: NO}",
        "2:27: D325",
        "Write the 4 digits alone",
    ),
    "the town in a postal code": ("mainAddress: {postalCode: 0155 Oslo, countryId: NO}", "2:27: D325", "town"),
    "too many letters": ("mainAddress: {postalCode: 1234 ABC, countryId: NL}", "2:27: D325", "4 digits and 2 letters"),
    "quotes around a name": ("name: '\"Berg Sag AS\"'", "2:7: D329", 'Write "Berg Sag AS".'),
    "a negative share": ("salesPersons: [{salesPersonID: 1, commissionPct: -3}]", "2:50: D327", "Write 3, or 0."),
    "two default sales persons": (
        "salesPersons: [{salesPersonID: 1, isDefault: true}, {salesPersonID: 2, isDefault: true}]",
        "2:83: D326",
        "Keep isDefault: true in one line",
    ),
    "decimals in a number": ("parentRecordNumber: '10.0'", "2:21: D322", 'Write "10".'),
}
FINE = [
    "mainAddress: {postalCode: NO-0155, countryId: NO}",
    "mainAddress: {postalCode: N-0155, countryId: NO}",
    "mainAddress: {postalCode: 123 45, countryId: SE}",
    "mainAddress: {postalCode: 1234AB, countryId: NL}",
    "mainAddress: {postalCode: SW1A 1AA, countryId: GB}",
    "customerClassId: 1E5",
    "attributes: {VERSION: 10.0}",
    "accountReference: v1.0",
    "mainAddress: {addressLine1: 'Gate 10.0'}",
    "creditLimit: 0",
    "salesPersons: [{salesPersonID: 1, isDefault: true}, {salesPersonID: 2, locationID: B, isDefault: true}]",
    'name: "\u0645\u06cc\\u200c\u062e\u0648\u0627\u0647\u0645"',
    'name: "\U0001f469\\u200d\U0001f4bb"',
    'name: \'"Berg" og "Sag"\'',
    "name: \u00abBerg\u00bb AS",
]
PROSE = ["'t Hooge Huys", "'s-Hertogenbosch", "'70s Bar", "#1 Bakeri", "1E+02", "Elv #2", "E+S AS", "##"]
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


@pytest.mark.parametrize("mistake", WARNINGS)
def test_a_value_that_is_likely_a_mistake_is_a_warning_that_as_typed_ends(company: Company, mistake: str) -> None:
    line, place, remedy = WARNINGS[mistake]
    company.declare(f'number: "1"\n{line}\n', "a.yaml")
    ended = company.run("validate")
    assert ended.code == 0
    assert f"customers/a.yaml:{place} warning: " in ended.out
    assert remedy in ended.out
    company.declare(f'number: "1"\n{line}\nlifecycle: {{as_typed: [{line.partition(":")[0]}]}}\n', "a.yaml")
    assert company.run("validate").out == "Valid: 1 declaration.\n"


@pytest.mark.parametrize("line", FINE)
def test_a_value_that_only_resembles_a_mistake_is_left_alone(company: Company, line: str) -> None:
    company.declare(f'number: "1"\n{line}\n', "a.yaml")
    assert company.run("validate").out == "Valid: 1 declaration.\n"


NAMES = {
    'ref: "a\\u200b"': "D328",
    "ref: '#N/A'": "D322",
    "ref: |\n    a": "D318",
    'lifecycle: {same_as: ["2", "10\\u200b"]}': "D328",
    'lifecycle: {renumbered_from: "10\\u200b"}': "D320",
    'lifecycle: {renumbered_from: "\'10"}': "D320",
}
"""Names of customers that are no fields: each line with the code."""


def test_names_of_customers_are_held_to_the_rules_of_fields(company: Company) -> None:
    """Also where many declarations have one shape, and hardly one is read in full; nothing says that it is meant."""
    for line, code in NAMES.items():
        others = "".join(
            f"- number: '{at}'\n  {line.partition(':')[0]}: x{at}\n" for at in range(5, 9) if line[0] == "r"
        )
        company.declare(f"{others}- number: '1'\n  {line}\n")
        ended = company.run("validate")
        assert ended.code == 3, line
        assert code in ended.out, (line, ended.out)
        assert "as_typed" not in ended.out
    company.declare("number: '1'\nref: o'neil/x 1E+05\nlifecycle: {same_as: [\"'x\"]}\n")
    assert company.run("validate").code == 0


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


@pytest.mark.parametrize("country", SHORT_CODES)
def test_a_postal_code_that_lost_its_zero_is_a_warning_by_country_also_that_of_the_defaults(
    company: Company, country: str
) -> None:
    code, meant = SHORT_CODES[country]
    company.settings(f"defaults: {{mainAddress: {{countryId: {country}}}}}")
    customers = "".join(f'- number: "{at}"\n  mainAddress:\n    postalCode: "{code}"\n' for at in (1, 2))
    company.declare(customers, "a.yaml")
    ended = company.run("validate")
    assert ended.code == 0
    for line in (3, 6):
        assert f"customers/a.yaml:{line}:17: D325 warning: postalCode" in ended.out
    assert (f'Write "{meant}"' if meant else "Write the whole code.") in ended.out
    company.declare(
        customers.replace(code, {"NL": "1234 AB", "NO": "1234", "DK": "1234"}.get(country, "12345")), "a.yaml"
    )
    assert "D325" not in company.run("validate").out


@pytest.mark.parametrize("text", PROSE)
def test_a_text_that_is_no_leftover_is_left_alone(company: Company, text: str) -> None:
    company.declare(f'number: "1"\nname: "{text}"\n')
    assert company.run("validate").out == "Valid: 1 declaration.\n"


def test_as_typed_says_of_each_of_these_that_it_is_meant(company: Company) -> None:
    """In the declaration or in the defaults; it covers what is below a path, and nothing else."""
    paths = "[name, currencyId, '*.postalCode', directDebitLines.M.iban]"
    company.declare(MEANT)
    ended = company.run("validate")
    assert ended.code == 3
    assert {code for code in ("D322", "D323", "D324", "D325") if code in ended.out} == {"D322", "D323", "D324", "D325"}
    company.declare(MEANT + f"lifecycle: {{as_typed: {paths}}}\n")
    assert company.run("validate").out == "Valid: 1 declaration.\n"
    company.declare(MEANT)
    company.settings(f"defaults: {{lifecycle: {{as_typed: {paths}}}}}")
    assert company.run("validate").out == "Valid: 1 declaration.\n"
    company.settings("defaults: {lifecycle: {as_typed: [currencyId]}}")
    assert "D324" not in company.run("validate").out
    assert company.run("validate").code == 3
    company.settings("defaults: {lifecycle: {as_typed: [curencyId]}}")
    assert "D314" in company.run("validate").err + company.run("validate").out


def test_an_export_of_values_that_are_refused_otherwise_is_valid_and_plans_empty(company: Company) -> None:
    """Each stands in its declaration, which says that it is meant."""
    company.store.seed(3, 1, start=1)
    company.store.edit("1", {"name": "#REF!", "currencyId": "kr", "corporateId": "9.2E+08", "creditLimit": 25.125,
                             "accountReference": "two\nlines", "mainContact.phone1": "'+47"})  # fmt: skip
    company.store.edit("2", {"mainAddress.postalCode": "155", "mainAddress.countryId": "NO", "gln": "'0155"})
    company.store.edit("2", {"creditLimit": -5.5, "numberOfEmployees": -1, "mainContact.name": "A\u200bB"})
    company.store.edit("2", {"mainContact.attention": '"Ola"', "priceClassId": "1.0"})
    line = {"id": f"{1:032}", "mandateId": "M/1", "iban": "NL00", "isDefault": True}
    company.store.edit("3", {"mainAddress.countryId": "XK", "directDebitLines": [line]})
    ended = company.run("export")
    assert ended.code == 0, ended.err
    assert "Warning" not in ended.err
    assert company.run("validate").out == "Valid: 3 declarations.\n"
    plan = company.plan()
    assert (plan["actions"], plan["diagnostics"]) == ([], [])
    text = (company.folder / "customers" / "2.yaml").read_text()
    for path in (
        "gln",
        "mainAddress.postalCode",
        "creditLimit",
        "numberOfEmployees",
        "mainContact.name",
        "priceClassId",
    ):
        assert f"    - {path}\n" in text
    assert company.run("fmt", "--check").code == 0


def test_attributes_are_held_against_the_class_that_a_plan_reads(company: Company) -> None:
    """Each with its place and the nearest id or value, or the ERP's form; as_typed ends it."""
    text = (
        'number: "10"\nname: A\ncustomerClassId: "1"\nattributes:\n'
        "  REGOIN: NORTH\n  REGION: NORHT\n  VIP: true\n  SINCE: 14.01.2025\n"
    )
    company.declare(text, "a.yaml")
    problems = {(one["code"], one["source"]["line"]): one["remedy"] for one in company.plan()["diagnostics"]}
    assert problems.keys() == {("P518", 5), ("P519", 6), ("P519", 7), ("P519", 8)}
    wanted = ("Did you mean REGION?", "Did you mean NORTH?", "Write 1.", "Write 2025-01-14.")
    assert all(remedy.startswith(start) for (_, remedy), start in zip(sorted(problems.items()), wanted, strict=True))
    company.declare(f"{text}lifecycle: {{as_typed: [attributes]}}\n", "a.yaml")
    assert company.plan()["diagnostics"] == []


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
    assert company.undone() == {}


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
    assert company.undone() == {}


def test_backslashes_in_a_glob_are_named_with_the_glob_as_it_should_be(company: Company) -> None:
    company.declare('number: "1"\nname: A\n')
    settings = company.folder / "reconciler.yaml"
    settings.write_text(settings.read_text().replace("customers/**/*.yaml", "customers\\**\\*.yaml"))
    ended = company.run("validate")
    assert ended.code == 3
    assert r'S126 the glob "customers\\**\\*.yaml" has backslashes' in ended.out
    assert '"customers/**/*.yaml"' in ended.out


@pytest.mark.parametrize("form", ["table", "json", "yaml", "csv"])
def test_live_amounts_are_shown_without_zeros_that_change_nothing(company: Company, form: str) -> None:
    """What is left with three decimals is written so that it is read in one way, where it is read again."""
    company.store.seed(2, 1, start=1)
    company.store.edit("1", {"creditLimit": 25.000})
    company.store.edit("2", {"creditLimit": 25.125})
    out = company.run("customers", "list", "--fields", "number,creditLimit", "--format", form).out
    wanted = {"table": ("1       25\n", "25.125\n"), "json": (": 25\n", ": 25.125\n"),
              "yaml": (": 25\n", ": 25.1250\n"), "csv": ("1;25\r\n", "2;25,1250\r\n")}[form]  # fmt: skip
    assert all(text in out for text in wanted), out
    assert "25" in company.run("customers", "show", "1").out.split()


def test_a_second_default_line_that_only_the_erp_knows_is_a_finding_of_the_plan(company: Company) -> None:
    """It ends when that line is declared as no default one, deleted, or meant."""
    company.store.seed(1, 1, start=1)
    line = {"id": f"{1:032}", "mandateId": "OLD", "iban": "NL91ABNA0417164300", "isDefault": True}
    company.store.edit("1", {"directDebitLines": [line]})
    new = "{mandateId: NEW, iban: NL91ABNA0417164300, isDefault: true}"
    company.declare(f'number: "1"\ndirectDebitLines: [{new}]\n', "a.yaml")
    (problem,) = company.plan()["diagnostics"]
    assert (problem["code"], problem["severity"], problem["source"]["line"]) == ("P538", "warning", 2)
    assert "directDebitLines.NEW.isDefault is to be true beside directDebitLines.OLD.isDefault" in problem["summary"]
    for text in (
        f"directDebitLines: [{new}, {{mandateId: OLD, isDefault: false}}]",
        f"directDebitLines: {{complete: true, lines: [{new}]}}",
        f"directDebitLines: [{new}]\nlifecycle: {{as_typed: [directDebitLines.NEW.isDefault]}}",
    ):
        company.declare(f'number: "1"\n{text}\n', "a.yaml")
        assert company.plan()["diagnostics"] == [], text


@pytest.mark.parametrize("member", ["consolidateInvoices", "internalId", "lastModifiedDateTime"])
def test_a_member_that_only_the_erp_sets_is_read_only_not_unknown(company: Company, member: str) -> None:
    company.declare(f'number: "1"\n{member}: 1\n', "a.yaml")
    ended = company.run("validate")
    assert ended.code == 3
    assert f"customers/a.yaml:2:1: D301 {member} is read-only: only the ERP sets it" in ended.out
    assert "unknown" not in ended.out
