"""Mutation testing of core/ and apply/: small faults put into the code one at a time, each of which a test must see.

`python -m tests.campaign.mutants` tries a sample of each file's mutants, drawn with a fixed seed, and names the
survivors; `--sample 0` tries all of them, a pattern such as `*.identity.*` only those. mutmut (the extra `campaign`)
makes the mutants, all of them in one copy of the package, each asleep behind its function. The tests that
`[tool.mutmut]` selects are collected once and run once, to know which of them call which function; then a child is
forked for each mutant, wakes it, and runs these tests, the quick ones first, until one fails.
"""

from __future__ import annotations

import argparse
import contextlib
import fnmatch
import io
import json
import os
import random
import resource
import signal
import sys
import time
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from _pytest.runner import runtestprotocol

META = Path("mutants/reconciler")
KILLED, SURVIVED, UNTESTED = "killed", "survived", "no test"
PATIENCE = 10
"""Seconds that a mutant may take beyond ten times what the tests take: one that hangs is killed."""


def make() -> None:
    """The copy of the package with the mutants; afterwards it is the one that is imported."""
    from mutmut import __main__ as mutmut

    META.parent.mkdir(exist_ok=True)
    mutmut.set_mutant_under_test("mutant_generation")
    with contextlib.redirect_stdout(io.StringIO()):
        mutmut.copy_src_dir()
        mutmut.copy_also_copy_files()
        mutmut.setup_source_paths()
        mutmut.create_mutants(1)


def draw(sample: int, seed: int, patterns: list[str]) -> list[str]:
    """So many mutants of each file, or all for 0; the same ones for the same code and seed."""
    drawn: list[str] = []
    for meta in sorted(META.rglob("*.meta")):
        names = sorted(json.loads(meta.read_text(encoding="utf-8"))["exit_code_by_key"])
        dice = random.Random(f"{seed} {meta.relative_to(META)}")
        some = names if not sample or sample >= len(names) else sorted(dice.sample(names, sample))
        drawn += [name for name in some if not patterns or any(fnmatch.fnmatch(name, each) for each in patterns)]
    random.Random(seed).shuffle(drawn)  # what is tried before the time is up is a fair sample too
    return drawn


class Campaign:
    """A plugin that runs the tests against each mutant, instead of once."""

    def __init__(self, mutants: list[str], until: float) -> None:
        self.mutants = mutants
        self.until = until
        self.verdicts: dict[str, str] = {}
        self.callers: dict[str, list[tuple[float, int]]] = defaultdict(list)
        self.broken: list[str] = []

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """In place of the one run."""
        self._who_calls_what(session.items)
        if self.broken:
            return True
        for at, name in enumerate(self.mutants, 1):
            if time.monotonic() > self.until:
                break
            callers = sorted(self.callers[name.partition("__mutmut_")[0]])
            items = [session.items[place] for _, place in callers]
            self.verdicts[name] = self._try(name, items, sum(each for each, _ in callers)) if items else UNTESTED
            print(f"{at}/{len(self.mutants)} {self.verdicts[name]:8} {name}", file=sys.__stderr__)
        return True

    def _who_calls_what(self, items: list[pytest.Item]) -> None:
        from mutmut.mutation.trampoline import set_mutant_under_test
        from mutmut.state import state

        set_mutant_under_test("stats")
        for place, (item, following) in enumerate(_in_pairs(items)):
            called: set[str] = state()._stats
            called.clear()
            begun = time.process_time()
            if not _passes(item, following):
                self.broken.append(item.nodeid)
            for function in called:
                self.callers[function].append((time.process_time() - begun, place))

    def _try(self, name: str, items: list[pytest.Item], seconds: float) -> str:
        child = os.fork()
        if child:
            _, status = os.waitpid(child, 0)
            return SURVIVED if status == 0 else KILLED
        from mutmut.mutation.trampoline import set_mutant_under_test

        try:
            allowed = int(10 * seconds + PATIENCE)
            resource.setrlimit(resource.RLIMIT_CPU, (allowed, allowed))
            signal.alarm(3 * allowed)  # for one that waits for itself
            set_mutant_under_test(name)
            os._exit(0 if all(_passes(item, following) for item, following in _in_pairs(items)) else 1)
        finally:
            os._exit(2)


def _in_pairs(items: list[pytest.Item]) -> Iterable[tuple[pytest.Item, pytest.Item | None]]:
    return zip(items, [*items[1:], None], strict=True)


def _passes(item: pytest.Item, following: pytest.Item | None) -> bool:
    reports = runtestprotocol(item, log=False, nextitem=following)
    return all(report.passed or report.skipped for report in reports)


def lines(verdicts: dict[str, str]) -> Iterator[str]:
    """The survivors, then the score of each file and of all."""
    by_file: dict[str, Counter[str]] = defaultdict(Counter)
    for name, verdict in verdicts.items():
        by_file[".".join(name.split(".")[1:3])][verdict] += 1
        if verdict != KILLED:
            yield f"{verdict:8} {name}"
    whole: Counter[str] = sum(by_file.values(), Counter())
    for file, counts in [*sorted(by_file.items()), ("all", whole)]:
        tried = counts[KILLED] + counts[SURVIVED]
        share = f"{counts[KILLED] / tried:.0%}" if tried else "-"
        yield f"{file:20} {counts[KILLED]:5,} of {tried:5,} killed {share:>5}, {counts[UNTESTED]:,} that no test calls"


def main(arguments: list[str] | None = None) -> int:
    """Try the mutants; 1 when a test fails without any. A survivor is something to look at, not a failure."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaign.mutants", description=__doc__)
    parser.add_argument("patterns", nargs="*", help="only mutants with such names")
    parser.add_argument("--sample", type=int, default=25, help="mutants of each file; 0 for all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=600, help="begin no mutant after so long")
    parser.add_argument("--tests", action="append", default=[], help="more tests that may kill")
    given: Any = parser.parse_args(arguments)
    make()
    until = time.monotonic() + 60 * given.minutes
    campaign = Campaign(draw(given.sample, given.seed, given.patterns), until)
    chosen = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["tool"]["mutmut"]
    os.chdir("mutants")
    words = ["-p", "no:cacheprovider", "-p", "no:xdist", "--timeout=0", "--rootdir=.", "-s"]
    pytest.main([*words, *chosen["pytest_add_cli_args_test_selection"], *given.tests], plugins=[campaign])
    if campaign.broken or not campaign.verdicts:
        print("These fail without any mutant:", *campaign.broken)
        return 1
    print("\n".join(lines(campaign.verdicts)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
