"""apply --write-numbers: what the ERP numbered is pinned in the YAML, and nothing else changes."""

from __future__ import annotations

import pytest

from tests.acceptance.conftest import Company

TEXT = """\
# Two new shops
customers:
  # the first
  - ref: shop-a        # ours
    name: Shop A
    corporateId: 111111111
  - {ref: shop-b, name: Shop B, corporateId: 222222222}
  # the end
"""


@pytest.fixture(autouse=True)
def _the_erp_numbers(company: Company) -> None:
    company.sandbox.switch(numbering="automatic")


def numbers(company: Company) -> dict[str, str]:
    """Name to number of what the ERP has."""
    return {company.store.customer(number)["name"]: number for number in company.store.numbers()}


def test_created_customers_get_their_number_beside_their_ref(company: Company) -> None:
    path = company.declare(TEXT)
    ended = company.run("apply", "--auto-approve", "--write-numbers")
    assert ended.code == 0, ended.err
    assert "Wrote 2 numbers into customers/all.yaml." in ended.err
    found = numbers(company)
    assert path.read_text() == TEXT.replace("- ref: shop-a", f'- number: "{found["Shop A"]}"\n    ref: shop-a').replace(
        "{ref: shop-b", f'{{number: "{found["Shop B"]}", ref: shop-b'
    )
    assert company.undone() == {}
    assert company.run("validate").code == 0


def test_without_the_option_no_file_changes(company: Company) -> None:
    path = company.declare(TEXT)
    assert company.apply().code == 0
    assert path.read_text() == TEXT


def test_a_customer_found_by_match_and_updated_is_pinned_too(company: Company) -> None:
    company.store.seed(1, 1, start=5)
    company.store.edit("5", {"corporateId": "918273645"})
    path = company.declare("ref: old\ncorporateId: 918273645\nname: Renamed\n")
    assert company.run("apply", "--auto-approve", "--write-numbers").code == 0
    assert path.read_text() == 'number: "5"\nref: old\ncorporateId: 918273645\nname: Renamed\n'
    assert company.undone() == {}


def test_a_saved_plan_finds_the_place_even_when_lines_have_moved(company: Company) -> None:
    company.declare(TEXT)
    assert company.run("plan", "-o", "plan.json").code == 0
    path = company.declare("# a new line\n\n" + TEXT)
    ended = company.run("apply", "plan.json", "--write-numbers", "--format", "json")
    assert ended.code == 0, ended.err
    assert ended.json
    assert f'- number: "{numbers(company)["Shop A"]}"\n    ref: shop-a        # ours\n' in path.read_text()


def test_what_cannot_be_found_any_more_is_a_warning_and_never_a_guess(company: Company) -> None:
    company.declare(TEXT)
    assert company.run("plan", "-o", "plan.json").code == 0
    text = TEXT.replace("shop-a ", "shop-x ").replace("{ref: shop-b", "{number: 99, ref: shop-b")
    path = company.declare(text)
    ended = company.run("apply", "plan.json", "--write-numbers")
    assert ended.code == 0
    assert "A601" in ended.err
    assert 'ref "shop-a"' in ended.err
    assert 'it has the number "99"' in ended.err
    assert path.read_text() == text


@pytest.mark.parametrize("text", [None, "ref: [\n"])
def test_a_missing_or_broken_file_is_a_warning(company: Company, text: str | None) -> None:
    path = company.declare(TEXT)
    assert company.run("plan", "-o", "plan.json").code == 0
    path.unlink()
    if text is not None:
        path.write_text(text)
    ended = company.run("apply", "plan.json", "--write-numbers")
    assert ended.code == 0
    assert ended.err.count("customers/all.yaml:1:1: A601") == 2
    assert text is None or path.read_text() == text


def test_a_plan_cannot_name_a_file_that_is_no_declaration(company: Company) -> None:
    company.declare(TEXT)
    assert company.run("plan", "-o", "plan.json").code == 0
    other = company.folder / "other.yaml"
    other.write_text(TEXT)
    settings = company.folder / "reconciler.yaml"
    settings.write_text(settings.read_text().replace("customers/**/*.yaml", "other/*.yaml"))
    ended = company.run("apply", "plan.json", "--write-numbers")
    assert ended.code == 0
    assert "the settings name no such file" in ended.err
    assert other.read_text() == TEXT


def test_only_what_succeeded_is_written(company: Company) -> None:
    text = TEXT.replace("corporateId: 222222222", "corporateId: 222222222, customerClassId: NOSUCH")
    path = company.declare(text)
    ended = company.run("apply", "--auto-approve", "--write-numbers")
    assert ended.code == 5
    assert "- {ref: shop-b" in path.read_text()
    assert f'number: "{numbers(company)["Shop A"]}"' in path.read_text()


def test_crlf_and_the_end_of_the_file_stay(company: Company) -> None:
    path = company.declare("")
    path.write_bytes(b"---\r\nname: A\r\n# r\r\nref: a\r\ngln: x\r\nmatch: [gln]")
    ended = company.run("apply", "--auto-approve", "--write-numbers")
    assert ended.code == 0, ended.err
    number = numbers(company)["A"]
    assert path.read_bytes() == (
        f'---\r\nnumber: "{number}"\r\nname: A\r\n# r\r\nref: a\r\ngln: x\r\nmatch: [gln]'.encode()
    )
