"""The CI examples: linted by the platforms' own schemas and linters, and their scripts run against the ERP."""

from __future__ import annotations

import json
import os
import re
import select
import shlex
import shutil
import subprocess
import sys
import tomllib
from abc import ABC, abstractmethod
from base64 import b64encode
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import yaml

from reconciler import __version__
from reconciler.ci.install import EXAMPLE
from reconciler.ci.shared_state import CHANGES, with_shared_state
from reconciler.cli.shell.application import run
from tests.acceptance.ci_runner import NOTE, Runner
from tests.acceptance.conftest import Company
from tests.postgres_server import empty_schema

ROOT = Path(__file__).parents[2]
CI = ROOT / "examples" / "ci"
TOOLS = Path(sys.executable).parent
BEFORE = "[{number: 1, creditLimit: 100}, {number: 2, creditLimit: 200}]"


def _tool(name: str, *words: str, given: str | None = None, cwd: Path = ROOT) -> None:
    """Run a linter from the development environment; what it finds is the failure."""
    done = subprocess.run(
        [TOOLS / name, *words], input=given, cwd=cwd, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _documents(path: Path) -> list[Any]:
    return list(yaml.safe_load_all(path.read_text(encoding="utf-8")))


STATES = ("none", "postgres")
"""What a pipeline's jobs share."""


def _text(name: str, state: str) -> str:
    file = ROOT / "action.yml" if name == "github/action.yml" else CI / name
    text = file.read_text(encoding="utf-8")
    return with_shared_state(name, text) if state == "postgres" else text


def _example(name: str, state: str = "none") -> list[Any]:
    """The documents of an example, as `init` writes it."""
    return list(yaml.safe_load_all(_text(name, state)))


# ---- linted ----


@pytest.mark.parametrize(
    ("schema", "names"),
    [
        ("github-actions", ["github/action.yml"]),
        ("github-workflows", [f"github/{name}.yml" for name in ("pull-request", "merge", "drift")]),
        ("gitlab-ci", ["gitlab/.gitlab-ci.yml"]),
        ("azure-pipelines", ["azure/azure-pipelines.yml"]),
        ("bitbucket-pipelines", ["bitbucket/bitbucket-pipelines.yml"]),
    ],
)
def test_every_example_fits_its_platforms_schema(schema: str, names: list[str], tmp_path: Path) -> None:
    """With a shared state, too."""
    files = [tmp_path / f"{state}-{Path(name).name}" for name in names for state in STATES]
    for file, text in zip(files, (_text(name, state) for name in names for state in STATES), strict=True):
        file.write_text(text, encoding="utf-8")
    words = ["--regex-variant", "nonunicode", "--builtin-schema", f"vendor.{schema}"]
    _tool("check-jsonschema", *words, *map(str, files))


def test_the_gitlab_component_has_inputs_and_fits_the_schema_once_they_are_filled_in(tmp_path: Path) -> None:
    files = []
    for state in STATES:
        spec, jobs = _example("gitlab/template.yml", state)
        text = json.dumps(jobs)
        for name, each in spec["spec"]["inputs"].items():
            assert each["description"]
            assert f"$[[ inputs.{name} ]]" in text
            text = text.replace(f"$[[ inputs.{name} ]]", each["default"])
        assert "$[[" not in text
        files.append(tmp_path / f"{state}.yml")
        files[-1].write_text(text, encoding="utf-8")
    _tool("check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", *map(str, files))


@pytest.mark.parametrize("state", ["sqlite", "postgres"])
def test_what_init_writes_for_github_passes_a_security_linter(tmp_path: Path, state: str) -> None:
    assert run(["init", str(tmp_path), "--ci", "github", "--state", state]) == 0
    _tool("zizmor", "--offline", "--no-progress", "--persona=auditor", "--min-severity=medium", ".", cwd=tmp_path)


def _scripts() -> Iterator[tuple[str, str]]:
    """Every shell script in the examples, by where it stands; of those with a shared state the ones that differ."""
    seen: set[str] = set()
    for state in STATES:
        for name in CHANGES:
            for place, script in _walk(_example(name, state), f"{state}.{name}"):
                if script not in seen:
                    yield place, script
                seen.add(script)


def _walk(value: Any, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, list):
        for index, each in enumerate(value):
            yield from _walk(each, f"{place}.{index}")
    elif isinstance(value, dict):
        for key, each in value.items():
            if key in ("run", "bash") or (key in ("script", "before_script") and isinstance(each, list)):
                yield f"{place}.{key}", each if isinstance(each, str) else "\n".join(each)
            else:
                yield from _walk(each, f"{place}.{key}")


SCRIPTS = dict(_scripts())


@pytest.mark.parametrize("place", SCRIPTS)
def test_no_script_holds_a_platforms_expression_and_shellcheck_finds_nothing(place: str) -> None:
    """An expression is put in before the shell reads the script, and could be read as commands: values come by env."""
    script = SCRIPTS[place]
    assert not re.search(r"\$\{\{|\$\[\[|\$\(\w+\)(?![\w(])(?<!\$\(mktemp)", script.replace("$(mktemp -d)", ""))
    _tool("shellcheck", "--shell=bash", "--severity=style", "--exclude=SC2164,SC2154", "-", given=script + "\n")


def test_the_image_is_linted_runs_as_nobody_and_holds_what_the_wheel_is_built_from() -> None:
    _tool("hadolint", "Dockerfile")
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    users = [line.split()[1] for line in lines if line.startswith("USER ")]
    assert users == ["10001:10001"]
    copied = {word for line in lines if re.match(r"COPY (?!--)", line) for word in line.split()[1:-1]}
    built = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    sources = built["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    wanted = {"pyproject.toml", "reconciler", built["project"]["readme"], *built["project"]["license-files"]}
    assert copied == wanted | {source.partition("/")[0] for source in sources}
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in ignored
    assert {line.removeprefix("!") for line in ignored if line.startswith("!")} == copied


# ---- as init writes them ----


@pytest.mark.parametrize("ci", ["github", "gitlab", "azure", "bitbucket"])
def test_init_writes_the_examples_as_they_stand(tmp_path: Path, ci: str) -> None:
    assert run(["init", str(tmp_path), "--ci", ci]) == 0
    examples = {path.read_text(encoding="utf-8") for path in [ROOT / "action.yml", *(CI / ci).glob("*")]}
    written = {
        path.read_text(encoding="utf-8")
        for path in tmp_path.rglob("*.yml")
        if "schemas" not in path.parts and "customers" not in path.parts
    }
    assert written
    assert written <= examples
    assert (CI / ci).is_dir()
    assert written >= examples - {(ROOT / "action.yml").read_text(encoding="utf-8")}


@pytest.mark.parametrize("ci", ["github", "gitlab", "azure", "bitbucket"])
def test_with_a_shared_state_no_job_may_write_to_the_repository_and_the_settings_name_a_database(
    tmp_path: Path, ci: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """Nothing works before the database is named: no job keeps a state of its own by mistake."""
    assert run(["init", str(tmp_path), "--ci", ci, "--state", "postgres"]) == 0
    assert "RECONCILER_STATE and RECONCILER_STATE_KEY" in capfd.readouterr().err
    assert "\nstate: postgresql://db.example/reconciler\n" in (tmp_path / "reconciler.yaml").read_text(encoding="utf-8")
    texts = [path.read_text(encoding="utf-8") for path in tmp_path.rglob("*.yml") if "schemas" not in path.parts]
    for word in ("contents: write", "mark-applied", "System.AccessToken", "git fetch"):
        assert not any(word in text for text in texts), word


def test_the_action_that_init_writes_is_the_one_that_its_workflows_use(tmp_path: Path) -> None:
    assert run(["init", str(tmp_path), "--ci", "github"]) == 0
    for path in (tmp_path / ".github" / "workflows").glob("*.yml"):
        used = re.findall(r"uses: (\./\S+)", path.read_text(encoding="utf-8"))
        assert used
        for each in used:
            inputs = _documents(tmp_path / each / "action.yml")[0]["inputs"]
            for step in _steps(_documents(path)[0]):
                assert step.get("uses") != each or set(step["with"]) <= set(inputs)


def _steps(workflow: Any) -> Iterator[Any]:
    for job in workflow["jobs"].values():
        yield from job["steps"]


def test_the_examples_install_this_version() -> None:
    for path in [*CI.glob("*/*.yml"), CI / "gitlab" / ".gitlab-ci.yml"]:
        for found in re.findall(r"(\d+\.\d+\.\d+)\"?$", path.read_text(encoding="utf-8"), re.MULTILINE):
            assert found in (__version__, "4.2.2"), f"{path}: {found}"


def test_every_base_image_is_pinned_by_one_digest() -> None:
    """In the pipelines and in both Dockerfiles: a name alone means whatever was published under it last."""
    files = [ROOT / "Dockerfile", *(path for path in (ROOT / "examples").rglob("*") if path.is_file())]
    texts = [path.read_text(encoding="utf-8") for path in files]
    references = [
        name for text in texts for name in re.findall(r"^FROM (\S+)|(?:image|default): (python\S*)", text, re.M)
    ]
    assert len(references) == 6
    (image,) = {"".join(reference) for reference in references}
    assert re.fullmatch(r"python:3\.12-slim@sha256:[0-9a-f]{64}", image)


def test_the_workflows_that_forks_can_start_get_no_secrets() -> None:
    for name, state in ((name, state) for name in CHANGES for state in STATES if name.startswith("github/")):
        if name == "github/action.yml":
            continue
        text, workflow = _text(name, state), _example(name, state)[0]
        assert "pull_request_target" not in re.sub(r"#.*", "", text)
        assert workflow["permissions"] == {}
        for job in workflow["jobs"].values():
            secret = "secrets." in json.dumps(job)
            assert not secret or "environment" in job
            if name == "github/pull-request.yml" and secret:
                assert "head.repo.full_name == github.repository" in job["if"]


def test_azures_agent_obeys_nothing_that_reconciler_prints() -> None:
    """`##vso[...]` counts anywhere in a line, so also in a customer's name."""
    found = 0
    for stage in _example("azure/azure-pipelines.yml")[0]["stages"]:
        for job in stage["jobs"]:
            steps = job.get("steps") or job["strategy"]["runOnce"]["deploy"]["steps"]
            for step in steps:
                if re.search(r"^\s*reconciler ", step.get("bash", ""), re.MULTILINE):
                    found += 1
                    assert step["target"] == {"commands": "restricted", "settableVariables": "none"}
    assert found == 5


def test_no_example_keeps_a_plan_or_the_state() -> None:
    """Both hold personal data, and a cache of the main branch can be read by a fork's pull request."""
    for path in [ROOT / "action.yml", *CI.glob("*/*.yml"), CI / "gitlab" / ".gitlab-ci.yml"]:
        text = re.sub(r"#.*", "", path.read_text(encoding="utf-8"))
        assert not re.search(r"(?i)upload-artifact|actions/cache|\bcaches?:|PublishPipelineArtifact|publish:", text)
    kept = [job.get("artifacts", {}) for job in _documents(CI / "gitlab" / "template.yml")[1].values()]
    assert all("paths" not in each for each in kept)


# ---- where the credentials may go ----


def hosts_of_jobs(ci: str, texts: Iterable[str]) -> dict[str, str]:
    """The value of VISMA_ALLOWED_HOSTS in each job that talks to the ERP, as its platform works it out."""
    hosts: dict[str, str] = {}
    for text in texts:
        documents = list(yaml.safe_load_all(text))
        pipeline, inputs = documents[-1], documents[0].get("spec", {}).get("inputs", {})
        for name, words, variables in _JOBS[ci](pipeline):
            if re.search(
                r"reconciler (?:--quiet )?(?:fleet )?(?:plan|apply|drift|runs)\b|^(?:plan|apply|drift)$", words, re.M
            ):
                value = variables.get("VISMA_ALLOWED_HOSTS", "")
                given = re.fullmatch(r"\$\[\[ inputs\.(\w+) \]\]", value)
                hosts[f"{pipeline.get('name', ci)}: {name}"] = inputs[given[1]]["default"] if given else value
    return hosts


def _github_jobs(pipeline: Any) -> Iterator[tuple[str, str, Any]]:
    if "runs" in pipeline:  # the action: a job has it through what uses it
        return
    for name, job in pipeline["jobs"].items():
        for step in job["steps"]:
            words = step.get("run", step.get("with", {}).get("command", ""))
            variables = pipeline.get("env", {}) | job.get("env", {}) | step.get("env", {})
            value = re.fullmatch(r"\$\{\{ vars\.(\w+) \|\| '(.*)' \}\}", variables.get("VISMA_ALLOWED_HOSTS", ""))
            yield name, words, {value[1]: value[2]} if value else {}


def _gitlab_jobs(pipeline: Any) -> Iterator[tuple[str, str, Any]]:
    def variables(job: Any) -> Any:
        below = variables(pipeline[job["extends"]]) if "extends" in job else {}
        return below | job.get("variables", {})

    for name, job in pipeline.items():
        if isinstance(job, dict):
            yield name, "\n".join(job.get("script", [])), variables(job)


def _azure_jobs(pipeline: Any) -> Iterator[tuple[str, str, Any]]:
    for stage in pipeline["stages"]:
        for _, script in _walk(stage, ""):
            yield stage["stage"], script, pipeline["variables"]


def _bitbucket_jobs(pipeline: Any) -> Iterator[tuple[str, str, Any]]:
    for place, script in _walk(pipeline["pipelines"], ""):
        value = re.search(r"^export (VISMA_ALLOWED_HOSTS)=\"\$\{\1:-(.*)\}\"$(?=[^~]*^reconciler)", script, re.M)
        yield place, script, {value[1]: value[2]} if value else {}


_JOBS = {"github": _github_jobs, "gitlab": _gitlab_jobs, "azure": _azure_jobs, "bitbucket": _bitbucket_jobs}


@pytest.mark.parametrize(("ci", "count"), [("github", 4), ("gitlab", 4), ("azure", 3), ("bitbucket", 4)])
@pytest.mark.parametrize("state", ["sqlite", "postgres"])
def test_every_job_that_init_writes_sends_the_credentials_to_the_hosts_of_the_erp_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ci: str, count: int, state: str
) -> None:
    """To those of the settings' defaults, or to those that `init` was told; the runner's own variable wins."""
    for base_url, host in (("", "api.finance.visma.net"), ("https://ERP.example.org/x", "erp.example.org")):
        monkeypatch.setenv("VISMA_BASE_URL", base_url)
        folder = tmp_path / host
        assert run(["init", str(folder), "--ci", ci, "--state", state]) == 0
        files = [path for path in folder.rglob("*.yml") if path.parent.name != "customers"]
        hosts = hosts_of_jobs(ci, (path.read_text(encoding="utf-8") for path in files))
        assert len(hosts) == count, hosts
        assert set(hosts.values()) == {f"{host},connect.visma.com"}, hosts
        settings = yaml.safe_load((folder / "reconciler.yaml").read_text(encoding="utf-8"))
        assert settings["api"]["base_url"] == (base_url or "https://api.finance.visma.net"), "where the jobs may go"


@pytest.mark.parametrize("url", ["https://a'b.example", "https://a$(x).example", "gateway", "http://example.org"])
def test_init_writes_no_host_that_a_pipeline_could_read_as_a_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], url: str
) -> None:
    monkeypatch.setenv("VISMA_TOKEN_URL", url)
    assert run(["init", str(tmp_path), "--ci", "github"]) == 64
    assert "VISMA_TOKEN_URL" in capfd.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_server_on_this_machine_is_no_host_for_pipelines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever tries `init` against the sandbox gets the pipelines for the ERP."""
    monkeypatch.setenv("VISMA_BASE_URL", "http://127.0.0.1:8080")
    assert run(["init", str(tmp_path), "--ci", "azure"]) == 0
    text = (tmp_path / "azure-pipelines.yml").read_text(encoding="utf-8")
    assert text == _text("azure/azure-pipelines.yml", "none")


def test_a_job_that_is_to_reach_another_host_says_which_line_to_change(company: Company, tmp_path: Path) -> None:
    """The action's own list where its job has none; the same message as with the list of any other pipeline."""
    runner = Runner(company, tmp_path / "runner")
    del runner.env["VISMA_ALLOWED_HOSTS"]
    company.declare(BEFORE)
    ended = runner.step(runner.pull_request(), command="plan")
    assert (ended.code, company.sandbox.requests) == (3, [])
    lines = (company.folder / "reconciler.yaml").read_text(encoding="utf-8").splitlines()
    [place] = re.findall(r"reconciler\.yaml:(\d+):\d+: S130 api\.base_url leads to \"127\.0\.0\.1\"", ended.err)
    assert company.sandbox.base_url in lines[int(place) - 1]
    assert "api.finance.visma.net,connect.visma.com" in ended.err
    assert "add it to VISMA_ALLOWED_HOSTS" in ended.err


