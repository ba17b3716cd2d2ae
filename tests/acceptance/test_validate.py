"""validate: every problem in one run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.conftest import Company


def told(company: Company, *arguments: str) -> list[tuple[str, int, str]]:
    ended = company.run("validate", "--format", "json", *arguments)
    assert ended.code == 3, ended.err
    return [(each["source"]["file"], each["source"]["line"], each["code"]) for each in ended.json["diagnostics"]]


def test_problems_of_the_settings_do_not_hide_those_of_the_declarations(company: Company) -> None:
    company.settings("ignore: [mainContact.fux]\nguards: {updates: many}\nextra: 1")
    company.declare("number: 1\nnaem: A\n")
    assert told(company) == [
        ("reconciler.yaml", 5, "S117"),
        ("reconciler.yaml", 6, "S118"),
        ("reconciler.yaml", 7, "S101"),
        ("customers/all.yaml", 2, "D301"),
    ]
    assert company.run("plan").code == 3


@pytest.mark.parametrize("more", ["defaults: 1", "default_environment: none"])
def test_settings_that_do_not_tell_what_is_declared_are_reported_alone(company: Company, more: str) -> None:
    company.settings(more)
    company.declare("number: 1\nnaem: A\n")
    ended = company.run("validate")
    assert ended.code == 3
    assert "reconciler.yaml:5" in ended.err
    assert "D301" not in ended.out + ended.err


def test_a_folder_with_a_link_out_of_the_project_is_refused(company: Company, tmp_path: Path) -> None:
    (tmp_path / "secret.yaml").write_text("number: 1\npassword: x\n")
    company.declare("{number: 1, name: A}").with_name("linked.yaml").symlink_to(tmp_path / "secret.yaml")
    for arguments in ((), (str(company.folder / "customers"),), (str(company.folder),)):
        assert ("customers/linked.yaml", 1, "S123") in told(company, *arguments)
    assert "password" not in company.run("validate").out


def test_a_targeted_plan_needs_all_declarations_to_be_valid(company: Company) -> None:
    company.declare("[{number: 1, name: A}, {number: 2, naem: B}]")
    ended = company.run("plan", "--target", "1")
    assert ended.code == 3
    assert "naem" in ended.out + ended.err


@pytest.mark.parametrize(
    ("text", "remedies"),
    [
        (
            "number: 2\n<<<<<<< HEAD\nname: A\n=======\nname: B\n>>>>>>> x\n",
            ("all.yaml:2:1: Y201 a merge that is not resolved", "remove the lines that git put in"),
        ),
        ("number: 1\nname\nstatus: Active\n", ("Add the colon, or check the indentation",)),
        ("{number: 1, mainAddress: {countryId: Norway}}", ("Write the two-letter code, such as NO.",)),
        ("{number: 1, salesPersons: {salesPersonID: 1}}", ("Start each line with '- '.",)),
    ],
)
def test_a_remedy_says_what_the_writer_can_do(company: Company, text: str, remedies: tuple[str, ...]) -> None:
    company.declare(text)
    ended = company.run("validate")
    assert ended.code == 3
    for each in remedies:
        assert each in ended.out
