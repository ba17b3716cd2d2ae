"""What a hostile or merely odd surrounding does to a run: one clear message, or nothing at all."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.cli.shell.application import hoisted
from tests.acceptance.conftest import Company

THREE = "[{number: 1, name: Ærlig}, {number: 2, name: B}, {number: 3, name: C}]"


def _process(company: Company, *arguments: str, shell: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own; `shell` is put behind it, for redirections."""
    words = " ".join([f"'{sys.executable}'", "-m", "reconciler", *arguments, shell])
    return subprocess.run(
        ["bash", "-c", words],
        cwd=company.folder,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        errors="replace",
    )


@pytest.mark.parametrize(
    ("shell", "environ"),
    [
        ("", {"PYTHONIOENCODING": "ascii"}),
        (">/dev/full", {}),
        (">/dev/full", {"PYTHONUNBUFFERED": "1"}),
        (">&-", {}),
        ("<&-", {}),
        ("", {"COLUMNS": "99999999999999999999"}),
        ("", {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}),
    ],
)
def test_an_output_that_fails_stops_no_apply_and_makes_no_traceback(
    company: Company, shell: str, environ: dict[str, str]
) -> None:
    company.declare(THREE)
    company.run("plan", "-o", "plan.json")
    ended = _process(company, "apply", "plan.json", shell=shell, **environ)
    assert company.store.numbers() == ["1", "2", "3"]
    assert "Traceback" not in ended.stderr
    assert "Internal error" not in ended.stderr
    (run,) = company.run("runs", "list", "--format", "json").json["runs"]
    assert (run["status"], run["outcomes"]) == ("done", {"done": 3})


def test_global_options_may_stand_anywhere() -> None:
    assert hoisted(["plan", "--env", "a", "-o", "x"]) == ["--env", "a", "plan", "-o", "x"]
    assert hoisted(["plan", "--", "--env"]) == ["plan", "--", "--env"]
    assert hoisted(["plan", "--quiet", "--chdir=x"]) == ["--quiet", "--chdir=x", "plan"]


def test_a_number_that_the_erp_does_not_take_is_told_and_never_doubled(company: Company) -> None:
    company.sandbox.switch(numbering="automatic")
    company.declare(THREE)
    ended = company.apply()
    assert ended.code == 5
    assert "the ERP numbered it" in ended.out
    before = company.store.count()
    for _ in range(2):
        company.apply()
    assert company.store.count() <= max(before, 3)
    names = [customer["name"] for customer in company.store.customers()]
    assert len(names) == len(set(names))


def test_a_saved_plan_is_not_applied_twice(company: Company) -> None:
    company.sandbox.switch(numbering="automatic")
    company.declare("{ref: a, name: A, corporateId: 9}")
    company.run("plan", "-o", "plan.json")
    assert company.run("apply", "plan.json").code == 0
    assert company.run("apply", "plan.json").code == 4
    assert company.run("state", "clear", "--auto-approve").code == 0
    company.run("apply", "plan.json")
    assert company.store.count() == 1


def test_a_customer_that_was_renumbered_in_the_erp_is_not_created_again(company: Company) -> None:
    company.declare("{number: 1, name: A}")
    assert company.apply().code == 0
    company.store.renumber("1", "77")
    ended = company.apply()
    assert ended.code == 3
    assert "I413" in ended.out
    assert 'Declare number: "77"' in ended.out
    assert company.store.numbers() == ["77"]


