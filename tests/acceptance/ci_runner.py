"""A GitHub runner, as far as the action needs one: its step's own script in a shell, inputs through its env, and files.

The `reconciler` that the script calls only notes its words and environment; the command then runs in this process, with
just those. That is ten times as fast as a process of its own, and nothing else is left out.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import yaml

from tests.acceptance.conftest import Company

ROOT = Path(__file__).parents[2]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
NOTE = "import json, os, sys; json.dump([sys.argv[1:], dict(os.environ)], open(os.environ['NOTED'], 'w'))"
_INPUT = re.compile(r"\$\{\{ inputs\.([a-z-]+) \}\}")


@dataclass(frozen=True)
class Step:
    """How the action's step ended."""

    code: int
    out: str
    err: str
    outputs: dict[str, str]
    summary: str


@dataclass
class Runner:
    """A folder with declarations in git, GitHub as `fake_gh.py` plays it, and the ERP."""

    company: Company
    temp: Path
    env: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        tools, venv = self.temp / "tools", self.temp / "reconciler" / "bin"
        tools.mkdir(parents=True)
        venv.mkdir(parents=True)
        shutil.copy(ROOT / "tests" / "acceptance" / "fake_gh.py", tools / "gh")
        (venv / "reconciler").write_text(f'#!/bin/sh\nexec "{sys.executable}" -S -c "{NOTE}" "$@"\n', encoding="utf-8")
        for file in (tools / "gh", venv / "reconciler"):
            file.chmod(0o755)
        self.tell(comments={}, issues=[], merged={}, refuses=False, branches={}, newer=False, log=[])
        self.env = {
            "PATH": f"{tools}:{os.environ['PATH']}",
            "HOME": str(self.temp),
            "NOTED": str(self.temp / "noted.json"),
            "GITHUB_ACTIONS": "true",
            "CI": "true",
            "GITHUB_REPOSITORY": "acme/customers",
            "RUNNER_TEMP": str(self.temp),
            "FAKE_GITHUB": str(self.temp / "github.json"),
            "VISMA_CLIENT_ID": self.company.sandbox.client_id,
            "VISMA_CLIENT_SECRET": self.company.sandbox.client_secret,
            "VISMA_ALLOWED_HOSTS": "127.0.0.1",  # the repository's variable, which the workflows hand to the step
        }

    @property
    def folder(self) -> Path:
        """The folder with the declarations."""
        return self.company.folder

    # ---- GitHub ----

    @property
    def github(self) -> dict[str, Any]:
        """What GitHub holds, and the requests that came."""
        found: dict[str, Any] = json.loads((self.temp / "github.json").read_text(encoding="utf-8"))
        return found

    def tell(self, **state: Any) -> None:
        """Change what GitHub holds."""
        file = self.temp / "github.json"
        before = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        file.write_text(json.dumps(before | state), encoding="utf-8")

    def comments(self, number: int = 7) -> list[str]:
        """The texts of a pull request's comments by workflows."""
        found = self.github["comments"].get(str(number), [])
        return [each["body"] for each in found if each["user"]["login"] == "github-actions[bot]"]

    # ---- git ----

    def git(self, *words: str) -> str:
        """Run git in the folder."""
        who = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.org", "GIT_COMMITTER_NAME": "a"}
        env = {"PATH": os.environ["PATH"], "HOME": str(self.temp), "GIT_COMMITTER_EMAIL": "a@example.org", **who}
        done = subprocess.run(
            ["git", *words], cwd=self.folder, env=env, capture_output=True, text=True, check=True, timeout=60
        )
        return done.stdout.strip()

    def commit(self, message: str) -> str:
        """Commit everything; the commit's id."""
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)
        return self.git("rev-parse", "HEAD")

    # ---- the action ----

    def pull_request(self, number: int = 7) -> dict[str, str]:
        """The environment of a job for a pull request."""
        event = self.temp / "event.json"
        event.write_text(json.dumps({"pull_request": {"number": number}}), encoding="utf-8")
        return {"GITHUB_EVENT_PATH": str(event), "GITHUB_SHA": "0" * 40}

    def push(self, commit: str) -> dict[str, str]:
        """The environment of a job for a push."""
        event = self.temp / "event.json"
        event.write_text(json.dumps({"after": commit}), encoding="utf-8")
        return {"GITHUB_EVENT_PATH": str(event), "GITHUB_SHA": commit}

    def words(self, job: dict[str, str], **inputs: str) -> tuple[list[str], dict[str, str]]:
        """What the action's own step calls `reconciler` with: its words and its environment. `_` stands for `-`."""
        given = {name.replace("_", "-"): value for name, value in inputs.items()}
        step = next(each for each in ACTION["runs"]["steps"] if each.get("id") == "run")
        env = {name: self._value(value, given) for name, value in step["env"].items()}
        subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=self.folder / self._value(step["working-directory"], given),
            env={**self.env, **job, **env},
            timeout=60,
            check=True,
        )
        words, noted = json.loads((self.temp / "noted.json").read_text(encoding="utf-8"))
        return words, noted

    def step(self, job: dict[str, str], **inputs: str) -> Step:
        """Run the action's own step with these inputs, in a fresh checkout: nothing is kept between jobs."""
        shutil.rmtree(self.folder / ".reconciler", ignore_errors=True)
        files = {"GITHUB_OUTPUT": self.temp / "outputs", "GITHUB_STEP_SUMMARY": self.temp / "summary.md"}
        for file in files.values():
            file.write_text("", encoding="utf-8")
        words, env = self.words(job | {name: str(file) for name, file in files.items()}, **inputs)
        with mock.patch.dict(os.environ, env, clear=True):
            ended = self.company.run(*words)
        outputs = dict(line.split("=", 1) for line in files["GITHUB_OUTPUT"].read_text(encoding="utf-8").splitlines())
        summary = files["GITHUB_STEP_SUMMARY"].read_text(encoding="utf-8")
        return Step(ended.code, ended.out, ended.err, outputs, summary)

    def _value(self, expression: str, given: dict[str, str]) -> str:
        """An input's value: nothing else stands in the step."""
        match = _INPUT.fullmatch(expression)
        assert match, expression
        default = str(ACTION["inputs"][match[1]].get("default", ""))
        return given.get(match[1], default).replace("${{ github.token }}", "token")
