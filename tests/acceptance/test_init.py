"""`init` makes a project that works at once."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml

from reconciler.cli.shell.application import run
from reconciler.config.settings import load_settings
from tests.acceptance.conftest import Company


@pytest.mark.parametrize("words", [[], ["--ci", "github"], ["--ci", "bitbucket"]], ids=" ".join)
def test_the_sample_customer_is_a_comment_so_that_nothing_creates_it(
    tmp_path: Path, words: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    """Its number may be a customer's. Without the comment signs it is valid, canonical and applies on the sandbox."""
    folder = tmp_path / "shop"
    assert run(["init", str(folder), "--company", 'A: "B" #c', *words]) == 0
    assert "declare a customer in customers/sample.yaml, which is only a comment" in capfd.readouterr().err
    for path in folder.rglob("*.y*ml"):
        list(yaml.safe_load_all(path.read_text(encoding="utf-8")))
    at = ["--chdir", str(folder)]
    assert run([*at, "validate"]) == 3
    assert "S120 there is no declaration at all" in capfd.readouterr().out
    assert run([*at, "--env", "sandbox", "apply", "--auto-approve"]) == 3
    uncomment(folder)
    assert run([*at, "validate"]) == 0
    assert run([*at, "fmt", "--check"]) == 0
    assert run([*at, "--env", "sandbox", "apply", "--auto-approve"]) == 0
    assert run([*at, "--env", "sandbox", "plan", "--detailed-exitcode"]) == 0


def uncomment(folder: Path) -> None:
    """Declare the sample customer of a new project."""
    sample = folder / "customers" / "sample.yaml"
    first, second, *rest = sample.read_text(encoding="utf-8").splitlines()
    lines = [first, second, *(line.removeprefix("# ") for line in rest), ""]
    sample.write_text("\n".join(lines), encoding="utf-8")


@pytest.mark.parametrize(
    ("ci", "names"),
    [
        ("github", ("erp-read", "erp-write", "erp-approve")),
        ("gitlab", ("erp-read", "erp-write")),
        ("azure", ("erp-read", "erp-write")),
        ("bitbucket", ("erp-write",)),
    ],
)
def test_init_names_the_environments_and_secrets_that_the_pipelines_need(
    tmp_path: Path, ci: str, names: tuple[str, ...], capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(["init", str(tmp_path), "--ci", ci]) == 0
    told = capfd.readouterr().err
    for each in (*names, "VISMA_CLIENT_ID", "VISMA_CLIENT_SECRET", "VISMA_TENANT_ID", "explain ci"):
        assert each in told.split("Before you merge", 1)[1]


def test_git_add_takes_no_plan_report_or_state_along(tmp_path: Path) -> None:
    assert run(["init", str(tmp_path)]) == 0
    personal = ["plan.json", "plan.md", "plan.html", "drift.json", "run.html", "undo.json", "reports/a.csv"]
    for name in (*personal, ".reconciler/state.db", "drift-mutes.yaml", "customers/plan.yaml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    for command in (["init", "-q"], ["add", "."]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    listed = subprocess.run(["git", "ls-files"], cwd=tmp_path, check=True, capture_output=True, text=True).stdout
    added = set(listed.splitlines())
    assert added.isdisjoint(personal)
    assert not any(each.startswith(".reconciler/") for each in added)
    assert {"drift-mutes.yaml", "customers/plan.yaml", "reconciler.yaml"} <= added


def test_init_never_overwrites(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("mine\n")
    assert run(["init", str(tmp_path)]) == 0
    assert (tmp_path / ".gitignore").read_text() == "mine\n"
    assert run(["init", str(tmp_path)]) == 64


def test_an_export_that_failed_can_be_had_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Without credentials there is a project and no customer; who tries again is led to the command that goes on."""
    monkeypatch.chdir(tmp_path)
    assert run(["init", "shop", "--tenant", "x", "--from-live"]) == 3
    again = "reconciler --chdir shop export"
    assert capfd.readouterr().err.rstrip().endswith(again)
    monkeypatch.chdir(tmp_path)
    assert run(["init", "shop", "--from-live"]) == 64
    assert f"Export into it with: {again}" in capfd.readouterr().err


def test_init_from_live_exports_the_customers_into_a_project_that_plans_empty(
    company: Company, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    company.store.seed(30, 1)
    monkeypatch.setenv("VISMA_BASE_URL", company.sandbox.base_url)
    monkeypatch.setenv("VISMA_TOKEN_URL", company.sandbox.token_url)
    folder = tmp_path / "adopted"
    assert run(["init", str(folder), "--tenant", "sandbox", "--from-live"]) == 0
    assert f"Next: reconciler --chdir {folder} plan, which has no changes yet." in capfd.readouterr().err
    assert len(list((folder / "customers").glob("*.yaml"))) == 30
    assert run(["--chdir", str(folder), "plan", "--detailed-exitcode"]) == 0


@pytest.mark.parametrize("label", ["${env:HOME} AS", "$${x", "a $$${ b", "\u00a0Ærlig 👩‍💻", "'\"\\", "x" * 500])
def test_the_company_is_written_as_it_was_given(tmp_path: Path, label: str) -> None:
    assert run(["init", str(tmp_path / "shop"), "--company", label, "--tenant", "${a"]) == 0
    settings = load_settings(tmp_path / "shop/reconciler.yaml", environment=None, environ={})
    assert (settings.company, settings.api.tenant_id) == (label, "${a")


@pytest.mark.parametrize("label", ["a\x1b[31m", "\x7f", "\x85", "a\nb", "\u2028", "\udcff", "\ufffe"])
def test_a_company_that_no_file_can_hold_is_refused_and_nothing_is_written(
    tmp_path: Path, label: str, capfd: pytest.CaptureFixture[str]
) -> None:
    for option in ("--company", "--tenant"):
        assert run(["init", str(tmp_path / "shop"), option, label]) == 64
        assert f"{option} holds the control character U+{ord(label.strip('ab[31m')[0]):04X}" in capfd.readouterr().err
    assert not (tmp_path / "shop").exists()
