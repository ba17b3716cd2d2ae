"""`fleet.yaml`: which companies it means, and what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.config.fleet import find_fleet, load_fleet
from reconciler.config.settings import load_settings
from reconciler.core.errors import InvalidInput


def fleet(root: Path, text: str, *folders: str) -> Path:
    for folder in folders:
        (root / folder).mkdir(parents=True, exist_ok=True)
        (root / folder / "reconciler.yaml").write_text("version: 1\nguards: {creates: 5}\n")
    (root / "fleet.yaml").write_text(text)
    return root / "fleet.yaml"


def codes(path: Path) -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        load_fleet(path)
    return [problem.code for problem in caught.value.diagnostics]


def test_globs_folders_and_mappings_name_companies(tmp_path: Path) -> None:
    text = """\
version: 1
companies:
  - companies/*
  - {folder: companies/b, name: bee, environment: test, labels: {region: north}}
  - groups/fjord/
"""
    (tmp_path / "companies" / "no-settings").mkdir(parents=True)
    found = load_fleet(fleet(tmp_path, text, "companies/a", "companies/b", "groups/fjord"))
    assert [(company.name, company.folder) for company in found.companies] == [
        ("a", "companies/a"),
        ("bee", "companies/b"),
        ("fjord", "groups/fjord"),
    ]
    bee = found.companies[1]
    assert (bee.environment, bee.labels) == ("test", {"region": "north"})
    assert find_fleet(tmp_path / "companies" / "a") == tmp_path / "fleet.yaml"


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ("companies: [nothing/*]", "S131"),
        ("companies: [../other]", "S131"),
        ("companies: [/etc]", "S131"),
        ("companies: []", "S105"),
        ("companies: [a, {folder: b, name: A}]", "S132"),
        ("companies: [{name: a}]", "S107"),
        ("companies: [a]\nnonsense: 1", "S101"),
        ("companies: [a]\nguards: {nonsense: 1}", "S101"),
        ("companies: [a]\ndefaults: 1", "S102"),
        ("{", "Y201"),
        ("- a", "Y201"),
    ],
)
def test_what_is_wrong_with_the_file_is_told_with_its_code(tmp_path: Path, members: str, code: str) -> None:
    assert code in codes(fleet(tmp_path, f"version: 1\n{members}\n", "a", "b"))


def test_a_link_that_leads_out_of_the_fleet_is_no_company(tmp_path: Path) -> None:
    path = fleet(tmp_path / "fleet", "version: 1\ncompanies: [companies/*]\n", "companies/a")
    fleet(tmp_path / "elsewhere", "version: 1\n", "b")
    (tmp_path / "fleet/companies/b").symlink_to(tmp_path / "elsewhere/b")
    assert codes(path) == ["S123"]


@pytest.mark.parametrize(
    "text",
    [
        "version: 1\ncompanies: [a]\nguards: {creates: 7, updates: 9}\n",
        "version: 1\nguards:\n  updates: 9\n\ncompanies: [{folder: a, name: secret-name}]\n",
        "{version: 1, companies: [{folder: a, labels: &l {x: y}}], guards: {updates: 9}}\n",
    ],
)
def test_what_is_shared_lies_under_a_company_s_own_settings(tmp_path: Path, text: str) -> None:
    found = load_fleet(fleet(tmp_path, text, "a"))
    settings = load_settings(tmp_path / "a/reconciler.yaml", environment=None, environ={}, shared=found.shared)
    assert (settings.guards.creates, settings.guards.updates) == (5, 9)


def test_a_company_is_not_told_of_the_others(tmp_path: Path) -> None:
    text = "version: 1\ncompanies:\n  - {folder: a, name: secret-name}\nguards: {updates: 9}\n"
    shared = load_fleet(fleet(tmp_path, text, "a")).shared
    assert shared is not None
    assert b"secret-name" not in shared.data
    assert shared.data.splitlines()[3] == b"guards: {updates: 9}"
