"""What the README and the pages on declarations and on the command line say is what there is."""

from __future__ import annotations

import re
from pathlib import Path

from reconciler.exit_codes import Exit
from reconciler.reports.formats import FORMATS
from tests.docs.naming import page
from tests.docs.tour import ROOT, run_quietly

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_readme_is_short() -> None:
    assert len(README) <= 9_000


def test_the_readme_has_a_command_that_plays_the_demo_and_one_that_runs_the_tests() -> None:
    demo, suite = re.findall(r"(?m)^python3 .+$", README)
    assert demo.endswith("/reconciler demo")
    assert "/pytest " in suite


def test_the_readme_and_the_command_line_page_have_every_command() -> None:
    commands = re.findall(r"(?m)^  ([a-z-]+) {2,}\S", run_quietly("--help").partition("Commands:")[2])
    assert commands
    for text in (README, page("cli.md")):
        table = text.partition("## Commands\n\n")[2].partition("\n\n")[0]
        listed = re.findall(r"`([a-z-]+)[` ]", " ".join(row.split("|")[1] for row in table.splitlines()))
        assert sorted(listed) == sorted(commands)


def test_the_command_line_page_has_every_global_option() -> None:
    options = re.findall(r"(?m)^  (?:-\w, )?(--[a-z-]+)", run_quietly("--help").partition("Commands:")[0])
    listed = page("cli.md").partition("## Global options\n")[2].partition("\n## ")[0]
    assert sorted(options) == sorted(re.findall(r"`(--[a-z-]+)[` ]", listed))


def test_the_command_line_page_has_every_exit_code() -> None:
    listed = page("cli.md").partition("## Exit codes\n")[2]
    codes = re.findall(r"\d+", " ".join(re.findall(r"(?m)^\| ([\d, ]+) \|", listed)))
    assert [int(code) for code in codes] == [code.value for code in Exit]


def test_the_page_on_reports_has_every_format() -> None:
    assert re.findall(r"(?m)^\| `([a-z-]+)` \|", page("reports.md")) == list(FORMATS)


def test_the_declarations_that_their_page_shows_are_valid(tmp_path: Path) -> None:
    examples = re.findall(r"(?s)```yaml\n(.+?)```", page("declarations.md"))
    run_quietly("--chdir", str(tmp_path), "init", ".", "--company", "Fjord Handel AS")
    for example in examples:
        (tmp_path / "customers" / "sample.yaml").write_text(example, encoding="utf-8")
        assert run_quietly("--chdir", str(tmp_path), "validate") == "Valid: 2 declarations.\n"


def test_every_module_that_the_architecture_names_with_its_room_is_there() -> None:
    rooms = [folder.name for folder in (ROOT / "reconciler").iterdir() if folder.is_dir()]
    named = re.findall(rf"`(?:reconciler/)?((?:{'|'.join(rooms)})/[a-z_/]+\.py)`", page("architecture.md"))
    assert len(named) > 20
    assert [name for name in named if not (ROOT / "reconciler" / name).is_file()] == []


def test_every_decision_is_in_the_list_of_decisions() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = re.findall(r"\]\((\d{4}-[a-z0-9-]+\.md)\)", (folder / "README.md").read_text(encoding="utf-8"))
    assert listed == sorted(file.name for file in folder.glob("[0-9]*.md"))
    for name in listed:
        headings = re.findall(r"(?m)^## (.+)$", (folder / name).read_text(encoding="utf-8"))
        assert headings == ["Context", "Decision", "Alternatives that lost", "Consequences"], name


def test_a_decision_that_the_code_cites_exists() -> None:
    """Comments cite decisions as (docs/decisions/NUMBER)."""
    numbers = {file.name[:4] for file in (ROOT / "docs" / "decisions").glob("[0-9]*.md")}
    files = [file for folder in ("reconciler", "tests", "benchmarks") for file in (ROOT / folder).rglob("*.py")]
    cited = {number for file in files for number in re.findall(r"docs/decisions/(\d{4})", _text(file))}
    assert cited <= numbers


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8")
