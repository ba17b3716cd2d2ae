"""A fleet in a folder: companies with settings and declarations, and a sandbox for each that needs one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from reconciler.cli.shell.application import run
from reconciler.sandbox import Sandbox
from reconciler.sandbox.server_options import Options
from tests.acceptance.conftest import SETTINGS, Ended

CUSTOMER = """\
number: "{number}"
name: {name}
mainAddress: {{addressLine1: TestRoad 1, postalCode: "0150", city: Oslo, countryId: "NO"}}
"""


CREDENTIALS = {"VISMA_CLIENT_ID": Options.client_id, "VISMA_CLIENT_SECRET": Options.client_secret}
"""What every sandbox takes."""


class FleetFolder:
    """The folder, the ERPs of its companies by their names, and the command line."""

    def __init__(self, folder: Path, stack: ExitStack, capture: pytest.CaptureFixture[str] | None = None) -> None:
        self.folder = folder
        self.erps: dict[str, Sandbox] = {}
        self._capture = capture
        self._stack = stack
        self.fleet("companies: [companies/*]")

    def fleet(self, members: str) -> None:
        """Write fleet.yaml."""
        (self.folder / "fleet.yaml").write_text(f"version: 1\n{members}\n", encoding="utf-8")

    def company(self, name: str, *, more: str = "", base_url: str | None = None, customers: int = 1) -> Path:
        """Add a company, with an ERP of its own unless an address is given, and so many new customers."""
        folder = self.folder / "companies" / name
        (folder / "customers").mkdir(parents=True)
        token, tenant = f"{base_url}/token", name
        if base_url is None:
            erp = self._stack.enter_context(Sandbox(self.folder / "erps" / f"{name}.db"))
            erp.switch(company_country="", numbering="mixed")
            self.erps[name], base_url, token, tenant = erp, erp.base_url, erp.token_url, erp.tenant_id
        text = SETTINGS.format(base=base_url, token=token, page_size=1000, more=more)
        text = text.replace("tenant_id: sandbox", f"tenant_id: {tenant}")
        (folder / "reconciler.yaml").write_text(text, encoding="utf-8")
        for number in range(customers):
            self.declare(name, f"{name}-{number}")
        return folder

    def declare(self, company: str, ref: str, text: str = CUSTOMER) -> None:
        """Write a declaration of a new customer."""
        folder = self.folder / "companies" / company / "customers"
        number = 10_000 + sum(1 for _ in folder.iterdir())
        (folder / f"{ref}.yaml").write_text(text.format(number=number, name=f"Customer {ref}"), encoding="utf-8")

    def run(self, *arguments: str) -> Ended:
        """Run `reconciler fleet ...` in this process, in the fleet's folder."""
        assert self._capture is not None
        self._capture.readouterr()
        code = run(["--chdir", str(self.folder), "fleet", *arguments, "--jobs", "2"])
        captured = self._capture.readouterr()
        return Ended(code, captured.out, captured.err)

    def names(self, company: str) -> list[str]:
        """The names of the customers that the company's ERP has."""
        return sorted(str(customer["name"]) for customer in self.erps[company].store.customers())


@contextmanager
def fleet_folder(
    folder: Path, capture: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[FleetFolder]:
    """An empty fleet; its ERPs end with the block."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("VISMA_CLIENT_ID", CREDENTIALS["VISMA_CLIENT_ID"])
    monkeypatch.setenv("VISMA_CLIENT_SECRET", CREDENTIALS["VISMA_CLIENT_SECRET"])
    with ExitStack() as stack:
        yield FleetFolder(folder, stack, capture)
