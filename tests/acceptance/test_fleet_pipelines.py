"""A fleet's pipelines from the change to the morning after: their own scripts, real git, ERPs and database."""

from __future__ import annotations

import os
import shutil
from abc import ABC, abstractmethod
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.cli.shell.application import run
from reconciler.sandbox import Sandbox
from tests.acceptance.conftest import Ended
from tests.acceptance.fleet_folder import FleetFolder, fleet_folder
from tests.acceptance.test_ci_examples import ROOT, Shell
from tests.postgres_server import empty_schema

EXAMPLES = ROOT / "examples" / "ci" / "fleet"
SECRETS = ("VISMA_CLIENT_ID", "VISMA_CLIENT_SECRET", "RECONCILER_STATE", "RECONCILER_STATE_KEY")
COMMENT = '[ "$1 $2 $4 $5 $6" = "pr comment --edit-last --create-if-none --body-file" ] && cp "$7" "$DESK/comment-$3"'
"""What the pull request's job asks of `gh`."""


@dataclass
class Repository:
    """What a `Shell` wants of a company: where it is checked out, the credentials, and the command line."""

    folder: Path
    sandbox: Sandbox
    capture: pytest.CaptureFixture[str]

    def run(self, *words: str) -> Ended:
        """Run `reconciler` in the checkout."""
        self.capture.readouterr()
        code = run(["--chdir", str(self.folder), *words])
        captured = self.capture.readouterr()
        return Ended(code, captured.out, captured.err)


class Pipelines(ABC):
    """A platform's jobs, each in a fresh checkout of its own, with no secret but those that it names."""

    def __init__(self, shell: Shell, secrets: dict[str, str]) -> None:
        self.shell, self.secrets = shell, secrets
        self.home = shell.folder

    def checkout(self, branch: str, depth: int) -> None:
        """Clone a branch anew, with so many commits; 0 for all."""
        folder = self.home.parent / "checkout"
        shutil.rmtree(folder, ignore_errors=True)
        self.shell.folder = self.home
        origin = self.home.parent / "origin"
        limit = ["--depth", str(depth)] if depth else []
        self.shell.git("clone", "-q", *limit, "--branch", branch, f"file://{origin}", str(folder))
        self.shell.folder = self.shell.company.folder = folder

    def git(self, *words: str) -> str:
        """Run git where somebody edits."""
        self.shell.folder = self.home
        return self.shell.git(*words)

    @abstractmethod
    def propose(self) -> str:
        """Validate and plan the branch; the report that its reviewers see."""

    @abstractmethod
    def review(self) -> str:
        """Plan all after the merge; the report that stands where the apply is approved."""

    @abstractmethod
    def apply(self) -> tuple[int, str]:
        """Exit code and report of the approved job."""

    @abstractmethod
    def drift(self) -> tuple[int, str]:
        """Exit code and report of the morning's job."""


