"""A plan of unchanged customers: wall time, CPU, peak memory, and where the time goes."""

from __future__ import annotations

import contextlib
import cProfile
import io
import json
import os
import pstats
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from reconciler.cli.app import run
from reconciler.sandbox import open_store

PORT = 18799
FIELDS = ("name", "status", "customerClassId", "creditTermsId", "corporateId", "vatRegistrationId")


def main() -> int:
    """Seed COUNT customers, declare each in a file of its own, plan twice: once plain, once under the profiler."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _make(folder, count)
        serve = [sys.executable, "-m", "reconciler", "sandbox", "serve", "--port", str(PORT), "--db", f"{name}/erp.db"]
        with subprocess.Popen(serve, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
            try:
                time.sleep(3)
                _measure(folder)
                _profile(folder)
            finally:
                server.terminate()
    return 0


def _make(folder: Path, count: int) -> None:
    (folder / "customers").mkdir()
    with open_store(folder / "erp.db") as store:
        store.seed(count, 1)
        for customer in store.customers():
            text = _declaration(customer)
            (folder / "customers" / f"{customer['number']}.yaml").write_text(text, encoding="utf-8")
    base = f"http://127.0.0.1:{PORT}"
    (folder / "reconciler.yaml").write_text(
        f"{{version: 1, api: {{base_url: '{base}', token_url: '{base}/connect/token', tenant_id: sandbox}}}}"
    )


def _declaration(customer: dict[str, Any]) -> str:
    lines = [f"number: {json.dumps(customer['number'])}", f"creditLimit: {customer['creditLimit']}"]
    lines += [f"{name}: {_quoted(customer[name])}" for name in FIELDS if customer[name]]
    for group in ("mainAddress", "mainContact"):
        lines += [f"{group}:", *(f"  {key}: {_quoted(value)}" for key, value in customer[group].items() if value)]
    return "\n".join(lines) + "\n"


def _quoted(value: object) -> str:
    return json.dumps(str(value), ensure_ascii=False).replace("${", "$${")


def _environment() -> dict[str, str]:
    return {**os.environ, "VISMA_CLIENT_ID": "sandbox", "VISMA_CLIENT_SECRET": "sandbox"}


def _measure(folder: Path) -> None:
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "reconciler", "--quiet", "plan"],
        cwd=folder, env=_environment(), capture_output=True, text=True, check=True,
    )  # fmt: skip
    wall = time.perf_counter() - started
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    sys.stdout.write(done.stdout.splitlines()[-1] + "\n")
    sys.stdout.write(
        f"wall {wall:.1f} s, CPU {used.ru_utime + used.ru_stime:.1f} s, peak memory {used.ru_maxrss / 1024:.0f} MB\n"
    )


def _profile(folder: Path) -> None:
    os.environ.update(_environment())
    profile = cProfile.Profile()
    with contextlib.redirect_stdout(io.TextIOWrapper(io.BytesIO())):
        profile.runcall(run, ["--chdir", str(folder), "--quiet", "plan"])
    text = io.StringIO()
    pstats.Stats(profile, stream=text).sort_stats("tottime").print_stats(5)
    sys.stdout.write("\n".join(text.getvalue().splitlines()[6:]) + "\n")


if __name__ == "__main__":
    sys.exit(main())
