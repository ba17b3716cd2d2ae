"""Run the console blocks of Markdown pages and put the real output into them: `python -m tests.docs.tour`.

A block is fenced as ```console. Lines that start with `$ ` are commands; what follows is their output, standard output
and standard error as a terminal would show them. All blocks of a page run one after the other in one new folder.
Commands are `reconciler ...`, `git ...`, `cd DIR`, `cat FILE`, `cp`, `rm`, `head` and `sed -i EXPRESSION FILE`.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from reconciler.cli.shell.application import run

ROOT = Path(__file__).parents[2]
PAGES = ("README.md", "docs/declarations.md", "docs/review.md", "docs/apply.md", "docs/drift.md", "docs/adoption.md")
_BLOCK = re.compile(r"(?m)^```console\n(.*?)^```$", re.DOTALL)
_CHANGING = (
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"), "2026-01-31T12:00:00Z"),
    (re.compile(r"\d{4}-\d\d-\d\dT(?!00:00:00)\d\d:\d\d:\d\d\b(?!Z)"), "2026-01-31T12:00:00"),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d (UTC|\(the ERP)"), r"2026-01-31 12:00:00 \1"),
    (re.compile(r"\bof \d{1,2} [A-Z][a-z]{2} \d{4}\b"), "of 31 Jan 2026"),
    (re.compile(r"since \d{4}-\d\d-\d\d\b(?!T)"), "since 2026-01-31"),
    (re.compile(r"\d{8}T\d{6}Z-[0-9a-f]+"), "20260131T120000Z-0a1b"),
    (re.compile(r"[\d,]+ of 5,000 are left in this window, which ends in [\dhmins ]+\."),
     "4,998 of 5,000 are left in this window, which ends in 1 h 0 min."),
    (re.compile(r"[\d,]+ of 5,000 requests left, the window ends in [\dhmins ]+"),
     "4,999 of 5,000 requests left, the window ends in 1 h 0 min"),
)  # fmt: skip


_PERSON = {"NAME": "Ola", "EMAIL": "ola@example.test"}
_ENVIRONMENT = {
    "RECONCILER_REDACT_KEY": "the key of the documentation",
    **{f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in _PERSON.items()},
}


def real_page(page: str) -> str:
    """The page with what its commands print now. What changes from run to run gets a fixed form."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder), variables():
        return _BLOCK.sub(lambda match: f"```console\n{_real_block(match[1])}```", page)


@contextlib.contextmanager
def variables() -> Iterator[None]:
    """The process environment in which the pages are generated."""
    before = {name: os.environ.get(name) for name in _ENVIRONMENT}
    os.environ.update(_ENVIRONMENT)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


def _real_block(block: str) -> str:
    commands = [line for line in block.splitlines() if line.startswith("$ ")]
    return "".join(f"{command}\n{steady(_output(command.removeprefix('$ ')))}" for command in commands)


def _output(command: str) -> str:
    words = shlex.split(command, comments=True)
    match words:
        case ["cd", folder]:
            os.chdir(folder)
            return ""
        case ["reconciler", *arguments]:
            return _run(arguments)
        case ["git" | "cat" | "head" | "rm" | "sed" | "cp", *_]:
            return subprocess.run(words, capture_output=True, text=True, check=True).stdout
        case _:
            raise ValueError(f"the tour has no {command!r}")


def run_quietly(*arguments: str) -> str:
    """What the command prints, standard output and standard error together."""
    return _run(list(arguments))


def _run(arguments: list[str]) -> str:
    both = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    with contextlib.chdir("."), contextlib.redirect_stdout(both), contextlib.redirect_stderr(both):
        run(arguments)
    assert isinstance(both.buffer, io.BytesIO)
    return both.buffer.getvalue().decode()


def steady(text: str) -> str:
    """The text, where what changes from run to run has a fixed form."""
    text = text.replace("\r\n", "\n")  # CSV
    for pattern, fixed in _CHANGING:
        text = pattern.sub(fixed, text)
    return text if not text or text.endswith("\n") else f"{text}\n"


if __name__ == "__main__":
    for name in sys.argv[1:] or PAGES:
        path = ROOT / name
        path.write_text(real_page(path.read_text(encoding="utf-8")), encoding="utf-8")
