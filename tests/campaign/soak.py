"""Two months of a company's life in 200 runs: edits on both sides, `drift`, `apply`; memory and state must stay flat.

`python -m tests.campaign.soak` plays them with 10,000 declared customers against one long-lived ERP whose clock goes
on by eight hours between the runs, and prints a table. Flat means: over the last `keep` runs the median is at most a
tenth above that of the first `keep` runs in which old runs are already being pruned; `keep` is the setting `keep_runs`.
In the end a plan by a full read must be empty and each declared value live.
"""

from __future__ import annotations

import argparse
import json
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Any

from reconciler.sandbox import Sandbox
from tests.campaign.expected import same
from tests.campaign.forker import Ended, Forker
from tests.campaign.world import environ_for

BETWEEN = timedelta(hours=8)
"""What passes in the ERP between two runs: the day in which changes are read again then holds three of them."""
PER_FILE = 100
EDITS = 10
SLACK = 1.1
VALUES: dict[str, tuple[Any, ...]] = {
    "creditLimit": tuple(range(0, 100_000, 500)),
    "accountReference": ("Nordre Fjord", "æøå", "0101"),
    "mainAddress.city": ("Oslo", "Bodø", "Ålesund", "Røros"),
}


@dataclass(frozen=True)
class Figures:
    """After one run: bytes of the state and of other files beside it, free pages in the state, runs kept;
    KiB and CPU seconds of both commands."""

    state: int
    others: int
    free_pages: int
    runs: int
    drift_peak: int
    apply_peak: int
    drift_seconds: float
    apply_seconds: float


FLAT = ("state", "others", "drift_peak", "apply_peak")
"""What must not grow. The seconds are told, and asserted nowhere."""