# ---- run ----


class Shell:
    """A folder with the declarations, and a shell; pip installs nothing.

    Its `reconciler` hands words and environment to this process, which runs the command, and gives back exit code and
    output: processes of their own would take a minute.
    """

    def __init__(self, company: Company, temp: Path) -> None:
        self.company, self.folder, self.desk = company, company.folder, temp / "desk"
        tools = temp / "tools"
        for folder in (tools, self.desk):
            folder.mkdir()
        for name in ("ask", "reply"):
            os.mkfifo(self.desk / name)
        real = f'"{sys.executable}" -S'
        for name, body in {
            "reconciler": f'{real} -c "{NOTE}" "$@"; echo >"$DESK/ask"; read -r code <"$DESK/reply"\n'
            'cat "$DESK/out"; cat "$DESK/err" >&2; exit "$code"',
            "pip": "exit 0",
            "python": f'[ "$2" = pip ] || exec {real} "$@"',
            "python3": f'exec {real} "$@"',
        }.items():
            (tools / name).write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
            (tools / name).chmod(0o755)
        self.env = {
            "PATH": f"{tools}:{os.environ['PATH']}",
            "DESK": str(self.desk),
            "NOTED": str(self.desk / "noted.json"),
            "TMPDIR": str(temp),
            "VISMA_CLIENT_ID": company.sandbox.client_id,
            "VISMA_CLIENT_SECRET": company.sandbox.client_secret,
            "VISMA_ALLOWED_HOSTS": "127.0.0.1",  # a variable of the CI server, for the test server
            "HOME": str(temp),
            **{
                f"GIT_{role}_{what}": "ci@example.org" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
            },
        }
        self.git("init", "-q", "--bare", str(temp / "origin"))
        self.git("init", "-q", "-b", "main")
        self.git("remote", "add", "origin", str(temp / "origin"))

    def git(self, *words: str) -> str:
        """Run git in the folder."""
        done = subprocess.run(
            ["git", *words], cwd=self.folder, env=self.env, capture_output=True, text=True, check=True, timeout=60
        )
        return done.stdout.strip()

    def merge(self) -> str:
        """Commit the declarations, and push main; the commit."""
        self.git("add", "customers", "reconciler.yaml")
        self.git("commit", "-qm", "merged")
        self.git("push", "-q", "origin", "main")
        return self.git("rev-parse", "HEAD")

    def marked(self) -> str:
        """The commit that the origin says was applied last."""
        return self.git("ls-remote", "origin", "refs/heads/reconciler/applied/production").partition("\t")[0]

    def forget(self) -> None:
        """A fresh checkout of main alone."""
        shutil.rmtree(self.folder / ".reconciler", ignore_errors=True)
        self.git("update-ref", "-d", "refs/remotes/origin/reconciler/applied/production")

    def run(self, *script: str, **env: str) -> tuple[int, str]:
        """Run a script as CI systems do, stopping at the first failure, in a fresh checkout; exit code and output.

        The CI server's variables win over those of the pipeline, `env`.
        """
        shutil.rmtree(self.folder / ".reconciler", ignore_errors=True)
        words = ["bash", "-eo", "pipefail", "-c", "\n".join(script)]
        said = self.desk / "said"
        asked = os.open(self.desk / "ask", os.O_RDWR)  # open at both ends: it never blocks, and never ends
        try:
            with (
                said.open("wb") as out,
                subprocess.Popen(words, cwd=self.folder, env=env | self.env, stdout=out, stderr=out) as process,
            ):
                while process.poll() is None:
                    if select.select([asked], [], [], 0.02)[0]:
                        os.read(asked, 1)
                        self._serve()
        finally:
            os.close(asked)
        return process.returncode, said.read_text(encoding="utf-8")

    def _serve(self) -> None:
        words, env = json.loads((self.desk / "noted.json").read_text(encoding="utf-8"))
        with mock.patch.dict(os.environ, env, clear=True):
            ended = self.company.run(*words)
        (self.desk / "out").write_text(ended.out, encoding="utf-8")
        (self.desk / "err").write_text(ended.err, encoding="utf-8")
        (self.desk / "reply").write_text(f"{ended.code}\n", encoding="utf-8")