class GitHub(Pipelines):
    """examples/ci/fleet/github. What is checked out for a pull request is its merge."""

    digest = ""

    def _job(self, file: str, name: str, branch: str = "main") -> tuple[int, str]:
        job = yaml.safe_load((EXAMPLES / f"github/{file}.yml").read_text(encoding="utf-8"))["jobs"][name]
        temp, code = self.home.parent / "runner", 0
        shutil.rmtree(temp, ignore_errors=True)
        temp.mkdir()
        summary, output = temp / "summary", temp / "output"
        files = {"RUNNER_TEMP": temp, "GITHUB_STEP_SUMMARY": summary, "GITHUB_OUTPUT": output}
        known = {f"secrets.{secret}": value for secret, value in self.secrets.items()} | {
            "github.token": "token",
            "github.repository": "acme/fleet",
            "github.event.pull_request.number": "7",
            "needs.review.outputs.digest": self.digest,
        }
        for step in job["steps"]:
            if "actions/checkout" in step.get("uses", ""):
                self.checkout(branch, step["with"].get("fetch-depth", 1))
            elif "pipx" not in step["run"] and (code == 0 or step.get("if") == "always()"):
                env = {key: known[value.strip("${} ")] for key, value in step.get("env", {}).items()}
                ended = self.shell.run(step["run"], **env, **{key: str(path) for key, path in files.items()})[0]
                code = code or (0 if step.get("continue-on-error") else ended)
        self.digest = output.read_text().strip().removeprefix("digest=") if output.exists() else ""
        return code, summary.read_text(encoding="utf-8") if summary.exists() else ""

    def propose(self) -> str:
        """The comment is the summary."""
        self.git("checkout", "-q", "-b", "pull/7/merge", "main")
        self.git("merge", "-q", "--no-ff", "-m", "as GitHub checks it out", "branch")
        self.git("push", "-q", "origin", "pull/7/merge")
        assert self._job("pull-request", "validate", "pull/7/merge")[0] == 0
        code, summary = self._job("pull-request", "plan", "pull/7/merge")
        assert code == 0
        assert (self.shell.desk / "comment-7").read_text(encoding="utf-8") == summary
        return summary

    def review(self) -> str:
        """The digest is an output of the job."""
        code, summary = self._job("merge", "review")
        assert (code, bool(self.digest)) == (0, True)
        return summary

    def apply(self) -> tuple[int, str]:
        """The job with required reviewers."""
        return self._job("merge", "apply")

    def drift(self) -> tuple[int, str]:
        """The scheduled workflow."""
        return self._job("drift", "drift")


class GitLab(Pipelines):
    """examples/ci/fleet/gitlab. Secrets are those of the job's environment, and the report is the job's log."""

    reviewed = ""

    def _job(self, name: str, branch: str = "main", **variables: str) -> tuple[int, str]:
        jobs = yaml.safe_load((EXAMPLES / "gitlab/.gitlab-ci.yml").read_text(encoding="utf-8"))
        job: dict[str, Any] = jobs[f"fleet:{name}"]
        while "extends" in job:
            base = jobs[job.pop("extends")]
            job = base | job | {"variables": base.get("variables", {}) | job.get("variables", {})}
        self.checkout(branch, int(job["variables"].get("GIT_DEPTH", 20)))
        secrets = self.secrets if "environment" in job else {}
        own = {"CI_PROJECT_DIR": str(self.shell.folder)} | job["variables"]
        return self.shell.run(*job["before_script"], *job["script"], **own | secrets | variables)

    def propose(self) -> str:
        """What is checked out is the branch itself."""
        self.git("push", "-q", "origin", "branch")
        base = self.git("merge-base", "main", "branch")
        for name in ("validate", "plan"):
            code, log = self._job(name, "branch", CI_MERGE_REQUEST_DIFF_BASE_SHA=base)
            assert code == 0, log
        return log

    def review(self) -> str:
        """The digest is a dotenv report."""
        code, log = self._job("review")
        assert code == 0, log
        self.reviewed = (self.shell.folder / "review.env").read_text(encoding="utf-8").strip().partition("=")[2]
        return log

    def apply(self) -> tuple[int, str]:
        """The manual job."""
        return self._job("apply", REVIEWED=self.reviewed)

    def drift(self) -> tuple[int, str]:
        """The scheduled job."""
        return self._job("drift")


