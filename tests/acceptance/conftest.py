"""A company's folder, an ERP to go with it, and the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from reconciler.cli.shell.application import run
from reconciler.sandbox import Sandbox

SETTINGS = """\
version: 1
company: Test AS
api: {{ base_url: "{base}", token_url: "{token}", tenant_id: sandbox, page_size: {page_size} }}
customers: [customers/**/*.yaml]
{more}
"""


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as JSON."""
        return json.loads(self.out)


class Company:
    """A folder with settings and declarations, and the ERP that they are for."""

    def __init__(self, folder: Path, sandbox: Sandbox, capture: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.sandbox = sandbox
        self._capture = capture
        self.settings()

    @property
    def store(self) -> Any:
        return self.sandbox.store

    def settings(self, more: str = "", page_size: int = 1000) -> None:
        """Write reconciler.yaml, with more members."""
        address = {"base": self.sandbox.base_url, "token": self.sandbox.token_url}
        text = SETTINGS.format(**address, page_size=page_size, more=more)
        (self.folder / "reconciler.yaml").write_text(text, encoding="utf-8")

    def declare(self, text: str, name: str = "all.yaml") -> Path:
        """Write a declaration file."""
        path = self.folder / "customers" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def run(self, *arguments: str) -> Ended:
        """Run a command in this process, in the company's folder."""
        self._capture.readouterr()
        code = run(["--chdir", str(self.folder), *arguments])
        captured = self._capture.readouterr()
        return Ended(code, captured.out, captured.err)

    def plan(self) -> Any:
        """The plan as JSON; it must not have failed."""
        ended = self.run("plan", "--format", "json")
        assert ended.code == 0, ended.err
        return ended.json

    def undone(self) -> dict[str, Any]:
        """What a plan finds that is not as declared, or cannot be told: nothing when all is well. A plan without
        actions may hold customers back."""
        plan = self.plan()
        counts = {name: plan["summary"].get(name) for name in ("unreadable", "held_back", "muted", "ignored")}
        found = {"actions": plan["actions"], "refusals": plan.get("refusals"), **counts}
        return {name: value for name, value in found.items() if value}

    def apply(self) -> Ended:
        """Plan and apply without asking."""
        return self.run("apply", "--auto-approve")

    def bodies(self) -> list[Any]:
        """The bodies of all writes that the ERP took, in order."""
        return [_body(each) for each in self.store.write_log()]


def _body(row: dict[str, Any]) -> Any:
    body = row["body"]
    return json.loads(body) if isinstance(body, str) else body


@pytest.fixture
def company(tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Company]:
    """An empty ERP, and an empty folder that points at it."""
    with Sandbox(tmp_path / "erp" / "sandbox.db") as sandbox:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("VISMA_CLIENT_ID", sandbox.client_id)
        monkeypatch.setenv("VISMA_CLIENT_SECRET", sandbox.client_secret)
        sandbox.switch(company_country="")  # most addresses here are but a town, which Norway would refuse
        folder = tmp_path / "company"
        folder.mkdir()
        yield Company(folder, sandbox, capfd)