class Company:
    """Customers in an ERP and declarations of all of them, both edited by chance that can be repeated."""

    def __init__(self, folder: Path, sandbox: Sandbox, forker: Forker, customers: int, keep: int) -> None:
        self.folder, self.sandbox, self.forker = folder, sandbox, forker
        self.chance = random.Random(customers)
        (folder / "customers").mkdir(parents=True)
        (folder / "reconciler.yaml").write_text(
            f"version: 1\napi: {{base_url: '{sandbox.base_url}', token_url: '{sandbox.token_url}',"
            f" tenant_id: sandbox}}\nkeep_runs: {keep}\nguards: {{updates: 100%}}\n"
        )
        sandbox.store.seed(customers, 1)
        self.declared = {
            str(row["number"]): {"name": row["name"], **{path: str(_at(row, path)) for path in VALUES}}
            for row in sandbox.store.customers()
        }
        self.numbers = sorted(self.declared)
        for at in range(0, len(self.numbers), PER_FILE):
            self._write(at)

    def edit(self) -> None:
        """A clerk changes some customers, and an author some declarations."""
        for number in self.chance.sample(self.numbers, EDITS):
            path = self.chance.choice(list(VALUES))
            self.sandbox.store.edit(number, {path: self.chance.choice(VALUES[path])})
        for number in self.chance.sample(self.numbers, EDITS):
            path = self.chance.choice(list(VALUES))
            self.declared[number][path] = str(self.chance.choice(VALUES[path]))
            self._write(self.numbers.index(number) // PER_FILE * PER_FILE)

    def command(self, *words: str) -> Ended:
        """Run one that must succeed."""
        ended = self.forker.run("--chdir", str(self.folder), *words)
        assert ended.code == 0, ended
        return ended

    def figures(self, drift: Ended, apply: Ended) -> Figures:
        """What there is after a run."""
        state = self.folder / ".reconciler" / "state.db"
        files = [each for each in state.parent.rglob("*") if each.is_file() and each != state]
        with sqlite3.connect(f"file:{state}?mode=ro", uri=True) as database:
            (free,) = database.execute("pragma freelist_count").fetchone()
            (runs,) = database.execute("select count(*) from run").fetchone()
        database.close()
        others = sum(each.stat().st_size for each in files)
        return Figures(
            state.stat().st_size,
            others,
            free,
            runs,
            drift.kilobytes,
            apply.kilobytes,
            drift.seconds,
            apply.seconds,
        )

    def check(self) -> None:
        """All is as declared, by the ERP's own store and by a full read."""
        ended = self.command("plan", "--refresh", "full", "--format", "json")
        assert json.loads(ended.out)["actions"] == [], ended.out[:2000]
        for row in self.sandbox.store.customers():
            for path, value in self.declared[str(row["number"])].items():
                live = _at(row, path)
                assert same(live, Decimal(value) if path == "creditLimit" else value), (row["number"], path, live)

    def _write(self, at: int) -> None:
        text = "".join(_yaml(number, self.declared[number]) for number in self.numbers[at : at + PER_FILE])
        (self.folder / "customers" / f"{at // PER_FILE}.yaml").write_text(text, encoding="utf-8")


def _yaml(number: str, values: dict[str, str]) -> str:
    lines = [f"- number: {json.dumps(number)}"]
    for path, value in values.items():
        head, _, rest = path.partition(".")
        text = value if head == "creditLimit" else json.dumps(value, ensure_ascii=False).replace("${", "$${")
        lines += [f"  {head}:", f"    {rest}: {text}"] if rest else [f"  {head}: {text}"]
    return "\n".join(lines) + "\n"


def _at(row: Any, path: str) -> Any:
    for name in path.split("."):
        row = row[name]
    return row


@contextmanager
def company(customers: int, keep: int, start: datetime) -> Iterator[Company]:
    """Set it up, and take it down. start: where the ERP's clock begins."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        with Sandbox(place / "erp" / "sandbox.db") as sandbox:
            sandbox.switch(require_postal_code=False, rate_limit=10**8)
            sandbox.runtime.clock.set(start)
            with Forker(place, environ_for(sandbox, place)) as forker:
                yield Company(place / "company", sandbox, forker, customers, keep)


def soak(
    runs: int, customers: int, keep: int, tell: Callable[[int, Figures], None] = lambda run, figures: None
) -> list[Figures]:
    """Play the runs; the figures after each. tell: hears of each run as it ends."""
    found = []
    with company(customers, keep, datetime.now(UTC) - runs * BETWEEN) as played:
        for run in range(1, runs + 1):
            played.edit()
            drift = played.command("drift")
            found.append(played.figures(drift, played.command("apply", "--auto-approve")))
            tell(run, found[-1])
            played.sandbox.runtime.clock.advance(BETWEEN.total_seconds())
        played.check()
    return found


def windows(found: list[Figures], keep: int) -> tuple[list[Figures], list[Figures]]:
    """The first `keep` runs in which old ones are pruned, and the last `keep`."""
    return found[keep : 2 * keep], found[-keep:]


def grown(found: list[Figures], keep: int) -> list[str]:
    """What is not flat, in words."""
    early, late = windows(found, keep)
    told = []
    for name in FLAT:
        before, after = (median(getattr(each, name) for each in some) for some in (early, late))
        if after > before * SLACK:
            told.append(f"{name} grew from {before:,.0f} to {after:,.0f}")
    if found[-1].runs > keep:
        told.append(f"{found[-1].runs} runs are kept instead of {keep}")
    return told


def table(found: list[Figures], keep: int) -> str:
    """The figures as Markdown: after the first run, and the medians of both windows."""
    early, late = windows(found, keep)
    columns = (found[:1], early, late)
    lines = [
        f"| | run 1 | runs {keep + 1} to {2 * keep} | runs {len(found) - keep + 1} to {len(found)} |",
        "| --- | ---: | ---: | ---: |",
    ]
    for each in fields(Figures):
        what, unit, shown = _ROWS[each.name]
        cells = (shown(median(getattr(one, each.name) for one in column)) for column in columns)
        lines.append(f"| {what}{unit} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _mega(value: float) -> str:
    return f"{value / 2**20:,.2f}"


def _plain(value: float) -> str:
    return f"{value:,.0f}"


_ROWS: dict[str, tuple[str, str, Callable[[float], str]]] = {
    "state": ("`state.db`", ", MiB", _mega),
    "others": ("other files beside it", ", MiB", _mega),
    "free_pages": ("free pages in it", "", _plain),
    "runs": ("runs kept", "", _plain),
    "drift_peak": ("peak memory of `drift`", ", MiB", lambda value: _mega(value * 1024)),
    "apply_peak": ("peak memory of `apply`", ", MiB", lambda value: _mega(value * 1024)),
    "drift_seconds": ("CPU of `drift`", ", s", lambda value: f"{value:.2f}"),
    "apply_seconds": ("CPU of `apply`", ", s", lambda value: f"{value:.2f}"),
}


def main(arguments: list[str] | None = None) -> int:
    """Print the table; 1 when something grew."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaign.soak", description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--customers", type=int, default=10_000)
    parser.add_argument("--keep", type=int, default=20, help="the setting keep_runs; at least three times as many runs")
    parser.add_argument("--verbose", action="store_true", help="the figures after each run, on standard error")
    given = parser.parse_args(arguments)
    if given.runs < 3 * given.keep:
        parser.error("too few runs to compare")

    def tell(run: int, figures: Figures) -> None:
        if given.verbose:
            print(run, figures, file=sys.stderr, flush=True)

    begun = time.monotonic()
    found = soak(given.runs, given.customers, given.keep, tell)
    print(f"{given.runs} runs of drift and apply, {given.customers:,} customers, {time.monotonic() - begun:,.0f} s\n")
    print(table(found, given.keep))
    told = grown(found, given.keep)
    print("\n" + ("; ".join(told) if told else "Memory and state are flat."))
    return 1 if told else 0


if __name__ == "__main__":
    raise SystemExit(main())
