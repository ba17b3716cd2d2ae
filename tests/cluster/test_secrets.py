"""What machines that work for a fleet say of its secrets: `pytest tests/cluster`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.reports.fleet.formats import FORMATS
from reconciler.sandbox import Options
from tests.acceptance.fleet_folder import fleet_folder
from tests.campaign.fleet_kills import Cluster
from tests.postgres_server import empty_schema

SECRET, PASSWORD, REDACT = "s3cret-of-the-client", "passw0rd-of-the-state", "key-that-redacts-values"
STATE_KEY = "c3RhdGUta2V5LW9mLXRoaXJ0eS10d28tYnl0ZXMhISE="
LOUD = {
    f"DASK_DISTRIBUTED__LOGGING__{logger}": "debug" for logger in ("DISTRIBUTED", "RECONCILER", "HTTPX", "HTTPCORE")
}
COMMANDS = (("plan", "-o", "plans"), ("apply", "plans"), ("drift", "-o", "found"), ("status",))


def test_neither_worker_nor_scheduler_nor_command_says_a_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Not in a log at debug level, a report or a document, also when ERPs answer 401 and 500 with what was sent."""
    with fleet_folder(tmp_path, capfd, monkeypatch) as fleet, empty_schema() as state:
        for name in ("good", "denying", "broken"):
            fleet.company(name, more=f"state: postgresql:///postgres\nstate_schema: {state.schema}")
            monkeypatch.setattr(fleet.erps[name].runtime.tokens, "_options", Options(client_secret=SECRET))
        echo = f'{{"message": "you sent {SECRET}, Authorization: Bearer "}}'
        for name, status in (("denying", 401), ("broken", 500)):
            fleet.erps[name].fault(path="/v1/", status=status, body=echo, count=0)
        secrets = {
            "VISMA_CLIENT_SECRET": SECRET,
            "RECONCILER_STATE": state.url.replace("postgres:@", f"postgres:{PASSWORD}@"),
            "RECONCILER_STATE_KEY": STATE_KEY,
            "RECONCILER_REDACT_KEY": REDACT,
        }
        assert PASSWORD in secrets["RECONCILER_STATE"]
        with Cluster.running(2, state, tmp_path / "cluster", **secrets, **LOUD) as running:
            said = [command(fleet.folder, running, *words) for words in COMMANDS]
        log = (tmp_path / "cluster/log").read_text()
        tokens = {token for erp in fleet.erps.values() for token in erp.runtime.tokens._grants}
        files = [
            path.read_text("utf-8-sig") for at in ("plans", "found", "reports") for path in files_in(tmp_path / at)
        ]
    assert tokens
    assert "/v1/customer" in log, "the log is as loud as it can be"
    assert "was answered 500" in said[0]
    assert len(files) > len(FORMATS)
    for secret in (SECRET, PASSWORD, STATE_KEY, REDACT, *tokens):
        for text in (log, *said, *files):
            assert secret not in text


def command(folder: Path, running: Cluster, *words: str) -> str:
    """What the command says, without any secret in its environment."""
    line = [sys.executable, "-m", "reconciler", "--log-level", "debug", "fleet", *words, "--on", running.address]
    reports = folder / "reports"
    reports.mkdir(exist_ok=True)
    line += [f"--report={form}={reports / words[0]}.{form}" for form in FORMATS]
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("VISMA_", "RECONCILER_"))}
    ended = subprocess.run(line, cwd=folder, env=environ, capture_output=True, text=True, check=False)
    return ended.stdout + ended.stderr


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]