class Pipeline(ABC):
    """A platform's jobs, as its example has them: up to the review, then what a person starts, then the schedule."""

    def __init__(self, shell: Shell, state: str) -> None:
        self.shell, self.state = shell, state

    @abstractmethod
    def review(self) -> None:
        """Validate and plan, for the merge request and after the merge."""

    @abstractmethod
    def apply(self) -> int:
        """Apply what was reviewed; the exit code."""

    @abstractmethod
    def drift(self) -> tuple[int, str]:
        """Look for drift; the exit code, and what is said."""


class GitLab(Pipeline):
    """examples/ci/gitlab/template.yml."""

    def _job(self, name: str, **more: str) -> tuple[int, str]:
        self.shell.forget()
        spec, jobs = _example("gitlab/template.yml", self.state)
        inputs = {f"$[[ inputs.{name} ]]": each["default"] for name, each in spec["spec"]["inputs"].items()}
        env = {name: inputs[value] for name, value in jobs[".reconciler"]["variables"].items()}
        env["CI_PROJECT_DIR"] = str(self.shell.folder)
        script = [*jobs[".reconciler"]["before_script"], *jobs[f"reconciler:{name}"]["script"]]
        return self.shell.run(*script, **env, **more)

    def review(self) -> None:
        """The widgets' files are there, and the digest is all that is handed on."""
        assert [self._job(name)[0] for name in ("validate", "plan", "review")] == [0, 0, 0]
        folder = self.shell.folder
        assert json.loads((folder / "gl-code-quality-report.json").read_text(encoding="utf-8")) == []
        assert json.loads((folder / "tfplan.json").read_text(encoding="utf-8"))["update"] == 2

    def apply(self) -> int:
        """With the variable from the dotenv report."""
        name, _, digest = (self.shell.folder / "review.env").read_text(encoding="utf-8").strip().partition("=")
        return self._job("apply", **{name: digest})[0]

    def drift(self) -> tuple[int, str]:
        """The scheduled job."""
        return self._job("drift")


