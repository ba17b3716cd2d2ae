"""A project over a real ERP, without a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from reconciler import Listener, Project
from reconciler.sandbox import Sandbox


@dataclass
class House:
    """A folder with declarations, and the ERP that they are for."""

    folder: Path
    sandbox: Sandbox

    @property
    def environ(self) -> Mapping[str, str]:
        """The credentials, and nothing else."""
        return {"VISMA_CLIENT_ID": self.sandbox.client_id, "VISMA_CLIENT_SECRET": self.sandbox.client_secret}

    def declare(self, text: str) -> None:
        """Write the declarations."""
        (self.folder / "all.yaml").write_text(text, encoding="utf-8")

    def open(self, listener: Listener | None = None, **environ: str) -> Project:
        """The project."""
        return Project.open(self.folder, environ={**self.environ, **environ}, listener=listener)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with Sandbox(tmp_path / "erp" / "sandbox.db") as sandbox:
        folder = tmp_path / "company"
        folder.mkdir()
        (folder / "reconciler.yaml").write_text(
            f"{{version: 1, api: {{base_url: '{sandbox.base_url}', token_url: '{sandbox.token_url}',"
            " tenant_id: sandbox}, customers: [all.yaml]}"
        )
        yield House(folder, sandbox)