@pytest.fixture
def fleet(tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[FleetFolder]:
    """Companies with an ERP and a tenant each, and a state in one database. Of `fjord` all is as declared."""
    (tmp_path / "fleet").mkdir()
    with empty_schema() as state, fleet_folder(tmp_path / "fleet", capfd, monkeypatch) as folder:
        for name in ("fjord", "north", "south"):
            own = f"state: postgresql:///postgres\nstate_schema: {state.schema}"
            file = folder.company(name, more=own, customers=0) / "reconciler.yaml"
            text = file.read_text(encoding="utf-8")
            file.write_text(text.replace("tenant_id: sandbox", f"tenant_id: {name}"), encoding="utf-8")
            folder.erps[name].switch(tenants="any")
        folder.declare("fjord", "known")
        place = {"addressLine1": "TestRoad 1", "postalCode": "0150", "city": "Oslo", "countryId": "NO"}
        address = {f"mainAddress.{name}": value for name, value in place.items()}
        folder.erps["fjord"].store.create({"name": "Customer known"} | address, number="10000")
        monkeypatch.setenv("RECONCILER_STATE", state.url)
        yield folder


@pytest.fixture
def pipelines(
    request: pytest.FixtureRequest,
    fleet: FleetFolder,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> Pipelines:
    """main and a branch that changed `south` after it left main; main has moved on since, with a change of `north`."""
    shell = Shell(Repository(fleet.folder, fleet.erps["south"], capfd), tmp_path)  # type: ignore[arg-type]  # it runs commands as a Company does
    gh = tmp_path / "tools" / "gh"
    gh.write_text(f"#!/bin/sh\n{COMMENT}\n", encoding="utf-8")
    gh.chmod(0o755)
    known = shell.env | {
        "RECONCILER_STATE": os.environ["RECONCILER_STATE"],
        "RECONCILER_STATE_KEY": b64encode(bytes(32)).decode(),
    }
    secrets = {name: known[name] for name in SECRETS}
    for name in ("VISMA_CLIENT_ID", "VISMA_CLIENT_SECRET"):
        del shell.env[name]
    commit = ("commit", "-q", "-m", "change")
    shell.git("add", "fleet.yaml", "companies")
    shell.git(*commit)
    shell.git("checkout", "-q", "-b", "branch")
    fleet.declare("south", "new")
    shell.git("add", "companies")
    shell.git(*commit)
    shell.git("checkout", "-q", "main")
    fleet.declare("north", "earlier")
    shell.git("add", "companies")
    shell.git(*commit)
    shell.git("push", "-q", "origin", "main")
    pipelines: Pipelines = request.param(shell, secrets)
    return pipelines


@pytest.mark.parametrize("pipelines", [GitHub, GitLab], indirect=True, ids=["github", "gitlab"])
def test_from_the_branch_to_the_erps_and_the_morning_after(fleet: FleetFolder, pipelines: Pipelines) -> None:
    """Only the company that the branch touches is planned for its review. After the merge all are, and just what was
    reviewed is written; drift is a clerk's edit. What changes between review and apply stops the apply."""
    proposed = pipelines.propose()
    assert "Customer new" in proposed
    assert not [name for name in ("fjord", "north", "Customer earlier") if name in proposed]

    pipelines.git("checkout", "-q", "main")
    pipelines.git("merge", "-q", "--no-ff", "-m", "merged", "branch")
    pipelines.git("push", "-q", "origin", "main")
    merged = pipelines.review()
    assert "Customer new" in merged
    assert "Customer earlier" in merged
    assert [len(erp.store.write_log()) for erp in fleet.erps.values()] == [0, 0, 0]

    code, report = pipelines.apply()
    assert code == 0, report
    written = {"fjord": ["Customer known"], "north": ["Customer earlier"], "south": ["Customer new"]}
    assert {name: fleet.names(name) for name in fleet.erps} == written
    assert [len(erp.store.write_log()) for erp in fleet.erps.values()] == [0, 1, 1]

    assert pipelines.drift()[0] == 0
    fleet.erps["south"].store.edit(fleet.erps["south"].store.numbers()[0], {"name": "A clerk was here"})
    code, report = pipelines.drift()
    assert code == 2
    assert "A clerk was here" in report

    pipelines.review()
    fleet.erps["south"].store.edit(fleet.erps["south"].store.numbers()[0], {"name": "And again"})
    assert pipelines.apply()[0] == 4
    assert fleet.names("south") == ["And again"]
