"""`import reconciler`: the public face is a list, and nothing heavy comes with it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

import reconciler
from reconciler.cli.shell.application import run
from reconciler.cli.shell.command_list import SUMMARIES

HEAVY = ("httpx", "deepdiff", "jsonschema", "starlette", "uvicorn", "yaml", "msgspec", "typer", "rich")


def test_the_public_names_are_these_and_no_others() -> None:
    assert reconciler.__all__ == [
        "Acceptance", "Action", "Cause", "Change", "Declined", "Diagnostic", "Drift", "ErpError", "ExportOptions",
        "Exported", "Filters", "ImportOptions", "Imported", "InvalidInput", "Letter", "Listener", "Live", "Locked",
        "NotFound", "Outcome", "PastRun", "Plan", "Project", "ReconcilerError", "Refused", "Rejected", "Result",
        "Run", "Settings", "Severity", "Source", "StateError", "Target", "Validation", "Verb", "WrongUsage",
        "__version__", "dumps", "load_plan", "loads", "render", "save_plan",
    ]  # fmt: skip


def test_no_public_name_has_the_means_to_send_a_request() -> None:
    """Whoever has the ERP's port could write past every check."""
    for name in reconciler.__all__:
        assert not {"send", "act", "erp", "store"} & set(dir(getattr(reconciler, name))), name


def test_the_methods_of_a_project_are_these_and_no_others() -> None:
    assert [name for name in dir(reconciler.Project) if not name.startswith("_")] == [
        "accept", "apply", "attribute_ids", "check", "clear_state", "close", "copy_state", "customer", "customers",
        "drift", "dunning_letter", "export", "fmt", "import_sheet", "line_authors", "lock_timeout", "mute", "open",
        "place", "plan", "record_drift", "rekey_state", "resume", "run", "runs", "settings", "state", "undo",
        "undo_plan", "unlock", "validate", "write_numbers",
    ]  # fmt: skip


@pytest.mark.parametrize("name", reconciler.__all__)
def test_every_public_name_is_there_and_documented(name: str) -> None:
    found = getattr(reconciler, name)
    assert name == "__version__" or found.__doc__


def _modules_after(code: str) -> set[str]:
    script = f"import sys\nsys.argv = ['reconciler', '--version']\n{code}\nprint('\\n'.join(sys.modules))"
    environ = {name: value for name, value in os.environ.items() if not name.startswith("COV")}  # it loads much itself
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environ)
    return set(done.stdout.splitlines())


@pytest.mark.parametrize("code", ["import reconciler", "from reconciler.__main__ import main\nmain()"])
def test_version_and_import_load_nothing_heavy(code: str) -> None:
    assert not _modules_after(code) & set(HEAVY)


def test_help_does_not_load_what_it_does_not_show() -> None:
    code = "from reconciler.cli.shell.application import run\nassert run(['--help']) == 0"
    assert not _modules_after(code) & {*HEAVY, "rich", "sqlite3", "logging", "reconciler.cli.commands.plan"} - {"typer"}


def test_every_command_of_the_help_is_there_under_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    help_text = " ".join(capsys.readouterr().out.split())
    for name, summary in SUMMARIES.items():
        assert f" {name} {summary}" in help_text
        assert run([name, "--help"]) == 0
        assert capsys.readouterr().out.startswith(f"Usage: reconciler {name} ")


@pytest.mark.parametrize("words", ["--version", "--env x --version", "--version plan", "plan --version"])
def test_version_is_told_wherever_it_is_asked(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(words.split()) == 0
    assert capsys.readouterr().out == f"reconciler {reconciler.__version__}\n"