class Azure(Pipeline):
    """examples/ci/azure/azure-pipelines.yml."""

    digest = ""

    def _stage(self, name: str, **variables: str) -> tuple[int, str]:
        pipeline = _example("azure/azure-pipelines.yml", self.state)[0]
        stages = {each["stage"]: each["jobs"][0] for each in pipeline["stages"]}
        temp, job, code, said = self.shell.folder.parent / "agent", stages[name], 0, ""
        temp.mkdir(exist_ok=True)
        self.shell.forget()
        own = pipeline["variables"]
        known = variables | own | self.shell.env
        for step in job.get("steps") or job["strategy"]["runOnce"]["deploy"]["steps"]:
            if step.get("fetchDepth") == "0":  # the agent then fetches all branches
                self.shell.git("fetch", "-q", "origin")
            if "bash" in step and code == 0:
                env = {key: known[value[2:-1]] for key, value in step.get("env", {}).items() if value[2:-1] in known}
                code, said = self.shell.run(step["bash"], AGENT_TEMPDIRECTORY=str(temp), **own | env)
        return code, said

    def review(self) -> None:
        """The tests' file and the page are there, and the digest is a variable of the stage."""
        assert self._stage("validate")[0] == 0
        assert (self.shell.folder.parent / "agent" / "validation.xml").is_file()
        code, said = self._stage("plan")
        assert code == 0, said
        [self.digest] = re.findall(r"##vso\[task.setvariable variable=digest;[^\]]*\](\S+)", said)
        [page] = re.findall(r"##vso\[task.uploadsummary\](\S+)", said)
        assert "creditLimit" in Path(page).read_text(encoding="utf-8")

    def apply(self) -> int:
        """With the variable of the stage before."""
        return self._stage("apply", reviewed=self.digest)[0]

    def drift(self) -> tuple[int, str]:
        """The scheduled stage."""
        return self._stage("drift")


