"""The same declarations and the same customers make the same plan, whatever else is different."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from tests.acceptance.conftest import Company

WHEN = {"created_at", "digest", "budget", "refresh"}
"""What tells when and at what cost the live side was read. Everything else is the same, byte for byte."""


@pytest.fixture
def ledger(company: Company) -> Company:
    """Changes of every kind in several files, with warnings, notes and children before their parents."""
    company.sandbox.switch(rate_limit=10**8, numbering="mixed")
    company.store.seed(30, 3, odd=True)
    numbers = company.store.numbers()[:20]
    customers = [
        {"number": number, "gln": f"7080{at}", "attributes": {"REGION": "NORTH", f"X{at}": "a", f"A{at}": "b"},
         "directDebitLines": [{"mandateId": f"M{each}", "bic": "x"} for each in (3, 1, 2)]}
        for at, number in enumerate(numbers)
    ]  # fmt: skip
    new = [
        {"number": f"N{at}", "name": "Same name AS", "corporateId": "910000001", "parentRecordNumber": f"N{at + 1}"}
        for at in range(6)
    ]
    refs = [{"ref": f"r{at}", "name": f"Ref {at}", "corporateId": f"91000010{at}"} for at in range(4)]
    company.declare(json.dumps(customers[::-1]), "b/old.yaml")
    company.declare(json.dumps([*new, {"number": "N6", "name": "Parent"}]), "a/new.yaml")
    company.declare(json.dumps(refs[::-1]), "c/refs.yaml")
    configured(company)
    return company


def configured(
    company: Company, globs: str = "customers/**/*.yaml", page_size: int = 1000, parallelism: int = 4
) -> None:
    company.settings("guards: {updates: 100%, creates: 100, duplicates: warning}", page_size=page_size)
    path = company.folder / "reconciler.yaml"
    text = path.read_text(encoding="utf-8").replace("page_size", f"parallelism: {parallelism}, page_size")
    path.write_text(text.replace("customers/**/*.yaml", globs), encoding="utf-8")


def planned(company: Company, *options: str, **environ: str) -> tuple[bytes, str]:
    """The saved plan without what tells when it was made, and the text of its changes; with an environment in a process
    of its own."""
    words = ["plan", "-o", "plan.json", *options]
    if environ:
        ended = subprocess.run(
            [sys.executable, "-m", "reconciler", "--chdir", str(company.folder), *words],
            env={**os.environ, **environ},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        code, out, err = ended.returncode, ended.stdout, ended.stderr
    else:
        here = company.run(*words)
        code, out, err = here.code, here.out, here.err
    assert code == 0, err
    values: dict[str, Any] = json.loads((company.folder / "plan.json").read_text(encoding="utf-8"))
    assert (values["summary"]["create"], values["summary"]["update"]) == (11, 20)
    kept = {name: value for name, value in values.items() if name not in WHEN}
    return json.dumps(kept, ensure_ascii=False).encode(), out.partition("\n\n")[2].partition("Applying needs")[0]


def test_the_plan_depends_on_nothing_but_declarations_and_customers(ledger: Company) -> None:
    """Not on the hash seed, the time zone, the language, the order of files, globs or rows, page size, parallelism,
    or whether all or only what changed was read."""
    first = planned(ledger)
    assert planned(ledger, PYTHONHASHSEED="1", TZ="Asia/Tokyo", LC_ALL="C") == first  # incremental
    configured(ledger, "customers/c/*.yaml, customers/b/*.yaml, customers/a/*.yaml", page_size=3, parallelism=8)
    ledger.sandbox.switch(list_order="modified", latency_jitter_ms=20)
    for path in sorted((ledger.folder / "customers").rglob("*.yaml"), reverse=True):
        data = path.read_bytes()  # another place in the folder's own order
        path.unlink()
        path.write_bytes(data)
    assert planned(ledger, "--refresh", "full", PYTHONHASHSEED="2") == first


def test_the_order_of_a_plan_is_the_customers_and_not_that_of_the_declarations(ledger: Company) -> None:
    """Which customer is declared in which file, and where in it, changes nothing of what is done and in which order."""
    digest = ledger.plan()["changes_digest"]
    for at, path in enumerate(sorted((ledger.folder / "customers").rglob("*.yaml"))):
        declared = json.loads(path.read_text(encoding="utf-8"))
        path.unlink()
        ledger.declare(json.dumps(declared[::-1]), f"{9 - at}.yaml")
    assert ledger.plan()["changes_digest"] == digest


def test_what_apply_tells_is_in_the_order_of_the_plan(ledger: Company) -> None:
    """However many requests are in flight and whichever is answered first."""
    ledger.sandbox.switch(latency_jitter_ms=30)
    order = [each["number"] or f"ref {each['ref']}" for each in ledger.plan()["actions"]]
    ended = ledger.run("apply", "--auto-approve", "--parallelism", "8")
    assert ended.code == 0, ended.err + ended.out
    told = [line.removeprefix("✓ ") for line in ended.out.splitlines() if line.startswith("✓ ")]
    names = [line.split("(")[1].split(")")[0] if "(ref" in line else line.rsplit(" ", 1)[0] for line in told]
    assert names == order
