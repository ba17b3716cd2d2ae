"""`fleet init` makes a fleet of a list of tenants, with pipelines; and no command works on one tenant twice."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.cli.shell.application import run
from tests.acceptance.conftest import Ended
from tests.acceptance.fleet_folder import FleetFolder, fleet_folder
from tests.acceptance.test_ci_examples import _tool, _walk, hosts_of_jobs

LIST = "Name;Tenant;region\nFjord AS;t-1;north\nBjørn & Co;t-2;\n../../etc;t-3;south\n"
DEAD = "http://127.0.0.1:9"


@pytest.fixture
def fleet(tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[FleetFolder]:
    with fleet_folder(tmp_path, capfd, monkeypatch) as folder:
        yield folder


@pytest.fixture
def started(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Any:
    """Runs `fleet init` on a text, into the folder `new`."""

    def start(text: str, *words: str) -> Ended:
        (tmp_path / "list.csv").write_text(text, encoding="utf-8")
        code = run(["fleet", "init", str(tmp_path / "list.csv"), str(tmp_path / "new"), *words])
        captured = capfd.readouterr()
        return Ended(code, captured.out, captured.err)

    return start


def test_a_list_of_tenants_becomes_a_fleet_that_can_be_worked_on(started: Any, tmp_path: Path) -> None:
    """Each company has its tenant, and nothing is declared of any."""
    assert started(LIST).code == 0
    new = tmp_path / "new"
    names = sorted(path.name for path in (new / "companies").iterdir())
    assert names == ["Bjørn & Co", "Fjord AS", "etc-74ccf3c5b4c1"]
    assert {path.relative_to(new).parts[0] for path in tmp_path.rglob("reconciler.yaml")} == {"companies"}
    settings = yaml.safe_load((new / "companies/Fjord AS/reconciler.yaml").read_text(encoding="utf-8"))
    assert (settings["company"], settings["api"]["tenant_id"]) == ("Fjord AS", "t-1")
    assert not [path for path in new.rglob("*.yaml") if "number:" in path.read_text(encoding="utf-8")]
    for file in ("fleet.yaml", *(f"companies/{name}/reconciler.yaml" for name in names)):
        schema = (new / file).read_text(encoding="utf-8").splitlines()[0].partition("$schema=")[2]
        assert ((new / file).parent / schema).is_file()

    customer = 'number: "1"\nname: A\nmainAddress: {countryId: "NO"}\n'
    for name in names:
        (new / "companies" / name / "customers").mkdir()
        (new / "companies" / name / "customers/one.yaml").write_text(customer, encoding="utf-8")
    at = ["--chdir", str(new), "fleet", "validate", "--jobs", "1"]
    assert run(at) == 0
    assert run([*at, "--only", "region=south", "--only", "region=north", "--report", f"json={new}/r.json"]) == 0
    report = json.loads((new / "r.json").read_text(encoding="utf-8"))
    assert sorted(company["name"] for company in report["companies"]) == ["../../etc", "Fjord AS"]


def test_a_fleet_is_never_written_over_another(started: Any, tmp_path: Path) -> None:
    assert started(LIST).code == 0
    before = {path: path.read_bytes() for path in (tmp_path / "new").rglob("*") if path.is_file()}
    again = started("name,tenant\nNew AS,t-9\n")
    assert again.code == 64
    assert "fleet.yaml exists already" in again.err
    assert before == {path: path.read_bytes() for path in (tmp_path / "new").rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name,tenant\nA,t-1\nB,T-1\n", "list.csv:3:1: S133 'B' and 'A' of line 2 have one tenant"),
        ("name,tenant\nA,t-1\n\nb,t-2\na,t-3\n", "list.csv:5:1: S132 'a' and 'A' of line 2 have one name"),
        ("name,tenant\nA,\n", "list.csv:2:1: S134 the row has no tenant"),
        ("name,id\nA,1\n", "S134 list.csv has no columns name and tenant"),
        ("name,tenant\n", "S134 list.csv lists no company"),
        ("", "S134 list.csv has no columns name and tenant"),
    ],
)
def test_a_list_with_errors_writes_nothing(started: Any, tmp_path: Path, text: str, message: str) -> None:
    ended = started(text)
    assert ended.code == 3
    assert message.replace("'", '"') in (ended.out + ended.err).replace("'", '"')
    assert not (tmp_path / "new").exists()


def test_one_tenant_in_two_folders_stops_every_command(fleet: FleetFolder) -> None:
    """Both places are named. The same tenant of two ERPs is two companies."""
    for name in ("a", "b"):
        fleet.company(name, base_url=DEAD)
    file = fleet.folder / "companies/b/reconciler.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("tenant_id: b", "tenant_id: A"), encoding="utf-8")
    for words in (("validate",), ("plan",), ("drift",), ("status",), ("apply", "plans"), ("plan", "--only", "a")):
        ended = fleet.run(*words)
        assert ended.code == 3, words
        assert "companies/b/reconciler.yaml:3:1: S133" in ended.err + ended.out
        assert "companies/a/reconciler.yaml:3:1" in ended.err + ended.out
    file.write_text(file.read_text(encoding="utf-8").replace(DEAD, "http://127.0.0.1:8"), encoding="utf-8")
    assert fleet.run("validate").code == 0


def test_only_companies_that_a_branch_touches(fleet: FleetFolder) -> None:
    """By files changed since it left the other branch, committed or not; fleet.yaml touches all."""
    for name in ("a", "b", "c"):
        fleet.company(name, base_url=DEAD)

    def git(*words: str) -> None:
        who = ["-c", "user.name=T", "-c", "user.email=t@example.com", "-c", "init.defaultBranch=main"]
        subprocess.run(["git", *who, *words], cwd=fleet.folder, check=True, capture_output=True)

    def chosen() -> list[str]:
        report = fleet.run("validate", "--touched-since", "main", "--format", "json").json
        return sorted(company["name"] for company in report["companies"])

    git("init")
    git("add", ".")
    git("commit", "-m", "one")
    git("checkout", "-b", "branch")
    assert chosen() == []
    fleet.declare("b", "new")
    assert chosen() == ["b"]
    git("add", ".")
    git("commit", "-m", "two")
    assert chosen() == ["b"]
    fleet.fleet("companies: [companies/*]\nguards: {creates: 3}")
    assert chosen() == ["a", "b", "c"]
    assert fleet.run("validate", "--touched-since", "nothing").code == 64


# ---- pipelines ----


def pipelines(started: Any, tmp_path: Path, ci: str, *words: str) -> dict[str, str]:
    ended = started(LIST, "--ci", ci, *words)
    assert ended.code == 0, ended.err
    for name in ("erp-read", "VISMA_CLIENT_SECRET", "RECONCILER_STATE_KEY"):
        assert name in ended.err.split("Before you merge", 1)[1]
    assert "VISMA_TENANT_ID" not in ended.err
    found = [*(tmp_path / "new/.github").rglob("*.yml"), *(tmp_path / "new").glob(".gitlab-ci.yml")]
    return {str(path): path.read_text(encoding="utf-8") for path in found}


def test_pipelines_fit_their_platforms_schemas_and_linters(started: Any, tmp_path: Path) -> None:
    """No script holds an expression, which could be read as commands; no secret is given to a job that needs none."""
    for ci, schema, count in (("github", "github-workflows", 3), ("gitlab", "gitlab-ci", 1)):
        texts = pipelines(started, tmp_path, ci)
        assert len(texts) == count
        _tool("check-jsonschema", "--regex-variant", "nonunicode", "--builtin-schema", f"vendor.{schema}", *texts)
        for name, text in texts.items():
            assert "VISMA_TENANT_ID" not in text
            document = yaml.safe_load(text)
            for place, script in _walk(document, name):
                assert "${{" not in script, place
                _tool("shellcheck", "--shell=bash", "--severity=style", "-", given=script + "\n")
        if ci == "github":
            words = ["--offline", "--no-progress", "--persona=auditor", "--min-severity=medium"]
            _tool("zizmor", *words, ".", cwd=tmp_path / "new")
        for path in sorted((tmp_path / "new").rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()


def test_pipelines_install_what_they_are_told(started: Any, tmp_path: Path) -> None:
    spec = f"git+https://git.example/erp/reconciler@{'a' * 40}"
    for text in pipelines(started, tmp_path, "github", "--install", spec).values():
        assert f'INSTALL: "visma-reconciler[postgres] @ {spec}"' in text


@pytest.mark.parametrize(("ci", "count"), [("github", 4), ("gitlab", 4)])
def test_every_job_sends_the_credentials_to_the_hosts_of_the_erp_alone(
    started: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ci: str, count: int
) -> None:
    """Or to those that `fleet init` was told."""
    monkeypatch.setenv("VISMA_TOKEN_URL", "https://login.example.org/token")
    hosts = hosts_of_jobs(ci, pipelines(started, tmp_path, ci).values())
    assert len(hosts) == count, hosts
    assert set(hosts.values()) == {"api.finance.visma.net,login.example.org"}, hosts