class Bitbucket(Pipeline):
    """examples/ci/bitbucket/bitbucket-pipelines.yml."""

    @property
    def pipelines(self) -> Any:
        """By what starts them."""
        self.shell.forget()
        return _example("bitbucket/bitbucket-pipelines.yml", self.state)[0]["pipelines"]

    def review(self) -> None:
        """The tests' file is there, and the digest is the only artifact."""
        *first, last = (each["step"] for each in self.pipelines["branches"]["main"])
        assert first[0] == self.pipelines["pull-requests"]["**"][0]["step"]
        for step in [*first, self.pipelines["pull-requests"]["**"][1]["step"]]:
            assert self.shell.run(*step["script"])[0] == 0
        assert (self.shell.folder / "test-results" / "reconciler.xml").is_file()
        assert (last["trigger"], last["deployment"], first[-1]["artifacts"]) == (
            "manual",
            "erp-write",
            ["reviewed.txt"],
        )

    def apply(self) -> int:
        """With the artifact of the step before."""
        return self.shell.run(*self.pipelines["branches"]["main"][-1]["step"]["script"])[0]

    def drift(self) -> tuple[int, str]:
        """The scheduled pipeline."""
        return self.shell.run(*self.pipelines["custom"]["drift"][0]["step"]["script"])


