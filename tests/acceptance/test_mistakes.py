"""The mistakes that people make, and what each of them is told: `mistakes.yaml` beside this file.

A message says what is wrong, where, why and what to do next. With `UPDATE_GOLDENS=1`, what is said now is written into
the table: read the difference as the person would who made the mistake.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.cli.shell.application import run
from reconciler.sandbox import Sandbox
from reconciler.state.store import open_store
from tests.acceptance.conftest import SETTINGS
from tests.docs.tour import steady

TABLE = Path(__file__).with_name("mistakes.yaml")
MISTAKES: list[dict[str, Any]] = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
_INTERNAL = re.compile(r"Internal error|Traceback|Error: \w+Error\b")
_CHANGING = (
    (re.compile(r"sha256:[0-9a-f]{8,}"), "sha256:…"),
    (re.compile(r"127\.0\.0\.1:\d{4,}"), "ERP"),
    (re.compile(r"\w[\w.-]*@\S+, process \d+"), "anna@build7, process 4711"),
)


@pytest.fixture(scope="module")
def erp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """One ERP with customers for the whole table, which no mistake changes."""
    with Sandbox(tmp_path_factory.mktemp("erp") / "sandbox.db") as sandbox:
        sandbox.store.seed(12, 7)
        yield sandbox


@pytest.fixture
def folder(erp: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A company's folder, in which everything is right."""
    monkeypatch.setenv("VISMA_CLIENT_ID", erp.client_id)
    monkeypatch.setenv("VISMA_CLIENT_SECRET", erp.client_secret)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    (tmp_path / "company").mkdir()
    monkeypatch.chdir(tmp_path / "company")
    return tmp_path / "company"


def _write(folder: Path, erp: Sandbox, files: dict[str, str]) -> None:
    settings = SETTINGS.format(base=erp.base_url, token=erp.token_url, page_size=1000, more="")
    for name, text in {"reconciler.yaml": settings, "customers/one.yaml": "number: '10001'\n", **files}.items():
        if text is not None:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            full = _here(text.replace("SETTINGS\n", settings), erp)
            (folder / name).write_bytes(full.encode(errors="surrogateescape"))


def _here(text: str, erp: Sandbox) -> str:
    return text.replace("//ERP", erp.base_url.removeprefix("http:"))


@contextmanager
def _other_run(folder: Path) -> Iterator[None]:
    """Another run, which holds the lock."""
    with open_store(folder / ".reconciler" / "state.db") as store, store.lock("apply plan.json"):
        yield


def _type(words: str) -> int:
    """The exit code of what was typed."""
    first, *rest = shlex.split(words)
    if first == "reconciler":
        return run(rest)
    return subprocess.run([first, *rest], check=True, capture_output=True).returncode


@pytest.mark.parametrize("row", MISTAKES, ids=[row["mistake"] for row in MISTAKES])
def test_a_mistake_is_told_what_where_why_and_what_next(
    row: dict[str, Any],
    folder: Path,
    erp: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    _write(folder, erp, row.get("files", {}))
    for name, value in row.get("variables", {}).items():
        monkeypatch.delenv(name) if value is None else monkeypatch.setenv(name, _here(value, erp))
    *before, command = row["typed"].splitlines()
    for words in before:
        assert _type(words) == 0, capfd.readouterr().err
    capfd.readouterr()
    with _other_run(folder) if row.get("locked") else nullcontext():
        code = _type(command)
    captured = capfd.readouterr()
    told = steady(f"{captured.out}{captured.err}".replace(str(folder.parent), ""))
    for pattern, fixed in _CHANGING:
        told = pattern.sub(fixed, told)
    assert not _INTERNAL.search(told), told
    if os.environ.get("UPDATE_GOLDENS"):
        row |= {"exit": code, "told": told}
        TABLE.write_text(_table(), encoding="utf-8")
    assert (code, told) == (row["exit"], row["told"])


def test_the_table_has_sixty_mistakes_and_more() -> None:
    assert len({row["mistake"] for row in MISTAKES}) == len(MISTAKES) >= 60


# ---- writing the table ----


class _Dumper(yaml.SafeDumper):
    """Several lines as a block, so that a person reads them as they are shown."""

    def represent_text(self, text: str) -> yaml.ScalarNode:
        style = "|" if "\n" in text and not re.search(r"[^\S\n]\n|\t|[^\x20-\x7e\n\xa0-\uffff]", text) else None
        return self.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _Dumper.represent_text)


def _table() -> str:
    head = "".join(line for line in TABLE.read_text(encoding="utf-8").splitlines(True) if line.startswith("#"))
    rows = (yaml.dump([row], Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1000) for row in MISTAKES)
    return head + "\n" + "\n".join(rows)
