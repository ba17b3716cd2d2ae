"""One ERP, one project and one server of commands, in which history after history is played."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import certifi

from reconciler.sandbox import Sandbox, delivery
from reconciler.sandbox import app as gateway
from tests.campaign.forker import Ended, Forker

VERIFY_RUNS = 4


class World:
    """What histories share, and what is counted over all of them."""

    def __init__(self, folder: Path, sandbox: Sandbox, forker: Forker) -> None:
        self.folder = folder
        self.sandbox = sandbox
        self.forker = forker
        self.histories = 0
        self.commands: Counter[str] = Counter()
        self.strikes: Counter[str] = Counter()
        self.kills = 0

    def renew(self) -> None:
        """An empty ERP, no state, no declarations."""
        runtime = self.sandbox.runtime
        self.sandbox.store.reset()
        runtime.faults.clear()
        runtime.limits.restart()
        runtime.tokens.expire_all()
        self.began = datetime.now(UTC)  # as the client does: a look-up by time looks back a day
        runtime.clock.set(self.began)
        self.lose_state()
        self.histories += 1

    def lose_state(self) -> None:
        """The folder of the state is deleted."""
        shutil.rmtree(self.folder / "state", ignore_errors=True)

    def configure(self, *, nested_edits_touch: bool, parallelism: int, **settings: Any) -> None:
        """Settings of the project and of the ERP that a history begins with."""
        self.sandbox.switch(nested_edits_touch=nested_edits_touch)
        here = self.sandbox
        document = {
            "version": 1,
            "api": {
                "base_url": here.base_url,
                "token_url": here.token_url,
                "tenant_id": "sandbox",
                "timeout": 2,
                "page_size": 2,
                "longest_answer": 1,
                "parallelism": parallelism,
            },
            "customers": ["all.customers.yaml"],
            "state": "state/state.db",
            "guards": {"updates": "100%", "creates": 100},
            "refresh": {"verify_runs": VERIFY_RUNS},
            **settings,
        }
        (self.folder / "reconciler.yaml").write_text(json.dumps(document), encoding="utf-8")

    def declare(self, rows: list[dict[str, Any]]) -> None:
        """All declarations, in one file."""
        (self.folder / "all.customers.yaml").write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")

    def told(self) -> str:
        """The figures, in words."""
        commands = f"{self.commands.total():,} commands {dict(self.commands)}"
        faults = f"{self.strikes.total():,} faults struck {dict(self.strikes)}"
        return f"{self.histories:,} histories, {commands}, {faults}, {self.kills:,} commands killed"

    def run(self, *words: str, killed: bool = False) -> Ended:
        """Run a command; with `killed` a request that hangs is the moment of its SIGKILL."""
        self.commands[" ".join(words[: 2 if words[0] == "runs" else 1])] += 1
        with _striking(self.forker, active=killed):
            ended = self.forker.run("--chdir", str(self.folder), *words, fork=killed)
        self.kills += ended.code == -9
        return ended


@contextmanager
def world() -> Iterator[World]:
    """Set it up, and take it down."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        folder = place / "company"
        folder.mkdir()
        with Sandbox(place / "erp" / "sandbox.db") as sandbox:
            sandbox.switch(numbering="mixed", require_postal_code=False, rate_limit=10**8, number_start=9000)
            with Forker(place, environ_for(sandbox, place), "tests.campaign.hurry") as forker:
                yield World(folder, sandbox, forker)


def environ_for(sandbox: Sandbox, folder: Path) -> dict[str, str]:
    """The environment of commands: the credentials; and to be quick, no git and one certificate authority."""
    whole, end = Path(certifi.where()).read_text(encoding="ascii"), "-----END CERTIFICATE-----\n"
    authority = folder / "authority.pem"
    authority.write_text(whole[: whole.index(end)] + end, encoding="ascii")
    credentials = {"VISMA_CLIENT_ID": sandbox.client_id, "VISMA_CLIENT_SECRET": sandbox.client_secret}
    return {**credentials, "PATH": "", "SSL_CERT_FILE": str(authority)}


@contextmanager
def _striking(forker: Forker, *, active: bool) -> Iterator[None]:
    """While it lasts, a request that hangs is the moment at which the command is killed."""
    hangup = delivery.wait_for_hangup

    async def struck(receive: Any, seconds: float) -> None:
        forker.kill()
        await hangup(receive, seconds)

    if active:
        setattr(gateway, "wait_for_hangup", struck)  # noqa: B010 (the name is imported there, not exported)
    try:
        yield
    finally:
        setattr(gateway, "wait_for_hangup", hangup)  # noqa: B010