AFTER = "[{number: 1, creditLimit: 111}, {number: 2, creditLimit: 222}]"


@pytest.fixture
def reviewed(request: pytest.FixtureRequest, company: Company, tmp_path: Path) -> Iterator[Pipeline]:
    """A platform's pipeline, and a change of two customers that was reviewed and merged."""
    platform, state = request.param
    company.store.seed(2, 1, start=1)
    company.declare(BEFORE)
    assert company.apply().code == 0
    with empty_schema() if state == "postgres" else nullcontext() as location:
        company.settings(f"state: {PLACEHOLDER}\nstate_schema: {location.schema}" if location else "")
        pipeline = platform(Shell(company, tmp_path), state)
        if location:
            pipeline.shell.env |= {
                "RECONCILER_STATE": location.url,
                "RECONCILER_STATE_KEY": b64encode(bytes(32)).decode(),
            }
        company.declare(AFTER)
        pipeline.shell.merge()
        pipeline.review()
        yield pipeline


PLACEHOLDER = "postgresql://db.example/reconciler"
PLATFORMS = [GitLab, Azure, Bitbucket]


@pytest.mark.parametrize("reviewed", [(platform, "none") for platform in PLATFORMS], indirect=True)
def test_a_pipeline_applies_what_was_reviewed_and_marks_it_in_git_for_the_drift_job(
    company: Company, reviewed: Pipeline
) -> None:
    """While a clerk's value stands where another was reviewed, it refuses, and marks nothing. Once it is applied, a
    drift job that has no state tells a clerk's edit from a merge that is not applied yet."""
    before = len(company.bodies())
    company.store.edit("1", {"creditLimit": 5})
    assert reviewed.apply() == 4
    assert (len(company.bodies()), reviewed.shell.marked()) == (before, "")
    company.store.edit("1", {"creditLimit": 100})
    assert reviewed.apply() == 0
    assert len(company.bodies()) == before + 2
    assert reviewed.shell.marked() == reviewed.shell.git("rev-parse", "main")
    company.declare(AFTER.replace("222", "333"))
    reviewed.shell.merge()
    company.store.edit("1", {"creditLimit": 6})
    code, said = reviewed.drift()
    assert code == 2
    assert "→ 6  (drift" in said
    assert "→ 333  (config" in said


