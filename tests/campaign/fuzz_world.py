"""Where inputs are tried: a project, an ERP, the command line in processes under limits,
and the judge of how they end."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from reconciler.erp.auth import Access
from reconciler.erp.customers import Customers, open_customers
from reconciler.erp.transport import Hooks
from tests.campaign.forker import Ended, Forker
from tests.campaign.fuzz_erp import StruckErp

CODES = {0, 1, 2, 3, 4, 5, 6, 64, 130, 143}
NEVER = ("Traceback (most recent", "Internal error", "Fatal Python error", "object at 0x")
MOST = 700 * 2**10
"""Kilobytes that a command may use at most, being given a body of 64 MiB or less."""

DECLARED = """\
- number: "1"
  name: Nordre Fjord
  mainAddress: {addressLine1: TestRoad 13, countryId: NO}
  note: Ring først
- number: "2"
  creditLimit: 1200.50
  attributes: {REGION: NORTH}
  salesPersons: [{salesPersonID: "1", locationID: Main}]
- {ref: ny, name: Ny Kunde, corporateId: "910000111", customerClassId: "1", overrideWithClassValues: true}
"""


@dataclass(slots=True)
class Tally:
    """What was tried of a target."""

    inputs: int = 0
    codes: Counter[int] = field(default_factory=Counter)
    seconds: float = 0.0
    growth: int = 0

    def line(self) -> str:
        """In words."""
        codes = ", ".join(f"{code}: {count:,}" for code, count in sorted(self.codes.items()))
        return (
            f"{self.inputs:>8,} inputs; exit codes {codes or '-'}; at worst {self.seconds:.1f} s of the processor, "
            f"{self.growth / 1024:.0f} MiB"
        )


class World:
    """One project and one ERP, used by input after input."""

    def __init__(self, folder: Path, erp: StruckErp, forker: Forker) -> None:
        self.erp = erp
        self.root = folder
        self._folder = folder / "company"
        self.forker = forker
        self.tally = Tally()
        self._idle = 0
        self._is_used = False
        self._first = folder / "first"
        self._write_project()

    def _write_project(self) -> None:
        (self.folder / "customers").mkdir(parents=True)
        (self.folder / "reconciler.yaml").write_text(
            f"version: 1\ncompany: Test\napi: {{base_url: '{self.erp.address}', token_url: '{self.erp.address}/token',"
            " tenant_id: sandbox, timeout: 1, page_size: 3, parallelism: 2}\nstate: state/state.db\n"
            "guards: {updates: 100%, creates: 100}\n"
        )
        (self.folder / "customers" / "all.yaml").write_text(DECLARED, encoding="utf-8")
        self._idle = self.forker.run("--version").kilobytes
        for words in (("plan", "-o", "plan.json"), ("apply", "plan.json"), ("drift",)):
            ended = self.run(*words)
            assert ended.code in (0, 5), ended
        for path in (self.folder / "state").glob("state.db"):  # what stands in the log goes into the file
            with sqlite3.connect(path) as db:
                db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            db.close()
        (self.folder / "runs.json").write_text(self.run("runs", "list", "--format", "json").out)
        shutil.copytree(self.folder, self._first)
        self.tally = Tally()

    @property
    def folder(self) -> Path:
        """The project's folder; whoever asks for it may change what is in it."""
        self._is_used = True
        return self._folder

    def renew(self) -> None:
        """The project as it was at first."""
        self.erp.forgive()
        if self._is_used:
            shutil.rmtree(self._folder)
            shutil.copytree(self._first, self._folder)
        self._is_used = False

    def first(self, name: str) -> bytes:
        """A file of the project as it was at first."""
        return (self._first / name).read_bytes()

    def write(self, name: str, data: bytes) -> None:
        """Put a file into the project."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    @contextmanager
    def client(self) -> Iterator[Customers]:
        """The client, in this process; its clock runs ahead instead of waiting."""
        clock = [1_764_000_000.0]

        def sleep(seconds: float) -> None:
            clock[0] += seconds

        sandbox = self.erp.sandbox
        address = self.erp.address
        access = Access(address, f"{address}/token", "sandbox", sandbox.client_id, sandbox.client_secret)
        hooks = Hooks(sleep, clock=lambda: clock[0])
        with open_customers(access, hooks, page_size=3, parallelism=2, timeout=1.0, trust_env=False) as customers:
            yield customers

    def run(self, *words: str, environ: dict[str, str] | None = None) -> Ended:
        """Run a command in the project, and judge how it ended."""
        return self.bare("--chdir", str(self.folder), *words, environ=environ)

    def bare(self, *words: str, environ: dict[str, str] | None = None) -> Ended:
        """Run a command as it stands, and judge how it ended."""
        ended = self.forker.run(*words, environ=environ)
        self.tally.codes[ended.code] += 1
        self.tally.seconds = max(self.tally.seconds, ended.seconds)
        self.tally.growth = max(self.tally.growth, ended.kilobytes - self._idle)
        assert ended.code in CODES, f"{words} ended with {ended.code}: {ended.out[-2000:]}{ended.err[-2000:]}"
        for word in NEVER:
            assert word not in ended.err, f"{words}: {ended.err[-3000:]}"
        assert ended.kilobytes - self._idle < MOST, f"{words} took {ended.kilobytes >> 10} MiB"
        assert ended.code == 0 or ended.err.strip() or ended.out.strip(), f"{words} says nothing, and ends {ended.code}"
        return ended


@contextmanager
def world() -> Iterator[World]:
    """Set it up, and take it down."""
    with tempfile.TemporaryDirectory(prefix="fuzz_", ignore_cleanup_errors=True) as name:
        place = Path(name)
        with StruckErp(place) as erp:
            environ = {"VISMA_CLIENT_ID": erp.sandbox.client_id, "VISMA_CLIENT_SECRET": erp.sandbox.client_secret}
            with Forker(place, environ, "tests.campaign.fuzz_child") as forker:
                found = World(place, erp, forker)
                with suppress(FileNotFoundError):
                    os.chdir(Path(__file__).parents[2])
                yield found
