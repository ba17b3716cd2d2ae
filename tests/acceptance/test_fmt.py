"""fmt: declarations in canonical form, whole files or none."""

from __future__ import annotations

import stat
import subprocess
from pathlib import Path

from tests.acceptance.conftest import Company

UGLY = "name: A   # the name\n# the number\nnumber: 0101\nmainAddress: {countryId: NO, city: X}\n"
CANONICAL = '# the number\nnumber: "0101"\nname: A   # the name\nmainAddress: {city: X, countryId: "NO"}\n'


def test_fmt_writes_what_the_settings_name_and_lists_what_changed(company: Company) -> None:
    ugly = company.declare(UGLY, "b.yaml")
    fine = company.declare(CANONICAL.replace("0101", "1"), "a.yaml")
    inode = fine.stat().st_ino
    ugly.chmod(0o600)
    ended = company.run("fmt")
    assert (ended.code, ended.out) == (0, "customers/b.yaml\n")
    assert "1 file formatted, 1 left as they are." in ended.err
    assert ugly.read_text() == CANONICAL
    assert stat.S_IMODE(ugly.stat().st_mode) == 0o600
    assert fine.stat().st_ino == inode
    again = company.run("fmt")
    assert (again.code, again.out) == (0, "")


def test_check_writes_nothing_and_exits_1_when_something_would_change(company: Company) -> None:
    path = company.declare(UGLY)
    ended = company.run("fmt", "--check")
    assert (ended.code, ended.out) == (1, "customers/all.yaml\n")
    assert path.read_text() == UGLY
    company.run("fmt")
    assert company.run("fmt", "--check").code == 0


def test_diff_writes_nothing_and_shows_what_git_can_apply(company: Company) -> None:
    path = company.declare(UGLY)
    ended = company.run("fmt", "--diff")
    assert ended.code == 0
    assert path.read_text() == UGLY
    subprocess.run(["git", "apply", "-"], input=ended.out.encode(), cwd=company.folder, check=True)
    assert path.read_text() == CANONICAL
    assert company.run("fmt", "--diff", "--check").code == 0


def test_a_diff_of_a_file_without_last_line_break_applies_too(company: Company) -> None:
    path = company.declare("name: A\r\nnumber: 7")
    ended = company.run("fmt", "--diff", "--check")
    assert ended.code == 1
    subprocess.run(["git", "apply", "-"], input=ended.out.encode(), cwd=company.folder, check=True)
    assert path.read_bytes() == b'number: "7"\r\nname: A'


def test_a_diff_of_a_file_that_repeats_its_lines_is_short_and_applies(company: Company) -> None:
    """Thousands of equal lines; what is compared with each of them takes its square of time."""
    repeated = "# x\n" * 3000
    path = company.declare(f"number: 0101\n{repeated}name: A\n{repeated}mainContact: {{phone1: 0155}}\n")
    ended = company.run("fmt", "--diff")
    assert len(ended.out.splitlines()) < 30
    subprocess.run(["git", "apply", "-"], input=ended.out.encode(), cwd=company.folder, check=True)
    assert path.read_text() == f'number: "0101"\n{repeated}name: A\n{repeated}mainContact: {{phone1: "0155"}}\n'


def test_invalid_yaml_is_reported_and_no_file_is_touched(company: Company) -> None:
    good = company.declare(UGLY, "a.yaml")
    bad = company.declare("name: A\nname: B\nnumber: [\n", "b.yaml")
    ended = company.run("fmt")
    assert ended.code == 3
    assert "customers/b.yaml:2:1: Y202" in ended.err
    assert good.read_text() == UGLY
    assert bad.read_text() == "name: A\nname: B\nnumber: [\n"


def test_named_files_and_folders_need_no_settings(company: Company, tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    (folder / "deep" / ".hidden").mkdir(parents=True)
    for name in ("a.yaml", "deep/b.yml", "deep/.hidden/c.yaml", "d.txt"):
        (folder / name).write_text(UGLY)
    ended = company.run("--chdir", str(folder), "fmt", "a.yaml", "deep", "./a.yaml")
    assert ended.code == 0, ended.err
    assert ended.out == "a.yaml\ndeep/b.yml\n"
    assert [(folder / name).read_text() == CANONICAL for name in ("a.yaml", "deep/b.yml", "d.txt")] == [
        True,
        True,
        False,
    ]
    assert (folder / "deep" / ".hidden" / "c.yaml").read_text() == UGLY
    assert company.run("--chdir", str(folder), "fmt", "nowhere.yaml").code == 64


def test_settings_and_other_files_are_not_taken_for_declarations(company: Company) -> None:
    company.declare(UGLY)
    settings = company.folder / "reconciler.yaml"
    before = settings.read_bytes()
    assert company.run("fmt", "reconciler.yaml").code == 0
    assert settings.read_bytes() == before


def test_the_plan_is_the_same_before_and_after(company: Company) -> None:
    company.settings("defaults: {currencyId: NOK}")
    company.declare(
        "defaults: {creditTermsId: 10}\ncustomers:\n- name: A\n  number: 1\n  directDebitLines:\n"
        "  - iban: NO9386011117947\n    mandateId: 01\n- {name: B, number: NO, lifecycle: {prevent_update: true}}\n"
    )
    before = company.plan()
    assert company.run("fmt").code == 0
    after = company.plan()
    assert before["config"]["digest"] == after["config"]["digest"]
    assert [each["request"] for each in before["actions"]] == [each["request"] for each in after["actions"]]


def test_what_export_writes_is_canonical(company: Company) -> None:
    company.store.seed(50, 7, start=1)
    assert company.run("export", "-o", "customers").code == 0
    ended = company.run("fmt", "--check")
    assert (ended.code, ended.out) == (0, "")