@pytest.mark.parametrize("reviewed", [(platform, "postgres") for platform in PLATFORMS], indirect=True)
def test_a_pipeline_with_a_shared_state_goes_on_where_it_was_cut_short_and_tells_drift_once(
    company: Company, reviewed: Pipeline
) -> None:
    before = len(company.bodies())
    company.sandbox.fault(kind="respond", method="PUT", path="/v1/customer", skip=1, status=403, body="")
    assert reviewed.apply() == 5
    assert len(company.bodies()) == before + 1
    assert reviewed.apply() == 0, "started again it sends the rest of what was reviewed"
    assert len(company.bodies()) == before + 2
    assert reviewed.shell.marked() == ""
    company.store.edit("1", {"creditLimit": 6})
    code, said = reviewed.drift()
    assert (code, "→ 6  (drift" in said) == (2, True)
    assert reviewed.drift()[0] == 0, "told already"


def test_the_action_installs_what_it_is_told_or_its_own_source_and_never_a_bare_name(tmp_path: Path) -> None:
    step = _documents(ROOT / "action.yml")[0]["runs"]["steps"][1]
    bare = tmp_path / "bare"
    bare.mkdir()
    tool = tmp_path / "python"
    pip = '#!/bin/sh\\necho "$4" > "$RUNNER_TEMP/what"\\n'
    tool.write_text(
        f'#!/bin/sh\nmkdir -p "$3/bin"\nprintf \'{pip}\' > "$3/bin/pip"\nchmod +x "$3/bin/pip"\n', encoding="utf-8"
    )
    tool.chmod(0o755)
    for action, wanted, expected in (
        (ROOT, "", str(ROOT)),
        (bare, EXAMPLE, EXAMPLE),
        (bare, "", None),
    ):
        env = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "RUNNER_TEMP": str(tmp_path)}
        env |= {"GITHUB_ACTION_PATH": str(action), "WANTED": wanted}
        (tmp_path / "what").unlink(missing_ok=True)
        done = subprocess.run(["bash", "-eo", "pipefail", "-c", step["run"]], env=env, check=False, timeout=60)
        assert done.returncode == (64 if expected is None else 0)
        if expected is None:
            assert not (tmp_path / "what").exists()
        else:
            assert (tmp_path / "what").read_text(encoding="utf-8").strip() == expected


