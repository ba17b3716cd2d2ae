"""Generated worlds to measure in: an ERP of so many customers in a process of its own, and declarations of them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from reconciler.sandbox import open_store

FIELDS = ("name", "status", "customerClassId", "creditTermsId", "corporateId", "vatRegistrationId")
CREDENTIALS = {"VISMA_CLIENT_ID": "sandbox", "VISMA_CLIENT_SECRET": "sandbox"}


def seed(folder: Path, count: int) -> Path:
    """An ERP database of `count` customers in the folder."""
    database = folder / "erp.db"
    with open_store(database) as store:
        store.seed(count, 1)
    return database


def declare(folder: Path, database: Path, *, changed: float = 0.0, single: bool = False) -> int:
    """Declare every customer as it is, `changed` of them (0 to 1) with another credit limit; returns the bytes.

    single: all in one file, else a file each.
    """
    customers = folder / "customers"
    customers.mkdir(parents=True, exist_ok=True)
    texts = []
    with open_store(database) as store:
        rows = list(store.customers())
        every = round(1 / changed) if changed else 0
        for place, row in enumerate(rows):
            moved = bool(every) and place % every == 0
            texts.append((row["number"], _declaration(row, moved=moved)))
    if single:
        text = "".join("- " + "  ".join(each.splitlines(keepends=True)) for _, each in texts)
        (customers / "all.yaml").write_text(text, encoding="utf-8")
        return len(text.encode())
    for number, text in texts:
        (customers / f"{number}.yaml").write_text(text, encoding="utf-8")
    return sum(len(text.encode()) for _, text in texts)


def declared(database: Path) -> Iterator[dict[str, Any]]:
    """What `declare` declares of each customer."""
    with open_store(database) as store:
        yield from map(_values, store.customers())


def _values(row: dict[str, Any]) -> dict[str, Any]:
    values = {name: row[name] for name in ("number", "creditLimit", *FIELDS) if row[name] or name == "creditLimit"}
    for group in ("mainAddress", "mainContact"):
        values[group] = {key: value for key, value in row[group].items() if value}
    return values


def _declaration(row: dict[str, Any], *, moved: bool) -> str:
    values = _values(row)
    values["creditLimit"] += 1 if moved else 0
    lines = []
    for name, value in values.items():
        if isinstance(value, dict):
            lines += [f"{name}:", *(f"  {key}: {_quoted(each)}" for key, each in value.items())]
        else:
            lines.append(f"{name}: {value if name == 'creditLimit' else _quoted(value)}")
    return "\n".join(lines) + "\n"


def _quoted(value: object) -> str:
    return json.dumps(str(value), ensure_ascii=False).replace("${", "$${")


@contextmanager
def serving(database: Path, **switches: object) -> Iterator[str]:
    """The ERP's base URL, served by a process of its own."""
    words = [word for name, value in switches.items() for word in ("--switch", f"{name}={value}")]
    serve = [sys.executable, "-m", "reconciler", "sandbox", "serve", "--port", "0", "--db", str(database), *words]
    with subprocess.Popen(serve, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as server:
        assert server.stdout is not None
        try:
            yield _base_url(server.stdout)
        finally:
            server.terminate()


def _base_url(lines: Any) -> str:
    seen = []
    for line in lines:
        seen.append(line)
        if found := re.search(r"http://127\.0\.0\.1:\d+", line):
            return found[0]
    raise RuntimeError("the sandbox did not start: " + "".join(seen))


def configure(folder: Path, base: str, more: str = "") -> None:
    """Settings of a company whose ERP is at `base`."""
    api = f"{{base_url: '{base}', token_url: '{base}/connect/token', tenant_id: sandbox{more}}}"
    (folder / "reconciler.yaml").write_text(f"version: 1\napi: {api}\nguards: {{updates: 100%, creates: 1000000}}\n")


def environment() -> dict[str, str]:
    """The process environment of a run, whose modules are compiled once, as those of an installed package are."""
    inherited = {name: text for name, text in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**inherited, **CREDENTIALS, "NO_COLOR": "1"}


def token(base: str) -> str:
    """A token of the sandbox, for scripts that talk to it themselves."""
    form = {"grant_type": "client_credentials", "client_id": "sandbox", "client_secret": "sandbox"}
    form |= {"tenant_id": "sandbox", "scope": "vismanet_erp_service_api:read"}
    request = urllib.request.Request(f"{base}/connect/token", urlencode(form).encode())
    with urllib.request.urlopen(request) as answer:
        return str(json.load(answer)["access_token"])
