"""Break each promise on purpose: `python -m tests.campaign.sabotage [--only WORD]` shows that its test notices.

Each change of `sabotages.py` is made in a copy of the repository, and the test that it names must fail there: by an
assertion or an error of its own, not because the copy cannot be imported. In the copy as it is, all of them must pass.
"""

from __future__ import annotations

import argparse
import itertools
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.campaign.sabotages import SABOTAGES, Sabotage
from tests.campaign.sabotages_state import OF_THE_STATE

ROOT = Path(__file__).parents[2]
SECONDS = 900
MEMORY = 8 << 30
"""Bytes of address space for a test: a bound that is taken away must not take the machine along."""
COPIED = ("reconciler", "tests", "schemas", "examples", "docs", "pyproject.toml", "README.md", "action.yml")


ALL = (*SABOTAGES, *OF_THE_STATE)


@dataclass(frozen=True)
class Verdict:
    """Whether the test noticed, what it said, and how long it took."""

    noticed: bool
    said: str
    seconds: float


class Copy:
    """A copy of the repository, in which one file at a time is changed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._moments = itertools.count(1_000_000_000)
        for name in COPIED:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, folder / name)
        found = self._python("-c", "import reconciler; print(reconciler.__file__)").stdout.strip()
        if Path(found) != folder / "reconciler" / "__init__.py":
            raise RuntimeError(f"Not the copy is imported but {found}")

    def _python(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Python with the copy in front of whatever is installed; tests start commands in the same way."""
        return subprocess.run(
            [sys.executable, *words],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(self.folder)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY)),
            check=False,
        )

    def pytest(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run tests of the copy: options, and ids from `tests/` on."""
        ids = [each if each.startswith("-") else f"tests/{each}" for each in words]
        return self._python("-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=short", "-o", "timeout=120", *ids)

    @contextmanager
    def broken(self, sabotage: Sabotage) -> Iterator[None]:
        """The change is made, and taken back."""
        path = self.folder / "reconciler" / sabotage.file
        text, before = path.read_text(encoding="utf-8"), path.stat().st_mtime
        path.write_text(changed(text, sabotage), encoding="utf-8")
        moment = next(self._moments)
        os.utime(path, (moment, moment))  # what is compiled is told apart by the second and the size of its source
        try:
            yield
        finally:
            path.write_text(text, encoding="utf-8")
            os.utime(path, (before, before))


def changed(text: str, sabotage: Sabotage) -> str:
    """The file with the change. Raises ValueError unless the place is there exactly once and the result is Python."""
    count = text.count(sabotage.text)
    if count != 1:
        raise ValueError(f"{sabotage.name}: its text stands {count} times in {sabotage.file}")
    result = text.replace(sabotage.text, sabotage.instead)
    compile(result, sabotage.file, "exec")
    return result


@contextmanager
def copied() -> Iterator[Copy]:
    """A copy for as long as it is needed."""
    with tempfile.TemporaryDirectory(prefix="sabotage-") as name:
        yield Copy(Path(name).resolve())


def attempt(copy: Copy, sabotage: Sabotage) -> Verdict:
    """Break it, and see whether the test fails by itself: not by an import, nor because the machine was busy."""
    begun = time.monotonic()
    try:
        with copy.broken(sabotage):
            ended = copy.pytest("-x", sabotage.test)
    except subprocess.TimeoutExpired:
        return Verdict(sabotage.endless, "it did not end", time.monotonic() - begun)
    said = _said(ended.stdout)
    is_late = "Timeout" in said and not sabotage.endless
    noticed = ended.returncode == 1 and "ImportError" not in said and not is_late
    return Verdict(noticed, said, time.monotonic() - begun)


def _said(output: str) -> str:
    """The first lines that tell why the test failed, or how pytest ended otherwise."""
    lines = re.findall(r"^E +(.*\S)", output, re.MULTILINE)
    return " ".join(lines[:4]) if lines else (output.strip().splitlines() or ["nothing"])[-1]


def failing(copy: Copy, tests: Sequence[str]) -> list[str]:
    """Those of the tests that do not pass where nothing is broken: they prove nothing."""
    ended = copy.pytest("-rfE", *tests)
    lost = re.findall(r"^(?:FAILED|ERROR) tests/(.+)$", ended.stdout, re.MULTILINE)
    if ended.returncode and not lost:
        raise RuntimeError(ended.stdout + ended.stderr)
    return [each for each in tests if any(line.startswith(each) for line in lost)]


def main(arguments: list[str]) -> int:
    """Try them all and print a table; 1 when a test does not notice, or does not pass where nothing is broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaign.sabotage", description=__doc__)
    parser.add_argument("--only", metavar="WORD", default="", help="those with this in their name, promise or file")
    parser.add_argument("--skip-unbroken", action="store_true", help="do not look first whether the tests pass")
    options = parser.parse_args(arguments)
    word = options.only.lower()
    chosen = [each for each in ALL if word in f"{each.name} {each.promise} {each.file}".lower()]
    with copied() as copy:
        unproven: list[str] = []
        if not options.skip_unbroken:
            tests = list(dict.fromkeys(each.test for each in chosen))
            print(f"{len(tests)} tests, with nothing broken ...", flush=True)
            unproven = failing(copy, tests)
        survived = sum(not _told(each, attempt(copy, each)) for each in chosen)
    for test in unproven:
        print(f"FAILS with nothing broken: {test}")
    print(f"{len(chosen)} sabotages, {survived} survived.")
    return 1 if survived or unproven or not chosen else 0


def _told(sabotage: Sabotage, verdict: Verdict) -> bool:
    word = "noticed " if verdict.noticed else "SURVIVED"
    print(f"{word} {verdict.seconds:5.1f} s  {sabotage.promise}: {sabotage.name}", flush=True)
    print(f"                  {sabotage.test}\n                  {verdict.said[:120]}", flush=True)
    return verdict.noticed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