# ---- hooks and editors ----


def test_the_pre_commit_hooks_are_a_manifest_and_do_what_they_say(company: Company, tmp_path: Path) -> None:
    _tool("pre-commit", "validate-manifest", ".pre-commit-hooks.yaml")
    hooks = {each["id"]: each for each in _documents(ROOT / ".pre-commit-hooks.yaml")[0]}
    assert set(hooks) == {"reconciler-validate", "reconciler-fmt"}

    def hook(name: str, *files: str) -> int:
        each = hooks[name]
        chosen = [file for file in files if re.search(each["files"], file)]
        words = shlex.split(each["entry"])
        assert words[0] == "reconciler"
        return company.run(*words[1:], *(chosen if each.get("pass_filenames", True) else [])).code

    changed = company.declare("# kept\nname: A\nnumber: 1\n")
    assert hook("reconciler-validate", "customers/all.yaml") == 0
    assert hook("reconciler-fmt", "customers/all.yaml", "README.md", "reconciler.yaml") == 0
    assert changed.read_text(encoding="utf-8") == '# kept\nnumber: "1"\nname: A\n'
    company.declare("{number: 1, nam: B}", "other.yaml")
    assert hook("reconciler-validate", "customers/other.yaml") == 3


def test_init_tells_the_editor_which_schema_is_for_which_file_and_keeps_what_is_there(tmp_path: Path) -> None:
    (tmp_path / ".vscode").mkdir()
    (tmp_path / ".vscode" / "extensions.json").write_text("{}", encoding="utf-8")
    assert run(["init", str(tmp_path)]) == 0
    assert (tmp_path / ".vscode" / "extensions.json").read_text(encoding="utf-8") == "{}"
    settings = json.loads((tmp_path / ".vscode" / "settings.json").read_text(encoding="utf-8"))
    for schema, pattern in settings["yaml.schemas"].items():
        assert (tmp_path / schema).is_file()
        assert list(tmp_path.glob(pattern))
