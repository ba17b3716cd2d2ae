"""An export that leaves values out tells all of them in its report; the terminal gets the first ten and the count."""

from __future__ import annotations

import json

import pytest

from tests.acceptance.conftest import Company


@pytest.fixture
def leaving(company: Company) -> Company:
    """An ERP with twelve customers that each hold a value which no declaration can hold."""
    company.declare("".join(f'- {{ number: "{at}", name: N{at} }}\n' for at in range(1, 13)))
    assert company.apply().code == 0
    for at in range(1, 13):
        company.store.edit(str(at), {"accountReference": "a\x07b"})
    return company


def test_the_report_has_every_value_that_was_left_out(leaving: Company) -> None:
    """As a file, with number, path and reason; the terminal stays short and says where the rest is."""
    ended = leaving.run("export", "-o", "out", "--report", "json=left.json")
    assert ended.code == 0, ended.err
    report = json.loads((leaving.folder / "left.json").read_text(encoding="utf-8"))
    assert (report["format"], report["customers"]) == ("reconciler/export", 12)
    assert {row["number"] for row in report["left_out"]} == {str(at) for at in range(1, 13)}
    assert {(row["path"], row["reason"]) for row in report["left_out"]} == {
        ("accountReference", "it has a control character")
    }
    assert ended.err.count("accountReference is not in its declaration") == 10
    assert "2 more values could not be declared; the report has all." in ended.err


def test_json_on_standard_output_has_them_too(leaving: Company) -> None:
    """For scripts."""
    ended = leaving.run("export", "-o", "out", "--format", "json")
    assert (ended.code, len(ended.json["left_out"])) == (0, 12)


def test_without_a_report_the_terminal_says_how_to_get_one(leaving: Company) -> None:
    """And how many more there are."""
    ended = leaving.run("export", "-o", "out")
    assert "2 more values could not be declared; --report json=PATH writes all of them to a file." in ended.err


@pytest.mark.parametrize("option", [("--format", "html"), ("--report", "markdown=left.md")])
def test_other_formats_are_refused_before_anything_is_read(leaving: Company, option: tuple[str, str]) -> None:
    """An export is no report for people."""
    ended = leaving.run("export", "-o", "out", *option)
    assert (ended.code, (leaving.folder / "out").exists()) == (64, False)