def test_a_tenant_that_an_environment_names_is_not_overruled(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    company.settings("environments: {test: {api: {tenant_id: other}}}")
    company.declare(THREE)
    monkeypatch.setenv("VISMA_TENANT_ID", "sandbox")
    ended = company.run("plan", "--env", "test")
    assert ended.code == 3
    assert "S122" in ended.err
    assert company.run("plan").code == 0


def test_files_with_the_other_ending_are_not_passed_over_in_silence(company: Company) -> None:
    company.declare(THREE)
    company.declare("{number: 9, name: X}", "forgotten.yml")
    ended = company.run("validate")
    assert ended.code == 0
    assert "S121" in ended.out
    assert "forgotten.yml" in ended.out


def test_a_policy_refuses_even_with_force_and_shows_the_plan(company: Company) -> None:
    company.settings(
        "guards: {policies: [{name: credit, message: at most half more, schema: {properties: {fields: {properties:"
        " {creditLimit: {properties: {ratio: {maximum: 1.5}}}}}}}}]}"
    )
    company.store.seed(2, 1, start=1)
    company.store.edit("1", {"creditLimit": 100})
    company.declare("{number: 1, creditLimit: 151}")
    ended = company.run("apply", "--auto-approve", "--force")
    assert ended.code == 4
    assert "at most half more" in ended.out
    company.declare("{number: 1, creditLimit: 150}")
    assert company.apply().code == 0


def test_a_volume_guard_refuses_until_it_is_forced(company: Company) -> None:
    company.store.seed(10, 1, start=1)
    company.declare("[" + ",".join(f"{{number: {n}, gln: x}}" for n in range(1, 11)) + "]")
    assert company.run("plan", "-o", "plan.json").code == 4
    assert company.run("apply", "plan.json").code == 4
    assert company.bodies() == []
    assert company.run("apply", "plan.json", "--force").code == 0
    assert len(company.bodies()) == 10


def test_removed_customers_go_to_inactive_when_the_settings_say_so(company: Company) -> None:
    company.settings("on_removed: deactivate")
    company.declare(THREE)
    assert company.apply().code == 0
    company.declare(THREE.replace(", {number: 3, name: C}", ""))
    assert company.apply().code == 0
    assert company.store.customer("3")["status"] == "Inactive"
    assert company.undone() == {}


def test_the_sandbox_is_not_seeded_from_a_negative_number(company: Company) -> None:
    ended = company.run("sandbox", "seed", "--start", "-3", "--count", "2")
    assert ended.code == 64
    assert "--start" in ended.err
    with pytest.raises(ValueError, match="negative"):
        company.store.seed(2, 1, start=-3)
    assert company.store.numbers() == []


def test_json_on_standard_output_steers_neither_a_terminal_nor_a_ci_server(company: Company) -> None:
    """And means the same: a saved plan still has its digest, and its values arrive as declared."""
    name = "##vso[task.complete]##[error]\u202e\u200b\u2028x"
    company.declare(json.dumps([{"number": "1", "name": name, "lifecycle": {"as_typed": ["name"]}}]))
    planned = company.run("plan", "-o", "plan.json", "--format", "json")
    ended = [planned, company.run("apply", "plan.json", "--format", "json")]
    ended += [company.run(*words, "--format", "json") for words in (("customers", "list"), ("customers", "show", "1"))]
    company.store.edit("1", {"name": name + "!"})
    ended += [company.run(*words, "--format", "json") for words in (("drift",), ("runs", "list"), ("state", "show"))]
    for each in ended:
        assert each.code == 0, each.err
        assert each.out.replace("\n", "").isprintable(), each.out
        assert "##[" not in each.out
        assert "##vso[" not in each.out
        each.json  # noqa: B018 - it must be JSON
    assert company.bodies()[0]["name"]["value"] == name
    assert planned.json["actions"][0]["name"] == name


COMMANDS = "::add-mask::A", "##vso[task.complete result=Failed]", "##[error]x", "section_start:1:x"
OBEYED = re.compile(r"^\s*::|##(?:vso)?\[|[\r\x1b]", re.MULTILINE | re.IGNORECASE)


@pytest.mark.parametrize("variable", ["CI", "TF_BUILD"])
@pytest.mark.parametrize("command", ["fmt --diff", "accept --dry-run"])
def test_a_diff_in_the_log_of_a_ci_server_holds_no_command_and_in_a_file_it_is_exact(
    company: Company, command: str, variable: str
) -> None:
    """What stands in a declaration must not steer the job that shows it."""
    remarks = "".join(f"# {text}\n" for text in COMMANDS)
    path = company.declare(f'{remarks}number: 1\nname: "A"\nnote: |\n  {COMMANDS[0]}\n  {COMMANDS[1]}\n')
    applied = company.apply()
    assert applied.code == 0, applied.err
    company.store.edit("1", {"name": "B"})
    logged = _process(company, command, **{variable: "true"})
    assert f"# {COMMANDS[3]}" in logged.stdout if command.startswith("fmt") else "+name: " in logged.stdout
    assert not OBEYED.search(logged.stdout)
    filed = _process(company, command, shell="> diff.patch && git apply diff.patch", **{variable: "true"})
    assert filed.returncode == 0, filed.stderr
    assert f"  {COMMANDS[0]}\n  {COMMANDS[1]}\n" in path.read_text(encoding="utf-8")
